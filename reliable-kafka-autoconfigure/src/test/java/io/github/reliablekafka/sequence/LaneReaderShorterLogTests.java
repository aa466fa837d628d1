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
 * The log is found to be shorter than the position while the past is looked up: what is
 * in it may be other than the past says.
 */
class LaneReaderShorterLogTests extends LaneReaderSetup {

	@Test
	void whatIsThereIsMissedOnceThePastIsFound() {
		restartBehindTheLog();
		find();
		claimSessions(300, 2);
		claimOne(301);
		assertThat(findings())
			.extracting((finding) -> finding.session() + " " + finding.verdict() + " " + finding.cause())
			.containsExactly("301 MISSED OUT_OF_RANGE");
	}

	@Test
	void whatWasWrittenOnceMoreIsNotMissedIfTheCheckpointIsOlder() {
		String metadata = readBehindACheckpoint();
		this.log.entries.keySet().removeIf((offset) -> offset >= 600);
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(900, true, metadata);
		this.reader.move(890, Cause.OUT_OF_RANGE);
		commit(890);
		find();
		// Read at 895.
		this.board.post(watermark(296, 3, 300, 295, false));
		claimOne(301);
		assertThat(findings()).extracting((finding) -> finding.session() + " " + finding.verdict())
			.containsExactlyInAnyOrder("296 UNVERIFIED", "301 UNVERIFIED");
	}

	@Test
	void whatIsThereIsUnverifiedIfTheMemberEndsBeforeThePastIsFound() {
		restartBehindTheLog();
		restartAtOnce();
		claimOne(301);
		assertThat(findings()).extracting((finding) -> finding.session() + " " + finding.verdict())
			.containsExactly("301 UNVERIFIED");
	}

	@Test
	void whatIsGoneFromALogThatWasCutOffIsUnverifiedIfTheMemberEndsBeforeThePastIsFound() {
		restartWithoutThePast();
		this.reader.truncate(500);
		this.reader.move(590, Cause.RETENTION);
		restartAtOnce();
		claimOne(550);
		assertThat(findings()).extracting((finding) -> finding.session() + " " + finding.verdict())
			.containsExactly("550 UNVERIFIED");
	}

	@Test
	void whatIsThereIsUnverifiedIfOthersOfTheGroupMayHaveReadIt() {
		moveOutsideAndBehindTheLog();
		find();
		assertWhatIsThereIsUnverified();
	}

	@Test
	void whatOthersMayHaveReadIsUnverifiedIfTheMemberEndsBeforeThePastIsFound() {
		String metadata = moveOutsideAndBehindTheLog();
		this.reader = reader();
		this.reader.begin(12, true, metadata);
		find();
		assertWhatIsThereIsUnverified();
	}

	// The group's offset was set from outside while its past is not known.
	private String moveOutsideAndBehindTheLog() {
		this.board.connect(this.log);
		begin(0);
		check();
		read(0, A, 1);
		this.reader.advance(10, 0);
		commit(10);
		this.reader.end();
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(15, true, "");
		this.reader.move(12, Cause.OUT_OF_RANGE);
		return commit(12).metadata();
	}

	private void assertWhatIsThereIsUnverified() {
		claimOne(5);
		assertThat(findings())
			.extracting((finding) -> finding.session() + " " + finding.verdict() + " " + finding.cause())
			.containsExactly("5 UNVERIFIED OUT_OF_RANGE");
	}

	private void restartBehindTheLog() {
		restartWithoutThePast();
		this.reader.move(590, Cause.OUT_OF_RANGE);
		commit(590);
	}

	private void restartWithoutThePast() {
		saveACheckpoint();
		String metadata = commit(600).metadata();
		assertThat(metadata).startsWith("rk1p.");
		this.log.answer = new CompletableFuture<>();
		this.reader = reader();
		this.reader.begin(600, true, metadata);
	}

	private void find() {
		this.log.answer.complete(Optional.of(this.log.saved.get(LANE)));
		check();
		check();
	}

	// Behind the checkpoint, over records without a number.
	private void restartAtOnce() {
		for (long offset = 590; offset < 610; offset++) {
			this.reader.read(offset, 0, 0, null);
		}
		String metadata = commit(610).metadata();
		this.log.answer = null;
		this.reader = reader();
		this.reader.begin(610, true, metadata);
		check();
		check();
	}

	// A session of which nothing was read.
	private void claimOne(long offset) {
		this.board.post(watermark(offset, 1, offset, offset, false));
		check();
	}

}
