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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.durability.Violation;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.support.AbstractBeanDefinition;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;
import org.springframework.core.env.Environment;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.ContainerPostProcessor;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultShareConsumerFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.AcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.CommonContainerStoppingErrorHandler;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.DefaultBatchToRecordAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;
import org.springframework.messaging.handler.annotation.Payload;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the consumers with which {@link ReliableConsumerAutoConfiguration} lets no
 * application start.
 */
@ExtendWith(OutputCaptureExtension.class)
class RefusedConsumersTests extends ReliableConsumerSetup {

	@Test
	void startWhenAutoCommitIsOnInSeveralPlacesNamesThemAll() {
		this.runner.withPropertyValues("spring.kafka.consumer.enable-auto-commit=true")
			.withUserConfiguration(AutoCommitEverywhere.class)
			.run((context) -> {
				List<Violation> violations = violations(context.getStartupFailure());
				assertThat(violations).extracting(Violation::risk).containsOnly("consumer.auto-commit");
				assertThat(violations).extracting(Violation::subject)
					.containsExactlyInAnyOrder("consumer factory 'kafkaConsumerFactory'",
							"consumer factory of 'ownContainerFactory'", "listener 'overriding'", "listener 'handMade'",
							"consumer factory of listener container 'handMade'");
				Violation ofProperty = violations.stream()
					.filter((violation) -> violation.subject().contains("kafkaConsumerFactory"))
					.findFirst()
					.orElseThrow();
				assertThat(ofProperty.describe()).contains("enable.auto.commit is 'true'")
					.contains("spring.kafka.consumer.enable-auto-commit")
					.contains("whether or not the records were processed");
				assertThat(ofProperty.remedy()).contains("Remove 'spring.kafka.consumer.enable-auto-commit");
				Violation ofListener = violations.stream()
					.filter((violation) -> violation.subject().equals("listener 'overriding'"))
					.findFirst()
					.orElseThrow();
				assertThat(ofListener.origin()).contains("the listener's own consumer properties");
				assertThat(ofListener.remedy()).contains("listener 'overriding'");
			});
	}

	@Test
	void startWhenAutoCommitIsAcceptedSucceeds() {
		this.runner
			.withPropertyValues("spring.kafka.consumer.enable-auto-commit=true",
					"reliable.kafka.durability.accept=consumer.auto-commit")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(SafetyGate.class).acceptedViolations()).hasSize(1);
			});
	}

	@Test
	void startWhenFactoryImplementsOnlyTheInterfaceIsRefused() {
		this.runner.withUserConfiguration(BareFactory.class)
			.run((context) -> assertThat(violations(context.getStartupFailure())).isNotEmpty()
				.allSatisfy((violation) -> assertThat(violation.risk()).isEqualTo("consumer.uncovered")));
		this.runner.withUserConfiguration(BareFactory.class)
			.withPropertyValues("reliable.kafka.durability.accept=consumer.uncovered")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void startWhenListenerIsAsynchronousIsRefused(String type) {
		ApplicationContextRunner async = this.runner.withPropertyValues("spring.kafka.listener.type=" + type)
			.withUserConfiguration(type.equals("batch") ? AsyncBatchListener.class : AsyncListener.class);
		async.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
			.satisfies((violation) -> assertThat(violation.risk()).isEqualTo("consumer.async"))
			.satisfies((violation) -> assertThat(violation.subject()).isEqualTo("listener 'asynchronous'")));
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

	@Test
	void startWhenAWrapperHidesThatItsListenerIsAsynchronousIsRefused() {
		this.runner.withUserConfiguration(AsyncListener.class, Wrapping.class)
			.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
				.satisfies((violation) -> assertThat(violation.risk()).isEqualTo("consumer.async")));
		this.runner.withUserConfiguration(OverridingListener.class, Wrapping.class)
			.run((context) -> assertThat(context).hasNotFailed());
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

	@Test
	void containerStopsBehindTheRecordThatItsListenerHasUnlessToldOtherwise() {
		ApplicationContextRunner listening = this.runner.withUserConfiguration(OverridingListener.class);
		listening.run((context) -> assertThat(stopsImmediately(context)).isTrue());
		listening.withPropertyValues("spring.kafka.listener.immediate-stop=false")
			.run((context) -> assertThat(stopsImmediately(context)).isFalse());
	}

	private static boolean stopsImmediately(ApplicationContext context) {
		return container(context.getBean(KafkaListenerEndpointRegistry.class), "overriding").getContainerProperties()
			.isStopImmediate();
	}

	@SuppressWarnings("unchecked")
	private static void succeed(AbstractMessageListenerContainer<?, ?> container, ConsumerRecord<Object, Object> record,
			Consumer<Object, Object> consumer) {
		((RecordInterceptor<Object, Object>) container.getRecordInterceptor()).success(record, consumer);
		((BatchInterceptor<Object, Object>) container.getBatchInterceptor())
			.success(new ConsumerRecords<>(Map.of(new TopicPartition("t", 0), List.of(record)), Map.of()), consumer);
	}

	@Test
	void startWhenBeansAreNoCandidatesIgnoresThem() {
		CommonErrorHandler used = new CommonContainerStoppingErrorHandler();
		this.runner.withUserConfiguration(OverridingListener.class)
			.withBean("used", CommonErrorHandler.class, () -> used)
			.withBean("other", CommonErrorHandler.class, CommonContainerStoppingErrorHandler::new,
					(definition) -> definition.setAutowireCandidate(false))
			.withBean("another", CommonErrorHandler.class, CommonContainerStoppingErrorHandler::new,
					(definition) -> ((AbstractBeanDefinition) definition).setDefaultCandidate(false))
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(container(context.getBean(KafkaListenerEndpointRegistry.class), "overriding")
					.getCommonErrorHandler()).isSameAs(used);
			});
		this.runner.withUserConfiguration(OverridingListener.class)
			.withBean("one", CommonErrorHandler.class, CommonContainerStoppingErrorHandler::new,
					(definition) -> definition.setAutowireCandidate(false))
			.withBean("another", CommonErrorHandler.class, CommonContainerStoppingErrorHandler::new,
					(definition) -> definition.setAutowireCandidate(false))
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenBeansAreAmbiguousNamesThem() {
		this.runner.withUserConfiguration(OverridingListener.class, TwoErrorHandlers.class)
			.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
				.satisfies((violation) -> {
					assertThat(violation.risk()).isEqualTo("consumer.ambiguous-beans");
					assertThat(violation.describe()).contains("CommonErrorHandler is 'handlerOne, handlerTwo'")
						.contains("Spring Boot applies none");
					assertThat(violation.remedy()).contains("@Primary");
				}));
	}

	@Test
	void startWhenBeansAreAmbiguousForNoListenerSucceeds() {
		this.runner.withUserConfiguration(TwoErrorHandlers.class).run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenOneOfSeveralBeansIsPrimarySucceeds() {
		this.runner.withUserConfiguration(OverridingListener.class, PrimaryErrorHandler.class)
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenConsumerFactoryTakesNoCoverIsRefused() {
		this.runner.withUserConfiguration(ForeignConsumerFactory.class)
			.run((context) -> assertThat(violations(context.getStartupFailure())).singleElement()
				.satisfies((violation) -> {
					assertThat(violation.risk()).isEqualTo("consumer.uncovered");
					assertThat(violation.subject()).isEqualTo("consumer factory 'foreign'");
				}));
	}

	@Test
	void startWhenShareGroupIsUsedIsRefused() {
		this.runner.withBean(DefaultShareConsumerFactory.class, Map.of("bootstrap.servers", "localhost:1"))
			.run((context) -> assertThat(violations(context.getStartupFailure())).extracting(Violation::risk)
				.containsExactly("consumer.share-group"));
	}

	private static List<Violation> violations(Throwable failure) {
		assertThat(failure).isNotNull();
		Throwable cause = failure;
		while (!(cause instanceof UnsafeSettingsException)) {
			assertThat(cause.getCause()).as(Arrays.toString(cause.getStackTrace())).isNotNull();
			cause = cause.getCause();
		}
		return ((UnsafeSettingsException) cause).violations();
	}

	@Configuration(proxyBeanMethods = false)
	static class AutoCommitEverywhere {

		@KafkaListener(id = "overriding", topics = "t", properties = "enable.auto.commit=TRUE")
		void listen(ConsumerRecord<?, ?> record) {
		}

		@Bean
		ConcurrentKafkaListenerContainerFactory<String, String> ownContainerFactory() {
			ConcurrentKafkaListenerContainerFactory<String, String> factory = new ConcurrentKafkaListenerContainerFactory<>();
			factory.setConsumerFactory(new DefaultKafkaConsumerFactory<>(Map.of("enable.auto.commit", true)));
			return factory;
		}

		@Bean
		ConcurrentMessageListenerContainer<String, String> handMade() {
			ContainerProperties properties = new ContainerProperties("t");
			properties.setMessageListener((MessageListener<String, String>) (record) -> {
			});
			properties.getKafkaConsumerProperties().put("enable.auto.commit", true);
			ConcurrentMessageListenerContainer<String, String> container = new ConcurrentMessageListenerContainer<>(
					new DefaultKafkaConsumerFactory<>(Map.of("enable.auto.commit", "true")), properties);
			container.setAutoStartup(false);
			return container;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class PrimaryErrorHandler {

		@Bean
		@Primary
		CommonErrorHandler handlerOne() {
			return new CommonErrorHandler() {
			};
		}

		@Bean
		CommonErrorHandler handlerTwo() {
			return new CommonErrorHandler() {
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BareFactory {

		@Bean
		ConsumerFactory<Object, Object> bareFactory() {
			return new ConsumerFactory<>() {

				@Override
				public Consumer<Object, Object> createConsumer(@Nullable String groupId,
						@Nullable String clientIdPrefix, @Nullable String clientIdSuffix) {
					return new MockConsumer<>("earliest");
				}

				@Override
				public Consumer<Object, Object> createConsumer(@Nullable String groupId,
						@Nullable String clientIdPrefix, @Nullable String clientIdSuffix,
						@Nullable Properties properties) {
					return new MockConsumer<>("earliest");
				}

				@Override
				public boolean isAutoCommit() {
					return false;
				}

			};
		}

		@KafkaListener(id = "bare", topics = "t")
		void listen(String value) {
		}

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
	static class Wrapping {

		@Bean
		@SuppressWarnings("unchecked")
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> wrapper() {
			return (container) -> {
				MessageListener<Object, Object> listener = (MessageListener<Object, Object>) container
					.getContainerProperties()
					.getMessageListener();
				container.getContainerProperties()
					.setMessageListener(
							(AcknowledgingConsumerAwareMessageListener<Object, Object>) listener::onMessage);
			};
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

	@Configuration(proxyBeanMethods = false)
	static class ForeignConsumerFactory {

		@Bean
		ConsumerFactory<Object, Object> foreign() {
			return new ConsumerFactory<>() {

				@Override
				public Consumer<Object, Object> createConsumer(String groupId, String clientIdPrefix,
						String clientIdSuffix, Properties properties) {
					throw new IllegalStateException("Refused before it is asked");
				}

				@Override
				public boolean isAutoCommit() {
					return false;
				}

				@Override
				public Map<String, Object> getConfigurationProperties() {
					return Map.of();
				}

			};
		}

	}

}
