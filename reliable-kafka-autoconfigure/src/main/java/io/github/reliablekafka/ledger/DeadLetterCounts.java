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

package io.github.reliablekafka.ledger;

import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * What this application has put into dead letter topics, and what it has taken out again.
 * Counts live in memory and start at zero with the application. The first 1,000 topics
 * have counters of their own, all others share the name {@code (other)}. Safe for use by
 * many threads.
 *
 * @since 0.1.0
 */
public final class DeadLetterCounts {

	private final Map<String, Map<Outcome, LongAdder>> topics = new ConcurrentHashMap<>();

	private final List<Consumer<String>> listeners = new CopyOnWriteArrayList<>();

	DeadLetterCounts() {
	}

	/**
	 * Count records.
	 * @param topic the dead letter topic or parking topic
	 * @param outcome what became of them
	 * @param records how many
	 */
	public void post(String topic, Outcome outcome, long records) {
		if (records > 0) {
			adder(topic, outcome).add(records);
		}
	}

	/**
	 * How many records there were.
	 * @param topic the dead letter topic or parking topic
	 * @param outcome what became of them
	 * @return the count since the application started
	 */
	public long count(String topic, Outcome outcome) {
		Map<Outcome, LongAdder> counters = this.topics.get(topic);
		LongAdder counter = (counters != null) ? counters.get(outcome) : null;
		return (counter != null) ? counter.sum() : 0;
	}

	/**
	 * Be told of each dead letter topic, those so far and those to come. The listener may
	 * be told of one twice and must not block.
	 * @param listener is given the topic's name
	 */
	public void onTopic(Consumer<String> listener) {
		this.listeners.add(listener);
		this.topics.keySet().forEach(listener);
	}

	private LongAdder adder(String topic, Outcome outcome) {
		boolean own = this.topics.containsKey(topic) || this.topics.size() < DeliveryLedger.MAX_TOPICS;
		String name = own ? topic : DeliveryLedger.OTHER_TOPICS;
		Map<Outcome, LongAdder> counters = this.topics.get(name);
		if (counters == null) {
			Map<Outcome, LongAdder> created = new EnumMap<>(Outcome.class);
			for (Outcome each : Outcome.values()) {
				created.put(each, new LongAdder());
			}
			Map<Outcome, LongAdder> present = this.topics.putIfAbsent(name, created);
			counters = (present != null) ? present : created;
			if (present == null) {
				this.listeners.forEach((listener) -> listener.accept(name));
			}
		}
		return Objects.requireNonNull(counters.get(outcome));
	}

	/**
	 * What became of a record in a dead letter topic.
	 */
	public enum Outcome {

		/**
		 * It is there, acknowledged by every in-sync replica.
		 */
		WRITTEN,

		/**
		 * It is on this machine's disk, in the spool, and goes there later; that is not
		 * counted again.
		 */
		SPOOLED,

		/**
		 * It could not be written there, and comes again from its own topic.
		 */
		REFUSED,

		/**
		 * It went back to its own topic.
		 */
		REDRIVEN,

		/**
		 * It went to the parking topic, because it was redriven too often.
		 */
		PARKED;

		/**
		 * The name in lower case, as meters show it.
		 * @return for example {@code redriven}
		 */
		public String label() {
			return name().toLowerCase(Locale.ROOT);
		}

	}

}
