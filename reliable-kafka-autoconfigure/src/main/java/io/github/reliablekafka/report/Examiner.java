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

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.github.reliablekafka.report.LossReport.Examination;
import io.github.reliablekafka.report.LossReport.Outcome;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.TopicFacts;
import io.github.reliablekafka.sequence.Verdict;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the log again where records should be, and tells what became of them. A second
 * look takes a verdict back only if the records themselves are in the log: that they are
 * not proves nothing more, because the log may have changed since, by retention or by
 * compaction. Records that were sent again do not count, as they are there because the
 * first ones are not. Waits for the cluster, so it is for a background thread. Safe for
 * use by many threads.
 */
final class Examiner {

	/**
	 * Most offsets to read for one finding.
	 */
	static final long LONGEST_RANGE = 20_000;

	/**
	 * Look at the log if the verdict calls for it.
	 * @param finding the verdict
	 * @param board its cluster; {@code null} if that is not known
	 * @param deadline by the clock of {@link System#nanoTime()}
	 * @return always something
	 */
	Examination examine(Finding finding, @Nullable SequenceBoard board, long deadline) {
		if (!callsFor(finding)) {
			return Examination.without(Outcome.NOT_NEEDED, "nothing to look for");
		}
		if (board == null) {
			return Examination.without(Outcome.NOT_RUN, "it is not known in which of several clusters to look");
		}
		if (deadline - System.nanoTime() <= 0) {
			return Examination.without(Outcome.NOT_RUN, "the log could not be read again in time");
		}
		LogAccess logAccess = board.logAccess();
		if (logAccess == null) {
			return Examination.without(Outcome.NOT_RUN, "nobody is connected to the cluster to read the log again");
		}
		try {
			return look(finding, board.facts(finding.lane().topic()), logAccess, deadline);
		}
		catch (ExecutionException ex) {
			Throwable cause = (ex.getCause() != null) ? ex.getCause() : ex;
			return Examination.without(Outcome.NOT_RUN, "the log could not be read again: " + cause);
		}
		catch (TimeoutException ex) {
			return Examination.without(Outcome.NOT_RUN, "the log could not be read again in time");
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			return Examination.without(Outcome.NOT_RUN, "the application is shutting down");
		}
		catch (RuntimeException ex) {
			return Examination.without(Outcome.NOT_RUN, "the log could not be read again: " + ex);
		}
	}

	// Where a group begins to read, much may be in front, and nobody promised it.
	private static boolean callsFor(Finding finding) {
		return finding.verdict() == Verdict.LOST_ACKED || finding.verdict() == Verdict.MISSED
				|| (finding.verdict() == Verdict.UNVERIFIED && finding.cause() != Cause.BASELINE);
	}

	/**
	 * The verdict and the cause after the second look. Of records that are all in the
	 * log, {@link Verdict#LOST_ACKED} becomes {@link Verdict#MISSED} if the group has
	 * passed each of them, and {@link Verdict#UNVERIFIED} if it has yet to come to one:
	 * the end of the log may have been told wrong. No alarm remains of records that are
	 * all there and of which some are not committed.
	 * @param finding the verdict
	 * @param examination the second look
	 * @return the same, or something more exact
	 */
	static Opinion refine(Finding finding, Examination examination) {
		boolean promised = finding.verdict() == Verdict.LOST_ACKED || finding.verdict() == Verdict.MISSED;
		if (promised && examination.outcome() == Outcome.ABORTED) {
			return new Opinion(Verdict.UNVERIFIED, Cause.IN_LOG);
		}
		if (finding.verdict() == Verdict.LOST_ACKED && examination.outcome() == Outcome.STILL_THERE) {
			boolean passed = examination.presentTo() < finding.position();
			return new Opinion(passed ? Verdict.MISSED : Verdict.UNVERIFIED, Cause.IN_LOG);
		}
		return new Opinion(finding.verdict(), cause(finding, examination));
	}

	private static Cause cause(Finding finding, Examination examination) {
		if (finding.verdict() == Verdict.LOST_ACKED
				&& (finding.cause() == Cause.VANISHED || finding.cause() == Cause.TAIL)) {
			return (examination.outcome() == Outcome.TRUNCATED) ? Cause.TRUNCATED : finding.cause();
		}
		if (finding.verdict() == Verdict.UNVERIFIED && examination.outcome() == Outcome.COMPACTED) {
			return Cause.COMPACTION;
		}
		if (finding.verdict() == Verdict.UNVERIFIED && examination.outcome() == Outcome.RETENTION) {
			return Cause.RETENTION;
		}
		return finding.cause();
	}

	private Examination look(Finding finding, @Nullable TopicFacts facts, LogAccess logAccess, long deadline)
			throws InterruptedException, ExecutionException, TimeoutException {
		LogAccess.LogEnd end = get(logAccess.end(finding.lane()), deadline);
		long from = from(finding);
		long to = Math.min((finding.after() != null) ? finding.after().offset() + 1 : end.offset(),
				Math.max(end.offset(), from));
		boolean complete = to - from <= LONGEST_RANGE;
		if (!complete) {
			to = from + LONGEST_RANGE;
		}
		LogAccess.Reading everything = (from < to) ? get(logAccess.read(finding.lane(), from, to, false), deadline)
				: get(logAccess.read(finding.lane(), Math.max(0, end.offset() - 1), end.offset(), false), deadline);
		View view = new View(finding, from, to, complete, everything, end);
		Found appended = view.found(everything);
		if (appended.numbers().isEmpty()) {
			return view.examination(absent(view, facts, NumberRanges.EMPTY), appended);
		}
		Found committed = view.found(get(logAccess.read(finding.lane(), from, to, true), deadline));
		if (committed.firsts().count() == finding.numbers().count()) {
			return view.examination(Outcome.STILL_THERE, committed);
		}
		if (appended.firsts().count() == finding.numbers().count()) {
			return view.examination(Outcome.ABORTED, committed);
		}
		return view.examination(absent(view, facts, committed.firsts()), committed);
	}

	// The log as far as it can have the records: from the record in front of them, or
	// from where the group passed over them.
	private static long from(Finding finding) {
		long after = (finding.after() != null) ? finding.after().offset() : Long.MAX_VALUE;
		if (finding.before() != null && finding.before().offset() <= after) {
			return finding.before().offset();
		}
		if (finding.skippedFrom() >= 0) {
			return Math.min(finding.skippedFrom(), after);
		}
		return Math.max(0, ((finding.after() != null) ? after : finding.position()) - LONGEST_RANGE + 1);
	}

	private static Outcome absent(View view, @Nullable TopicFacts facts, NumberRanges present) {
		if (facts == null) {
			return Outcome.NOT_THERE;
		}
		if (facts.compacted()) {
			return Outcome.COMPACTED;
		}
		if (view.everything.logStart() > view.firstCandidate()) {
			return Outcome.RETENTION;
		}
		if (!view.complete) {
			return Outcome.NOT_THERE;
		}
		if (view.isTruncated()) {
			return Outcome.TRUNCATED;
		}
		return view.isHole(present) ? Outcome.VANISHED : Outcome.NOT_THERE;
	}

	private static <T> T get(CompletableFuture<T> future, long deadline)
			throws InterruptedException, ExecutionException, TimeoutException {
		return future.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
	}

	/**
	 * What a second look has made of a finding.
	 *
	 * @param verdict what became of the records
	 * @param cause why
	 */
	record Opinion(Verdict verdict, Cause cause) {

	}

	/**
	 * Numbers of a finding that are in the log.
	 *
	 * @param numbers all of them
	 * @param firsts those of records that are no replays
	 * @param from the offset of the first of those that are no replays; -1 for none
	 * @param to the offset of the last of those that are no replays; -1 for none
	 */
	private record Found(NumberRanges numbers, NumberRanges firsts, long from, long to) {

		private static final Found NOTHING = new Found(NumberRanges.EMPTY, NumberRanges.EMPTY, -1, -1);

		Found with(long number, LogAccess.Entry entry, boolean replay) {
			NumberRanges all = this.numbers.add(number, number);
			if (replay || this.firsts.contains(number)) {
				return new Found(all, this.firsts, this.from, this.to);
			}
			return new Found(all, this.firsts.add(number, number), (this.from >= 0) ? this.from : entry.offset(),
					entry.offset());
		}

	}

	/**
	 * The part of the log around one finding.
	 */
	private static final class View {

		private final Finding finding;

		private final long from;

		private final long to;

		private final boolean complete;

		private final LogAccess.Reading everything;

		private final LogAccess.LogEnd end;

		View(Finding finding, long from, long to, boolean complete, LogAccess.Reading everything,
				LogAccess.LogEnd end) {
			this.finding = finding;
			this.from = from;
			this.to = to;
			this.complete = complete;
			this.everything = everything;
			this.end = end;
		}

		/**
		 * The numbers of the finding that a reading has.
		 * @param reading part of the log
		 * @return the numbers that are there
		 */
		private Found found(LogAccess.Reading reading) {
			Found found = Found.NOTHING;
			for (LogAccess.Entry entry : reading.records()) {
				Stamp stamp = Stamp.decode(this.finding.lane(), entry.header());
				if (stamp != null && stamp.session() == this.finding.session()) {
					long number = stamp.number(this.finding.readCommitted());
					if (this.finding.numbers().contains(number)) {
						found = found.with(number, entry, stamp.replay());
					}
				}
			}
			return found;
		}

		private long firstCandidate() {
			return (this.finding.before() != null && this.from == this.finding.before().offset()) ? this.from + 1
					: this.from;
		}

		// The record in front of them is of an earlier leader than the one behind them,
		// or
		// there is none behind them. Or the place in front of them is another record's
		// now.
		private boolean isTruncated() {
			Finding.Place before = this.finding.before();
			Finding.Place after = this.finding.after();
			if (before != null && after != null) {
				return (before.leaderEpoch() >= 0 && after.leaderEpoch() > before.leaderEpoch()) || isRewritten(before);
			}
			if (after == null && before != null) {
				return this.end.offset() <= before.offset() || isRewritten(before)
						|| (before.leaderEpoch() >= 0 && this.end.leaderEpoch() > before.leaderEpoch());
			}
			return after == null && this.end.offset() < this.finding.position();
		}

		private boolean isRewritten(Finding.Place place) {
			return this.everything.records()
				.stream()
				.anyMatch((entry) -> entry.offset() <= place.offset() && entry.leaderEpoch() > place.leaderEpoch()
						&& place.leaderEpoch() >= 0);
		}

		// Marks of transactions take offsets as well, and nobody sees them.
		private boolean isHole(NumberRanges present) {
			long empty = 0;
			long next = firstCandidate();
			boolean transactional = false;
			for (LogAccess.Entry entry : this.everything.records()) {
				empty += Math.max(0, entry.offset() - next);
				next = Math.max(next, entry.offset() + 1);
				Stamp stamp = Stamp.decode(this.finding.lane(), entry.header());
				transactional |= stamp == null || stamp.transactional();
			}
			return !transactional && empty >= this.finding.numbers().count() - present.count();
		}

		private Examination examination(Outcome outcome, Found found) {
			return new Examination(outcome, found.numbers(), found.from(), found.to(), this.everything.logStart(),
					this.end.offset(), this.end.leaderEpoch(), evidence(outcome, found.numbers()));
		}

		private String evidence(Outcome outcome, NumberRanges present) {
			int records = (this.from < this.to) ? this.everything.records().size() : 0;
			StringBuilder words = new StringBuilder(
					"offsets %d to %d have %d records".formatted(this.from, Math.max(this.from, this.to) - 1, records));
			if (!this.complete) {
				words.append("; no further ones were read");
			}
			words.append(switch (outcome) {
				case STILL_THERE -> "; the records are among them";
				case ABORTED -> "; the records are among them, but not all of them for readers of committed records";
				case TRUNCATED -> "; the leader changed and the log goes on without the records, or ends";
				case RETENTION -> "; the log begins at " + this.everything.logStart();
				case COMPACTED -> "; Kafka may have compacted the records away, or it is not known whether it may";
				case VANISHED -> "; offsets are missing between records of the same leader";
				default -> "; the records are not among them";
			});
			if (!present.isEmpty() && outcome != Outcome.STILL_THERE) {
				words.append("; still there: ").append(present);
			}
			return words.toString();
		}

	}

}
