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

import java.time.Clock;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.idempotency.IdempotencyProperties.Store;
import io.github.reliablekafka.ledger.DeliveryLedger;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.jdbc.init.DataSourceScriptDatabaseInitializer;
import org.springframework.boot.sql.init.dependency.DependsOnDatabaseInitialization;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.util.Assert;

/**
 * {@link AutoConfiguration Auto-configuration} for records that come again and are not
 * processed again.
 *
 * @since 0.1.0
 */
@AutoConfiguration(after = DurabilityAutoConfiguration.class,
		afterName = "org.springframework.boot.jdbc.autoconfigure.DataSourceAutoConfiguration",
		beforeName = "org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration")
@ConditionalOnClass(RecordInterceptor.class)
@ConditionalOnBooleanProperty(name = "reliable.kafka.enabled", matchIfMissing = true)
@EnableConfigurationProperties(IdempotencyProperties.class)
public final class IdempotencyAutoConfiguration {

	IdempotencyAutoConfiguration() {
	}

	@Bean
	@ConditionalOnMissingBean(ProcessedRecords.class)
	@ConditionalOnProperty(name = "reliable.kafka.idempotency.store", havingValue = "jdbc")
	ProcessedRecords reliableKafkaProcessedRecordsNowhere(IdempotencyProperties properties) {
		// Another store than the one that was asked for would be worse than none.
		Assert.state(properties.store() != Store.JDBC,
				"reliable.kafka.idempotency.store=jdbc needs spring-boot-starter-jdbc on the class path");
		return new ProcessedRecordsInMemory(properties.memory().window());
	}

	@Bean
	@ConditionalOnBean(ProcessedRecords.class)
	static IdempotencyCoverage reliableKafkaIdempotencyCoverage(BeanFactory beanFactory) {
		return new IdempotencyCoverage(beanFactory);
	}

	@Bean
	@ConditionalOnBean(ProcessedRecords.class)
	IdempotencyCheck reliableKafkaIdempotencyCheck(ListableBeanFactory beanFactory, IdempotencyCoverage coverage) {
		return new IdempotencyCheck(beanFactory, coverage);
	}

	@Bean
	@ConditionalOnBean(ProcessedRecords.class)
	@ConditionalOnMissingBean(RecordIdentity.class)
	NumberIdentity reliableKafkaRecordIdentity() {
		return new NumberIdentity();
	}

	@Bean
	@ConditionalOnBean(ProcessedRecords.class)
	@ConditionalOnMissingBean
	DeliveryLedger reliableKafkaDeliveryLedger() {
		return new DeliveryLedger();
	}

	/**
	 * What is remembered in memory.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnProperty(name = "reliable.kafka.idempotency.store", havingValue = "memory")
	static class InMemory {

		@Bean
		ProcessedRecordsInMemory reliableKafkaProcessedRecords(IdempotencyProperties properties) {
			return new ProcessedRecordsInMemory(properties.memory().window());
		}

	}

	/**
	 * What is remembered in a database.
	 */
	@Configuration(proxyBeanMethods = false)
	@ConditionalOnClass({ JdbcTemplate.class, DataSourceScriptDatabaseInitializer.class })
	@ConditionalOnProperty(name = "reliable.kafka.idempotency.store", havingValue = "jdbc")
	static class InDatabase {

		@Bean
		IdempotencySchema reliableKafkaIdempotencySchema(ListableBeanFactory beanFactory,
				IdempotencyProperties properties) {
			return new IdempotencySchema(MarkedDataSource.of(beanFactory, properties.jdbc().dataSource()),
					properties.jdbc());
		}

		@Bean
		@DependsOnDatabaseInitialization
		ProcessedRecordsInDatabase reliableKafkaProcessedRecords(ListableBeanFactory beanFactory,
				IdempotencyProperties properties) {
			return new ProcessedRecordsInDatabase(MarkedDataSource.of(beanFactory, properties.jdbc().dataSource()),
					properties.jdbc().tableName(), properties.jdbc().claimTimeout(), Clock.systemUTC());
		}

		@Bean
		ForgettingRecords reliableKafkaForgettingRecords(ProcessedRecordsInDatabase processed,
				IdempotencyProperties properties) {
			return new ForgettingRecords(processed, properties.jdbc().retention(), properties.jdbc().cleanupInterval());
		}

		@Bean
		static ListenerTransactionsCoverage reliableKafkaListenerTransactionsCoverage(
				ObjectProvider<ProcessedRecordsInDatabase> processed) {
			return new ListenerTransactionsCoverage(processed::getObject);
		}

	}

}
