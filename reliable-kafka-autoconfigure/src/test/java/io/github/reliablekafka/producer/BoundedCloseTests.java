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
import java.util.concurrent.CountDownLatch;

import org.apache.kafka.clients.producer.MockProducer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link BoundedClose}.
 */
class BoundedCloseTests {

	@Test
	void clientThatDoesNotEndKeepsNobody() {
		CountDownLatch broker = new CountDownLatch(1);
		try {
			long start = System.nanoTime();
			assertThat(BoundedClose.close(new MockProducer<String, String>() {

				@Override
				public void close(Duration timeout) {
					try {
						broker.await();
					}
					catch (InterruptedException ex) {
						Thread.currentThread().interrupt();
					}
				}

			}, Duration.ofMillis(100))).isFalse();
			assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(1100),
					Duration.ofSeconds(10));
		}
		finally {
			broker.countDown();
		}
	}

	@Test
	void failureIsTheCallersAsEver() {
		MockProducer<String, String> producer = new MockProducer<>();
		producer.closeException = new IllegalStateException("half closed");
		assertThatIllegalStateException().isThrownBy(() -> BoundedClose.close(producer, Duration.ofSeconds(1)))
			.withMessage("half closed");
	}

	@Test
	void callbackDoesNotWaitForItself() throws Exception {
		boolean[] closed = new boolean[1];
		MockProducer<String, String> producer = new MockProducer<>();
		Thread network = new Thread(() -> closed[0] = BoundedClose.close(producer, Duration.ofSeconds(1)),
				"kafka-producer-network-thread | test");
		network.start();
		network.join();
		assertThat(closed[0]).isTrue();
		assertThat(producer.closed()).isTrue();
	}

}
