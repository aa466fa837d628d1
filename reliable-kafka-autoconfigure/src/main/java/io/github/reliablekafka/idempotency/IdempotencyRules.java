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

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.Violation;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.DelegatingMessageListener;
import org.springframework.kafka.listener.adapter.AsyncRepliesAware;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.messaging.handler.HandlerMethod;

/**
 * Which listeners get each record once, and where that could lose records: wherever a
 * listener that has returned is not yet done with a record.
 */
final class IdempotencyRules {

	private static final String RISK = "consumer.idempotency";

	private final Set<String> listeners;

	private volatile @Nullable Replies replies;

	IdempotencyRules(Set<String> listeners) {
		this.listeners = listeners;
	}

	/**
	 * Whether the application wants records of a container to be processed once.
	 * @param container the container
	 * @return {@code true} if its listener is named, or none is
	 */
	boolean isWanted(AbstractMessageListenerContainer<?, ?> container) {
		return this.listeners.isEmpty() || this.listeners.contains(String.valueOf(container.getListenerId()))
				|| this.listeners.contains(String.valueOf(container.getMainListenerId()));
	}

	/**
	 * Whether that can be had without a loss. Asked when records come, since settings may
	 * change until then.
	 * @param container the container
	 * @return {@code false} to process each record each time
	 */
	boolean isSupported(AbstractMessageListenerContainer<?, ?> container) {
		return isWanted(container) && violationsOf(container).isEmpty();
	}

	/**
	 * Why that cannot be had.
	 * @param container a container for which it is wanted
	 * @return empty if it can
	 */
	List<Violation> violationsOf(AbstractMessageListenerContainer<?, ?> container) {
		ContainerProperties properties = container.getContainerProperties();
		List<Violation> violations = new ArrayList<>();
		Object listener = properties.getMessageListener();
		if (listener instanceof BatchMessageListener) {
			violations.add(violation(container, "listener type", "batch", "record",
					"records of a batch are not remembered one by one"));
		}
		boolean async = listener instanceof AsyncRepliesAware aware && aware.isAsyncReplies();
		if (async) {
			violations.add(violation(container, "return type", "asynchronous", "synchronous",
					"a record would be remembered before its work is done"));
		}
		else if (listener != null && mayReply(listener)) {
			violations.add(violation(container, "reply", "to a topic", "none",
					"a record would be remembered before its reply is acknowledged, and not be replied to if that fails"));
		}
		if (!async
				&& (properties.getAckMode() == AckMode.MANUAL || properties.getAckMode() == AckMode.MANUAL_IMMEDIATE)) {
			violations.add(violation(container, "ack mode", properties.getAckMode().name(), "RECORD or BATCH",
					"a record that the listener gives back by nack, or never acknowledges, would be remembered and not be processed when it comes again"));
		}
		if (ListenerContainers.isInTransactionOfKafka(properties)) {
			violations.add(violation(container, "transaction manager", "one of Kafka", "none",
					"what the listener sends is rolled back with Kafka's transaction, and is not sent again if the record was remembered by the database before"));
		}
		return violations;
	}

	/**
	 * The transactions of a container are of another database than the marks.
	 * @param container the container
	 * @return a violation
	 */
	static Violation otherDatabase(AbstractMessageListenerContainer<?, ?> container) {
		return violation(container, "transaction manager", "of another DataSource",
				"of the DataSource that has the marks",
				"a record would be remembered behind the transaction that its listener works in, and be processed again if the process dies in between",
				"Have the marks in the same DataSource, see reliable.kafka.idempotency.jdbc.data-source, or name the other listeners in reliable.kafka.idempotency.listeners.");
	}

	// What a listener returns is sent after it has returned, and may not arrive. Asked
	// for each record, so that the last answer is kept.
	private boolean mayReply(Object listener) {
		Replies last = this.replies;
		if (last == null || last.listener() != listener) {
			last = new Replies(listener, findReplies(listener));
			this.replies = last;
		}
		return last.may();
	}

	private static boolean findReplies(Object listener) {
		Object inner = listener;
		while (inner instanceof DelegatingMessageListener<?> outer) {
			inner = outer.getDelegate();
		}
		if (!(inner instanceof MessagingMessageListenerAdapter<?, ?> adapter)) {
			return false;
		}
		DirectFieldAccessor fields = new DirectFieldAccessor(adapter);
		if (fields.getPropertyValue("replyTemplate") == null) {
			return false;
		}
		return fields.getPropertyValue("replyTopicExpression") != null
				|| Boolean.TRUE.equals(fields.getPropertyValue("messageReturnType")) || oneOfManyReturns(fields);
	}

	// Of a class with several methods each may have a topic to reply to.
	private static boolean oneOfManyReturns(DirectFieldAccessor adapter) {
		Object method = adapter.getPropertyValue("handlerMethod");
		Object many = (method != null) ? new DirectFieldAccessor(method).getPropertyValue("delegatingHandler") : null;
		return many != null
				&& new DirectFieldAccessor(many).getPropertyValue("handlers") instanceof Collection<?> handlers
				&& handlers.stream().anyMatch((handler) -> handler instanceof HandlerMethod one && !one.isVoid());
	}

	private static Violation violation(AbstractMessageListenerContainer<?, ?> container, String setting, String actual,
			String required, String reason) {
		return violation(container, setting, actual, required, reason,
				"Change that, or name the other listeners in reliable.kafka.idempotency.listeners; if the risk is accepted, records of this listener are processed each time they come.");
	}

	private static Violation violation(AbstractMessageListenerContainer<?, ?> container, String setting, String actual,
			String required, String reason, String remedy) {
		return new Violation(RISK, "listener '%s'".formatted(container.getListenerId()), setting, actual, required,
				reason, remedy, null);
	}

	private record Replies(Object listener, boolean may) {
	}

}
