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

import java.util.ArrayList;
import java.util.List;

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
		forgetAllBut(0, state);
		state.precededBy(past, 10);
		assertThat(state.sessions().baseline()).isEqualTo(21);
	}

	@Test
	void whatWasReadAndCutOffIsNotTakenForUnreadWhenItIsForgotten() {
		LaneState state = new LaneState(0);
		for (int i = 5; i < 11; i++) {
			state.arrive(1, i, i, 0, 0, false, 0);
		}
		state.passTo(11);
		state.cutOff(5);
		state.arrive(2, 1, 5, 1, 0, false, 0);
		state.passTo(6);
		state = written(state);
		forgetAllBut(1, state);
		assertThat(state.sessions()).extracting(SessionState::session).containsExactly(2L);
		assertThat(state.sessions().baseline()).isEqualTo(11);
	}

	@Test
	void whatWasReadAndCutOffIsNotTakenForUnreadWhenItFindsNoRoom() {
		LaneState state = new LaneState(0);
		state.arrive(1, 1, 2000, 0, 0, false, 0);
		state.passTo(2001);
		state.cutOff(5);
		for (int i = 0; i < 1000; i++) {
			state.arrive(i + 2, 1, i + 5, 1, 0, false, 0);
		}
		state.passTo(1005);
		LaneState cut = LaneStateCodec.state(LaneStateCodec.cutMetadata(state));
		assertThat(cut).isNotNull();
		assertThat(cut.session(1)).isNull();
		assertThat(cut.sessions().baseline()).isEqualTo(2001);
	}

	@Test
	void whatCameLateIsNotTakenForUnreadWhenItFindsNoRoom() {
		LaneState state = new LaneState(0);
		state.arrive(1, 1, 0, 0, 0, false, 0);
		state.arrive(1, 3, 1, 0, 0, false, 0);
		state.arrive(1, 2, 5, 0, 0, true, 0);
		for (int i = 0; i < 1000; i++) {
			state.arrive(i + 2, 1, i + 2, 0, 0, false, 0);
		}
		state.passTo(1005);
		LaneState cut = LaneStateCodec.state(LaneStateCodec.cutMetadata(written(state)));
		assertThat(cut).isNotNull();
		assertThat(cut.session(1)).isNull();
		forgetAllBut(1000, state);
		assertThat(state.sessions().baseline()).isEqualTo(6);
	}

	@Test
	void whatIsForgottenInATopicThatWasCreatedAgainHidesNothingBehindIt() {
		LaneState state = new LaneState(1_000_000);
		state.recreated(2);
		state.arrive(1, 1, 0, 0, 0, false, 0);
		state.passTo(1);
		forgetAllBut(0, state);
		assertThat(state.sessions().baseline()).isEqualTo(1);
	}

	@Test
	void whatFindsNoRoomInFrontOfWhereTheGroupBeganIsNotTakenForUnreadWhenThePastComes() {
		LaneState state = new LaneState(2000);
		for (int i = 0; i < 1000; i++) {
			state.arrive(i + 1, 1, i + 5, 0, 0, false, 0);
		}
		state.passTo(1005);
		LaneState cut = LaneStateCodec.state(LaneStateCodec.cutMetadata(state));
		assertThat(cut).isNotNull();
		assertThat(cut.sessions().size()).isLessThan(1000);
		assertThat(cut.sessions().baseline()).isEqualTo(2001);
	}

	static void forgetAllBut(int sessions, LaneState state) {
		state.sessions()
			.excess(sessions)
			.forEach((session) -> state.sessions().forget(session, session.highestOffset()));
	}

	private static LaneState written(LaneState state) {
		LaneState written = LaneStateCodec.checkpoint(LaneStateCodec.bytes(state));
		assertThat(written).isNotNull();
		return written;
	}

	@Test
	void whatThePastHasForgottenIsNotTakenForKnownWhereItIsReadAgain() {
		LaneState past = new LaneState(0);
		past.arrive(1, 1, 2, 0, 0, false, 0);
		past.passTo(6);
		forgetAllBut(0, past);
		LaneState state = new LaneState(0);
		state.precededBy(past, 0);
		assertThat(state.sessions().baseline()).isEqualTo(3);
	}

	@Test
	void whatWasForgottenIsNotMissingBehindThePast() {
		LaneState past = new LaneState(0);
		past.arrive(1, 1, 0, 0, 0, false, 0);
		past.arrive(1, 2, 1, 0, 0, false, 0);
		past.passTo(2);
		LaneState state = new LaneState(2);
		state.arrive(1, 3, 2, 0, 0, false, 0);
		state.passTo(3);
		forgetAllBut(0, state);
		state.precededBy(past, 2);
		SessionState session = state.session(1);
		assertThat(session).isNotNull();
		List<Finding> findings = new ArrayList<>();
		Claim claim = new Claim(1, 3, 2, 0, 0, NumberRanges.EMPTY, 77);
		new Judge("group", new Lane("orders", 0), true).judge(state, session, Judge.Evidence.of(claim, null, true),
				new TopicFacts(77, false), NumberRanges.EMPTY, findings);
		assertThat(findings).noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void pastReachesBackToWhereItBegan() {
		LaneState past = new LaneState(3);
		past.passTo(10);
		LaneState state = new LaneState(10);
		state.precededBy(past, 10);
		assertThat(state.sessions().baseline()).isEqualTo(3);
	}

	@Test
	void whatWasForgottenInFrontOfTheBeginningIsNotTakenForKnownWhenThePastComes() {
		LaneState past = new LaneState(0);
		past.passTo(10);
		LaneState state = new LaneState(10);
		state.rewind(5);
		state.arrive(1, 1, 5, 0, 0, false, 0);
		state.passTo(6);
		forgetAllBut(0, state);
		state = written(state);
		state.precededBy(past, 10);
		assertThat(state.sessions().baseline()).isGreaterThan(5);
	}

	@Test
	void holeThatWasForgottenInFrontOfTheBeginningIsNotTakenForReadWhenThePastComes() {
		LaneState state = new LaneState(1000);
		for (long i = 0; i <= Holes.MOST; i++) {
			state.holes().add(new Hole(2 * i + 1, 2 * i + 2, Cause.BASELINE, false));
		}
		state = written(state);
		state.precededBy(new LaneState(0), 1000);
		assertThat(state.holes().knownFrom()).isPositive();
	}

}
