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

package io.github.reliablekafka.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.report.LossReport.Examination;
import io.github.reliablekafka.report.LossReport.Outcome;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.TopicFacts;
import io.github.reliablekafka.sequence.Verdict;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Examiner} on logs in memory.
 */
class ExaminerTests {

	private static final Lane LANE = new Lane("orders", 0);

	private final Log log = new Log();

	private final SequenceBoard board = new SequenceBoards().board(Set.of("host:9092"), Map.of());

	{
		this.board.connect(this.log);
		this.board.post("orders", new TopicFacts(1, false));
	}

	@Test
	void recordsThatAreThereWereSkipped() {
		this.log.records(0, 0, 1, 10);
		Finding finding = gap(NumberRanges.of(3, 5), 1, 5);
		Examination examination = examine(finding);
		assertThat(examination.outcome()).isEqualTo(Outcome.STILL_THERE);
		assertThat(examination.present()).isEqualTo(NumberRanges.of(3, 5));
		assertThat(examination.presentFrom()).isEqualTo(2);
		assertThat(examination.presentTo()).isEqualTo(4);
		assertThat(Examiner.refine(finding, examination)).isEqualTo(new Examiner.Opinion(Verdict.MISSED, Cause.IN_LOG));
	}

	@Test
	void recordsThatTheGroupHasYetToComeToAreNoLoss() {
		this.log.records(0, 0, 1, 200);
		Finding finding = Findings.of(Verdict.LOST_ACKED, Cause.TAIL, LANE, NumberRanges.of(100, 150),
				Findings.place(98, 0, 99), null);
		assertThat(finding.position()).isEqualTo(100);
		Examination examination = examine(finding);
		assertThat(examination.outcome()).isEqualTo(Outcome.STILL_THERE);
		assertThat(Examiner.refine(finding, examination))
			.isEqualTo(new Examiner.Opinion(Verdict.UNVERIFIED, Cause.IN_LOG));
	}

	@Test
	void recordsThatWereSentAgainAreLostAllTheSame() {
		this.log.records(0, 0, 1, 2);
		this.log.add(2, 1, new Stamp(Findings.SESSION, 3, 0, false, true, null).encode(LANE));
		Finding finding = Findings.of(Verdict.LOST_ACKED, Cause.TAIL, LANE, NumberRanges.of(3, 3),
				Findings.place(1, 0, 2), null);
		Examination examination = examine(finding);
		assertThat(examination.outcome()).isEqualTo(Outcome.TRUNCATED);
		assertThat(examination.present()).isEqualTo(NumberRanges.of(3, 3));
		assertThat(Examiner.refine(finding, examination).verdict()).isEqualTo(Verdict.LOST_ACKED);
	}

	@Test
	void recordsThatAreThereInPartAreNamed() {
		this.log.records(0, 0, 1, 3);
		this.log.end = 6;
		this.log.records(6, 0, 7, 10);
		Examination examination = examine(gap(NumberRanges.of(3, 6), 1, 6));
		assertThat(examination.outcome()).isEqualTo(Outcome.VANISHED);
		assertThat(examination.present()).isEqualTo(NumberRanges.of(3, 3));
	}

	@Test
	void stampsOfAnotherPartitionOrSessionDoNotCount() {
		this.log.add(0, 0, new Stamp(Findings.SESSION, 1, 0, false, false, null).encode(LANE));
		this.log.add(1, 0, new Stamp(Findings.SESSION, 2, 0, false, false, null).encode(new Lane("orders", 1)));
		this.log.add(2, 0, new Stamp(77, 2, 0, false, false, null).encode(LANE));
		this.log.add(3, 0, new Stamp(Findings.SESSION, 3, 0, false, false, null).encode(LANE));
		assertThat(examine(gap(NumberRanges.of(2, 2), 0, 3)).outcome()).isEqualTo(Outcome.NOT_THERE);
	}

	@Test
	void recordsOfAnAbortedTransactionAreVisibleToSomeOnly() {
		this.log.records(0, 0, 1, 10);
		this.log.uncommitted.add(2L);
		Finding finding = gap(NumberRanges.of(3, 4), 1, 4);
		Examination examination = examine(finding);
		assertThat(examination.outcome()).isEqualTo(Outcome.ABORTED);
		assertThat(examination.present()).isEqualTo(NumberRanges.of(4, 4));
		assertThat(Examiner.refine(finding, examination))
			.isEqualTo(new Examiner.Opinion(Verdict.UNVERIFIED, Cause.IN_LOG));
		Finding skipped = new Finding(Verdict.MISSED, Cause.SEEK, "billing", true, LANE, Findings.SESSION, null,
				NumberRanges.of(3, 3), "claim", null, null, 2, 3, 10);
		assertThat(Examiner.refine(skipped, examine(skipped)).verdict()).isEqualTo(Verdict.UNVERIFIED);
	}

	@Test
	void abortedRecordHidesNoLossBesideIt() {
		this.log.records(0, 0, 1, 3);
		this.log.uncommitted.add(2L);
		this.log.records(3, 1, 6, 9);
		Finding finding = Findings.lost(LANE, NumberRanges.of(3, 5), Findings.place(1, 0, 2), Findings.place(3, 1, 6));
		Examination examination = examine(finding);
		assertThat(examination.outcome()).isEqualTo(Outcome.TRUNCATED);
		assertThat(Examiner.refine(finding, examination).verdict()).isEqualTo(Verdict.LOST_ACKED);
	}

	@Test
	void laterLeaderBehindTheGapMeansTruncation() {
		this.log.records(0, 0, 1, 300);
		this.log.records(300, 1, 501, 600);
		Finding finding = Findings.lost(LANE, NumberRanges.of(301, 500), Findings.place(299, 0, 300),
				Findings.place(300, 1, 501));
		Examination examination = examine(finding);
		assertThat(examination.outcome()).isEqualTo(Outcome.TRUNCATED);
		assertThat(Examiner.refine(finding, examination))
			.isEqualTo(new Examiner.Opinion(Verdict.LOST_ACKED, Cause.TRUNCATED));
	}

	@Test
	void logThatEndsBelowTheRecordsIsTruncated() {
		this.log.records(0, 0, 1, 300);
		Finding finding = Findings.of(Verdict.LOST_ACKED, Cause.TAIL, LANE, NumberRanges.of(401, 500),
				Findings.place(399, 0, 400), null);
		Examination examination = examine(finding);
		assertThat(examination.outcome()).isEqualTo(Outcome.TRUNCATED);
		assertThat(examination.logEnd()).isEqualTo(300);
	}

	@Test
	void holeInTheLogOfOneLeaderMeansVanished() {
		this.log.records(0, 0, 1, 2);
		this.log.end = 5;
		this.log.records(5, 0, 6, 9);
		Finding finding = gap(NumberRanges.of(3, 5), 1, 5);
		assertThat(examine(finding).outcome()).isEqualTo(Outcome.VANISHED);
		this.board.post("orders", new TopicFacts(1, true));
		assertThat(examine(finding).outcome()).isEqualTo(Outcome.COMPACTED);
	}

	@Test
	void markersOfTransactionsAreNoHole() {
		this.log.add(0, 0, new Stamp(Findings.SESSION, 1, 0, true, false, null).encode(LANE));
		this.log.add(2, 0, new Stamp(Findings.SESSION, 3, 0, true, false, null).encode(LANE));
		assertThat(examine(gap(NumberRanges.of(2, 2), 0, 2)).outcome()).isEqualTo(Outcome.NOT_THERE);
	}

	@Test
	void logThatBeginsAboveTheRecordsTellsNothingMore() {
		this.log.records(0, 0, 1, 20);
		this.log.start = 10;
		assertThat(examine(gap(NumberRanges.of(3, 5), 1, 5)).outcome()).isEqualTo(Outcome.RETENTION);
	}

	@Test
	void readerOfUncommittedRecordsCountsThoseThatWereAborted() {
		for (int number = 1; number <= 4; number++) {
			this.log.add(number - 1, 0, new Stamp(Findings.SESSION, number, 10, true, false, null).encode(LANE));
		}
		Finding counted = Findings.uncommitted(
				Findings.lost(LANE, NumberRanges.of(12, 12), Findings.place(0, 0, 11), Findings.place(2, 0, 13)));
		assertThat(examine(counted).outcome()).isEqualTo(Outcome.STILL_THERE);
		Finding others = Findings.uncommitted(Findings.lost(LANE, NumberRanges.of(2, 3), null, null));
		assertThat(examine(others).present()).isEqualTo(NumberRanges.EMPTY);
		Finding visible = Findings.lost(LANE, NumberRanges.of(2, 2), Findings.place(0, 0, 1), Findings.place(2, 0, 3));
		assertThat(examine(visible).outcome()).isEqualTo(Outcome.STILL_THERE);
	}

	@Test
	void longRangeIsReadInPart() {
		this.log.records(0, 0, 1, 10);
		this.log.end = 1_000_000;
		Finding finding = new Finding(Verdict.MISSED, Cause.RESET_LATEST, "billing", true, LANE, Findings.SESSION, null,
				NumberRanges.of(11, 900_000), "claim", null, null, 0, 1_000_000, 1_000_000);
		Examination examination = examine(finding);
		assertThat(examination.outcome()).isEqualTo(Outcome.NOT_THERE);
		assertThat(examination.evidence()).contains("no further ones were read");
		assertThat(this.log.longest).isLessThanOrEqualTo(Examiner.LONGEST_RANGE);
	}

	@Test
	void failureOfTheLogIsSaid() {
		this.log.failure = new TopicAuthorizationException("orders");
		Examination examination = examine(gap(NumberRanges.of(3, 5), 1, 5));
		assertThat(examination.outcome()).isEqualTo(Outcome.NOT_RUN);
		assertThat(examination.evidence()).contains("TopicAuthorizationException");
	}

	@Test
	void logThatDoesNotAnswerIsWaitedForWithinABound() {
		this.log.silent = true;
		long begin = System.nanoTime();
		Examination examination = new Examiner().examine(gap(NumberRanges.of(3, 5), 1, 5), this.board,
				begin + TimeUnit.MILLISECONDS.toNanos(200));
		assertThat(examination.outcome()).isEqualTo(Outcome.NOT_RUN);
		assertThat(System.nanoTime() - begin).isBetween(TimeUnit.MILLISECONDS.toNanos(200),
				TimeUnit.SECONDS.toNanos(20));
	}

	@Test
	void nobodyToAskIsSaid() {
		this.board.connect(null);
		assertThat(examine(gap(NumberRanges.of(3, 5), 1, 5)).outcome()).isEqualTo(Outcome.NOT_RUN);
		assertThat(new Examiner().examine(gap(NumberRanges.of(3, 5), 1, 5), null, System.nanoTime()).outcome())
			.isEqualTo(Outcome.NOT_RUN);
	}

	@ParameterizedTest
	@EnumSource(names = { "RECOVERED", "FAILED_KNOWN", "INDETERMINATE_AT_CRASH", "PROCESSING_LOSS" })
	void otherVerdictsNeedNoSecondLook(Verdict verdict) {
		this.log.failure = new IllegalStateException("asked");
		Finding finding = Findings.of(verdict, Cause.LATE, LANE, NumberRanges.of(3, 3), null, null);
		assertThat(examine(finding).outcome()).isEqualTo(Outcome.NOT_NEEDED);
	}

	private Examination examine(Finding finding) {
		return new Examiner().examine(finding, this.board, System.nanoTime() + TimeUnit.SECONDS.toNanos(30));
	}

	private static Finding gap(NumberRanges numbers, long before, long after) {
		return Findings.lost(LANE, numbers, Findings.place(before, 0, numbers.first(0) - 1),
				Findings.place(after, 0, numbers.last(numbers.size() - 1) + 1));
	}

	/**
	 * A log in memory.
	 */
	private static final class Log implements LogAccess {

		private final List<Entry> entries = new ArrayList<>();

		private final List<Long> uncommitted = new ArrayList<>();

		private long start;

		private long end;

		private long longest;

		private RuntimeException failure;

		private boolean silent;

		void records(long offset, int leaderEpoch, long first, long last) {
			for (long number = first; number <= last; number++) {
				add(offset + number - first, leaderEpoch,
						new Stamp(Findings.SESSION, number, 0, false, false, null).encode(LANE));
			}
		}

		void add(long offset, int leaderEpoch, byte[] header) {
			this.entries.add(new Entry(offset, leaderEpoch, 0, header));
			this.end = Math.max(this.end, offset + 1);
		}

		@Override
		public CompletableFuture<Optional<byte[]>> checkpoint(String group, Lane lane) {
			throw new UnsupportedOperationException();
		}

		@Override
		public CompletableFuture<Void> save(String group, Lane lane, byte[] state) {
			throw new UnsupportedOperationException();
		}

		@Override
		public CompletableFuture<Reading> read(Lane lane, long from, long to, boolean readCommitted) {
			this.longest = Math.max(this.longest, to - from);
			return answer(new Reading(this.start,
					this.entries.stream()
						.filter((entry) -> entry.offset() >= Math.max(from, this.start) && entry.offset() < to)
						.filter((entry) -> !readCommitted || !this.uncommitted.contains(entry.offset()))
						.toList()));
		}

		@Override
		public CompletableFuture<LogEnd> end(Lane lane) {
			return answer(new LogEnd(this.end,
					this.entries.isEmpty() ? -1 : this.entries.get(this.entries.size() - 1).leaderEpoch()));
		}

		private <T> CompletableFuture<T> answer(T answer) {
			if (this.failure != null) {
				return CompletableFuture.failedFuture(this.failure);
			}
			return this.silent ? new CompletableFuture<>() : CompletableFuture.completedFuture(answer);
		}

	}

}
