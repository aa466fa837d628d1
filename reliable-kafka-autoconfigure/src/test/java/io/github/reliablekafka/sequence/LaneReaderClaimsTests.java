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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a {@link LaneReader} makes of claims in records that cannot be judged when the
 * record is read.
 */
class LaneReaderClaimsTests extends LaneReaderSetup {

	private static final int OTHER_TOPIC = 78;

	@Test
	void claimWhoseOffsetIsNotReachedAgainIsKeptThoughThereIsAWatermark() {
		readAndGoBack();
		read(26, B, 1);
		commit(27);
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..9");
	}

	@Test
	void whatIsClaimedIsNotCalledUndecidedBeforeItIsJudged() {
		readAndGoBack();
		this.now += ELEVEN_MINUTES;
		check();
		assertThat(findings()).isEmpty();
		read(26, B, 1);
		commit(27);
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..9");
	}

	@Test
	void claimWhoseRecordDoesNotProveThatTheLogWasCutOffIsKept() {
		this.board.forgetFacts(LANE.topic());
		begin(0);
		read(0, A, 1);
		read(1, 1, stamp(A, 10, claim(1, 9, 20, TOPIC)));
		read(2, 1, stamp(A, 11, null));
		read(3, 1, stamp(A, 12, null));
		this.board.post(watermark(A, 1, 0, 0, false));
		commit(4);
		this.reader.move(2, Cause.SEEK);
		this.board.post(LANE.topic(), new TopicFacts(TOPIC, false));
		commit(2);
		assertThat(findings()).isEmpty();
		read(2, 1, stamp(A, 11, null));
		read(21, B, 1);
		commit(22);
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..9");
	}

	@Test
	void claimIsJudgedIfTheLogEndsInFrontOfItsOffset() {
		this.board.connect(this.log);
		this.log.end = 20;
		readAndGoBack();
		for (int i = 0; i < 5; i++) {
			this.now += 40_000_000_000L;
			check();
		}
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..9");
		assertThat(findings()).extracting(Finding::cause).containsExactly(Cause.TAIL);
	}

	// The record is gone when the group comes there again, and its producer was killed.
	private void readAndGoBack() {
		this.board.forgetFacts(LANE.topic());
		begin(0);
		read(0, A, 1);
		read(30, 0, stamp(A, 10, claim(1, 9, 25, TOPIC)));
		this.board.post(watermark(A, 1, 0, 0, false));
		commit(31);
		this.reader.move(20, Cause.SEEK);
		this.board.post(LANE.topic(), new TopicFacts(TOPIC, false));
		commit(20);
		assertThat(findings()).isEmpty();
	}

	@Test
	void claimThatNoWatermarkCoversIsNotLeftToIt() {
		begin(10);
		this.board.post(watermark(A, 5, 10, 5, false));
		read(10, A, 5);
		read(13, 0, stamp(A, 9, claim(1, 8, 12, TOPIC)));
		commit(14);
		assertThat(findings()).isEmpty();
		this.now += ELEVEN_MINUTES;
		check();
		assertThat(findings())
			.extracting((finding) -> finding.verdict() + " " + finding.cause() + " " + finding.numbers())
			.containsExactly("UNVERIFIED BASELINE 6..8");
	}

	@Test
	void claimDecidesNothingForAWatermarkThatKnowsMoreAndIsAhead() {
		begin(10);
		this.board.post(watermark(A, 1, 50, 50, false));
		read(50, A, 1);
		read(54, 0, stamp(A, 5, claim(1, 4, 53, TOPIC)));
		commit(55);
		this.board.post(watermark(A, 7, 56, 50, false));
		check();
		read(55, A, 6);
		read(56, A, 7);
		commit(57);
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..4");
	}

	@Test
	void claimIsKeptUntilItsReportIsSafe() {
		List<CompletableFuture<Void>> published = new ArrayList<>();
		this.ledger.addPublisher((finding) -> {
			published.add(new CompletableFuture<>());
			return published.get(published.size() - 1);
		});
		begin(0);
		read(0, A, 1);
		read(9, 0, stamp(A, 5, claim(1, 4, 8, TOPIC)));
		commit(10);
		assertThat(published).hasSize(1);
		published.get(0).completeExceptionally(new IllegalStateException("not reached"));
		check();
		check();
		assertThat(published).hasSize(2);
		published.get(1).complete(null);
		check();
		check();
		assertThat(published).hasSize(2);
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..4");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void claimOfAFormerTopicDoesNotHideThatOfTheTopic(boolean formerFirst) {
		this.board.forgetFacts(LANE.topic());
		begin(0);
		read(0, A, 1);
		Claim former = claim(1, 5, 100, OTHER_TOPIC);
		Claim right = claim(1, 4, 8, TOPIC);
		read(10, 0, stamp(A, 6, formerFirst ? former : right));
		read(11, 0, stamp(A, 7, formerFirst ? right : former));
		commit(12);
		assertThat(findings()).isEmpty();
		this.board.post(LANE.topic(), new TopicFacts(TOPIC, false));
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..4");
	}

	@Test
	void claimThatBeginsAboveItsFailuresDoesNotHideTheOneBefore() {
		this.board.forgetFacts(LANE.topic());
		begin(0);
		read(0, A, 1);
		read(10, 0, stamp(A, 10, claim(1, 9, 9, TOPIC)));
		read(20, 0, stamp(A, 20, claim(12, 19, 19, TOPIC)));
		commit(21);
		this.board.post(LANE.topic(), new TopicFacts(TOPIC, false));
		check();
		assertThat(verdicts()).containsExactlyInAnyOrder("LOST_ACKED 2..9", "LOST_ACKED 12..19");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void claimOfATopicThatWasCreatedAgainIsKeptUntilThatIsKnown(boolean formerIsForgotten) {
		begin(0);
		read(0, A, 1);
		commit(1);
		if (formerIsForgotten) {
			this.board.forgetFacts(LANE.topic());
		}
		read(6, 0, stamp(A, 5, claim(1, 4, 5, OTHER_TOPIC)));
		commit(7);
		assertThat(findings()).isEmpty();
		this.board.post(LANE.topic(), new TopicFacts(OTHER_TOPIC, false));
		check();
		assertThat(findings())
			.extracting((finding) -> finding.verdict() + " " + finding.cause() + " " + finding.numbers())
			.containsExactly("UNVERIFIED TOPIC_RECREATED 2..4");
	}

	private static Claim claim(long from, long acknowledged, long offset, int topicIdHash) {
		return new Claim(from, acknowledged, offset, 0, -1, NumberRanges.EMPTY, topicIdHash);
	}

}
