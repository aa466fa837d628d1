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

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Numbers on records, and what is told about them.
 *
 * @param enabled Whether producers number their records and consumers check the numbers.
 * @param watermarks How producers tell consumers what was acknowledged apart from the
 * records themselves. Without it a loss at the end of a partition stays undecided.
 * @param interval Longest time between a change and its watermark while a producer keeps
 * sending.
 * @param idleAfter Time without a change after which a watermark is sent at once.
 * @param topic Name of the topic for watermarks.
 * @param stateTopic Name of the topic for states of consumers that are too large for the
 * offsets of their group.
 * @param retention How long the topic for watermarks keeps that of a producer that has
 * ended, if the starter creates the topic. Has to be longer than the retention of every
 * topic that is checked and than the longest lag of any group; at least 2 days.
 * @since 0.1.0
 */
@ConfigurationProperties("reliable.kafka.sequence")
public record SequenceProperties(@DefaultValue("true") boolean enabled,
		@DefaultValue("control-topic") Watermarks watermarks, @DefaultValue("5s") Duration interval,
		@DefaultValue("500ms") Duration idleAfter, @DefaultValue("rk-audit") String topic,
		@DefaultValue("rk-audit-state") String stateTopic, @DefaultValue("30d") Duration retention) {

	private static final Duration SHORTEST_RETENTION = Duration.ofDays(2);

	public SequenceProperties {
		requirePositive("interval", interval);
		requirePositive("idle-after", idleAfter);
		requireName("topic", topic);
		requireName("state-topic", stateTopic);
		// Watermarks of open sessions are repeated once a day.
		if (retention.compareTo(SHORTEST_RETENTION) < 0) {
			throw new IllegalArgumentException(
					"reliable.kafka.sequence.retention must be at least 2 days, but is " + retention);
		}
		if (topic.equals(stateTopic)) {
			throw new IllegalArgumentException(
					"reliable.kafka.sequence.topic and reliable.kafka.sequence.state-topic must differ");
		}
	}

	private static void requirePositive(String name, Duration value) {
		if (value.toMillis() <= 0) {
			throw new IllegalArgumentException(
					"reliable.kafka.sequence.%s must be at least 1 ms, but is %s".formatted(name, value));
		}
	}

	private static void requireName(String name, String value) {
		if (value.isBlank()) {
			throw new IllegalArgumentException("reliable.kafka.sequence.%s must not be empty".formatted(name));
		}
	}

	/**
	 * How producers tell what was acknowledged.
	 */
	public enum Watermarks {

		/**
		 * Through a topic.
		 */
		CONTROL_TOPIC,

		/**
		 * Not at all.
		 */
		NONE

	}

}
