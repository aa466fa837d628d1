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

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerBoard;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.spool.SpoolWatch;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.endpoint.web.AdditionalPathsMapper;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.context.properties.bind.Bindable;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.health.actuate.endpoint.HealthEndpointGroupsPostProcessor;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.ReactiveHealthContributor;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;

/**
 * {@link AutoConfiguration Auto-configuration} for health.
 *
 * @since 0.1.0
 */
@AutoConfiguration(afterName = { "io.github.reliablekafka.producer.ReliableProducerAutoConfiguration",
		"io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration",
		"io.github.reliablekafka.survey.SurveyAutoConfiguration",
		"org.springframework.boot.health.autoconfigure.actuate.endpoint.AvailabilityProbesAutoConfiguration" })
@ConditionalOnClass({ HealthContributor.class, ConditionalOnEnabledHealthIndicator.class })
@ConditionalOnBean(DeliveryLedger.class)
@ConditionalOnEnabledHealthIndicator("reliable-kafka")
@EnableConfigurationProperties(ReliableKafkaHealthProperties.class)
public final class ReliableKafkaHealthAutoConfiguration {

	ReliableKafkaHealthAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean(name = "reliableKafkaHealthContributor")
	CompositeHealthContributor reliableKafkaHealthContributor(ReliableKafkaHealthProperties properties,
			DeliveryLedger deliveries, ObjectProvider<ListenerBoard> listeners, ObjectProvider<LossLedger> losses,
			ObjectProvider<DurabilityBoard> durability, ObjectProvider<SpoolWatch> spool) {
		Map<String, HealthContributor> contributors = new LinkedHashMap<>();
		contributors.put("producers",
				new ProducersHealthIndicator(deliveries, properties.unacknowledgedAfter(), settled(properties)));
		spool.ifAvailable((watch) -> contributors.put("spool",
				new SpoolHealthIndicator(watch, properties.unacknowledgedAfter(), () -> settled(properties))));
		listeners.ifAvailable((board) -> contributors.put("listeners",
				new ListenersHealthIndicator(board, deliveries, properties.idleAfter(), () -> settled(properties))));
		losses.ifAvailable((ledger) -> contributors.put("losses", new LossesHealthIndicator(ledger)));
		durability.ifAvailable((board) -> contributors.put("durability", new DurabilityHealthIndicator(board)));
		return CompositeHealthContributor.fromMap(contributors);
	}

	private static Settled settled(ReliableKafkaHealthProperties properties) {
		return new Settled(properties.settleAfter(), System::nanoTime);
	}

	/**
	 * The groups for probes, which there are only where there is an endpoint.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ HealthEndpointGroupsPostProcessor.class, AdditionalPathsMapper.class })
	static class Groups {

		@Bean
		static HealthGroups reliableKafkaHealthGroups(ReliableKafkaHealthProperties properties,
				ListableBeanFactory beanFactory, Environment environment) {
			Binder binder = Binder.get(environment);
			return new HealthGroups(properties.groups(),
					(name) -> binder
						.bind("management.endpoint.health.group." + name, Bindable.mapOf(String.class, Object.class))
						.isBound()
							|| Stream.of(HealthContributor.class, ReactiveHealthContributor.class)
								.flatMap((type) -> Stream.of(beanFactory.getBeanNamesForType(type, true, false)))
								.anyMatch((bean) -> Stream.of("", "HealthIndicator", "HealthContributor")
									.anyMatch((suffix) -> bean.equalsIgnoreCase(name + suffix))));
		}

	}

}
