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

package io.github.reliablekafka.producer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;

import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.SettingOrigins;
import io.github.reliablekafka.durability.Violation;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.jspecify.annotations.Nullable;

/**
 * The settings without which a producer loses or reorders records, and what a producer
 * gets where the application says nothing.
 * <p>
 * In flight 1: with 2 to 5 the first records to a partition that the broker has no
 * producer state for (new topic, new producer) are lost on every broker before 4.5
 * (KAFKA-15591). Delivery timeout: what expires leaves a hole that later records pass.
 */
final class ProducerRules {

	private static final String UNLIMITED = String.valueOf(Integer.MAX_VALUE);

	private static final List<Rule> RULES = List.of(
			new Rule("producer.acks", ProducerConfig.ACKS_CONFIG, "all",
					(value) -> "all".equals(value) || "-1".equals(value),
					"a leader that dies before it copies the record takes an acknowledged record with it",
					"spring.kafka.producer.acks=all"),
			new Rule("producer.idempotence", ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true", "true"::equalsIgnoreCase,
					"a retry may then duplicate and reorder records",
					"spring.kafka.producer.properties[enable.idempotence]=true"),
			new Rule("producer.retries", ProducerConfig.RETRIES_CONFIG, UNLIMITED, UNLIMITED::equals,
					"a record that runs out of retries is dropped while later ones are delivered",
					"spring.kafka.producer.retries=" + UNLIMITED),
			new Rule("producer.max-in-flight", ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, "1", "1"::equals,
					"with more, brokers before 4.5 lose the first records to a partition that is new to this producer "
							+ "(KAFKA-15591)",
					"spring.kafka.producer.properties[max.in.flight.requests.per.connection]=1"),
			new Rule("producer.delivery-timeout", ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, UNLIMITED,
					UNLIMITED::equals, "a record that times out is dropped while later ones are delivered",
					"spring.kafka.producer.properties[delivery.timeout.ms]=" + UNLIMITED));

	private final SafetyGate gate;

	private final SettingOrigins origins;

	private final ProducerProperties properties;

	ProducerRules(SafetyGate gate, SettingOrigins origins, ProducerProperties properties) {
		this.gate = gate;
		this.origins = origins;
		this.properties = properties;
	}

	/**
	 * The violations among the settings that are given; absent ones are not looked at.
	 * @param subject whose settings these are
	 * @param settings the settings
	 * @return in the order of the rules
	 */
	List<Violation> violationsAmongGiven(String subject, Map<String, Object> settings) {
		List<Violation> violations = new ArrayList<>();
		for (Rule rule : RULES) {
			Object value = settings.get(rule.setting);
			if (value != null && !rule.isMetBy(value)) {
				violations.add(violation(rule, subject, value));
			}
		}
		return violations;
	}

	/**
	 * What a setting means to the client.
	 * @param settings all of a producer's
	 * @param name one that Kafka knows, and that has a default
	 * @return of the type that Kafka has for it
	 */
	static Object effective(Map<String, ?> settings, String name) {
		ConfigDef.ConfigKey key = Objects.requireNonNull(ProducerConfig.configDef().configKeys().get(name));
		Object given = settings.get(name);
		return Objects.requireNonNull(ConfigDef.parseType(name, (given != null) ? given : key.defaultValue, key.type));
	}

	/**
	 * The violations of a client that is being created with these settings, so that an
	 * absent one means Kafka's default.
	 * @param subject whose settings these are
	 * @param settings the settings
	 * @return in the order of the rules
	 */
	List<Violation> violationsOfClient(String subject, Map<String, ?> settings) {
		List<Violation> violations = new ArrayList<>();
		Map<String, Object> defaults = ProducerConfig.configDef().defaultValues();
		for (Rule rule : RULES) {
			Object value = settings.get(rule.setting);
			value = (value != null) ? value : defaults.get(rule.setting);
			if (value != null && !rule.isMetBy(value)) {
				violations.add(violation(rule, subject, value));
			}
		}
		return violations;
	}

	/**
	 * What to add to settings so that nothing is left to Kafka's defaults. Idempotence
	 * and room for retries are written out because Kafka refuses contradictions to them
	 * only then, and otherwise switches idempotence off without a word.
	 * @param settings the settings that are given
	 * @return the missing ones
	 */
	Map<String, Object> missing(Map<String, Object> settings) {
		Map<String, Object> missing = new HashMap<>();
		for (Rule rule : RULES) {
			missing.put(rule.setting, rule.required);
		}
		missing.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, this.properties.maxBlock().toMillis());
		if (!canBeIdempotent(settings)) {
			missing.remove(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG);
		}
		missing.keySet().removeIf((setting) -> settings.get(setting) != null);
		return missing;
	}

	Violation uncovered(String subject, String type) {
		return new Violation("producer.uncovered", subject, "type", type, "a DefaultKafkaProducerFactory",
				"its producers can neither be checked nor counted, so what they lose nobody notices",
				"Let %s create its producers through a DefaultKafkaProducerFactory (subclasses and post-processors are fine)."
					.formatted(subject),
				null);
	}

	Violation vetoRemoved(String subject) {
		return new Violation("producer.uncovered", subject, ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, "replaced",
				"to contain " + ProducerSettingsVeto.class.getName(),
				"the settings of this producer could not be checked when it was created",
				"Add to %s instead of replacing it.".formatted(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG), null);
	}

	SafetyGate gate() {
		return this.gate;
	}

	ProducerProperties properties() {
		return this.properties;
	}

	private static boolean canBeIdempotent(Map<String, Object> settings) {
		// Who accepted two requests in flight keeps it; who accepted acks=1 cannot.
		Rule acks = RULES.get(0);
		Object acksValue = settings.get(acks.setting);
		Object retries = settings.get(ProducerConfig.RETRIES_CONFIG);
		return (acksValue == null || acks.isMetBy(acksValue)) && !"0".equals(String.valueOf(retries));
	}

	private Violation violation(Rule rule, String subject, Object value) {
		@Nullable String origin = this.origins.find("producer", rule.setting, value);
		String remedy = (origin != null) ? "Remove %s, or set %s.".formatted(origin, rule.remedy)
				: "Remove '%s' from the settings of %s, or set it to %s.".formatted(rule.setting, subject,
						rule.required);
		return new Violation(rule.risk, subject, rule.setting, String.valueOf(value), "'" + rule.required + "'",
				rule.reason, remedy, origin);
	}

	/**
	 * One requirement.
	 */
	private record Rule(String risk, String setting, String required, Predicate<String> safe, String reason,
			String remedy) {

		boolean isMetBy(Object value) {
			return this.safe.test(String.valueOf(value).trim());
		}

	}

}
