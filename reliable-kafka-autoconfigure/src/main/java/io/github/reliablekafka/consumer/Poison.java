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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import org.springframework.core.log.LogAccessor;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.SerializationUtils;

/**
 * Records that could not be deserialized. An error handling deserializer leaves them with
 * a null key or value and the exception in a header; a batch listener would take such a
 * value for a tombstone.
 */
final class Poison {

	private static final LogAccessor logger = new LogAccessor(LogFactory.getLog(Poison.class));

	private Poison() {
	}

	/**
	 * Why a record could not be deserialized.
	 * @param record the record
	 * @return {@code null} if it could
	 */
	static @Nullable DeserializationException of(ConsumerRecord<?, ?> record) {
		if (record.value() instanceof DeserializationException exception) {
			return exception;
		}
		if (record.key() instanceof DeserializationException exception) {
			return exception;
		}
		DeserializationException exception = null;
		if (record.value() == null) {
			exception = SerializationUtils.getExceptionFromHeader(record,
					KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER, logger);
		}
		if (exception == null && record.key() == null) {
			exception = SerializationUtils.getExceptionFromHeader(record, KafkaUtils.KEY_DESERIALIZER_EXCEPTION_HEADER,
					logger);
		}
		return exception;
	}

	/**
	 * Cut what was polled so that a record that could not be deserialized is alone in its
	 * batch. Only then can a failure be reported before the listener is called: an error
	 * handler takes the records in front of the failed one for processed. What is cut off
	 * is polled again.
	 * @param records what was polled
	 * @param consumer is set back to what is cut off
	 * @param <K> the key type
	 * @param <V> the value type
	 * @return the records up to the first poison of each partition, or one poison, or
	 * what was polled if there is none
	 */
	static <K, V> ConsumerRecords<K, V> isolate(ConsumerRecords<K, V> records, Consumer<K, V> consumer) {
		Map<TopicPartition, Integer> poisonAt = new LinkedHashMap<>();
		for (TopicPartition partition : records.partitions()) {
			List<ConsumerRecord<K, V>> list = records.records(partition);
			for (int i = 0; i < list.size(); i++) {
				if (of(list.get(i)) != null) {
					poisonAt.put(partition, i);
					break;
				}
			}
		}
		if (poisonAt.isEmpty() || records.count() == 1) {
			return records;
		}
		Map<TopicPartition, Integer> sizes = new LinkedHashMap<>();
		records.partitions().forEach((partition) -> {
			Integer poison = poisonAt.get(partition);
			sizes.put(partition, (poison != null) ? poison : records.records(partition).size());
		});
		if (sizes.values().stream().allMatch((size) -> size == 0)) {
			sizes.put(poisonAt.keySet().iterator().next(), 1);
		}
		return cut(records, sizes, consumer);
	}

	private static <K, V> ConsumerRecords<K, V> cut(ConsumerRecords<K, V> records, Map<TopicPartition, Integer> sizes,
			Consumer<K, V> consumer) {
		Map<TopicPartition, List<ConsumerRecord<K, V>>> kept = new LinkedHashMap<>();
		Map<TopicPartition, OffsetAndMetadata> nextOffsets = new HashMap<>(records.nextOffsets());
		sizes.forEach((partition, size) -> {
			List<ConsumerRecord<K, V>> list = records.records(partition);
			if (size < list.size()) {
				ConsumerRecord<K, V> first = list.get(size);
				OffsetAndMetadata next = new OffsetAndMetadata(first.offset(), first.leaderEpoch(), "");
				consumer.seek(partition, next);
				nextOffsets.put(partition, next);
			}
			if (size > 0) {
				kept.put(partition, new ArrayList<>(list.subList(0, size)));
			}
		});
		return new ConsumerRecords<>(kept, nextOffsets);
	}

}
