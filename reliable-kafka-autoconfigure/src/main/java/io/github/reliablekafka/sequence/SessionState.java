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

/**
 * What was read of one session in one partition. For use by one thread.
 */
final class SessionState {

	private final long session;

	/**
	 * The number that was read first. Those below it may be from before the group began.
	 */
	private final long firstSeen;

	private long last;

	/**
	 * Where the last record is that is not a replay, and its number.
	 */
	private long lastOffset;

	private long lastOffsetNumber;

	/**
	 * Where a record was behind that one: a replay, one that came late, or one that was
	 * cut off; not above it if there is none.
	 */
	private long higherOffset = -1;

	private int lastLeaderEpoch;

	private long lastTimestamp;

	private NumberRanges unknown;

	/**
	 * Whether nothing but replays was read, which may be from long before the group
	 * began.
	 */
	private boolean replayedOnly;

	/**
	 * Whether more was read of it than is known, in front of where beginnings are known.
	 */
	private boolean partlyForgotten;

	/**
	 * From this offset on it is known that nothing of the session was read before its
	 * first record.
	 */
	private long baseline;

	private final Gaps gaps = new Gaps();

	private final KeptClaims claims = new KeptClaims();

	/**
	 * When something of the session was last heard of; not part of what is saved.
	 */
	private long heardAt;

	private long heardSequence;

	SessionState(long session, long firstSeen, long last, Finding.Place lastPlace, NumberRanges unknown) {
		this.session = session;
		this.firstSeen = firstSeen;
		this.last = last;
		this.lastOffset = lastPlace.offset();
		this.lastOffsetNumber = lastPlace.number();
		this.lastLeaderEpoch = lastPlace.leaderEpoch();
		this.lastTimestamp = lastPlace.timestamp();
		this.unknown = unknown;
	}

	/**
	 * A session of which a record is read for the first time.
	 * @param session its id
	 * @param number of the record
	 * @param offset of the record
	 * @param leaderEpoch of the record
	 * @param timestamp of the record
	 * @return its state
	 */
	static SessionState beginning(long session, long number, long offset, int leaderEpoch, long timestamp) {
		return new SessionState(session, number, number, new Finding.Place(offset, timestamp, leaderEpoch, number),
				NumberRanges.of(1, number - 1));
	}

	long session() {
		return this.session;
	}

	long firstSeen() {
		return this.firstSeen;
	}

	long last() {
		return this.last;
	}

	long lastOffset() {
		return this.lastOffset;
	}

	/**
	 * The highest offset at which a record of the session was read.
	 * @return whether or not the log was cut off since
	 */
	long highestOffset() {
		return Math.max(this.lastOffset, this.higherOffset);
	}

	void higherOffset(long offset) {
		this.higherOffset = offset;
	}

	Finding.Place lastPlace() {
		return new Finding.Place(this.lastOffset, this.lastTimestamp, this.lastLeaderEpoch, this.lastOffsetNumber);
	}

	boolean isReplayedOnly() {
		return this.replayedOnly;
	}

	void replayedOnly(boolean replayedOnly) {
		this.replayedOnly = replayedOnly;
	}

	boolean isPartlyForgotten() {
		return this.partlyForgotten;
	}

	void partlyForgotten(boolean partlyForgotten) {
		this.partlyForgotten = partlyForgotten;
	}

	/**
	 * Where knowledge of the session begins: that others were forgotten since makes no
	 * difference to it.
	 * @return if it was claimed to begin at or above this offset, the group should have
	 * read all of it
	 */
	long baseline() {
		return this.baseline;
	}

	void baseline(long baseline) {
		this.baseline = baseline;
	}

	/**
	 * The numbers below the first that was read, without those that came later.
	 * @return they may be from before the group began
	 */
	NumberRanges unknown() {
		return this.unknown;
	}

	Gaps gaps() {
		return this.gaps;
	}

	/**
	 * The claims that were read in the partition itself, as they may be all there is.
	 * @return not part of what is saved
	 */
	KeptClaims claims() {
		return this.claims;
	}

	/**
	 * Note a record.
	 * @param number its number
	 * @param offset its offset
	 * @param leaderEpoch its leader epoch
	 * @param timestamp its timestamp
	 * @param replay whether it may have been there before
	 * @return what it means
	 */
	Arrival arrive(long number, long offset, int leaderEpoch, long timestamp, boolean replay) {
		this.higherOffset = Math.max(this.higherOffset, offset);
		if (number > this.last) {
			if (number > this.last + 1 && this.replayedOnly) {
				this.unknown = this.unknown.add(this.last + 1, number - 1);
			}
			else if (number > this.last + 1) {
				this.gaps.add(new Gap(NumberRanges.of(this.last + 1, number - 1), lastPlace(),
						new Finding.Place(offset, timestamp, leaderEpoch, number), null));
			}
			this.last = number;
			if (!replay || this.replayedOnly) {
				// The numbers behind a replay may be in front of it.
				this.lastOffset = offset;
				this.lastOffsetNumber = number;
				this.lastLeaderEpoch = leaderEpoch;
				this.lastTimestamp = timestamp;
			}
			this.replayedOnly &= replay;
			return Arrival.NEXT;
		}
		Gap gap = this.gaps.take(number);
		if (gap != null) {
			return gap.isOpen() ? Arrival.LATE : Arrival.RECOVERED;
		}
		if (this.unknown.contains(number)) {
			this.unknown = this.unknown.remove(number, number);
			return Arrival.EARLIER;
		}
		return Arrival.AGAIN;
	}

	/**
	 * The numbers that were read.
	 * @return without those that are missing
	 */
	private NumberRanges seen() {
		return NumberRanges.of(1, this.last).remove(this.unknown).remove(this.gaps.numbers());
	}

	/**
	 * Put together what was read in two parts of the partition.
	 * @param past what was read before
	 * @return what was read of the session in all
	 */
	SessionState precededBy(SessionState past) {
		NumberRanges seenNow = seen();
		NumberRanges seenThen = past.seen();
		NumberRanges reported = this.gaps.reportedNumbers();
		SessionState later = (past.last > this.last) ? past : this;
		SessionState earlier = (later == past) ? this : past;
		// The numbers behind a replay may be in front of it.
		SessionState placed = (later.replayedOnly && !earlier.replayedOnly) ? earlier : later;
		SessionState all = new SessionState(this.session, past.firstSeen, later.last, placed.lastPlace(),
				past.unknown.remove(seenNow).remove(reported));
		all.replayedOnly = this.replayedOnly && past.replayedOnly;
		all.partlyForgotten = this.partlyForgotten || past.partlyForgotten;
		all.baseline = past.baseline;
		all.higherOffset = Math.max(highestOffset(), past.highestOffset());
		all.claims.keepAll(past.claims);
		all.claims.keepAll(this.claims);
		past.gaps.forEach((gap) -> all.gaps.add(gap.with(gap.numbers().remove(seenNow).remove(reported))));
		// The past may be of a time after this had begun.
		NumberRanges missingThen = all.gaps.numbers();
		NumberRanges between = this.unknown.intersect(past.last + 1, this.last);
		NumberRanges passed = between.remove(missingThen).remove(reported);
		if (past.replayedOnly) {
			// A replay does not tell where those behind it were.
			all.unknown = all.unknown.add(passed);
		}
		else {
			all.gaps.add(new Gap(passed, past.lastPlace(), null, null));
		}
		// What was unknown stays unknown until it comes, and has no place.
		NumberRanges elsewhere = missingThen.add(all.unknown);
		for (Gap gap : this.gaps) {
			Finding.Place before = gap.before();
			boolean reaches = before != null && before.number() < past.last
					&& (gap.after() == null || past.lastOffset < gap.after().offset());
			all.gaps.add(new Gap(gap.numbers().remove(seenThen).remove(elsewhere), reaches ? past.lastPlace() : before,
					gap.after(), gap.reported()));
		}
		return all;
	}

	/**
	 * Note that the record of a claim that was kept may not be where it was.
	 * @param offset from where on records are read anew
	 */
	void doubtClaims(long offset) {
		if (offset <= highestOffset()) {
			this.claims.doubt();
		}
	}

	/**
	 * Take out numbers whose sender knows that they failed.
	 * @param failed the numbers
	 * @return those that were missing
	 */
	NumberRanges excuse(NumberRanges failed) {
		if (failed.isEmpty()) {
			return NumberRanges.EMPTY;
		}
		this.unknown = this.unknown.remove(failed);
		return this.gaps.excuse(failed);
	}

	/**
	 * Note that all numbers up to one are from before the group began: those of them that
	 * were read are copies, and those that were not are none of its own.
	 * @param number the highest
	 */
	void disown(long number) {
		this.unknown = this.unknown.add(this.gaps.excuse(NumberRanges.of(1, number)));
	}

	/**
	 * Remember that numbers were reported.
	 * @param numbers the numbers
	 * @param verdict what was reported
	 */
	void reported(NumberRanges numbers, Verdict verdict) {
		NumberRanges rest = this.gaps.report(numbers, verdict);
		NumberRanges early = rest.intersect(this.unknown);
		this.unknown = this.unknown.remove(early);
		this.gaps.addFirst(new Gap(early, null, null, verdict));
		NumberRanges tail = rest.intersect(this.last + 1, Long.MAX_VALUE);
		if (!tail.isEmpty()) {
			long highest = tail.last(tail.size() - 1);
			this.gaps.add(new Gap(tail, lastPlace(), null, verdict));
			// Failed, or on its way in another report that may not arrive.
			NumberRanges between = NumberRanges.of(this.last + 1, highest).remove(tail);
			if (this.last == 0) {
				this.unknown = between;
			}
			else {
				this.gaps.add(new Gap(between, lastPlace(), null, null));
			}
			this.last = highest;
		}
	}

	/**
	 * The log was cut off: what was read behind that place is no longer there.
	 * @param offset the first offset that differs
	 */
	void cutOff(long offset) {
		doubtClaims(offset);
		if (offset <= this.lastOffset) {
			this.higherOffset = highestOffset();
			this.lastOffset = offset - 1;
		}
		this.gaps.cutOff(offset);
	}

	/**
	 * What was read was in a topic that is gone.
	 * @param topicIdHash of the one there is
	 */
	void forgetPlaces(int topicIdHash) {
		this.lastOffset = -1;
		this.higherOffset = -1;
		this.lastLeaderEpoch = -1;
		this.gaps.forgetPlaces();
		this.claims.forgetOthers(topicIdHash);
		this.claims.doubt();
	}

	/**
	 * Note that something of the session was heard of.
	 * @param now the time in nanoseconds
	 * @param sequence of the watermark; 0 for a record
	 */
	void heard(long now, long sequence) {
		if (sequence == 0 || sequence != this.heardSequence) {
			this.heardAt = now;
			if (sequence != 0) {
				this.heardSequence = sequence;
			}
		}
	}

	long heardAt() {
		return this.heardAt;
	}

	/**
	 * What the arrival of a record means.
	 */
	enum Arrival {

		/** Its number is the highest so far. */
		NEXT,

		/** It was missing. */
		LATE,

		/** It is from before what was read first. */
		EARLIER,

		/** It was missing and that was reported. */
		RECOVERED,

		/** A record with its number was there before. */
		AGAIN

	}

}
