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

package io.github.reliablekafka.sequence;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;

/**
 * What the cluster has acknowledged, written down by the test. Safe for use by many
 * threads.
 */
final class AcknowledgedRecords {

	private final Queue<Acknowledged> all = new ConcurrentLinkedQueue<>();

	void add(ProducerRecord<?, ?> sent, RecordMetadata metadata) {
		String value = (String) sent.value();
		Stamp stamp = SentHeaders.stamp(value, metadata);
		add(new Acknowledged(metadata.topic(), metadata.partition(), metadata.offset(), value, stamp.session(),
				stamp.number(), stamp.appendNumber()));
	}

	void add(Acknowledged acknowledged) {
		this.all.add(acknowledged);
	}

	List<Acknowledged> of(String topic) {
		return this.all.stream().filter((acknowledged) -> acknowledged.topic().equals(topic)).toList();
	}

	/**
	 * The acknowledged records that are not among others.
	 * @param topic their topic
	 * @param values of the others
	 * @return what is missing
	 */
	List<Acknowledged> missing(String topic, Set<String> values) {
		return of(topic).stream().filter((acknowledged) -> !values.contains(acknowledged.value())).toList();
	}

	/**
	 * The highest number of each session and partition of a topic.
	 * @param topic the topic
	 * @return one number for each
	 */
	Collection<Numbered> last(String topic) {
		Map<List<Long>, Numbered> last = new HashMap<>();
		for (Acknowledged record : of(topic)) {
			last.merge(List.of(record.session(), (long) record.partition()),
					new Numbered(record.session(), record.partition(), record.number()),
					(one, other) -> (one.number() > other.number()) ? one : other);
		}
		return last.values();
	}

	static Set<Numbered> numbers(Collection<Acknowledged> records, boolean readCommitted) {
		Set<Numbered> numbers = new HashSet<>();
		records.forEach((acknowledged) -> numbers.add(new Numbered(acknowledged.session(), acknowledged.partition(),
				readCommitted ? acknowledged.number() : acknowledged.appendNumber())));
		return numbers;
	}

	static Set<Numbered> numbers(Collection<Finding> findings) {
		Set<Numbered> numbers = new HashSet<>();
		for (Finding finding : findings) {
			for (int i = 0; i < finding.numbers().size(); i++) {
				for (long n = finding.numbers().first(i); n <= finding.numbers().last(i); n++) {
					numbers.add(new Numbered(finding.session(), finding.lane().partition(), n));
				}
			}
		}
		return numbers;
	}

	/**
	 * A record whose send completed.
	 *
	 * @param topic its topic
	 * @param partition its partition
	 * @param offset its offset
	 * @param value its value, of which there is no other
	 * @param session its session
	 * @param number its number
	 * @param appendNumber its append number
	 */
	record Acknowledged(String topic, int partition, long offset, String value, long session, long number,
			long appendNumber) {

	}

	/**
	 * A record by its number.
	 *
	 * @param session its session
	 * @param partition its partition
	 * @param number its number, of whichever kind
	 */
	record Numbered(long session, int partition, long number) {

	}

}
