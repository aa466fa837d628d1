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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LaneReader}.
 */
class LaneReaderTests {

	private static final Lane LANE = new Lane("orders", 0);

	private static final int TOPIC = 77;

	private static final long A = 0xAAAAL;

	private static final long B = 0xBBBBL;

	private final SequenceBoard board = new SequenceBoards().board(Set.of("localhost:9092"), Map.of());

	private final LossLedger ledger = new LossLedger();

	private final StampCodec codec = new StampCodec(LANE.topic(), LANE.partition());

	private final StoredLog log = new StoredLog();

	private long now = 1_000_000_000_000L;

	private LaneReader reader = reader();

	@BeforeEach
	void connect() {
		this.board.post(LANE.topic(), new TopicFacts(TOPIC, false));
	}

	@Test
	void nothingIsFoundWhereNothingIsMissing() {
		begin(0);
		for (int i = 0; i < 100; i++) {
			read(i, A, i + 1);
		}
		commit(100);
		claim(A, 100, 99, false);
		assertThat(findings()).isEmpty();
		assertThat(this.ledger.coverage(LANE.topic(), "group").stamped()).isEqualTo(100);
	}

	@Test
	void gapIsNoLossUntilItIsClaimed() {
		begin(0);
		read(0, A, 1);
		read(1, A, 5);
		commit(2);
		assertThat(findings()).isEmpty();
		assertThat(this.ledger.coverage(LANE.topic(), "group").suspects()).isEqualTo(3);
		claim(A, 5, 4, false);
		assertThat(findings()).isEmpty();
		read(2, B, 1);
		read(3, B, 2);
		read(4, B, 3);
		commit(5);
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.LOST_ACKED);
			assertThat(finding.numbers()).hasToString("2..4");
			assertThat(finding.before()).extracting(Finding.Place::offset).isEqualTo(0L);
			assertThat(finding.after()).extracting(Finding.Place::offset).isEqualTo(1L);
		});
		assertThat(this.ledger.coverage(LANE.topic(), "group").suspects()).isZero();
	}

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
	void whatIsPolledAndNotCommittedIsNotJudged() {
		begin(0);
		read(0, A, 1);
		read(5, A, 4);
		this.reader.check();
		claim(A, 4, 5, false);
		assertThat(findings()).isEmpty();
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
	void sessionThatWasNeverReadIsLost() {
		begin(0);
		for (int i = 0; i < 10; i++) {
			read(i, B, i + 1);
		}
		commit(10);
		this.board.post(watermark(A, 3, 5, 3, false));
		check();
		assertThat(findings()).singleElement().satisfies((finding) -> {
			assertThat(finding.session()).isEqualTo(A);
			assertThat(finding.numbers()).hasToString("1..3");
		});
	}

	@Test
	void whatFailedIsExcused() {
		begin(0);
		read(0, A, 1);
		read(1, A, 3);
		commit(2);
		this.board.post(new Watermark(LANE, A, identity(), 1, 3, 3,
				new Claim(1, 3, 1, 0, 0, NumberRanges.of(2, 2), TOPIC), Claim.NONE, false));
		check();
		assertThat(findings()).extracting(Finding::verdict).containsExactly(Verdict.FAILED_KNOWN);
	}

	@Test
	void numbersOfAClosedSessionThatNobodyClaimsAreUndecided() {
		begin(0);
		read(0, A, 1);
		read(1, A, 3);
		commit(2);
		claim(A, 1, 0, true);
		assertThat(findings()).extracting(Finding::verdict).containsExactly(Verdict.INDETERMINATE_AT_CRASH);
	}

	@Test
	void lateRecordClosesAGapAndOneThatWasReportedIsRecovered() {
		begin(0);
		read(0, A, 1);
		read(1, A, 4);
		read(2, A, 2);
		commit(3);
		claim(A, 4, 2, false);
		assertThat(findings()).extracting((finding) -> finding.numbers().toString()).containsExactly("3");
		this.reader.read(3, 0, 0, this.codec.encode(new Stamp(A, 3, 0, false, true, null)));
		commit(4);
		assertThat(findings()).extracting(Finding::verdict).containsExactly(Verdict.LOST_ACKED, Verdict.RECOVERED);
	}

	@Test
	void nextMemberKnowsWhatTheOneBeforeKnew() {
		begin(0);
		read(0, A, 1);
		read(1, A, 4);
		String metadata = commit(2).metadata();
		this.reader.end();
		this.reader = reader();
		this.reader.begin(2, true, metadata);
		read(2, A, 5);
		commit(3);
		claim(A, 5, 2, false);
		assertThat(findings()).extracting((finding) -> finding.numbers().toString()).containsExactly("2..3");
		String remembered = commit(3).metadata();
		this.reader = reader();
		this.reader.begin(3, true, remembered);
		check();
		assertThat(findings()).hasSize(1);
		LossLedger other = new LossLedger();
		this.reader = new LaneReader("group", LANE, true, this.board, other, () -> this.now);
		this.reader.begin(3, true, remembered);
		check();
		assertThat(other.findings()).as("remembered as reported").isEmpty();
	}

	@Test
	void reportIsRememberedOnlyWhenItIsSafe() {
		CompletableFuture<Void> published = new CompletableFuture<>();
		this.ledger.addPublisher((finding) -> published);
		begin(0);
		read(0, A, 1);
		read(1, A, 3);
		commit(2);
		claim(A, 3, 1, false);
		assertThat(this.reader.check()).isFalse();
		LaneState before = LaneStateCodec.state(commit(2).metadata());
		assertThat(before).isNotNull();
		assertThat(before.openNumbers()).isEqualTo(1);
		published.complete(null);
		assertThat(this.reader.check()).isTrue();
		LaneState after = LaneStateCodec.state(commit(2).metadata());
		assertThat(after).isNotNull();
		assertThat(after.openNumbers()).isZero();
	}

	@Test
	void foreignMetadataBeginsAnew() {
		this.reader.begin(5, true, "something else");
		read(5, A, 8);
		assertThat(commit(6).metadata()).startsWith("rk1s.");
		claim(A, 8, 5, false);
		assertThat(findings()).isEmpty();
		assertThat(this.reader.unverified()).containsOnlyKeys(A);
	}

	@Test
	void tailThatIsCutOffIsLostWhenTheLogStaysShort() {
		this.board.connect(this.log);
		begin(0);
		check();
		read(0, A, 1);
		commit(1);
		this.log.end = 1;
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

	@Test
	void tailThatIsClaimedBetweenTheLooksIsLostAsWell() {
		this.board.connect(this.log);
		begin(0);
		check();
		read(0, A, 1);
		commit(1);
		this.log.end = 1;
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
	void whatWasReadWhileThePastWasUnknownIsPutTogetherWithIt() {
		this.board.connect(this.log);
		begin(0);
		check();
		read(0, A, 1);
		read(1, A, 4);
		commit(2);
		this.reader.end();
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(4, true, "");
		read(4, A, 3);
		read(5, A, 8);
		String metadata = commit(6).metadata();
		this.reader = reader();
		this.reader.begin(6, true, metadata);
		read(6, A, 10);
		commit(7);
		this.log.answer.complete(Optional.ofNullable(this.log.saved.get(LANE)));
		check();
		claim(A, 10, 6, false);
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.numbers())
			.containsExactlyInAnyOrder("LOST_ACKED 2", "UNVERIFIED 5..7", "LOST_ACKED 9");
	}

	@Test
	void tenThousandSessionsKeepMetadataShortAndNothingIsForgotten() {
		this.board.connect(this.log);
		begin(0);
		check();
		long offset = 0;
		for (long session = 1; session <= 10_000; session++) {
			read(offset++, session, 1);
			this.log.entries.put(offset - 1, this.codec.encode(new Stamp(session, 1, 0, false, false, null)));
		}
		commit(offset);
		this.now += 60_000_000_000L;
		check();
		String metadata = commit(offset).metadata();
		assertThat(metadata).startsWith("rk1p.").hasSizeLessThan(100);
		read(offset, 17, 3);
		this.log.entries.put(offset, this.codec.encode(new Stamp(17, 3, 0, false, false, null)));
		metadata = commit(offset + 1).metadata();
		this.reader = reader();
		this.reader.begin(offset + 1, true, metadata);
		check();
		check();
		this.board.post(watermark(17, 3, offset, 1, false));
		check();
		assertThat(findings()).extracting((finding) -> finding.numbers().toString()).containsExactly("2");
		assertThat(this.log.saved.values()).allMatch((bytes) -> bytes.length < 200_000);
	}

	@Test
	void pastThatComesAfterAHandoverDoesNotBringBackWhatWasCut() {
		this.board.connect(this.log);
		this.log.answer = new CompletableFuture<>();
		this.reader.begin(0, false, null);
		commit(0);
		String metadata = readSessions(0, 300, 2);
		assertThat(metadata).startsWith("rk1s.");
		this.reader.end();
		this.reader = reader();
		this.reader.begin(600, true, metadata);
		this.log.answer.complete(Optional.empty());
		check();
		claimSessions(300, 2);
		check();
		assertThat(findings()).isEmpty();
	}

	@Test
	void checkpointFromBeforeTheLogWasCutOffIsNotPointedTo() {
		this.board.connect(this.log);
		begin(0);
		check();
		readSessions(0, 300, 2);
		this.now += 60_000_000_000L;
		check();
		assertThat(commit(600).metadata()).startsWith("rk1p.");
		this.reader.truncate(300);
		for (int i = 0; i < 400; i++) {
			append(300 + i, 5000, i + 1);
		}
		String metadata = commit(700).metadata();
		this.reader = reader();
		this.reader.begin(700, true, metadata);
		check();
		check();
		this.board.post(watermark(5000, 400, 699, 1, false));
		check();
		assertThat(findings()).isEmpty();
	}

	@Test
	void checkpointIsOfWhatWasCommitted() {
		this.board.connect(this.log);
		begin(0);
		check();
		readSessions(0, 300, 2);
		// A marker is behind them.
		this.reader.advance(601, 0);
		this.now += 60_000_000_000L;
		check();
		assertThat(LaneStateCodec.checkpoint(this.log.saved.get(LANE)).next()).isEqualTo(600);
	}

	private String readSessions(long offset, int sessions, int records) {
		long next = offset;
		for (int number = 1; number <= records; number++) {
			for (int session = 1; session <= sessions; session++) {
				append(next++, session, number);
			}
		}
		return commit(next).metadata();
	}

	private void append(long offset, long session, long number) {
		read(offset, session, number);
		this.log.entries.put(offset, this.codec.encode(new Stamp(session, number, 0, false, false, null)));
	}

	private void claimSessions(int sessions, int records) {
		for (int session = 1; session <= sessions; session++) {
			this.board
				.post(watermark(session, records, (long) (records - 1) * sessions + session - 1, session - 1, false));
		}
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
	void whatIsMissingWhereStateWasLostIsNotProven() {
		this.reader.begin(24, true, "");
		this.reader.move(0, Cause.OUT_OF_RANGE);
		read(0, A, 1);
		read(1, A, 5);
		commit(2);
		claim(A, 5, 1, false);
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("UNVERIFIED BASELINE");
	}

	@Test
	void replayDoesNotTellWhereTheRecordsBehindItWere() {
		this.reader.begin(23, true, "");
		read(23, 0, new Stamp(A, 14, 0, false, true, null));
		commit(24);
		claim(A, 20, 17, false);
		assertThat(findings()).isEmpty();
		claim(A, 22, 23, false);
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("UNVERIFIED BASELINE");
	}

	@Test
	void overtakenRecordMayBeFromBeforeTheBeginning() {
		this.reader.begin(5, true, "");
		read(5, A, 5);
		commit(6);
		Claim claim = new Claim(1, 6, 5, 6, 0, NumberRanges.EMPTY, TOPIC);
		this.board.post(new Watermark(LANE, A, identity(), 1, 6, 6, claim, claim, false));
		check();
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.numbers())
			.containsExactly("UNVERIFIED 6");
	}

	@Test
	void reportThatFailsIsMadeAgainThoughALaterOneSucceeded() {
		List<CompletableFuture<Void>> published = new ArrayList<>();
		this.ledger.addPublisher((finding) -> {
			published.add(new CompletableFuture<>());
			return published.get(published.size() - 1);
		});
		begin(0);
		for (int i = 0; i < 10; i++) {
			read(i, B, i + 1);
		}
		commit(10);
		this.board.post(watermark(A, 5, 5, 0, false));
		check();
		this.board.post(watermark(A, 9, 8, 0, false));
		check();
		assertThat(published).hasSize(2);
		published.get(1).complete(null);
		check();
		published.get(0).completeExceptionally(new IllegalStateException("not reached"));
		check();
		check();
		assertThat(published).hasSize(3);
		assertThat(findings()).extracting((finding) -> finding.numbers().toString())
			.containsExactlyInAnyOrder("1..5", "6..9");
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
	void pastIsAskedForAgain() {
		this.board.connect(this.log);
		begin(0);
		check();
		read(0, A, 1);
		commit(1);
		this.reader.end();
		this.log.answer = CompletableFuture.failedFuture(new IllegalStateException("not reached"));
		this.reader = reader();
		this.reader.begin(15, true, "");
		read(15, A, 16);
		commit(16);
		this.log.answer = null;
		this.now += 5_000_000_000L;
		check();
		claim(A, 16, 15, false);
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.numbers())
			.containsExactly("UNVERIFIED 2..15");
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
	void groupDoesNotAnswerForWhatIsInFrontOfItsBeginning() {
		begin(1000);
		for (int i = 1000; i < 1010; i++) {
			read(i, A, i + 1);
		}
		commit(1010);
		this.reader.move(0, Cause.SEEK);
		this.reader.move(500, Cause.RETENTION);
		for (int i = 500; i < 1011; i++) {
			read(i, A, i + 1);
		}
		commit(1011);
		this.board.post(watermark(A, 1011, 1010, 0, false));
		check();
		assertThat(findings()).noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void groupThatIsSentElsewhereBeforeItReadsBeginsThere() {
		begin(0);
		this.reader.move(500, Cause.RETENTION);
		for (int i = 500; i < 520; i++) {
			read(i, A, i + 1);
		}
		commit(520);
		this.board.post(watermark(A, 520, 519, 0, false));
		check();
		assertThat(findings()).isEmpty();
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
	void groupThatBeginsElsewhereHasNoPastWhereItWasFirst() {
		this.board.connect(this.log);
		begin(1);
		check();
		this.log.end = 0;
		this.reader.move(0, Cause.OUT_OF_RANGE);
		check();
		read(0, B, 1);
		commit(1);
		this.board.post(watermark(A, 1, 0, 0, false));
		check();
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.session())
			.containsExactly("LOST_ACKED " + A);
	}

	@Test
	void groupThatHasPassedWhatIsNoRecordHasBegun() {
		this.board.connect(this.log);
		begin(0);
		this.reader.advance(5, 0);
		check();
		this.reader.move(500, Cause.SEEK);
		read(500, A, 1);
		commit(501);
		this.board.post(watermark(B, 3, 102, 100, false));
		check();
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("MISSED SEEK");
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
	void groupOfWhichNothingWasSavedMayHaveReadBefore() {
		this.board.connect(this.log);
		this.log.end = 31;
		begin(31);
		check();
		commit(31);
		this.reader.move(0, Cause.OUT_OF_RANGE);
		read(0, 0, stamp(A, 1, null));
		read(1, 0, stamp(A, 2, null));
		read(2, 1, stamp(A, 6, new Claim(1, 5, 29, 0, -1, NumberRanges.EMPTY, TOPIC)));
		commit(3);
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("UNVERIFIED STATE_LOST");
	}

	@Test
	void replayThatIsGivenUpIsNoLoss() {
		begin(1000);
		read(1000, B, 1);
		commit(1001);
		this.reader.move(200, Cause.SEEK);
		for (int i = 200; i < 210; i++) {
			read(i, A, i - 199);
		}
		commit(210);
		this.reader.move(1001, Cause.SEEK);
		commit(1001);
		this.board.post(watermark(A, 110, 309, 200, false));
		check();
		assertThat(findings()).noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void numbersOfTheOtherIsolationAreNotMixedUp() {
		begin(0);
		this.reader.read(0, 0, 0, this.codec.encode(new Stamp(A, 10, 0, true, false, null)));
		String metadata = commit(1).metadata();
		this.reader = new LaneReader("group", LANE, false, this.board, this.ledger, () -> this.now);
		this.reader.begin(1, true, metadata);
		this.reader.read(1, 0, 0, this.codec.encode(new Stamp(A, 11, 20, true, false, null)));
		commit(2);
		this.board.post(watermark(A, 31, 1, 0, false));
		check();
		assertThat(findings()).isEmpty();
		assertThat(this.ledger.coverage(LANE.topic(), "group").counted(Integrity.UNREADABLE_STATE)).isOne();
	}

	@Test
	void copyOfAnOldRecordIsNoBeginning() {
		begin(1000);
		read(1000, A, 10);
		read(1001, A, 501);
		commit(1002);
		this.board.post(watermark(A, 501, 1001, 0, false));
		check();
		assertThat(findings()).extracting(Finding::verdict).containsExactly(Verdict.UNVERIFIED);
	}

	@Test
	void copyOfTheFirstRecordIsNoBeginning() {
		this.reader.begin(1000, true, "");
		read(1000, A, 1);
		read(1001, A, 501);
		commit(1002);
		this.board.post(watermark(A, 501, 1001, 0, false));
		check();
		assertThat(findings()).extracting(Finding::verdict).containsExactly(Verdict.UNVERIFIED);
	}

	@Test
	void copyOfAnOldRecordDoesNotTellWhereThoseBehindItWere() {
		this.reader.begin(1000, true, "");
		read(1000, A, 1);
		commit(1001);
		this.board.post(watermark(A, 500, 999, 0, true));
		check();
		assertThat(findings()).isEmpty();
	}

	@Test
	void copiesOfOldRecordsAreKnownByWhatIsClaimed() {
		this.reader.begin(1000, true, "");
		this.board.post(watermark(A, 500, 999, 0, false));
		read(1000, A, 5);
		read(1001, A, 6);
		read(1002, A, 501);
		commit(1003);
		this.board.post(watermark(A, 501, 1002, 0, false));
		check();
		assertThat(findings()).isEmpty();
	}

	@Test
	void copyBehindWhatWasPassedOverDoesNotHideThat() {
		begin(0);
		read(0, B, 1);
		this.reader.move(10, Cause.SEEK);
		read(10, A, 1);
		commit(11);
		this.board.post(watermark(A, 2, 6, 5, true));
		check();
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.numbers())
			.containsExactly("MISSED 2");
	}

	@Test
	void topicWithoutAnIdIsNotJudged() {
		this.board.post(LANE.topic(), new TopicFacts(0, false));
		begin(0);
		read(0, B, 1);
		commit(400);
		Claim claim = new Claim(1, 300, 299, 0, 0, NumberRanges.EMPTY, 0);
		this.board.post(new Watermark(LANE, A, identity(), 1, 300, 300, claim, claim, false));
		check();
		assertThat(findings()).isEmpty();
	}

	@Test
	void sessionsThatAreOverAreForgottenAndNotMissed() {
		begin(0);
		for (int i = 0; i < 100; i++) {
			read(i, i + 1, 1);
			this.board.post(watermark(i + 1, 1, i, i, true));
		}
		commit(100);
		assertThat(commit(100).metadata().length()).isGreaterThan(1_000);
		this.now += 700_000_000_000L;
		read(100, 100, 2);
		commit(101);
		check();
		assertThat(commit(101).metadata()).hasSizeLessThan(200);
		assertThat(findings()).isEmpty();
	}

	@Test
	void sessionsAreNotForgottenAsLongAsAReportIsNotSafe() {
		List<Finding> safe = new ArrayList<>();
		boolean[] reached = new boolean[1];
		this.ledger.addPublisher((finding) -> {
			if (!reached[0]) {
				return CompletableFuture.failedFuture(new IllegalStateException("not reached"));
			}
			safe.add(finding);
			return CompletableFuture.completedFuture(null);
		});
		begin(0);
		for (int i = 0; i < 100; i++) {
			if (i != 50) {
				read(i, i + 1, 1);
				this.board.post(watermark(i + 1, 1, i, i, true));
			}
		}
		this.board.post(watermark(A, 1, 50, 50, true));
		commit(100);
		this.now += 700_000_000_000L;
		read(100, 100, 2);
		commit(101);
		check();
		reached[0] = true;
		for (int i = 0; i < 3; i++) {
			check();
		}
		assertThat(safe).singleElement().satisfies((finding) -> assertThat(finding.session()).isEqualTo(A));
		assertThat(commit(101).metadata()).hasSizeLessThan(200);
	}

	@Test
	void sessionThatIsForgottenIsNotMadeUpOfAReportThatComesLater() {
		CompletableFuture<Void> published = new CompletableFuture<>();
		this.ledger.addPublisher((finding) -> published);
		Findings findings = new Findings("group", LANE, true, this.board, this.ledger);
		LaneState state = new LaneState(0);
		state.arrive(A, 1, 0, 0, 0, false, this.now);
		state.arrive(A, 4, 1, 0, 0, false, this.now);
		state.passTo(2);
		this.board.post(watermark(A, 4, 1, 0, false));
		findings.evaluate(state, true, this.now);
		assertThat(findings()).extracting((finding) -> finding.numbers().toString()).containsExactly("2..3");
		state.shrink(0);
		published.complete(null);
		findings.settle(state);
		assertThat(state.sessions()).as("4 was read, which nobody knows any more").isEmpty();
	}

	@Test
	void whatIsForgottenWhileThePastIsUnknownStaysForgotten() {
		this.board.connect(this.log);
		begin(0);
		commit(0);
		this.reader.end();
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(0, true, "");
		for (int i = 0; i < 1000; i++) {
			read(i, i + 1, 1);
		}
		String metadata = commit(1000).metadata();
		this.log.answer = null;
		this.reader = reader();
		this.reader.begin(1000, true, metadata);
		check();
		for (int i = 0; i < 1000; i++) {
			this.board.post(watermark(i + 1, 1, i, i, true));
		}
		check();
		assertThat(findings()).isEmpty();
	}

	@Test
	void sessionThatIsMetAnewAfterItWasForgottenMayHaveBeenRead() {
		begin(0);
		for (int i = 0; i < 100; i++) {
			read(i, (i < 3) ? A : i, (i < 3) ? i + 1 : 1);
		}
		this.board.post(watermark(A, 3, 2, 0, true));
		for (int i = 3; i < 100; i++) {
			this.board.post(watermark(i, 1, i, i, true));
		}
		commit(100);
		this.now += 700_000_000_000L;
		read(100, B, 1);
		commit(101);
		LaneState forgetful = LaneStateCodec.state(commit(101).metadata());
		assertThat(forgetful).isNotNull();
		assertThat(forgetful.baseline()).isEqualTo(100);
		assertThat(forgetful.session(A)).isNull();
		this.reader.truncate(2);
		this.reader.move(0, Cause.SEEK);
		read(0, A, 1);
		read(1, A, 2);
		for (int i = 2; i < 10; i++) {
			read(i, 1, stamp(B, i, null));
		}
		commit(10);
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("UNVERIFIED STATE_LOST");
	}

	@Test
	void recordsThatNobodyCommitsAreCheckedAsTheyCome() {
		begin(0);
		for (int i = 0; i < 50_000; i++) {
			read(i, A, (i < 100) ? i + 1 : i + 2);
		}
		claim(A, 50_001, 49_999, false);
		assertThat(findings()).isEmpty();
		commit(50_000);
		check();
		assertThat(findings()).extracting((finding) -> finding.numbers().toString()).containsExactly("101");
	}

	private LaneReader reader() {
		return new LaneReader("group", LANE, true, this.board, this.ledger, () -> this.now);
	}

	private void begin(long position) {
		this.reader.begin(position, false, null);
	}

	private void read(long offset, long session, long number) {
		read(offset, 0, stamp(session, number, null));
	}

	private void read(long offset, int leaderEpoch, Stamp stamp) {
		this.reader.read(offset, leaderEpoch, 0, this.codec.encode(stamp));
	}

	private static Stamp stamp(long session, long number, Claim anchor) {
		return new Stamp(session, number, 0, false, false, anchor);
	}

	private LaneReader.Commit commit(long offset) {
		LaneReader.Commit commit = this.reader.commit(offset);
		check();
		assertThat(commit.offset()).isEqualTo(offset);
		assertThat(commit.metadata()).hasSizeLessThanOrEqualTo(3_500);
		return commit;
	}

	private void check() {
		this.now += 2_000_000_000L;
		this.reader.check();
	}

	private void claim(long session, long acknowledged, long offset, boolean closed) {
		this.board.post(watermark(session, acknowledged, offset, 0, closed));
		check();
	}

	private Watermark watermark(long session, long acknowledged, long offset, long firstOffset, boolean closed) {
		Claim claim = new Claim(1, acknowledged, offset, 0, firstOffset, NumberRanges.EMPTY, TOPIC);
		return new Watermark(LANE, session, identity(), this.now, acknowledged, acknowledged, claim, claim, closed);
	}

	private static ProducerIdentity identity() {
		return new ProducerIdentity("app", "host", "client", 0);
	}

	private List<Finding> findings() {
		return new ArrayList<>(this.ledger.findings());
	}

	/**
	 * A cluster that answers at once.
	 */
	private static final class StoredLog implements LogAccess {

		private final Map<Lane, byte[]> saved = new HashMap<>();

		private final Map<Long, byte[]> entries = new HashMap<>();

		private long end;

		private CompletableFuture<Optional<byte[]>> answer;

		@Override
		public CompletableFuture<Optional<byte[]>> checkpoint(String group, Lane lane) {
			return (this.answer != null) ? this.answer
					: CompletableFuture.completedFuture(Optional.ofNullable(this.saved.get(lane)));
		}

		@Override
		public CompletableFuture<Void> save(String group, Lane lane, byte[] state) {
			this.saved.put(lane, state);
			return CompletableFuture.completedFuture(null);
		}

		@Override
		public CompletableFuture<Reading> read(Lane lane, long from, long to, boolean readCommitted) {
			List<Entry> found = new ArrayList<>();
			for (long offset = from; offset < to; offset++) {
				found.add(new Entry(offset, 0, 0, this.entries.get(offset)));
			}
			return CompletableFuture.completedFuture(new Reading(0, found));
		}

		@Override
		public CompletableFuture<LogEnd> end(Lane lane) {
			return CompletableFuture.completedFuture(new LogEnd(this.end, 0));
		}

	}

}
