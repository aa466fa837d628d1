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
 * Follows a record that has a number until its outcome is known. As long as
 * {@link #appended()} or {@link #rollBack()} was not called no other record gets a number
 * in the same partition; both are for the thread that took the number. Outcomes may come
 * from any thread; the first counts.
 *
 * @since 0.1.0
 */
public final class Ticket {

	private final ProducerSession session;

	private final LaneStream stream;

	private @Nullable NumberedLane turn;

	private long number;

	private long appendNumber;

	private long transaction;

	private byte @Nullable [] header;

	private boolean settled;

	Ticket(ProducerSession session, LaneStream stream, @Nullable NumberedLane turn) {
		this.session = session;
		this.stream = stream;
		this.turn = turn;
	}

	void given(long number, long appendNumber, long transaction) {
		this.number = number;
		this.appendNumber = appendNumber;
		this.transaction = transaction;
	}

	void header(byte[] header) {
		this.header = header;
	}

	/**
	 * The place among the visible records of the session in the partition.
	 * @return from 1
	 */
	public long number() {
		return this.number;
	}

	/**
	 * The place among all records of the session in the partition.
	 * @return from 1
	 */
	public long appendNumber() {
		return this.appendNumber;
	}

	long transaction() {
		return this.transaction;
	}

	/**
	 * The value of the header {@value Stamp#HEADER}, which is kept no longer.
	 * @return the bytes
	 */
	public byte[] takeHeader() {
		byte[] value = this.header;
		this.header = null;
		if (value == null) {
			throw new IllegalStateException("The header was taken before");
		}
		return value;
	}

	/**
	 * The record has its place, or will not get one: the next may have its number. Does
	 * nothing if called again.
	 */
	public void appended() {
		NumberedLane lane = this.turn;
		this.turn = null;
		if (lane != null) {
			lane.leave();
		}
	}

	/**
	 * The record was not appended, and the thread still has its turn: the number is given
	 * to the next record, and the turn ends. In a transaction the number has failed: the
	 * record may have been appended, and the transaction has to be aborted anyway.
	 */
	public void rollBack() {
		try {
			if (settle()) {
				if (this.turn != null) {
					this.stream.rollBack(this, this.session.now());
				}
				else {
					this.stream.failed(this, this.session.now());
				}
			}
		}
		finally {
			appended();
		}
	}

	/**
	 * Every in-sync replica has the record.
	 * @param offset its offset; negative if the cluster did not say
	 */
	public void acknowledged(long offset) {
		if (settle()) {
			this.stream.acknowledged(this, offset, this.session.now());
		}
	}

	/**
	 * The sender is told that the record failed. It may have been written nevertheless.
	 */
	public void failed() {
		if (settle()) {
			this.stream.failed(this, this.session.now());
		}
	}

	/**
	 * The session of the number.
	 * @return its id
	 */
	public long session() {
		return this.stream.session();
	}

	/**
	 * Every in-sync replica has another record of the same session and partition, which
	 * nobody follows. Not in transactions.
	 * @param number its number
	 * @param offset its offset; negative if the cluster did not say
	 */
	public void acknowledged(long number, long offset) {
		another(number).acknowledged(offset);
	}

	/**
	 * Another record of the same session and partition, which nobody follows, failed. Not
	 * in transactions.
	 * @param number its number
	 */
	public void failed(long number) {
		another(number).failed();
	}

	private Ticket another(long number) {
		Ticket other = new Ticket(this.session, this.stream, null);
		other.given(number, number, this.transaction);
		return other;
	}

	private synchronized boolean settle() {
		boolean first = !this.settled;
		this.settled = true;
		return first;
	}

}
