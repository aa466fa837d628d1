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
import static org.assertj.core.api.Assertions.tuple;

/**
 * Tests for {@link SessionState}.
 */
class SessionStateTests {

	@Test
	void whatIsMissingInBothPartsIsMissingOnce() {
		SessionState all = withGap().precededBy(withGap());
		assertThat(all.gaps()).singleElement().satisfies((gap) -> {
			assertThat(gap.numbers()).hasToString("3..4");
			assertThat(gap.lowerBound()).isEqualTo(1);
			assertThat(gap.isOpen()).isTrue();
		});
		assertThat(all.last()).isEqualTo(6);
		assertThat(all.gaps().openNumbers()).isEqualTo(2);
	}

	@Test
	void whatWasReportedStaysReported() {
		SessionState reported = withGap();
		reported.reported(NumberRanges.of(3, 4), Verdict.LOST_ACKED);
		assertThat(reported.precededBy(withGap()).gaps()).singleElement()
			.satisfies((gap) -> assertThat(gap.reported()).isEqualTo(Verdict.LOST_ACKED));
		assertThat(withGap().precededBy(reported).gaps()).singleElement()
			.satisfies((gap) -> assertThat(gap.reported()).isEqualTo(Verdict.LOST_ACKED));
	}

	@Test
	void whatIsBetweenReplaysIsUnknown() {
		SessionState all = replay(7, 130).precededBy(replay(5, 120));
		assertThat(all.isReplayedOnly()).isTrue();
		assertThat(all.gaps()).isEmpty();
		assertThat(all.unknown()).hasToString("1..4,6");
	}

	@Test
	void whatIsBetweenReplaysStaysUnknownWhenThePastComes() {
		SessionState now = replay(7, 130);
		now.arrive(9, 131, 0, 0, true);
		assertThat(now.unknown()).hasToString("1..6,8");
		assertThat(now.precededBy(replay(5, 120)).unknown()).hasToString("1..4,6,8");
	}

	@Test
	void whatIsBehindAReplayMayBeInFrontOfItWhenThePastComes() {
		SessionState past = SessionState.beginning(1, 1, 0, 0, 0);
		past.arrive(2, 1, 0, 0, false);
		SessionState all = replay(5, 25).precededBy(past);
		all.arrive(8, 26, 0, 0, false);
		assertThat(all.gaps()).extracting((gap) -> gap.numbers().toString(), Gap::lowerBound)
			.containsExactlyInAnyOrder(tuple("3..4", 1L), tuple("6..7", 1L));
		assertThat(all.highestOffset()).isEqualTo(26);
	}

	@Test
	void whatIsBehindAReplayInThePastIsBehindWhatWasReadSince() {
		SessionState now = SessionState.beginning(1, 3, 40, 0, 0);
		SessionState all = now.precededBy(replay(7, 30));
		all.arrive(9, 41, 0, 0, false);
		assertThat(all.gaps()).extracting((gap) -> gap.numbers().toString(), Gap::lowerBound)
			.containsExactly(tuple("8", 40L));
	}

	@Test
	void whatWasUnknownHasNoPlaceWhenThePastComes() {
		SessionState past = SessionState.beginning(1, 4, 15, 0, 0);
		past.arrive(5, 16, 0, 0, false);
		SessionState now = SessionState.beginning(1, 1, 1, 0, 0);
		now.arrive(3, 3, 0, 0, false);
		now.arrive(6, 17, 0, 0, false);
		SessionState all = now.precededBy(past);
		assertThat(all.unknown()).hasToString("2");
		assertThat(all.gaps()).isEmpty();
	}

	@Test
	void whatWasReportedIsNotUnknownWhenThePastComes() {
		SessionState now = withGap();
		now.reported(NumberRanges.of(3, 4), Verdict.MISSED);
		SessionState all = now.precededBy(SessionState.beginning(1, 5, 4, 0, 0));
		assertThat(all.unknown()).isEqualTo(NumberRanges.EMPTY);
		assertThat(all.gaps()).singleElement().satisfies((gap) -> assertThat(gap.reported()).isEqualTo(Verdict.MISSED));
	}

	@Test
	void whatIsInFrontOfThePastIsNotBehindIt() {
		SessionState past = SessionState.beginning(1, 6, 16, 0, 0);
		SessionState now = SessionState.beginning(1, 5, 3, 0, 0);
		now.arrive(8, 10, 0, 0, false);
		assertThat(now.precededBy(past).gaps()).singleElement().satisfies((gap) -> {
			assertThat(gap.numbers()).hasToString("7");
			assertThat(gap.lowerBound()).isEqualTo(3);
		});
	}

	@Test
	void whatCameLateOrAgainWasReadToo() {
		SessionState state = withGap();
		state.arrive(3, 20, 0, 0, true);
		assertThat(state.highestOffset()).isEqualTo(20);
		assertThat(state.lastOffset()).isEqualTo(5);
		state.arrive(7, 30, 0, 0, false);
		assertThat(state.highestOffset()).isEqualTo(30);
	}

	private static SessionState replay(long number, long offset) {
		SessionState state = SessionState.beginning(1, number, offset, 0, 0);
		state.replayedOnly(true);
		return state;
	}

	private static SessionState withGap() {
		SessionState state = SessionState.beginning(1, 1, 0, 0, 0);
		state.arrive(2, 1, 0, 0, false);
		state.arrive(5, 4, 0, 0, false);
		state.arrive(6, 5, 0, 0, false);
		return state;
	}

}
