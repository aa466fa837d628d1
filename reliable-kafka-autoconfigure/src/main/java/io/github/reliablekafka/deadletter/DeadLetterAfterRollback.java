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

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.listener.ConsumerAwareRecordRecoverer;
import org.springframework.kafka.listener.ContainerProperties.EOSMode;
import org.springframework.kafka.listener.DefaultAfterRollbackProcessor;
import org.springframework.kafka.listener.ErrorHandlingUtils;
import org.springframework.kafka.listener.ListenerUtils;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.SeekUtils;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;

/**
 * What {@link DeadLetterErrorHandler} is for other containers, for one whose listener
 * works in transactions. A batch that fails rolls back as a whole and is tried and
 * dead-lettered as a whole.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class DeadLetterAfterRollback<K, V> extends DefaultAfterRollbackProcessor<K, V> {

	private static final ThreadLocal<BackOffExecution> failingBatch = new ThreadLocal<>();

	private final ConsumerAwareRecordRecoverer recoverer;

	private final BackOff backOff;

	private final PatientRetry retry;

	DeadLetterAfterRollback(ConsumerAwareRecordRecoverer recoverer, BackOff backOff, PatientRetry retry) {
		super(recoverer, backOff, retry, null, false);
		this.recoverer = recoverer;
		this.backOff = backOff;
		this.retry = retry;
		setRetryListeners(retry);
		setResetStateOnRecoveryFailure(false);
	}

	@Override
	public void process(List<ConsumerRecord<K, V>> records, Consumer<K, V> consumer,
			@Nullable MessageListenerContainer container, Exception exception, boolean recoverable, EOSMode eosMode) {
		if (SeekUtils.doSeeks(new ArrayList<>(records), consumer, exception, true, getFailureTracker(), container,
				this.logger)) {
			commit(records.subList(0, 1), consumer, container);
		}
	}

	@Override
	public void processBatch(ConsumerRecords<K, V> records, List<ConsumerRecord<K, V>> recordList,
			Consumer<K, V> consumer, @Nullable MessageListenerContainer container, Exception exception,
			boolean recoverable, EOSMode eosMode) {
		long wait = isRetryable(exception) ? nextWait() : BackOffExecution.STOP;
		if (wait != BackOffExecution.STOP) {
			SeekUtils.doSeeksToBegin(new ArrayList<>(recordList), consumer, this.logger);
			this.retry.onNextBackOff(container, exception, wait);
			return;
		}
		try {
			recordList.forEach((record) -> this.recoverer.accept(record, consumer, exception));
		}
		catch (RuntimeException ex) {
			this.logger.error(ex, "Could not dead-letter a batch that was rolled back; it comes again");
			SeekUtils.doSeeksToBegin(new ArrayList<>(recordList), consumer, this.logger);
			this.retry.recoveryFailed(records, exception, ex);
			return;
		}
		this.retry.recovered(records, exception);
		failingBatch.remove();
		commit(recordList, consumer, container);
	}

	@Override
	public void clearThreadState() {
		super.clearThreadState();
		failingBatch.remove();
	}

	private boolean isRetryable(Exception exception) {
		return getExceptionMatcher().match(ErrorHandlingUtils.unwrapIfNeeded(exception));
	}

	private long nextWait() {
		BackOffExecution execution = failingBatch.get();
		if (execution == null) {
			execution = this.backOff.start();
			failingBatch.set(execution);
		}
		return execution.nextBackOff();
	}

	// Outside a transaction, as the dead letter was published; without it a restart would
	// dead-letter the record again.
	private void commit(List<ConsumerRecord<K, V>> records, Consumer<K, V> consumer,
			@Nullable MessageListenerContainer container) {
		Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
		records.forEach((record) -> offsets.put(new TopicPartition(record.topic(), record.partition()),
				(container != null) ? ListenerUtils.createOffsetAndMetadata(container, record.offset() + 1)
						: new OffsetAndMetadata(record.offset() + 1)));
		try {
			consumer.commitSync(offsets);
		}
		catch (RuntimeException ex) {
			this.logger.warn(ex,
					() -> "Could not commit " + offsets + " after dead-lettering; a later commit includes it");
		}
	}

}
