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

import java.lang.reflect.Method;
import java.lang.reflect.Parameter;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.BeanUtils;
import org.springframework.beans.DirectFieldAccessor;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.DelegatingMessageListener;
import org.springframework.kafka.listener.adapter.MessagingMessageListenerAdapter;
import org.springframework.messaging.handler.HandlerMethod;
import org.springframework.messaging.handler.annotation.Header;

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
		if (!(inner instanceof MessagingMessageListenerAdapter)) {
			return null;
		}
		Object adapter = new DirectFieldAccessor(inner).getPropertyValue("handlerMethod");
		if (adapter == null || !(new DirectFieldAccessor(adapter)
			.getPropertyValue("invokerHandlerMethod") instanceof HandlerMethod handler)) {
			return null;
		}
		return ofOneValue(handler.getMethod());
	}

	private static @Nullable Class<?> ofOneValue(Method method) {
		for (Parameter parameter : method.getParameters()) {
			Class<?> type = parameter.getType();
			boolean single = ConsumerRecord.class.isAssignableFrom(type) || BeanUtils.isSimpleValueType(type);
			if (single && !AnnotatedElementUtils.hasAnnotation(parameter, Header.class)) {
				return type;
			}
		}
		return null;
	}

}
