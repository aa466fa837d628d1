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

import java.util.concurrent.CompletableFuture;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Where a group began, and what is in front of it.
 */
class LaneReaderBeginningTests extends LaneReaderSetup {

	@Test
	void whatIsWrittenAnewInFrontOfWhereTheGroupBeganIsNotItsOwn() {
		begin(9);
		read(9, A, 1);
		read(10, A, 2);
		commit(11);
		this.reader.move(9, Cause.OUT_OF_RANGE);
		this.board.post(watermark(A, 5, 8, 4, false));
		read(9, 1, stamp(B, 1, null));
		commit(10);
		assertThat(findings()).isEmpty();
	}

	@Test
	void whatIsClaimedAtOnceMayHaveBeenWrittenAnewInFrontOfWhereTheGroupBegan() {
		begin(9);
		read(9, A, 1);
		read(10, A, 2);
		commit(11);
		this.reader.move(9, Cause.OUT_OF_RANGE);
		// 1 to 5 are at 4 to 8 now.
		read(9, A, 6);
		read(10, A, 7);
		commit(11);
		this.board.post(watermark(A, 7, 10, 4, false));
		check();
		assertThat(findings()).extracting((finding) -> finding.verdict() + " " + finding.cause())
			.containsExactly("UNVERIFIED BASELINE");
	}

	@Test
	void whatIsReportedOfAFormerBeginningSaysNothingOfTheNext() {
		this.board.connect(this.log);
		begin(0);
		check();
		read(0, B, 1);
		commit(1);
		this.reader.end();
		CompletableFuture<Void> published = new CompletableFuture<>();
		this.ledger.addPublisher((finding) -> published);
		this.reader = reader();
		begin(54);
		check();
		this.board.post(watermark(A, 10, 15, 6, false));
		check();
		assertThat(verdicts()).containsExactly("UNVERIFIED 1..10");
		this.log.saved.clear();
		this.reader.move(53, Cause.SEEK);
		published.complete(null);
		check();
		read(53, A, 47);
		commit(54);
		this.board.post(watermark(A, 47, 53, 6, false));
		check();
		assertThat(verdicts()).noneMatch((verdict) -> verdict.startsWith("LOST_ACKED"));
	}

	@Test
	void whatWasCutOffWhereTheGroupBeganIsLost() {
		begin(9);
		read(9, A, 5);
		read(10, A, 6);
		commit(11);
		this.reader.truncate(9);
		read(9, A, 9);
		commit(10);
		this.board.post(watermark(A, 9, 9, 4, false));
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 7..8");
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

}
