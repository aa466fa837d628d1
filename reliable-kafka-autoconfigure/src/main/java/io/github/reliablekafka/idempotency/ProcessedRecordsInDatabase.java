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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

import javax.sql.DataSource;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.InitializingBean;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.support.JdbcTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.ResourceTransactionManager;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Remembers records in a table, for all instances. A row is a claim with an owner and a
 * time at which it is free again, until the record is processed.
 * <p>
 * The first transaction that a listener begins on the same data source completes the
 * claim just before it commits, and fails if somebody else has got it meanwhile: what the
 * listener wrote and that it is processed are committed together, by one owner. A
 * listener without such a transaction is remembered after it returns; if the process dies
 * in between, the record is processed again. A second transaction cannot commit.
 * <p>
 * Clocks of instances may differ by less than the claim timeout; more lets two instances
 * run the listener, of which only one commits. Safe for use by many threads.
 */
final class ProcessedRecordsInDatabase implements ProcessedRecords, InitializingBean {

	private static final Log logger = LogFactory.getLog(ProcessedRecordsInDatabase.class);

	private static final int ATTEMPTS = 5;

	private static final int LONGEST_GROUP = 255;

	private static final int LONGEST_RECORD_ID = 400;

	/**
	 * Control characters, and what is not in the basic plane, which could be cut in two.
	 */
	private static final Pattern NOT_SHOWN = Pattern.compile("[\\p{Cntrl}\\x{10000}-\\x{10FFFF}\\p{Cs}]");

	private final DataSource dataSource;

	private final JdbcTemplate jdbc;

	private final TransactionTemplate ownTransaction;

	private final Statements statements;

	private final Duration claimTimeout;

	private final Clock clock;

	/**
	 * What failed after its transaction was committed, while the database was away.
	 */
	private final Map<String, RecordClaim> toBeReleased = new ConcurrentHashMap<>();

	/**
	 * Create a store.
	 * @param dataSource the database
	 * @param tableName the name of the table
	 * @param claimTimeout how long a claim of an owner that has died lasts
	 * @param clock tells the time
	 */
	ProcessedRecordsInDatabase(DataSource dataSource, String tableName, Duration claimTimeout, Clock clock) {
		this.dataSource = dataSource;
		this.jdbc = new JdbcTemplate(dataSource);
		// Not a transaction manager of the application: its listeners are not told.
		this.ownTransaction = new TransactionTemplate(new JdbcTransactionManager(dataSource));
		this.ownTransaction.setPropagationBehavior(TransactionDefinition.PROPAGATION_REQUIRES_NEW);
		this.statements = new Statements(tableName);
		this.claimTimeout = claimTimeout;
		this.clock = clock;
	}

	/**
	 * Look for the table. Without it each record would fail.
	 */
	@Override
	public void afterPropertiesSet() {
		try {
			this.ownTransaction.executeWithoutResult((status) -> this.jdbc.queryForList(this.statements.select, ""));
		}
		catch (DataAccessException ex) {
			throw new IllegalStateException(
					"The table for processed records cannot be read. Create it with the script for your database in io/github/reliablekafka/idempotency, or set reliable.kafka.idempotency.jdbc.initialize-schema=always",
					ex);
		}
	}

	@Override
	public boolean isReachedBy(@Nullable Object transactionManager) {
		return !(transactionManager instanceof ResourceTransactionManager manager)
				|| !(manager.getResourceFactory() instanceof DataSource other) || other == this.dataSource;
	}

	@Override
	public Answer claim(RecordClaim claim) {
		releaseWhatFailed(claim);
		for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
			long now = this.clock.millis();
			DataIntegrityViolationException refused = insert(claim, now);
			if (refused == null) {
				joinTransaction(claim);
				return Answer.GRANTED;
			}
			List<Row> rows = this.ownTransaction.execute((status) -> this.jdbc.query(this.statements.select,
					(row, number) -> new Row(row.getString(1), row.getInt(2) != 0, row.getLong(3)), claim.id()));
			if (rows == null || rows.isEmpty()) {
				if (attempt == ATTEMPTS - 1) {
					throw refused;
				}
				// Released a moment ago.
				continue;
			}
			Row row = rows.get(0);
			if (row.processed) {
				return Answer.PROCESSED;
			}
			if (row.claimedUntil > now) {
				return Answer.BUSY;
			}
			if (update(this.statements.takeOver, claim.owner(), now + this.claimTimeout.toMillis(), claim.id(),
					row.owner)) {
				joinTransaction(claim);
				return Answer.GRANTED;
			}
		}
		return Answer.BUSY;
	}

	// Why it is not inserted: mostly because it is there already.
	private @Nullable DataIntegrityViolationException insert(RecordClaim claim, long now) {
		try {
			update(this.statements.insert, claim.id(), readable(claim.group(), LONGEST_GROUP),
					readable(claim.recordId(), LONGEST_RECORD_ID), claim.owner(), now + this.claimTimeout.toMillis(),
					now);
			return null;
		}
		catch (DataIntegrityViolationException ex) {
			logger.trace("Claimed before", ex);
			return ex;
		}
	}

	// For people; not all databases take every character.
	private static String readable(String text, int longest) {
		String shown = NOT_SHOWN.matcher(text).replaceAll("?");
		return (shown.length() > longest) ? shown.substring(0, longest) : shown;
	}

	private boolean update(String statement, Object... arguments) {
		Integer rows = this.ownTransaction.execute((status) -> this.jdbc.update(statement, arguments));
		return rows != null && rows == 1;
	}

	/**
	 * Have the transaction of this thread complete a claim, if it is one of this database
	 * and no other does that already.
	 * @param claim of the record that is processed
	 */
	void joinTransaction(RecordClaim claim) {
		if (!TransactionSynchronizationManager.isSynchronizationActive()
				|| !TransactionSynchronizationManager.hasResource(this.dataSource)
				|| TransactionSynchronizationManager.isCurrentTransactionReadOnly()) {
			return;
		}
		if (claim.isCompleted()) {
			TransactionSynchronizationManager.registerSynchronization(new Refusal(claim));
			return;
		}
		// Within another transaction that is suspended, and may yet be rolled back.
		if (!claim.isJoined()) {
			claim.joined(true);
			TransactionSynchronizationManager.registerSynchronization(new Completion(claim));
		}
	}

	@Override
	public void complete(RecordClaim claim) {
		if (!claim.isCompleted() && !update(this.statements.complete, claim.id(), claim.owner())) {
			logger.warn("%s took longer than the claim timeout of %s, and may have been processed elsewhere as well"
				.formatted(claim.recordId(), this.claimTimeout));
		}
	}

	@Override
	public void release(RecordClaim claim) {
		if (!claim.isCompleted()) {
			// Whether a commit that failed has happened, only the database knows.
			update(this.statements.releaseUnprocessed, claim.id(), claim.owner());
			return;
		}
		this.toBeReleased.put(claim.id(), claim);
		releaseWhatFailed(claim);
	}

	private void releaseWhatFailed(RecordClaim claim) {
		RecordClaim failed = this.toBeReleased.get(claim.id());
		if (failed != null) {
			update(this.statements.release, failed.id(), failed.owner());
			this.toBeReleased.remove(failed.id(), failed);
		}
	}

	/**
	 * Forget old records.
	 * @param retention how old
	 * @return how many rows were deleted
	 */
	int forget(Duration retention) {
		Integer rows = this.ownTransaction
			.execute((status) -> this.jdbc.update(this.statements.forget, this.clock.millis() - retention.toMillis()));
		return (rows != null) ? rows : 0;
	}

	/**
	 * Completes a claim together with what the listener wrote.
	 */
	private final class Completion implements TransactionSynchronization {

		private final RecordClaim claim;

		Completion(RecordClaim claim) {
			this.claim = claim;
		}

		@Override
		public void beforeCommit(boolean readOnly) {
			ProcessedRecordsInDatabase store = ProcessedRecordsInDatabase.this;
			if (store.jdbc.update(store.statements.complete, this.claim.id(), this.claim.owner()) != 1) {
				throw new RecordInProgressException(
						"%s took longer than the claim timeout of %s, and was given to another instance"
							.formatted(this.claim.recordId(), store.claimTimeout));
			}
		}

		@Override
		public void afterCompletion(int status) {
			this.claim.joined(false);
			if (status == STATUS_COMMITTED) {
				this.claim.completed();
			}
		}

	}

	/**
	 * Keeps a second transaction of a listener from committing. If the process died in
	 * front of it, the record would count as processed without it.
	 */
	private static final class Refusal implements TransactionSynchronization {

		private final RecordClaim claim;

		Refusal(RecordClaim claim) {
			this.claim = claim;
		}

		@Override
		public void beforeCommit(boolean readOnly) {
			throw new IllegalStateException(
					"The listener of %s began a second transaction: only what is in the first one is done exactly once. Put both into one, for example by @Transactional on the listener"
						.formatted(this.claim.recordId()));
		}

	}

	private record Row(String owner, boolean processed, long claimedUntil) {
	}

	/**
	 * The statements, which every database understands.
	 */
	private static final class Statements {

		private final String insert;

		private final String select;

		private final String takeOver;

		private final String complete;

		private final String releaseUnprocessed;

		private final String release;

		private final String forget;

		Statements(String table) {
			this.insert = "INSERT INTO " + table
					+ " (ID, CONSUMER_GROUP, RECORD_ID, OWNER_ID, PROCESSED, CLAIMED_UNTIL, CREATED_AT) VALUES (?, ?, ?, ?, 0, ?, ?)";
			this.select = "SELECT OWNER_ID, PROCESSED, CLAIMED_UNTIL FROM " + table + " WHERE ID = ?";
			this.takeOver = "UPDATE " + table
					+ " SET OWNER_ID = ?, CLAIMED_UNTIL = ? WHERE ID = ? AND OWNER_ID = ? AND PROCESSED = 0";
			this.complete = "UPDATE " + table + " SET PROCESSED = 1 WHERE ID = ? AND OWNER_ID = ?";
			this.releaseUnprocessed = "DELETE FROM " + table + " WHERE ID = ? AND OWNER_ID = ? AND PROCESSED = 0";
			this.release = "DELETE FROM " + table + " WHERE ID = ? AND OWNER_ID = ?";
			this.forget = "DELETE FROM " + table + " WHERE CREATED_AT < ?";
		}

	}

}
