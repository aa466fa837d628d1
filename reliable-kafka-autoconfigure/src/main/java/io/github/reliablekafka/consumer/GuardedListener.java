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
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.listener.AcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.AbstractDelegatingMessageListenerAdapter;
import org.springframework.kafka.support.Acknowledgment;

/**
 * Tells the guard of commits which records a listener is given, acknowledges by hand and
 * replies to. Safe for use by the threads that the listener is.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class GuardedListener<K, V> extends AbstractDelegatingMessageListenerAdapter<MessageListener<K, V>>
		implements AcknowledgingConsumerAwareMessageListener<K, V> {

	GuardedListener(MessageListener<K, V> delegate) {
		super(delegate);
	}

	@Override
	public void onMessage(ConsumerRecord<K, V> record, @Nullable Acknowledgment acknowledgment,
			@Nullable Consumer<?, ?> consumer) {
		ListenedRecords open = ListenedRecords.current();
		CommitGuard guard = (open != null) ? open.guard() : null;
		if (open == null || guard == null) {
			call(record, acknowledgment, consumer);
			return;
		}
		open.deliver(record);
		List<ConsumerRecord<?, ?>> alone = List.of(record);
		GuardedAcknowledgment told = (acknowledgment != null)
				? GuardedAcknowledgment.ofRecord(acknowledgment, alone, guard, open) : null;
		guard.listen(alone, () -> call(record, told, consumer));
		if (told != null) {
			told.returned();
		}
	}

	private void call(ConsumerRecord<K, V> record, @Nullable Acknowledgment acknowledgment,
			@Nullable Consumer<?, ?> consumer) {
		switch (this.delegateType) {
			case ACKNOWLEDGING_CONSUMER_AWARE -> this.delegate.onMessage(record, acknowledgment, consumer);
			case ACKNOWLEDGING -> this.delegate.onMessage(record, acknowledgment);
			case CONSUMER_AWARE -> this.delegate.onMessage(record, consumer);
			case SIMPLE -> this.delegate.onMessage(record);
		}
	}

	// The container calls what the innermost listener has.

	@Override
	public void onMessage(ConsumerRecord<K, V> record) {
		onMessage(record, null, null);
	}

	@Override
	public void onMessage(ConsumerRecord<K, V> record, @Nullable Acknowledgment acknowledgment) {
		onMessage(record, acknowledgment, null);
	}

	@Override
	public void onMessage(ConsumerRecord<K, V> record, @Nullable Consumer<?, ?> consumer) {
		onMessage(record, null, consumer);
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
