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

package io.github.reliablekafka.idempotency;

import java.time.Duration;

import io.github.reliablekafka.ledger.DeliveryLedger;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.util.function.SingletonSupplier;

/**
 * Puts an interceptor into the listener containers of the application, around the
 * application's own, and in front of all other post-processors: who watches outcomes has
 * to be outside of it, to see what it keeps away.
 */
final class IdempotencyCoverage implements BeanPostProcessor, PriorityOrdered {

	private final SingletonSupplier<IdempotencyProperties> properties;

	private final SingletonSupplier<ProcessedRecords> processed;

	private final SingletonSupplier<RecordIdentity> identity;

	private final SingletonSupplier<DeliveryLedger> ledger;

	/**
	 * Create a post processor that asks for what it needs when it is needed, because
	 * beans that a post processor depends on are themselves not post-processed.
	 * @param beanFactory has the properties, the store, the identity and the ledger
	 */
	IdempotencyCoverage(BeanFactory beanFactory) {
		this.properties = SingletonSupplier.of(() -> beanFactory.getBean(IdempotencyProperties.class));
		this.processed = SingletonSupplier.of(() -> beanFactory.getBean(ProcessedRecords.class));
		this.identity = SingletonSupplier.of(() -> beanFactory.getBean(RecordIdentity.class));
		this.ledger = SingletonSupplier.of(() -> beanFactory.getBean(DeliveryLedger.class));
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

	IdempotencyRules rules() {
		return new IdempotencyRules(this.properties.obtain().listeners());
	}

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (bean instanceof AbstractKafkaListenerContainerFactory<?, ?, ?> factory) {
			cover(factory);
		}
		else if (bean instanceof AbstractMessageListenerContainer<?, ?> container) {
			install(container);
		}
		return bean;
	}

	private <K, V, C extends AbstractMessageListenerContainer<K, V>> void cover(
			AbstractKafkaListenerContainerFactory<C, K, V> factory) {
		ContainerCustomizer<K, V, C> first = customizerOf(factory);
		factory.setContainerCustomizer((container) -> {
			if (first != null) {
				first.configure(container);
			}
			install(container);
		});
	}

	/**
	 * Put the interceptor into a container that is not started yet, unless it is there.
	 * @param container the container
	 * @param <K> the key type
	 * @param <V> the value type
	 */
	<K, V> void install(AbstractMessageListenerContainer<K, V> container) {
		IdempotencyRules rules = rules();
		if (!rules.isWanted(container) || isInstalled(container.getRecordInterceptor())) {
			return;
		}
		Duration longestWait = this.properties.obtain().jdbc().claimTimeout().plusSeconds(1);
		container
			.setRecordInterceptor(
					new IdempotentRecords<>(this.processed.obtain(), this.identity.obtain(), this.ledger.obtain(),
							new IdempotentRecords.Container(container::getGroupId, container::isRunning,
									() -> rules.isSupported(container)),
							longestWait, container.getRecordInterceptor()));
		// What an interceptor throws in front of a transaction reaches no error handler.
		container.setInterceptBeforeTx(false);
	}

	// Behind those of others, which keep the one behind them in a field of this name.
	private static boolean isInstalled(@Nullable Object interceptor) {
		Object current = interceptor;
		while (current instanceof RecordInterceptor<?, ?> && !(current instanceof IdempotentRecords<?, ?>)) {
			DirectFieldAccessor fields = new DirectFieldAccessor(current);
			current = fields.isReadableProperty("next") ? fields.getPropertyValue("next") : null;
		}
		return current instanceof IdempotentRecords<?, ?>;
	}

	@SuppressWarnings("unchecked")
	private static <K, V, C extends AbstractMessageListenerContainer<K, V>> @Nullable ContainerCustomizer<K, V, C> customizerOf(
			AbstractKafkaListenerContainerFactory<C, K, V> factory) {
		// The factory does not show its customizer, and has room for one only.
		return (ContainerCustomizer<K, V, C>) new DirectFieldAccessor(factory).getPropertyValue("containerCustomizer");
	}

}
