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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What a {@link LaneReader} makes of claims in records that cannot be judged when the
 * record is read.
 */
class LaneReaderClaimsTests extends LaneReaderSetup {

	private static final int OTHER_TOPIC = 78;

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
