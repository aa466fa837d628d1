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

package io.github.reliablekafka.consumer;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.SerializationUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Poison}.
 */
class PoisonTests {

	private static final TopicPartition ZERO = new TopicPartition("t", 0);

	private static final TopicPartition ONE = new TopicPartition("t", 1);

	private final MockConsumer<String, String> consumer = new MockConsumer<>("earliest");

	PoisonTests() {
		this.consumer.assign(List.of(ZERO, ONE));
		this.consumer.seek(ZERO, 100);
		this.consumer.seek(ONE, 100);
	}

	@Test
	void ofWhenTombstoneIsNull() {
		assertThat(Poison.of(record(ZERO, 0, null))).isNull();
	}

	@Test
	void ofWhenHeaderIsForeignIsNull() {
		ConsumerRecord<String, String> record = record(ZERO, 0, null);
		record.headers().add(KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER, new byte[] { 1 });
		assertThat(Poison.of(record)).isNull();
	}

	@Test
	void ofWhenValueOrKeyIsNotReadableIsTheException() {
		assertThat(Poison.of(poison(ZERO, 0, false))).isNotNull();
		assertThat(Poison.of(poison(ZERO, 0, true))).isNotNull();
	}

	@Test
	void isolateWhenAllAreReadableChangesNothing() {
		ConsumerRecords<String, String> records = records(record(ZERO, 0, "a"), record(ONE, 0, null));
		assertThat(Poison.isolate(records, this.consumer)).isSameAs(records);
		assertThat(this.consumer.position(ZERO)).isEqualTo(100);
	}

	@Test
	void isolateWhenPoisonIsBehindOthersReturnsWhatIsInFront() {
		ConsumerRecords<String, String> isolated = Poison.isolate(records(record(ZERO, 0, "a"), poison(ZERO, 1, false),
				record(ZERO, 2, "b"), record(ONE, 5, "c"), record(ONE, 6, "d")), this.consumer);
		assertThat(offsets(isolated)).containsExactly("t-0@0", "t-1@5", "t-1@6");
		assertThat(this.consumer.position(ZERO)).isEqualTo(1);
		assertThat(this.consumer.position(ONE)).isEqualTo(100);
		assertThat(isolated.nextOffsets().get(ZERO).offset()).isEqualTo(1);
	}

	@Test
	void isolateWhenPoisonIsFirstEverywhereReturnsOne() {
		ConsumerRecords<String, String> isolated = Poison.isolate(
				records(poison(ZERO, 3, false), record(ZERO, 4, "a"), poison(ONE, 5, true), record(ONE, 6, "d")),
				this.consumer);
		assertThat(offsets(isolated)).containsExactly("t-0@3");
		assertThat(this.consumer.position(ZERO)).isEqualTo(4);
		assertThat(this.consumer.position(ONE)).isEqualTo(5);
	}

	@Test
	void isolateWhenPoisonIsFirstOfOnePartitionReturnsTheOther() {
		ConsumerRecords<String, String> isolated = Poison.isolate(records(poison(ZERO, 3, false), record(ONE, 5, "c")),
				this.consumer);
		assertThat(offsets(isolated)).containsExactly("t-1@5");
		assertThat(this.consumer.position(ZERO)).isEqualTo(3);
	}

	@Test
	void isolateWhenPoisonIsAloneReturnsIt() {
		ConsumerRecords<String, String> records = records(poison(ZERO, 3, false));
		assertThat(Poison.isolate(records, this.consumer)).isSameAs(records);
	}

	private static List<String> offsets(ConsumerRecords<?, ?> records) {
		List<String> offsets = new ArrayList<>();
		records.forEach(
				(record) -> offsets.add("%s-%d@%d".formatted(record.topic(), record.partition(), record.offset())));
		return offsets;
	}

	@SafeVarargs
	private static ConsumerRecords<String, String> records(ConsumerRecord<String, String>... records) {
		Map<TopicPartition, List<ConsumerRecord<String, String>>> byPartition = new LinkedHashMap<>();
		for (ConsumerRecord<String, String> record : records) {
			byPartition
				.computeIfAbsent(new TopicPartition(record.topic(), record.partition()), (key) -> new ArrayList<>())
				.add(record);
		}
		return new ConsumerRecords<>(byPartition, Map.of());
	}

	private static ConsumerRecord<String, String> poison(TopicPartition partition, long offset, boolean key) {
		ConsumerRecord<String, String> record = key ? record(partition, offset, null, "v")
				: record(partition, offset, "k", null);
		SerializationUtils.deserializationException(record.headers(), new byte[] { 1 }, new IllegalStateException(),
				key);
		return record;
	}

	private static ConsumerRecord<String, String> record(TopicPartition partition, long offset, String value) {
		return record(partition, offset, null, value);
	}

	private static ConsumerRecord<String, String> record(TopicPartition partition, long offset, String key,
			String value) {
		return new ConsumerRecord<>(partition.topic(), partition.partition(), offset, 0, TimestampType.CREATE_TIME, 0,
				0, key, value, new RecordHeaders(), Optional.of(1));
	}

}
