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
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LossLedger}.
 */
class LossLedgerTests {

	private final LossLedger ledger = new LossLedger();

	private final List<CompletableFuture<Void>> publications = new ArrayList<>();

	@Test
	void findingIsPublishedAgainButCountedOnceWhenPublishingFails() {
		this.ledger.addPublisher((finding) -> {
			this.publications.add(new CompletableFuture<>());
			return this.publications.get(this.publications.size() - 1);
		});
		CompletableFuture<Void> first = this.ledger.post(finding());
		assertThat(this.ledger.post(finding())).isSameAs(first).isNotDone();
		this.publications.get(0).completeExceptionally(new IllegalStateException("away"));
		assertThat(first).isCompletedExceptionally();
		CompletableFuture<Void> second = this.ledger.post(finding());
		assertThat(second).isNotDone();
		this.publications.get(1).complete(null);
		assertThat(second).isCompleted();
		assertThat(this.ledger.post(finding())).isCompleted();
		assertThat(this.publications).hasSize(2);
		assertThat(this.ledger.findings()).hasSize(1);
		List<Long> records = new ArrayList<>();
		this.ledger.onTally((tally) -> records.add(tally.records()));
		assertThat(records).containsExactly(3L);
	}

	@Test
	void recordsAreCountedOnceAsACloserLookSays() {
		List<LossLedger.Tally> tallies = new ArrayList<>();
		this.ledger.onTally(tallies::add);
		this.ledger.addPublisher((finding) -> {
			this.publications.add(new CompletableFuture<>());
			return this.publications.get(this.publications.size() - 1);
		});
		this.ledger.post(finding());
		assertThat(tallies).isEmpty();
		this.ledger.refine(finding(), Verdict.MISSED, Cause.IN_LOG);
		this.publications.get(0).completeExceptionally(new IllegalStateException("away"));
		this.ledger.post(finding());
		this.ledger.refine(finding(), Verdict.LOST_ACKED, Cause.TRUNCATED);
		this.publications.get(1).complete(null);
		assertThat(tallies).singleElement().satisfies((tally) -> {
			assertThat(tally.verdict()).isEqualTo(Verdict.MISSED);
			assertThat(tally.cause()).isEqualTo(Cause.IN_LOG);
			assertThat(tally.records()).isEqualTo(3);
		});
	}

	@Test
	void recordsAreCountedAsFoundWhenNobodyLooksCloser() {
		List<LossLedger.Tally> tallies = new ArrayList<>();
		this.ledger.onTally(tallies::add);
		this.ledger.post(finding());
		assertThat(tallies).singleElement()
			.satisfies((tally) -> assertThat(tally.verdict()).isEqualTo(Verdict.LOST_ACKED));
	}

	@Test
	void numbersThatCountAbortedRecordsAreOthers() {
		List<Finding> published = new ArrayList<>();
		this.ledger.addPublisher((finding) -> {
			published.add(finding);
			return CompletableFuture.completedFuture(null);
		});
		this.ledger.post(finding(true));
		this.ledger.post(finding(true));
		this.ledger.post(finding(false));
		assertThat(published).extracting(Finding::readCommitted).containsExactly(true, false);
	}

	@Test
	void publisherThatThrowsHasFailed() {
		this.ledger.addPublisher((finding) -> {
			throw new IllegalStateException("no");
		});
		assertThat(this.ledger.post(finding())).isCompletedExceptionally();
	}

	@ParameterizedTest
	@EnumSource
	void eachVerdictHasAStageForEachCause(Verdict verdict) {
		for (Cause cause : Cause.values()) {
			assertThat(verdict.stage(cause)).isNotNull();
		}
		assertThat(Verdict.LOST_ACKED.stage(Cause.TAIL)).isEqualTo(Verdict.Stage.STORAGE);
		assertThat(Verdict.MISSED.stage(Cause.RESET_LATEST)).isEqualTo(Verdict.Stage.CONSUMPTION);
		assertThat(Verdict.FAILED_KNOWN.stage(Cause.SEND_FAILED)).isEqualTo(Verdict.Stage.PRODUCTION);
	}

	private static Finding finding() {
		return finding(true);
	}

	private static Finding finding(boolean readCommitted) {
		return new Finding(Verdict.LOST_ACKED, Cause.VANISHED, "billing", readCommitted, new Lane("orders", 0), 1, null,
				NumberRanges.of(3, 5), "claim", null, null, -1, -1, 0);
	}

}
