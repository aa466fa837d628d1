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

import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.aop.support.AopUtils;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.core.MethodIntrospector;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.kafka.annotation.KafkaHandler;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.ContainerProperties.AckMode;
import org.springframework.kafka.listener.DelegatingMessageListener;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.AsyncRepliesAware;
import org.springframework.kafka.listener.adapter.DelegatingInvocableHandler;
import org.springframework.kafka.listener.adapter.FilteringBatchMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.FilteringMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.HandlerAdapter;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.messaging.handler.invocation.InvocableHandlerMethod;
import org.springframework.util.ReflectionUtils;

/**
 * What has to be changed in listeners so that their outcomes are known. Those that
 * acknowledge by hand or reply are wrapped, because nobody else hears of it: Spring Kafka
 * commits the highest acknowledgement, whatever is below it, and looks at no reply. Those
 * that return before their work is done are made to wait for it. Any other listener stays
 * as it is.
 */
final class GuardedListeners {

	private static final Log logger = LogFactory.getLog(GuardedListeners.class);

	private GuardedListeners() {
	}

	/**
	 * Wrap a listener if need be.
	 * @param listener of a container
	 * @param byHand whether it acknowledges by hand
	 * @return what to give the container instead; the same if there is no need, if it is
	 * of no known kind, or wrapped already
	 */
	static Object wrap(Object listener, boolean byHand) {
		if (isWrapped(listener)) {
			return listener;
		}
		boolean replies = followReplies(listener);
		if (!byHand && !replies) {
			return listener;
		}
		if (isFiltering(listener)) {
			return aroundFilter(listener);
		}
		if (listener instanceof BatchMessageListener<?, ?> batch) {
			return new GuardedBatchListener<>(batch);
		}
		return (listener instanceof MessageListener<?, ?> single) ? new GuardedListener<>(single) : listener;
	}

	/**
	 * Whether a listener returns before its work is done, and tells the container.
	 * @param listener of a container
	 * @return {@code false} if it may do so all the same
	 */
	static boolean isAsync(@Nullable Object listener) {
		return listener instanceof AsyncRepliesAware aware && aware.isAsyncReplies();
	}

	/**
	 * Whether a listener does so without telling the container, because an application's
	 * own wrapper around it does not pass that on.
	 * @param listener of a container
	 * @return {@code true} if it has such a listener in one of its fields
	 */
	static boolean hidesAsync(Object listener) {
		return hidden(listener).stream().anyMatch(GuardedListeners::isAsync);
	}

	/**
	 * Let a listener, and one that it has in one of its fields, return only when its work
	 * is done. One that is not made of a method with {@code @KafkaListener} stays as it
	 * is.
	 * @param properties of a container that is not started yet, and has a listener; its
	 * ack mode is a manual one afterwards if that listener returns a future and can
	 * acknowledge, as Spring Kafka has it
	 */
	static void await(ContainerProperties properties) {
		Object listener = Objects.requireNonNull(properties.getMessageListener());
		if (isAsync(listener) && innermost(listener) instanceof MessagingMessageListenerAdapter<?, ?> adapter
				&& properties.getAckMode() != AckMode.MANUAL && properties.getAckMode() != AckMode.MANUAL_IMMEDIATE
				&& canAcknowledge(adapter)) {
			properties.setAckMode(AckMode.MANUAL);
		}
		awaitMethod(listener);
		hidden(listener).forEach(GuardedListeners::awaitMethod);
	}

	private static void awaitMethod(Object listener) {
		if (!(innermost(listener) instanceof MessagingMessageListenerAdapter<?, ?> adapter)) {
			return;
		}
		Object handler = new DirectFieldAccessor(adapter).getPropertyValue("handlerMethod");
		if (handler == null || handler.getClass() != HandlerAdapter.class) {
			return;
		}
		DirectFieldAccessor fields = new DirectFieldAccessor(handler);
		if (fields.getPropertyValue("invokerHandlerMethod") instanceof InvocableHandlerMethod method) {
			adapter.setHandlerMethod(AwaitingHandler.of(method));
		}
		else if (fields.getPropertyValue("delegatingHandler") instanceof DelegatingInvocableHandler methods) {
			adapter.setHandlerMethod(AwaitingHandler.of(methods));
		}
	}

	private static boolean canAcknowledge(MessagingMessageListenerAdapter<?, ?> adapter) {
		if (!(new DirectFieldAccessor(adapter).getPropertyValue("handlerMethod") instanceof HandlerAdapter handler)) {
			return false;
		}
		DirectFieldAccessor fields = new DirectFieldAccessor(handler);
		return (fields.getPropertyValue("invokerHandlerMethod") instanceof InvocableHandlerMethod single)
				? canAcknowledge(single.getMethod())
				: !MethodIntrospector
					.selectMethods(AopUtils.getTargetClass(handler.getBean()),
							(ReflectionUtils.MethodFilter) (
									method) -> AnnotatedElementUtils.hasAnnotation(method, KafkaHandler.class)
											&& canAcknowledge(method))
					.isEmpty();
	}

	private static boolean canAcknowledge(Method method) {
		return Stream.of(method.getParameterTypes()).anyMatch(Acknowledgment.class::isAssignableFrom);
	}

	private static Object innermost(Object listener) {
		Object inner = listener;
		while (inner instanceof DelegatingMessageListener<?> outer) {
			inner = outer.getDelegate();
		}
		return inner;
	}

	private static List<Object> hidden(Object listener) {
		List<Object> values = new ArrayList<>();
		try {
			for (Class<?> type = listener.getClass(); type != null
					&& type != Object.class; type = type.getSuperclass()) {
				for (Field field : type.getDeclaredFields()) {
					if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()
							&& field.trySetAccessible() && field.get(listener) != null) {
						values.add(field.get(listener));
					}
				}
			}
		}
		catch (IllegalAccessException ex) {
			logger.debug("What is in %s cannot be seen".formatted(listener.getClass()), ex);
		}
		return values;
	}

	/**
	 * Whether a listener should be wrapped and cannot be, because it filters records in a
	 * way of its own: what it keeps back would have no outcome.
	 * @param listener what {@link #wrap} has returned
	 * @param byHand whether it acknowledges by hand
	 * @return {@code true} if nobody hears what it does
	 */
	static boolean isOutOfReach(Object listener, boolean byHand) {
		return !isWrapped(listener) && isFiltering(listener) && (byHand || followReplies(listener));
	}

	// What a filter further inside holds back would have no outcome.
	private static boolean isFiltering(Object listener) {
		Object inner = listener;
		while (inner instanceof DelegatingMessageListener<?> outer) {
			if (inner instanceof FilteringMessageListenerAdapter
					|| inner instanceof FilteringBatchMessageListenerAdapter) {
				return true;
			}
			inner = outer.getDelegate();
		}
		return false;
	}

	@SuppressWarnings("unchecked")
	private static <K, V> Object aroundFilter(Object listener) {
		if (listener.getClass() == FilteringMessageListenerAdapter.class) {
			FilteringMessageListenerAdapter<K, V> filtering = (FilteringMessageListenerAdapter<K, V>) listener;
			return new GuardedListener<>(new FilteringMessageListenerAdapter<>(filtering.getDelegate(),
					GuardedListeners.<K, V>filterOf(listener), acknowledges(listener)));
		}
		if (listener.getClass() == FilteringBatchMessageListenerAdapter.class) {
			FilteringBatchMessageListenerAdapter<K, V> filtering = (FilteringBatchMessageListenerAdapter<K, V>) listener;
			return new GuardedBatchListener<>(new FilteringBatchMessageListenerAdapter<>(filtering.getDelegate(),
					GuardedListeners.<K, V>filterOf(listener), acknowledges(listener)));
		}
		return listener;
	}

	@SuppressWarnings("unchecked")
	private static <K, V> ToldFilter<K, V> filterOf(Object listener) {
		return new ToldFilter<>((RecordFilterStrategy<K, V>) Objects
			.requireNonNull(new DirectFieldAccessor(listener).getPropertyValue("recordFilterStrategy")));
	}

	private static boolean acknowledges(Object listener) {
		return Boolean.TRUE.equals(new DirectFieldAccessor(listener).getPropertyValue("ackDiscarded"));
	}

	// Whether the listener may reply; then what it sends is known from now on.
	private static boolean followReplies(Object listener) {
		if (!(innermost(listener) instanceof MessagingMessageListenerAdapter<?, ?> adapter)) {
			return false;
		}
		DirectFieldAccessor fields = new DirectFieldAccessor(adapter);
		if (!(fields.getPropertyValue("replyTemplate") instanceof KafkaTemplate<?, ?> template) || !mayReply(fields)) {
			return false;
		}
		if (!(template instanceof ReplyTemplate)) {
			adapter.setReplyTemplate(new ReplyTemplate<>(template));
		}
		return true;
	}

	private static boolean mayReply(DirectFieldAccessor adapter) {
		Object method = adapter.getPropertyValue("handlerMethod");
		return adapter.getPropertyValue("replyTopicExpression") != null
				|| Boolean.TRUE.equals(adapter.getPropertyValue("messageReturnType"))
				|| (method != null && new DirectFieldAccessor(method).getPropertyValue("delegatingHandler") != null);
	}

	/**
	 * Whether a listener is wrapped.
	 * @param listener of a container
	 * @return {@code false} if nobody hears what it does
	 */
	static boolean isWrapped(@Nullable Object listener) {
		Object inner = listener;
		while (inner instanceof DelegatingMessageListener<?> outer) {
			if (inner instanceof GuardedListener || inner instanceof GuardedBatchListener) {
				return true;
			}
			inner = outer.getDelegate();
		}
		return false;
	}

}
