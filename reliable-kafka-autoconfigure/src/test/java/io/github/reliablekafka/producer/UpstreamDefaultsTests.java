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

import java.util.Arrays;
import java.util.Map;
import java.util.TreeSet;

import org.apache.kafka.clients.producer.ProducerConfig;
import org.junit.jupiter.api.Test;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.core.RoutingKafkaTemplate;
import org.springframework.util.ReflectionUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what this package assumes of Kafka, Spring Kafka and Spring Boot. One that
 * fails after an upgrade names the code to look at.
 */
class UpstreamDefaultsTests {

	@Test
	void kafkaDefaultsThatTheRulesReplace() {
		Map<String, Object> defaults = ProducerConfig.configDef().defaultValues();
		assertThat(defaults).containsEntry("acks", "all")
			.containsEntry("enable.idempotence", true)
			.containsEntry("retries", Integer.MAX_VALUE)
			.containsEntry("max.in.flight.requests.per.connection", 5)
			.containsEntry("delivery.timeout.ms", 120_000);
	}

	@Test
	void copyOfAFactoryCarriesPostProcessorsAndSettings() {
		DefaultKafkaProducerFactory<Object, Object> factory = new DefaultKafkaProducerFactory<>(Map.of("a", "b"));
		factory.addPostProcessor((producer) -> producer);
		ProducerFactory<Object, Object> copy = factory.copyWithConfigurationOverride(Map.of("c", "d"));
		assertThat(copy.getPostProcessors()).isEqualTo(factory.getPostProcessors());
		assertThat(copy.getConfigurationProperties()).containsEntry("a", "b").containsEntry("c", "d");
	}

	@Test
	void routingTemplateHoldsItsFactoriesInAMap() {
		assertThat(ReflectionUtils.findField(RoutingKafkaTemplate.class, "factoryMatchers", Map.class)).isNotNull();
	}

	@Test
	void templatePropertiesOfSpringBootAreAllApplied() {
		assertThat(Arrays.stream(BeanUtils.getPropertyDescriptors(KafkaProperties.Template.class))
			.map((descriptor) -> descriptor.getName())
			.filter((name) -> !name.equals("class")))
			.containsExactlyInAnyOrderElementsOf(new TreeSet<>(java.util.List.of("allowNonTransactional",
					"closeTimeout", "defaultTopic", "observationEnabled", "transactionIdPrefix")));
	}

}
