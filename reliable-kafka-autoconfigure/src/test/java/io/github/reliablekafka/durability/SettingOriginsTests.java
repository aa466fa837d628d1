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

import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.env.YamlPropertySourceLoader;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.PropertySource;
import org.springframework.core.env.SimpleCommandLinePropertySource;
import org.springframework.core.env.StandardEnvironment;
import org.springframework.core.io.ByteArrayResource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SettingOrigins}.
 */
class SettingOriginsTests {

	private final StandardEnvironment environment = new StandardEnvironment();

	private final SettingOrigins origins = new SettingOrigins(this.environment);

	@Test
	void findNamesPropertyAndLineOfAFile() throws Exception {
		String yaml = """
				spring:
				  kafka:
				    properties:
				      "[enable.idempotence]": false
				    producer:
				      acks: 1
				      properties:
				        max.in.flight.requests.per.connection: 5
				        "[delivery.timeout.ms]": 1000
				""";
		List<PropertySource<?>> sources = new YamlPropertySourceLoader().load("application.yml",
				new ByteArrayResource(yaml.getBytes(java.nio.charset.StandardCharsets.UTF_8), "application.yml"));
		sources.forEach(this.environment.getPropertySources()::addFirst);
		ConfigurationPropertySources.attach(this.environment);
		assertThat(this.origins.find("producer", "acks", "1")).startsWith("spring.kafka.producer.acks")
			.contains("application.yml")
			.contains("6:13");
		assertThat(this.origins.find("producer", "max.in.flight.requests.per.connection", 5))
			.startsWith("spring.kafka.producer.properties")
			.contains("8:48");
		assertThat(this.origins.find("producer", "delivery.timeout.ms", 1000)).contains("9:34");
		assertThat(this.origins.find("producer", "enable.idempotence", "false")).startsWith("spring.kafka.properties")
			.contains("4:31");
	}

	@Test
	void findFollowsPlaceholders() {
		this.environment.getPropertySources()
			.addFirst(new MapPropertySource("test", Map.of("spring.kafka.producer.acks", "${orders.acks:1}")));
		ConfigurationPropertySources.attach(this.environment);
		assertThat(this.origins.find("producer", "acks", "1")).startsWith("spring.kafka.producer.acks");
	}

	@Test
	void findComparesClassesByTheirNames() {
		given(Map.of("spring.kafka.producer.value-serializer", "org.apache.kafka.common.serialization.LongSerializer"));
		assertThat(this.origins.find("producer", "value.serializer", LongSerializer.class))
			.startsWith("spring.kafka.producer.value-serializer, ");
		assertThat(this.origins.find("producer", "value.serializer", StringSerializer.class)).isNull();
	}

	@Test
	void findComparesListsByTheirElements() {
		given(Map.of("spring.kafka.producer.bootstrap-servers", "one:9092, ${second}", "second", "two:9092"));
		assertThat(this.origins.find("producer", "bootstrap.servers", List.of("one:9092", "two:9092")))
			.startsWith("spring.kafka.producer.bootstrap-servers, ");
		assertThat(this.origins.find("producer", "bootstrap.servers", List.of("two:9092", "one:9092"))).isNull();
		assertThat(this.origins.find("consumer", "bootstrap.servers", List.of("one:9092", "two:9092"))).isNull();
	}

	@Test
	void findKnowsListsWithALineForEachElement() {
		given(Map.of("spring.kafka.bootstrap-servers[0]", "one:9092", "spring.kafka.bootstrap-servers[1]", "two:9092"));
		assertThat(this.origins.find("producer", "bootstrap.servers", List.of("one:9092", "two:9092")))
			.startsWith("spring.kafka.bootstrap-servers, ");
		assertThat(this.origins.find("producer", "bootstrap.servers", List.of("one:9092"))).isNull();
	}

	@Test
	void findKnowsPropertiesThatAllClientsShare() {
		this.environment.getPropertySources()
			.addFirst(new SimpleCommandLinePropertySource("--spring.kafka.bootstrap-servers=one:9092",
					"--spring.kafka.security.protocol=SSL"));
		ConfigurationPropertySources.attach(this.environment);
		for (String client : List.of("producer", "consumer")) {
			assertThat(this.origins.find(client, "bootstrap.servers", List.of("one:9092")))
				.startsWith("spring.kafka.bootstrap-servers, ")
				.contains("commandLineArgs");
			assertThat(this.origins.find(client, "security.protocol", "SSL"))
				.startsWith("spring.kafka.security.protocol, ");
		}
	}

	@Test
	void findIsNullWhenTheValueWasMadeInCode() {
		this.environment.getPropertySources()
			.addFirst(new MapPropertySource("test", Map.of("spring.kafka.producer.acks", "all")));
		ConfigurationPropertySources.attach(this.environment);
		assertThat(this.origins.find("producer", "acks", "0")).isNull();
		assertThat(this.origins.find("producer", "retries", 0)).isNull();
	}

	private void given(Map<String, Object> properties) {
		this.environment.getPropertySources().addFirst(new MapPropertySource("test", properties));
		ConfigurationPropertySources.attach(this.environment);
	}

}
