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

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.listener.BatchAcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.adapter.AbstractDelegatingMessageListenerAdapter;
import org.springframework.kafka.support.Acknowledgment;

/**
 * Tells the guard of commits which records of its batches a listener is given,
 * acknowledges by hand and replies to. Safe for use by the threads that the listener is.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class GuardedBatchListener<K, V> extends AbstractDelegatingMessageListenerAdapter<BatchMessageListener<K, V>>
		implements BatchAcknowledgingConsumerAwareMessageListener<K, V> {

	GuardedBatchListener(BatchMessageListener<K, V> delegate) {
		super(delegate);
	}

	@Override
	public boolean wantsPollResult() {
		return this.delegate.wantsPollResult();
	}

	@Override
	public void onMessage(ConsumerRecords<K, V> records, @Nullable Acknowledgment acknowledgment,
			Consumer<K, V> consumer) {
		listen(records, acknowledgment, (told) -> this.delegate.onMessage(records, told, consumer));
	}

	@Override
	public void onMessage(List<ConsumerRecord<K, V>> records, @Nullable Acknowledgment acknowledgment,
			@Nullable Consumer<?, ?> consumer) {
		listen(records, acknowledgment, (told) -> call(records, told, consumer));
	}

	private void listen(Iterable<ConsumerRecord<K, V>> records, @Nullable Acknowledgment acknowledgment,
			java.util.function.Consumer<@Nullable Acknowledgment> listener) {
		ListenedRecords open = ListenedRecords.current();
		CommitGuard guard = (open != null) ? open.guard() : null;
		if (open == null || guard == null) {
			listener.accept(acknowledgment);
			return;
		}
		records.forEach(open::deliver);
		GuardedAcknowledgment told = (acknowledgment != null)
				? new GuardedAcknowledgment(acknowledgment, records, guard, open) : null;
		guard.listen(records, () -> listener.accept(told));
		if (told != null) {
			told.returned();
		}
	}

	private void call(List<ConsumerRecord<K, V>> records, @Nullable Acknowledgment acknowledgment,
			@Nullable Consumer<?, ?> consumer) {
		switch (this.delegateType) {
			case ACKNOWLEDGING_CONSUMER_AWARE -> this.delegate.onMessage(records, acknowledgment, consumer);
			case ACKNOWLEDGING -> this.delegate.onMessage(records, acknowledgment);
			case CONSUMER_AWARE -> this.delegate.onMessage(records, consumer);
			case SIMPLE -> this.delegate.onMessage(records);
		}
	}

	// The container calls what the innermost listener has.

	@Override
	public void onMessage(List<ConsumerRecord<K, V>> records) {
		onMessage(records, null, null);
	}

	@Override
	public void onMessage(List<ConsumerRecord<K, V>> records, @Nullable Acknowledgment acknowledgment) {
		onMessage(records, acknowledgment, null);
	}

	@Override
	public void onMessage(List<ConsumerRecord<K, V>> records, @Nullable Consumer<?, ?> consumer) {
		onMessage(records, null, consumer);
	}

	@Override
	public void unregisterSeekCallback() {
		if (this.delegate instanceof ConsumerSeekAware aware) {
			aware.unregisterSeekCallback();
		}
	}

	@Override
	public void onFirstPoll() {
		if (this.delegate instanceof ConsumerSeekAware aware) {
			aware.onFirstPoll();
		}
	}

}
