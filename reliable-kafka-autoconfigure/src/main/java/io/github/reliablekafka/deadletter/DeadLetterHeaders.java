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

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import io.github.reliablekafka.sequence.Stamp;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.retrytopic.RetryTopicHeaders;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaUtils;

/**
 * Reads what the headers of a dead letter say, and makes the headers of a record that is
 * redriven. Whatever is in a header came with a record and so from anywhere: nothing is
 * taken for a topic to write to, and what cannot be read counts as not there.
 */
final class DeadLetterHeaders {

	/**
	 * How often a record was redriven, as a decimal number.
	 */
	static final String REDRIVES = "rk-redrives";

	/**
	 * Where a record was redriven from last, as {@code topic-partition@offset}.
	 */
	static final String REDRIVEN_FROM = "rk-redriven-from";

	/**
	 * What retries and dead letter topics add to the headers of a record, by the
	 * beginnings of their names. With {@code retry_topic-attempts} a record would go
	 * straight back to the dead letter topic.
	 */
	private static final List<String> OF_FAILURES = List.of(KafkaHeaders.PREFIX + "dlt-",
			KafkaHeaders.PREFIX + "original-", KafkaHeaders.PREFIX + "exception-",
			KafkaHeaders.PREFIX + "key-exception-", KafkaUtils.DESERIALIZER_EXCEPTION_HEADER_PREFIX,
			RetryTopicHeaders.DEFAULT_HEADER_ATTEMPTS, RetryTopicHeaders.DEFAULT_HEADER_BACKOFF_TIMESTAMP,
			RetryTopicHeaders.DEFAULT_HEADER_ORIGINAL_TIMESTAMP);

	private final Headers headers;

	DeadLetterHeaders(Headers headers) {
		this.headers = headers;
	}

	@Nullable String originalTopic() {
		return text(KafkaHeaders.DLT_ORIGINAL_TOPIC, KafkaHeaders.ORIGINAL_TOPIC);
	}

	/**
	 * Whether a record comes from a topic by any of its headers, as those of an earlier
	 * failure may be there as well.
	 * @param topic the topic
	 * @return {@code false} also if no header says where it comes from
	 */
	boolean isFrom(String topic) {
		byte[] name = topic.getBytes(StandardCharsets.UTF_8);
		for (Header header : this.headers) {
			boolean origin = header.key().equals(KafkaHeaders.DLT_ORIGINAL_TOPIC)
					|| header.key().equals(KafkaHeaders.ORIGINAL_TOPIC);
			if (origin && Arrays.equals(name, header.value())) {
				return true;
			}
		}
		return false;
	}

	/**
	 * The partition that the record was in.
	 * @return -1 if unknown
	 */
	int originalPartition() {
		byte[] value = bytes(KafkaHeaders.DLT_ORIGINAL_PARTITION, KafkaHeaders.ORIGINAL_PARTITION);
		return (value != null && value.length == Integer.BYTES) ? Math.max(-1, ByteBuffer.wrap(value).getInt()) : -1;
	}

	/**
	 * The offset that the record had.
	 * @return -1 if unknown
	 */
	long originalOffset() {
		byte[] value = bytes(KafkaHeaders.DLT_ORIGINAL_OFFSET, KafkaHeaders.ORIGINAL_OFFSET);
		return (value != null && value.length == Long.BYTES) ? Math.max(-1, ByteBuffer.wrap(value).getLong()) : -1;
	}

	@Nullable String group() {
		return text(KafkaHeaders.DLT_ORIGINAL_CONSUMER_GROUP, KafkaHeaders.ORIGINAL_CONSUMER_GROUP);
	}

	/**
	 * The exception at the bottom, because the one on top is Spring Kafka's.
	 * @return the name of its class
	 */
	@Nullable String exception() {
		String cause = text(KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN, KafkaHeaders.EXCEPTION_CAUSE_FQCN);
		String exception = (cause != null) ? cause : text(KafkaHeaders.DLT_EXCEPTION_FQCN, KafkaHeaders.EXCEPTION_FQCN);
		return (exception != null) ? exception
				: text(KafkaHeaders.DLT_KEY_EXCEPTION_FQCN, KafkaHeaders.KEY_EXCEPTION_FQCN);
	}

	@Nullable String message() {
		String message = text(KafkaHeaders.DLT_EXCEPTION_MESSAGE, KafkaHeaders.EXCEPTION_MESSAGE);
		return (message != null) ? message
				: text(KafkaHeaders.DLT_KEY_EXCEPTION_MESSAGE, KafkaHeaders.KEY_EXCEPTION_MESSAGE);
	}

	/**
	 * How often the record was redriven.
	 * @return 0 if it never was, or if that is not readable
	 */
	int redrives() {
		String text = text(REDRIVES, REDRIVES);
		try {
			return (text != null) ? Math.max(0, Integer.parseInt(text)) : 0;
		}
		catch (NumberFormatException ex) {
			return 0;
		}
	}

	/**
	 * The headers that the record goes back to its topic with: those it came with, its
	 * number set aside, and how often it was redriven. The number stays set aside, so
	 * that it can still be recognised by whoever has seen it.
	 * @param letter where it is
	 * @return new headers
	 */
	Headers redriven(ConsumerRecord<?, ?> letter) {
		Headers redriven = new RecordHeaders(this.headers.toArray());
		Set<String> names = new TreeSet<>();
		redriven.forEach((header) -> names.add(header.key()));
		names.stream().filter((name) -> OF_FAILURES.stream().anyMatch(name::startsWith)).forEach(redriven::remove);
		// Given for the dead letter topic, if any.
		redriven.remove(Stamp.HEADER);
		redriven.remove(REDRIVES);
		redriven.remove(REDRIVEN_FROM);
		int next = Math.min(redrives(), Integer.MAX_VALUE - 1) + 1;
		redriven.add(REDRIVES, String.valueOf(next).getBytes(StandardCharsets.UTF_8));
		redriven.add(REDRIVEN_FROM, "%s-%d@%d".formatted(letter.topic(), letter.partition(), letter.offset())
			.getBytes(StandardCharsets.UTF_8));
		return redriven;
	}

	private @Nullable String text(String name, String otherName) {
		byte[] value = bytes(name, otherName);
		return (value != null) ? new String(value, StandardCharsets.UTF_8) : null;
	}

	private byte @Nullable [] bytes(String name, String otherName) {
		Header header = this.headers.lastHeader(name);
		if (header == null) {
			header = this.headers.lastHeader(otherName);
		}
		return (header != null) ? header.value() : null;
	}

}
