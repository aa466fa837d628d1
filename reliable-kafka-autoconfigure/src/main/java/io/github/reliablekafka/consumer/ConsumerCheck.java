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

import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.ClientCheck;
import io.github.reliablekafka.durability.SafetyGate;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.config.BeanDefinition;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.AbstractShareKafkaMessageListenerContainer;
import org.springframework.kafka.listener.AfterRollbackProcessor;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;

/**
 * Looks at every listener container once all of them are known: what a listener's own
 * settings changed, and which beans Spring Boot left out.
 */
final class ConsumerCheck implements ClientCheck {

	private static final String BOOT_FACTORY = "kafkaListenerContainerFactory";

	/**
	 * Where Spring Boot's container factory keeps what it takes from a single bean.
	 */
	private static final Map<Class<?>, String> SINGLE_BEANS = Map.of(CommonErrorHandler.class, "commonErrorHandler",
			RecordInterceptor.class, "recordInterceptor", BatchInterceptor.class, "batchInterceptor",
			RecordFilterStrategy.class, "recordFilterStrategy", AfterRollbackProcessor.class, "afterRollbackProcessor",
			ConsumerAwareRebalanceListener.class, "containerProperties.consumerRebalanceListener");

	private final ConfigurableListableBeanFactory beanFactory;

	private final ConsumerCoverage coverage;

	ConsumerCheck(ConfigurableListableBeanFactory beanFactory, ConsumerCoverage coverage) {
		this.beanFactory = beanFactory;
		this.coverage = coverage;
	}

	@Override
	public void check(SafetyGate gate) {
		List<MessageListenerContainer> all = new ListenerContainers(this.beanFactory).all();
		SharedSeekCallbacks.warnOf(all);
		for (MessageListenerContainer container : all) {
			if (container instanceof AbstractMessageListenerContainer<?, ?> standard) {
				this.coverage.cover(standard);
				checkOverrides(standard, gate);
			}
			else if (container instanceof AbstractShareKafkaMessageListenerContainer) {
				gate.report(List.of(this.coverage.rules()
					.shareGroup("listener '%s'".formatted(container.getListenerId()),
							container.getClass().getSimpleName())));
			}
		}
		checkSingleBeans(gate);
	}

	private void checkOverrides(AbstractMessageListenerContainer<?, ?> container, SafetyGate gate) {
		Properties overrides = container.getContainerProperties().getKafkaConsumerProperties();
		Map<String, Object> settings = new TreeMap<>();
		overrides.stringPropertyNames().forEach((name) -> settings.put(name, overrides.getProperty(name)));
		overrides.forEach((name, value) -> settings.put(String.valueOf(name), value));
		String listener = "listener '%s'".formatted(container.getListenerId());
		gate.report(this.coverage.rules()
			.violationsAmongGiven(listener, settings, "the listener's own consumer properties"));
	}

	private void checkSingleBeans(SafetyGate gate) {
		if (!isFactoryOfBoot() || !this.beanFactory.containsSingleton(BOOT_FACTORY)) {
			return;
		}
		Object factory = this.beanFactory.getBean(BOOT_FACTORY, ConcurrentKafkaListenerContainerFactory.class);
		if (!this.coverage.isUsed(factory)) {
			return;
		}
		DirectFieldAccessor fields = new DirectFieldAccessor(factory);
		SINGLE_BEANS.forEach((type, field) -> {
			List<String> names = Stream.of(this.beanFactory.getBeanNamesForType(type, true, false))
				.filter(this::isCandidate)
				.sorted()
				.toList();
			if (names.size() > 1 && fields.getPropertyValue(field) == null) {
				gate.report(List.of(this.coverage.rules().ambiguousBeans(type.getSimpleName(), names)));
			}
		});
	}

	private boolean isCandidate(String name) {
		if (!this.beanFactory.containsBeanDefinition(name)) {
			return true;
		}
		BeanDefinition definition = this.beanFactory.getMergedBeanDefinition(name);
		return definition.isAutowireCandidate()
				&& !(definition instanceof AbstractBeanDefinition details && !details.isDefaultCandidate());
	}

	private boolean isFactoryOfBoot() {
		if (!this.beanFactory.containsBeanDefinition(BOOT_FACTORY)) {
			return false;
		}
		BeanDefinition definition = this.beanFactory.getBeanDefinition(BOOT_FACTORY);
		String declaredBy = definition.getFactoryBeanName();
		return declaredBy != null && declaredBy.startsWith("org.springframework.boot.");
	}

}
