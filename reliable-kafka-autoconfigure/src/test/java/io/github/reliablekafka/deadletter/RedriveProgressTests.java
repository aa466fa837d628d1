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

package io.github.reliablekafka.deadletter;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RedriveProgress}.
 */
class RedriveProgressTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders-dlt", 0);

	@Test
	void redriveThatStandsStillEnds() {
		try (MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none")) {
			consumer.assign(List.of(PARTITION));
			consumer.seek(PARTITION, 0);
			RedriveProgress progress = new RedriveProgress(Map.of(PARTITION, 2L), Duration.ofMillis(200));
			assertThat(progress.isAtEnd(consumer)).isFalse();
			poll(consumer, 0);
			assertThat(progress.isAtEnd(consumer)).isFalse();
			// As if it had no leader.
			await().pollInterval(Duration.ofMillis(10))
				.untilAsserted(() -> assertThatExceptionOfType(TimeoutException.class)
					.isThrownBy(() -> progress.isAtEnd(consumer))
					.withMessageContaining("no leader"));
			poll(consumer, 1);
			assertThat(progress.isAtEnd(consumer)).isTrue();
		}
	}

	private static void poll(MockConsumer<byte[], byte[]> consumer, long offset) {
		consumer.addRecord(new ConsumerRecord<>(PARTITION.topic(), PARTITION.partition(), offset, null, new byte[0]));
		assertThat(consumer.poll(Duration.ofSeconds(1)).count()).isOne();
	}

}
