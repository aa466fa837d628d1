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
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.PatternMatchUtils;

/**
 * What records must survive, and what may be unsafe on purpose.
 *
 * @param accept Risks taken on purpose, by the names that the refusal at start prints.
 * @param level Failure of the cluster that the topics of the application must survive
 * without a loss.
 * @param topics Exceptions for some topics, by a pattern of their names in which an
 * asterisk stands for any text. Of several that say something the longest goes first.
 * @param onViolation What to do at start if a topic does not survive what it must.
 * @param interval Time from one look at the topics to the next. Looks more often while
 * something is wrong.
 * @param repair Whether to alter topics so that they survive what they must, as far as
 * that needs no move of data. Each change is logged.
 * @since 0.1.0
 */
@ConfigurationProperties("reliable.kafka.durability")
public record DurabilityProperties(@DefaultValue Set<String> accept, @DefaultValue("server") DurabilityLevel level,
		@DefaultValue Map<String, Rule> topics, @DefaultValue("warn") OnViolation onViolation,
		@DefaultValue("5m") Duration interval, @DefaultValue("false") boolean repair) {

	private static final Duration SHORTEST_INTERVAL = Duration.ofSeconds(10);

	public DurabilityProperties {
		if (interval.compareTo(SHORTEST_INTERVAL) < 0) {
			throw new IllegalArgumentException(
					"reliable.kafka.durability.interval must be at least 10 seconds, but is " + interval);
		}
	}

	/**
	 * What a topic must survive.
	 * @param topic its name
	 * @return the level
	 */
	public DurabilityLevel required(String topic) {
		return find(topic, Rule::level).orElse(this.level);
	}

	/**
	 * Whether the application must not start if a topic does not survive what it must.
	 * @param topic its name
	 * @return {@code false} if a warning is enough
	 */
	public boolean failsFor(String topic) {
		return find(topic, Rule::onViolation).orElse(this.onViolation) == OnViolation.FAIL;
	}

	/**
	 * Whether there is any topic for which the application must not start.
	 * @return {@code false} if warnings are enough for all
	 */
	public boolean mayFail() {
		return this.onViolation == OnViolation.FAIL
				|| this.topics.values().stream().anyMatch((rule) -> rule.onViolation() == OnViolation.FAIL);
	}

	// Of the patterns that say something about it.
	private <T> Optional<T> find(String topic, Function<Rule, @Nullable T> property) {
		return this.topics.entrySet()
			.stream()
			.filter((rule) -> PatternMatchUtils.simpleMatch(rule.getKey(), topic)
					&& property.apply(rule.getValue()) != null)
			.max(Comparator.<Map.Entry<String, Rule>, Boolean>comparing((rule) -> rule.getKey().equals(topic))
				.thenComparingInt((rule) -> rule.getKey().length()))
			.map((rule) -> property.apply(rule.getValue()));
	}

	/**
	 * What is different for some topics.
	 *
	 * @param level Failure of the cluster that these topics must survive.
	 * @param onViolation What to do at start if one of them does not.
	 */
	public record Rule(@Nullable DurabilityLevel level, @Nullable OnViolation onViolation) {

	}

	/**
	 * What to do if a topic does not survive what it must.
	 */
	public enum OnViolation {

		/**
		 * Say so.
		 */
		WARN,

		/**
		 * Do not start. What is found later is only said.
		 */
		FAIL

	}

}
