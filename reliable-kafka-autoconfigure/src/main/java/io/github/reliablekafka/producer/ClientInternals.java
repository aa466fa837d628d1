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

package io.github.reliablekafka.producer;

import java.lang.reflect.Field;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.internals.ProducerInterceptors;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.internals.Plugin;
import org.apache.kafka.common.serialization.Serializer;
import org.jspecify.annotations.Nullable;

/**
 * The interceptors and serializers in a client, for records that it does not come to
 * serialize because it does not know their topic yet. The client shows them to nobody.
 *
 * @param interceptors called for each record
 * @param keys writes keys
 * @param values writes values
 */
record ClientInternals(ProducerInterceptors<Object, Object> interceptors, Serializer<Object> keys,
		Serializer<Object> values) {

	/**
	 * Look into a client.
	 * @param client the client
	 * @return {@code null} if it is not Kafka's, or not as expected
	 */
	@SuppressWarnings("unchecked")
	static @Nullable ClientInternals of(Producer<?, ?> client) {
		if (!(client instanceof KafkaProducer)) {
			return null;
		}
		try {
			return new ClientInternals((ProducerInterceptors<Object, Object>) field(client, "interceptors"),
					((Plugin<Serializer<Object>>) field(client, "keySerializerPlugin")).get(),
					((Plugin<Serializer<Object>>) field(client, "valueSerializerPlugin")).get());
		}
		catch (ReflectiveOperationException | RuntimeException ex) {
			return null;
		}
	}

	private static Object field(Producer<?, ?> client, String name) throws ReflectiveOperationException {
		Field field = KafkaProducer.class.getDeclaredField(name);
		field.setAccessible(true);
		return field.get(client);
	}

	@SuppressWarnings("unchecked")
	ProducerRecord<?, ?> intercept(ProducerRecord<?, ?> record) {
		return this.interceptors.onSend((ProducerRecord<Object, Object>) record);
	}

	byte @Nullable [] key(ProducerRecord<?, ?> record) {
		return this.keys.serialize(record.topic(), record.headers(), record.key());
	}

	byte @Nullable [] value(ProducerRecord<?, ?> record, Headers headers) {
		return this.values.serialize(record.topic(), headers, record.value());
	}

}
