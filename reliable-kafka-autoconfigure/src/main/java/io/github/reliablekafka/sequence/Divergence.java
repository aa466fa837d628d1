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

	/**
	 * Most offsets to read behind the last record that was read: there are more only if
	 * they were passed over.
	 */
	private static final long LONGEST_RANGE = 20_000;

	private final Lane lane;

	private final boolean readCommitted;

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

	private long unknownSince;

	Divergence(Lane lane, boolean readCommitted) {
		this.lane = lane;
		this.readCommitted = readCommitted;
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
	 * @return whether anything is in doubt
	 */
	boolean ask(LogAccess logAccess, LaneState state) {
		this.gone.clear();
		boolean inDoubt = isInDoubt();
		if (!inDoubt) {
			this.question = null;
			this.unknownSince = 0;
		}
		else if (this.question == null) {
			long last = state.lastOffset();
			long to = Math.min(Math.min(this.highestClaimed + 1, state.next()), last + LONGEST_RANGE);
			this.question = new Question(last, Map.copyOf(this.doubtful),
					logAccess.read(this.lane, last, Math.max(to, last + 1), this.readCommitted),
					logAccess.end(this.lane));
		}
		this.doubtful.clear();
		this.highestClaimed = -1;
		return inDoubt;
	}

	/**
	 * See what was answered.
	 * @param positionLeaderEpoch the leader epoch in front of the position; -1 if unknown
	 * @param now the time in nanoseconds
	 */
	void answer(int positionLeaderEpoch, long now) {
		this.positionLeaderEpoch = positionLeaderEpoch;
		Question question = this.question;
		if (question == null || !question.reading().isDone() || !question.end().isDone()) {
			return;
		}
		this.question = null;
		Comparison comparison = Comparison.UNKNOWN;
		List<LogAccess.Entry> entries = List.of();
		if (!question.reading().isCompletedExceptionally() && !question.end().isCompletedExceptionally()) {
			entries = question.reading().join().records();
			comparison = compare(question.last(), entries, question.end().join());
		}
		if (comparison != Comparison.UNKNOWN) {
			this.unknownSince = 0;
		}
		else if (this.unknownSince == 0) {
			this.unknownSince = now;
		}
		if (comparison == Comparison.SAME
				|| (comparison == Comparison.UNKNOWN && now - this.unknownSince >= LONGEST_UNKNOWN)) {
			this.gone.putAll(question.missing());
			entries.stream().filter((entry) -> isLater(entry.leaderEpoch())).forEach(this::takeBack);
		}
	}

	private Comparison compare(long last, List<LogAccess.Entry> entries, LogAccess.LogEnd end) {
		for (LogAccess.Entry entry : entries) {
			if (entry.offset() == last) {
				return isLater(entry.leaderEpoch()) ? Comparison.OTHER : Comparison.SAME;
			}
		}
		if (end.offset() <= last) {
			return Comparison.OTHER;
		}
		return isLater(end.leaderEpoch()) ? Comparison.UNKNOWN : Comparison.SAME;
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

	private enum Comparison {

		SAME, OTHER,

		/**
		 * The log cannot be read, or has no record there: transaction markers are not
		 * read, and records may have been deleted.
		 */
		UNKNOWN

	}

	/**
	 * The log as it was asked for.
	 *
	 * @param last the offset of the last record that had been read
	 * @param missing what had been claimed by then, by session
	 * @param reading from that record on
	 * @param end of the log
	 */
	private record Question(long last, Map<Long, NumberRanges> missing, CompletableFuture<LogAccess.Reading> reading,
			CompletableFuture<LogAccess.LogEnd> end) {

	}

}
