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
import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for how {@link LaneReader} judges what is missing.
 */
class LaneReaderTests extends LaneReaderSetup {

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
	void whatIsPolledAndNotCommittedIsNotJudged() {
		begin(0);
		read(0, A, 1);
		read(5, A, 4);
		this.reader.check();
		claim(A, 4, 5, false);
		assertThat(findings()).isEmpty();
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
	void recordThatComesBeforeItsReportIsSafeIsRecovered() {
		CompletableFuture<Void> published = new CompletableFuture<>();
		this.ledger.addPublisher((finding) -> published);
		begin(0);
		read(0, A, 1);
		read(1, A, 4);
		commit(2);
		claim(A, 4, 1, false);
		this.reader.read(2, 0, 0, this.codec.encode(new Stamp(A, 2, 0, false, true, null)));
		published.complete(null);
		this.reader.check();
		this.reader.read(3, 0, 0, this.codec.encode(new Stamp(A, 3, 0, false, true, null)));
		commit(4);
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3", "RECOVERED 2", "RECOVERED 3");
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
		assertThat(before.sessions().openNumbers()).isEqualTo(1);
		published.complete(null);
		assertThat(this.reader.check()).isTrue();
		LaneState after = LaneStateCodec.state(commit(2).metadata());
		assertThat(after).isNotNull();
		assertThat(after.sessions().openNumbers()).isZero();
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
		assertThat(verdicts()).containsExactly("UNVERIFIED 6");
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
		assertThat(verdicts()).containsExactly("MISSED 2");
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

}
