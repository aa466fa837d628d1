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

import java.util.List;
import java.util.stream.Stream;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.ClientCheck;
import io.github.reliablekafka.durability.SafetyGate;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.retrytopic.RetryTopicConfigurer;

/**
 * Sees to it, once all listener containers are known, that each has error handling that
 * keeps what it cannot process.
 */
final class ErrorHandlingCheck implements ClientCheck {

	private final ListableBeanFactory beanFactory;

	private final ErrorHandlingCoverage coverage;

	ErrorHandlingCheck(ListableBeanFactory beanFactory, ErrorHandlingCoverage coverage) {
		this.beanFactory = beanFactory;
		this.coverage = coverage;
	}

	@Override
	public void check(SafetyGate gate) {
		ContainerErrorHandling errorHandling = this.coverage.errorHandling();
		List<AbstractMessageListenerContainer<?, ?>> all = Stream
			.concat(new ListenerContainers(this.beanFactory).ofGroups().stream(),
					this.coverage.takeUnchecked().stream())
			.distinct()
			.toList();
		all.forEach((container) -> check(container, errorHandling, gate));
		RetryTopics retryTopics = this.coverage.retryTopics();
		this.beanFactory.getBeansOfType(RetryTopicConfigurer.class, false, false).values().forEach((configurer) -> {
			gate.report(retryTopics.violationsOf(configurer));
			gate.report(retryTopics.transactional(configurer, all));
			retryTopics.provide(configurer, all);
		});
	}

	private static void check(AbstractMessageListenerContainer<?, ?> container, ContainerErrorHandling errorHandling,
			SafetyGate gate) {
		errorHandling.install(container);
		gate.report(errorHandling.violationsOf(container));
		errorHandling.warnOf(container);
	}

}
