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

import java.util.Objects;

import org.jspecify.annotations.Nullable;

/**
 * Records and jumps between the committed offset and the position, in the order in which
 * they were polled. Takes 44 bytes for each, and more only for what is not a plain
 * record. For use by one thread.
 */
final class PolledRecords {

	private static final int FIRST_CAPACITY = 64;

	private long[] offsets = new long[FIRST_CAPACITY];

	private long[] timestamps = new long[FIRST_CAPACITY];

	private int[] leaderEpochs = new int[FIRST_CAPACITY];

	/**
	 * 0 for a jump, and for a record without a number.
	 */
	private long[] sessions = new long[FIRST_CAPACITY];

	private long[] numbers = new long[FIRST_CAPACITY];

	/**
	 * The {@link Stamp} of a record if it says more than session and number, the
	 * {@link Hole} of a jump, or {@code null}.
	 */
	private @Nullable Object[] details = new Object[FIRST_CAPACITY];

	private int head;

	private int size;

	int size() {
		return this.size;
	}

	/**
	 * Add a record.
	 * @param offset its offset, above those before
	 * @param leaderEpoch its leader epoch
	 * @param timestamp its timestamp
	 * @param session its producer session; 0 if it has no number
	 * @param number its number in the session
	 * @param stamp {@code null} if it says nothing else
	 */
	void add(long offset, int leaderEpoch, long timestamp, long session, long number, @Nullable Stamp stamp) {
		int index = next();
		this.offsets[index] = offset;
		this.leaderEpochs[index] = leaderEpoch;
		this.timestamps[index] = timestamp;
		this.sessions[index] = session;
		this.numbers[index] = number;
		this.details[index] = stamp;
	}

	/**
	 * Add a jump.
	 * @param hole what was jumped over; an empty one for a jump back behind it after
	 * which the records in front may be elsewhere
	 */
	void add(Hole hole) {
		int index = next();
		this.offsets[index] = hole.from();
		this.sessions[index] = 0;
		this.details[index] = hole;
	}

	private int next() {
		if (this.size == this.offsets.length) {
			grow();
		}
		return index(this.size++);
	}

	private void grow() {
		int capacity = this.offsets.length;
		this.offsets = straightened(this.offsets);
		this.timestamps = straightened(this.timestamps);
		this.sessions = straightened(this.sessions);
		this.numbers = straightened(this.numbers);
		int[] epochs = new int[2 * capacity];
		@Nullable Object[] objects = new Object[2 * capacity];
		int first = capacity - this.head;
		System.arraycopy(this.leaderEpochs, this.head, epochs, 0, first);
		System.arraycopy(this.leaderEpochs, 0, epochs, first, this.head);
		System.arraycopy(this.details, this.head, objects, 0, first);
		System.arraycopy(this.details, 0, objects, first, this.head);
		this.leaderEpochs = epochs;
		this.details = objects;
		this.head = 0;
	}

	private long[] straightened(long[] values) {
		long[] straight = new long[2 * values.length];
		int first = values.length - this.head;
		System.arraycopy(values, this.head, straight, 0, first);
		System.arraycopy(values, 0, straight, first, this.head);
		return straight;
	}

	long offset(int place) {
		return this.offsets[index(place)];
	}

	int leaderEpoch(int place) {
		return this.leaderEpochs[index(place)];
	}

	long timestamp(int place) {
		return this.timestamps[index(place)];
	}

	long session(int place) {
		return this.sessions[index(place)];
	}

	long number(int place) {
		return this.numbers[index(place)];
	}

	/**
	 * What a record says beside session and number.
	 * @param place its place
	 * @return {@code null} if it says nothing else, and for a jump
	 */
	@Nullable Stamp stamp(int place) {
		return (this.details[index(place)] instanceof Stamp stamp) ? stamp : null;
	}

	/**
	 * A jump.
	 * @param place its place
	 * @return what was jumped over; {@code null} for a record
	 */
	@Nullable Hole hole(int place) {
		return (this.details[index(place)] instanceof Hole hole) ? hole : null;
	}

	void removeFirst() {
		this.details[this.head] = null;
		this.head = index(1);
		this.size--;
	}

	/**
	 * Cut the jump that comes first in two.
	 * @param offset where
	 * @return what was jumped over in front of it
	 */
	Hole cutFirst(long offset) {
		Hole hole = (Hole) Objects.requireNonNull(this.details[this.head]);
		this.offsets[this.head] = offset;
		this.details[this.head] = new Hole(offset, hole.to(), hole.cause(), hole.proven());
		return new Hole(hole.from(), offset, hole.cause(), hole.proven());
	}

	/**
	 * Forget everything from an offset on.
	 * @param offset the offset; a jump over it is cut
	 */
	void dropFrom(long offset) {
		while (this.size > 0 && offset(this.size - 1) >= offset) {
			this.size--;
			this.details[index(this.size)] = null;
		}
		Hole hole = (this.size > 0) ? hole(this.size - 1) : null;
		if (hole != null && hole.to() > offset) {
			this.details[index(this.size - 1)] = new Hole(hole.from(), offset, hole.cause(), hole.proven());
		}
	}

	/**
	 * Take the jumps that come first for proven no more, but for those over records that
	 * are gone.
	 * @param places how many places to look at
	 */
	void doubt(int places) {
		for (int i = 0; i < places; i++) {
			Hole hole = hole(i);
			if (hole != null && hole.cause() != Cause.RETENTION) {
				this.details[index(i)] = new Hole(hole.from(), hole.to(), hole.cause(), false);
			}
		}
	}

	private int index(int place) {
		return (this.head + place) & (this.offsets.length - 1);
	}

}
