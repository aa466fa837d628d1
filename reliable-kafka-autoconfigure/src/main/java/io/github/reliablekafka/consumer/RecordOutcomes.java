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

import java.util.List;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.SeekUtils;

/**
 * Posts the outcome of each record that a record listener is given, around the
 * application's own interceptor. Of a listener that returns before its work is done only
 * failures count.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class RecordOutcomes<K, V> implements RecordInterceptor<K, V> {

	private final Outcomes outcomes;

	private final @Nullable RecordInterceptor<K, V> next;

	RecordOutcomes(Outcomes outcomes, @Nullable RecordInterceptor<K, V> next) {
		this.outcomes = outcomes;
		this.next = next;
	}

	@Override
	public @Nullable ConsumerRecord<K, V> intercept(ConsumerRecord<K, V> record, Consumer<K, V> consumer) {
		this.outcomes.begin(record, consumer);
		if (this.next == null) {
			return record;
		}
		ConsumerRecord<K, V> intercepted = this.next.intercept(record, consumer);
		if (intercepted == null || intercepted.offset() != record.offset()
				|| intercepted.partition() != record.partition() || !intercepted.topic().equals(record.topic())) {
			// Filtered, or exchanged for one from elsewhere.
			this.outcomes.close(record, consumer);
		}
		return intercepted;
	}

	@Override
	public void success(ConsumerRecord<K, V> record, Consumer<K, V> consumer) {
		this.outcomes.post(record.topic(), ConsumptionOutcome.PROCESSED);
		this.outcomes.returned(record, consumer);
		if (this.next != null) {
			this.next.success(record, consumer);
		}
	}

	@Override
	public void failure(ConsumerRecord<K, V> record, Exception exception, Consumer<K, V> consumer) {
		// A record that waits in a retry topic was not attempted.
		if (!SeekUtils.isBackoffException(exception)) {
			this.outcomes.post(record.topic(), ConsumptionOutcome.FAILED);
		}
		this.outcomes.failed(List.of(record), consumer);
		if (this.next != null) {
			this.next.failure(record, exception, consumer);
		}
	}

	@Override
	public void afterRecord(ConsumerRecord<K, V> record, Consumer<K, V> consumer) {
		if (this.next != null) {
			this.next.afterRecord(record, consumer);
		}
	}

	@Override
	public void setupThreadState(Consumer<?, ?> consumer) {
		if (consumer instanceof ReliableConsumer<?, ?> reliable) {
			reliable.attend(this.outcomes);
			this.outcomes.watch(reliable);
		}
		if (this.next != null) {
			this.next.setupThreadState(consumer);
		}
	}

	@Override
	public void clearThreadState(Consumer<?, ?> consumer) {
		if (this.next != null) {
			this.next.clearThreadState(consumer);
		}
	}

}
