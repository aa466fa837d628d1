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

package io.github.reliablekafka.watermark;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

import io.github.reliablekafka.sequence.Lane;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link SavedStates} without a broker.
 */
class SavedStatesTests {

	@Test
	void closeWhenABrokerNeverAnswersDoesNotWaitForIt() throws Exception {
		AuditTopics topics = mock(AuditTopics.class);
		given(topics.provide(any())).willReturn(new AuditTopics.Found(1, Uuid.randomUuid()));
		ExecutorService executor = Executors.newSingleThreadExecutor();
		// Its connections are established, as those to a broker that is frozen.
		try (ServerSocket frozen = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
			AuditClients clients = new AuditClients(Map.of("bootstrap.servers", "127.0.0.1:" + frozen.getLocalPort()));
			SavedStates states = new SavedStates(AuditTopic.state("states"), topics, clients,
					new RangeReader(clients, 1), new Complaints(), executor);
			CompletableFuture<Void> saved = states.save("group", new Lane("orders", 0), new byte[] { 1 });
			try (Socket connection = frozen.accept()) {
				long begun = System.nanoTime();
				executor.shutdownNow();
				states.close();
				assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(4));
				assertThat(connection.getInputStream().available()).isPositive();
				assertThat(saved).isNotCompleted();
			}
		}
		await().atMost(AuditClients.TIMEOUT)
			.until(() -> Thread.getAllStackTraces()
				.keySet()
				.stream()
				.noneMatch((thread) -> thread.getName().contains("reliable-kafka-audit-producer")));
	}

}
