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

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.config.ConfigException;
import org.jspecify.annotations.Nullable;

/**
 * Where a group begins to read a partition in which it has no offset. Kafka itself is
 * told {@code auto.offset.reset=none}, because its own resets are silent; what the
 * application wrote there is carried along in a setting of ours.
 *
 * @param start where
 * @param age how old the first record may be if the start is by duration, else
 * {@code null}
 * @param isKafkas whether Kafka itself was told, and moves in silence also where an
 * offset is out of range
 */
record ResetPolicy(Start start, @Nullable Duration age, boolean isKafkas) {

	/**
	 * The setting that carries the policy.
	 */
	static final String SETTING = "reliable.kafka.consumer.reset";

	private static final String KAFKAS = ConsumerConfig.AUTO_OFFSET_RESET_CONFIG;

	private static final String NONE = "none";

	private static final String BY_DURATION = "by_duration:";

	/**
	 * Understand a policy as Kafka writes it.
	 * @param name of whatever has the value
	 * @param value {@code earliest}, {@code latest}, {@code by_duration:PT1H},
	 * {@code fail} or {@code none}
	 * @return the policy
	 * @throws ConfigException if it is none of these
	 */
	static ResetPolicy parse(String name, String value) {
		return switch (value) {
			case "earliest" -> new ResetPolicy(Start.EARLIEST, null, false);
			case "latest" -> new ResetPolicy(Start.LATEST, null, false);
			case "fail", NONE -> new ResetPolicy(Start.FAIL, null, false);
			default -> new ResetPolicy(Start.BY_DURATION, age(name, value), false);
		};
	}

	private static Duration age(String name, String value) {
		if (value.startsWith(BY_DURATION)) {
			try {
				Duration age = Duration.parse(value.substring(BY_DURATION.length()));
				if (!age.isNegative()) {
					return age;
				}
			}
			catch (DateTimeParseException ex) {
				// Told below.
			}
		}
		throw new ConfigException(name, value, "It must be earliest, latest, by_duration:<PnDTnHnMn.nS> or fail");
	}

	/**
	 * The policy of a consumer.
	 * @param settings all of its settings
	 * @return what Kafka was told, unless that is {@code none} because of us
	 */
	static ResetPolicy of(Map<String, ?> settings) {
		Object kafkas = settings.get(KAFKAS);
		Object ours = settings.get(SETTING);
		if (kafkas == null) {
			return parse(KAFKAS, "latest").byKafka();
		}
		if (!NONE.equals(kafkas)) {
			return parse(KAFKAS, kafkas.toString()).byKafka();
		}
		return parse(KAFKAS, (ours != null) ? ours.toString() : NONE);
	}

	private ResetPolicy byKafka() {
		return new ResetPolicy(this.start, this.age, true);
	}

	/**
	 * Move the policy of a factory from Kafka's setting to ours.
	 * @param given the settings of the factory
	 * @param fallback the policy if there is none among them
	 * @return what to change in them
	 */
	static Map<String, Object> moved(Map<String, Object> given, String fallback) {
		Object kafkas = given.get(KAFKAS);
		Object ours = given.get(SETTING);
		Object policy = (kafkas != null) ? kafkas : fallback;
		if (NONE.equals(kafkas) && ours != null) {
			policy = ours;
		}
		return Map.of(KAFKAS, NONE, SETTING, policy.toString());
	}

	/**
	 * Move the policy of one listener from Kafka's setting to ours.
	 * @param overrides the settings of the listener; unchanged if they say nothing
	 */
	static void move(Properties overrides) {
		Object kafkas = ConsumerCover.valueOf(overrides, KAFKAS);
		if (kafkas != null && !(NONE.equals(kafkas) && overrides.containsKey(SETTING))) {
			overrides.setProperty(SETTING, kafkas.toString());
			overrides.setProperty(KAFKAS, NONE);
		}
	}

	@Override
	public String toString() {
		return (this.age != null) ? BY_DURATION + this.age : this.start.name().toLowerCase(Locale.ROOT);
	}

	/**
	 * Where to begin.
	 */
	enum Start {

		/**
		 * At the first record that the partition still has.
		 */
		EARLIEST,

		/**
		 * Behind the last record.
		 */
		LATEST,

		/**
		 * At the first record that is young enough.
		 */
		BY_DURATION,

		/**
		 * Nowhere: whoever polls is told.
		 */
		FAIL

	}

}
