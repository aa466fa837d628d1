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
	private static final long LONGEST_UNKNOWN = Duration.ofMinutes(5).toNanos();

	private static final long SHORTEST_PAUSE = Duration.ofSeconds(5).toNanos();

	private static final long LONGEST_PAUSE = Duration.ofMinutes(1).toNanos();

	/**
	 * Most offsets to read behind the last record that was read: there are more only if
	 * they were passed over.
	 */
	private static final long LONGEST_RANGE = 20_000;

	private final Lane lane;

	private final boolean readCommitted;

	/**
	 * Whether a reader of the same cluster has a question. One has at a time, as others
	 * need the log as well.
	 */
	private final AtomicBoolean asking;

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
	 * The leader epoch of a position in front of which a later leader has written.
	 */
	private int replacedLeaderEpoch = -1;

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

	private long unknownSince;

	private long unknownFrom;

	Divergence(Lane lane, boolean readCommitted, AtomicBoolean asking) {
		this.lane = lane;
		this.readCommitted = readCommitted;
		this.asking = asking;
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
		else if (this.question == null && (this.pause == 0 || now - this.undecidedAt >= this.pause)
				&& this.replacedLeaderEpoch != this.positionLeaderEpoch && this.asking.compareAndSet(false, true)) {
			this.question = question(logAccess, state);
		}
		this.doubtful.clear();
		this.highestClaimed = -1;
		return inDoubt;
	}

	private Question question(LogAccess logAccess, LaneState state) {
		try {
			long last = state.lastOffset();
			long to = Math.min(Math.min(this.highestClaimed + 1, state.next()), last + LONGEST_RANGE);
			CompletableFuture<Answer> answer = logAccess
				.read(this.lane, last, Math.max(to, last + 1), this.readCommitted)
				.thenCombine(logAccess.end(this.lane), Answer::new);
			CompletableFuture<?> unused = answer.whenComplete((given, failure) -> this.asking.set(false));
			return new Question(last, Map.copyOf(this.doubtful), answer);
		}
		catch (RuntimeException | Error ex) {
			this.asking.set(false);
			throw ex;
		}
	}

	/**
	 * See what was answered.
	 * @param state what was read
	 * @param positionLeaderEpoch the leader epoch in front of the position; -1 if unknown
	 * @param now the time in nanoseconds
	 */
	void answer(LaneState state, int positionLeaderEpoch, long now) {
		if (positionLeaderEpoch != this.positionLeaderEpoch) {
			this.positionLeaderEpoch = positionLeaderEpoch;
			this.pause = 0;
		}
		Question question = this.question;
		if (question == null || !question.answer().isDone()) {
			return;
		}
		this.question = null;
		Answer answer = question.answer().isCompletedExceptionally() ? null : question.answer().join();
		Comparison comparison = (answer != null) ? compare(question.last(), answer) : Comparison.UNREADABLE;
		if (comparison == Comparison.SAME || isUnknownForLong(comparison, state, now)) {
			this.gone.putAll(question.missing());
			if (answer != null) {
				answer.entries().stream().filter((entry) -> isLater(entry.leaderEpoch())).forEach(this::takeBack);
			}
			decided();
		}
		else {
			this.undecidedAt = now;
			this.pause = Math.min(Math.max(2 * this.pause, SHORTEST_PAUSE), LONGEST_PAUSE);
		}
	}

	private void decided() {
		this.pause = 0;
		this.unknownSince = 0;
	}

	// A consumer that goes on reading has found its leader, and the log that it has.
	private boolean isUnknownForLong(Comparison comparison, LaneState state, long now) {
		if (comparison == Comparison.OTHER) {
			this.unknownSince = 0;
			return false;
		}
		if (this.unknownSince == 0) {
			this.unknownSince = now;
			this.unknownFrom = state.next();
		}
		return now - this.unknownSince >= LONGEST_UNKNOWN
				&& (comparison == Comparison.UNKNOWN || state.next() > this.unknownFrom);
	}

	private Comparison compare(long last, Answer answer) {
		int leaderEpoch = answer.end().leaderEpoch();
		if (leaderEpoch < this.latestLeaderEpoch) {
			return Comparison.UNREADABLE;
		}
		this.latestLeaderEpoch = leaderEpoch;
		for (LogAccess.Entry entry : answer.entries()) {
			if (entry.offset() == last) {
				if (!isLater(entry.leaderEpoch())) {
					return Comparison.SAME;
				}
				this.replacedLeaderEpoch = this.positionLeaderEpoch;
				return Comparison.OTHER;
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

	private void takeBack(LogAccess.Entry entry) {
		Stamp stamp = Stamp.decode(this.lane, entry.header());
		NumberRanges gone = (stamp != null) ? this.gone.get(stamp.session()) : null;
		if (stamp != null && gone != null) {
			long number = this.readCommitted ? stamp.number() : stamp.appendNumber();
			this.gone.put(stamp.session(), gone.remove(number, number));
		}
	}

	/**
	 * The topic is another one of the same name.
	 */
	void reset() {
		this.question = null;
		this.replacedLeaderEpoch = -1;
		this.latestLeaderEpoch = -1;
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
