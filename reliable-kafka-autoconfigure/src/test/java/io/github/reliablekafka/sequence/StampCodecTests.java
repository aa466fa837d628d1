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

import java.util.Arrays;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link StampCodec}.
 */
class StampCodecTests {

	private static final long HIGHEST = (1L << 62) - 1;

	private final Random random = new Random(42);

	static List<WireFormatVectors> vectors() {
		return WireFormatVectors.of("stamps.txt");
	}

	@ParameterizedTest
	@MethodSource("vectors")
	void readsAndWritesTheBytesOfTheFormat(WireFormatVectors vector) {
		StampCodec codec = new StampCodec(vector.lane().topic(), vector.lane().partition());
		Stamp decoded = codec.decode(vector.bytes("header"));
		if (vector.has("problem")) {
			assertThat(decoded).isNull();
			assertThat(codec.problem()).isEqualTo(Integrity.valueOf(vector.text("problem")));
			return;
		}
		Stamp expected = new Stamp(vector.session(), vector.number("number"), vector.number("aborted"),
				Boolean.parseBoolean(vector.text("transactional")), Boolean.parseBoolean(vector.text("replay")),
				vector.has("anchor") ? vector.claim("anchor") : null);
		assertThat(decoded).isEqualTo(expected);
		assertThat(codec.encode(expected)).asHexString().isEqualToIgnoringCase(vector.text("header"));
	}

	@Test
	void vectorsCoverBothOutcomes() {
		assertThat(vectors()).hasSizeGreaterThan(30);
		assertThat(vectors()).filteredOn((vector) -> vector.has("problem")).hasSizeGreaterThan(15);
	}

	@Test
	void everyStampComesBack() {
		StampCodec codec = new StampCodec("orders", 3);
		for (int i = 0; i < 20_000; i++) {
			Stamp stamp = randomStamp();
			assertThat(codec.decode(codec.encode(stamp))).isEqualTo(stamp);
		}
	}

	@Test
	void noFlippedBitAndNoCutIsTakenForAStamp() {
		StampCodec codec = new StampCodec("orders", 3);
		for (int i = 0; i < 300; i++) {
			byte[] header = codec.encode(randomStamp());
			for (int bit = 0; bit < header.length * 8; bit++) {
				byte[] flipped = header.clone();
				flipped[bit / 8] ^= (byte) (1 << (bit % 8));
				assertThat(codec.decode(flipped)).isNull();
			}
			for (int length = 0; length < header.length; length++) {
				assertThat(codec.decode(Arrays.copyOf(header, length))).isNull();
			}
			assertThat(codec.decode(Arrays.copyOf(header, header.length + 1))).isNull();
			assertThat(codec.decode(header)).isNotNull();
		}
	}

	@Test
	void randomBytesAreNeverAStampAndNeverThrow() {
		StampCodec codec = new StampCodec("orders", 3);
		for (int i = 0; i < 200_000; i++) {
			byte[] bytes = new byte[this.random.nextInt((i % 10 == 0) ? 600 : 60)];
			this.random.nextBytes(bytes);
			if (bytes.length > 0) {
				bytes[0] = (byte) (0x40 | (bytes[0] & 0x0F));
			}
			assertThat(codec.decode(bytes)).isNull();
			assertThat(codec.problem()).isIn(Integrity.MALFORMED_HEADER, Integrity.FOREIGN_HEADER);
		}
	}

	@Test
	void anchorCarriesTheNewestFailuresAndBeginsAboveTheOthers() {
		NumberRanges failed = NumberRanges.EMPTY;
		for (int i = 1; i <= 20; i++) {
			failed = failed.add(10L * i, 10L * i);
		}
		StampCodec codec = new StampCodec("orders", 0);
		Claim claim = new Claim(1, 200, 5000, 0, -1, failed, 7);
		Stamp decoded = codec.decode(codec.encode(new Stamp(1, 300, 0, false, false, claim)));
		assertThat(decoded).isNotNull();
		assertThat(decoded.anchor())
			.isEqualTo(new Claim(41, 200, 5000, 0, -1, failed.intersect(41, Long.MAX_VALUE - 1), 7));
		// All of them above what was acknowledged: then no statement is left.
		Claim early = new Claim(1, 5, 5000, 0, -1, failed, 7);
		decoded = codec.decode(codec.encode(new Stamp(1, 300, 0, false, false, early)));
		assertThat(decoded).isNotNull();
		assertThat(decoded.anchor())
			.isEqualTo(new Claim(6, 5, 5000, 0, -1, failed.intersect(41, Long.MAX_VALUE - 1), 7));
	}

	@Test
	void longestHeaderIsReadAgain() {
		NumberRanges failed = NumberRanges.EMPTY;
		for (long i = 0; i < 16; i++) {
			failed = failed.add((1L << 56) * (2 * i + 1), (1L << 56) * (2 * i + 2));
		}
		StampCodec codec = new StampCodec("orders", 0);
		Stamp stamp = new Stamp(-1, HIGHEST - 1, 1, true, true,
				new Claim(1, HIGHEST / 2, HIGHEST, HIGHEST, -1, failed, -1));
		byte[] header = codec.encode(stamp);
		assertThat(header).hasSizeBetween(300, 351);
		assertThat(codec.decode(header)).isEqualTo(stamp);
	}

	@Test
	void whatIsNoStampIsNotWritten() {
		StampCodec codec = new StampCodec("orders", 0);
		assertThatIllegalArgumentException().isThrownBy(() -> codec.encode(new Stamp(0, 1, 0, false, false, null)));
		assertThatIllegalArgumentException().isThrownBy(() -> codec.encode(new Stamp(1, 0, 0, false, false, null)));
		assertThatIllegalArgumentException().isThrownBy(() -> codec.encode(new Stamp(1, 1, 1, false, false, null)));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> codec.encode(new Stamp(1, HIGHEST, 1, true, false, null)));
		assertThatIllegalArgumentException().isThrownBy(
				() -> codec.encode(new Stamp(1, 1, 0, false, false, new Claim(3, 1, 0, 0, -1, NumberRanges.EMPTY, 0))));
	}

	private Stamp randomStamp() {
		boolean transactional = this.random.nextBoolean();
		long number = 1 + randomNumber() / 2;
		Claim anchor = null;
		if (this.random.nextBoolean()) {
			long acknowledged = randomNumber() / 4;
			long from = Math.max(1, acknowledged + 1 - Math.min(acknowledged, randomNumber()));
			NumberRanges failed = NumberRanges.EMPTY;
			long low = from;
			for (int i = this.random.nextInt(17); i > 0; i--) {
				low += 1 + (randomNumber() >> 8);
				failed = failed.add(low, low + (randomNumber() >> 8));
				low = failed.last(failed.size() - 1) + 1;
			}
			anchor = new Claim(from, acknowledged, randomNumber() - 1, randomNumber(), -1, failed,
					this.random.nextInt());
		}
		return new Stamp(this.random.nextLong() | 1, number, transactional ? randomNumber() / 2 : 0, transactional,
				this.random.nextBoolean(), anchor);
	}

	private long randomNumber() {
		return this.random.nextLong() & HIGHEST >> this.random.nextInt(62);
	}

}
