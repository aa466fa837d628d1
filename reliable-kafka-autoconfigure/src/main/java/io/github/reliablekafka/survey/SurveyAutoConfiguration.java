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

package io.github.reliablekafka.survey;

import java.time.Clock;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityProperties;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerBoard;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.annotation.Bean;
import org.springframework.core.env.Environment;
import org.springframework.kafka.core.KafkaTemplate;

/**
 * {@link AutoConfiguration Auto-configuration} for finding out what the topics of the
 * application survive.
 *
 * @since 0.1.0
 */
@AutoConfiguration(before = KafkaAutoConfiguration.class, after = DurabilityAutoConfiguration.class,
		afterName = { "io.github.reliablekafka.producer.ReliableProducerAutoConfiguration",
				"io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration" })
@ConditionalOnClass(KafkaTemplate.class)
@ConditionalOnBooleanProperty(name = "reliable.kafka.enabled", matchIfMissing = true)
public final class SurveyAutoConfiguration {

	SurveyAutoConfiguration() {
	}

	@Bean
	static DeclaredTopics reliableKafkaDeclaredTopics() {
		return new DeclaredTopics();
	}

	@Bean
	@ConditionalOnMissingBean
	DurabilityBoard reliableKafkaDurabilityBoard(SafetyGate gate) {
		return new DurabilityBoard(gate);
	}

	@Bean
	@ConditionalOnMissingBean
	ListenerBoard reliableKafkaListenerBoard(ListableBeanFactory beanFactory, ObjectProvider<DeliveryLedger> ledger) {
		ListenerBoard board = new ListenerBoard();
		ledger.ifAvailable((books) -> board
			.askAt(new ListenerProgress(new ListenerContainers(beanFactory), books, System::nanoTime)::look));
		return board;
	}

	@Bean
	DurabilityWatch reliableKafkaDurabilityWatch(ListableBeanFactory beanFactory, DeclaredTopics declared,
			DurabilityProperties policy, SequenceProperties sequence, DurabilityBoard board,
			ApplicationEventPublisher events, Environment environment) {
		UsedTopics topics = new UsedTopics(beanFactory, new ListenerContainers(beanFactory), declared, sequence,
				environment);
		return new DurabilityWatch(topics, declared, policy, board, events, Clock.systemUTC());
	}

}
