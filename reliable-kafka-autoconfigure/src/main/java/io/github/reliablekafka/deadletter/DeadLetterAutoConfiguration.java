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

package io.github.reliablekafka.deadletter;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.spool.SpoolEntrance;
import io.github.reliablekafka.spool.SpoolTopics;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.CommonErrorHandler;

/**
 * {@link AutoConfiguration Auto-configuration} for more attempts and dead letter topics
 * on every listener container that has no error handling of its own.
 *
 * @since 0.1.0
 */
@AutoConfiguration(before = KafkaAutoConfiguration.class, after = DurabilityAutoConfiguration.class)
@ConditionalOnClass(CommonErrorHandler.class)
@ConditionalOnBooleanProperty(name = "reliable.kafka.enabled", matchIfMissing = true)
@EnableConfigurationProperties({ DeadLetterProperties.class, RetryProperties.class })
public final class DeadLetterAutoConfiguration {

	DeadLetterAutoConfiguration() {
	}

	@Bean
	static ErrorHandlingCoverage reliableKafkaErrorHandlingCoverage(BeanFactory beanFactory) {
		return new ErrorHandlingCoverage(beanFactory);
	}

	@Bean
	ErrorHandlingCheck reliableKafkaErrorHandlingCheck(ListableBeanFactory beanFactory,
			ErrorHandlingCoverage coverage) {
		return new ErrorHandlingCheck(beanFactory, coverage);
	}

	@Bean
	DeadLetterClusters reliableKafkaDeadLetterClusters(DeadLetterProperties properties,
			ObjectProvider<ProducerFactory<?, ?>> producerFactories, ObjectProvider<SpoolEntrance> spool) {
		return new DeadLetterClusters(properties, producerFactories, spool);
	}

	@Bean
	SpoolTopics reliableKafkaLetterTopics(DeadLetterProperties properties) {
		return new LetterTopics(properties);
	}

	@Bean
	DeadLetters reliableKafkaDeadLetters(ListableBeanFactory beanFactory, DeadLetterClusters clusters,
			DeadLetterProperties properties, DeliveryLedger ledger, ApplicationEventPublisher events) {
		return new DeadLetters(new DeadLetterSources(beanFactory, clusters, properties), properties, ledger, events);
	}

	@Bean
	@ConditionalOnMissingBean
	DeliveryLedger reliableKafkaDeliveryLedger() {
		return new DeliveryLedger();
	}

}
