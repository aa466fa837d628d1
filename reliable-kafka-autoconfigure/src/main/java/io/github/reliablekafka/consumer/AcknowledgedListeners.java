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

import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.DelegatingMessageListener;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;

/**
 * Wraps listeners that acknowledge by hand, because nobody else hears of an
 * acknowledgement: Spring Kafka commits the highest one, whatever is below it.
 */
final class AcknowledgedListeners {

	private AcknowledgedListeners() {
	}

	/**
	 * Wrap a listener.
	 * @param listener of a container
	 * @return what to give the container instead; the same if it is of no known kind, or
	 * wrapped already
	 */
	static Object wrap(Object listener) {
		if (isWrapped(listener)) {
			return listener;
		}
		if (listener instanceof BatchMessageListener<?, ?> batch) {
			return new AcknowledgedBatchListener<>(batch);
		}
		if (listener.getClass() == FilteringMessageListenerAdapter.class) {
			return around((FilteringMessageListenerAdapter<?, ?>) listener);
		}
		return (listener instanceof MessageListener<?, ?> single) ? new AcknowledgedListener<>(single, null) : listener;
	}

	// A record that the filter holds back is acknowledged by nobody, and the filter is
	// inside: it has to say so.
	@SuppressWarnings("unchecked")
	private static <K, V> AcknowledgedListener<K, V> around(FilteringMessageListenerAdapter<K, V> listener) {
		DirectFieldAccessor fields = new DirectFieldAccessor(listener);
		AcknowledgedListener.Filter<K, V> filter = new AcknowledgedListener.Filter<>(
				(RecordFilterStrategy<K, V>) fields.getPropertyValue("recordFilterStrategy"));
		boolean acknowledges = Boolean.TRUE.equals(fields.getPropertyValue("ackDiscarded"));
		return new AcknowledgedListener<>(
				new FilteringMessageListenerAdapter<>(listener.getDelegate(), filter, acknowledges), filter);
	}

	/**
	 * Whether a listener is wrapped.
	 * @param listener of a container
	 * @return {@code false} if nobody hears of its acknowledgements
	 */
	static boolean isWrapped(@Nullable Object listener) {
		Object inner = listener;
		while (inner instanceof DelegatingMessageListener<?> outer) {
			if (inner instanceof AcknowledgedListener || inner instanceof AcknowledgedBatchListener) {
				return true;
			}
			inner = outer.getDelegate();
		}
		return false;
	}

}
