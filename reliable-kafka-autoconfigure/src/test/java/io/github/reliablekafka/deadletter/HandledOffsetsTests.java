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
import java.util.BitSet;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

/**
 * Tests for {@link HandledOffsets}.
 */
class HandledOffsetsTests {

	@Test
	void rangesAreThoseOfASetOfOffsetsWhateverTheOrder() {
		for (int seed = 0; seed < 300; seed++) {
			Random random = new Random(seed);
			HandledOffsets handled = new HandledOffsets();
			BitSet model = new BitSet();
			for (int i = 0; i < 40; i++) {
				int first = random.nextInt(100);
				int last = first + random.nextInt(6) - 1;
				handled.add(first, last);
				model.set(first, Math.max(first, last + 1));
			}
			HandledOffsets read = HandledOffsets.decode(handled.encode());
			for (int offset = 0; offset < 110; offset++) {
				assertThat(read.contains(offset)).as("%d of seed %d", offset, seed).isEqualTo(model.get(offset));
				assertThat(read.firstOpen(offset)).isEqualTo(model.nextClearBit(offset));
			}
			assertThat(read.count(10, 90)).isEqualTo(model.get(10, 90).cardinality());
		}
	}

	@Test
	void rangesThatTouchAreOne() {
		HandledOffsets handled = new HandledOffsets();
		handled.add(0, 4);
		handled.add(9);
		handled.add(5, 8);
		assertThat(handled.encode()).asString(StandardCharsets.US_ASCII).isEqualTo("1 0-9");
	}

	@Test
	void decodeWhenNotUnderstoodDoesNotTakeEverythingForOpen() {
		assertThatIllegalStateException()
			.isThrownBy(() -> HandledOffsets.decode("2 1-3".getBytes(StandardCharsets.US_ASCII)))
			.withMessageContaining("version");
		assertThatIllegalStateException()
			.isThrownBy(() -> HandledOffsets.decode("1 x".getBytes(StandardCharsets.US_ASCII)));
		assertThat(HandledOffsets.decode(null).firstOpen(7)).isEqualTo(7);
	}

}
