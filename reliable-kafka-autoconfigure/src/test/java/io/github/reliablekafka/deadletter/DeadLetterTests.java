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
import java.util.Base64;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.support.KafkaHeaders;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeadLetter}.
 */
class DeadLetterTests {

	@Test
	void payloadIsShownOnlyIfWanted() {
		ConsumerRecord<byte[], byte[]> record = record(bytes("key"), bytes("v\u00e4lue"));
		assertThat(DeadLetter.of(record, false, false).toString()).doesNotContain("v\u00e4lue");
		DeadLetter shown = DeadLetter.of(record, false, true);
		assertThat(shown.key()).isEqualTo("key");
		assertThat(shown.value()).isEqualTo("v\u00e4lue");
	}

	@Test
	void payloadThatIsNoTextIsShownInBase64() {
		DeadLetter shown = DeadLetter.of(record(null, DeadLetterSetup.POISON), false, true);
		assertThat(shown.key()).isNull();
		assertThat(shown.value()).isEqualTo(Base64.getEncoder().encodeToString(DeadLetterSetup.POISON));
	}

	@Test
	void payloadThatIsLongIsCutBetweenTwoCharacters() {
		assertThat(DeadLetter.of(record(null, bytes("x" + "\u00e4".repeat(5000))), false, true).value())
			.isEqualTo("x" + "\u00e4".repeat(2047));
	}

	@Test
	void headersCannotForgeALineOfTheLog() {
		ConsumerRecord<byte[], byte[]> record = record(null, null);
		record.headers()
			.add(KafkaHeaders.DLT_EXCEPTION_MESSAGE, bytes("a\r\nINFO forged\u2028\u202e" + "b".repeat(1000)));
		record.headers().add(KafkaHeaders.DLT_ORIGINAL_PARTITION, bytes("seven"));
		record.headers().add(KafkaHeaders.DLT_ORIGINAL_OFFSET, bytes("eight"));
		record.headers().add("rk-redrives", bytes("-1x"));
		DeadLetter letter = DeadLetter.of(record, false, false);
		assertThat(letter.message()).startsWith("a??INFO forged??b").hasSize(500);
		assertThat(letter.originalPartition()).isEqualTo(-1);
		assertThat(letter.originalOffset()).isEqualTo(-1);
		assertThat(letter.redrives()).isZero();
	}

	private static ConsumerRecord<byte[], byte[]> record(byte[] key, byte[] value) {
		return new ConsumerRecord<>("orders-dlt", 0, 1, key, value);
	}

	private static byte[] bytes(String text) {
		return text.getBytes(StandardCharsets.UTF_8);
	}

}
