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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

import org.jspecify.annotations.Nullable;

/**
 * Finds out whether the log is still the one that was read, before anything is said to be
 * lost from it. After an unclean election a watermark may claim what was written anew in
 * front of the position, and a consumer that does not reach the new leader yet does not
 * know. For use by one thread.
 */
final class Divergence {

	/**
	 * How long it may be unknown whether the log is the one that was read, until it is
	 * taken for that: losses must not be kept silent for want of a permission.
	 */
	private static final long LONGEST_UNDECIDED = Duration.ofMinutes(5).toNanos();

	private static final long SHORTEST_PAUSE = Duration.ofSeconds(5).toNanos();

	private static final long LONGEST_PAUSE = Duration.ofMinutes(1).toNanos();

	/**
	 * Most offsets to read behind the last record that was read: there are more only if
	 * they were passed over.
	 */
	private static final long LONGEST_RANGE = 20_000;

	private final Lane lane;

	private final boolean readCommitted;

	private final SequenceBoard board;

	private long position;

	private int positionLeaderEpoch = -1;

	/**
	 * By session, the numbers that the log has to be asked for.
	 */
	private final Map<Long, NumberRanges> doubtful = new HashMap<>(0);

	/**
	 * By session, the numbers that the group will not come to any more.
	 */
	private final Map<Long, NumberRanges> gone = new HashMap<>(0);

	private long highestClaimed = -1;

	private @Nullable Question question;

	/**
	 * The epoch of a leader that has written in front of the position. What leaders up to
	 * that one have is not what was read.
	 */
	private int writtenAnewBy = -1;

	/**
	 * The latest that any leader has said. One that has been replaced and does not know
	 * it answers as well.
	 */
	private int latestLeaderEpoch = -1;

	private long undecidedAt;

	/**
	 * How long to leave the log alone since then; 0 if there was no such answer.
	 */
	private long pause;

	private Comparison undecided = Comparison.SAME;

	private long undecidedSince;

	private long undecidedFrom;

	Divergence(Lane lane, boolean readCommitted, SequenceBoard board) {
		this.lane = lane;
		this.readCommitted = readCommitted;
		this.board = board;
	}

	/**
	 * Which numbers must not be reported yet. The log will be asked for them.
	 * @param session that is missing them
	 * @param missing the numbers
	 * @param claim that they were acknowledged
	 * @return all but those that the log was asked for since they were claimed; none if
	 * the consumer does not know the epoch of its position, as it goes on in whatever log
	 * there is
	 */
	NumberRanges doubtful(long session, NumberRanges missing, Claim claim) {
		if (this.positionLeaderEpoch == -1) {
			return NumberRanges.EMPTY;
		}
		NumberRanges doubtful = missing.remove(this.gone.getOrDefault(session, NumberRanges.EMPTY));
		if (!doubtful.isEmpty()) {
			this.doubtful.merge(session, doubtful, NumberRanges::add);
			this.highestClaimed = Math.max(this.highestClaimed, claim.offset());
		}
		return doubtful;
	}

	/**
	 * Whether anything is not reported because the log has to be asked first.
	 * @return {@code true} if nothing that proves it must be forgotten
	 */
	boolean isInDoubt() {
		return !this.doubtful.isEmpty();
	}

	/**
	 * Ask about what is in doubt, if there is no other question.
	 * @param logAccess whom to ask
	 * @param state what was read
	 * @param now the time in nanoseconds
	 * @return whether anything is in doubt
	 */
	boolean ask(LogAccess logAccess, LaneState state, long now) {
		this.gone.clear();
		boolean inDoubt = isInDoubt();
		if (!inDoubt) {
			this.question = null;
			decided();
		}
		else if (this.question == null && (this.pause == 0 || now - this.undecidedAt >= this.pause)) {
			// Those that cannot be read keep nobody else waiting.
			AtomicBoolean asking = this.board.asking(this.undecided == Comparison.UNREADABLE);
			if (asking.compareAndSet(false, true)) {
				this.question = question(logAccess, state, asking);
			}
		}
		this.doubtful.clear();
		this.highestClaimed = -1;
		return inDoubt;
	}

	private Question question(LogAccess logAccess, LaneState state, AtomicBoolean asking) {
		try {
			long last = state.lastOffset();
			long from = Math.max(0, last);
			long to = Math.min(Math.min(this.highestClaimed + 1, state.next()), from + LONGEST_RANGE);
			CompletableFuture<Answer> answer = logAccess
				.read(this.lane, from, Math.max(to, from + 1), this.readCommitted)
				.thenCombine(logAccess.end(this.lane), Answer::new);
			CompletableFuture<?> unused = answer.whenComplete((given, failure) -> asking.set(false));
			return new Question(last, Map.copyOf(this.doubtful), answer);
		}
		catch (RuntimeException | Error ex) {
			asking.set(false);
			throw ex;
		}
	}

	/**
	 * See what was answered.
	 * @param position where the consumer is
	 * @param positionLeaderEpoch the leader epoch in front of the position; -1 if unknown
	 * @param now the time in nanoseconds
	 */
	void answer(long position, int positionLeaderEpoch, long now) {
		this.position = position;
		if (positionLeaderEpoch != this.positionLeaderEpoch) {
			this.positionLeaderEpoch = positionLeaderEpoch;
			moved();
		}
		Question question = this.question;
		if (question == null || !question.answer().isDone()) {
			return;
		}
		this.question = null;
		Answer answer = question.answer().isCompletedExceptionally() ? null : question.answer().join();
		Comparison comparison = (answer != null) ? compare(question.last(), answer) : Comparison.UNREADABLE;
		boolean takenBack = false;
		if (comparison == Comparison.SAME || isUndecidedForLong(comparison, now)) {
			this.gone.putAll(question.missing());
			for (LogAccess.Entry entry : (answer != null) ? answer.entries() : List.<LogAccess.Entry>of()) {
				takenBack |= isLater(entry.leaderEpoch()) && takeBack(entry);
			}
			decided();
		}
		if (comparison != Comparison.SAME || takenBack) {
			this.undecidedAt = now;
			this.pause = Math.min(Math.max(2 * this.pause, SHORTEST_PAUSE), LONGEST_PAUSE);
		}
	}

	private void decided() {
		this.pause = 0;
		this.undecided = Comparison.SAME;
	}

	// A consumer that goes on reading has found its leader, and the log that it has.
	private boolean isUndecidedForLong(Comparison comparison, long now) {
		if (comparison != this.undecided) {
			this.undecided = comparison;
			this.undecidedSince = now;
			this.undecidedFrom = this.position;
		}
		return comparison != Comparison.OTHER && now - this.undecidedSince >= LONGEST_UNDECIDED
				&& (comparison == Comparison.UNKNOWN || this.position > this.undecidedFrom);
	}

	private Comparison compare(long last, Answer answer) {
		int leaderEpoch = answer.end().leaderEpoch();
		if (leaderEpoch < this.latestLeaderEpoch) {
			return Comparison.UNREADABLE;
		}
		this.latestLeaderEpoch = leaderEpoch;
		if (last < 0) {
			return Comparison.SAME;
		}
		for (LogAccess.Entry entry : answer.entries()) {
			if (entry.offset() == last) {
				if (isLater(entry.leaderEpoch())) {
					this.writtenAnewBy = Math.max(leaderEpoch, entry.leaderEpoch());
				}
				boolean other = this.writtenAnewBy != -1 && leaderEpoch <= this.writtenAnewBy;
				return other ? Comparison.OTHER : Comparison.SAME;
			}
		}
		if (answer.end().offset() <= last) {
			return Comparison.OTHER;
		}
		return isLater(leaderEpoch) ? Comparison.UNKNOWN : Comparison.SAME;
	}

	// What is in front of the position and of a later leader was written since, and the
	// consumer will be put back to it.
	private boolean isLater(int leaderEpoch) {
		return leaderEpoch > this.positionLeaderEpoch;
	}

	private boolean takeBack(LogAccess.Entry entry) {
		Stamp stamp = Stamp.decode(this.lane, entry.header());
		NumberRanges gone = (stamp != null) ? this.gone.get(stamp.session()) : null;
		if (stamp == null || gone == null) {
			return false;
		}
		long number = stamp.number(this.readCommitted);
		this.gone.put(stamp.session(), gone.remove(number, number));
		return gone.contains(number);
	}

	/**
	 * The position was set, so that the consumer may have come to another leader.
	 */
	void moved() {
		this.writtenAnewBy = -1;
		this.pause = 0;
	}

	/**
	 * The topic is another one of the same name.
	 */
	void reset() {
		this.question = null;
		this.latestLeaderEpoch = -1;
		moved();
		decided();
	}

	/**
	 * What comes out of an answer.
	 */
	private enum Comparison {

		/** The log is the one that was read. */
		SAME,

		/** It is another one, and the consumer will be put back. */
		OTHER,

		/**
		 * There is no record to compare: transaction markers are not read, and records
		 * may have been deleted.
		 */
		UNKNOWN,

		/** It cannot be read now, or not at all. */
		UNREADABLE

	}

	/**
	 * The log as it was asked for.
	 *
	 * @param last the offset of the last record that had been read
	 * @param missing what had been claimed by then, by session
	 * @param answer the records from that one on, and the end of the log
	 */
	private record Question(long last, Map<Long, NumberRanges> missing, CompletableFuture<Answer> answer) {

	}

	private record Answer(LogAccess.Reading reading, LogAccess.LogEnd end) {

		List<LogAccess.Entry> entries() {
			return this.reading.records();
		}

	}

}
