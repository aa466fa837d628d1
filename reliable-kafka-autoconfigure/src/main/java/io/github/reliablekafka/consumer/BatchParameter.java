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

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.core.MethodParameter;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.DelegatingMessageListener;
import org.springframework.kafka.listener.adapter.BatchMessagingMessageListenerAdapter;
import org.springframework.messaging.handler.HandlerMethod;
import org.springframework.messaging.handler.annotation.Payload;

/**
 * The parameter of an annotated batch listener that takes one value. Spring Kafka makes
 * one of the whole batch, or fails with each batch for ever.
 */
final class BatchParameter {

	private BatchParameter() {
	}

	/**
	 * Find it.
	 * @param listener of a container
	 * @return its type; {@code null} if there is none
	 */
	static @Nullable Class<?> ofOneValue(@Nullable Object listener) {
		if (!(listener instanceof BatchMessageListener)) {
			return null;
		}
		Object inner = listener;
		while (inner instanceof DelegatingMessageListener<?> outer) {
			inner = outer.getDelegate();
		}
		if (!(inner instanceof BatchMessagingMessageListenerAdapter)) {
			return null;
		}
		DirectFieldAccessor fields = new DirectFieldAccessor(inner);
		if (fields.getPropertyValue("batchToRecordAdapter") != null) {
			// It takes the batch apart.
			return null;
		}
		Object adapter = fields.getPropertyValue("handlerMethod");
		if (adapter == null || !(new DirectFieldAccessor(adapter)
			.getPropertyValue("invokerHandlerMethod") instanceof HandlerMethod handler)) {
			return null;
		}
		return ofOneValue(handler);
	}

	private static @Nullable Class<?> ofOneValue(HandlerMethod handler) {
		// Annotations of an interface's method are among them.
		for (MethodParameter parameter : handler.getMethodParameters()) {
			Class<?> type = parameter.getParameterType();
			boolean single = ConsumerRecord.class.isAssignableFrom(type) || BeanUtils.isSimpleValueType(type);
			if (single && isPayload(parameter)) {
				return type;
			}
		}
		return null;
	}

	// With any other annotation it may be a header, or what a resolver of the
	// application's own makes of it.
	private static boolean isPayload(MethodParameter parameter) {
		return parameter.getParameterAnnotations().length == 0 || parameter.hasParameterAnnotation(Payload.class);
	}

}
