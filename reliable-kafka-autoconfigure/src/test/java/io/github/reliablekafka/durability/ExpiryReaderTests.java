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

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.test.util.ReflectionTestUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyCollection;
import static org.mockito.ArgumentMatchers.anyMap;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link ExpiryReader}, with offsets as a cluster answers long after the last
 * record was written: none is younger than any time that is asked for.
 */
class ExpiryReaderTests {

	private static final TopicPartition PARTITION = new TopicPartition("orders", 0);

	private static final long NOW = Duration.ofDays(20000).toMillis();

	private final Admin admin = mock(Admin.class);

	private long ageMillis = Duration.ofDays(2).toMillis();

	// Requests of this kind are not answered.
	private Class<? extends OffsetSpec> silent;

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			# start | committed | end | transactions | behind
			0       | 10        | 10  | false        | false
			0       | 9         | 10  | false        | true
			0       | 9         | 10  | true         | false
			0       | 8         | 10  | true         | true
			10      | 3         | 10  | false        | true
			10      | 3         | 10  | true         | false
			9       | 3         | 10  | true         | false
			5       | 3         | 10  | false        | true
			""")
	void tellsOfGroupsThatHaveRecordsLeftToRead(long start, long committed, long end, boolean transactions,
			boolean behind) {
		answer(start, committed, end, transactions);
		Map<String, List<ExpiryReader.Expiring>> violations = read();
		assertThat(violations.containsKey("orders")).as("%s", violations).isEqualTo(behind);
	}

	@Test
	void whatIsToldNamesGroupAndPartition() {
		answer(0, 3, 10, false);
		assertThat(read().get("orders")).singleElement()
			.satisfies((expiring) -> assertThat(expiring.violation().reason())
				.startsWith("records of partition 0 will expire before group 'billing' reads them"));
	}

	@Test
	void recordsThatAreDeletedAlreadyAreTold() {
		answer(10, 3, 10, false);
		assertThat(read().get("orders")).singleElement().satisfies((expiring) -> {
			assertThat(expiring.over()).isTrue();
			assertThat(expiring.violation().reason())
				.isEqualTo("up to 7 records of partition 0 were deleted before group 'billing' read them");
		});
	}

	@ParameterizedTest
	@CsvSource({ "11, false, false", "13, true, false", "17, true, false", "19, true, true", "30, true, true" })
	void groupThatReadsOnceANightIsNotWarnedOf(int hours, boolean told, boolean soon) {
		answer(0, 3, 10, false);
		this.ageMillis = Duration.ofHours(hours).toMillis();
		List<ExpiryReader.Expiring> expiring = read().getOrDefault("orders", List.of());
		assertThat(expiring).hasSize(told ? 1 : 0);
		assertThat(expiring).allMatch((one) -> one.soon() == soon);
	}

	@Test
	void partitionWithoutALeaderIsToldAsUnknown() {
		answer(0, 3, 10, false);
		ExpiryReader reader = reader();
		assertThat(read(reader, state(-1))).isEmpty();
		assertThat(reader.unknown()).containsExactly("offsets of topic 'orders': partition 0 has no leader");
		assertThat(reader.missing()).isEqualTo(Map.of("orders", Set.of("billing")));
	}

	@Test
	void groupThatHasReadNothingMissesNothing() {
		answer(0, 3, 10, false);
		answerCommitted(Map.of());
		ExpiryReader reader = reader();
		assertThat(read(reader, state(-1))).isEmpty();
		assertThat(reader.unknown()).isEmpty();
		assertThat(reader.missing()).isEmpty();
	}

	@Test
	void brokerThatDoesNotAnswerIsToldAsUnknown() {
		for (Class<? extends OffsetSpec> silent : List.of(OffsetSpec.LatestSpec.class, OffsetSpec.EarliestSpec.class,
				OffsetSpec.TimestampSpec.class)) {
			answer(0, 3, 10, false);
			this.silent = silent;
			ExpiryReader reader = reader();
			assertThat(read(reader, state(1))).as("%s", silent).isEmpty();
			assertThat(reader.unknown()).containsExactly("offsets of topic 'orders': TimeoutException");
			assertThat(reader.missing()).isEqualTo(Map.of("orders", Set.of("billing")));
		}
	}

	@Test
	void groupAndTopicThatMayNotBeReadAreMissing() {
		KafkaFutureImpl<Map<TopicPartition, OffsetAndMetadata>> refused = new KafkaFutureImpl<>();
		refused.completeExceptionally(new GroupAuthorizationException("billing"));
		answer(0, 3, 10, false);
		answerCommitted(refused);
		ExpiryReader reader = reader();
		assertThat(read(reader, state(1))).isEmpty();
		assertThat(reader.missing()).isEqualTo(Map.of("orders", Set.of("billing")));
		answer(0, 3, 10, false);
		ExpiryReader other = reader();
		assertThat(read(other, TopicState.of("orders", state(1).partitions(), ReadSettings.unreadable("denied"))))
			.isEmpty();
		assertThat(other.missing()).isEqualTo(Map.of("orders", Set.of("billing")));
		ExpiryReader third = reader();
		assertThat(read(third, TopicState.absent("orders"))).isEmpty();
		assertThat(third.missing()).isEmpty();
	}

	private Map<String, List<ExpiryReader.Expiring>> read() {
		return read(reader(), state(1));
	}

	private ExpiryReader reader() {
		return new ExpiryReader(this.admin, "here:9092", System.nanoTime() + Duration.ofSeconds(10).toNanos(), NOW);
	}

	private static TopicState state(int leader) {
		TopicState.Partition partition = new TopicState.Partition(0, leader, List.of(1), Set.of(1), null);
		return TopicState.of("orders", List.of(partition), ReadSettings
			.of(Map.of("retention.ms", new ReadSettings.Setting("86400000", ReadSettings.Source.TOPIC))));
	}

	private static Map<String, List<ExpiryReader.Expiring>> read(ExpiryReader reader, TopicState state) {
		return reader.read(List.of(new TopicUse("orders", Set.of(TopicUse.Purpose.CONSUMED), Set.of("billing"), 0)),
				Map.of("orders", state));
	}

	private static long timestamp(OffsetSpec spec) {
		return (Long) ReflectionTestUtils.getField(spec, "timestamp");
	}

	private void answerCommitted(Map<TopicPartition, OffsetAndMetadata> offsets) {
		answerCommitted(KafkaFuture.completedFuture(offsets));
	}

	private void answerCommitted(KafkaFuture<Map<TopicPartition, OffsetAndMetadata>> offsets) {
		ListConsumerGroupOffsetsResult groups = mock(ListConsumerGroupOffsetsResult.class);
		given(groups.partitionsToOffsetAndMetadata("billing")).willReturn(offsets);
		given(this.admin.listConsumerGroupOffsets(anyMap(), any(ListConsumerGroupOffsetsOptions.class)))
			.willReturn(groups);
	}

	private void answer(long start, long committed, long end, boolean transactions) {
		answerCommitted(Map.of(PARTITION, new OffsetAndMetadata(committed)));
		willAnswer((call) -> {
			Map<TopicPartition, OffsetSpec> request = call.getArgument(0);
			Map<TopicPartition, KafkaFuture<ListOffsetsResult.ListOffsetsResultInfo>> results = new HashMap<>();
			request.forEach((partition, spec) -> {
				long offset = (spec instanceof OffsetSpec.LatestSpec) ? end
						: (spec instanceof OffsetSpec.EarliestSpec) ? start
								: (spec instanceof OffsetSpec.TimestampSpec && timestamp(spec) <= NOW - this.ageMillis)
										? start : -1;
				KafkaFutureImpl<ListOffsetsResult.ListOffsetsResultInfo> result = new KafkaFutureImpl<>();
				if (this.silent != null && this.silent.isInstance(spec)) {
					result.completeExceptionally(new TimeoutException("no answer"));
				}
				else {
					result.complete(new ListOffsetsResult.ListOffsetsResultInfo(offset, -1, Optional.empty()));
				}
				results.put(partition, result);
			});
			return new ListOffsetsResult(results);
		}).given(this.admin).listOffsets(anyMap(), any(ListOffsetsOptions.class));
		KafkaFutureImpl<TopicDescription> description = new KafkaFutureImpl<>();
		if (transactions) {
			description.complete(new TopicDescription("__transaction_state", true, List.of()));
		}
		else {
			description.completeExceptionally(new UnknownTopicOrPartitionException());
		}
		DescribeTopicsResult descriptions = mock(DescribeTopicsResult.class);
		given(descriptions.topicNameValues()).willReturn(Map.of("__transaction_state", description));
		given(this.admin.describeTopics(anyCollection(), any(DescribeTopicsOptions.class))).willReturn(descriptions);
	}

}
