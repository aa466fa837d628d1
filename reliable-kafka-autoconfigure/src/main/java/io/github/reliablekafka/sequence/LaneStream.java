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
 * for that lock: everything but the codec is guarded by the monitor of the stream, which
 * is held for moments only.
 */
final class LaneStream {

	/**
	 * A claim travels with every so many records.
	 */
	static final int RECORDS_PER_ANCHOR = 64;

	/**
	 * A claim travels with the next record after so many nanoseconds.
	 */
	static final long NANOS_PER_ANCHOR = 1_000_000_000L;

	private final Lane lane;

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

	private long number;

	private long appendNumber;

	private int topicIdHash;

	private boolean anchorDue = true;

	private int sinceAnchor;

	private long anchoredAt;

	private long sequence;

	private boolean sealed;

	private volatile boolean changed;

	private long changedAt;

	private long takenAt;

	LaneStream(Lane lane, long session, boolean transactional, int topicIdHash, long now) {
		this.lane = lane;
		this.session = session;
		this.transactional = transactional;
		this.codec = new StampCodec(lane.topic(), lane.partition());
		this.appended = transactional ? new Acknowledgements() : this.visible;
		this.topicIdHash = topicIdHash;
		this.takenAt = now;
	}

	Lane lane() {
		return this.lane;
	}

	long session() {
		return this.session;
	}

	/**
	 * Whether the stream can give another number.
	 * @param topicIdHash of the topic now, 0 if unknown
	 * @param mostFailedRanges how many failed ranges are kept
	 * @return {@code false} if another stream has to take over
	 */
	synchronized boolean takes(int topicIdHash, int mostFailedRanges) {
		if (topicIdHash != 0 && this.topicIdHash == 0) {
			this.topicIdHash = topicIdHash;
		}
		boolean otherTopic = topicIdHash != 0 && this.topicIdHash != topicIdHash;
		return !otherTopic && this.visible.failedRanges() <= mostFailedRanges
				&& this.appended.failedRanges() <= mostFailedRanges;
	}

	/**
	 * Give the next number to a record. Only with the lock of the lane.
	 * @param ticket follows the record
	 * @param transaction which one, 0 without
	 * @param now in nanoseconds
	 * @return the header's value
	 */
	byte[] next(Ticket ticket, long transaction, long now) {
		long givenNumber;
		long givenAppendNumber;
		Claim anchor = null;
		synchronized (this) {
			if (this.transactional && (this.tentative == null || this.transaction != transaction)) {
				enter(transaction, now);
			}
			givenNumber = ++this.number;
			givenAppendNumber = ++this.appendNumber;
			this.sinceAnchor++;
			if (isAnchorDue(now)) {
				anchor = this.visible.claim(this.topicIdHash);
				this.anchorDue = false;
				this.sinceAnchor = 0;
				this.anchoredAt = now;
			}
			change(now);
		}
		ticket.given(givenNumber, givenAppendNumber, transaction);
		return this.codec.encode(this.session, givenNumber, givenAppendNumber - givenNumber, this.transactional, false,
				anchor);
	}

	/**
	 * Take back the number that was given last. Only with the lock of the lane.
	 * @param ticket followed the record that was not appended
	 * @param now in nanoseconds
	 */
	synchronized void rollBack(Ticket ticket, long now) {
		if (this.transactional || ticket.appendNumber() != this.appendNumber) {
			failed(ticket, now);
			return;
		}
		this.number--;
		this.appendNumber--;
		// It may have been in the record.
		this.anchorDue = true;
		change(now);
	}

	synchronized void acknowledged(Ticket ticket, long offset, long now) {
		this.appended.acknowledged(ticket.appendNumber(), offset);
		if (this.tentative != null && this.transaction == ticket.transaction()) {
			this.tentative.acknowledged(ticket.number(), offset);
		}
		change(now);
	}

	synchronized void failed(Ticket ticket, long now) {
		this.appended.failed(ticket.appendNumber());
		if (this.tentative != null && this.transaction == ticket.transaction()) {
			this.tentative.failed(ticket.number());
		}
		this.anchorDue = true;
		change(now);
	}

	/**
	 * The transaction in which the last numbers were given is committed.
	 * @param now in nanoseconds
	 */
	synchronized void commit(long now) {
		if (this.tentative != null) {
			this.visible = this.tentative;
			this.tentative = null;
			change(now);
		}
	}

	/**
	 * The transaction in which the last numbers were given is not committed.
	 * @param now in nanoseconds
	 */
	synchronized void abort(long now) {
		if (this.tentative != null) {
			this.number = this.numberBeforeTransaction;
			this.tentative = null;
			change(now);
		}
	}

	/**
	 * No further number will be given.
	 * @param now in nanoseconds
	 */
	synchronized void seal(long now) {
		this.sealed = true;
		change(now);
	}

	/**
	 * Whether there is something new to say.
	 * @return {@code true} if there is, or was a moment ago
	 */
	boolean isChanged() {
		return this.changed;
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
		boolean nothing = this.sequence == 0 && this.appendNumber == 0;
		if (!this.changed || nothing || !(over || pace.isDue(now - this.changedAt, now - this.takenAt))) {
			return null;
		}
		this.changed = false;
		this.takenAt = now;
		this.sequence++;
		Claim claim = this.visible.claim(this.topicIdHash);
		Claim appendClaim = this.transactional ? this.appended.claim(this.topicIdHash) : claim;
		return new Watermark(this.lane, this.session, producer, this.sequence, this.number, this.appendNumber, claim,
				appendClaim, over || (this.sealed && isSettled()));
	}

	/**
	 * What was said last did not arrive.
	 */
	synchronized void restore() {
		this.changed = true;
	}

	/**
	 * How the partition is doing.
	 * @param clientId who sends to it
	 * @return as of now
	 */
	synchronized ProducerSession.LaneStatus status(String clientId) {
		Claim claim = this.appended.claim(this.topicIdHash);
		return new ProducerSession.LaneStatus(this.lane, clientId, this.number, claim.offset(),
				this.appendNumber - this.appended.outcomes());
	}

	private void enter(long transaction, long now) {
		// A callback may have sent when the transaction had ended.
		abort(now);
		this.tentative = new Acknowledgements(this.visible);
		this.numberBeforeTransaction = this.number;
		this.transaction = transaction;
	}

	private boolean isSettled() {
		return this.tentative == null && this.appended.settled() == this.appendNumber;
	}

	private boolean isAnchorDue(long now) {
		return this.anchorDue || (this.visible.acknowledged() > 0
				&& (this.sinceAnchor >= RECORDS_PER_ANCHOR || now - this.anchoredAt >= NANOS_PER_ANCHOR));
	}

	private void change(long now) {
		this.changed = true;
		this.changedAt = now;
	}

	/**
	 * When a change is to be made known.
	 *
	 * @param idle after the last change, in nanoseconds
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

}
