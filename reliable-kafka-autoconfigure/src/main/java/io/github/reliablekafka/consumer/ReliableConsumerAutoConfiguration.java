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

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.SequenceBoards;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.core.ConsumerFactory;

/**
 * {@link AutoConfiguration Auto-configuration} for safe settings and known outcomes on
 * every consumer.
 *
 * @since 0.1.0
 */
@AutoConfiguration(before = KafkaAutoConfiguration.class, after = DurabilityAutoConfiguration.class)
@ConditionalOnClass(ConsumerFactory.class)
@ConditionalOnBooleanProperty(name = "reliable.kafka.enabled", matchIfMissing = true)
@EnableConfigurationProperties(ConsumerProperties.class)
public final class ReliableConsumerAutoConfiguration {

	ReliableConsumerAutoConfiguration() {
	}

	@Bean
	static ConsumerCoverage reliableKafkaConsumerCoverage(BeanFactory beanFactory) {
		return new ConsumerCoverage(beanFactory);
	}

	@Bean
	ConsumerCheck reliableKafkaConsumerCheck(ConfigurableListableBeanFactory beanFactory, ConsumerCoverage coverage) {
		return new ConsumerCheck(beanFactory, coverage);
	}

	@Bean
	UnfinishedRecords reliableKafkaUnfinishedRecords(DeliveryLedger ledger, ConsumerProperties properties) {
		return new UnfinishedRecords(ledger, properties.maxProcessingAge());
	}

	@Bean
	Restarts reliableKafkaRestarts(ApplicationContext context, DeliveryLedger ledger) {
		return new Restarts(context, ledger);
	}

	@Bean
	StoppingConsumers reliableKafkaStoppingConsumers() {
		return new StoppingConsumers();
	}

	@Bean
	@ConditionalOnMissingBean
	DeliveryLedger reliableKafkaDeliveryLedger() {
		return new DeliveryLedger();
	}

	@Bean
	@ConditionalOnMissingBean
	SequenceBoards reliableKafkaSequenceBoards() {
		return new SequenceBoards();
	}

	@Bean
	@ConditionalOnMissingBean
	LossLedger reliableKafkaLossLedger() {
		return new LossLedger();
	}

}
