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
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LaneReader} where positions move, and logs are cut off.
 */
class LaneReaderPositionsTests extends LaneReaderSetup {

	@Test
	void anchorBehindTheLogProvesTruncationAtOnce() {
		begin(0);
		read(0, 0, stamp(A, 1, null));
		read(1, 1, stamp(A, 6, new Claim(1, 5, 4, 0, -1, NumberRanges.EMPTY, TOPIC)));
		commit(2);
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.LOST_ACKED);
			assertThat(finding.cause()).isEqualTo(Cause.TRUNCATED);
			assertThat(finding.numbers()).hasToString("2..5");
		});
	}

	@Test
	void claimOfARecordThatCameBeforeItsTopicWasKnownIsJudged() {
		SequenceBoard unknown = new SequenceBoards().board(Set.of("localhost:9092"), Map.of());
		List<String> verdicts = new ArrayList<>();
		for (SequenceBoard present : List.of(this.board, unknown)) {
			LossLedger told = new LossLedger();
			this.reader = new LaneReader("group", LANE, true, present, told, () -> this.now);
			begin(0);
			read(9, 0, stamp(A, 5, new Claim(1, 4, 3, 0, -1, NumberRanges.EMPTY, TOPIC)));
			this.reader.commit(10);
			check();
			present.post(LANE.topic(), new TopicFacts(TOPIC, false));
			check();
			told.findings().forEach((finding) -> verdicts.add(finding.verdict() + " " + finding.numbers()));
		}
		assertThat(verdicts).containsExactly("LOST_ACKED 1..4", "LOST_ACKED 1..4");
	}

	@Test
	void claimOfARecordProvesNothingWhenTheLogIsCutOffThere() {
		SequenceBoard unknown = new SequenceBoards().board(Set.of("localhost:9092"), Map.of());
		this.reader = new LaneReader("group", LANE, true, unknown, this.ledger, () -> this.now);
		begin(0);
		read(3, 1, stamp(A, 2, new Claim(1, 1, 10, 0, -1, NumberRanges.EMPTY, TOPIC)));
		commit(4);
		// The leader before has it.
		this.reader.truncate(3);
		commit(3);
		unknown.post(LANE.topic(), new TopicFacts(TOPIC, false));
		check();
		read(10, 2, stamp(A, 1, null));
		commit(11);
		check();
		assertThat(findings()).noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void claimOfARecordProvesNothingWhenTheGroupGoesBack() {
		SequenceBoard unknown = new SequenceBoards().board(Set.of("localhost:9092"), Map.of());
		this.reader = new LaneReader("group", LANE, true, unknown, this.ledger, () -> this.now);
		begin(0);
		read(0, B, 1);
		commit(1);
		this.reader.move(3, Cause.SEEK);
		read(3, 1, stamp(A, 2, new Claim(1, 1, 10, 0, -1, NumberRanges.EMPTY, TOPIC)));
		commit(4);
		this.reader.move(0, Cause.SEEK);
		commit(0);
		unknown.post(LANE.topic(), new TopicFacts(TOPIC, false));
		check();
		assertThat(findings()).noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void claimOfARecordThatCameWhileThePastWasComparedIsJudged() {
		this.board.connect(this.log);
		begin(0);
		check();
		for (long number : new long[] { 1, 2, 3 }) {
			read(5 + number, A, number);
		}
		read(9, A, 5);
		commit(10);
		this.reader.end();
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(15, true, "");
		read(16, 0, stamp(A, 7, new Claim(1, 6, 14, 0, -1, NumberRanges.EMPTY, TOPIC)));
		commit(17);
		assertThat(findings()).isEmpty();
		this.log.answer.complete(Optional.of(this.log.saved.get(LANE)));
		check();
		check();
		assertThat(verdicts()).contains("LOST_ACKED 4");
	}

	@Test
	void passedOverIsMissed() {
		begin(0);
		read(0, A, 1);
		this.reader.move(10, Cause.RETENTION);
		read(10, A, 11);
		commit(11);
		claim(A, 11, 10, false);
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.MISSED);
			assertThat(finding.cause()).isEqualTo(Cause.RETENTION);
			assertThat(finding.numbers()).hasToString("2..10");
			assertThat(finding.skippedFrom()).isEqualTo(1);
			assertThat(finding.skippedTo()).isEqualTo(10);
		});
	}

	@Test
	void tailThatIsCutOffIsLostWhenTheLogStaysShort() {
		readTheOnlyRecordOfALog();
		claim(A, 3, 2, false);
		for (int i = 0; i < 5; i++) {
			check();
		}
		assertThat(findings()).isEmpty();
		this.now += 40_000_000_000L;
		for (int i = 0; i < 5; i++) {
			check();
		}
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.cause()).isEqualTo(Cause.TAIL);
			assertThat(finding.numbers()).hasToString("2..3");
		});
	}

	private void readTheOnlyRecordOfALog() {
		this.board.connect(this.log);
		begin(0);
		check();
		read(0, A, 1);
		commit(1);
		this.log.end = 1;
	}

	@Test
	void tailThatIsClaimedBetweenTheLooksIsLostAsWell() {
		readTheOnlyRecordOfALog();
		claim(A, 3, 2, false);
		check();
		check();
		claim(A, 5, 4, false);
		for (int i = 0; i < 10; i++) {
			this.now += 40_000_000_000L;
			check();
		}
		assertThat(findings()).extracting((finding) -> finding.numbers().toString()).containsExactly("2..5");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void whatIsClaimedAfterTheLogWentOnIsNotLostWithTheTail(boolean bySameSession) {
		readTheOnlyRecordOfALog();
		claim(A, 4, 3, false);
		for (int i = 0; i < 5; i++) {
			this.now += 40_000_000_000L;
			check();
		}
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..4");
		this.log.end = 3;
		// The highest offset of a session stays what it was.
		this.board.post(bySameSession ? watermark(A, 6, 3, 0, false) : watermark(B, 2, 2, 1, false));
		check();
		read(1, bySameSession ? A : B, bySameSession ? 5 : 1);
		read(2, bySameSession ? A : B, bySameSession ? 6 : 2);
		commit(3);
		read(4, 0xCCCCL, 1);
		commit(5);
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..4");
	}

	@Test
	void whatWasPolledBeforeTheLogWasCutOffIsElsewhereOnceItIsCommitted() {
		begin(0);
		read(0, A, 1);
		read(1, B, 1);
		// Cut off at 0. Number 2 is at 0 now.
		this.reader.move(1, Cause.OUT_OF_RANGE);
		commit(1);
		read(1, A, 3);
		commit(2);
		claim(A, 3, 1, false);
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("MISSED OUT_OF_RANGE");
	}

	@Test
	void sendsThatFailDoNotPutOffWhatTheEndOfTheLogProves() {
		readTheOnlyRecordOfALog();
		claim(A, 3, 2, false);
		for (int failed = 1; failed < 10; failed++) {
			this.now += 20_000_000_000L;
			Claim claim = new Claim(1, 3 + failed, 2, 0, 0, NumberRanges.of(4, 3 + failed), TOPIC);
			this.board.post(new Watermark(LANE, A, identity(), this.now, 3 + failed, 3 + failed, claim, claim, false));
			check();
		}
		assertThat(verdicts()).contains("LOST_ACKED 2..3");
	}

	@Test
	void offsetMovedFromOutsideIsFoundByTheCheckpoint() {
		this.board.connect(this.log);
		begin(0);
		check();
		for (int i = 0; i < 10; i++) {
			read(i, A, i + 1);
		}
		commit(10);
		this.reader.end();
		this.reader = reader();
		this.reader.begin(15, true, "");
		read(15, A, 16);
		commit(16);
		check();
		claim(A, 16, 15, false);
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).as("others of the group may have read it").isEqualTo(Verdict.UNVERIFIED);
			assertThat(finding.cause()).isEqualTo(Cause.EXTERNAL_RESET);
			assertThat(finding.numbers()).hasToString("11..15");
			assertThat(finding.skippedFrom()).isEqualTo(10);
			assertThat(finding.skippedTo()).isEqualTo(15);
		});
	}

	@Test
	void topicThatIsCreatedAgainLeavesNothingUnsaid() {
		begin(0);
		read(0, A, 1);
		read(1, A, 2);
		commit(2);
		this.board.post(LANE.topic(), new TopicFacts(TOPIC + 1, false));
		Claim claim = new Claim(1, 2, 1, 0, 0, NumberRanges.EMPTY, TOPIC + 1);
		this.board.post(new Watermark(LANE, A, identity(), 1, 2, 2, claim, claim, false));
		this.board.post(new Watermark(LANE, B, identity(), 1, 2, 2, claim, claim, false));
		check();
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.session()).as("what was read stays read").isEqualTo(B);
			assertThat(finding.verdict()).isEqualTo(Verdict.UNVERIFIED);
			assertThat(finding.cause()).isEqualTo(Cause.TOPIC_RECREATED);
		});
	}

	@Test
	void whatWasPassedOverBeforeTheOffsetWasMovedMayHaveBeenRead() {
		this.board.connect(this.log);
		begin(0);
		check();
		read(0, B, 1);
		commit(1);
		this.reader.move(10, Cause.RETENTION);
		commit(10);
		this.reader.end();
		this.reader = reader();
		this.reader.begin(15, true, "");
		check();
		this.board.post(watermark(A, 3, 5, 3, false));
		check();
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("UNVERIFIED RETENTION");
	}

	@Test
	void whatWasWrittenAnewBelowTheEndIsPassedOver() {
		begin(0);
		for (int i = 0; i < 100; i++) {
			read(i, A, i + 1);
		}
		commit(100);
		this.reader.move(50, Cause.OUT_OF_RANGE);
		read(50, B, 21);
		commit(51);
		this.board.post(watermark(B, 21, 50, 30, false));
		check();
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("MISSED OUT_OF_RANGE");
	}

	@Test
	void whatWasWrittenAnewBelowWhatWasReadLastIsPassedOver() {
		begin(0);
		for (int i = 0; i < 7; i++) {
			read(i, A, i + 1);
		}
		commit(7);
		// Cut off at 0. Number 8 is at 0 now, and the log ends at 1.
		this.reader.move(1, Cause.OUT_OF_RANGE);
		read(1, A, 9);
		commit(2);
		Claim claim = new Claim(1, 9, 6, 9, 0, NumberRanges.EMPTY, TOPIC);
		read(2, 1, stamp(A, 10, claim));
		commit(3);
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.MISSED);
			assertThat(finding.cause()).isEqualTo(Cause.OUT_OF_RANGE);
			assertThat(finding.numbers()).hasToString("8");
		});
	}

	@Test
	void whatWasProcessedAndCutOffDoesNotTellWhereTheRecordsBehindItAre() {
		begin(0);
		for (int i = 0; i < 3; i++) {
			read(i, B, i + 1);
		}
		commit(3);
		read(3, A, 1);
		read(4, B, 4);
		this.reader.truncate(3);
		assertThat(this.reader.commit(5).offset()).isEqualTo(3);
		// Number 2 is at 3 now.
		this.reader.move(4, Cause.SEEK);
		read(4, 1, stamp(A, 3, null));
		commit(5);
		this.board.post(watermark(A, 3, 4, 3, false));
		check();
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.MISSED);
			assertThat(finding.cause()).isEqualTo(Cause.SEEK);
			assertThat(finding.numbers()).hasToString("2");
		});
	}

	@Test
	void whatOthersMayHaveReadBeforeTheLogWasWrittenAnewIsNotProven() {
		this.board.connect(this.log);
		begin(0);
		read(0, A, 1);
		read(1, A, 2);
		commit(2);
		this.reader.end();
		this.log.end = 16;
		this.reader = reader();
		this.reader.begin(16, true, "");
		// Numbers 3 to 8 were at offsets 2 to 14.
		this.reader.move(0, Cause.OUT_OF_RANGE);
		read(0, 0, stamp(A, 1, null));
		read(1, 2, stamp(A, 9, null));
		for (int i = 2; i < 20; i++) {
			read(i, 2, stamp(B, i, null));
		}
		commit(20);
		claim(A, 8, 14, false);
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("UNVERIFIED EXTERNAL_RESET");
	}

	@Test
	void whatWasCutOffIsOverOnceTheLogIsAsLongAgain() {
		begin(0);
		for (int i = 0; i < 10; i++) {
			read(i, A, i + 1);
		}
		this.reader.truncate(5);
		for (int i = 5; i < 12; i++) {
			read(i, B, i - 4);
		}
		commit(12);
		this.reader.move(6, Cause.SEEK);
		assertThat(this.reader.commit(8).offset()).as("a jump, not what was polled before").isEqualTo(8);
	}

	@Test
	void whoGoesBackAndForthPassesOverNothing() {
		begin(0);
		read(0, A, 1);
		read(1, B, 1);
		read(2, B, 2);
		commit(3);
		this.reader.move(1, Cause.SEEK);
		this.reader.move(3, Cause.SEEK);
		commit(3);
		read(3, A, 3);
		commit(4);
		claim(A, 3, 3, false);
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).as("where number 2 was, something else was read")
				.isEqualTo(Verdict.LOST_ACKED);
			assertThat(finding.cause()).isEqualTo(Cause.VANISHED);
			assertThat(finding.numbers()).hasToString("2");
		});
	}

	@Test
	void whatWasNotReadBeforeIsPassedOverByWhoGoesBackAndForthBeyondIt() {
		begin(0);
		read(0, A, 1);
		read(1, B, 1);
		commit(2);
		this.reader.move(1, Cause.SEEK);
		this.reader.move(3, Cause.SEEK);
		read(3, A, 3);
		commit(4);
		claim(A, 3, 3, false);
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.MISSED);
			assertThat(finding.cause()).isEqualTo(Cause.SEEK);
			assertThat(finding.skippedFrom()).isEqualTo(2);
			assertThat(finding.skippedTo()).isEqualTo(3);
		});
	}

}
