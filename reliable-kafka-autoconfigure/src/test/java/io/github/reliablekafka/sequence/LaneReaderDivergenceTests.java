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

import java.time.Duration;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A leader that was behind writes the log anew, and its claims arrive before the consumer
 * hears of it.
 */
class LaneReaderDivergenceTests extends LaneReaderSetup {

	private static final Claim THREE = new Claim(1, 3, 2, 0, 0, NumberRanges.EMPTY, TOPIC);

	@BeforeEach
	void readWhatIsCutOff() {
		this.board.connect(this.log);
		this.log.end = 10;
		begin(0);
		append(0, A, 1);
		for (long offset = 1; offset < 5; offset++) {
			append(offset, B, offset);
		}
		this.reader.advance(5, 0);
		commit(5);
	}

	@Test
	void whatIsStillToComeIsNotLost() {
		writeAnew();
		this.reader.truncate(1);
		read(1, 1, stamp(A, 2, null));
		read(2, 1, stamp(A, 3, null));
		commit(3);
		assertThat(findings()).isEmpty();
	}

	@Test
	void whatIsNoLongerThereIsLost() {
		claimThree();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void whatIsNotThereEitherIsLostOnceTheConsumerHasComeSoFar() {
		writeAnew();
		this.reader.truncate(1);
		for (long offset = 1; offset < 5; offset++) {
			read(offset, 1, stamp(B, offset + 4, null));
		}
		commit(5);
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void logThatIsTooShortIsAnother() {
		this.log.markersOnly = true;
		this.log.end = 3;
		claimThree();
		assertThat(findings()).isEmpty();
		this.now += ELEVEN_MINUTES;
		check();
		assertThat(findings()).isEmpty();
	}

	@Test
	void memberThatStartsAgainHasTheEpochOfItsOffset() {
		LaneReader.Commit commit = commit(5);
		this.reader.end();
		this.reader = reader();
		this.reader.begin(5, true, commit.metadata());
		this.reader.advance(5, commit.leaderEpoch());
		writeAnew();
		assertThat(findings()).isEmpty();
	}

	@Test
	void consumerThatDoesNotKnowTheEpochOfItsPositionGoesOnInWhateverLogThereIs() {
		this.reader.move(5, Cause.SEEK);
		writeAnew();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void fetchThatHadNothingLeavesTheEpochOfThePosition() {
		this.reader.advance(5, -1);
		writeAnew();
		assertThat(findings()).isEmpty();
	}

	@Test
	void leaderThatDoesNotKnowThatItWasReplacedIsNotBelieved() {
		this.log.markersOnly = true;
		this.log.leaderEpoch = 1;
		claimThree();
		this.log.markersOnly = false;
		this.log.leaderEpoch = 0;
		this.now += ELEVEN_MINUTES;
		check();
		assertThat(findings()).isEmpty();
	}

	@Test
	void leaderThatHasWhatWasReadIsBelievedIfItCameLater() {
		writeAnew();
		this.log.leaderEpochs.put(4L, 0);
		this.now += ELEVEN_MINUTES;
		check();
		assertThat(findings()).isEmpty();
		this.log.leaderEpoch = 2;
		this.now += ELEVEN_MINUTES;
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void lossIsSaidThoughTheLeaderDoesNotTellItsEpoch() {
		this.log.leaderEpoch = -1;
		this.log.leaderEpochs.put(4L, 0);
		claimThree();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void whatWasInALogThatIsEmptyIsLost() {
		this.log.markersOnly = true;
		this.log.leaderEpoch = 5;
		this.log.end = 0;
		this.reader.truncate(0);
		this.reader.advance(0, 0);
		commit(0);
		for (int i = 0; i < 4; i++) {
			claimThree();
			this.now += Duration.ofSeconds(40).toNanos();
		}
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void whatWasPolledBeforeDoesNotShowThatTheConsumerHasGoneOn() {
		append(5, B, 5);
		this.log.readable = false;
		claimThree();
		this.now += Duration.ofMinutes(5).toNanos();
		commit(6);
		this.now += Duration.ofMinutes(1).toNanos();
		check();
		assertThat(findings()).isEmpty();
	}

	@Test
	void lossIsSaidThoughTheLogCannotBeReadOnceTheConsumerHasGoneOn() {
		this.log.readable = false;
		claimThree();
		this.now += Duration.ofMinutes(5).toNanos();
		check();
		assertThat(findings()).isEmpty();
		append(5, B, 5);
		commit(6);
		this.now += Duration.ofMinutes(1).toNanos();
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void oneAsksAtATime() {
		this.board.asking(false).set(true);
		claimThree();
		assertThat(findings()).isEmpty();
		this.board.asking(false).set(false);
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
		assertThat(this.board.asking(false)).isFalse();
	}

	@Test
	void partitionsThatCannotBeReadAndOthersDoNotWaitForEachOther() {
		this.board.asking(true).set(true);
		this.log.readable = false;
		claimThree();
		assertThat(this.board.asking(false)).as("free again although it failed").isFalse();
		this.board.asking(true).set(false);
		this.board.asking(false).set(true);
		this.log.readable = true;
		this.now += Duration.ofMinutes(1).toNanos();
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void sessionThatIsOverIsKeptAsLongAsTheLogHasToBeAsked() {
		this.log.readable = false;
		append(5, 0xCCCCL, 2);
		for (long session = 1; session <= 40; session++) {
			append(5 + session, session, 1);
			this.board.post(watermark(session, 1, 5 + session, 5 + session, true));
		}
		this.board.post(watermark(0xCCCCL, 2, 5, 0, true));
		commit(46);
		this.now += ELEVEN_MINUTES;
		check();
		assertThat(findings()).isEmpty();
		this.log.readable = true;
		this.now += Duration.ofMinutes(1).toNanos();
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 1");
	}

	@Test
	void sessionThatFindsNoRoomIsKeptAsLongAsTheLogHasToBeAsked() {
		this.log.readable = false;
		claimThree();
		long end = 5 + KnownSessions.MOST;
		for (long offset = 5; offset < end; offset++) {
			append(offset, 0x10000 + offset, 1);
		}
		commit(end);
		assertThat(findings()).isEmpty();
		this.log.readable = true;
		this.now += Duration.ofMinutes(1).toNanos();
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void lossIsSaidThoughThereIsNothingToCompareWith() {
		this.log.markersOnly = true;
		this.log.leaderEpoch = 1;
		claimThree();
		assertThat(findings()).isEmpty();
		this.now += ELEVEN_MINUTES;
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2..3");
	}

	@Test
	void whatIsBehindTheLastRecordThatWasReadMayBeWrittenAnew() {
		// A marker was at 5.
		this.reader.advance(6, 0);
		this.board.post(new Watermark(LANE, A, identity(), this.now, 2, 2, claim(5), claim(5), false));
		this.log.entries.put(5L, this.codec.encode(stamp(A, 2, null)));
		this.log.leaderEpochs.put(5L, 1);
		check();
		assertThat(findings()).isEmpty();
		this.log.leaderEpochs.clear();
		this.log.entries.remove(5L);
		this.now += Duration.ofSeconds(5).toNanos();
		check();
		assertThat(verdicts()).containsExactly("LOST_ACKED 2");
	}

	private static Claim claim(long offset) {
		return new Claim(1, 2, offset, 0, 0, NumberRanges.EMPTY, TOPIC);
	}

	private void writeAnew() {
		this.log.leaderEpoch = 1;
		claimThree();
	}

	private void claimThree() {
		this.board.post(new Watermark(LANE, A, identity(), this.now, 3, 3, THREE, THREE, false));
		check();
	}

}
