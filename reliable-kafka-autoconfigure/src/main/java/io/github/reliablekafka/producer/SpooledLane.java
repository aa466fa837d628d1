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
	 * In the order in which they were admitted, before all of the backlog.
	 */
	private final TreeMap<Long, Item> returned = new TreeMap<>();

	private final Deque<Item> backlog = new ArrayDeque<>();

	/**
	 * How many were admitted. What is left has numbers below 1.
	 */
	private long admitted;

	/**
	 * Whether nobody sends what waits.
	 */
	private boolean closed;

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
	 * @throws IllegalStateException if it has to go through the spool, and the relay has
	 * ended
	 */
	synchronized boolean admit(SpooledDelivery delivery, SpoolRecord record, boolean spooled, boolean ahead,
			boolean anyway) {
		boolean behind = spooled || isSticky();
		if (behind && this.closed) {
			throw new IllegalStateException("Producer closed; records of %s wait in the spool".formatted(this.lane));
		}
		if (behind || ahead) {
			// First, as the disk may answer before the call returns.
			delivery.appending(behind);
			try {
				delivery.appended(this.store.append(this.lane, record, 0, delivery));
			}
			catch (SpoolException ex) {
				delivery.notAppended();
				if (behind || !anyway) {
					throw ex;
				}
			}
		}
		delivery.order(++this.admitted);
		if (behind) {
			this.backlog.add(new Item(delivery.order(), delivery.position(), delivery, false));
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
	 * @param refused to be run if it did not get here, and is where it was
	 */
	synchronized void move(@Nullable SpooledDelivery delivery, SpoolRecord record, SpooledLane from, long position,
			Runnable refused) {
		Move move = new Move(from, position, from.store != this.store, refused);
		long moved = (from.store == this.store) ? this.store.move(this.lane, record, from.lane, position, move)
				: this.store.append(this.lane, record, 0, move);
		if (delivery != null) {
			delivery.moved(this, moved);
		}
		this.backlog.add(new Item(++this.admitted, moved, delivery, false));
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
		if (!delivery.handOver()) {
			SpoolRecord kept = delivery.kept();
			if (kept == null) {
				throw new IllegalStateException("Neither in the spool nor at hand");
			}
			delivery.appending(true);
			try {
				delivery.appended(this.store.append(this.lane, kept, 0, delivery));
			}
			catch (SpoolException ex) {
				delivery.notAppended();
				throw ex;
			}
		}
		this.returned.put(delivery.order(), new Item(delivery.order(), delivery.position(), delivery, replay));
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
			next = new Item((long) this.leftAt - this.left.length, this.left[this.leftAt], null, true);
			this.leftAt++;
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
		this.returned.put(item.order(),
				new Item(item.order(), item.position(), item.delivery(), item.replay() || replay));
	}

	/**
	 * A record that was moved away is here again.
	 * @param item the record
	 */
	synchronized void takeBack(Item item) {
		if (item.delivery() != null) {
			item.delivery().moved(this, item.position());
		}
		this.returned.put(item.order(), item);
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
		this.closed = true;
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
	 * Follows a record from one lane to another.
	 *
	 * @param from its lane before
	 * @param position its position there
	 * @param adopted whether that is in a spool that another process left, out of which
	 * it has to be taken once it is in this one
	 * @param refused to be run if it stays where it was
	 */
	private record Move(SpooledLane from, long position, boolean adopted,
			Runnable refused) implements SpoolStore.Confirmation {

		@Override
		public void durable() {
			if (this.adopted) {
				this.from.store.resolve(this.from.lane, this.position);
			}
		}

		@Override
		public void failed(SpoolException failure) {
			this.refused.run();
		}

	}

	/**
	 * A record in the spool.
	 *
	 * @param order grows from one record of the lane to the next
	 * @param position its position
	 * @param delivery follows it; {@code null} if an earlier process sent it
	 * @param replay whether it may have been written before
	 */
	record Item(long order, long position, @Nullable SpooledDelivery delivery, boolean replay) {

	}

}
