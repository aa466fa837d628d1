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

package io.github.reliablekafka.consumer;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.ContainerPostProcessor;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.AsyncRepliesAware;
import org.springframework.kafka.listener.adapter.DefaultBatchToRecordAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the listeners with which {@link ReliableConsumerAutoConfiguration} lets no
 * application start.
 */
class RefusedListenersTests extends ReliableConsumerSetup {

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void startWhenMethodIsAsynchronousWaitsForItUnlessAccepted(String type) {
		ApplicationContextRunner async = this.runner.withPropertyValues("spring.kafka.listener.type=" + type)
			.withUserConfiguration(type.equals("batch") ? AsyncBatchListener.class : AsyncListener.class);
		async.run((context) -> assertThat(GuardedListeners.isAsync(
				container(context.getBean(KafkaListenerEndpointRegistry.class), "asynchronous").getContainerProperties()
					.getMessageListener()))
			.isFalse());
		async.withPropertyValues("reliable.kafka.durability.accept=consumer.async").run((context) -> {
			assertThat(context.getBean(SafetyGate.class).acceptedViolations()).hasSize(1);
			ConsumerRecord<Object, Object> record = new ConsumerRecord<>("t", 0, 0, null, "value");
			AbstractMessageListenerContainer<?, ?> container = container(
					context.getBean(KafkaListenerEndpointRegistry.class), "asynchronous");
			succeed(container, record, new MockConsumer<>("earliest"));
			assertThat(context.getBean(DeliveryLedger.class).consumption("t", "g").count(ConsumptionOutcome.PROCESSED))
				.isZero();
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { OwnAsync.class, HiddenAsync.class })
	void startWhenListenerOfItsOwnKindIsAsynchronousIsRefused(Class<?> kind) {
		ApplicationContextRunner async = this.runner.withUserConfiguration(OverridingListener.class, kind);
		async.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
			.satisfies((violation) -> assertThat(violation.risk()).isEqualTo("consumer.async"))
			.satisfies((violation) -> assertThat(violation.subject()).isEqualTo("listener 'overriding'")));
		async.withPropertyValues("reliable.kafka.durability.accept=consumer.async")
			.run((context) -> assertThat(context.getBean(SafetyGate.class).acceptedViolations()).hasSize(1));
	}

	@Test
	void startWhenContainerWaitsForAcknowledgementsIsRefused() {
		ApplicationContextRunner waiting = this.runner.withUserConfiguration(AsyncAcksListener.class);
		waiting.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
			.satisfies((violation) -> assertThat(violation.risk()).isEqualTo("consumer.async-acks"))
			.satisfies((violation) -> assertThat(violation.remedy()).contains("in any order")));
		// The ack mode is BATCH, of which Spring Kafka makes MANUAL.
		waiting.withPropertyValues("reliable.kafka.durability.accept=consumer.async-acks")
			.run((context) -> assertThat(GuardedListeners.isWrapped(
					container(context.getBean(KafkaListenerEndpointRegistry.class), "waiting").getContainerProperties()
						.getMessageListener()))
				.isTrue());
	}

	@Test
	void startWhenListenerFiltersInAWayOfItsOwnIsRefusedIfNobodyElseTellsOutcomes() {
		ApplicationContextRunner filtering = this.runner.withUserConfiguration(OwnFilter.class);
		filtering.withPropertyValues("spring.kafka.listener.ack-mode=manual")
			.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
				.satisfies((violation) -> assertThat(violation.risk()).isEqualTo("consumer.filter"))
				.satisfies((violation) -> assertThat(violation.remedy()).contains("RecordFilterStrategy")));
		filtering.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenABatchListenerTakesOneValueIsRefused() {
		ApplicationContextRunner single = this.runner.withUserConfiguration(OneValue.class);
		single.withPropertyValues("spring.kafka.listener.type=batch")
			.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
				.satisfies((violation) -> assertThat(violation.risk()).isEqualTo("consumer.batch-parameter"))
				.satisfies((violation) -> assertThat(violation.describe()).contains("java.lang.String")));
		single.run((context) -> assertThat(context).hasNotFailed());
		this.runner.withUserConfiguration(ManyValues.class)
			.withPropertyValues("spring.kafka.listener.type=batch")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenABatchListenerTakesOneValueInAWayThatWorksSucceeds() {
		for (Class<?> works : List.of(AnnotatedValue.class, HeaderOfInterface.class, RecordByRecord.class)) {
			this.runner.withUserConfiguration(works)
				.withPropertyValues("spring.kafka.listener.type=batch")
				.run((context) -> assertThat(context).as(works.getSimpleName()).hasNotFailed());
		}
		this.runner.withUserConfiguration(PayloadValue.class)
			.withPropertyValues("spring.kafka.listener.type=batch")
			.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
				.satisfies((violation) -> assertThat(violation.risk()).isEqualTo("consumer.batch-parameter")));
	}

	@SuppressWarnings("unchecked")
	private static void succeed(AbstractMessageListenerContainer<?, ?> container, ConsumerRecord<Object, Object> record,
			Consumer<Object, Object> consumer) {
		((RecordInterceptor<Object, Object>) container.getRecordInterceptor()).success(record, consumer);
		((BatchInterceptor<Object, Object>) container.getBatchInterceptor())
			.success(new ConsumerRecords<>(Map.of(new TopicPartition("t", 0), List.of(record)), Map.of()), consumer);
	}

	@Configuration(proxyBeanMethods = false)
	static class AsyncListener {

		@KafkaListener(id = "asynchronous", topics = "t", groupId = "g")
		CompletableFuture<Void> listen(String value) {
			return new CompletableFuture<>();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AsyncAcksListener {

		@KafkaListener(id = "waiting", topics = "t", groupId = "g", containerPostProcessor = "asyncAcks")
		void listen(String value, Acknowledgment acknowledgment) {
			acknowledgment.acknowledge();
		}

		@Bean
		static ContainerPostProcessor<Object, Object, AbstractMessageListenerContainer<Object, Object>> asyncAcks() {
			return (container) -> container.getContainerProperties().setAsyncAcks(true);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OneValue {

		@KafkaListener(id = "one", topics = "t", groupId = "g")
		void listen(String value) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PayloadValue {

		@KafkaListener(id = "payload", topics = "t", groupId = "g")
		void listen(@Payload String value) {
		}

	}

	@Retention(RetentionPolicy.RUNTIME)
	@interface TenantId {

	}

	@Configuration(proxyBeanMethods = false)
	static class AnnotatedValue {

		@KafkaListener(id = "annotated", topics = "t", groupId = "g")
		void listen(List<String> values, @TenantId String tenant) {
		}

	}

	interface Listening {

		void listen(List<String> values, @Header(KafkaHeaders.GROUP_ID) String group);

	}

	@Configuration(proxyBeanMethods = false)
	static class HeaderOfInterface implements Listening {

		@Override
		@KafkaListener(id = "interface", topics = "t", groupId = "g")
		public void listen(List<String> values, String group) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class RecordByRecord {

		@KafkaListener(id = "apart", topics = "t", groupId = "g", containerFactory = "recordByRecord")
		void listen(String value) {
		}

		@Bean
		static ConcurrentKafkaListenerContainerFactory<Object, Object> recordByRecord(
				ConsumerFactory<Object, Object> consumerFactory) {
			ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
			factory.setConsumerFactory(consumerFactory);
			factory.setBatchListener(true);
			factory.setAutoStartup(false);
			factory.setBatchToRecordAdapter(new DefaultBatchToRecordAdapter<>());
			return factory;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ManyValues {

		@KafkaListener(id = "many", topics = "t", groupId = "g")
		void listen(List<String> values, @Header(KafkaHeaders.GROUP_ID) String group, Consumer<?, ?> consumer) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnAsync {

		@Bean
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> exchange() {
			return (container) -> container.getContainerProperties().setMessageListener(new AsyncMessageListener());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class HiddenAsync {

		@Bean
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> exchange() {
			AsyncMessageListener hidden = new AsyncMessageListener();
			return (container) -> container.getContainerProperties()
				.setMessageListener((MessageListener<Object, Object>) hidden::onMessage);
		}

	}

	static class AsyncMessageListener implements MessageListener<Object, Object>, AsyncRepliesAware {

		@Override
		public void onMessage(ConsumerRecord<Object, Object> record) {
		}

		@Override
		public boolean isAsyncReplies() {
			return true;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnFilter {

		@Bean
		ConcurrentMessageListenerContainer<String, String> filtering(ConsumerFactory<String, String> consumerFactory,
				Environment environment) {
			ContainerProperties properties = new ContainerProperties("t");
			if (environment.containsProperty("spring.kafka.listener.ack-mode")) {
				properties.setAckMode(ContainerProperties.AckMode.MANUAL);
			}
			properties.setMessageListener(
					new FilteringMessageListenerAdapter<String, String>((MessageListener<String, String>) (record) -> {
					}, (record) -> false) {

						@Override
						protected boolean filter(ConsumerRecord<String, String> record) {
							return true;
						}

					});
			ConcurrentMessageListenerContainer<String, String> container = new ConcurrentMessageListenerContainer<>(
					consumerFactory, properties);
			container.setAutoStartup(false);
			return container;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AsyncBatchListener {

		@KafkaListener(id = "asynchronous", topics = "t", groupId = "g")
		CompletableFuture<Void> listen(List<String> values) {
			return new CompletableFuture<>();
		}

	}

}
