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

package io.github.reliablekafka.idempotency;

import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link IdempotencyAutoConfiguration} and where it takes hold, without a
 * broker.
 */
class IdempotencyAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
						IdempotencyAutoConfiguration.class, KafkaAutoConfiguration.class))
		.withPropertyValues("spring.kafka.listener.auto-startup=false", "spring.kafka.consumer.group-id=g",
				"spring.kafka.admin.auto-create=false");

	@Test
	void storeWhenNotWantedIsNotThere() {
		this.runner.withUserConfiguration(Listener.class)
			.run((context) -> assertThat(context).hasNotFailed()
				.doesNotHaveBean(ProcessedRecords.class)
				.doesNotHaveBean(IdempotencyCoverage.class));
	}

	@Test
	void interceptorIsBehindTheOneThatWatchesOutcomesAndInFrontOfTheApplications() {
		RecordInterceptor<Object, Object> own = (record, consumer) -> record;
		this.runner.withUserConfiguration(Listener.class)
			.withBean(RecordInterceptor.class, () -> own)
			.withPropertyValues("reliable.kafka.idempotency.store=memory")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				AbstractMessageListenerContainer<?, ?> container = (AbstractMessageListenerContainer<?, ?>) context
					.getBean(KafkaListenerEndpointRegistry.class)
					.getListenerContainer("listening");
				assertThat(container.getRecordInterceptor()).extracting("class.simpleName").isEqualTo("RecordOutcomes");
				assertThat(container.getRecordInterceptor()).extracting("next").isInstanceOf(IdempotentRecords.class);
				assertThat(container.getRecordInterceptor()).extracting("next.next").isSameAs(own);
			});
	}

	@ParameterizedTest
	@ValueSource(strings = { "spring.kafka.listener.type=batch", "spring.kafka.listener.ack-mode=manual",
			"spring.kafka.listener.ack-mode=manual_immediate", "spring.kafka.producer.transaction-id-prefix=tx" })
	void startWhenAListenerMayNotBeDoneWhenItReturnsIsRefused(String property) {
		ApplicationContextRunner refused = this.runner.withUserConfiguration(Listener.class)
			.withPropertyValues("reliable.kafka.idempotency.store=memory", property);
		refused.run((context) -> assertThat(context.getStartupFailure()).rootCause()
			.isInstanceOf(UnsafeSettingsException.class)
			.hasMessageContaining("listener 'listening'")
			.hasMessageContaining("remembered"));
		refused.withPropertyValues("reliable.kafka.idempotency.listeners=other")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenAListenerIsAsynchronousIsRefused() {
		this.runner.withUserConfiguration(AsyncListener.class)
			.withPropertyValues("reliable.kafka.idempotency.store=memory",
					"reliable.kafka.durability.accept=consumer.async")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.isInstanceOf(UnsafeSettingsException.class)
				.hasMessageContaining("return type"));
	}

	@Test
	void startWhenThereIsNoJdbcIsRefused() {
		this.runner.withUserConfiguration(Listener.class)
			.withClassLoader(new FilteredClassLoader(JdbcTemplate.class))
			.withPropertyValues("reliable.kafka.idempotency.store=jdbc")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.hasMessageContaining("spring-boot-starter-jdbc"));
	}

	@Test
	void tableNameWhenItIsNoNameIsRefused() {
		this.runner
			.withPropertyValues("reliable.kafka.idempotency.store=memory",
					"reliable.kafka.idempotency.jdbc.table-name=R; DROP TABLE ORDERS")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause().hasMessageContaining("table-name"));
	}

	@Configuration(proxyBeanMethods = false)
	static class Listener {

		@KafkaListener(id = "listening", idIsGroup = false, topics = "t")
		void listen(Object records) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AsyncListener {

		@KafkaListener(id = "listening", idIsGroup = false, topics = "t")
		CompletableFuture<Void> listen(Object record) {
			return CompletableFuture.completedFuture(null);
		}

	}

}
