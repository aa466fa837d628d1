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

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a {@link LaneReader} says where it can keep or learn only a part: sessions that
 * were forgotten, states that do not fit beside an offset, claims that do not come.
 */
class LaneReaderLimitsTests extends LaneReaderSetup {

	@Test
	void beginningOfASessionStaysKnownWhenOthersAreForgotten() {
		readSessionsThatAreOver(100);
		// Its first two were at offsets that others have now.
		read(100, B, 3);
		commit(101);
		this.now += ELEVEN_MINUTES;
		read(101, B, 4);
		commit(102);
		String metadata = commit(102).metadata();
		LaneState forgetful = LaneStateCodec.state(metadata);
		assertThat(forgetful).isNotNull();
		assertThat(forgetful.sessions()).hasSize(1);
		this.reader = reader();
		this.reader.begin(102, true, metadata);
		this.board.post(watermark(B, 4, 101, 50, false));
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 1..2");
	}

	@Test
	void sessionThatIsMetAfterOthersWereForgottenIsNotKnownFromTheBeginning() {
		readSessionsThatAreOver(100);
		commit(100);
		this.now += ELEVEN_MINUTES;
		read(100, A, 1);
		commit(101);
		read(101, B, 3);
		commit(102);
		this.board.post(watermark(B, 3, 101, 50, false));
		check();
		assertThat(findings()).isEmpty();
		assertThat(unknown(102, B)).hasToString("1..2");
	}

	private void readSessionsThatAreOver(int sessions) {
		begin(0);
		for (int i = 0; i < sessions; i++) {
			read(i, i + 1, 1);
			this.board.post(watermark(i + 1, 1, i, i, true));
		}
	}

	@Test
	void whatIsGoneWhenItIsReadAgainWasPerhapsRead() {
		String metadata = readBehindACheckpoint();
		this.log.entries.remove(700L);
		restart(900, metadata);
		assertThat(findings()).isNotEmpty()
			.allSatisfy((finding) -> assertThat(finding.verdict() + " " + finding.cause())
				.isEqualTo("UNVERIFIED STATE_LOST"))
			.anySatisfy((finding) -> assertThat(finding.session()).isEqualTo(101));
	}

	@Test
	void whatIsReadAgainAsItWasReadProvesWhatIsMissing() {
		String metadata = readBehindACheckpoint();
		restart(900, metadata);
		assertThat(findings()).isEmpty();
		read(900, 300, 5);
		commit(901);
		this.board.post(watermark(300, 5, 900, 299, false));
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 4");
	}

	@Test
	void whatWasPassedOverBehindACheckpointWasNotRead() {
		readBehindACheckpoint();
		for (long offset = 900; offset < 1200; offset++) {
			this.log.entries.put(offset, this.codec.encode(stamp(offset - 899, 4, null)));
		}
		this.reader.move(1200, Cause.SEEK);
		String metadata = this.reader.commit(1200).metadata();
		assertThat(metadata).startsWith("rk1p.");
		this.reader = reader();
		this.reader.begin(1200, true, metadata);
		claimSessions(300, 4);
		check();
		check();
		assertThat(findings()).filteredOn((finding) -> finding.numbers().contains(4)).hasSize(300);
	}

	@Test
	void whatRetentionTookBehindACheckpointIsMissed() {
		byte[] saved = saveACheckpoint();
		this.log.start = 900;
		this.reader.move(900, Cause.RETENTION);
		String metadata = this.reader.commit(900).metadata();
		assertThat(metadata).startsWith("rk1p.");
		this.log.saved.put(LANE, saved);
		restart(900, metadata);
		assertThat(findings()).hasSize(300)
			.allSatisfy((finding) -> assertThat(finding.verdict() + " " + finding.cause() + " " + finding.numbers())
				.isEqualTo("MISSED RETENTION 3"));
	}

	@Test
	void oddHeaderThatIsReadAgainCountsOnce() {
		readBehindACheckpoint();
		byte[] odd = { 1 };
		this.reader.read(900, 0, 0, odd);
		this.log.entries.put(900L, odd);
		restart(901, this.reader.commit(901).metadata());
		assertThat(findings()).isEmpty();
		assertThat(this.ledger.coverage(LANE.topic(), "group").counted(Integrity.UNKNOWN_VERSION)).isEqualTo(1);
	}

	@Test
	void whatWasReadBeforeTheGroupWentBackStaysRead() {
		String metadata = readBehindACheckpoint();
		assertThat(metadata).startsWith("rk1p.");
		this.reader.move(650, Cause.SEEK);
		metadata = this.reader.commit(650).metadata();
		restart(650, metadata);
		assertThat(findings()).isEmpty();
	}

	@Test
	void whatWasReadAfterTheGroupWentBackOverAHoleOfACheckpointIsNotMissing() {
		readBehindACheckpoint();
		this.reader.move(1200, Cause.SEEK);
		commit(1200);
		this.now += ELEVEN_MINUTES;
		check();
		byte[] saved = this.log.saved.get(LANE);
		this.reader.move(900, Cause.SEEK);
		for (int session = 1; session <= 300; session++) {
			append(899 + session, session, 4);
		}
		String metadata = this.reader.commit(1200).metadata();
		this.log.saved.put(LANE, saved);
		this.reader = reader();
		this.reader.begin(1200, true, metadata);
		check();
		claimSessions(300, 4);
		check();
		check();
		assertThat(findings()).noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void whatWasReadAfterTheGroupWentBackOverAHoleOfACheckpointThatIsLookedUpIsNotMissing() {
		readBehindACheckpoint();
		this.reader.move(1200, Cause.SEEK);
		commit(1200);
		this.now += ELEVEN_MINUTES;
		check();
		String metadata = commit(1200).metadata();
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(1200, true, metadata);
		this.reader.move(900, Cause.SEEK);
		for (int session = 1; session <= 300; session++) {
			append(899 + session, session, 4);
		}
		metadata = commit(1200).metadata();
		this.log.answer = null;
		this.reader = reader();
		this.reader.begin(1200, true, metadata);
		check();
		claimSessions(300, 4);
		check();
		check();
		assertThat(findings()).isNotEmpty().noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void whatWasReadInAHoleIsNotMissingIfTheCheckpointFromBeforeThatComesLate() {
		readBehindACheckpoint();
		this.reader.move(1200, Cause.SEEK);
		commit(1200);
		this.now += ELEVEN_MINUTES;
		check();
		byte[] late = this.log.saved.get(LANE);
		this.reader.move(1199, Cause.SEEK);
		commit(1199);
		this.now += ELEVEN_MINUTES;
		check();
		assertThat(this.log.saved.get(LANE)).isNotSameAs(late);
		append(1199, 300, 4);
		String metadata = commit(1200).metadata();
		assertThat(metadata).startsWith("rk1p.");
		this.log.saved.put(LANE, late);
		this.reader = reader();
		this.reader.begin(1200, true, metadata);
		check();
		this.board.post(watermark(300, 4, 1199, 299, false));
		check();
		assertThat(findings()).isNotEmpty().noneMatch((finding) -> finding.verdict().isLoss());
	}

	private void restart(long offset, String metadata) {
		this.reader = reader();
		this.reader.begin(offset, true, metadata);
		check();
		claimSessions(300, 3);
		check();
		check();
	}

	@Test
	void gapBehindTheFirstRecordIsUnverifiedIfNobodySaysWhereItsSessionBegan() {
		begin(10);
		Claim anchor = new Claim(1, 8, 12, 0, -1, NumberRanges.EMPTY, TOPIC);
		read(10, A, 5);
		read(13, 0, stamp(A, 9, anchor));
		commit(14);
		for (int i = 0; i < 20; i++) {
			this.now += 60_000_000_000L;
			read(14 + i, A, 10 + i);
			commit(15 + i);
			assertThat(findings()).hasSize((i < 9) ? 0 : 1);
		}
		assertThat(findings())
			.extracting((finding) -> finding.verdict() + " " + finding.cause() + " " + finding.numbers())
			.containsExactly("UNVERIFIED BASELINE 6..8");
	}

	@Test
	void gapBehindTheFirstRecordIsLostIfItsSessionIsKnownToHaveBegunLater() {
		begin(10);
		Claim anchor = new Claim(1, 8, 14, 0, -1, NumberRanges.EMPTY, TOPIC);
		read(12, A, 5);
		read(15, 0, stamp(A, 9, anchor));
		commit(16);
		this.board.post(watermark(A, 9, 15, 10, false));
		check();
		assertThat(verdicts()).contains("LOST_ACKED 6..8");
	}

	@Test
	void copiesOfWhatIsFromBeforeTheGroupBeganMakeNoGap() {
		begin(14);
		read(14, A, 1);
		read(15, A, 2);
		Claim anchor = new Claim(1, 6, 8, 0, -1, NumberRanges.EMPTY, TOPIC);
		read(16, 0, stamp(A, 7, anchor));
		commit(17);
		read(17, A, 9);
		commit(18);
		this.board.post(watermark(A, 9, 17, 0, false));
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 8");
	}

	@Test
	void sessionThatFindsNoRoomIsKeptUntilItIsSaidWhatIsMissingOfIt() {
		CompletableFuture<Void> published = new CompletableFuture<>();
		this.ledger.addPublisher((finding) -> published);
		Findings findings = new Findings("group", LANE, true, this.board, this.ledger);
		LaneState state = new LaneState(0);
		for (long i = 0; i <= KnownSessions.MOST; i++) {
			state.arrive(i + 1, 1, 2 * i, 0, 0, false, this.now);
			state.arrive(i + 1, 3, 2 * i + 1, 0, 0, false, this.now);
		}
		state.passTo(2L * KnownSessions.MOST + 2);
		findings.evaluate(state, true, 0, 0, this.now);
		assertThat(findings())
			.extracting((finding) -> finding.verdict() + " " + finding.cause() + " " + finding.numbers())
			.containsExactly("UNVERIFIED STATE_LOST 2");
		assertThat(state.session(1)).as("its report may fail").isNotNull();
		published.complete(null);
		findings.settle(state);
		findings.evaluate(state, true, 0, 0, this.now);
		assertThat(state.session(1)).isNull();
		assertThat(findings()).hasSize(1);
		assertThat(state.sessions().size()).isEqualTo(KnownSessions.MOST);
	}

	@Test
	void whoNeverCommitsMayComeBackToWhatItHasPassedOver() {
		begin(0);
		read(0, A, 1);
		this.reader.move(5, Cause.SEEK);
		for (long i = 0; i < 50_000; i++) {
			read(5 + i, A, 6 + i);
		}
		this.board.post(watermark(A, 40_000, 39_999, 0, false));
		check();
		assertThat(findings())
			.extracting((finding) -> finding.verdict() + " " + finding.cause() + " " + finding.numbers())
			.containsExactly("UNVERIFIED SEEK 2..5");
	}

	@Test
	void whoCommitsLessOftenThanItPollsIsStillToldWhatRetentionAndItselfPassedOver() {
		begin(0);
		read(0, A, 1);
		this.reader.move(5, Cause.RETENTION);
		for (long i = 5; i < 15_000; i++) {
			read(i, A, 1 + i);
		}
		this.reader.move(15_004, Cause.SEEK);
		for (long i = 15_004; i < 21_000; i++) {
			read(i, A, 1 + i);
		}
		commit(21_000);
		this.board.post(watermark(A, 21_000, 20_999, 0, false));
		check();
		assertThat(findings())
			.extracting((finding) -> finding.verdict() + " " + finding.cause() + " " + finding.numbers())
			.containsExactlyInAnyOrder("MISSED RETENTION 2..5", "MISSED SEEK 15001..15004");
	}

	@Test
	void whatWasReadBeforeTheLogWasCutOffWhileThePastIsUnknownIsNotMissing() {
		String metadata = readBehindACheckpoint();
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(900, true, metadata);
		read(900, 400, 1);
		read(901, 400, 2);
		commit(902);
		this.reader.truncate(500);
		String cutOff = commit(500).metadata();
		assertThat(cutOff).startsWith("rk1p.");
		this.log.answer = null;
		this.reader = reader();
		this.reader.begin(500, true, cutOff);
		check();
		read(500, 400, 3);
		commit(501);
		this.board.post(watermark(400, 3, 901, 900, false));
		this.reader.read(501, 0, 0, null);
		for (long offset = 502; offset < 1000; offset++) {
			this.reader.read(offset, 0, 0, null);
		}
		commit(1000);
		assertThat(findings()).filteredOn((finding) -> finding.session() == 400)
			.noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void whatWasReadBeforeTheLogWasCutOffIsNotMissingWhileThePastIsLookedUp() {
		restartBehindACut();
		assertThat(findings()).isEmpty();
		this.log.answer.complete(Optional.of(this.log.saved.get(LANE)));
		check();
		check();
		assertThat(findings()).isEmpty();
		read(602, 400, 5);
		commit(603);
		this.board.post(watermark(400, 5, 602, 500, false));
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 4");
	}

	@Test
	void whatWasReadBeforeTheLogWasCutOffIsNotMissingIfThePastIsNotFound() {
		restartBehindACut();
		this.now += ELEVEN_MINUTES;
		check();
		check();
		assertThat(findings()).noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void whatWasReadBeforeTheGroupWentBackInFrontOfACheckpointIsNotMissing() {
		saveACheckpoint();
		append(600, 400, 1);
		append(601, 401, 1);
		commit(602);
		this.reader.move(601, Cause.SEEK);
		String metadata = commit(601).metadata();
		assertThat(metadata).startsWith("rk1p.");
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(601, true, metadata);
		this.reader.move(100, Cause.SEEK);
		metadata = commit(100).metadata();
		this.log.answer = null;
		this.reader = reader();
		this.reader.begin(100, true, metadata);
		check();
		this.reader.move(602, Cause.SEEK);
		commit(602);
		claimSessions(300, 2);
		this.board.post(watermark(401, 1, 601, 601, false));
		check();
		check();
		assertThat(findings()).noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void whatWasReadBeforeTheLogWasCutOffIsNotMissingIfTheCheckpointIsFromBefore() {
		byte[] saved = saveACheckpoint();
		append(600, 400, 1);
		append(601, 400, 2);
		commit(602);
		this.reader.truncate(500);
		commit(500);
		String metadata = commit(500).metadata();
		assertThat(metadata).startsWith("rk1p.");
		this.log.saved.put(LANE, saved);
		this.reader = reader();
		this.reader.begin(500, true, metadata);
		check();
		check();
		for (long offset = 500; offset < 610; offset++) {
			this.reader.read(offset, 0, 0, null);
		}
		read(610, 400, 3);
		commit(611);
		this.board.post(watermark(400, 3, 610, 600, false));
		check();
		assertThat(findings()).isNotEmpty().noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void checkpointFromBeforeTheOneThatIsMeantSaysLittle() {
		this.board.connect(this.log);
		this.reader.begin(600, true, null);
		check();
		for (int session = 1; session <= 300; session++) {
			append(699 + session, session, 5);
		}
		commit(1000);
		this.now += ELEVEN_MINUTES;
		check();
		String metadata = commit(1000).metadata();
		assertThat(metadata).startsWith("rk1p.");
		LaneState former = new LaneState(0);
		former.readCommitted(true);
		this.log.saved.put(LANE, LaneStateCodec.bytes(former));
		this.log.start = 650;
		this.reader = reader();
		this.reader.begin(1000, true, metadata);
		this.board.post(watermark(1, 5, 700, 100, false));
		check();
		check();
		assertThat(findings()).isNotEmpty().noneMatch((finding) -> finding.verdict().isLoss());
	}

	@Test
	void claimOfARecordIsNotJudgedWhileThePastIsLookedUp() {
		saveACheckpoint();
		append(600, 400, 1);
		append(601, 400, 2);
		append(602, 400, 3);
		commit(603);
		this.reader.truncate(500);
		commit(500);
		String metadata = commit(500).metadata();
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(500, true, metadata);
		read(500, 400, 1);
		read(501, 400, 2);
		read(502, 400, 4);
		read(503, 0, stamp(400, 5, new Claim(1, 4, 502, 0, -1, NumberRanges.EMPTY, TOPIC)));
		commit(504);
		assertThat(findings()).isEmpty();
	}

	@Test
	void claimOfARecordIsJudgedWhenThePastIsThere() {
		saveACheckpoint();
		append(600, 400, 1);
		append(601, 400, 2);
		append(602, 400, 3);
		String metadata = commit(603).metadata();
		assertThat(metadata).startsWith("rk1p.");
		byte[] saved = this.log.saved.get(LANE);
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(603, true, metadata);
		read(603, 0, stamp(400, 5, new Claim(1, 4, 602, 0, -1, NumberRanges.EMPTY, TOPIC)));
		commit(604);
		assertThat(findings()).isEmpty();
		this.log.answer.complete(Optional.of(saved));
		check();
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 4");
	}

	@Test
	void checkpointThatWasWrittenAlthoughThatFailedIsNotBelieved() {
		readBehindACheckpoint();
		this.log.confirming = false;
		this.reader.move(1200, Cause.SEEK);
		commit(1200);
		this.now += ELEVEN_MINUTES;
		check();
		byte[] written = this.log.saved.get(LANE);
		this.log.writable = false;
		assertThat(this.reader.commit(1200).metadata()).startsWith("rk1p.");
		this.reader.move(900, Cause.SEEK);
		for (int session = 1; session <= 300; session++) {
			append(899 + session, session, 4);
		}
		String metadata = this.reader.commit(1200).metadata();
		assertThat(this.log.saved.get(LANE)).isSameAs(written);
		this.reader = reader();
		this.reader.begin(1200, true, metadata);
		check();
		claimSessions(300, 4);
		check();
		check();
		assertThat(findings()).noneMatch((finding) -> finding.verdict().isLoss());
	}

	private void restartBehindACut() {
		saveACheckpoint();
		append(600, 400, 1);
		append(601, 400, 2);
		commit(602);
		this.reader.truncate(500);
		commit(500);
		String metadata = commit(500).metadata();
		assertThat(metadata).startsWith("rk1p.");
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(500, true, metadata);
		read(500, 400, 3);
		for (long offset = 501; offset < 602; offset++) {
			this.reader.read(offset, 0, 0, null);
		}
		this.board.post(watermark(400, 3, 601, 500, false));
		commit(602);
		check();
	}

}
