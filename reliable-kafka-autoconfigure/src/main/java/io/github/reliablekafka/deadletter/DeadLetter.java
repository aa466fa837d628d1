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
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * A record in a dead letter topic, as people look at it. What it says of the failure is
 * from headers and so from whoever wrote the record; control characters are replaced.
 *
 * @param topic the dead letter topic
 * @param partition where it is
 * @param offset where it is
 * @param timestamp when it was written there
 * @param originalTopic the topic that the record came from; {@code null} if unknown
 * @param originalPartition -1 if unknown
 * @param originalOffset -1 if unknown
 * @param group whose listener failed; {@code null} if unknown
 * @param exception the class of the failure; {@code null} if unknown
 * @param message what the failure said, at most 500 characters; {@code null} if unknown
 * @param redrives how often the record was redriven before
 * @param handled whether this dead letter was redriven or parked already
 * @param keyBytes size of the key; -1 without a key
 * @param valueBytes size of the value; -1 without a value
 * @param key as text, or in Base64 if it is none; {@code null} unless payload is shown
 * @param value as text, or in Base64 if it is none, at most 4 KiB of it; {@code null}
 * unless payload is shown
 * @since 0.1.0
 */
public record DeadLetter(String topic, int partition, long offset, Instant timestamp, @Nullable String originalTopic,
		int originalPartition, long originalOffset, @Nullable String group, @Nullable String exception,
		@Nullable String message, int redrives, boolean handled, int keyBytes, int valueBytes, @Nullable String key,
		@Nullable String value) {

	private static final int LONGEST_TEXT = 500;

	private static final int MOST_PAYLOAD_BYTES = 4 * 1024;

	static DeadLetter of(ConsumerRecord<byte[], byte[]> letter, boolean handled, boolean showPayload) {
		DeadLetterHeaders headers = new DeadLetterHeaders(letter.headers());
		return new DeadLetter(letter.topic(), letter.partition(), letter.offset(),
				Instant.ofEpochMilli(letter.timestamp()), printable(headers.originalTopic()),
				headers.originalPartition(), headers.originalOffset(), printable(headers.group()),
				printable(headers.exception()), printable(headers.message()), headers.redrives(), handled,
				letter.serializedKeySize(), letter.serializedValueSize(), showPayload ? payload(letter.key()) : null,
				showPayload ? payload(letter.value()) : null);
	}

	/**
	 * Make a text from outside fit for a line of a log.
	 * @param text any text
	 * @return without control characters and line breaks, and not too long
	 */
	static @Nullable String printable(@Nullable String text) {
		if (text == null) {
			return null;
		}
		String start = (text.length() > LONGEST_TEXT) ? text.substring(0, LONGEST_TEXT) : text;
		// Also the separators of lines and paragraphs, and what turns the direction.
		return start.replaceAll("[\\p{Cntrl}\\p{Cf}\\u0085\\u2028\\u2029]", "?");
	}

	private static @Nullable String payload(byte @Nullable [] bytes) {
		if (bytes == null) {
			return null;
		}
		int length = Math.min(bytes.length, MOST_PAYLOAD_BYTES);
		if (length < bytes.length) {
			// Not in the middle of a character.
			while (length > 0 && (bytes[length] & 0xC0) == 0x80) {
				length--;
			}
		}
		try {
			return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, length)).toString();
		}
		catch (CharacterCodingException ex) {
			ByteBuffer encoded = Base64.getEncoder()
				.encode(ByteBuffer.wrap(bytes, 0, Math.min(bytes.length, MOST_PAYLOAD_BYTES)));
			return StandardCharsets.ISO_8859_1.decode(encoded).toString();
		}
	}

}
