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
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.Violation;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.retrytopic.DeadLetterPublishingRecovererFactory;
import org.springframework.kafka.retrytopic.DeadLetterPublishingRecovererFactory.DeadLetterPublisherCreator;
import org.springframework.kafka.retrytopic.DefaultDestinationTopicProcessor;
import org.springframework.kafka.retrytopic.DefaultDestinationTopicResolver;
import org.springframework.kafka.retrytopic.DestinationTopic;
import org.springframework.kafka.retrytopic.ListenerContainerFactoryConfigurer;
import org.springframework.kafka.retrytopic.RetryTopicConfigurer;

/**
 * Makes {@code @RetryableTopic} wait no longer than it may for the acknowledgement of a
 * retry topic or dead letter topic, and try again patiently if there is none. Spring
 * Kafka waits as long as the producer's delivery timeout, which for a producer that never
 * gives up is weeks.
 */
final class RetryTopics {

	static final String NO_DLT = "consumer.no-dlt";

	private static final String SHARED = "consumer.retry-topics";

	private final DeadLetterProperties properties;

	private final DeadLetterClusters clusters;

	private final DeliveryLedger ledger;

	private final PatientRetry retry;

	private final SafetyGate gate;

	private final Duration longestDelay;

	/**
	 * Create it.
	 * @param properties say how long to wait
	 * @param clusters have the topics
	 * @param ledger is posted to
	 * @param retry waits between two attempts
	 * @param gate knows what is accepted
	 * @param longestDelay how long a record may wait in a retry topic of the starter
	 */
	RetryTopics(DeadLetterProperties properties, DeadLetterClusters clusters, DeliveryLedger ledger, PatientRetry retry,
			SafetyGate gate, Duration longestDelay) {
		this.properties = properties;
		this.clusters = clusters;
		this.ledger = ledger;
		this.retry = retry;
		this.gate = gate;
		this.longestDelay = longestDelay;
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
		DeadLetterPublisherCreator creator = read(recoverers, "dlpCreator", DeadLetterPublisherCreator.class);
		recoverers.setDeadLetterPublisherCreator((templates, destinations) -> {
			DeadLetterPublishingRecoverer created = creator.create(templates, destinations);
			return (created.getClass() == DeadLetterPublishingRecoverer.class) ? new RetryTopicRecoverer(templates,
					destinations, this.clusters, this.properties, this.ledger, this.longestDelay) : created;
		});
		recoverers.setDeadLetterPublishingRecovererCustomizer(recovererCustomizer.andThen(this::bound));
		Consumer<DefaultErrorHandler> handlerCustomizer = read(containers, "errorHandlerCustomizer", Consumer.class);
		containers.setErrorHandlerCustomizer(handlerCustomizer.andThen(this::slowDown));
	}

	private void bound(DeadLetterPublishingRecoverer recoverer) {
		// How long the consumer may stay away is known with the container.
		ErrorHandlers.bound(recoverer, this.properties.publishTimeout());
		if (!this.gate.accepts(NO_DLT)) {
			recoverer.setThrowIfNoDestinationReturned(true);
		}
	}

	@SuppressWarnings("unchecked")
	private void slowDown(DefaultErrorHandler handler) {
		((List<RetryListener>) read(handler, "failureTracker.retryListeners", List.class)).add(this.retry);
	}

	/**
	 * The listeners whose records go nowhere once their retries are used up.
	 * @param configurer has configured the retry topics of all listeners
	 * @return empty if there are none
	 */
	List<Violation> violationsOf(RetryTopicConfigurer configurer) {
		Map<?, ?> listeners = listeners(configurer);
		Stream<Violation> leadingNowhere = listeners.entrySet()
			.stream()
			.filter((listener) -> ((Map<?, ?>) listener.getValue()).values()
				.stream()
				.anyMatch(RetryTopics::leadsNowhere))
			.map((listener) -> noDlt(String.valueOf(listener.getKey())));
		return Stream.concat(leadingNowhere, shared(listeners)).toList();
	}

	/**
	 * The listeners that have retry topics and work in transactions.
	 * @param configurer has configured the retry topics of all listeners
	 * @param containers all containers
	 * @return empty if there are none
	 */
	List<Violation> transactional(RetryTopicConfigurer configurer,
			List<AbstractMessageListenerContainer<?, ?>> containers) {
		Map<?, ?> listeners = listeners(configurer);
		return containers.stream()
			.filter((container) -> listeners.containsKey(container.getListenerId())
					&& ListenerContainers.isTransactional(container.getContainerProperties()))
			.map((container) -> new Violation(SHARED, "listener '%s'".formatted(container.getListenerId()),
					"transaction manager", "set", "none, or no retry topics",
					"Spring Kafka sends a record that fails to its retry topic within the transaction in which it failed, and commits that: what the listener had sent or written before it failed stays, and is there again after each attempt",
					"Remove @RetryableTopic from the listener, or name the topics that have retry topics in reliable.kafka.consumer.retry.topics: in a transaction a record is rolled back and tried again in its place, and then dead-lettered.",
					null))
			.toList();
	}

	private static Map<?, ?> listeners(RetryTopicConfigurer configurer) {
		Object processor = read(configurer, "destinationTopicProcessor", Object.class);
		return (processor instanceof DefaultDestinationTopicProcessor && read(processor, "destinationTopicResolver",
				Object.class) instanceof DefaultDestinationTopicResolver resolver)
						? read(resolver, "sourceDestinationsHolderMap", Map.class) : Map.of();
	}

	private static Stream<Violation> shared(Map<?, ?> listeners) {
		Map<String, Set<String>> readers = new TreeMap<>();
		listeners.forEach((listener, destinations) -> ((Map<?, ?>) destinations).values().forEach((destination) -> {
			DestinationTopic topic = read(destination, "sourceDestination", DestinationTopic.class);
			// Only those of the starter, whose names the application has not chosen.
			if (!topic.isMainTopic() && !topic.isDltTopic()
					&& topic.getKafkaOperations() instanceof RetryTopicRecoverer.OriginalBytes) {
				readers.computeIfAbsent(topic.getDestinationName(), (name) -> new TreeSet<>())
					.add(String.valueOf(listener));
			}
		}));
		return readers.values()
			.stream()
			.filter((sharing) -> sharing.size() > 1)
			.distinct()
			.map((sharing) -> new Violation(SHARED, "listeners " + sharing, "retry topics", "the same",
					"different ones", "each of them would get the records that another one could not process",
					"Let one of them read the topic, or name the topics that have retry topics in reliable.kafka.consumer.retry.topics.",
					null));
	}

	/**
	 * Create the retry topics of the starter before somebody reads them, since brokers
	 * create them otherwise, with their own defaults. Ends with the first that cannot be
	 * created, as the cluster may be away; each is created with its first record then.
	 * @param configurer has configured the retry topics of all listeners
	 * @param containers what is about to start
	 */
	void provide(RetryTopicConfigurer configurer, List<AbstractMessageListenerContainer<?, ?>> containers) {
		Map<?, ?> listeners = listeners(configurer);
		for (AbstractMessageListenerContainer<?, ?> container : containers) {
			if (container.isAutoStartup() && listeners.get(container.getListenerId()) instanceof Map<?, ?> destinations
					&& !provide(container, destinations)) {
				return;
			}
		}
	}

	private boolean provide(AbstractMessageListenerContainer<?, ?> container, Map<?, ?> destinations) {
		String[] topics = container.getContainerProperties().getTopics();
		if (topics == null) {
			return true;
		}
		DeadLetterCluster cluster = this.clusters.of(ContainerErrorHandling.effectiveSettings(container),
				ContainerErrorHandling.maxPollInterval(container));
		for (Object destination : destinations.values()) {
			DestinationTopic topic = read(destination, "sourceDestination", DestinationTopic.class);
			String name = topic.getDestinationName();
			String source = (name != null) ? sourceOf(name, suffixOf(topic), topics) : null;
			if (name != null && source != null && !topic.isMainTopic()
					&& topic.getKafkaOperations() instanceof RetryTopicRecoverer.OriginalBytes
					&& !cluster.provide(name, source, topic.isDltTopic() ? null : this.longestDelay)) {
				return false;
			}
		}
		return true;
	}

	private static String suffixOf(DestinationTopic topic) {
		return read(read(topic, "properties", DestinationTopic.Properties.class), "suffix", String.class);
	}

	/**
	 * The topic that a retry topic or dead letter topic belongs to.
	 * @param name its name
	 * @param suffix what it adds to the name of the topic
	 * @param topics all topics of the listener; one may begin like another one
	 * @return {@code null} if it belongs to none of them
	 */
	static @Nullable String sourceOf(String name, String suffix, String[] topics) {
		return Stream.of(topics).filter((topic) -> name.equals(topic + suffix)).findFirst().orElse(null);
	}

	private static boolean leadsNowhere(Object destination) {
		return !read(destination, "sourceDestination", DestinationTopic.class).isDltTopic()
				&& read(destination, "nextDestination", DestinationTopic.class).isNoOpsTopic();
	}

	private static Violation noDlt(String listener) {
		return new Violation(NO_DLT, "listener '%s'".formatted(listener), "dltStrategy", "NO_DLT",
				"a strategy with a dead letter topic",
				"a record whose retries are used up is logged, and then committed as if it were processed",
				"Remove dltStrategy from the @RetryableTopic of listener '%s' (or doNotConfigureDlt() from its configuration)."
					.formatted(listener),
				null);
	}

	private static <T> T read(Object target, String field, Class<T> type) {
		Object value = new DirectFieldAccessor(target).getPropertyValue(field);
		return Objects.requireNonNull(type.cast(value), field);
	}

}
