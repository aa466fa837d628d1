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

import java.util.ArrayList;
import java.util.List;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.ledger.DeliveryLedger;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.retrytopic.RetryTopicConfigurer;
import org.springframework.util.function.SingletonSupplier;

/**
 * Brings error handling to the listener containers of the application: the beans, and
 * those that a container factory will create.
 */
final class ErrorHandlingCoverage implements BeanPostProcessor {

	private final SingletonSupplier<ContainerErrorHandling> errorHandling;

	private final SingletonSupplier<DeadLetterProperties> properties;

	private final SingletonSupplier<SafetyGate> gate;

	private final List<AbstractMessageListenerContainer<?, ?>> unchecked = new ArrayList<>();

	private boolean checked;

	/**
	 * Create a post processor that asks for what it needs when it meets the first
	 * factory, because beans that a post processor depends on are themselves not
	 * post-processed.
	 * @param beanFactory has the properties, the clusters, the ledger and the gate
	 */
	ErrorHandlingCoverage(BeanFactory beanFactory) {
		this.gate = SingletonSupplier.of(() -> beanFactory.getBean(SafetyGate.class));
		this.properties = SingletonSupplier.of(() -> beanFactory.getBean(DeadLetterProperties.class));
		this.errorHandling = SingletonSupplier
			.of(() -> new ContainerErrorHandling(beanFactory.getBean(RetryProperties.class), this.properties.obtain(),
					beanFactory.getBean(DeadLetterClusters.class), beanFactory.getBean(DeliveryLedger.class),
					this.gate.obtain()));
	}

	ContainerErrorHandling errorHandling() {
		return this.errorHandling.obtain();
	}

	RetryTopics retryTopics() {
		return errorHandling().retryTopics();
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (bean instanceof AbstractKafkaListenerContainerFactory<?, ?, ?> factory) {
			ListenerContainers.customize(factory, this::met);
		}
		else if (bean instanceof AbstractMessageListenerContainer<?, ?> container) {
			met(container);
		}
		else if (bean instanceof RetryTopicConfigurer configurer) {
			retryTopics().bound(configurer);
		}
		return bean;
	}

	// Before the check a container may get another error handler still, from a bean
	// method or for retry topics.
	private void met(AbstractMessageListenerContainer<?, ?> container) {
		errorHandling().install(container);
		synchronized (this.unchecked) {
			if (!this.checked) {
				this.unchecked.add(container);
				return;
			}
		}
		this.gate.obtain().report(errorHandling().violationsOf(container));
	}

	/**
	 * The containers met so far. From now on each is checked when it is met.
	 * @return may lack those that only a registry knows
	 */
	List<AbstractMessageListenerContainer<?, ?>> takeUnchecked() {
		synchronized (this.unchecked) {
			this.checked = true;
			List<AbstractMessageListenerContainer<?, ?>> taken = List.copyOf(this.unchecked);
			this.unchecked.clear();
			return taken;
		}
	}

}
