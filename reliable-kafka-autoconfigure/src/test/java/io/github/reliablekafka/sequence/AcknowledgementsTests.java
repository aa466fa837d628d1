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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Acknowledgements}.
 */
class AcknowledgementsTests {

	@Test
	void numberThatIsToldTwiceDoesNotHoldUpLaterOnes() {
		Acknowledgements numbers = new Acknowledgements();
		numbers.failed(3);
		numbers.failed(3);
		numbers.acknowledged(2, 11);
		numbers.acknowledged(1, 10);
		assertThat(numbers.settled()).isEqualTo(3);
		numbers.failed(3);
		numbers.acknowledged(4, 12);
		assertThat(numbers.settled()).isEqualTo(4);
		assertThat(numbers.acknowledged()).isEqualTo(4);
		assertThat(numbers.outcomes()).isEqualTo(4);
	}

	@Test
	void firstOutcomeOfANumberCounts() {
		Acknowledgements numbers = new Acknowledgements();
		numbers.acknowledged(1, 10);
		numbers.failed(1);
		numbers.acknowledged(3, 12);
		numbers.failed(3);
		numbers.failed(4);
		numbers.acknowledged(4, 13);
		assertThat(numbers.isTold(2)).isFalse();
		assertThat(numbers.isTold(3)).isTrue();
		numbers.acknowledged(2, 11);
		assertThat(numbers.failedRanges()).isOne();
		assertThat(numbers.claim(7).failed()).isEqualTo(NumberRanges.of(4, 4));
		assertThat(numbers.claim(7).offset()).isEqualTo(12);
	}

}
