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

package io.github.reliablekafka.report;

import java.util.Set;

import io.github.reliablekafka.report.SentAgain.Stream;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SentAgain}.
 */
class SentAgainTests {

	private static final Stream STREAM = new Stream(Set.of("kafka:9092"), new Lane("orders", 0), 1);

	private final SentAgain sentAgain = new SentAgain();

	@Test
	void whatSomebodyIsAboutToSendIsNotDone() {
		assertThat(this.sentAgain.claim(STREAM, 3)).isTrue();
		assertThat(this.sentAgain.claim(STREAM, 3)).isFalse();
		assertThat(this.sentAgain.without(STREAM, NumberRanges.of(1, 5))).hasToString("1..5");
		this.sentAgain.release(STREAM, NumberRanges.of(3, 3));
		assertThat(this.sentAgain.claim(STREAM, 3)).isTrue();
	}

	@Test
	void whatIsDoneIsNotSentUntilItWasRead() {
		this.sentAgain.claim(STREAM, 3);
		this.sentAgain.add(STREAM, NumberRanges.of(3, 3));
		this.sentAgain.release(STREAM, NumberRanges.of(3, 3));
		assertThat(this.sentAgain.without(STREAM, NumberRanges.of(1, 5))).hasToString("1..2,4..5");
		assertThat(this.sentAgain.claim(STREAM, 3)).isFalse();
		this.sentAgain.claim(STREAM, 4);
		this.sentAgain.forget(STREAM, NumberRanges.of(3, 4));
		assertThat(this.sentAgain.claim(STREAM, 3)).isTrue();
		assertThat(this.sentAgain.claim(STREAM, 4)).as("somebody sends it").isFalse();
	}

}
