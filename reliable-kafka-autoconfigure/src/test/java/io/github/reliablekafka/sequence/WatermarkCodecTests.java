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

package io.github.reliablekafka.sequence;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link WatermarkCodec}.
 */
class WatermarkCodecTests {

	private static final ProducerIdentity PRODUCER = new ProducerIdentity("shop", "node-1", "p-1", 1_790_000_000_000L);

	private final Random random = new Random(42);

	static List<WireFormatVectors> vectors() {
		return WireFormatVectors.of("watermarks.txt");
	}

	@ParameterizedTest
	@MethodSource("vectors")
	void readsAndWritesTheBytesOfTheFormat(WireFormatVectors vector) {
		Watermark decoded = WatermarkCodec.decode(vector.bytes("key"), vector.bytes("value"));
		if (vector.has("problem")) {
			assertThat(decoded).isNull();
			return;
		}
		Watermark expected = new Watermark(vector.lane(), vector.session(),
				new ProducerIdentity(vector.text("application"), vector.text("host"), vector.text("clientId"),
						vector.number("startedAt")),
				vector.number("sequence"), vector.number("number"), vector.number("appendNumber"),
				vector.claim("claim"), vector.claim("appendClaim"), Boolean.parseBoolean(vector.text("closed")));
		assertThat(decoded).isEqualTo(expected);
		assertThat(WatermarkCodec.encodeKey(expected.lane(), expected.session())).asHexString()
			.isEqualToIgnoringCase(vector.text("key"));
		assertThat(WatermarkCodec.encode(expected)).asHexString().isEqualToIgnoringCase(vector.text("value"));
	}

	@Test
	void keyTellsWhatARecordIsAbout() {
		Lane lane = new Lane("orders", 3);
		assertThat(WatermarkCodec.decodeKey(WatermarkCodec.encodeKey(lane, -7)))
			.isEqualTo(new WatermarkCodec.Key(lane, -7));
		assertThat(WatermarkCodec.decodeKey(null)).isNull();
		assertThat(WatermarkCodec.decode(WatermarkCodec.encodeKey(lane, -7), null)).isNull();
	}

	@Test
	void noFlippedBitAndNoCutIsTakenForAWatermark() {
		NumberRanges failed = NumberRanges.of(5, 9).add(20, 20).add(300, 400);
		Watermark watermark = new Watermark(new Lane("orders", 3), 77, PRODUCER, 4, 500, 600,
				new Claim(1, 450, 9000, 0, 800, failed, 99), new Claim(1, 550, 9001, 3, 800, failed, 99), true);
		byte[] key = WatermarkCodec.encodeKey(watermark.lane(), watermark.session());
		byte[] value = WatermarkCodec.encode(watermark);
		assertThat(WatermarkCodec.decode(key, value)).isEqualTo(watermark);
		for (int bit = 0; bit < value.length * 8; bit++) {
			byte[] flipped = value.clone();
			flipped[bit / 8] ^= (byte) (1 << (bit % 8));
			assertThat(WatermarkCodec.decode(key, flipped)).isNull();
		}
		for (int bit = 0; bit < key.length * 8; bit++) {
			byte[] flipped = key.clone();
			flipped[bit / 8] ^= (byte) (1 << (bit % 8));
			assertThat(WatermarkCodec.decode(flipped, value)).isNull();
		}
		for (int length = 0; length < value.length; length++) {
			assertThat(WatermarkCodec.decode(key, Arrays.copyOf(value, length))).isNull();
		}
	}

	@Test
	void randomBytesNeverThrow() {
		for (int i = 0; i < 100_000; i++) {
			byte[] key = new byte[this.random.nextInt(40)];
			byte[] value = new byte[this.random.nextInt(120)];
			this.random.nextBytes(key);
			this.random.nextBytes(value);
			if (key.length > 1) {
				key[0] = 1;
				key[1] = (byte) this.random.nextInt(30);
			}
			WatermarkCodec.decodeKey(key);
			assertThat(WatermarkCodec.decode(key, value)).isNull();
		}
	}

	@Test
	void longNamesAreCutBetweenCharacters() {
		String name = "a" + "€".repeat(100) + "😀";
		Watermark watermark = new Watermark(new Lane("orders", 3), 77, new ProducerIdentity(name, "", "", 0), 1, 1, 1,
				Claim.NONE, Claim.NONE, false);
		Watermark decoded = WatermarkCodec.decode(WatermarkCodec.encodeKey(watermark.lane(), 77),
				WatermarkCodec.encode(watermark));
		String application = Objects.requireNonNull(decoded).producer().application();
		assertThat(name).startsWith(application);
		assertThat(application.getBytes(StandardCharsets.UTF_8)).hasSizeBetween(250, 255);
	}

	@Test
	void tooManyFailuresRaiseTheBeginning() {
		long[] bounds = new long[2 * 10_500];
		for (int i = 0; i < bounds.length; i++) {
			bounds[i] = 10L * (i / 2) + 1;
		}
		Claim claim = new Claim(1, 200_000, 300_000, 0, 0, NumberRanges.ofBounds(bounds), 5);
		Watermark watermark = new Watermark(new Lane("orders", 3), 77, PRODUCER, 1, 200_000, 200_000, claim, claim,
				false);
		Watermark decoded = WatermarkCodec.decode(WatermarkCodec.encodeKey(watermark.lane(), 77),
				WatermarkCodec.encode(watermark));
		assertThat(decoded).isNotNull();
		assertThat(decoded.claim().from()).isEqualTo(bounds[2 * 499] + 1);
		assertThat(decoded.claim().failed().size()).isEqualTo(10_000);
		assertThat(decoded.claim().failed()).isEqualTo(claim.failed().intersect(decoded.claim().from(), 1 << 30));
	}

}
