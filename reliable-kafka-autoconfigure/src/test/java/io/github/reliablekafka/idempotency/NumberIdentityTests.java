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
import org.apache.kafka.common.header.Headers;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.support.KafkaHeaders;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link NumberIdentity}.
 */
class NumberIdentityTests {

	private static final Stamp FIRST = new Stamp(0xabcL, 7, 0, false, false, null);

	private final NumberIdentity identity = new NumberIdentity();

	@Test
	void replayIsTheSameRecordThoughItsHeaderDiffers() {
		Stamp replay = new Stamp(0xabcL, 7, 0, false, true, null);
		assertThat(identify("orders", "rk", FIRST)).isEqualTo("orders-1/abc/7")
			.isEqualTo(identify("orders", "rk", replay));
	}

	@Test
	void otherNumberSessionOrPartitionIsAnotherRecord() {
		assertThat(identify("orders", "rk", FIRST))
			.isNotEqualTo(identify("orders", "rk", new Stamp(0xabcL, 8, 0, false, false, null)))
			.isNotEqualTo(identify("orders", "rk", new Stamp(0xabdL, 7, 0, false, false, null)));
		// A reader of uncommitted records gets both.
		assertThat(identify("orders", "rk", new Stamp(1, 7, 0, true, false, null)))
			.isNotEqualTo(identify("orders", "rk", new Stamp(1, 7, 3, true, false, null)));
	}

	@Test
	void redrivenRecordIsTheSameRecord() {
		assertThat(identify("orders", "rk-orig", FIRST)).isEqualTo(identify("orders", "rk", FIRST));
	}

	@Test
	void recordInARetryTopicIsTheSameRecord() {
		ConsumerRecord<String, String> retried = new ConsumerRecord<>("orders-retry-10000", 1, 0, "key", "value");
		Headers headers = retried.headers();
		headers.add("rk-orig", FIRST.encode(new Lane("orders", 1)));
		assertThat(this.identity.identify(retried)).isNull();
		headers.add(KafkaHeaders.ORIGINAL_TOPIC, "orders".getBytes(StandardCharsets.UTF_8));
		headers.add(KafkaHeaders.ORIGINAL_PARTITION, ByteBuffer.allocate(Integer.BYTES).putInt(1).array());
		assertThat(this.identity.identify(retried)).isEqualTo(identify("orders", "rk", FIRST));
	}

	@Test
	void numberOfAnotherPartitionSaysNothing() {
		ConsumerRecord<String, String> copied = new ConsumerRecord<>("copies", 1, 0, "key", "value");
		copied.headers().add("rk", FIRST.encode(new Lane("orders", 1)));
		assertThat(this.identity.identify(copied)).isNull();
		assertThat(this.identity.identify(new ConsumerRecord<>("orders", 1, 0, "key", "value"))).isNull();
	}

	private String identify(String topic, String header, Stamp stamp) {
		ConsumerRecord<String, String> record = new ConsumerRecord<>(topic, 1, 0, "key", "value");
		record.headers().add(header, stamp.encode(new Lane(topic, 1)));
		return this.identity.identify(record);
	}

}
