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

import javax.sql.DataSource;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseBuilder;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseType;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.kafka.annotation.KafkaHandler;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.messaging.handler.annotation.SendTo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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

	@ParameterizedTest
	@ValueSource(classes = { ReplyingListener.class, ManyReplyingListener.class })
	void startWhenAListenerRepliesIsRefused(Class<?> listener) {
		this.runner.withUserConfiguration(listener)
			.withPropertyValues("reliable.kafka.idempotency.store=memory")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.isInstanceOf(UnsafeSettingsException.class)
				.hasMessageContaining("listener 'listening'")
				.hasMessageContaining("before its reply is acknowledged"));
	}

	@Test
	void startWhenAListenerHasManyMethodsOfWhichNoneRepliesIsPermitted() {
		this.runner.withUserConfiguration(ManyListener.class)
			.withPropertyValues("reliable.kafka.idempotency.store=memory")
			.run((context) -> assertThat(context).hasNotFailed());
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

	@Test
	void startWhenThereAreSeveralDataSourcesAsksForTheirName() {
		ApplicationContextRunner several = this.runner.withUserConfiguration(Listener.class, DataSources.class)
			.withPropertyValues("reliable.kafka.idempotency.store=jdbc");
		several.run((context) -> assertThat(context.getStartupFailure()).rootCause()
			.hasMessageContaining("[orders, reports]")
			.hasMessageContaining("reliable.kafka.idempotency.jdbc.data-source"));
		several.withPropertyValues("reliable.kafka.idempotency.jdbc.data-source=payments")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.hasMessageContaining("names no DataSource")
				.hasMessageContaining("[orders, reports]"));
		several.withPropertyValues("reliable.kafka.idempotency.jdbc.data-source=orders").run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(new JdbcTemplate(context.getBean("orders", DataSource.class))
				.queryForList("SELECT * FROM RELIABLE_KAFKA_RECORD")).isEmpty();
			assertThatExceptionOfType(DataAccessException.class)
				.isThrownBy(() -> new JdbcTemplate(context.getBean("reports", DataSource.class))
					.queryForList("SELECT * FROM RELIABLE_KAFKA_RECORD"));
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "orders", "reports" })
	void startWhenContainerHasTransactionsOfAnotherDatabaseIsRefused(String marks) {
		this.runner.withUserConfiguration(Listener.class, DataSources.class, OwnTransactions.class)
			.withPropertyValues("reliable.kafka.idempotency.store=jdbc",
					"reliable.kafka.idempotency.jdbc.data-source=" + marks)
			.run((context) -> {
				if (marks.equals("orders")) {
					assertThat(context).hasNotFailed();
				}
				else {
					assertThat(context.getStartupFailure()).rootCause()
						.isInstanceOf(UnsafeSettingsException.class)
						.hasMessageContaining("of another DataSource");
				}
			});
	}

	@Configuration(proxyBeanMethods = false)
	static class DataSources {

		@Bean
		DataSource orders() {
			return new EmbeddedDatabaseBuilder().generateUniqueName(true).setType(EmbeddedDatabaseType.H2).build();
		}

		@Bean
		DataSource reports() {
			return new EmbeddedDatabaseBuilder().generateUniqueName(true).setType(EmbeddedDatabaseType.H2).build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnTransactions {

		@Bean
		@SuppressWarnings("removal")
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> transactions(
				@Qualifier("orders") ObjectProvider<DataSource> orders) {
			return (container) -> container.getContainerProperties()
				.setTransactionManager(new JdbcTransactionManager(orders.getObject()));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Listener {

		@KafkaListener(id = "listening", idIsGroup = false, topics = "t")
		void listen(Object records) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ReplyingListener {

		@KafkaListener(id = "listening", idIsGroup = false, topics = "t")
		@SendTo("replies")
		String listen(String record) {
			return record;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@KafkaListener(id = "listening", idIsGroup = false, topics = "t")
	static class ManyReplyingListener {

		@KafkaHandler
		@SendTo("replies")
		String listen(String record) {
			return record;
		}

		@KafkaHandler
		void listen(Integer record) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	@KafkaListener(id = "listening", idIsGroup = false, topics = "t")
	static class ManyListener {

		@KafkaHandler
		void listen(String record) {
		}

		@KafkaHandler
		void listen(Integer record) {
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
