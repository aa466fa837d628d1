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
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.idempotency.ProcessedRecords.Answer;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.IdempotencyOutcome;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.transaction.support.TransactionSynchronization;
import org.springframework.transaction.support.TransactionSynchronizationManager;

/**
 * Keeps records that were processed before away from a listener, behind the application's
 * own interceptor. A record that is kept away counts as processed. One that another
 * instance is processing is waited for; if that takes too long it fails, and comes again.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class IdempotentRecords<K, V> implements RecordInterceptor<K, V> {

	private static final Log logger = LogFactory.getLog(IdempotentRecords.class);

	private static final long PAUSE_MILLIS = 100;

	private final ProcessedRecords processed;

	private final RecordIdentity identity;

	private final DeliveryLedger ledger;

	private final Supplier<@Nullable String> group;

	private final BooleanSupplier running;

	private final Duration longestWait;

	private final BooleanSupplier supported;

	private final Predicate<String> deadLetters;

	private final @Nullable RecordInterceptor<K, V> next;

	/**
	 * Create an interceptor for one listener container.
	 * @param processed remembers
	 * @param identity identifies records
	 * @param ledger is posted to
	 * @param container what is known of the container
	 * @param longestWait longest time to wait for another instance
	 * @param next the application's interceptor
	 */
	IdempotentRecords(ProcessedRecords processed, RecordIdentity identity, DeliveryLedger ledger, Container container,
			Duration longestWait, @Nullable RecordInterceptor<K, V> next) {
		this.processed = processed;
		this.identity = identity;
		this.ledger = ledger;
		this.group = container.group;
		this.running = container.running;
		this.supported = container.supported;
		this.deadLetters = container.deadLetters;
		this.longestWait = longestWait;
		this.next = next;
	}

	@Override
	public @Nullable ConsumerRecord<K, V> intercept(ConsumerRecord<K, V> record, Consumer<K, V> consumer) {
		abandon();
		// First, because nobody gives a claim back if it throws.
		ConsumerRecord<K, V> intercepted = (this.next != null) ? this.next.intercept(record, consumer) : record;
		if (intercepted == null || !this.supported.getAsBoolean()) {
			return intercepted;
		}
		if (this.deadLetters.test(record.topic())) {
			// It is still the record that failed: to have read of it is not to have
			// processed it.
			return intercepted;
		}
		String id = this.identity.identify(record);
		if (id == null) {
			this.ledger.post(IdempotencyOutcome.UNIDENTIFIED);
			return intercepted;
		}
		String groupId = this.group.get();
		RecordClaim claim = new RecordClaim((groupId != null) ? groupId : "", id);
		switch (await(claim)) {
			case GRANTED -> {
				claim.enter();
				return intercepted;
			}
			case PROCESSED -> {
				this.ledger.post(IdempotencyOutcome.DUPLICATE);
				logger.debug("%s-%d@%d was processed before: %s".formatted(record.topic(), record.partition(),
						record.offset(), id));
				return null;
			}
			default -> {
				this.ledger.post(IdempotencyOutcome.BUSY);
				throw new RecordInProgressException("%s-%d@%d is being processed elsewhere".formatted(record.topic(),
						record.partition(), record.offset()));
			}
		}
	}

	private Answer await(RecordClaim claim) {
		Answer answer = this.processed.claim(claim);
		if (answer != Answer.BUSY) {
			return answer;
		}
		long deadline = System.nanoTime() + longestWait().toNanos();
		while (answer == Answer.BUSY && deadline - System.nanoTime() > 0 && this.running.getAsBoolean()) {
			try {
				Thread.sleep(PAUSE_MILLIS);
			}
			catch (InterruptedException ex) {
				throw new InterruptException(ex);
			}
			answer = this.processed.claim(claim);
		}
		return answer;
	}

	private Duration longestWait() {
		ConsumerSession session = ConsumerSession.current();
		if (session == null) {
			return this.longestWait;
		}
		Duration half = session.untilPollOverdue().dividedBy(2);
		return (half.compareTo(this.longestWait) < 0) ? half : this.longestWait;
	}

	@Override
	public void success(ConsumerRecord<K, V> record, Consumer<K, V> consumer) {
		complete(record);
		if (this.next != null) {
			this.next.success(record, consumer);
		}
	}

	@Override
	public void failure(ConsumerRecord<K, V> record, Exception exception, Consumer<K, V> consumer) {
		if (exception instanceof ListenerExecutionFailedException) {
			release(record);
		}
		else {
			// Of the offset's commit: the listener had returned.
			complete(record);
		}
		if (this.next != null) {
			this.next.failure(record, exception, consumer);
		}
	}

	private void complete(ConsumerRecord<K, V> record) {
		RecordClaim claim = RecordClaim.current();
		RecordClaim.exit();
		if (claim == null) {
			return;
		}
		if (TransactionSynchronizationManager.isSynchronizationActive()) {
			// The container's own: what the listener did may be rolled back still.
			TransactionSynchronizationManager.registerSynchronization(new AfterTransaction(record, claim));
		}
		else {
			complete(record, claim);
		}
	}

	private void complete(ConsumerRecord<K, V> record, RecordClaim claim) {
		try {
			this.processed.complete(claim);
			this.ledger.post(IdempotencyOutcome.PROCESSED);
		}
		catch (RuntimeException ex) {
			logger.error(
					"%s-%d@%d is processed, which could not be remembered: should it come again, it is processed again"
						.formatted(record.topic(), record.partition(), record.offset()),
					ex);
		}
	}

	private void release(ConsumerRecord<K, V> record) {
		RecordClaim claim = RecordClaim.current();
		RecordClaim.exit();
		if (claim != null) {
			release(record, claim);
		}
	}

	private void release(ConsumerRecord<K, V> record, RecordClaim claim) {
		this.ledger.post(IdempotencyOutcome.RELEASED);
		try {
			this.processed.release(claim);
		}
		catch (RuntimeException ex) {
			logger.error("%s-%d@%d failed, and its claim could not be released: its next attempt has to wait"
				.formatted(record.topic(), record.partition(), record.offset()), ex);
		}
	}

	// A listener that throws an Error has no outcome, and its container stops. Started
	// again, it gets the record again.
	private void abandon() {
		RecordClaim claim = RecordClaim.current();
		RecordClaim.exit();
		if (claim == null) {
			return;
		}
		this.ledger.post(IdempotencyOutcome.RELEASED);
		try {
			this.processed.release(claim);
		}
		catch (RuntimeException ex) {
			logger.error(
					"The claim of %s could not be released: its next attempt has to wait".formatted(claim.recordId()),
					ex);
		}
	}

	@Override
	public void afterRecord(ConsumerRecord<K, V> record, Consumer<K, V> consumer) {
		abandon();
		if (this.next != null) {
			this.next.afterRecord(record, consumer);
		}
	}

	@Override
	public void setupThreadState(Consumer<?, ?> consumer) {
		if (this.next != null) {
			this.next.setupThreadState(consumer);
		}
	}

	@Override
	public void clearThreadState(Consumer<?, ?> consumer) {
		abandon();
		if (this.next != null) {
			this.next.clearThreadState(consumer);
		}
	}

	/**
	 * Has a claim wait for the transaction in which its container calls the listener.
	 */
	private final class AfterTransaction implements TransactionSynchronization {

		private final ConsumerRecord<K, V> record;

		private final RecordClaim claim;

		AfterTransaction(ConsumerRecord<K, V> record, RecordClaim claim) {
			this.record = record;
			this.claim = claim;
		}

		@Override
		public void afterCompletion(int status) {
			if (status == STATUS_COMMITTED) {
				complete(this.record, this.claim);
			}
			else {
				release(this.record, this.claim);
			}
		}

	}

	/**
	 * What is known of a listener container.
	 *
	 * @param group its group, which may be set later
	 * @param running whether it is running
	 * @param supported whether its records may be kept away from its listener
	 * @param deadLetters tells dead letter topics and parking topics by their names
	 */
	record Container(Supplier<@Nullable String> group, BooleanSupplier running, BooleanSupplier supported,
			Predicate<String> deadLetters) {
	}

}
