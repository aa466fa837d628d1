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

import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntToLongFunction;

import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the order of a lane whose records take one of two ways: directly through the
 * application's producer, or from the spool through the relay. As long as one record is
 * on the second way, all that come later take it as well; and the relay begins when no
 * record is on the first way any more. Its monitor is held for moments only, as the
 * clients' network threads take it.
 */
final class SpooledLane {

	private final SpoolStore store;

	private final SpoolLane lane;

	/**
	 * What earlier processes left.
	 */
	private final long[] left;

	private int leftAt;

	/**
	 * On the direct way.
	 */
	private int direct;

	/**
	 * In the hands of the relay.
	 */
	private int relaying;

	/**
	 * In the order of their positions, which are lower than those of the backlog.
	 */
	private final TreeMap<Long, Item> returned = new TreeMap<>();

	private final Deque<Item> backlog = new ArrayDeque<>();

	private int failures;

	private long notBefore;

	private boolean delayed;

	SpooledLane(SpoolStore store, SpoolLane lane, long[] left) {
		this.store = store;
		this.lane = lane;
		this.left = left;
	}

	SpoolStore store() {
		return this.store;
	}

	SpoolLane lane() {
		return this.lane;
	}

	String topic() {
		return this.lane.topic();
	}

	int partition() {
		return this.lane.partition();
	}

	/**
	 * Whether records must go through the spool.
	 * @return {@code true} while one does
	 */
	synchronized boolean isSticky() {
		return this.relaying > 0 || isWaiting();
	}

	private boolean isWaiting() {
		return !this.returned.isEmpty() || this.leftAt < this.left.length || !this.backlog.isEmpty();
	}

	synchronized long waiting() {
		return (long) this.returned.size() + this.backlog.size() + this.left.length - this.leftAt + this.relaying;
	}

	/**
	 * Let a record in.
	 * @param delivery follows it
	 * @param record its bytes
	 * @param spooled whether it is to go through the spool
	 * @param ahead whether it is written to the spool in any case
	 * @param anyway whether it may go directly if the spool does not take it
	 * @return whether it goes directly
	 * @throws SpoolException if it has to go through the spool, or is to be written
	 * ahead, and the spool does not take it
	 */
	synchronized boolean admit(SpooledDelivery delivery, SpoolRecord record, boolean spooled, boolean ahead,
			boolean anyway) {
		boolean behind = spooled || isSticky();
		if (behind || ahead) {
			try {
				delivery.appended(this.store.append(this.lane, record, 0, delivery));
			}
			catch (SpoolException ex) {
				if (behind || !anyway) {
					throw ex;
				}
			}
		}
		if (behind) {
			delivery.handed();
			this.backlog.add(new Item(delivery.position(), delivery, false));
			return false;
		}
		if (delivery.position() == 0) {
			delivery.keep(record);
		}
		this.direct++;
		return true;
	}

	/**
	 * Take a record that is in another lane, whose record it no longer is.
	 * @param delivery follows it; {@code null} if nobody does
	 * @param record its bytes
	 * @param from the other lane
	 * @param position its position there
	 */
	synchronized void move(@Nullable SpooledDelivery delivery, SpoolRecord record, SpooledLane from, long position) {
		long moved = (from.store == this.store) ? this.store.move(this.lane, record, from.lane, position, null)
				: this.store.append(this.lane, record, 0, new Adoption(from, position));
		if (delivery != null) {
			delivery.moved(this, moved);
		}
		this.backlog.add(new Item(moved, delivery, false));
	}

	/**
	 * A record that went directly has an outcome.
	 * @return whether the relay may begin
	 */
	synchronized boolean left() {
		this.direct--;
		return this.direct == 0 && isWaiting();
	}

	/**
	 * A record that went directly failed, and is to be sent from the spool.
	 * @param delivery follows it
	 * @param replay whether it may have been written
	 * @throws SpoolException if it is not in the spool and cannot get there
	 */
	synchronized void takeOver(SpooledDelivery delivery, boolean replay) {
		if (delivery.position() == 0) {
			SpoolRecord kept = delivery.kept();
			if (kept == null) {
				throw new IllegalStateException("Neither in the spool nor at hand");
			}
			delivery.appended(this.store.append(this.lane, kept, 0, delivery));
		}
		delivery.handed();
		this.returned.put(delivery.position(), new Item(delivery.position(), delivery, replay));
		this.direct--;
	}

	/**
	 * The next record for the relay.
	 * @param now in nanoseconds
	 * @param most how many it may have in its hands
	 * @return {@code null} if there is none now
	 */
	synchronized @Nullable Item poll(long now, int most) {
		if (this.direct > 0 || this.relaying >= most || (this.delayed && now - this.notBefore < 0)) {
			return null;
		}
		Item next = null;
		if (!this.returned.isEmpty()) {
			if (this.failures > 0 && this.relaying > 0) {
				// What failed must not overtake what may still fail.
				return null;
			}
			next = this.returned.pollFirstEntry().getValue();
		}
		else if (this.leftAt < this.left.length) {
			next = new Item(this.left[this.leftAt++], null, true);
		}
		else {
			next = this.backlog.poll();
		}
		if (next != null) {
			this.relaying++;
		}
		return next;
	}

	/**
	 * The relay is done with a record.
	 */
	synchronized void relayed() {
		this.relaying--;
		this.failures = 0;
		this.delayed = false;
	}

	/**
	 * The relay could not send a record now.
	 * @param item the record
	 * @param replay whether it may have been written
	 */
	synchronized void putBack(Item item, boolean replay) {
		this.relaying--;
		this.returned.put(item.position(), new Item(item.position(), item.delivery(), item.replay() || replay));
	}

	/**
	 * Wait before the next attempt.
	 * @param now in nanoseconds
	 * @param pause in nanoseconds, by how many attempts have failed
	 */
	synchronized void delay(long now, IntToLongFunction pause) {
		if (this.delayed && now - this.notBefore < 0) {
			return;
		}
		this.notBefore = now + pause.applyAsLong(this.failures++);
		this.delayed = true;
	}

	/**
	 * Nobody will send what waits, in this process.
	 * @param action is told of each record that somebody follows
	 */
	synchronized void abandon(Consumer<SpooledDelivery> action) {
		for (Collection<Item> items : List.of(this.returned.values(), this.backlog)) {
			for (Item item : items) {
				if (item.delivery() != null) {
					action.accept(item.delivery());
				}
			}
		}
	}

	@Override
	public String toString() {
		return this.lane.toString();
	}

	/**
	 * Takes a record out of the spool that another process left, once it is in this one.
	 *
	 * @param from its lane there
	 * @param position its position there
	 */
	private record Adoption(SpooledLane from, long position) implements SpoolStore.Confirmation {

		@Override
		public void durable() {
			this.from.store.resolve(this.from.lane, this.position);
		}

		@Override
		public void failed(SpoolException failure) {
			// It is where it was, and comes again with the next process.
		}

	}

	/**
	 * A record in the spool.
	 *
	 * @param position its position
	 * @param delivery follows it; {@code null} if an earlier process sent it
	 * @param replay whether it may have been written before
	 */
	record Item(long position, @Nullable SpooledDelivery delivery, boolean replay) {

	}

}
