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

import java.net.InetAddress;
import java.net.UnknownHostException;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.spool.SpoolEntrance;
import io.github.reliablekafka.spool.SpoolTopics;

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
import org.springframework.core.env.Environment;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.util.StringUtils;

/**
 * {@link AutoConfiguration Auto-configuration} for safe settings and known outcomes on
 * every producer.
 *
 * @since 0.1.0
 */
@AutoConfiguration(before = KafkaAutoConfiguration.class, after = DurabilityAutoConfiguration.class)
@ConditionalOnClass(KafkaTemplate.class)
@ConditionalOnBooleanProperty(name = "reliable.kafka.enabled", matchIfMissing = true)
@EnableConfigurationProperties({ ProducerProperties.class, SpoolProperties.class })
public final class ReliableProducerAutoConfiguration {

	ReliableProducerAutoConfiguration() {
	}

	@Bean
	static ProducerCoverage reliableKafkaProducerCoverage(ListableBeanFactory beanFactory) {
		return new ProducerCoverage(beanFactory);
	}

	@Bean
	ProducerShutdown reliableKafkaProducerShutdown(ProducerProperties properties, DeliveryLedger ledger,
			Spools spools) {
		return new ProducerShutdown(properties.shutdownTimeout(), ledger, spools);
	}

	@Bean
	Spools reliableKafkaSpools(SpoolProperties properties, ProducerSessions sessions, DeliveryLedger ledger,
			Environment environment, ApplicationEventPublisher events, ObjectProvider<SpoolTopics> topics) {
		return new Spools(properties, environment.getProperty("spring.application.name", ""), sessions, ledger, events,
				topics::getIfUnique);
	}

	@Bean
	SpoolStores reliableKafkaSpoolStores(Spools spools) {
		return spools.stores();
	}

	@Bean
	SpoolEntrance reliableKafkaSpoolEntrance(Spools spools, DeliveryLedger ledger) {
		return new RelayEntrance(spools, ledger);
	}

	@Bean
	@ConditionalOnMissingBean
	SequenceBoards reliableKafkaSequenceBoards() {
		return new SequenceBoards();
	}

	@Bean
	ProducerSessions reliableKafkaProducerSessions(SequenceBoards boards, SequenceProperties properties,
			SpoolProperties spool, Environment environment) {
		return new ProducerSessions(boards, environment.getProperty("spring.application.name", ""), hostName(),
				properties.enabled(), spool.mode() != SpoolProperties.Mode.OFF);
	}

	private static String hostName() {
		// Where it is set, nobody has to ask a name server.
		String name = System.getenv("HOSTNAME");
		if (StringUtils.hasText(name)) {
			return name;
		}
		try {
			return InetAddress.getLocalHost().getHostName();
		}
		catch (UnknownHostException ex) {
			return "";
		}
	}

}
