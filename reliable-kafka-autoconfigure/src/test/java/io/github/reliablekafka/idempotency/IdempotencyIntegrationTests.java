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

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import javax.sql.DataSource;

import io.github.reliablekafka.deadletter.DeadLetters;
import io.github.reliablekafka.deadletter.Redrive;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.IdempotencyOutcome;
import io.github.reliablekafka.sequence.LossLedger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.Environment;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for listeners that get each record once, against a broker and H2.
 */
class IdempotencyIntegrationTests extends IdempotencySetup {

	@BeforeEach
	void prepare() {
		probe.createTopic(this.topic, 1);
		configure("spring.datasource.url=jdbc:h2:mem:" + this.topic + ";DB_CLOSE_DELAY=-1");
		this.runner = this.runner.withUserConfiguration(Effects.class);
	}

	@ParameterizedTest
	@ValueSource(strings = { "jdbc", "memory" })
	void recordWhenItComesAgainIsKeptAwayFromTheListenerAndCommitted(String store) {
		run(EffectsListener.class, (context) -> {
			send(context, "one", "fail", "two");
			awaitCommitted(3);
			List<ConsumerRecord<byte[], byte[]>> records = probe.records(this.topic);
			records.forEach((record) -> replay(record, "rk"));
			records.forEach((record) -> replay(record, "rk-orig"));
			awaitCommitted(9);
			assertThat(context.getBean(EffectsListener.class).effects()).containsExactly("fail", "one", "two");
			assertThat(count(context, IdempotencyOutcome.PROCESSED)).isEqualTo(3);
			assertThat(count(context, IdempotencyOutcome.RELEASED)).isEqualTo(1);
			assertThat(count(context, IdempotencyOutcome.DUPLICATE)).isEqualTo(6);
			assertThat(context.getBean(DeliveryLedger.class)
				.consumption(this.topic, this.group)
				.count(ConsumptionOutcome.PROCESSED)).isEqualTo(9);
			send(context, "three");
			awaitCommitted(10);
			assertThat(context.getBean(LossLedger.class).findings()).isEmpty();
		}, "reliable.kafka.idempotency.store=" + store);
	}

	@Test
	void recordWithoutAnIdentityIsProcessedEachTime() {
		run(EffectsListener.class, (context) -> {
			probe.send(this.topic, 0, "a", "same");
			probe.send(this.topic, 0, "a", "same");
			awaitCommitted(2);
			assertThat(context.getBean(EffectsListener.class).effects()).containsExactly("same", "same");
			assertThat(count(context, IdempotencyOutcome.UNIDENTIFIED)).isEqualTo(2);
		}, "reliable.kafka.idempotency.store=jdbc");
	}

	@Test
	void recordWhenApplicationIdentifiesItIsProcessedOnceInWhateverPlace() {
		this.runner = this.runner.withBean(RecordIdentity.class, () -> (record) -> String.valueOf(record.value()));
		run(EffectsListener.class, (context) -> {
			probe.send(this.topic, 0, "a", "same");
			probe.send(this.topic, 0, "b", "same");
			awaitCommitted(2);
			assertThat(context.getBean(EffectsListener.class).effects()).containsExactly("same");
		}, "reliable.kafka.idempotency.store=jdbc");
	}

	@Test
	void recordOfAnotherListenerIsProcessedEachTime() {
		this.runner = this.runner.withBean(RecordIdentity.class, () -> (record) -> String.valueOf(record.value()));
		run(EffectsListener.class, (context) -> {
			probe.send(this.topic, 0, "a", "same");
			probe.send(this.topic, 0, "b", "same");
			awaitCommitted(2);
			assertThat(context.getBean(EffectsListener.class).effects()).containsExactly("same", "same");
		}, "reliable.kafka.idempotency.store=jdbc", "reliable.kafka.idempotency.listeners=other");
	}

	@Test
	void recordWhenAnotherInstanceProcessesItWaitsForTheOutcome() {
		this.runner = this.runner.withBean(RecordIdentity.class, () -> (record) -> String.valueOf(record.value()));
		run(EffectsListener.class, (context) -> {
			ProcessedRecords store = context.getBean(ProcessedRecords.class);
			RecordClaim completed = new RecordClaim(this.group, "completed");
			RecordClaim released = new RecordClaim(this.group, "released");
			store.claim(completed);
			store.claim(released);
			probe.send(this.topic, 0, "a", "completed");
			probe.send(this.topic, 0, "a", "released");
			await().during(Duration.ofMillis(500)).until(() -> probe.committed(this.group, this.topic, 0) <= 0);
			store.complete(completed);
			awaitCommitted(1);
			store.release(released);
			awaitCommitted(2);
			assertThat(context.getBean(EffectsListener.class).effects()).containsExactly("released");
		}, "reliable.kafka.idempotency.store=jdbc", "spring.kafka.listener.ack-mode=record");
	}

	@Test
	void recordWhenRedrivenIsProcessedOnceByTheGroupThatFailedOnly() {
		this.runner = this.runner.withUserConfiguration(OtherGroup.class);
		run(EffectsListener.class, (context) -> {
			send(context, "broken");
			OtherGroup other = context.getBean(OtherGroup.class);
			await().until(() -> probe.records(this.deadLetters).size() == 1);
			awaitCommitted(1);
			// As after a crash between dead letter and commit.
			probe.records(this.deadLetters)
				.forEach((letter) -> probe.send(this.deadLetters, 0, letter.key(), letter.value(),
						letter.headers().toArray()));
			other.healed = true;
			assertThat(context.getBean(DeadLetters.class).redrive(Redrive.of(this.deadLetters)).redriven())
				.isEqualTo(2);
			awaitCommitted(3);
			await().until(() -> probe.committed("other-" + this.topic, this.topic, 0) == 3);
			assertThat(other.processed).hasValue(1);
			assertThat(context.getBean(EffectsListener.class).effects()).containsExactly("broken");
		}, "reliable.kafka.idempotency.store=jdbc", "reliable.kafka.consumer.retry.policy=none");
	}

	@ParameterizedTest
	@ValueSource(strings = { "jdbc", "memory" })
	void recordWhoseContainersTransactionIsNotCommittedComesAgain(String store) {
		run(ContainerTransactions.class, (context) -> {
			send(context, "first", "second");
			awaitCommitted(2);
			ContainerTransactions listener = context.getBean(ContainerTransactions.class);
			assertThat(listener.effects()).containsExactly("first", "second");
			// Neither is committed in front of its transaction.
			assertThat(listener.committedBefore).zipSatisfy(List.of(0L, 0L, 1L),
					(committed, most) -> assertThat(committed).isLessThanOrEqualTo(most));
			// Posted behind the commit of the offset.
			await().untilAsserted(() -> assertThat(count(context, IdempotencyOutcome.PROCESSED)).isEqualTo(2));
		}, "reliable.kafka.idempotency.store=" + store, "spring.kafka.listener.ack-mode=record");
	}

	@Test
	void claimIsCompletedByTransactionsOfTheApplicationsOwnManager() {
		run(EffectsListener.class, (context) -> {
			TransactionTemplate transaction = new TransactionTemplate(
					context.getBean(PlatformTransactionManager.class));
			ProcessedRecords store = context.getBean(ProcessedRecords.class);
			RecordClaim claim = new RecordClaim(this.group, "r");
			store.claim(claim);
			claim.enter();
			transaction.executeWithoutResult((status) -> assertThat(claim.isJoined()).isTrue());
			RecordClaim.exit();
			assertThat(claim.isCompleted()).isTrue();
		}, "reliable.kafka.idempotency.store=jdbc");
	}

	private static long count(ApplicationContext context, IdempotencyOutcome outcome) {
		return context.getBean(DeliveryLedger.class).count(outcome);
	}

	@Configuration(proxyBeanMethods = false)
	static class Effects {

		Effects(DataSource dataSource) {
			createEffects(dataSource);
		}

	}

	/**
	 * The container begins a transaction of the database, of which the first commit
	 * fails, as a deferred constraint has it.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ContainerTransactions {

		final List<Long> committedBefore = new CopyOnWriteArrayList<>();

		private final JdbcTemplate jdbc;

		private final Environment environment;

		private boolean failed;

		ContainerTransactions(DataSource dataSource, Environment environment) {
			this.jdbc = new JdbcTemplate(dataSource);
			this.environment = environment;
		}

		@Bean
		@SuppressWarnings("removal")
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> transactions(
				PlatformTransactionManager transactionManager) {
			return (container) -> container.getContainerProperties().setTransactionManager(transactionManager);
		}

		@KafkaListener(id = "effects", idIsGroup = false, topics = "${topic}")
		void listen(String value) {
			this.jdbc.update("INSERT INTO EFFECTS (NAME) VALUES (?)", value);
			TransactionSynchronizationManager.registerSynchronization(new TransactionSynchronization() {

				// Behind what the container does at the end of its transaction.
				@Override
				public void beforeCompletion() {
					ContainerTransactions.this.committedBefore.add(committed());
				}

				@Override
				public void beforeCommit(boolean readOnly) {
					if (!ContainerTransactions.this.failed) {
						ContainerTransactions.this.failed = true;
						throw new DataIntegrityViolationException("failed on purpose");
					}
				}

			});
		}

		private long committed() {
			return probe.committed(this.environment.getRequiredProperty("spring.kafka.consumer.group-id"),
					this.environment.getRequiredProperty("topic"), 0);
		}

		List<String> effects() {
			return this.jdbc.queryForList("SELECT NAME FROM EFFECTS ORDER BY NAME", String.class);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OtherGroup {

		volatile boolean healed;

		final AtomicInteger processed = new AtomicInteger();

		@KafkaListener(id = "other", topics = "${topic}", groupId = "other-${topic}")
		void listen(String value) {
			if (!this.healed) {
				throw new IllegalStateException("failed on purpose");
			}
			this.processed.incrementAndGet();
		}

	}

}
