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

package io.github.reliablekafka.deadletter;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.support.serializer.JacksonJsonDeserializer;
import org.springframework.kafka.support.serializer.JacksonJsonSerializer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the headers with which {@link RetryTopicRecoverer} sends a record on.
 */
class RetryTopicHeadersTests {

	@Test
	void typeThatADeserializerHasTakenAwayIsThereAgain() {
		Headers inKafka = new RecordHeaders();
		byte[] json;
		try (JacksonJsonSerializer<Order> serializer = new JacksonJsonSerializer<>()) {
			json = serializer.serialize("orders", inKafka, new Order("one"));
		}
		assertThat(inKafka.lastHeader("__TypeId__")).isNotNull();
		Headers seen = new RecordHeaders(inKafka.toArray());
		read(seen, json);
		assertThat(seen.lastHeader("__TypeId__")).isNull();
		Headers published = new RecordHeaders(seen.toArray());
		published.add(header("kafka_original-topic", "orders"));
		Headers sent = RetryTopicRecoverer.headers(inKafka, seen, published);
		assertThat(read(sent, json)).isEqualTo(new Order("one"));
	}

	@Test
	void headersAreThoseInKafkaAndThoseOfTheFailure() {
		Headers inKafka = headers("trace", "a", "retry_topic-attempts", "1", "kafka_exception-message", "old");
		inKafka.add(header("trace", "b"));
		Headers seen = new RecordHeaders(inKafka.toArray());
		seen.add(header("springDeserializerExceptionValue", "in memory only"));
		Headers published = headers("trace", "a", "retry_topic-attempts", "2", "kafka_exception-message", "new",
				"tenant", "of a headers function");
		assertThat(RetryTopicRecoverer.headers(inKafka, seen, published)).containsExactlyInAnyOrder(
				header("trace", "a"), header("trace", "b"), header("retry_topic-attempts", "2"),
				header("kafka_exception-message", "new"), header("tenant", "of a headers function"));
	}

	@Test
	void numberThatIsSetAsideStaysFromOneRetryTopicToTheNext() {
		assertThat(setAside("orders", "orders-retry-1000", "rk", "1")).isEqualTo(Map.of("rk-orig", "1"));
		assertThat(setAside("orders", "orders-retry-1000", "rk-orig", "1")).isEqualTo(Map.of("rk-orig", "1"));
		assertThat(setAside("orders", "orders-dlt", "rk", "1", "rk-orig", "of another"))
			.isEqualTo(Map.of("rk-orig", "1"));
		String[] numberedByATemplate = { "rk", "2", "rk-orig", "1" };
		assertThat(setAside("orders-retry-1000", "orders-retry-10000", numberedByATemplate))
			.isEqualTo(Map.of("rk-orig", "1"));
		assertThat(setAside("orders-retry", "orders-retry", numberedByATemplate)).isEqualTo(Map.of("rk-orig", "1"));
		assertThat(setAside("orders-retry-1000", "orders-dlt", numberedByATemplate)).isEqualTo(Map.of("rk-orig", "1"));
	}

	private static Map<String, String> setAside(String from, String to, String... namesAndValues) {
		Headers headers = headers(namesAndValues);
		RetryTopicRecoverer.setAside(headers, from, to);
		Map<String, String> left = new HashMap<>();
		headers.forEach((header) -> left.put(header.key(), new String(header.value(), StandardCharsets.UTF_8)));
		return left;
	}

	private static Object read(Headers headers, byte[] json) {
		try (JacksonJsonDeserializer<Object> deserializer = new JacksonJsonDeserializer<>()) {
			deserializer.configure(Map.of("spring.json.trusted.packages", "*"), false);
			return deserializer.deserialize("orders", headers, json);
		}
	}

	private static Headers headers(String... namesAndValues) {
		Headers headers = new RecordHeaders();
		for (int i = 0; i < namesAndValues.length; i += 2) {
			headers.add(header(namesAndValues[i], namesAndValues[i + 1]));
		}
		return headers;
	}

	private static Header header(String name, String value) {
		return new RecordHeader(name, value.getBytes(StandardCharsets.UTF_8));
	}

	record Order(String id) {
	}

}
