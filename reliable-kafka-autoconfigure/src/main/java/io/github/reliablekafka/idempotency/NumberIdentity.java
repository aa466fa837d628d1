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

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.Stamp;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.support.KafkaHeaders;

/**
 * Identifies a record by the number that its producer gave to it. A record that went
 * through retry topics, or to a dead letter topic and back, keeps the number aside, and
 * so is still the same. Safe for use by many threads.
 */
final class NumberIdentity implements RecordIdentity {

	@Override
	public @Nullable String identify(ConsumerRecord<?, ?> record) {
		Lane here = new Lane(record.topic(), record.partition());
		byte[] number = value(record.headers(), Stamp.HEADER);
		if (number != null) {
			return identify(here, number);
		}
		byte[] original = value(record.headers(), Stamp.ORIGINAL_HEADER);
		if (original == null) {
			return null;
		}
		String redriven = identify(here, original);
		Lane before = originalLane(record.headers());
		return (redriven != null || before == null) ? redriven : identify(before, original);
	}

	// The header says nothing about a partition that it was not made for.
	private static @Nullable String identify(Lane lane, byte[] header) {
		Stamp stamp = Stamp.decode(lane, header);
		// Records of aborted transactions may have the number of a visible one.
		return (stamp != null) ? "%s-%d/%s/%d".formatted(lane.topic(), lane.partition(),
				Long.toHexString(stamp.session()), stamp.appendNumber()) : null;
	}

	private static @Nullable Lane originalLane(Headers headers) {
		byte[] topic = value(headers, KafkaHeaders.DLT_ORIGINAL_TOPIC);
		byte[] partition = value(headers, KafkaHeaders.DLT_ORIGINAL_PARTITION);
		if (topic == null) {
			topic = value(headers, KafkaHeaders.ORIGINAL_TOPIC);
			partition = value(headers, KafkaHeaders.ORIGINAL_PARTITION);
		}
		if (topic == null || partition == null || partition.length != Integer.BYTES) {
			return null;
		}
		return new Lane(new String(topic, StandardCharsets.UTF_8), ByteBuffer.wrap(partition).getInt());
	}

	private static byte @Nullable [] value(Headers headers, String name) {
		Header header = headers.lastHeader(name);
		return (header != null) ? header.value() : null;
	}

}
