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
import java.util.Objects;
import java.util.function.Consumer;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.retrytopic.DeadLetterPublishingRecovererFactory;
import org.springframework.kafka.retrytopic.ListenerContainerFactoryConfigurer;
import org.springframework.kafka.retrytopic.RetryTopicConfigurer;

/**
 * Makes {@code @RetryableTopic} wait no longer than it may for the acknowledgement of a
 * retry topic or dead letter topic, and try again patiently if there is none. Spring
 * Kafka waits as long as the producer's delivery timeout, which for a producer that never
 * gives up is weeks.
 */
final class RetryTopics {

	private final DeadLetterProperties properties;

	private final PatientRetry retry;

	RetryTopics(DeadLetterProperties properties, PatientRetry retry) {
		this.properties = properties;
		this.retry = retry;
	}

	/**
	 * Add to what the application customizes.
	 * @param configurer configures retry topics
	 */
	@SuppressWarnings("unchecked")
	void bound(RetryTopicConfigurer configurer) {
		// None of them shows what it uses, and each has room for one customizer.
		ListenerContainerFactoryConfigurer containers = read(configurer, "listenerContainerFactoryConfigurer",
				ListenerContainerFactoryConfigurer.class);
		DeadLetterPublishingRecovererFactory recoverers = read(containers, "deadLetterPublishingRecovererFactory",
				DeadLetterPublishingRecovererFactory.class);
		Consumer<DeadLetterPublishingRecoverer> recovererCustomizer = read(recoverers, "recovererCustomizer",
				Consumer.class);
		recoverers.setDeadLetterPublishingRecovererCustomizer(recovererCustomizer.andThen(this::bound));
		Consumer<DefaultErrorHandler> handlerCustomizer = read(containers, "errorHandlerCustomizer", Consumer.class);
		containers.setErrorHandlerCustomizer(handlerCustomizer.andThen(this::slowDown));
	}

	private void bound(DeadLetterPublishingRecoverer recoverer) {
		// The recoverer waits for the longer of this timeout and the producer's delivery
		// timeout plus the buffer, so that the buffer has to take the latter away.
		recoverer.setWaitForSendResultTimeout(this.properties.publishTimeout());
		recoverer.setTimeoutBuffer(-Integer.MAX_VALUE);
	}

	@SuppressWarnings("unchecked")
	private void slowDown(DefaultErrorHandler handler) {
		((List<RetryListener>) read(handler, "failureTracker.retryListeners", List.class)).add(this.retry);
	}

	private static <T> T read(Object target, String field, Class<T> type) {
		Object value = new DirectFieldAccessor(target).getPropertyValue(field);
		return Objects.requireNonNull(type.cast(value), field);
	}

}
