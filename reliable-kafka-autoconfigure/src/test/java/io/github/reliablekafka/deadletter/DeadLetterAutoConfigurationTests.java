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
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.AfterRollbackProcessor;
import org.springframework.kafka.listener.CommonContainerStoppingErrorHandler;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.DefaultAfterRollbackProcessor;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.util.backoff.BackOffExecution;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeadLetterAutoConfiguration} and what it installs, without a broker.
 */
class DeadLetterAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
						DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class))
		.withUserConfiguration(Listener.class)
		.withPropertyValues("spring.kafka.listener.auto-startup=false", "spring.kafka.consumer.group-id=g");

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

	@Test
	void startWhenErrorHandlerDropsRecordsIsRefused() {
		for (CommonErrorHandler handler : List.of(new CommonLoggingErrorHandler(), new DefaultErrorHandler(),
				new DefaultErrorHandler(new FixedBackOff(1000, 3)))) {
			this.runner.withBean(CommonErrorHandler.class, () -> handler)
				.run((context) -> assertThat(context.getStartupFailure()).rootCause()
					.isInstanceOf(UnsafeSettingsException.class)
					.hasMessageContaining("listener 'listening'")
					.hasMessageContaining(handler.getClass().getSimpleName() + " without a recoverer"));
			this.runner.withBean(CommonErrorHandler.class, () -> handler)
				.withPropertyValues("reliable.kafka.durability.accept=consumer.error-handler")
				.run((context) -> assertThat(container(context).getCommonErrorHandler()).isSameAs(handler));
		}
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
				Duration.ofSeconds(3), 4);
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
				Duration.ofSeconds(3), 4);
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
	static class OwnAfterRollback {

		@Bean
		AfterRollbackProcessor<Object, Object> processor() {
			return new DefaultAfterRollbackProcessor<>((record, exception) -> {
			});
		}

	}

}
