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
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

import javax.sql.DataSource;

import io.github.reliablekafka.idempotency.IdempotencyProperties.InitializeSchema;
import io.github.reliablekafka.idempotency.IdempotencyProperties.Jdbc;
import io.github.reliablekafka.idempotency.ProcessedRecords.Answer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * What a store in a database keeps besides, together with the transactions of a listener.
 */
abstract class ProcessedRecordsDatabaseContract extends ProcessedRecordsContract {

	private static final Duration CLAIM_TIMEOUT = Duration.ofMinutes(1);

	private final MutableClock clock = new MutableClock();

	private ProcessedRecordsInDatabase store;

	private JdbcTemplate jdbc;

	private TransactionTemplate transaction;

	abstract DataSource dataSource();

	@Override
	ProcessedRecords store() {
		return this.store;
	}

	@BeforeEach
	void prepare() {
		this.jdbc = new JdbcTemplate(dataSource());
		this.jdbc.execute("DROP TABLE IF EXISTS RELIABLE_KAFKA_RECORD");
		this.jdbc.execute("DROP TABLE IF EXISTS EFFECTS");
		this.jdbc.execute("CREATE TABLE EFFECTS (NAME VARCHAR(100))");
		this.store = new ProcessedRecordsInDatabase(dataSource(), "RELIABLE_KAFKA_RECORD", CLAIM_TIMEOUT, this.clock);
		assertThatIllegalStateException().isThrownBy(this.store::afterPropertiesSet)
			.withMessageContaining("initialize-schema=always");
		// Twice, as with each start.
		createSchema();
		createSchema();
		this.store.afterPropertiesSet();
		JdbcTransactionManager manager = new JdbcTransactionManager(dataSource());
		manager.addListener(new ListenerTransactions(() -> this.store));
		this.transaction = new TransactionTemplate(manager);
	}

	private void createSchema() {
		new IdempotencySchema(dataSource(),
				new Jdbc(null, "RELIABLE_KAFKA_RECORD", InitializeSchema.ALWAYS,
						"classpath:io/github/reliablekafka/idempotency/schema-@@platform@@.sql", null,
						Duration.ofDays(7), Duration.ofHours(1), CLAIM_TIMEOUT))
			.initializeDatabase();
	}

	@AfterEach
	void leave() {
		RecordClaim.exit();
	}

	@Test
	void claimWhenListenerCommitsIsCompletedWithIt() {
		RecordClaim claim = grant("r");
		this.transaction.executeWithoutResult((status) -> {
			assertThat(claim.isCompleted()).isFalse();
			effect();
		});
		// As if the process had died here.
		assertThat(claim.isCompleted()).isTrue();
		assertThat(this.store.claim(new RecordClaim("g", "r"))).isEqualTo(Answer.PROCESSED);
	}

	@Test
	void claimWhenListenerRollsBackIsNotCompleted() {
		RecordClaim claim = grant("r");
		this.transaction.executeWithoutResult((status) -> status.setRollbackOnly());
		assertThat(claim.isCompleted()).isFalse();
		this.store.release(claim);
		assertThat(this.store.claim(new RecordClaim("g", "r"))).isEqualTo(Answer.GRANTED);
	}

	@Test
	void claimWhenListenerFailsAfterItHasCommittedIsReleased() {
		RecordClaim claim = grant("r");
		this.transaction.executeWithoutResult((status) -> effect());
		this.store.release(claim);
		assertThat(this.store.claim(new RecordClaim("g", "r"))).isEqualTo(Answer.GRANTED);
	}

	@Test
	void secondTransactionOfAListenerDoesNotCommit() {
		RecordClaim claim = grant("r");
		this.transaction.executeWithoutResult((status) -> effect());
		assertThatIllegalStateException().isThrownBy(() -> this.transaction.executeWithoutResult((status) -> effect()))
			.withMessageContaining("second transaction");
		assertThat(this.jdbc.queryForObject("SELECT COUNT(*) FROM EFFECTS", Integer.class)).isOne();
		this.store.release(claim);
		assertThat(this.store.claim(new RecordClaim("g", "r"))).isEqualTo(Answer.GRANTED);
	}

	@Test
	void claimWhenATransactionInsideAnotherCommitsIsNotCompleted() {
		RecordClaim claim = grant("r");
		TransactionTemplate inner = new TransactionTemplate(this.transaction.getTransactionManager());
		inner.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
		this.transaction.executeWithoutResult((outer) -> {
			inner.executeWithoutResult((status) -> effect());
			assertThat(claim.isCompleted()).isFalse();
			outer.setRollbackOnly();
		});
		this.store.release(claim);
		assertThat(this.store.claim(new RecordClaim("g", "r"))).isEqualTo(Answer.GRANTED);
	}

	@Test
	void claimOfAnOwnerThatHasDiedIsTakenOverAndOnlyTheNewOwnerCommits() {
		RecordClaim slow = grant("r");
		assertThat(this.store.claim(new RecordClaim("g", "r"))).isEqualTo(Answer.BUSY);
		this.clock.advance(CLAIM_TIMEOUT.plusMillis(1));
		RecordClaim other = new RecordClaim("g", "r");
		assertThat(this.store.claim(other)).isEqualTo(Answer.GRANTED);
		// It was only slow.
		assertThatExceptionOfType(RecordInProgressException.class)
			.isThrownBy(() -> this.transaction.executeWithoutResult((status) -> effect()));
		this.store.release(slow);
		other.enter();
		this.transaction.executeWithoutResult((status) -> effect());
		assertThat(this.jdbc.queryForObject("SELECT COUNT(*) FROM EFFECTS", Integer.class)).isOne();
		assertThat(this.store.claim(new RecordClaim("g", "r"))).isEqualTo(Answer.PROCESSED);
	}

	@Test
	void recordsWhenOldAreForgotten() {
		this.store.complete(grant("old"));
		this.clock.advance(Duration.ofDays(7));
		this.store.complete(grant("new"));
		assertThat(this.store.forget(Duration.ofDays(6))).isOne();
		assertThat(this.store.claim(new RecordClaim("g", "new"))).isEqualTo(Answer.PROCESSED);
		assertThat(this.store.claim(new RecordClaim("g", "old"))).isEqualTo(Answer.GRANTED);
	}

	private RecordClaim grant(String record) {
		RecordClaim claim = new RecordClaim("g", record);
		assertThat(this.store.claim(claim)).isEqualTo(Answer.GRANTED);
		claim.enter();
		return claim;
	}

	private void effect() {
		this.jdbc.update("INSERT INTO EFFECTS (NAME) VALUES ('effect')");
	}

	/**
	 * A clock that is put forward by hand.
	 */
	private static final class MutableClock extends Clock {

		private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

		void advance(Duration duration) {
			this.now = this.now.plus(duration);
		}

		@Override
		public Instant instant() {
			return this.now;
		}

		@Override
		public ZoneId getZone() {
			return ZoneOffset.UTC;
		}

		@Override
		public Clock withZone(ZoneId zone) {
			return this;
		}

	}

}
