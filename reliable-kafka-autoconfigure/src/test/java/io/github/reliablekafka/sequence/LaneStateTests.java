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
 * Tests for {@link LaneState}.
 */
class LaneStateTests {

	@Test
	void whatWasForgottenIsNotTakenForKnownWhenThePastComes() {
		LaneState past = new LaneState(0);
		past.passTo(10);
		LaneState state = new LaneState(10);
		state.arrive(1, 1, 20, 0, 0, false, 0);
		state.passTo(21);
		state.shrink(0);
		state.precededBy(past, 10);
		assertThat(state.baseline()).isEqualTo(21);
	}

	@Test
	void pastReachesBackToWhereItBegan() {
		LaneState past = new LaneState(3);
		past.passTo(10);
		LaneState state = new LaneState(10);
		state.precededBy(past, 10);
		assertThat(state.baseline()).isEqualTo(3);
	}

}
