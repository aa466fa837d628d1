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

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

import io.github.reliablekafka.durability.OpenClient;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.SettingOrigins;
import io.github.reliablekafka.durability.Violation;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.jspecify.annotations.Nullable;

/**
 * The open clients of the application with all settings that they have, Kafka's defaults
 * included, and where these come from. A value is shown only if Kafka knows the setting
 * and does not call it a password, and without what only the user of an address must
 * know.
 */
final class ClientsSection {

	private static final String MASKED = "******";

	private static final Map<String, ConfigDef> DEFINITIONS = Map.of("producer", ProducerConfig.configDef(), "consumer",
			ConsumerConfig.configDef());

	private static final Pattern USER = Pattern.compile("(?<=://)[^\\s,]*(?=@)");

	private static final Pattern PARAMETER = Pattern
		.compile("(?i)(?<=[?&])([^=&#\\s]*(?:password|secret|token|key|credential)[^=&#\\s]*)=[^&#\\s,]*");

	private final SafetyGate gate;

	private final SettingOrigins origins;

	ClientsSection(SafetyGate gate, SettingOrigins origins) {
		this.gate = gate;
		this.origins = origins;
	}

	Map<String, Object> read() {
		List<Map<String, Object>> clients = this.gate.clients()
			.stream()
			.sorted(Comparator.comparing(OpenClient::kind)
				.thenComparing((client) -> String.valueOf(client.settings().get(CommonClientConfigs.CLIENT_ID_CONFIG))))
			.map(this::describe)
			.toList();
		Map<String, Object> section = new LinkedHashMap<>();
		section.put("clients", clients);
		section.put("acceptedRisks", this.gate.acceptedViolations().stream().map(Violation::describe).toList());
		return section;
	}

	private Map<String, Object> describe(OpenClient client) {
		Map<String, Object> description = new LinkedHashMap<>();
		description.put("kind", client.kind());
		description.put("clientId", String.valueOf(client.settings().get(CommonClientConfigs.CLIENT_ID_CONFIG)));
		description.put("of", client.subject());
		description.put("settings", settings(client, DEFINITIONS.getOrDefault(client.kind(), new ConfigDef())));
		return description;
	}

	private Map<String, Object> settings(OpenClient client, ConfigDef definition) {
		Map<String, Object> settings = new TreeMap<>();
		definition.configKeys().forEach((name, key) -> {
			if (key.hasDefault() && key.defaultValue != null && !key.internalConfig) {
				settings.put(name, setting(print(key.defaultValue), "Kafka's default"));
			}
		});
		List<String> reasons = client.kind().equals("producer") ? againstIdempotence(client.settings()) : List.of();
		if (!reasons.isEmpty()) {
			settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
					setting("false", "Kafka, because of " + String.join(" and ", reasons)));
		}
		client.settings().forEach((name, value) -> {
			if (value == null || name.startsWith("reliable.")) {
				return;
			}
			settings.put(name, setting(isPrintable(definition, name) ? withoutSecrets(print(value)) : MASKED,
					originOf(client, name, value)));
		});
		return settings;
	}

	// What Kafka switches idempotence off for, unless somebody has asked for it.
	private static List<String> againstIdempotence(Map<String, ?> settings) {
		List<String> reasons = new ArrayList<>();
		String acks = text(settings.get(ProducerConfig.ACKS_CONFIG), "all");
		if (!acks.equals("all") && !acks.equals("-1")) {
			reasons.add(ProducerConfig.ACKS_CONFIG);
		}
		if (text(settings.get(ProducerConfig.RETRIES_CONFIG), "").equals("0")) {
			reasons.add(ProducerConfig.RETRIES_CONFIG);
		}
		return reasons;
	}

	private static String text(@Nullable Object value, String absent) {
		return (value != null) ? value.toString().strip() : absent;
	}

	private static Map<String, Object> setting(String value, String origin) {
		Map<String, Object> setting = new LinkedHashMap<>();
		setting.put("value", value);
		setting.put("origin", origin);
		return setting;
	}

	private String originOf(OpenClient client, String name, Object value) {
		String property = this.origins.find(client.kind(), name, value);
		if (property != null) {
			return withoutSecrets(property);
		}
		return client.own().contains(name) ? "reliable-kafka" : "the application's code or Spring Boot";
	}

	private static boolean isPrintable(ConfigDef definition, String name) {
		ConfigDef.ConfigKey key = definition.configKeys().get(name);
		return key != null && key.type != ConfigDef.Type.PASSWORD;
	}

	// An address may name a user and a password, or have a token among its parameters. A
	// password may have a slash or an at sign in it, so all up to the last one is masked.
	private static String withoutSecrets(String value) {
		return PARAMETER.matcher(USER.matcher(value).replaceAll(MASKED)).replaceAll("$1=" + MASKED);
	}

	private static String print(Object value) {
		if (value instanceof Class<?> type) {
			return type.getName();
		}
		if (value instanceof Iterable<?> several) {
			return StreamSupport.stream(several.spliterator(), false)
				.map(ClientsSection::print)
				.collect(Collectors.joining(","));
		}
		if (value instanceof CharSequence || value instanceof Number || value instanceof Boolean
				|| value instanceof Enum<?>) {
			return value.toString();
		}
		// What an object says about itself may be anything.
		return value.getClass().getName();
	}

}
