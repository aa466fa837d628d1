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
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.mockito.MockedConstruction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.BDDMockito.willThrow;
import static org.mockito.Mockito.mockConstruction;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link ReportsCursor}.
 */
@SuppressWarnings({ "rawtypes", "unchecked" })
class ReportsCursorTests {

	private static final TopicPartition PARTITION = new TopicPartition("rk-audit-reports", 0);

	private static final TopicPartition OTHER = new TopicPartition("rk-audit-reports", 1);

	private final AtomicLong end = new AtomicLong(10);

	private final AtomicLong position = new AtomicLong(5);

	private OffsetAndTimestamp begin = new OffsetAndTimestamp(5, 0);

	private long arriving;

	private Set<TopicPartition> assigned = Set.of();

	/**
	 * What Kafka was asked about without being assigned, of which it warns.
	 */
	private final Set<TopicPartition> unassigned = new HashSet<>();

	private boolean silent;

	private final MockedConstruction<KafkaConsumer> consumers = mockConstruction(KafkaConsumer.class,
			(consumer, context) -> {
				willAnswer((call) -> this.assigned = Set.copyOf(call.getArgument(0))).given(consumer).assign(any());
				given(consumer.offsetsForTimes(any())).willAnswer((call) -> {
					ask(((Map<TopicPartition, Long>) call.getArgument(0)).keySet());
					Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
					found.put(PARTITION, this.begin);
					this.end.addAndGet(this.arriving);
					return found;
				});
				given(consumer.endOffsets(any())).willAnswer((call) -> {
					ask(call.getArgument(0));
					return Map.of(PARTITION, this.end.get());
				});
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
	void placeIsSoughtInPartitionsThatAreAssigned() {
		this.cursor.seek(Set.of(PARTITION), 0);
		this.cursor.lookForEnds();
		this.cursor.seek(Set.of(PARTITION, OTHER), 0);
		this.cursor.lookForEnds();
		assertThat(this.unassigned).isEmpty();
		assertThat(this.assigned).containsExactlyInAnyOrder(PARTITION, OTHER);
	}

	@Test
	void placeIsTheOneBeforeIfTheClusterDoesNotAnswer() {
		this.cursor.seek(Set.of(PARTITION), 0);
		this.silent = true;
		assertThatExceptionOfType(TimeoutException.class)
			.isThrownBy(() -> this.cursor.seek(Set.of(PARTITION, OTHER), 0));
		assertThat(this.cursor.partitions()).containsExactly(PARTITION);
		assertThat(this.assigned).containsExactly(PARTITION);
		verify(this.consumers.constructed().get(0), times(2)).seek(PARTITION, 5);
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

	private void ask(Collection<TopicPartition> partitions) {
		if (this.silent) {
			throw new TimeoutException("On purpose");
		}
		partitions.stream().filter((each) -> !this.assigned.contains(each)).forEach(this.unassigned::add);
	}

	private void read(long position) {
		this.position.set(position);
		this.cursor.read(Duration.ZERO, (record) -> {
		});
	}

}
