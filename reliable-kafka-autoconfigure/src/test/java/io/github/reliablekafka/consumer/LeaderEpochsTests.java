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

package io.github.reliablekafka.consumer;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LeaderEpochs}.
 */
class LeaderEpochsTests {

	private final LeaderEpochs epochs = new LeaderEpochs();

	@Test
	void beforeIsTheEpochOfTheRecordInFront() {
		note(0, 5, 1);
		note(5, 8, 3);
		assertThat(this.epochs.before(0)).isEqualTo(-1);
		assertThat(this.epochs.before(1)).isEqualTo(1);
		assertThat(this.epochs.before(5)).isEqualTo(1);
		assertThat(this.epochs.before(6)).isEqualTo(3);
		assertThat(this.epochs.before(8)).isEqualTo(3);
		assertThat(this.epochs.before(9)).isEqualTo(-1);
	}

	@Test
	void beforeWhenOffsetsAreMissingBetweenTwoEpochsIsUnknownThere() {
		note(0, 2, 1);
		note(6, 8, 2);
		assertThat(this.epochs.before(2)).isEqualTo(1);
		assertThat(this.epochs.before(3)).isEqualTo(-1);
		assertThat(this.epochs.before(6)).isEqualTo(-1);
		assertThat(this.epochs.before(7)).isEqualTo(2);
	}

	@Test
	void beforeWhenOffsetsAreMissingWithinAnEpochIsKnownThere() {
		note(0, 2, 1);
		note(6, 8, 1);
		assertThat(this.epochs.before(4)).isEqualTo(1);
	}

	@Test
	void noteWhenLogWasRewrittenReplacesWhatWasThere() {
		note(0, 5, 1);
		note(5, 8, 2);
		note(3, 4, 4);
		assertThat(this.epochs.before(3)).isEqualTo(1);
		assertThat(this.epochs.before(4)).isEqualTo(4);
		assertThat(this.epochs.before(6)).isEqualTo(-1);
	}

	@Test
	void forgetFromKeepsWhatIsInFront() {
		note(0, 5, 1);
		note(5, 8, 2);
		this.epochs.forgetFrom(6);
		assertThat(this.epochs.before(6)).isEqualTo(2);
		assertThat(this.epochs.before(7)).isEqualTo(-1);
		this.epochs.forgetFrom(0);
		assertThat(this.epochs.before(1)).isEqualTo(-1);
	}

	@Test
	void noteWhenThereAreManyEpochsForgetsTheOldest() {
		for (int epoch = 0; epoch < 1000; epoch++) {
			this.epochs.note(epoch, epoch);
		}
		assertThat(this.epochs.before(1000)).isEqualTo(999);
		assertThat(this.epochs.before(980)).isEqualTo(979);
		assertThat(this.epochs.before(10)).isEqualTo(-1);
	}

	private void note(long from, long to, int epoch) {
		for (long offset = from; offset < to; offset++) {
			this.epochs.note(offset, epoch);
		}
	}

}
