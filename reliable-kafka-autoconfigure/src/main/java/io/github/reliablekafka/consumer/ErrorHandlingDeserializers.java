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

import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.function.Supplier;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteBufferDeserializer;
import org.apache.kafka.common.serialization.BytesDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.support.serializer.ErrorHandlingDeserializer;
import org.springframework.util.ClassUtils;

/**
 * Puts an {@link ErrorHandlingDeserializer} around the deserializers of an application,
 * so that a record that cannot be read reaches the error handler instead of blocking its
 * partition. Whatever the application configures for its own deserializers, or for an
 * {@code ErrorHandlingDeserializer} of its own, stays. So do those of Kafka that can read
 * anything: around them it would cost each record a search of its headers, and a copy of
 * its bytes.
 */
final class ErrorHandlingDeserializers {

	private static final Map<String, String> DELEGATES = Map.of(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG,
			ErrorHandlingDeserializer.KEY_DESERIALIZER_CLASS, ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG,
			ErrorHandlingDeserializer.VALUE_DESERIALIZER_CLASS);

	private static final Set<Class<?>> INFALLIBLE = Set.of(ByteArrayDeserializer.class, ByteBufferDeserializer.class,
			BytesDeserializer.class, StringDeserializer.class);

	private ErrorHandlingDeserializers() {
	}

	/**
	 * Around those that a factory's settings name.
	 * @param settings the settings
	 * @return what to change in them
	 */
	static Map<String, Object> aroundConfigured(Map<String, Object> settings) {
		Map<String, Object> updates = new HashMap<>();
		DELEGATES.forEach((setting, delegate) -> {
			Object deserializer = settings.get(setting);
			if (deserializer != null && mayThrow(deserializer)) {
				updates.put(setting, ErrorHandlingDeserializer.class);
				updates.put(delegate, deserializer);
			}
		});
		return updates;
	}

	/**
	 * Around those that the settings of one listener name.
	 * @param overrides the settings of the listener
	 * @param factory creates its consumers; a deserializer that it brings as an object
	 * makes Kafka ignore the settings
	 */
	static void aroundOverrides(Properties overrides, ConsumerFactory<?, ?> factory) {
		DELEGATES.forEach((setting, delegate) -> {
			Object deserializer = ConsumerCover.valueOf(overrides, setting);
			boolean ignored = (setting.equals(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG)
					? factory.getKeyDeserializer() : factory.getValueDeserializer()) != null;
			if (deserializer != null && !ignored && mayThrow(deserializer)) {
				overrides.put(delegate, deserializer);
				overrides.put(setting, ErrorHandlingDeserializer.class.getName());
			}
		});
	}

	/**
	 * Around those that a factory has as objects.
	 * @param factory the factory
	 * @param <K> the key type
	 * @param <V> the value type
	 */
	@SuppressWarnings("unchecked")
	static <K, V> void aroundSuppliers(DefaultKafkaConsumerFactory<K, V> factory) {
		// The factory does not show its suppliers, and a supplier may create a new
		// deserializer for each consumer.
		DirectFieldAccessor fields = new DirectFieldAccessor(factory);
		Supplier<@Nullable Deserializer<K>> key = (Supplier<@Nullable Deserializer<K>>) fields
			.getPropertyValue("keyDeserializerSupplier");
		if (key != null && !(key instanceof ErrorHandlingSupplier)) {
			factory.setKeyDeserializerSupplier(new ErrorHandlingSupplier<>(key, true));
		}
		Supplier<@Nullable Deserializer<V>> value = (Supplier<@Nullable Deserializer<V>>) fields
			.getPropertyValue("valueDeserializerSupplier");
		if (value != null && !(value instanceof ErrorHandlingSupplier)) {
			factory.setValueDeserializerSupplier(new ErrorHandlingSupplier<>(value, false));
		}
	}

	private static boolean mayThrow(Object deserializer) {
		if (deserializer instanceof Class<?> type) {
			return mayThrow(type);
		}
		String name = deserializer.toString();
		// Only Kafka can say what is wrong with one that is not there.
		return ClassUtils.isPresent(name, null) && mayThrow(ClassUtils.resolveClassName(name, null));
	}

	private static boolean mayThrow(Class<?> type) {
		return !INFALLIBLE.contains(type) && !ErrorHandlingDeserializer.class.isAssignableFrom(type);
	}

	/**
	 * Hands out the deserializer of another supplier in an error handling one.
	 *
	 * @param <T> the type of what is deserialized
	 */
	private static final class ErrorHandlingSupplier<T> implements Supplier<@Nullable Deserializer<T>> {

		private final Supplier<@Nullable Deserializer<T>> supplier;

		private final boolean forKey;

		ErrorHandlingSupplier(Supplier<@Nullable Deserializer<T>> supplier, boolean forKey) {
			this.supplier = supplier;
			this.forKey = forKey;
		}

		@Override
		public @Nullable Deserializer<T> get() {
			Deserializer<T> deserializer = this.supplier.get();
			if (deserializer == null || !mayThrow(deserializer.getClass())) {
				return deserializer;
			}
			// Told here, because a factory may be set not to configure deserializers.
			return new ErrorHandlingDeserializer<>(deserializer).keyDeserializer(this.forKey);
		}

	}

}
