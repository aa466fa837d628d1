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

import java.util.List;
import java.util.stream.Stream;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

/**
 * The listener containers of the application: those of annotated listeners and those that
 * are beans.
 */
final class Containers {

	private final ListableBeanFactory beanFactory;

	Containers(ListableBeanFactory beanFactory) {
		this.beanFactory = beanFactory;
	}

	List<AbstractMessageListenerContainer<?, ?>> all() {
		Stream<?> annotated = this.beanFactory.getBeansOfType(KafkaListenerEndpointRegistry.class, false, false)
			.values()
			.stream()
			.flatMap((registry) -> registry.getAllListenerContainers().stream());
		Stream<?> beans = this.beanFactory.getBeansOfType(AbstractMessageListenerContainer.class, false, false)
			.values()
			.stream();
		return Stream.concat(annotated, beans)
			.distinct()
			.filter(AbstractMessageListenerContainer.class::isInstance)
			.<AbstractMessageListenerContainer<?, ?>>map(
					(container) -> (AbstractMessageListenerContainer<?, ?>) container)
			.toList();
	}

}
