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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.durability.RecordHeldException;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import org.springframework.core.NestedExceptionUtils;
import org.springframework.kafka.listener.BackOffHandler;
import org.springframework.kafka.listener.ListenerUtils;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.RetryListener;
import org.springframework.kafka.listener.SeekUtils;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * Waits between two attempts of a record without keeping the consumer from polling: the
 * record's partition is held back, others go on. So a wait may be longer than
 * {@code max.poll.interval.ms}, and it ends at once when the container stops. A batch
 * listener waits with all its partitions, because Spring Kafka forgets how often a record
 * failed as soon as any batch succeeds.
 * <p>
 * Waits as well, longer each time, after a record could not be dead-lettered. Safe for
 * use by many threads; each partition is polled by one.
 */
final class PatientRetry implements BackOffHandler, RetryListener {

	private static final Log logger = LogFactory.getLog(PatientRetry.class);

	/**
	 * Which partition the next call of this thread is about.
	 */
	private static final ThreadLocal<TopicPartition> failing = new ThreadLocal<>();

	/**
	 * Short, because nothing can end it when the container stops.
	 */
	private static final long LONGEST_BLIND_SLEEP_MILLIS = 1000;

	/**
	 * How long another attempt to dead-letter a record may take, with those of its
	 * listener.
	 */
	private static final Duration LONGEST_ATTEMPT = Duration.ofMinutes(2);

	private final BackOff afterFailedRecovery;

	private final DeliveryLedger ledger;

	private final BooleanSupplier batch;

	private final Map<TopicPartition, BackOffExecution> failedRecoveries = new ConcurrentHashMap<>();

	/**
	 * Create a back-off handler.
	 * @param afterFailedRecovery the waits after a record could not be dead-lettered
	 * @param batch whether it serves a batch listener, asked at each wait
	 * @param ledger is told which partitions wait because a record cannot be
	 * dead-lettered
	 */
	PatientRetry(BackOff afterFailedRecovery, BooleanSupplier batch, DeliveryLedger ledger) {
		this.ledger = ledger;
		this.afterFailedRecovery = afterFailedRecovery;
		this.batch = batch;
	}

	@Override
	public void failedDelivery(ConsumerRecord<?, ?> record, @Nullable Exception exception, int deliveryAttempt) {
		failing.set(partitionOf(record));
		tellFailing();
		if (deliveryAttempt == 1 && exception != null && !SeekUtils.isBackoffException(exception)) {
			logger.warn("Record %s@%d failed and will be tried again: %s".formatted(partitionOf(record),
					record.offset(), NestedExceptionUtils.getMostSpecificCause(exception)));
		}
	}

	@Override
	public void failedDelivery(ConsumerRecords<?, ?> records, Exception exception, int deliveryAttempt) {
		tellFailing();
	}

	static void tellFailing() {
		ConsumerSession session = ConsumerSession.current();
		if (session != null) {
			session.failing();
		}
	}

	@Override
	public void onNextBackOff(@Nullable MessageListenerContainer container, @Nullable Exception exception,
			long nextBackOff) {
		TopicPartition partition = failing.get();
		failing.remove();
		if (ConsumerSession.current() != null) {
			holdBack(partition, Duration.ofMillis(nextBackOff));
		}
		else {
			sleep(container, nextBackOff);
		}
	}

	@Override
	public void recovered(ConsumerRecord<?, ?> record, @Nullable Exception exception) {
		failing.remove();
		passed(Set.of(partitionOf(record)), List.of(record));
	}

	@Override
	public void recovered(ConsumerRecords<?, ?> records, Exception exception) {
		failing.remove();
		passed(records.partitions(), records);
	}

	private void passed(Set<TopicPartition> partitions, Iterable<? extends ConsumerRecord<?, ?>> records) {
		partitions.forEach((partition) -> {
			if (this.failedRecoveries.remove(partition) != null) {
				this.ledger.goesOn(nameOf(partition));
			}
		});
		ConsumerSession session = ConsumerSession.current();
		if (session != null) {
			session.passed(partitions);
			records.forEach(session::kept);
		}
	}

	@Override
	public void recoveryFailed(ConsumerRecord<?, ?> record, @Nullable Exception original, Exception failure) {
		failing.remove();
		// A record that waits in a retry topic is sent back on purpose.
		if (original == null || !SeekUtils.isBackoffException(original)) {
			waitAfterFailedRecovery(partitionOf(record), failure);
		}
	}

	@Override
	public void recoveryFailed(ConsumerRecords<?, ?> records, Exception original, Exception failure) {
		failing.remove();
		waitAfterFailedRecovery(partitionOf(records.iterator().next()), failure);
	}

	private void waitAfterFailedRecovery(TopicPartition partition, Exception failure) {
		Duration wait = Duration
			.ofMillis(this.failedRecoveries.computeIfAbsent(partition, (key) -> this.afterFailedRecovery.start())
				.nextBackOff());
		if (!(failure instanceof RecordHeldException)) {
			this.ledger.waits(nameOf(partition), reasonOf(failure), wait.plus(LONGEST_ATTEMPT));
		}
		if (ConsumerSession.current() != null) {
			holdBack(partition, wait);
		}
		else {
			sleep(null, Math.min(wait.toMillis(), LONGEST_BLIND_SLEEP_MILLIS));
		}
	}

	// Health shows it, and what an exception says may quote the record; Spring Kafka logs
	// that.
	private static String reasonOf(Exception failure) {
		return "A record can be neither processed nor dead-lettered, because of a %s; the log has its message"
			.formatted(NestedExceptionUtils.getMostSpecificCause(failure).getClass().getName());
	}

	private static String nameOf(TopicPartition partition) {
		ConsumerSession session = ConsumerSession.current();
		return (session != null) ? "%s in group '%s'".formatted(partition, session.group()) : partition.toString();
	}

	private void holdBack(@Nullable TopicPartition partition, Duration duration) {
		ConsumerSession session = ConsumerSession.current();
		if (session == null) {
			return;
		}
		if (this.batch.getAsBoolean() || partition == null) {
			session.holdBackAll(duration);
		}
		else {
			session.holdBack(partition, duration);
		}
	}

	// For a consumer that is no reliable one, because its factory was accepted as it is.
	private static void sleep(@Nullable MessageListenerContainer container, long milliseconds) {
		try {
			if (container != null) {
				ListenerUtils.stoppableSleep(container, milliseconds);
			}
			else {
				Thread.sleep(milliseconds);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	private static TopicPartition partitionOf(ConsumerRecord<?, ?> record) {
		return new TopicPartition(record.topic(), record.partition());
	}

}
