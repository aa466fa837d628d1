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

package io.github.reliablekafka.spool;

import java.util.Arrays;
import java.util.function.LongConsumer;

/**
 * A line of records in a spool, which keep their order. In memory there is one place of 8
 * bytes for each record from the first that is not resolved. Guarded by the lock of its
 * store, but for what never changes.
 *
 * @since 0.1.0
 */
public final class SpoolLane {

	/**
	 * In the place of a partition: none is known yet.
	 */
	public static final int UNPLACED = -1;

	/**
	 * In the place of a partition: promised records that the cluster did not take.
	 */
	public static final int PARKED = -2;

	/**
	 * The place of a record that is resolved.
	 */
	static final long RESOLVED = 0;

	/**
	 * The place of a record that is not written yet.
	 */
	static final long PENDING = -1;

	private static final int SMALLEST = 16;

	/**
	 * So many places are given back when the lane is empty.
	 */
	private static final int LARGE = 4096;

	private final int id;

	private final String destination;

	private final String topic;

	private final int partition;

	private final byte[] name;

	private long[] places = new long[SMALLEST];

	private long base = 1;

	private long next = 1;

	private long live;

	private boolean dirty;

	private final Count all;

	SpoolLane(int id, String destination, String topic, int partition, Count all) {
		this.all = all;
		this.id = id;
		this.destination = destination;
		this.topic = topic;
		this.partition = partition;
		this.name = Frame.name(destination, topic);
	}

	/**
	 * The destination and the topic, as they are in each record.
	 * @return not to be changed
	 */
	byte[] name() {
		return this.name;
	}

	int id() {
		return this.id;
	}

	/**
	 * The cluster, in the words of the application.
	 * @return a name
	 */
	public String destination() {
		return this.destination;
	}

	/**
	 * The topic.
	 * @return its name
	 */
	public String topic() {
		return this.topic;
	}

	/**
	 * The partition.
	 * @return negative for a lane beside the partitions
	 */
	public int partition() {
		return this.partition;
	}

	/**
	 * The first position that may not be resolved.
	 * @return equal to {@link #next()} if the lane is empty
	 */
	long base() {
		return this.base;
	}

	/**
	 * The position that the next record gets.
	 * @return from 1
	 */
	long next() {
		return this.next;
	}

	/**
	 * How many records are not resolved.
	 * @return at least 0
	 */
	long live() {
		return this.live;
	}

	boolean isDirty() {
		return this.dirty;
	}

	void dirty(boolean dirty) {
		this.dirty = dirty;
	}

	long append() {
		ensure(this.next);
		this.places[index(this.next)] = PENDING;
		count(1);
		return this.next++;
	}

	/**
	 * Where a record is.
	 * @param position its position
	 * @return {@link #RESOLVED}, {@link #PENDING} or a place
	 */
	long place(long position) {
		return (position >= this.base && position < this.next) ? this.places[index(position)] : RESOLVED;
	}

	void written(long position, long place) {
		this.places[index(position)] = place;
	}

	/**
	 * Resolve a record.
	 * @param position its position
	 * @return where it was; {@link #RESOLVED} if it was resolved before
	 */
	long resolve(long position) {
		long place = place(position);
		if (place != RESOLVED) {
			this.places[index(position)] = RESOLVED;
			count(-1);
			while (this.base < this.next && this.places[index(this.base)] == RESOLVED) {
				this.base++;
			}
			if (this.base == this.next && this.places.length > LARGE) {
				this.places = new long[SMALLEST];
			}
		}
		return place;
	}

	/**
	 * A record was found on disk; it may have been found before, elsewhere.
	 * @param position its position
	 * @param place where it is
	 * @return where it was found before
	 */
	long restore(long position, long place) {
		if (this.base == this.next && this.live == 0 && position >= this.base) {
			this.base = position;
			this.next = position;
		}
		if (position < this.base) {
			long end = this.next;
			long[] old = this.places;
			long oldBase = this.base;
			this.places = new long[Math.max(SMALLEST, Integer.highestOneBit((int) (end - position)) << 1)];
			this.base = position;
			for (long each = oldBase; each < end; each++) {
				this.places[index(each)] = old[(int) (each & (old.length - 1))];
			}
		}
		while (this.next <= position) {
			ensure(this.next);
			this.places[index(this.next)] = RESOLVED;
			this.next++;
		}
		long before = this.places[index(position)];
		this.places[index(position)] = place;
		if (before == RESOLVED) {
			count(1);
		}
		return before;
	}

	/**
	 * Nothing up to a position is of interest.
	 * @param position the last one
	 * @param resolved is told the place of each record that was
	 */
	void resolveUpTo(long position, LongConsumer resolved) {
		for (long each = this.base; each <= position && each < this.next; each++) {
			long place = resolve(each);
			if (place != RESOLVED) {
				resolved.accept(place);
			}
		}
		if (position >= this.next) {
			this.base = position + 1;
			this.next = position + 1;
		}
	}

	/**
	 * The live positions.
	 * @param action is told each, in order
	 */
	void forEachLive(LongConsumer action) {
		for (long each = this.base; each < this.next; each++) {
			if (this.places[index(each)] != RESOLVED) {
				action.accept(each);
			}
		}
	}

	private void count(int more) {
		this.live += more;
		this.all.records += more;
	}

	private void ensure(long position) {
		if (position - this.base >= this.places.length) {
			long[] larger = Arrays.copyOf(this.places, this.places.length * 2);
			for (long each = this.base; each < this.next; each++) {
				larger[(int) (each & (larger.length - 1))] = this.places[index(each)];
			}
			this.places = larger;
		}
	}

	private int index(long position) {
		return (int) (position & (this.places.length - 1));
	}

	@Override
	public String toString() {
		String place = switch (this.partition) {
			case UNPLACED -> "topic '%s' (partition not known yet)".formatted(this.topic);
			case PARKED -> "topic '%s' (parked)".formatted(this.topic);
			default -> this.topic + "-" + this.partition;
		};
		return place + " of " + this.destination;
	}

	/**
	 * How many records of several lanes are not resolved. Guarded as they are.
	 */
	static final class Count {

		private long records;

		long records() {
			return this.records;
		}

	}

}
