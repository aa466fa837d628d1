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
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what a {@link LaneReader} hands over to the next one, and forgets.
 */
class LaneReaderStateTests extends LaneReaderSetup {

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
	void foreignMetadataBeginsAnew() {
		this.reader.begin(5, true, "something else");
		read(5, A, 8);
		assertThat(commit(6).metadata()).startsWith("rk1s.");
		claim(A, 8, 5, false);
		assertThat(findings()).isEmpty();
		assertThat(unknown(6, A)).hasToString("1..7");
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
		assertThat(verdicts()).containsExactlyInAnyOrder("LOST_ACKED 2", "UNVERIFIED 5..7", "LOST_ACKED 9");
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
		assertThat(verdicts()).containsExactly("UNVERIFIED 2..15");
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
		findings.evaluate(state, true, 0, 0, this.now);
		assertThat(findings()).extracting((finding) -> finding.numbers().toString()).containsExactly("2..3");
		LaneStateTests.forgetAllBut(0, state);
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
		assertThat(forgetful.sessions().baseline()).isEqualTo(100);
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

}
