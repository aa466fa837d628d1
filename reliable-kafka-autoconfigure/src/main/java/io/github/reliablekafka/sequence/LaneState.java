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

import org.jspecify.annotations.Nullable;

/**
 * What a group has read of a partition up to its committed offset: a function of the log
 * in front of that offset, and of what was reported. Bounded by
 * {@link KnownSessions#MOST}, {@link KnownSessions#MOST_REPORTED} and {@link Holes#MOST};
 * what does not fit makes verdicts weaker: records that were read of a session that is
 * forgotten may be called {@link Verdict#UNVERIFIED}. For use by one thread.
 */
final class LaneState {

	private final KnownSessions sessions;

	private Holes holes;

	private int topicIdHash;

	private boolean readCommitted;

	private long next;

	/**
	 * Everything in front of this offset was read once or is in a hole.
	 */
	private long highest;

	/**
	 * Of what is right in front of the committed offset; -1 if unknown.
	 */
	private int leaderEpoch = -1;

	/**
	 * Of the last record that was processed; -1 if unknown. Not part of what is saved.
	 */
	private long lastOffset = -1;

	private int digest;

	/**
	 * Whether most of it is in a checkpoint, and not here yet.
	 */
	private boolean partial;

	/**
	 * What has still to be found out about the place where this began; {@code null} if
	 * nothing.
	 */
	private @Nullable Beginning beginning;

	/**
	 * Nothing is known of what is in front of an offset.
	 * @param offset where reading begins
	 */
	LaneState(long offset) {
		this.sessions = new KnownSessions(offset);
		this.holes = new Holes(offset);
		this.next = offset;
		this.highest = offset;
	}

	LaneState(long baseline, long holesKnownFrom, long next, long highest, int leaderEpoch, int topicIdHash) {
		this.sessions = new KnownSessions(baseline);
		this.holes = new Holes(holesKnownFrom);
		this.next = next;
		this.highest = highest;
		this.leaderEpoch = leaderEpoch;
		this.topicIdHash = topicIdHash;
	}

	KnownSessions sessions() {
		return this.sessions;
	}

	@Nullable SessionState session(long session) {
		return this.sessions.find(session);
	}

	@Nullable Beginning beginning() {
		return this.beginning;
	}

	void beginning(@Nullable Beginning beginning) {
		this.beginning = beginning;
	}

	Holes holes() {
		return this.holes;
	}

	void leaderEpoch(int leaderEpoch) {
		this.leaderEpoch = leaderEpoch;
	}

	/**
	 * The committed offset.
	 * @return the first offset that was not processed
	 */
	long next() {
		return this.next;
	}

	long highest() {
		return this.highest;
	}

	/**
	 * Up to where anything was read, whether or not the log was cut off since.
	 * @return an offset above that
	 */
	long reach() {
		long reach = Math.max(this.highest, this.sessions.baseline());
		for (SessionState session : this.sessions) {
			reach = Math.max(reach, session.highestOffset() + 1);
		}
		return reach;
	}

	int leaderEpoch() {
		return this.leaderEpoch;
	}

	/**
	 * Stands for the numbered records that have arrived, and where, each counted once, or
	 * as often as it was read in a hole, and for what was cut off. Tells whether what was
	 * added to a checkpoint are the records that had been read.
	 * @return a sum, in whatever order they came
	 */
	int digest() {
		return this.digest;
	}

	void digest(int digest) {
		this.digest = digest;
	}

	/**
	 * Go on with the digest of a state that is not here yet.
	 * @param pointer stands for that
	 */
	void resume(LaneStateCodec.Pointer pointer) {
		this.digest = pointer.digest();
		this.highest = Math.max(this.highest, pointer.highest());
		this.partial = true;
	}

	/**
	 * Whether what was read in front of where this began is still to come.
	 * @return {@code true} if it does not show what is missing
	 */
	boolean isPartial() {
		return this.partial;
	}

	/**
	 * Whether numbers are those of committed records.
	 * @return {@code false} if they count aborted ones as well
	 */
	boolean isReadCommitted() {
		return this.readCommitted;
	}

	void readCommitted(boolean readCommitted) {
		this.readCommitted = readCommitted;
	}

	int topicIdHash() {
		return this.topicIdHash;
	}

	void topicIdHash(int topicIdHash) {
		this.topicIdHash = topicIdHash;
	}

	/**
	 * Note that the record at the position was processed.
	 * @param offset its offset
	 * @param leaderEpoch its leader epoch
	 */
	void pass(long offset, int leaderEpoch) {
		this.leaderEpoch = leaderEpoch;
		this.next = offset + 1;
		this.lastOffset = offset;
	}

	/**
	 * Where the last record is that was processed.
	 * @return its offset; what is in front of the committed offset if none was processed
	 * since that was read from metadata, or if the group went back; -1 if that is nothing
	 */
	long lastOffset() {
		return (this.lastOffset >= 0 && this.lastOffset < this.next) ? this.lastOffset : this.next - 1;
	}

	/**
	 * Note that a record was processed, wherever it is.
	 * @param session of the record
	 * @param number of the record
	 * @param offset of the record
	 * @param leaderEpoch of the record
	 * @param timestamp of the record
	 * @param replay whether the record may have been there before
	 * @param now the time in nanoseconds
	 * @return what its number means
	 */
	SessionState.Arrival arrive(long session, long number, long offset, int leaderEpoch, long timestamp, boolean replay,
			long now) {
		if (offset >= this.highest || this.holes.in(offset, offset) != null) {
			this.digest += digest(session, number, offset);
		}
		SessionState state = session(session);
		SessionState.Arrival arrival = SessionState.Arrival.NEXT;
		if (state != null) {
			arrival = state.arrive(number, offset, leaderEpoch, timestamp, replay);
		}
		else {
			state = this.sessions.begin(session, number, offset, leaderEpoch, timestamp, replay);
		}
		state.heard(now, 0);
		return arrival;
	}

	private static int digest(long session, long number, long offset) {
		long mixed = (session + number * 0x9E3779B97F4A7C15L) ^ (offset * 0xC2B2AE3D27D4EB4FL);
		return (int) (((mixed ^ (mixed >>> 32)) * 0xD6E8FEB86659FD93L) >>> 32);
	}

	/**
	 * Move forward: there is nothing left in front of the offset.
	 * @param offset the committed offset
	 */
	void passTo(long offset) {
		if (offset != this.next) {
			// A transaction's marker may be of a later epoch than the record before it.
			this.leaderEpoch = -1;
		}
		this.next = offset;
		this.highest = Math.max(this.highest, offset);
	}

	/**
	 * Move forward over records that were not read.
	 * @param hole where they are; what was read before is taken out
	 */
	void skip(Hole hole) {
		// What is in front of where the group began was not read, and not the group's.
		this.holes
			.add(new Hole(hole.from(), Math.min(hole.to(), this.sessions.lowestBaseline()), Cause.BASELINE, false));
		this.holes.add(new Hole(Math.max(hole.from(), this.highest), hole.to(), hole.cause(), hole.proven()));
		passTo(hole.to());
	}

	/**
	 * Note that what is in front of the position may be other than it was read: nobody
	 * knows from where on, nor which record is behind which.
	 * @param offset the position
	 * @param cause how it came to be there
	 */
	void passOverAnew(long offset, Cause cause) {
		long lowest = this.sessions.lowestBaseline();
		this.sessions.cutOff(lowest);
		// From in front of where it began: what was written anew may be there as well.
		this.holes.add(new Hole(Math.max(0, lowest - 1), offset, cause, true));
		this.digest++;
		if (this.beginning != null) {
			// Who goes on looking for the past has to do the same to it.
			this.beginning = new Beginning(this.beginning.offset(), cause);
		}
	}

	/**
	 * Move back: records will be read again. If that is in front of where the group began
	 * it does not answer for what is there.
	 * @param offset the position
	 */
	void rewind(long offset) {
		if (offset != this.next) {
			this.leaderEpoch = -1;
		}
		this.next = offset;
		this.sessions.forEach((session) -> session.doubtClaims(offset));
	}

	/**
	 * Move back: the log was cut off and goes on with other records.
	 * @param offset the first offset that differs
	 */
	void cutOff(long offset) {
		if (offset < this.highest) {
			// Else a checkpoint from before would do if nothing with a number came since.
			this.digest++;
			this.highest = offset;
		}
		if (offset < this.next) {
			// What was there before is still not the group's to answer for.
			this.next = offset;
			this.leaderEpoch = -1;
		}
		if (offset <= this.lastOffset) {
			this.lastOffset = -1;
		}
		this.holes.cutOff(offset);
		this.sessions.cutOff(offset);
	}

	/**
	 * Note that a session was read behind a place where the log was cut off.
	 * @param id its id
	 * @param offset the first offset that differs
	 */
	void cutOff(long id, long offset) {
		SessionState session = session(id);
		if (session != null) {
			session.cutOff(offset);
		}
	}

	/**
	 * Begin anew: what was read so far is another topic of the same name, and so is
	 * perhaps some of the new one. Records that were read stay read, wherever they were.
	 * @param topicIdHash of the new topic
	 */
	void recreated(int topicIdHash) {
		this.topicIdHash = topicIdHash;
		this.sessions.recreated(topicIdHash);
		this.holes = new Holes(0);
		this.holes.add(new Hole(0, this.next, Cause.TOPIC_RECREATED, false));
		this.highest = this.next;
		this.lastOffset = -1;
	}

	/**
	 * Put together what was read in two parts of the partition.
	 * @param past what was read in front of where this state began
	 * @param began where this state began
	 */
	void precededBy(LaneState past, long began) {
		this.partial = false;
		if (this.topicIdHash == 0) {
			this.topicIdHash = past.topicIdHash;
		}
		else if (past.topicIdHash != 0 && past.topicIdHash != this.topicIdHash) {
			Holes before = new Holes(0);
			before.add(new Hole(0, began, Cause.TOPIC_RECREATED, false));
			this.holes.precededBy(before, began);
			this.sessions.precededBy(new KnownSessions(0), began);
			return;
		}
		this.highest = Math.max(this.highest, past.highest);
		this.holes.precededBy(past.holes, began);
		this.sessions.precededBy(past.sessions, began);
	}

	/**
	 * Where a group began to read that may have read before.
	 *
	 * @param offset where it began
	 * @param cause what to call it if it has passed over something
	 */
	record Beginning(long offset, Cause cause) {

	}

}
