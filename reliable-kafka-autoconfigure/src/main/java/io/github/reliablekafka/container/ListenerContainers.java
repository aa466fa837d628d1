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

package io.github.reliablekafka.container;

import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.kafka.config.AbstractKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.transaction.KafkaAwareTransactionManager;

/**
 * The listener containers of an application: those of annotated listeners and those that
 * are beans. Complete when all singletons are there. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class ListenerContainers {

	private final ListableBeanFactory beanFactory;

	/**
	 * Create it.
	 * @param beanFactory of the application
	 */
	public ListenerContainers(ListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	/**
	 * All that are there now.
	 * @return each once, also those of share groups
	 */
	public List<MessageListenerContainer> all() {
		Stream<MessageListenerContainer> annotated = this.beanFactory
			.getBeansOfType(KafkaListenerEndpointRegistry.class, false, false)
			.values()
			.stream()
			.flatMap((registry) -> registry.getListenerContainers().stream());
		Stream<MessageListenerContainer> beans = this.beanFactory
			.getBeansOfType(MessageListenerContainer.class, false, false)
			.values()
			.stream();
		return Stream.concat(annotated, beans).distinct().toList();
	}

	/**
	 * All that are there now but for those of share groups.
	 * @return each once
	 */
	public List<AbstractMessageListenerContainer<?, ?>> ofGroups() {
		return all().stream()
			.filter(AbstractMessageListenerContainer.class::isInstance)
			.<AbstractMessageListenerContainer<?, ?>>map(
					(container) -> (AbstractMessageListenerContainer<?, ?>) container)
			.toList();
	}

	/**
	 * Do something with each container that a factory creates, after what the application
	 * and others do.
	 * @param factory the factory
	 * @param action what to do
	 * @param <K> the key type
	 * @param <V> the value type
	 * @param <C> the container type
	 */
	public static <K, V, C extends AbstractMessageListenerContainer<K, V>> void customize(
			AbstractKafkaListenerContainerFactory<C, K, V> factory, Consumer<? super C> action) {
		ContainerCustomizer<K, V, C> first = customizerOf(factory);
		factory.setContainerCustomizer((container) -> {
			if (first != null) {
				first.configure(container);
			}
			action.accept(container);
		});
	}

	@SuppressWarnings("unchecked")
	private static <K, V, C extends AbstractMessageListenerContainer<K, V>> @Nullable ContainerCustomizer<K, V, C> customizerOf(
			AbstractKafkaListenerContainerFactory<C, K, V> factory) {
		// The factory does not show its customizer, and has room for one only.
		return (ContainerCustomizer<K, V, C>) new DirectFieldAccessor(factory).getPropertyValue("containerCustomizer");
	}

	/**
	 * Whether a container begins a transaction in front of its listener.
	 * @param properties of the container
	 * @return {@code true} for a transaction of Kafka or of anything else
	 */
	@SuppressWarnings("removal")
	public static boolean isTransactional(ContainerProperties properties) {
		return properties.getKafkaAwareTransactionManager() != null || properties.getTransactionManager() != null;
	}

	/**
	 * Whether that is a transaction of Kafka, which has the offsets in it.
	 * @param properties of the container
	 * @return {@code true} by either of the two setters
	 */
	@SuppressWarnings("removal")
	public static boolean isInTransactionOfKafka(ContainerProperties properties) {
		return properties.getKafkaAwareTransactionManager() != null
				|| properties.getTransactionManager() instanceof KafkaAwareTransactionManager;
	}

}
