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

package io.github.reliablekafka.consumer;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.support.serializer.DeserializationException;

/**
 * Posts the outcome of each record that a batch listener is given, and keeps records that
 * could not be deserialized away from it, around the application's own interceptor.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class BatchOutcomes<K, V> implements BatchInterceptor<K, V> {

	private final Outcomes outcomes;

	private final @Nullable BatchInterceptor<K, V> next;

	BatchOutcomes(Outcomes outcomes, @Nullable BatchInterceptor<K, V> next) {
		this.outcomes = outcomes;
		this.next = next;
	}

	@Override
	public void setupThreadState(Consumer<?, ?> consumer) {
		if (consumer instanceof ReliableConsumer<?, ?> reliable) {
			reliable.attend(this.outcomes);
			reliable.isolatePoison();
			this.outcomes.watch(reliable);
		}
		if (this.next != null) {
			this.next.setupThreadState(consumer);
		}
	}

	@Override
	public @Nullable ConsumerRecords<K, V> intercept(ConsumerRecords<K, V> records, Consumer<K, V> consumer) {
		int index = 0;
		for (ConsumerRecord<K, V> record : records) {
			DeserializationException poison = Poison.of(record);
			if (poison != null) {
				this.outcomes.post(record.topic(), ConsumptionOutcome.FAILED);
				this.outcomes.failed(records, consumer);
				if (index > 0) {
					// The consumer is hidden behind another wrapper and could not isolate
					// it. With an index the records in front would count as processed.
					throw poison;
				}
				throw new BatchListenerFailedException("The record could not be deserialized", poison, index);
			}
			index++;
		}
		ConsumerRecords<K, V> intercepted = (this.next != null) ? intercept(records, consumer, this.next) : records;
		if (intercepted != null && !intercepted.isEmpty()) {
			this.outcomes.beginBatch(consumer);
		}
		return intercepted;
	}

	private @Nullable ConsumerRecords<K, V> intercept(ConsumerRecords<K, V> records, Consumer<K, V> consumer,
			BatchInterceptor<K, V> next) {
		ConsumerRecords<K, V> intercepted;
		try {
			intercepted = next.intercept(records, consumer);
		}
		catch (RuntimeException ex) {
			// The error handler gets them, without a word to any interceptor.
			this.outcomes.failed(records, consumer);
			throw ex;
		}
		if (intercepted != records && consumer instanceof ReliableConsumer<?, ?> reliable) {
			reliable.listened().closeFiltered(records, (intercepted != null) ? intercepted : ConsumerRecords.empty());
		}
		return intercepted;
	}

	@Override
	public void success(ConsumerRecords<K, V> records, Consumer<K, V> consumer) {
		post(records, records.count(), ConsumptionOutcome.PROCESSED);
		for (ConsumerRecord<K, V> record : records) {
			this.outcomes.returned(record, consumer);
		}
		if (this.next != null) {
			this.next.success(records, consumer);
		}
	}

	@Override
	public void failure(ConsumerRecords<K, V> records, Exception exception, Consumer<K, V> consumer) {
		int failedAt = failedAt(records, exception);
		if (failedAt < 0) {
			post(records, records.count(), ConsumptionOutcome.FAILED);
		}
		else {
			post(records, failedAt, ConsumptionOutcome.PROCESSED);
			int index = 0;
			for (ConsumerRecord<K, V> record : records) {
				if (index == failedAt) {
					this.outcomes.post(record.topic(), ConsumptionOutcome.FAILED);
				}
				if (index++ < failedAt) {
					this.outcomes.close(record, consumer);
				}
			}
		}
		this.outcomes.failed(records, consumer);
		if (this.next != null) {
			this.next.failure(records, exception, consumer);
		}
	}

	@Override
	public void clearThreadState(Consumer<?, ?> consumer) {
		if (this.next != null) {
			this.next.clearThreadState(consumer);
		}
	}

	private void post(ConsumerRecords<K, V> records, int count, ConsumptionOutcome outcome) {
		int index = 0;
		for (ConsumerRecord<K, V> record : records) {
			if (index++ == count) {
				return;
			}
			this.outcomes.post(record.topic(), outcome);
		}
	}

	private int failedAt(ConsumerRecords<K, V> records, Exception exception) {
		Throwable cause = exception;
		while (cause != null && !(cause instanceof BatchListenerFailedException)) {
			cause = cause.getCause();
		}
		if (!(cause instanceof BatchListenerFailedException failed)) {
			return -1;
		}
		ConsumerRecord<?, ?> failedRecord = failed.getRecord();
		if (failedRecord == null) {
			return (failed.getIndex() < records.count()) ? failed.getIndex() : -1;
		}
		int index = 0;
		for (ConsumerRecord<K, V> record : records) {
			if (record.topic().equals(failedRecord.topic()) && record.partition() == failedRecord.partition()
					&& record.offset() == failedRecord.offset()) {
				return index;
			}
			index++;
		}
		return -1;
	}

}
