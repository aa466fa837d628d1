/*
 * Copyright 2026-present the original author or authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.reliablekafka.durability;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link BoundedProducer} without a broker.
 */
class BoundedProducerTests {

	@Test
	void producerOutlivesWhatIsWrongWithARecordOrItsTopic() {
		assertThat(BoundedProducer.isSurvivable(new RecordTooLargeException())).isTrue();
		assertThat(BoundedProducer.isSurvivable(new TopicAuthorizationException("t"))).isTrue();
		assertThat(BoundedProducer.isSurvivable(new NotEnoughReplicasException())).isTrue();
		assertThat(BoundedProducer.isSurvivable(new UnknownTopicOrPartitionException())).isTrue();
		assertThat(BoundedProducer.isSurvivable(new TimeoutException())).isFalse();
		assertThat(BoundedProducer.isSurvivable(new ProducerFencedException("fenced"))).isFalse();
		assertThat(BoundedProducer.isSurvivable(new ClusterAuthorizationException("no"))).isFalse();
	}

	@Test
	void whatMayBeOverTheNextTimeIsNoRefusal() {
		assertThat(BoundedProducer.isRefusal(new RecordTooLargeException())).isTrue();
		assertThat(BoundedProducer.isRefusal(new TopicAuthorizationException("t"))).isTrue();
		assertThat(BoundedProducer.isRefusal(new NotEnoughReplicasException())).isFalse();
		assertThat(BoundedProducer.isRefusal(new UnknownTopicOrPartitionException())).isFalse();
		assertThat(BoundedProducer.isRefusal(new TimeoutException())).isFalse();
	}

	@Test
	void closeWhenABrokerNeverAnswersDoesNotWaitForIt() throws Exception {
		// Its connections are established, as those to a broker that is frozen.
		try (ServerSocket frozen = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
			BoundedProducer producer = new BoundedProducer(
					Map.of("bootstrap.servers", "127.0.0.1:" + frozen.getLocalPort()), "frozen",
					Duration.ofSeconds(30));
			Thread sender = new Thread(() -> producer.send(new ProducerRecord<>("topic", new byte[1])));
			sender.start();
			try (Socket connection = frozen.accept()) {
				await().until(() -> connection.getInputStream().available() > 0);
				long begun = System.nanoTime();
				producer.close(Duration.ZERO);
				assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
			}
		}
		await().atMost(Duration.ofSeconds(30))
			.until(() -> Thread.getAllStackTraces()
				.keySet()
				.stream()
				.noneMatch((thread) -> thread.getName().contains("| frozen")));
	}

	@Test
	void clusterThatIsAwayIsGivenUpInTime() throws Exception {
		ProducerRecord<byte[], byte[]> record = new ProducerRecord<>("topic", new byte[1]);
		BoundedProducer producer = new BoundedProducer(Map.of("bootstrap.servers", "127.0.0.1:" + unusedPort()), "test",
				Duration.ofMillis(600));
		long begun = System.nanoTime();
		assertThat(producer.send(record)).failsWithin(Duration.ofSeconds(5))
			.withThrowableThat()
			.withCauseInstanceOf(TimeoutException.class);
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> producer.partitionsFor("topic"));
		assertThat(Duration.ofNanos(System.nanoTime() - begun)).isBetween(Duration.ofMillis(300),
				Duration.ofSeconds(5));
		producer.abandon();
		producer.close();
		assertThat(producer.send(record)).isCompletedExceptionally();
		assertThatIllegalStateException().isThrownBy(() -> producer.partitionsFor("topic"));
	}

	private static int unusedPort() throws Exception {
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			return socket.getLocalPort();
		}
	}

}
