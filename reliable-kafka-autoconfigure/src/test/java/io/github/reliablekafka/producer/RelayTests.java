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

package io.github.reliablekafka.producer;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Relay} with a client that does what it is told, where partitions stand
 * still.
 */
class RelayTests extends SpoolingSetup {

	private static final String GONE = "gone";

	private final List<Client> clients = new CopyOnWriteArrayList<>();

	private final AtomicInteger inVain = new AtomicInteger();

	@Override
	RelayClient client(Map<String, Object> settings) {
		return new RelayClient(settings, () -> null, (complete) -> {
			((ClusterIdentity) complete.get(ClusterIdentity.SETTING)).found("cluster");
			// The first does not answer by itself.
			Client client = new Client(!this.clients.isEmpty());
			this.clients.add(client);
			return client;
		});
	}

	@Override
	Duration giveUpAfter() {
		return Duration.ofMinutes(1);
	}

	@Override
	SpoolProperties.OnRefusal onRefusal() {
		return SpoolProperties.OnRefusal.BLOCK;
	}

	@AfterEach
	void stop() {
		this.relay.stop();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void whatIsAboutToBeSentDoesNotGetAheadOfARefusedRecord(boolean forGood) throws Exception {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		handed(100, new PendingReceipt("orders"));
		Followed second = handed(101, new PendingReceipt("orders"));
		await().until(second::isPromised);
		CountDownLatch reading = new CountDownLatch(1);
		CountDownLatch refused = new CountDownLatch(1);
		this.beforeRead = (position) -> {
			if (position == second.position()) {
				reading.countDown();
				awaitUninterrupted(refused);
			}
		};
		this.relay.wake(lane);
		this.relay.start();
		awaitUninterrupted(reading);
		Client first = this.clients.get(0);
		assertThat(first.history()).hasSize(1);
		assertThat(first.errorNext(
				forGood ? new RecordTooLargeException("on purpose") : new TopicAuthorizationException("on purpose")))
			.isTrue();
		assertThat(lane.block() != null).isEqualTo(forGood);
		refused.countDown();
		await().until(() -> this.clients.size() == 2 && this.clients.get(1).history().size() == 2);
		assertThat(first.history()).hasSize(1);
		assertThat(this.clients.get(1).history()).extracting((record) -> record.value().length)
			.containsExactly(100, 101);
	}

	@Test
	void topicThatIsGoneDoesNotHoldUpOthers() {
		this.clients.add(new Client(true));
		for (int partition = 0; partition < 40; partition++) {
			SpooledLane lane = this.relay.lanes().lane(GONE, partition);
			lane.admit(new Followed(new PendingReceipt(GONE)), record(10), true, true, false);
			this.relay.wake(lane);
		}
		assertThat(this.spool.flush()).isTrue();
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		this.relay.start();
		await().until(() -> this.inVain.get() > 0);
		long start = System.nanoTime();
		for (int i = 0; i < 20; i++) {
			handed(100, new PendingReceipt("orders"));
			this.relay.wake(lane);
			await().pollInterval(Duration.ofMillis(1)).atMost(Duration.ofMinutes(1)).until(() -> lane.waiting() == 0);
		}
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
		assertThat(this.inVain.get()).isLessThan(15);
		assertThat(this.clients.get(1).history()).hasSize(20);
	}

	private static void awaitUninterrupted(CountDownLatch latch) {
		try {
			assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private final class Client extends MockProducer<byte[], byte[]> {

		Client(boolean answers) {
			super(answers, null, new ByteArraySerializer(), new ByteArraySerializer());
		}

		@Override
		public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
			if (!record.topic().equals(GONE)) {
				return super.send(record, callback);
			}
			RelayTests.this.inVain.incrementAndGet();
			try {
				TimeUnit.MILLISECONDS.sleep(100);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			TimeoutException failure = new TimeoutException("Topic gone not present in metadata",
					new UnknownTopicOrPartitionException("on purpose"));
			callback.onCompletion(null, failure);
			return CompletableFuture.failedFuture(failure);
		}

	}

}
