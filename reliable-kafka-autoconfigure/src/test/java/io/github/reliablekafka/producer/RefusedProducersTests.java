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

import java.util.Map;

import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.Violation;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.kafka.autoconfigure.DefaultKafkaProducerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

/**
 * Tests for the producers with which {@link ReliableProducerAutoConfiguration} lets no
 * application start, and for those that are accepted.
 */
class RefusedProducersTests extends ReliableProducerSetup {

	@ParameterizedTest
	@CsvSource({ "spring.kafka.producer.acks, 1, producer.acks", "spring.kafka.producer.acks, 0, producer.acks",
			"spring.kafka.producer.retries, 3, producer.retries",
			"spring.kafka.producer.properties[enable.idempotence], false, producer.idempotence",
			"spring.kafka.properties[enable.idempotence], false, producer.idempotence",
			"spring.kafka.producer.properties.delivery.timeout.ms, 120000, producer.delivery-timeout",
			"spring.kafka.producer.properties[max.in.flight.requests.per.connection], 5, producer.max-in-flight" })
	void unsafePropertyStopsTheStart(String property, String value, String risk) {
		this.contextRunner.withPropertyValues(property + "=" + value)
			.run((context) -> assertThat(violations(context)).singleElement().satisfies((violation) -> {
				assertThat(violation.risk()).isEqualTo(risk);
				assertThat(violation.actual()).isEqualTo(value);
				assertThat(violation.origin()).contains(property.contains("acks") ? property : "spring.kafka");
				assertThat(violation.subject()).isEqualTo("producer factory 'kafkaProducerFactory'");
			}));
	}

	@Test
	void allViolationsAreReportedTogether() {
		this.contextRunner.withPropertyValues("spring.kafka.producer.acks=1", "spring.kafka.producer.retries=0")
			.withUserConfiguration(OwnUnsafeFactory.class)
			.run((context) -> assertThat(violations(context)).extracting(Violation::subject, Violation::risk)
				.containsExactlyInAnyOrder(tuple("producer factory 'own'", "producer.acks"),
						tuple("producer factory 'own'", "producer.idempotence")));
	}

	@Test
	void unsafeCustomizerStopsTheStart() {
		this.contextRunner
			.withBean(DefaultKafkaProducerFactoryCustomizer.class,
					() -> (factory) -> factory.updateConfigs(Map.of(ProducerConfig.ACKS_CONFIG, "1")))
			.run((context) -> assertThat(violations(context)).extracting(Violation::risk)
				.containsExactly("producer.acks"));
	}

	@Test
	void unsafeOverrideOfATemplateBeanStopsTheStart() {
		this.contextRunner.withUserConfiguration(UnsafeTemplate.class)
			.run((context) -> assertThat(violations(context)).singleElement().satisfies((violation) -> {
				assertThat(violation.subject()).isEqualTo("KafkaTemplate 'unsafe'");
				assertThat(violation.risk()).isEqualTo("producer.acks");
				assertThat(violation.remedy()).contains("'acks'").contains("KafkaTemplate 'unsafe'");
			}));
	}

	@Test
	void acceptedRiskStartsAndStaysVisible() {
		this.contextRunner
			.withPropertyValues("spring.kafka.producer.acks=1",
					"reliable.kafka.durability.accept=producer.acks,producer.idempotence")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(SafetyGate.class).acceptedViolations()).extracting(Violation::risk)
					.containsExactly("producer.acks");
				try (Producer<?, ?> producer = context.getBean(ProducerFactory.class).createProducer()) {
					assertThat(producer).isNotNull();
				}
			});
	}

	@Test
	void acceptedInFlightKeepsIdempotence() {
		this.contextRunner
			.withPropertyValues("spring.kafka.producer.properties[max.in.flight.requests.per.connection]=5",
					"reliable.kafka.durability.accept=producer.max-in-flight")
			.run((context) -> assertThat(settings(context)).containsEntry("enable.idempotence", "true")
				.containsEntry("max.in.flight.requests.per.connection", "5"));
	}

	@Test
	void factoryThatCannotBeCoveredStopsTheStart() {
		this.contextRunner.withUserConfiguration(ForeignFactory.class)
			.run((context) -> assertThat(violations(context)).extracting(Violation::subject, Violation::risk)
				.containsExactly(tuple("producer factory 'foreign'", "producer.uncovered")));
	}

	@Test
	void producerMadeByHandStopsTheStart() {
		this.contextRunner.withUserConfiguration(HandMadeProducer.class)
			.run((context) -> assertThat(violations(context)).extracting(Violation::subject, Violation::risk)
				.containsExactly(tuple("producer bean 'raw'", "producer.uncovered")));
	}

	@Configuration(proxyBeanMethods = false)
	static class UnsafeTemplate {

		@Bean
		KafkaTemplate<Object, Object> unsafe(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory, Map.of("acks", "0"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ForeignFactory {

		@Bean
		ProducerFactory<Object, Object> foreign() {
			return () -> new MockProducer<>();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HandMadeProducer {

		@Bean
		KafkaProducer<String, String> raw() {
			return new KafkaProducer<>(settings());
		}

	}

}
