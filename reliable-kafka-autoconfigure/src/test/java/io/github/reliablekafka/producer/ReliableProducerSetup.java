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

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.durability.Violation;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.StringSerializer;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application with producers.
 */
abstract class ReliableProducerSetup {

	final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, DurabilityAutoConfiguration.class,
				ReliableProducerAutoConfiguration.class, ReliableKafkaTemplateAutoConfiguration.class))
		.withPropertyValues("spring.kafka.bootstrap-servers=localhost:1");

	static List<Violation> violations(AssertableApplicationContext context) {
		assertThat(context).hasFailed();
		Throwable failure = context.getStartupFailure();
		while (failure != null && !(failure instanceof UnsafeSettingsException)) {
			failure = failure.getCause();
		}
		assertThat(failure).isInstanceOf(UnsafeSettingsException.class);
		return ((UnsafeSettingsException) failure).violations();
	}

	static Map<String, Object> settings(AssertableApplicationContext context) {
		ProducerFactory<?, ?> factory = context.getBean(ProducerFactory.class);
		return factory.getConfigurationProperties();
	}

	static Map<String, Object> settings() {
		return Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1",
				ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, StringSerializer.class,
				ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, StringSerializer.class);
	}

	@Configuration(proxyBeanMethods = false)
	static class OwnUnsafeFactory {

		@Bean
		ProducerFactory<Object, Object> own() {
			Map<String, Object> settings = new HashMap<>(settings());
			settings.put("acks", 1);
			settings.put("enable.idempotence", false);
			return new DefaultKafkaProducerFactory<>(settings);
		}

	}

}
