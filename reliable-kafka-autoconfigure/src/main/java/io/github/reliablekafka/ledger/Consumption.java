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
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * The counters of one topic as one consumer group reads it. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class Consumption {

	private final String topic;

	private final String group;

	private final Map<ConsumptionOutcome, LongAdder> outcomes = new EnumMap<>(ConsumptionOutcome.class);

	private final Map<GuardIntervention, LongAdder> interventions = new EnumMap<>(GuardIntervention.class);

	Consumption(String topic, String group) {
		this.topic = topic;
		this.group = group;
		for (ConsumptionOutcome outcome : ConsumptionOutcome.values()) {
			this.outcomes.put(outcome, new LongAdder());
		}
		for (GuardIntervention intervention : GuardIntervention.values()) {
			this.interventions.put(intervention, new LongAdder());
		}
	}

	/**
	 * The topic.
	 * @return its name
	 */
	public String topic() {
		return this.topic;
	}

	/**
	 * The consumer group.
	 * @return its id, empty for a consumer without a group
	 */
	public String group() {
		return this.group;
	}

	/**
	 * Post an outcome.
	 * @param outcome what became of the records
	 * @param records how many
	 */
	public void post(ConsumptionOutcome outcome, long records) {
		counter(this.outcomes, outcome).add(records);
	}

	/**
	 * How many records (for {@link ConsumptionOutcome#FAILED FAILED}: attempts) had an
	 * outcome so far.
	 * @param outcome the outcome
	 * @return the count since the application started
	 */
	public long count(ConsumptionOutcome outcome) {
		return counter(this.outcomes, outcome).sum();
	}

	/**
	 * Count what the guard of commits did.
	 * @param intervention what it did
	 */
	public void count(GuardIntervention intervention) {
		counter(this.interventions, intervention).increment();
	}

	/**
	 * How often the guard of commits had to do something so far.
	 * @param intervention what it did
	 * @return the count since the application started
	 */
	public long counted(GuardIntervention intervention) {
		return counter(this.interventions, intervention).sum();
	}

	private static <E extends Enum<E>> LongAdder counter(Map<E, LongAdder> counters, E kind) {
		LongAdder counter = counters.get(kind);
		if (counter == null) {
			throw new IllegalStateException("No counter for " + kind);
		}
		return counter;
	}

}
