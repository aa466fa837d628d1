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

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.SettingOrigins;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.core.env.MapPropertySource;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClientsSection}.
 */
class ClientsSectionTests {

	private static final String SECRET = "very-secret";

	private final MockEnvironment environment = new MockEnvironment();

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			sasl.jaas.config                                       | org.Login required password="very-secret";
			ssl.keystore.password                                  | very-secret
			ssl.key.password                                       | very-secret
			ssl.truststore.password                                | very-secret
			ssl.keystore.key                                       | very-secret
			ssl.truststore.certificates                            | very-secret
			sasl.oauthbearer.client.credentials.client.secret      | very-secret
			schema.registry.url                                    | https://user:very-secret@registry:8081
			basic.auth.user.info                                   | user:very-secret
			my.own.token                                           | very-secret
			My_Own_Secret                                          | very-secret
			config.providers.vault.param.token                     | very-secret
			""")
	void secretsAndWhatKafkaDoesNotKnowAreMasked(String setting, String value) {
		this.environment.setProperty("spring.kafka.properties[%s]".formatted(setting), value);
		for (String kind : List.of("producer", "consumer")) {
			Map<?, ?> shown = shown(kind, setting, value);
			assertThat(shown.get("value")).isEqualTo("******");
			assertThat(shown.get("origin")).asString()
				.startsWith("spring.kafka.properties[%s]".formatted(setting))
				.doesNotContain(SECRET);
		}
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					sasl.oauthbearer.token.endpoint.url | https://user:very-secret@id.example.org/token?realm=a | https://******@id.example.org/token?realm=a
					sasl.oauthbearer.token.endpoint.url | https://very-secret@id.example.org                    | https://******@id.example.org
					sasl.oauthbearer.jwks.endpoint.url  | https://id.example.org/?a=1&api_key=very-secret&b=2   | https://id.example.org/?a=1&api_key=******&b=2
					sasl.oauthbearer.jwks.endpoint.url  | https://id.example.org/keys?Access-Token=very-secret  | https://id.example.org/keys?Access-Token=******
					sasl.oauthbearer.token.endpoint.url | https://user:very-secret@very-secret@id.example.org     | https://******@id.example.org
					sasl.oauthbearer.token.endpoint.url | https://user:p/very-secret@id.example.org/token         | https://******@id.example.org/token
					bootstrap.servers                   | one:9092,two:9092                                     | one:9092,two:9092
					group.id                            | a/b@c                                                 | a/b@c
					""")
	void addressesAreShownWithoutWhatOnlyTheirUserKnows(String setting, String value, String shown) {
		assertThat(shown("consumer", setting, value).get("value")).isEqualTo(shown);
	}

	@Test
	void settingsMadeInCodeAreShownByTheirTypes() {
		assertThat(shown("producer", "key.serializer", String.class).get("value")).isEqualTo("java.lang.String");
		assertThat(shown("producer", "interceptor.classes", List.of(new Object() {
			@Override
			public String toString() {
				return SECRET;
			}
		})).get("value")).asString().startsWith(getClass().getName()).doesNotContain(SECRET);
		assertThat(shown("producer", "acks", "all").get("origin")).isEqualTo("the application's code or Spring Boot");
	}

	@Test
	void originIsThePropertyThatGaveTheValue() {
		this.environment.setProperty("spring.kafka.consumer.group-id", "billing");
		assertThat(shown("consumer", "group.id", "billing").get("origin")).asString()
			.startsWith("spring.kafka.consumer.group-id, ");
		assertThat(shown("consumer", "group.id", "other").get("origin")).asString()
			.startsWith("the application's code");
	}

	@Test
	void originThatIsAnAddressIsShownWithoutItsUser() {
		this.environment.getPropertySources()
			.addFirst(new MapPropertySource("configserver:https://user:very-secret@git/shop.yml",
					Map.of("spring.kafka.consumer.group-id", "billing")));
		assertThat(shown("consumer", "group.id", "billing").get("origin")).asString()
			.contains("https://******@git/shop.yml");
	}

	@Test
	void whatNobodyHasSetIsShownWithKafkasDefault() {
		Map<?, ?> producer = settings("producer", Map.of("acks", "all"), Set.of());
		assertThat(producer.get("retry.backoff.ms")).isEqualTo(Map.of("value", "100", "origin", "Kafka's default"));
		assertThat(producer.get("metric.reporters"))
			.isEqualTo(Map.of("value", "org.apache.kafka.common.metrics.JmxReporter", "origin", "Kafka's default"));
		assertThat(((Map<?, ?>) producer.get("acks")).get("value")).isEqualTo("all");
		assertThat(producer.keySet()).extracting(String::valueOf)
			.contains("linger.ms", "max.request.size")
			.noneMatch((name) -> name.startsWith("internal."))
			.doesNotContain("ssl.key.password", "group.id");
		Map<?, ?> consumer = settings("consumer", Map.of("group.id", "billing"), Set.of());
		assertThat(consumer.get("isolation.level"))
			.isEqualTo(Map.of("value", "read_uncommitted", "origin", "Kafka's default"));
	}

	@Test
	void whatTheStarterHasSetIsShownAsSuchUnlessAPropertySaysTheSame() {
		Map<?, ?> settings = settings("producer", Map.of("acks", "all", "retries", "7"), Set.of("acks"));
		assertThat(settings.get("acks")).isEqualTo(Map.of("value", "all", "origin", "reliable-kafka"));
		assertThat(((Map<?, ?>) settings.get("retries")).get("origin"))
			.isEqualTo("the application's code or Spring Boot");
		this.environment.setProperty("spring.kafka.producer.acks", "all");
		assertThat(((Map<?, ?>) settings("producer", Map.of("acks", "all"), Set.of("acks")).get("acks")).get("origin"))
			.asString()
			.startsWith("spring.kafka.producer.acks");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			1     | 5 | false | Kafka, because of acks
			0     | 0 | false | Kafka, because of acks and retries
			all   | 0 | false | Kafka, because of retries
			-1    | 5 | true  | Kafka's default
			""")
	void idempotenceIsShownAsKafkaHasIt(String acks, String retries, String value, String origin) {
		Map<String, Object> given = Map.of("acks", acks, "retries", retries, "bootstrap.servers", "localhost:1",
				"key.serializer", StringSerializer.class, "value.serializer", StringSerializer.class);
		assertThat(new ProducerConfig(new HashMap<>(given)).getBoolean("enable.idempotence")).as("Kafka")
			.isEqualTo(Boolean.valueOf(value));
		assertThat(settings("producer", given, Set.of()).get("enable.idempotence"))
			.isEqualTo(Map.of("value", value, "origin", origin));
	}

	@Test
	void idempotenceThatSomebodyHasSetIsShownWithItsOrigin() {
		assertThat(settings("producer", Map.of("acks", "1", "enable.idempotence", "false"), Set.of())
			.get("enable.idempotence"))
			.isEqualTo(Map.of("value", "false", "origin", "the application's code or Spring Boot"));
		assertThat(settings("consumer", Map.of("group.id", "billing"), Set.of()).containsKey("enable.idempotence"))
			.isFalse();
	}

	private Map<?, ?> shown(String kind, String setting, Object value) {
		return (Map<?, ?>) settings(kind, Map.of(setting, value), Set.of()).get(setting);
	}

	private Map<?, ?> settings(String kind, Map<String, Object> given, Set<String> own) {
		SafetyGate clients = new SafetyGate(Set.of());
		Map<String, Object> settings = new HashMap<>(given);
		settings.put("client.id", "shop");
		clients.pass(kind, "the factory", settings, own);
		List<?> described = (List<?>) new ClientsSection(clients, new SettingOrigins(this.environment)).read()
			.get("clients");
		Map<?, ?> client = (Map<?, ?>) described.get(0);
		assertThat(client.get("clientId")).isEqualTo("shop");
		assertThat(client.toString()).doesNotContain(SECRET);
		return (Map<?, ?>) client.get("settings");
	}

}
