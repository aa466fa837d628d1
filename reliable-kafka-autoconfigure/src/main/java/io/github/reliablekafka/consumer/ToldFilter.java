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

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.kafka.listener.adapter.RecordFilterStrategy;

/**
 * Tells the guard of commits which records a filter keeps from a listener that
 * acknowledges by hand: nobody acknowledges those. As safe for use by many threads as the
 * filter.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class ToldFilter<K, V> implements RecordFilterStrategy<K, V> {

	private final RecordFilterStrategy<K, V> filter;

	ToldFilter(RecordFilterStrategy<K, V> filter) {
		this.filter = filter;
	}

	@Override
	public boolean filter(ConsumerRecord<K, V> record) {
		boolean filtered = this.filter.filter(record);
		ListenedRecords open = ListenedRecords.current();
		if (filtered && open != null) {
			open.close(record);
		}
		return filtered;
	}

	@Override
	public List<ConsumerRecord<K, V>> filterBatch(List<ConsumerRecord<K, V>> records) {
		List<ConsumerRecord<K, V>> all = List.copyOf(records);
		List<ConsumerRecord<K, V>> kept = this.filter.filterBatch(records);
		ListenedRecords open = ListenedRecords.current();
		if (open != null) {
			Set<Place> left = Place.of(kept);
			// If it has made records of its own, nobody knows of which.
			if (Place.of(all).containsAll(left)) {
				all.stream().filter((record) -> !left.contains(Place.of(record))).forEach(open::close);
			}
			CommitGuard guard = open.guard();
			if (guard != null && !kept.equals(all)) {
				guard.call().keep(List.copyOf(kept));
			}
		}
		return kept;
	}

	@Override
	public boolean ignoreEmptyBatch() {
		return this.filter.ignoreEmptyBatch();
	}

	/**
	 * Where a record is, by which a copy of it is known: a filter may give on others than
	 * it got.
	 *
	 * @param topic the topic
	 * @param partition the partition
	 * @param offset the offset
	 */
	record Place(String topic, int partition, long offset) {

		static Place of(ConsumerRecord<?, ?> record) {
			return new Place(record.topic(), record.partition(), record.offset());
		}

		static Set<Place> of(List<? extends ConsumerRecord<?, ?>> records) {
			return records.stream().map(Place::of).collect(Collectors.toSet());
		}

	}

}
