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

import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.Violation;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.AfterRollbackProcessor;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConsumerAwareRecordRecoverer;
import org.springframework.kafka.listener.DefaultAfterRollbackProcessor;
import org.springframework.kafka.listener.SeekUtils;
import org.springframework.util.backoff.BackOff;

/**
 * Gives a listener container its error handling, unless the application did, and tells
 * which of the application's drops records.
 */
final class ContainerErrorHandling {

	private static final Log logger = LogFactory.getLog(ContainerErrorHandling.class);

	/**
	 * What a container that a factory made by hand says until it becomes a bean.
	 */
	private static final String NO_ID = "noBeanNameSet";

	private final RetryProperties retryProperties;

	private final DeadLetterProperties properties;

	private final DeadLetterClusters clusters;

	private final DeliveryLedger ledger;

	private final SafetyGate gate;

	ContainerErrorHandling(RetryProperties retryProperties, DeadLetterProperties properties,
			DeadLetterClusters clusters, DeliveryLedger ledger, SafetyGate gate) {
		this.retryProperties = retryProperties;
		this.properties = properties;
		this.clusters = clusters;
		this.ledger = ledger;
		this.gate = gate;
	}

	/**
	 * Install what is missing, and bound what the application has. Meant for containers
	 * that are not started yet; may be called again.
	 * @param container the container
	 * @param <K> the key type
	 * @param <V> the value type
	 */
	<K, V> void install(AbstractMessageListenerContainer<K, V> container) {
		CommonErrorHandler handler = container.getCommonErrorHandler();
		if (ListenerContainers.isTransactional(container.getContainerProperties())) {
			if (handler instanceof DeadLetterErrorHandler) {
				// The transaction manager was set later; a failure has to roll back.
				container.setCommonErrorHandler(null);
			}
			if (isDefault(container.getAfterRollbackProcessor())) {
				DeadLetterAfterRollback<K, V> processor = new DeadLetterAfterRollback<>(recoverer(container), backOff(),
						patientRetry(() -> isBatch(container)));
				this.retryProperties.classify(processor);
				container.setAfterRollbackProcessor(processor);
			}
		}
		else if (handler == null) {
			DeadLetterErrorHandler ours = new DeadLetterErrorHandler(recoverer(container), backOff(),
					patientRetry(() -> isBatch(container)));
			this.retryProperties.classify(ours);
			container.setCommonErrorHandler(ours);
		}
		Duration longestWait = this.properties.publishTimeout(maxPollInterval(container));
		partsOf(container).forEach((part) -> ErrorHandlers.bound(part, longestWait));
		if (!this.gate.accepts(RetryTopics.NO_DLT)) {
			partsOf(container).forEach(ErrorHandlers::requireDestination);
		}
		partsOf(container).filter((part) -> !isOurs(part)).forEach(ErrorHandlers::watch);
	}

	/**
	 * The violations of a container's own error handling.
	 * @param container the container
	 * @return empty if there are none
	 */
	List<Violation> violationsOf(AbstractMessageListenerContainer<?, ?> container) {
		return partsOf(container).filter(ErrorHandlers::skips)
			.map((part) -> new Violation("consumer.error-handler", subject(container), "error handler",
					part.getClass().getSimpleName() + " without a recoverer", "one that keeps what it cannot process",
					"a record that fails too often is logged, and then committed as if it were processed",
					"Remove the error handler, so that the record goes to a dead letter topic, or give it a recoverer that keeps the record.",
					null))
			.distinct()
			.toList();
	}

	/**
	 * Say what a container's own error handling does not do, though it looks as if.
	 * @param container the container
	 */
	void warnOf(AbstractMessageListenerContainer<?, ?> container) {
		partsOf(container).filter(ErrorHandlers::ignoresBackOffFunction)
			.forEach((part) -> logger.warn(
					"%s of %s gives each record up after one attempt: its back-off function is never asked, because Spring Kafka sees that its back-off has no retries. Give it a back-off with one retry"
						.formatted(part.getClass().getSimpleName(), subject(container))));
	}

	// An error handler works inside the transaction, and after a rollback the processor
	// does.
	private static Stream<Object> partsOf(AbstractMessageListenerContainer<?, ?> container) {
		Stream<Object> inside = ErrorHandlers.partsOf(container.getCommonErrorHandler());
		return ListenerContainers.isTransactional(container.getContainerProperties())
				? Stream.concat(inside, ErrorHandlers.partsOf(container.getAfterRollbackProcessor())) : inside;
	}

	private static boolean isOurs(Object part) {
		return part instanceof DeadLetterErrorHandler || part instanceof DeadLetterAfterRollback;
	}

	private static String subject(AbstractMessageListenerContainer<?, ?> container) {
		String id = container.getListenerId();
		return (id != null && !id.equals(NO_ID)) ? "listener '%s'".formatted(id)
				: "listener container of " + Arrays.toString(container.getContainerProperties().getTopics());
	}

	/**
	 * A retry that is patient about dead letters that cannot be published.
	 * @param batch whether it serves a batch listener, which may be decided later
	 * @return a new one
	 */
	PatientRetry patientRetry(BooleanSupplier batch) {
		return new PatientRetry(this.retryProperties.endlessBackOff(), batch, this.ledger);
	}

	/**
	 * What is done to retry topics.
	 * @return a new one
	 */
	RetryTopics retryTopics() {
		return new RetryTopics(this.properties, this.clusters, this.ledger, patientRetry(() -> false), this.gate,
				this.retryProperties.longestDelay());
	}

	private BackOff backOff() {
		return this.retryProperties.backOff(!this.properties.enabled());
	}

	private ConsumerAwareRecordRecoverer recoverer(AbstractMessageListenerContainer<?, ?> container) {
		if (!this.properties.enabled()) {
			return (record, consumer, exception) -> {
				throw new IllegalStateException("There is no dead letter topic for %s-%d@%d: it is tried again"
					.formatted(record.topic(), record.partition(), record.offset()));
			};
		}
		return new DeadLetterRecoverer(this.clusters, this.properties, this.ledger, settingsOf(container));
	}

	/**
	 * How long a container's consumers may stay away from polling.
	 * @param container the container
	 * @return {@code max.poll.interval.ms}
	 */
	static Duration maxPollInterval(AbstractMessageListenerContainer<?, ?> container) {
		return new ConsumerSession(effectiveSettings(container)).maxPollInterval();
	}

	/**
	 * The settings that a container creates consumers with.
	 * @param container the container
	 * @return those of its factory, and then its own
	 */
	static Map<String, Object> effectiveSettings(AbstractMessageListenerContainer<?, ?> container) {
		Map<String, Object> settings = new HashMap<>(settingsOf(container));
		Properties overrides = container.getContainerProperties().getKafkaConsumerProperties();
		overrides.forEach((name, value) -> settings.put(String.valueOf(name), value));
		overrides.stringPropertyNames().forEach((name) -> settings.put(name, overrides.getProperty(name)));
		return settings;
	}

	private static Map<String, Object> settingsOf(AbstractMessageListenerContainer<?, ?> container) {
		Object factory = new DirectFieldAccessor(container).getPropertyValue("consumerFactory");
		try {
			return (factory instanceof ConsumerFactory<?, ?> consumerFactory)
					? consumerFactory.getConfigurationProperties() : Map.of();
		}
		catch (UnsupportedOperationException ex) {
			// Implements the interface only. Its consumers tell, or Kafka's defaults
			// hold.
			return Map.of();
		}
	}

	private static boolean isDefault(AfterRollbackProcessor<?, ?> processor) {
		return processor.getClass() == DefaultAfterRollbackProcessor.class && ErrorHandlers.skips(processor)
				&& new DirectFieldAccessor(processor).getPropertyValue("backOff") == SeekUtils.DEFAULT_BACK_OFF;
	}

	private static boolean isBatch(AbstractMessageListenerContainer<?, ?> container) {
		return container.getContainerProperties().getMessageListener() instanceof BatchMessageListener;
	}

}
