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

package io.github.reliablekafka.report;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.mockito.MockedConstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willThrow;
import static org.mockito.Mockito.mockConstruction;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link ReportsCursor}.
 */
@SuppressWarnings({ "rawtypes", "unchecked" })
class ReportsCursorTests {

	private static final TopicPartition PARTITION = new TopicPartition("rk-audit-reports", 0);

	private final AtomicLong end = new AtomicLong(10);

	private final AtomicLong position = new AtomicLong(5);

	private OffsetAndTimestamp begin = new OffsetAndTimestamp(5, 0);

	private long arriving;

	private final MockedConstruction<KafkaConsumer> consumers = mockConstruction(KafkaConsumer.class,
			(consumer, context) -> {
				given(consumer.offsetsForTimes(any())).willAnswer((call) -> {
					Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
					found.put(PARTITION, this.begin);
					this.end.addAndGet(this.arriving);
					return found;
				});
				given(consumer.endOffsets(any())).willAnswer((call) -> Map.of(PARTITION, this.end.get()));
				given(consumer.position(PARTITION)).willAnswer((call) -> this.position.get());
				given(consumer.poll(any(Duration.class))).willReturn(ConsumerRecords.empty());
				willThrow(new IllegalStateException("Broken")).given(consumer).close(any(CloseOptions.class));
			});

	private final ReportsCursor cursor = new ReportsCursor(Map.of("bootstrap.servers", "kafka:9092"),
			Duration.ofSeconds(10));

	@AfterEach
	void close() {
		this.consumers.close();
	}

	@Test
	void reportThatIsWrittenWhileThePlaceIsSoughtIsNotPassedOver() {
		this.begin = null;
		this.arriving = 1;
		this.cursor.seek(Set.of(PARTITION), 0);
		verify(this.consumers.constructed().get(0)).seek(PARTITION, 10);
	}

	@Test
	void endThatWasReachedIsReachedWhereverThePositionIsThen() {
		this.cursor.seek(Set.of(PARTITION), 0);
		assertThat(this.cursor.isCaughtUp()).isFalse();
		read(9);
		assertThat(this.cursor.isCaughtUp()).isFalse();
		read(10);
		assertThat(this.cursor.isCaughtUp()).isTrue();
		read(7);
		assertThat(this.cursor.isCaughtUp()).isTrue();
	}

	@Test
	void endThatIsNotThereAnyMoreIsNotWaitedFor() {
		this.cursor.seek(Set.of(PARTITION), 0);
		this.cursor.lookForEnds();
		assertThat(this.cursor.isCaughtUp()).isFalse();
		this.end.set(7);
		this.cursor.lookForEnds();
		this.end.set(20);
		this.cursor.lookForEnds();
		assertThat(this.cursor.isCaughtUp()).isFalse();
		read(7);
		assertThat(this.cursor.isCaughtUp()).isTrue();
	}

	@Test
	void consumerThatCannotBeClosedIsGivenUpNevertheless() {
		this.cursor.seek(Set.of(PARTITION), 0);
		assertThatNoException().isThrownBy(this.cursor::release);
		read(10);
		assertThat(this.consumers.constructed()).hasSize(2);
	}

	private void read(long position) {
		this.position.set(position);
		this.cursor.read(Duration.ZERO, (record) -> {
		});
	}

}
