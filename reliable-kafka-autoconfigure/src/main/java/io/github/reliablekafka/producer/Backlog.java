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

package io.github.reliablekafka.producer;

import java.util.function.Consumer;

import io.github.reliablekafka.producer.SpooledLane.Item;
import org.jspecify.annotations.Nullable;

/**
 * The records of a lane that wait in the spool, in the order in which they came. A record
 * that nobody follows takes 12 bytes, or 24 after there were more. Guarded by its lane.
 */
final class Backlog {

	private static final int SMALLEST = 16;

	/**
	 * Of a record that may have been written before, the complement.
	 */
	private long[] positions = new long[SMALLEST];

	private @Nullable SpooledDelivery[] deliveries = new SpooledDelivery[SMALLEST];

	/**
	 * The order of the first record.
	 */
	private long first = 1;

	/**
	 * The order behind the last record.
	 */
	private long end = 1;

	/**
	 * Make room for one more record, so that adding it needs no memory.
	 */
	void reserve() {
		if (size() == this.positions.length) {
			resize(2 * this.positions.length);
		}
	}

	/**
	 * Add a record.
	 * @param order its order, which follows that of the last one unless there is none
	 * @param position its position
	 * @param delivery follows it
	 * @param replay whether it may have been written before
	 */
	void add(long order, long position, @Nullable SpooledDelivery delivery, boolean replay) {
		reserve();
		if (isEmpty()) {
			this.first = order;
		}
		else if (order != this.end) {
			throw new IllegalArgumentException("Record %d after %d".formatted(order, this.end - 1));
		}
		int at = at(order);
		this.positions[at] = replay ? ~position : position;
		this.deliveries[at] = delivery;
		this.end = order + 1;
	}

	/**
	 * Take the first record.
	 * @return {@code null} if there is none
	 */
	@Nullable Item poll() {
		if (isEmpty()) {
			return null;
		}
		int at = at(this.first);
		long position = this.positions[at];
		Item item = new Item(this.first, (position < 0) ? ~position : position, this.deliveries[at], position < 0);
		if (size() == 1 && this.positions.length > SMALLEST) {
			// Before anything is taken, as there may be no memory for it.
			resize(SMALLEST);
		}
		this.deliveries[at(this.first)] = null;
		this.first++;
		return item;
	}

	/**
	 * Follow a record no longer.
	 * @param order its order
	 * @param delivery follows it
	 * @return {@code false} if it is not here
	 */
	boolean letGo(long order, SpooledDelivery delivery) {
		boolean here = order >= this.first && order < this.end && this.deliveries[at(order)] == delivery;
		if (here) {
			this.deliveries[at(order)] = null;
		}
		return here;
	}

	void forEachFollowed(Consumer<SpooledDelivery> action) {
		for (long order = this.first; order < this.end; order++) {
			SpooledDelivery delivery = this.deliveries[at(order)];
			if (delivery != null) {
				action.accept(delivery);
			}
		}
	}

	boolean isEmpty() {
		return this.first == this.end;
	}

	/**
	 * Whether a record, or one before it, is here.
	 * @param order its order
	 * @return {@code false} if all that are here came later
	 */
	boolean hasUpTo(long order) {
		return !isEmpty() && this.first <= order;
	}

	int size() {
		return (int) (this.end - this.first);
	}

	private void resize(int length) {
		// Both or none, should there be no memory.
		long[] newPositions = new long[length];
		@Nullable SpooledDelivery[] newDeliveries = new SpooledDelivery[length];
		for (long order = this.first; order < this.end; order++) {
			int to = (int) (order & (length - 1));
			newPositions[to] = this.positions[at(order)];
			newDeliveries[to] = this.deliveries[at(order)];
		}
		this.positions = newPositions;
		this.deliveries = newDeliveries;
	}

	private int at(long order) {
		return (int) (order & (this.positions.length - 1));
	}

}
