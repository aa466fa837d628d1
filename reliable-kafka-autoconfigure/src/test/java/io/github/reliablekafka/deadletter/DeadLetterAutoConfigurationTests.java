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

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.AfterRollbackProcessor;
import org.springframework.kafka.listener.CommonContainerStoppingErrorHandler;
import org.springframework.kafka.listener.CommonDelegatingErrorHandler;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.CommonMixedErrorHandler;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultAfterRollbackProcessor;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.retrytopic.DltStrategy;
import org.springframework.util.backoff.BackOffExecution;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link DeadLetterAutoConfiguration} and what it installs, without a broker.
 */
class DeadLetterAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
						DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class))
		.withUserConfiguration(Listener.class)
		.withPropertyValues("spring.kafka.listener.auto-startup=false", "spring.kafka.consumer.group-id=g",
				"spring.kafka.admin.auto-create=false");

	@Test
	void containerWhenItHasNoErrorHandlerGetsOne() {
		this.runner.run((context) -> {
			assertThat(container(context).getCommonErrorHandler()).isInstanceOf(DeadLetterErrorHandler.class);
			assertThat(context).hasSingleBean(DeliveryLedger.class);
		});
	}

	@Test
	void containerWhenTransactionalGetsAnAfterRollbackProcessorInstead() {
		this.runner.withPropertyValues("spring.kafka.producer.transaction-id-prefix=tx").run((context) -> {
			assertThat(container(context).getCommonErrorHandler()).isNull();
			assertThat(container(context).getAfterRollbackProcessor()).isInstanceOf(DeadLetterAfterRollback.class);
		});
	}

	@Test
	void containerWhenTransactionalWithAProcessorOfTheApplicationKeepsIt() {
		this.runner.withPropertyValues("spring.kafka.producer.transaction-id-prefix=tx")
			.withUserConfiguration(OwnAfterRollback.class)
			.run((context) -> assertThat(container(context).getAfterRollbackProcessor())
				.isSameAs(context.getBean(AfterRollbackProcessor.class)));
	}

	@Test
	void containerWhenApplicationHasAnErrorHandlerKeepsIt() {
		CommonErrorHandler handler = new CommonContainerStoppingErrorHandler();
		this.runner.withBean(CommonErrorHandler.class, () -> handler)
			.run((context) -> assertThat(container(context).getCommonErrorHandler()).isSameAs(handler));
		CommonErrorHandler recovering = new DefaultErrorHandler((record, exception) -> {
		});
		this.runner.withBean(CommonErrorHandler.class, () -> recovering)
			.run((context) -> assertThat(container(context).getCommonErrorHandler()).isSameAs(recovering));
	}

	@ParameterizedTest
	@ValueSource(strings = { "reliable.kafka.enabled=true", "spring.kafka.producer.transaction-id-prefix=tx" })
	void startWhenErrorHandlerDropsRecordsIsRefused(String property) {
		CommonDelegatingErrorHandler delegating = new CommonDelegatingErrorHandler(
				new DefaultErrorHandler((record, exception) -> {
				}));
		delegating.addDelegate(IllegalStateException.class, new DefaultErrorHandler());
		Map<CommonErrorHandler, String> handlers = Map.of(new CommonLoggingErrorHandler(), "CommonLoggingErrorHandler",
				new DefaultErrorHandler(), "DefaultErrorHandler", new DefaultErrorHandler(new FixedBackOff(1000, 3)),
				"DefaultErrorHandler", delegating, "DefaultErrorHandler",
				new CommonDelegatingErrorHandler(new CommonLoggingErrorHandler()), "CommonLoggingErrorHandler",
				new CommonMixedErrorHandler(new CommonContainerStoppingErrorHandler(),
						new CommonDelegatingErrorHandler(new DefaultErrorHandler())),
				"DefaultErrorHandler");
		handlers.forEach((handler, name) -> {
			ApplicationContextRunner with = this.runner.withPropertyValues(property)
				.withBean(CommonErrorHandler.class, () -> handler);
			with.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.isInstanceOf(UnsafeSettingsException.class)
				.hasMessageContaining("listener 'listening'")
				.hasMessageContaining(name + " without a recoverer"));
			with.withPropertyValues("reliable.kafka.durability.accept=consumer.error-handler")
				.run((context) -> assertThat(container(context).getCommonErrorHandler()).isSameAs(handler));
		});
	}

	@Test
	void containerWhenCreatedAfterTheStartWithAHandlerThatDropsRecordsIsRefused() {
		this.runner.withUserConfiguration(DroppingFactory.class).run((context) -> {
			assertThat(context).hasNotFailed();
			ConcurrentKafkaListenerContainerFactory<?, ?> factory = context.getBean("droppingFactory",
					ConcurrentKafkaListenerContainerFactory.class);
			assertThatExceptionOfType(UnsafeSettingsException.class).isThrownBy(() -> factory.createContainer("later"))
				.withMessageContaining("listener container of [later]");
		});
	}

	@Test
	void containerWhenCreatedBeforeTheStartIsJudgedByItsLastHandler() {
		this.runner.withUserConfiguration(DroppingFactory.class, EarlyContainer.class)
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.isInstanceOf(UnsafeSettingsException.class)
				.hasMessageContaining("listener container of [early]"));
		this.runner.withUserConfiguration(DroppingFactory.class, EarlyContainer.class)
			.withPropertyValues("keep=true")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void recovererOfTheApplicationWhenItPublishesIsBounded() {
		DeadLetterPublishingRecoverer recoverer = new DeadLetterPublishingRecoverer(
				(KafkaOperations<?, ?>) mock(KafkaOperations.class));
		CommonErrorHandler handler = new CommonDelegatingErrorHandler(new DefaultErrorHandler(recoverer));
		this.runner.withBean(CommonErrorHandler.class, () -> handler)
			.withPropertyValues("spring.kafka.consumer.max-poll-interval=10s")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(recoverer).extracting("waitForSendResultTimeout", "timeoutBuffer")
					.containsExactly(Duration.ofSeconds(5), (long) -Integer.MAX_VALUE);
			});
	}

	@Test
	void recovererOfRetryTopicsIsBoundedByTheMaximumPollInterval() {
		this.runner.withUserConfiguration(RetryingListener.class)
			.withPropertyValues("spring.kafka.consumer.max-poll-interval=10s")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBean(KafkaListenerEndpointRegistry.class).getListenerContainer("retrying"))
					.extracting("commonErrorHandler.failureTracker.recoverer.waitForSendResultTimeout")
					.isEqualTo(Duration.ofSeconds(5));
			});
	}

	@Test
	void startWhenRetryTopicsEndWithoutADeadLetterTopicIsRefused() {
		this.runner.withUserConfiguration(RetryingListener.class, UndeadListener.class)
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.isInstanceOf(UnsafeSettingsException.class)
				.hasMessageContaining("listener 'undead': dltStrategy is 'NO_DLT'")
				.hasMessageNotContaining("retrying"));
		this.runner.withUserConfiguration(RetryingListener.class, UndeadListener.class)
			.withPropertyValues("reliable.kafka.durability.accept=consumer.no-dlt")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(throwsIfNoDestination(context, "undead")).isEqualTo(false);
			});
		this.runner.withUserConfiguration(RetryingListener.class)
			.run((context) -> assertThat(throwsIfNoDestination(context, "retrying")).isEqualTo(true));
	}

	private static @Nullable Object throwsIfNoDestination(ApplicationContext context, String listener) {
		return new DirectFieldAccessor(
				context.getBean(KafkaListenerEndpointRegistry.class).getListenerContainer(listener))
			.getPropertyValue("commonErrorHandler.failureTracker.recoverer.throwIfNoDestinationReturned");
	}

	@Test
	void everythingWhenDisabledIsUntouched() {
		this.runner.withPropertyValues("reliable.kafka.enabled=false").run((context) -> {
			assertThat(container(context).getCommonErrorHandler()).isNull();
			assertThat(context).doesNotHaveBean(DeadLetterClusters.class).doesNotHaveBean(DeliveryLedger.class);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "reliable.kafka.consumer.retry.max-attempts=0",
			"reliable.kafka.consumer.retry.initial-interval=0", "reliable.kafka.consumer.retry.multiplier=0.5",
			"reliable.kafka.consumer.retry.max-interval=10ms", "reliable.kafka.dead-letter.suffix=",
			"reliable.kafka.dead-letter.publish-timeout=0" })
	void startWhenPropertyIsNonsenseFails(String property) {
		this.runner.withPropertyValues(property)
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.hasMessageContaining(property.substring(0, property.indexOf('='))));
	}

	@Test
	void backOffWhenExponentialEndsAfterTheLastAttempt() {
		RetryProperties properties = new RetryProperties(RetryProperties.Policy.EXPONENTIAL, Duration.ofSeconds(1), 2,
				Duration.ofSeconds(3), 4, null, List.of(), List.of(), List.of());
		BackOffExecution waits = properties.backOff(false).start();
		assertThat(List.of(waits.nextBackOff(), waits.nextBackOff(), waits.nextBackOff(), waits.nextBackOff(),
				waits.nextBackOff()))
			.containsExactly(1000L, 2000L, 3000L, BackOffExecution.STOP, BackOffExecution.STOP);
		BackOffExecution endless = properties.backOff(true).start();
		for (int i = 0; i < 1000; i++) {
			assertThat(endless.nextBackOff()).isPositive();
		}
	}

	@Test
	void backOffWhenPolicyIsNoneEndsAtOnce() {
		RetryProperties properties = new RetryProperties(RetryProperties.Policy.NONE, Duration.ofSeconds(1), 2,
				Duration.ofSeconds(3), 4, null, List.of(), List.of(), List.of());
		assertThat(properties.backOff(false).start().nextBackOff()).isEqualTo(BackOffExecution.STOP);
		assertThat(properties.backOff(true).start().nextBackOff()).isPositive();
	}

	@Test
	void connectionSettingsLeaveTheRestBehind() {
		Map<String, Object> settings = Map.of("bootstrap.servers", List.of("a:1"), "security.protocol", "SSL",
				"ssl.keystore.location", "k", "sasl.jaas.config", "j", "org.springframework.boot.ssl.SslBundle", "b",
				"login.module.setting", "x", "group.id", "g", "client.id", "c", "metric.reporters", "m");
		assertThat(ConnectionSettings.of(settings)).containsOnlyKeys("bootstrap.servers", "security.protocol",
				"ssl.keystore.location", "sasl.jaas.config", "org.springframework.boot.ssl.SslBundle",
				"login.module.setting");
		assertThat(ConnectionSettings.of(Map.of("key.deserializer", "d", "interceptor.classes", "i", "acks", "all",
				"spring.json.trusted.packages", "*", "max.poll.interval.ms", 1)))
			.isEmpty();
	}

	@Test
	void sameClusterComparesAddresses() {
		assertThat(ConnectionSettings.sameCluster(Map.of("bootstrap.servers", List.of("a:1", "b:1")),
				Map.of("bootstrap.servers", "b:1, a:1")))
			.isTrue();
		assertThat(
				ConnectionSettings.sameCluster(Map.of("bootstrap.servers", "a:1"), Map.of("bootstrap.servers", "a:2")))
			.isFalse();
	}

	private static AbstractMessageListenerContainer<?, ?> container(ApplicationContext context) {
		return (AbstractMessageListenerContainer<?, ?>) context.getBean(KafkaListenerEndpointRegistry.class)
			.getListenerContainer("listening");
	}

	@Configuration(proxyBeanMethods = false)
	static class Listener {

		@KafkaListener(id = "listening", topics = "t")
		void listen(ConsumerRecord<?, ?> record) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class RetryingListener {

		@RetryableTopic(attempts = "2")
		@KafkaListener(id = "retrying", topics = "r")
		void listen(String value) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class UndeadListener {

		@RetryableTopic(attempts = "2", dltStrategy = DltStrategy.NO_DLT)
		@KafkaListener(id = "undead", topics = "u")
		void listen(String value) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class DroppingFactory {

		@Bean
		ConcurrentKafkaListenerContainerFactory<Object, Object> droppingFactory(
				ConsumerFactory<Object, Object> consumerFactory) {
			ConcurrentKafkaListenerContainerFactory<Object, Object> factory = new ConcurrentKafkaListenerContainerFactory<>();
			factory.setConsumerFactory(consumerFactory);
			factory.setCommonErrorHandler(new DefaultErrorHandler());
			return factory;
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class EarlyContainer {

		EarlyContainer(@Qualifier("droppingFactory") ConcurrentKafkaListenerContainerFactory<?, ?> factory,
				@Value("${keep:false}") boolean keep) {
			AbstractMessageListenerContainer<?, ?> container = factory.createContainer("early");
			if (keep) {
				container.setCommonErrorHandler(new CommonContainerStoppingErrorHandler());
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnAfterRollback {

		@Bean
		AfterRollbackProcessor<Object, Object> processor() {
			return new DefaultAfterRollbackProcessor<>((record, exception) -> {
			});
		}

	}

}
