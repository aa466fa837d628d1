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

import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.github.reliablekafka.producer.SpooledLane.Item;
import org.jspecify.annotations.Nullable;

/**
 * The records of a lane that do not go directly: those that wait, in their order, and
 * those that were taken and have no outcome. Guarded by its lane.
 */
final class LaneRecords {

	/**
	 * What an earlier process left, if the lane is of such records.
	 */
	private final long[] left;

	private int leftAt;

	/**
	 * In the order in which they were admitted, before all of the backlog.
	 */
	private final TreeMap<Long, Item> returned = new TreeMap<>();

	private final Backlog backlog = new Backlog();

	/**
	 * In the hands of the relay.
	 */
	private final Set<Item> relaying = new LinkedHashSet<>();

	/**
	 * On their way to those that are parked, or being judged for that. Nothing is sent
	 * meanwhile, as the disk may not take them.
	 */
	private final Set<Item> parking = new LinkedHashSet<>(0);

	/**
	 * Those that were moved away, are not where they were to be, and come back. Nothing
	 * behind them is moved before they are here.
	 */
	private final Set<Item> returning = new LinkedHashSet<>(0);

	LaneRecords(long[] left) {
		this.left = left;
	}

	/**
	 * Those of this process that have come and were never taken.
	 * @return the last part of those that wait
	 */
	Backlog backlog() {
		return this.backlog;
	}

	boolean isEmpty() {
		return this.relaying.isEmpty() && !isHeld() && !isWaiting();
	}

	boolean isWaiting() {
		return hasReturned() || this.leftAt < this.left.length || !this.backlog.isEmpty();
	}

	/**
	 * Whether there is a record that was taken before.
	 * @return {@code true} if it is the next one
	 */
	boolean hasReturned() {
		return !this.returned.isEmpty();
	}

	/**
	 * Whether nothing may be taken, as records are on their way to those that are parked,
	 * or back.
	 * @return {@code false} if all are there
	 */
	boolean isHeld() {
		return !this.parking.isEmpty() || !this.returning.isEmpty();
	}

	/**
	 * How many are in the hands of the relay.
	 * @return without those that are to be parked
	 */
	int relaying() {
		return this.relaying.size();
	}

	/**
	 * The first in the hands of the relay.
	 * @return {@code null} if there is none
	 */
	@Nullable Item oldestRelaying() {
		return this.relaying.isEmpty() ? null : this.relaying.iterator().next();
	}

	long count() {
		return (long) this.returned.size() + this.backlog.size() + this.left.length - this.leftAt + this.relaying.size()
				+ this.parking.size() + this.returning.size();
	}

	/**
	 * Whether a record of this process, or one before it, has no outcome.
	 * @param order which one
	 * @return {@code false} if only later ones wait
	 */
	boolean hasUpTo(long order) {
		Long first = this.returned.ceilingKey(1L);
		return this.backlog.hasUpTo(order) || (first != null && first <= order)
				|| Stream.of(this.relaying, this.parking, this.returning)
					.flatMap(Set::stream)
					.anyMatch((item) -> item.order() > 0 && item.order() <= order);
	}

	/**
	 * Take the first record, to be sent.
	 * @return {@code null} if there is none
	 */
	@Nullable Item take() {
		Item next = first(Long.MAX_VALUE);
		if (next != null) {
			this.relaying.add(next);
		}
		return next;
	}

	/**
	 * Take the first record, perhaps to be parked, if it came before this process, or no
	 * later than another.
	 * @param order which other
	 * @return {@code null} if there is none
	 */
	@Nullable Item takeUpTo(long order) {
		Item next = first(order);
		if (next != null) {
			this.parking.add(next);
		}
		return next;
	}

	private @Nullable Item first(long order) {
		if (hasReturned()) {
			return (this.returned.firstKey() <= Math.max(0, order)) ? this.returned.pollFirstEntry().getValue() : null;
		}
		if (this.leftAt < this.left.length) {
			long position = this.left[this.leftAt];
			return new Item((long) this.leftAt++ - this.left.length, position, null, true);
		}
		return this.backlog.hasUpTo(order) ? this.backlog.poll() : null;
	}

	/**
	 * A record that was taken is to be parked.
	 * @param item the record
	 */
	void park(Item item) {
		this.relaying.remove(item);
		this.parking.add(item);
	}

	/**
	 * A record that was moved away will be added again.
	 * @param item the record
	 */
	void comesBack(Item item) {
		this.returning.add(item);
	}

	/**
	 * A record that was taken has an outcome.
	 * @param item the record
	 */
	void remove(Item item) {
		this.relaying.remove(item);
		this.parking.remove(item);
	}

	/**
	 * A record waits in front of those that came later.
	 * @param item the record, which is nowhere else any more
	 */
	void add(Item item) {
		this.returning.remove(item);
		this.returned.put(item.order(), item);
	}

	/**
	 * Follow a record no longer.
	 * @param delivery followed it
	 * @return {@code false} if it does not wait
	 */
	boolean letGo(SpooledDelivery delivery) {
		Item item = this.returned.get(delivery.order());
		if (item != null && item.delivery() == delivery) {
			add(new Item(item.order(), item.position(), null, item.replay()));
			return true;
		}
		return this.backlog.letGo(delivery.order(), delivery);
	}

	void forEachFollowed(Consumer<SpooledDelivery> action) {
		for (Collection<Item> items : List.of(this.relaying, this.parking, this.returning, this.returned.values())) {
			for (Item item : items) {
				if (item.delivery() != null) {
					action.accept(item.delivery());
				}
			}
		}
		this.backlog.forEachFollowed(action);
	}

}
