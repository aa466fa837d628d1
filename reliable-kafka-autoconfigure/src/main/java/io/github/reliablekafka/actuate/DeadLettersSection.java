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

package io.github.reliablekafka.actuate;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.LongSupplier;

import io.github.reliablekafka.deadletter.DeadLetters;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * The dead letter topics that exist. The only section that asks the cluster, so one
 * request at a time does: whoever comes meanwhile, or within five seconds, gets the
 * answer before. Safe for use by many threads.
 */
final class DeadLettersSection {

	private static final Duration FRESH = Duration.ofSeconds(5);

	private final Function<BiConsumer<String, RuntimeException>, List<DeadLetters.Topic>> deadLetters;

	private final LongSupplier nanos;

	private final Lock asking = new ReentrantLock();

	private volatile @Nullable Answer last;

	/**
	 * Create a section.
	 * @param deadLetters finds the topics, and says which could not be looked at
	 * @param nanos the time in nanoseconds
	 */
	DeadLettersSection(Function<BiConsumer<String, RuntimeException>, List<DeadLetters.Topic>> deadLetters,
			LongSupplier nanos) {
		this.deadLetters = deadLetters;
		this.nanos = nanos;
	}

	Map<String, Object> read() {
		Answer before = this.last;
		if (before != null && this.nanos.getAsLong() - before.at() < FRESH.toNanos()) {
			return before.section();
		}
		if (!this.asking.tryLock()) {
			return (before != null) ? before.section()
					: section("The cluster is being asked for somebody else; ask again", Map.of(), List.of());
		}
		try {
			Map<String, Object> section = ask();
			this.last = new Answer(section, this.nanos.getAsLong());
			return section;
		}
		finally {
			this.asking.unlock();
		}
	}

	private Map<String, Object> ask() {
		Map<String, Object> failures = new TreeMap<>();
		try {
			List<Map<String, Object>> topics = new ArrayList<>();
			this.deadLetters.apply((topic, failure) -> failures.put(topic, failure.getClass().getSimpleName()))
				.forEach((topic) -> topics.add(describe(topic)));
			return section("", failures, topics);
		}
		catch (KafkaException | IllegalStateException | IllegalArgumentException ex) {
			return section("The cluster could not be asked: " + ex.getClass().getSimpleName(), failures, List.of());
		}
	}

	private static Map<String, Object> section(String failure, Map<String, Object> failures,
			List<Map<String, Object>> topics) {
		Map<String, Object> section = new LinkedHashMap<>();
		section.put("failure", failure);
		section.put("failures", failures);
		section.put("topics", topics);
		return section;
	}

	private static Map<String, Object> describe(DeadLetters.Topic topic) {
		Map<String, Object> map = new LinkedHashMap<>();
		map.put("topic", topic.name());
		map.put("originalTopic", topic.originalTopic());
		map.put("parking", topic.parking());
		map.put("partitions", topic.partitions());
		map.put("records", topic.records());
		map.put("waiting", topic.waiting());
		return map;
	}

	/**
	 * What was answered.
	 *
	 * @param section the answer
	 * @param at when, by the same clock
	 */
	private record Answer(Map<String, Object> section, long at) {

	}

}
