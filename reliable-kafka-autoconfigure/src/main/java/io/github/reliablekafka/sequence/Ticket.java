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
 * The number of a record, and its turn: as long as {@link #appended()} or
 * {@link #rollBack()} was not called no other record gets a number in the same partition.
 * Both are for the thread that took the number. Outcomes may come from any thread; the
 * first counts. Where to tell them is known apart, so that nobody has to keep a ticket
 * for each record in flight.
 *
 * @since 0.1.0
 */
public final class Ticket {

	private final LaneStream stream;

	private final long number;

	private final long appendNumber;

	private final long transaction;

	private byte @Nullable [] header;

	private boolean turn = true;

	private boolean settled;

	Ticket(LaneStream stream, long number, long appendNumber, long transaction, byte[] header) {
		this.stream = stream;
		this.number = number;
		this.appendNumber = appendNumber;
		this.transaction = transaction;
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
		if (this.turn) {
			this.turn = false;
			this.stream.leave();
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
				if (!this.turn || !this.stream.rollBack(this.appendNumber)) {
					outcomes().failed(this.number);
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
			outcomes().acknowledged(this.number, offset);
		}
	}

	/**
	 * The sender is told that the record failed. It may have been written nevertheless.
	 */
	public void failed() {
		if (settle()) {
			outcomes().failed(this.number);
		}
	}

	/**
	 * Where the outcome can be told without the ticket.
	 * @return for the number of the ticket and, without transactions, all of the same
	 * session and partition
	 */
	public NumberOutcomes outcomes() {
		return this.stream.outcomes(this.appendNumber, this.transaction);
	}

	private synchronized boolean settle() {
		boolean first = !this.settled;
		this.settled = true;
		return first;
	}

}
