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
 * The numbers of one session id in one partition: which is next, and what became of those
 * that were given. Numbers are taken by one thread at a time, which holds the lock of the
 * {@link NumberedLane}. Outcomes are posted by the network thread, which must not wait
 * for that lock: what both need is guarded by the monitor of the stream, which is held
 * for moments only. Most records need nothing but the next number, and go without it.
 */
final class LaneStream implements NumberOutcomes {

	/**
	 * With more failed ranges another stream takes over.
	 */
	static final int MOST_FAILED_RANGES = 1000;

	/**
	 * A claim travels with every so many records.
	 */
	static final int RECORDS_PER_ANCHOR = 64;

	/**
	 * A claim travels with the next record after so many nanoseconds.
	 */
	static final long NANOS_PER_ANCHOR = 1_000_000_000L;

	private final NumberedLane lane;

	private final long session;

	private final boolean transactional;

	private final StampCodec codec;

	private Acknowledgements visible = new Acknowledgements();

	/**
	 * With records of aborted transactions. Without transactions the same.
	 */
	private final Acknowledgements appended;

	/**
	 * What is to be visible if the transaction is committed.
	 */
	private @Nullable Acknowledgements tentative;

	private long transaction;

	private long numberBeforeTransaction;

	/**
	 * Changed by the holder of the lock of the lane.
	 */
	private volatile long appendNumber;

	/**
	 * How many of the append numbers are of aborted transactions; the others are the
	 * numbers.
	 */
	private long hidden;

	private int topicIdHash;

	private volatile boolean anchorDue = true;

	/**
	 * Only with the lock of the lane, like the next.
	 */
	private int sinceAnchor;

	private long anchoredAt;

	private long sequence;

	private boolean sealed;

	/**
	 * Besides the numbers that were given.
	 */
	private long otherChanges;

	private long changesTaken;

	private long changesSeen;

	/**
	 * When somebody looked for the first time after the last change, which saves a look
	 * at the clock for each record.
	 */
	private long quietSince;

	private long takenAt;

	LaneStream(NumberedLane lane, long session, boolean transactional, int topicIdHash, long now) {
		this.lane = lane;
		this.session = session;
		this.transactional = transactional;
		this.codec = new StampCodec(lane.lane().topic(), lane.lane().partition());
		this.appended = transactional ? new Acknowledgements() : this.visible;
		this.topicIdHash = topicIdHash;
		this.takenAt = now;
	}

	Lane lane() {
		return this.lane.lane();
	}

	/**
	 * Let the next record have a number.
	 */
	void leave() {
		this.lane.leave();
	}

	@Override
	public long session() {
		return this.session;
	}

	/**
	 * Give the next number to a record. Only with the lock of the lane.
	 * @param topicIdHash of the topic now, 0 if unknown
	 * @param transaction which one, 0 without
	 * @param now in nanoseconds
	 * @return {@code null} if another stream has to take over
	 */
	@Nullable Ticket next(int topicIdHash, long transaction, long now) {
		this.sinceAnchor++;
		if (this.transactional || this.anchorDue || isLongSinceAnchor(now) || isOtherTopic(topicIdHash)) {
			return nextWithMore(topicIdHash, transaction, now);
		}
		long given = this.appendNumber + 1;
		Ticket ticket = ticket(given, 0, transaction, null);
		this.appendNumber = given;
		return ticket;
	}

	/**
	 * Take back the number that was given last. Only with the lock of the lane.
	 * @param appendNumber of the record that was not appended
	 * @return {@code false} if it cannot be given to another record
	 */
	synchronized boolean rollBack(long appendNumber) {
		if (this.transactional || appendNumber != this.appendNumber || this.appended.isTold(appendNumber)) {
			return false;
		}
		this.appendNumber = appendNumber - 1;
		// It may have been in the record.
		this.anchorDue = true;
		// One for the number, which is not among those that were given any more.
		this.otherChanges += 2;
		return true;
	}

	/**
	 * Where to tell the outcome of a record.
	 * @param appendNumber of the record
	 * @param transaction in which it is, 0 without
	 * @return without transactions always the same
	 */
	NumberOutcomes outcomes(long appendNumber, long transaction) {
		return this.transactional ? new InTransaction(this, appendNumber, transaction) : this;
	}

	@Override
	public void acknowledged(long number, long offset) {
		acknowledged(number, number, 0, offset);
	}

	@Override
	public void failed(long number) {
		failed(number, number, 0);
	}

	/**
	 * The transaction in which the last numbers were given is committed.
	 */
	synchronized void commit() {
		if (this.tentative != null) {
			this.visible = this.tentative;
			this.tentative = null;
			this.otherChanges++;
		}
	}

	/**
	 * The transaction in which the last numbers were given is not committed.
	 */
	synchronized void abort() {
		if (this.tentative != null) {
			this.hidden = this.appendNumber - this.numberBeforeTransaction;
			this.tentative = null;
			this.otherChanges++;
		}
	}

	/**
	 * No further number will be given.
	 */
	synchronized void seal() {
		this.sealed = true;
		this.otherChanges++;
	}

	/**
	 * Whether there is something new to say.
	 * @return {@code true} if there is
	 */
	synchronized boolean isChanged() {
		return isChanged(changes());
	}

	/**
	 * Say what is new.
	 * @param producer who has the session
	 * @param now in nanoseconds
	 * @param pace when it is due
	 * @param over whether nobody will settle numbers any more
	 * @return {@code null} if there is nothing, or it is not due
	 */
	synchronized @Nullable Watermark take(ProducerIdentity producer, long now, Pace pace, boolean over) {
		// First: what comes while this looks is for the next time.
		long changes = changes();
		if (changes != this.changesSeen) {
			this.changesSeen = changes;
			this.quietSince = now;
		}
		if (!isChanged(changes) || !(over || pace.isDue(now - this.quietSince, now - this.takenAt))) {
			return null;
		}
		this.changesTaken = changes;
		this.takenAt = now;
		this.sequence++;
		Claim claim = this.visible.claim(this.topicIdHash);
		Claim appendClaim = this.transactional ? this.appended.claim(this.topicIdHash) : claim;
		long given = this.appendNumber;
		return new Watermark(lane(), this.session, producer, this.sequence, given - this.hidden, given, claim,
				appendClaim, over || (this.sealed && isSettled(given)));
	}

	/**
	 * What was said last did not arrive.
	 */
	synchronized void restore() {
		this.otherChanges++;
	}

	/**
	 * How the partition is doing.
	 * @param clientId who sends to it
	 * @return as of now
	 */
	synchronized ProducerSession.LaneStatus status(String clientId) {
		Claim claim = this.appended.claim(this.topicIdHash);
		long given = this.appendNumber;
		return new ProducerSession.LaneStatus(lane(), clientId, given - this.hidden, claim.offset(),
				given - this.appended.outcomes());
	}

	private @Nullable Ticket nextWithMore(int topicIdHash, long transaction, long now) {
		long given;
		long aborted;
		Claim anchor = null;
		synchronized (this) {
			if (!takes(topicIdHash)) {
				return null;
			}
			if (this.transactional && (this.tentative == null || this.transaction != transaction)) {
				enter(transaction);
			}
			given = this.appendNumber + 1;
			aborted = this.hidden;
			if (isAnchorDue(now)) {
				anchor = this.visible.claim(this.topicIdHash);
				this.anchorDue = false;
				this.sinceAnchor = 0;
				this.anchoredAt = now;
			}
			this.appendNumber = given;
		}
		return ticket(given, aborted, transaction, anchor);
	}

	private Ticket ticket(long appendNumber, long aborted, long transaction, @Nullable Claim anchor) {
		long number = appendNumber - aborted;
		byte[] header = this.codec.encode(this.session, number, aborted, this.transactional, false, anchor);
		return new Ticket(this, number, appendNumber, transaction, header);
	}

	private synchronized void acknowledged(long number, long appendNumber, long transaction, long offset) {
		this.appended.acknowledged(appendNumber, offset);
		if (this.tentative != null && this.transaction == transaction) {
			this.tentative.acknowledged(number, offset);
		}
		this.otherChanges++;
	}

	private synchronized void failed(long number, long appendNumber, long transaction) {
		this.appended.failed(appendNumber);
		if (this.tentative != null && this.transaction == transaction) {
			this.tentative.failed(number);
		}
		this.anchorDue = true;
		this.otherChanges++;
	}

	private boolean takes(int topicIdHash) {
		if (topicIdHash != 0 && this.topicIdHash == 0) {
			this.topicIdHash = topicIdHash;
		}
		return !isOtherTopic(topicIdHash) && this.visible.failedRanges() <= MOST_FAILED_RANGES
				&& this.appended.failedRanges() <= MOST_FAILED_RANGES;
	}

	private void enter(long transaction) {
		// A callback may have sent when the transaction had ended.
		abort();
		this.tentative = new Acknowledgements(this.visible);
		this.numberBeforeTransaction = this.appendNumber - this.hidden;
		this.transaction = transaction;
	}

	private boolean isSettled(long given) {
		return this.tentative == null && this.appended.settled() == given;
	}

	private boolean isChanged(long changes) {
		// The only number so far may have been taken back.
		boolean nothing = this.sequence == 0 && this.appendNumber == 0;
		return !nothing && changes != this.changesTaken;
	}

	private long changes() {
		return this.otherChanges + this.appendNumber;
	}

	private boolean isAnchorDue(long now) {
		return this.anchorDue || (this.visible.acknowledged() > 0 && isLongSinceAnchor(now));
	}

	private boolean isLongSinceAnchor(long now) {
		return this.sinceAnchor >= RECORDS_PER_ANCHOR || now - this.anchoredAt >= NANOS_PER_ANCHOR;
	}

	private boolean isOtherTopic(int topicIdHash) {
		return topicIdHash != 0 && topicIdHash != this.topicIdHash;
	}

	/**
	 * When a change is to be made known.
	 *
	 * @param idle after the look that found the last change, in nanoseconds
	 * @param busy after the last time, in nanoseconds
	 */
	record Pace(long idle, long busy) {

		/**
		 * At once.
		 */
		static final Pace ANY = new Pace(0, 0);

		boolean isDue(long sinceChange, long sinceTaken) {
			return sinceChange >= this.idle || sinceTaken >= this.busy;
		}

	}

	/**
	 * Where to tell the outcome of a record that is among the visible ones only if its
	 * transaction is committed.
	 */
	private record InTransaction(LaneStream stream, long appendNumber, long transaction) implements NumberOutcomes {

		@Override
		public long session() {
			return this.stream.session;
		}

		@Override
		public void acknowledged(long number, long offset) {
			this.stream.acknowledged(number, this.appendNumber, this.transaction, offset);
		}

		@Override
		public void failed(long number) {
			this.stream.failed(number, this.appendNumber, this.transaction);
		}

	}

}
