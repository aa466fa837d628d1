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

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * What a look at one topic has shown. Immutable.
 *
 * @param use the topic, and what it is used for
 * @param present whether the topic is there; of one that is not, nothing else is known
 * @param level what it survives at least; {@code NONE} if that could not be read
 * @param atMost what it survives at most: the same as {@code level}, unless something
 * could not be read, or is a setting of one broker only
 * @param required what it must survive
 * @param heldBackBy the one fact that keeps it from the level above {@code atMost}, a
 * clause; {@code null} at the highest level
 * @param violations by what records may be lost, although the policy says they must not
 * @param advice what is not as it should be, though nothing is lost by it alone
 * @param unknown what could not be read, and why
 * @param facts what was read, in words, by the names that Kafka uses
 * @since 0.1.0
 */
public record TopicDurability(TopicUse use, boolean present, DurabilityLevel level, DurabilityLevel atMost,
		DurabilityLevel required, @Nullable String heldBackBy, List<Violation> violations, List<Violation> advice,
		List<String> unknown, Map<String, String> facts) {

	public TopicDurability {
		violations = List.copyOf(violations);
		advice = List.copyOf(advice);
		unknown = List.copyOf(unknown);
	}

	/**
	 * The name of the topic.
	 * @return its name
	 */
	public String topic() {
		return this.use.topic();
	}

	/**
	 * Whether the topic is there and survives what it must, as far as could be read.
	 * @return {@code false} also if that is not known
	 */
	public boolean isSafe() {
		return this.present && this.level.compareTo(this.required) >= 0 && this.violations.isEmpty();
	}

	/**
	 * Whether the topic may survive less than it must: what was read does not tell. What
	 * is surely too little is a violation.
	 * @return {@code false} also for one that is not there
	 */
	public boolean isDoubtful() {
		return this.present && this.level.compareTo(this.required) < 0 && this.atMost.compareTo(this.required) >= 0;
	}

	/**
	 * The level in words.
	 * @return for example {@code server}, or {@code between none and zone} if something
	 * could not be read
	 */
	public String levelInWords() {
		return (this.level == this.atMost) ? this.level.label()
				: "between %s and %s".formatted(this.level.label(), this.atMost.label());
	}

}
