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
import java.util.function.Predicate;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.core.Ordered;
import org.springframework.core.PriorityOrdered;
import org.springframework.core.env.Environment;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.MessageListenerContainer;
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

	private final SingletonSupplier<Predicate<String>> deadLetters;

	private final BeanFactory beanFactory;

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
		this.deadLetters = SingletonSupplier.of(() -> deadLetters(beanFactory.getBean(Environment.class)));
		this.beanFactory = beanFactory;
	}

	// By properties of another capability, which is not asked: an application may have
	// its own dead letters, and name them alike.
	private static Predicate<String> deadLetters(Environment environment) {
		String suffix = environment.getProperty("reliable.kafka.dead-letter.suffix", "-dlt");
		String parking = suffix
				+ environment.getProperty("reliable.kafka.dead-letter.redrive.parking-suffix", "-parking");
		return (topic) -> topic.endsWith(suffix) || topic.endsWith(parking);
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
			ListenerContainers.customize(factory, this::install);
		}
		else if (bean instanceof AbstractMessageListenerContainer<?, ?> container) {
			install(container);
		}
		return bean;
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
		container.setRecordInterceptor(
				new IdempotentRecords<>(this.processed.obtain(), identityFor(container), this.ledger.obtain(),
						new IdempotentRecords.Container(() -> groupOf(container), container::isRunning,
								() -> rules.isSupported(container), this.deadLetters.obtain()),
						longestWait, container.getRecordInterceptor()));
		// What an interceptor throws in front of a transaction reaches no error handler.
		container.setInterceptBeforeTx(false);
	}

	private RecordIdentity identityFor(AbstractMessageListenerContainer<?, ?> container) {
		RecordIdentity all = this.identity.obtain();
		if (!(all instanceof NumberIdentity numbers)) {
			return all;
		}
		return (record) -> isOfRetries(container) ? numbers.identifyRetried(record) : numbers.identify(record);
	}

	private static boolean isOfRetries(AbstractMessageListenerContainer<?, ?> container) {
		String main = container.getMainListenerId();
		return main != null && !main.equals(container.getListenerId());
	}

	// Retry topics are read by groups with names of their own, for the same listener.
	private @Nullable String groupOf(AbstractMessageListenerContainer<?, ?> container) {
		String main = container.getMainListenerId();
		if (main == null || !isOfRetries(container)) {
			return container.getGroupId();
		}
		for (KafkaListenerEndpointRegistry registry : this.beanFactory
			.getBeanProvider(KafkaListenerEndpointRegistry.class)) {
			MessageListenerContainer listening = registry.getListenerContainer(main);
			if (listening != null) {
				return listening.getGroupId();
			}
		}
		return container.getGroupId();
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

}
