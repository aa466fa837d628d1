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

package io.github.reliablekafka.durability;

import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.aot.hint.MemberCategory;
import org.springframework.aot.hint.RuntimeHints;
import org.springframework.aot.hint.RuntimeHintsRegistrar;

/**
 * Tells a native image what all rooms reach by name: fields of Spring Kafka and of
 * Kafka's producer that have no getter, what Kafka creates by the names in its settings,
 * and scripts.
 */
final class ReflectionHints implements RuntimeHintsRegistrar {

	private static final String SPRING_KAFKA = "org.springframework.kafka.";

	/**
	 * The fields, by the classes that declare them.
	 */
	static final Map<String, List<String>> FIELDS = Map.ofEntries(
			Map.entry("org.apache.kafka.clients.producer.KafkaProducer",
					List.of("interceptors", "keySerializerPlugin", "valueSerializerPlugin")),
			Map.entry(SPRING_KAFKA + "config.AbstractKafkaListenerContainerFactory",
					List.of("afterRollbackProcessor", "batchInterceptor", "commonErrorHandler", "containerCustomizer",
							"containerProperties", "recordFilterStrategy", "recordInterceptor")),
			Map.entry(SPRING_KAFKA + "core.DefaultKafkaConsumerFactory",
					List.of("keyDeserializerSupplier", "valueDeserializerSupplier")),
			Map.entry(SPRING_KAFKA + "core.KafkaAdmin", List.of("createOrModifyTopic")),
			Map.entry(SPRING_KAFKA + "core.RoutingKafkaTemplate", List.of("factoryMatchers")),
			Map.entry(SPRING_KAFKA + "listener.AbstractMessageListenerContainer", List.of("consumerFactory")),
			Map.entry(SPRING_KAFKA + "listener.CommonDelegatingErrorHandler",
					List.of("delegates", "defaultErrorHandler")),
			Map.entry(SPRING_KAFKA + "listener.CommonMixedErrorHandler",
					List.of("batchErrorHandler", "recordErrorHandler")),
			Map.entry(SPRING_KAFKA + "listener.ConsumerProperties", List.of("consumerRebalanceListener")),
			Map.entry(SPRING_KAFKA + "listener.DeadLetterPublishingRecoverer",
					List.of("destinationResolver", "timeoutBuffer", "waitForSendResultTimeout")),
			Map.entry(SPRING_KAFKA + "listener.DefaultAfterRollbackProcessor", List.of("backOff")),
			Map.entry(SPRING_KAFKA + "listener.FailedRecordProcessor",
					List.of("failureTracker", "userBackOffFunction")),
			Map.entry(SPRING_KAFKA + "listener.FailedRecordTracker",
					List.of("noRetries", "recoverer", "retryListeners")),
			Map.entry(SPRING_KAFKA + "listener.adapter.AbstractFilteringMessageListener",
					List.of("recordFilterStrategy")),
			Map.entry(SPRING_KAFKA + "listener.adapter.BatchMessagingMessageListenerAdapter",
					List.of("batchToRecordAdapter")),
			Map.entry(SPRING_KAFKA + "listener.adapter.DelegatingInvocableHandler", List.of("handlers")),
			Map.entry(SPRING_KAFKA + "listener.adapter.FilteringBatchMessageListenerAdapter", List.of("ackDiscarded")),
			Map.entry(SPRING_KAFKA + "listener.adapter.FilteringMessageListenerAdapter", List.of("ackDiscarded")),
			Map.entry(SPRING_KAFKA + "listener.adapter.HandlerAdapter",
					List.of("delegatingHandler", "invokerHandlerMethod")),
			Map.entry(SPRING_KAFKA + "listener.adapter.MessagingMessageListenerAdapter",
					List.of("bean", "handlerMethod", "messageReturnType", "replyTemplate", "replyTopicExpression")),
			Map.entry(SPRING_KAFKA + "retrytopic.DeadLetterPublishingRecovererFactory",
					List.of("dlpCreator", "recovererCustomizer")),
			Map.entry(SPRING_KAFKA + "retrytopic.DefaultDestinationTopicProcessor",
					List.of("destinationTopicResolver")),
			Map.entry(SPRING_KAFKA + "retrytopic.DefaultDestinationTopicResolver",
					List.of("sourceDestinationsHolderMap")),
			Map.entry(SPRING_KAFKA + "retrytopic.DefaultDestinationTopicResolver$DestinationTopicHolder",
					List.of("nextDestination", "sourceDestination")),
			Map.entry(SPRING_KAFKA + "retrytopic.DestinationTopic", List.of("properties")),
			Map.entry(SPRING_KAFKA + "retrytopic.DestinationTopic$Properties", List.of("suffix")),
			Map.entry(SPRING_KAFKA + "retrytopic.ListenerContainerFactoryConfigurer",
					List.of("deadLetterPublishingRecovererFactory", "errorHandlerCustomizer")),
			Map.entry(SPRING_KAFKA + "retrytopic.RetryTopicConfiguration", List.of("topicAllowListManager")),
			Map.entry(SPRING_KAFKA + "retrytopic.RetryTopicConfigurer",
					List.of("destinationTopicProcessor", "listenerContainerFactoryConfigurer")));

	/**
	 * What Kafka creates by its name.
	 */
	static final List<String> CREATED = List.of("io.github.reliablekafka.consumer.ConsumerSettingsVeto",
			"io.github.reliablekafka.producer.ProducerSettingsVeto",
			"io.github.reliablekafka.producer.StampingPartitioner");

	@Override
	public void registerHints(RuntimeHints hints, @Nullable ClassLoader classLoader) {
		FIELDS.forEach((type, fields) -> hints.reflection()
			.registerTypeIfPresent(classLoader, type, (builder) -> fields.forEach(builder::withField)));
		CREATED.forEach((type) -> hints.reflection()
			.registerTypeIfPresent(classLoader, type, MemberCategory.INVOKE_PUBLIC_CONSTRUCTORS));
		hints.resources().registerPattern("io/github/reliablekafka/idempotency/schema-*.sql");
	}

}
