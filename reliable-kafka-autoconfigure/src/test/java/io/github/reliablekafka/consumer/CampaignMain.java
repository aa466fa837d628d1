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

import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.testing.SaidRebalances;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.transaction.KafkaTransactionManager;

/**
 * An instance of the application of {@link CommitGuardChaosIntegrationTests}, in a
 * process that can be killed.
 */
@EnableKafka
@Configuration(proxyBeanMethods = false)
@Import({ CampaignListeners.class, CampaignManualListeners.class, CampaignFutureListeners.class, SaidRebalances.class })
@ImportAutoConfiguration({ DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
		ReliableProducerAutoConfiguration.class, DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class })
public class CampaignMain {

	public static void main(String[] args) {
		ConfigurableApplicationContext context = new SpringApplicationBuilder(CampaignMain.class)
			.web(WebApplicationType.NONE)
			.run(args);
		new CampaignStates(context.getBean(KafkaListenerEndpointRegistry.class)).describeWhenAsked();
	}

	@Bean
	RecordFilterStrategy<Object, Object> filter() {
		return (record) -> record.value() instanceof String value && value.startsWith("skip");
	}

	// Not for Spring Boot, which would have everything else in transactions as well.

	@Bean(defaultCandidate = false)
	ProducerFactory<String, String> transactionalProducers(KafkaProperties properties) {
		Map<String, Object> settings = new HashMap<>(properties.buildProducerProperties());
		settings.put("transaction.timeout.ms", 10_000);
		DefaultKafkaProducerFactory<String, String> factory = new DefaultKafkaProducerFactory<>(settings,
				new StringSerializer(), new StringSerializer());
		factory.setTransactionIdPrefix("tx-" + ProcessHandle.current().pid() + "-");
		return factory;
	}

	@Bean(defaultCandidate = false)
	KafkaTemplate<String, String> transactionalTemplate(
			@Qualifier("transactionalProducers") ProducerFactory<String, String> factory) {
		return new KafkaTemplate<>(factory);
	}

	@Bean(defaultCandidate = false)
	KafkaTransactionManager<String, String> transactions(
			@Qualifier("transactionalProducers") ProducerFactory<String, String> factory) {
		return new KafkaTransactionManager<>(factory);
	}

	@Bean
	ConcurrentKafkaListenerContainerFactory<Object, Object> transactionalListeners(
			ConsumerFactory<Object, Object> consumerFactory,
			@Qualifier("transactions") KafkaTransactionManager<String, String> transactions,
			RecordFilterStrategy<Object, Object> filter,
			ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> customizer) {
		ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
		factory.setConsumerFactory(consumerFactory);
		factory.setRecordFilterStrategy(filter);
		factory.setContainerCustomizer(customizer);
		factory.getContainerProperties().setKafkaAwareTransactionManager(transactions);
		factory.getContainerProperties().setPollTimeout(200);
		return factory;
	}

	static List<String> groups() {
		return List.of("record", "plain", "batch", "manual", "immediate", "index", "reply", "tx", "txbatch", "future",
				"futures");
	}

	/**
	 * Cannot read some records.
	 */
	public static class Reader extends StringDeserializer {

		@Override
		public String deserialize(String topic, byte[] data) {
			String value = super.deserialize(topic, data);
			if (value != null && value.startsWith("broken")) {
				throw new SerializationException("broken on purpose");
			}
			return value;
		}

	}

}
