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

import java.util.ArrayList;
import java.util.List;

/**
 * The truth about one number that a producer gave to a record, whatever became of it.
 */
final class Sent {

	/** Among all numbers of its partition, from 0. */
	final int index;

	final long session;

	final long number;

	final long appendNumber;

	final Transaction transaction;

	/** How often the topic had been created when it was sent. */
	final int incarnation;

	/** What the record itself claims of those before it; null for most. */
	final Claim anchor;

	/** Every copy that was ever in the log. */
	final List<SimulatedLog.Entry> copies = new ArrayList<>(1);

	Fate fate = Fate.PENDING;

	/** The copy that the producer was told of. */
	SimulatedLog.Entry acknowledged;

	/** Whether its producer ended without a word. */
	boolean abandoned;

	Sent(int index, long session, long number, long appendNumber, Transaction transaction, Claim anchor,
			int incarnation) {
		this.index = index;
		this.session = session;
		this.number = number;
		this.appendNumber = appendNumber;
		this.transaction = transaction;
		this.anchor = anchor;
		this.incarnation = incarnation;
	}

	long number(boolean readCommitted) {
		return readCommitted ? this.number : this.appendNumber;
	}

	/** Whether the application was promised that this record is safe. */
	boolean acknowledged(boolean readCommitted) {
		return this.fate == Fate.ACKNOWLEDGED
				&& (this.transaction == null || !readCommitted || this.transaction.acknowledged);
	}

	@Override
	public String toString() {
		return "%04x:%d/%d".formatted(this.session & 0xffff, this.number, this.appendNumber);
	}

	/** What the producer was told. */
	enum Fate {

		PENDING, ACKNOWLEDGED, FAILED

	}

	/** A transaction as its coordinator has it. */
	static final class Transaction {

		/** Null while it is open. */
		Boolean committed;

		/** Whether the producer was told that it is committed. */
		boolean acknowledged;

		final List<SimulatedLog> markersDue = new ArrayList<>(2);

	}

}
