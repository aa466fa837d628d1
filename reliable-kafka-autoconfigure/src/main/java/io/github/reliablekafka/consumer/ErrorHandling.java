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

import java.util.stream.Stream;

import io.github.reliablekafka.container.ListenerContainers;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.CommonDelegatingErrorHandler;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.CommonMixedErrorHandler;
import org.springframework.kafka.listener.ContainerProperties;

/**
 * What a listener container does with records that its listener could not process. Looks
 * when a record fails, because the error handler may be set late.
 *
 * @param container the container
 */
record ErrorHandling(AbstractMessageListenerContainer<?, ?> container) {

	private static final String SPRING = "org.springframework.kafka.";

	private static final String OURS = "io.github.reliablekafka.deadletter.";

	/**
	 * Whether the application says of each record itself that it is processed.
	 * @return {@code true} if nobody else knows
	 */
	boolean isAcknowledgedByHand() {
		return isAcknowledgedByHand(this.container.getContainerProperties());
	}

	// In its transactions the container commits what the listener has returned from.
	static boolean isAcknowledgedByHand(ContainerProperties properties) {
		ContainerProperties.AckMode mode = properties.getAckMode();
		if (ListenerContainers.isInTransactionOfKafka(properties)) {
			return mode == ContainerProperties.AckMode.MANUAL_IMMEDIATE
					&& !(properties.getMessageListener() instanceof BatchMessageListener);
		}
		// With asyncAcks every other mode becomes MANUAL.
		return mode == ContainerProperties.AckMode.MANUAL || mode == ContainerProperties.AckMode.MANUAL_IMMEDIATE
				|| properties.isAsyncAcks();
	}

	/**
	 * Whether we hear what the listener is given, acknowledges and replies.
	 * @return {@code false} if there is no need, or it was exchanged late
	 */
	boolean isListenerWrapped() {
		return GuardedListeners.isWrapped(this.container.getContainerProperties().getMessageListener());
	}

	/**
	 * Who gets a failed record.
	 * @return what is known of it
	 */
	Kind kind() {
		CommonErrorHandler handler = this.container.getCommonErrorHandler();
		if (handler != null && handler.getClass() == CommonLoggingErrorHandler.class) {
			return Kind.LOGGING;
		}
		return Stream.of(this.container.getAfterRollbackProcessor(), handler).allMatch(ErrorHandling::isStandard)
				? Kind.STANDARD : Kind.UNKNOWN;
	}

	/**
	 * Whether it is known that the error handler says what it keeps.
	 * @return {@code false} if it may do so all the same
	 */
	boolean isOurs() {
		Object handler = ListenerContainers.isTransactional(this.container.getContainerProperties())
				? this.container.getAfterRollbackProcessor() : this.container.getCommonErrorHandler();
		return handler != null && handler.getClass().getName().startsWith(OURS);
	}

	/**
	 * Whether the error handler is given everything that was polled behind a failed
	 * record.
	 * @return {@code false} if the listener is given that
	 */
	boolean takesRemaining() {
		CommonErrorHandler handler = this.container.getCommonErrorHandler();
		return handler != null && handler.seeksAfterHandling();
	}

	private static boolean isStandard(@Nullable Object handler) {
		if (handler == null) {
			return true;
		}
		String name = handler.getClass().getName();
		return (name.startsWith(SPRING) || name.startsWith(OURS)) && !(handler instanceof CommonDelegatingErrorHandler)
				&& !(handler instanceof CommonMixedErrorHandler);
	}

	/**
	 * How an error handler treats failed records.
	 */
	enum Kind {

		/**
		 * Commits what its recoverer took, and has everything behind it polled again.
		 */
		STANDARD,

		/** Logs and commits. */
		LOGGING,

		/** Does something of its own, with as many records as it likes. */
		UNKNOWN

	}

}
