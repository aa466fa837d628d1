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

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.IntToLongFunction;

import io.github.reliablekafka.sequence.NumberOutcomes;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the order of a lane whose records take one of two ways: directly through the
 * application's producer, or from the spool through the relay. As long as one record is
 * on the second way, all that come later take it as well; and the relay begins when no
 * record is on the first way any more. What earlier processes left for the same partition
 * is in lanes of its own, behind which this one waits. Its monitor is held for moments
 * only, as the clients' network threads take it.
 */
final class SpooledLane {

	private final SpoolStore store;

	private final SpoolLane lane;

	/**
	 * For how long what an earlier process left has waited.
	 */
	private final @Nullable LaneAge age;

	/**
	 * Whether what was left counts among what this process sends.
	 */
	private boolean adopted;

	private final LaneRecords records;

	/**
	 * On the direct way.
	 */
	private int direct;

	/**
	 * Lanes of the same partition whose records come first; empty, as a rule.
	 */
	private final List<SpooledLane> before = new ArrayList<>(0);

	/**
	 * Of each session, where the outcomes of the numbers of records that nobody follows
	 * are told.
	 */
	private final Map<Long, NumberOutcomes> sessions = new HashMap<>(0);

	/**
	 * How many were admitted. What is left has numbers below 1.
	 */
	private long admitted;

	/**
	 * The last that was written to the spool when it was admitted.
	 */
	private long lastAppended;

	/**
	 * The last that went directly and was acknowledged.
	 */
	private long lastAcknowledged;

	/**
	 * Whether nobody sends what waits.
	 */
	private boolean closed;

	private final LanePause pause = new LanePause();

	private @Nullable LaneBlock block;

	SpooledLane(SpoolStore store, SpoolLane lane, long[] left) {
		this(store, lane, left, null);
	}

	/**
	 * Create a lane.
	 * @param store where it is
	 * @param lane its name there
	 * @param left what an earlier process left, in order
	 * @param age for how long that has waited; {@code null} if that is to be found out
	 */
	SpooledLane(SpoolStore store, SpoolLane lane, long[] left, @Nullable LaneAge age) {
		this.store = store;
		this.lane = lane;
		this.records = new LaneRecords(left);
		this.age = age;
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
	 * For how long what an earlier process left has waited.
	 * @return {@code null} if nothing was left, or nobody knows
	 */
	@Nullable LaneAge age() {
		return this.age;
	}

	/**
	 * What was left counts among what this process sends from now on.
	 * @return how many records that are
	 */
	synchronized long adopt() {
		this.adopted = true;
		return waiting();
	}

	/**
	 * Whether records must go through the spool.
	 * @return {@code true} while one does
	 */
	synchronized boolean isSticky() {
		return !this.records.isEmpty() || isBehind();
	}

	/**
	 * Let the records of another lane go first.
	 * @param lane what an earlier process left for the same partition
	 */
	synchronized void behind(SpooledLane lane) {
		this.before.add(lane);
	}

	// The other lane does not know of this one, so that nobody waits for both.
	private boolean isBehind() {
		if (this.before.isEmpty()) {
			return false;
		}
		this.before.removeIf((lane) -> !lane.isSticky());
		return !this.before.isEmpty();
	}

	synchronized long waiting() {
		return this.records.count();
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
			throw new IllegalStateException("Producer closed; records of %s wait in the spool".formatted(this));
		}
		if (behind) {
			// First, as what is on disk cannot be refused for want of memory.
			this.records.backlog().reserve();
		}
		if (behind || ahead) {
			// First, as the disk may answer before the call returns.
			delivery.appending(behind);
			try {
				delivery.appended(this.store.append(this.lane, record, 0, delivery));
			}
			catch (RuntimeException | Error ex) {
				delivery.notAppended();
				if (behind || !anyway || !(ex instanceof SpoolException)) {
					throw ex;
				}
			}
		}
		delivery.order(++this.admitted);
		if (delivery.position() != 0) {
			this.lastAppended = this.admitted;
		}
		if (behind) {
			this.records.backlog().add(delivery.order(), delivery.position(), delivery, false);
			return false;
		}
		if (delivery.position() == 0) {
			delivery.keep(record);
		}
		delivery.direct(true);
		this.direct++;
		return true;
	}

	/**
	 * Take a record that is in another lane, whose record it no longer is.
	 * @param delivery follows it; {@code null} if nobody does
	 * @param record its bytes
	 * @param from the other lane
	 * @param position its position there
	 * @param replay whether it may have been written before
	 * @param refused to be run if it did not get here, and is where it was
	 */
	synchronized void move(@Nullable SpooledDelivery delivery, SpoolRecord record, SpooledLane from, long position,
			boolean replay, Runnable refused) {
		this.records.backlog().reserve();
		LaneMove move = new LaneMove(from, position, from.store != this.store, refused);
		long moved = (from.store == this.store) ? this.store.move(this.lane, record, from.lane, position, move)
				: this.store.append(this.lane, record, 0, move);
		this.admitted++;
		if (delivery != null) {
			delivery.moved(this, moved, this.admitted);
		}
		this.records.backlog().add(this.admitted, moved, delivery, replay);
		this.lastAppended = this.admitted;
	}

	/**
	 * A record that went directly has an outcome. The client may say so twice: it throws
	 * an exception for a record that it has taken and goes on to send, if it is found to
	 * be in trouble in between.
	 * @param delivery follows it
	 * @param acknowledged whether the cluster has it
	 * @return {@code false} if that was known
	 */
	synchronized boolean left(SpooledDelivery delivery, boolean acknowledged) {
		if (acknowledged) {
			this.lastAcknowledged = Math.max(this.lastAcknowledged, delivery.order());
		}
		if (!delivery.isDirect()) {
			return false;
		}
		delivery.direct(false);
		this.direct--;
		return true;
	}

	/**
	 * Whether the relay may begin.
	 * @return {@code false} while there are records on the direct way, or none that wait
	 */
	synchronized boolean isReady() {
		return this.direct == 0 && this.records.isWaiting();
	}

	/**
	 * A record that went directly failed, and is to be sent from the spool.
	 * @param delivery follows it
	 * @param replay whether it may have been written
	 * @return {@code false} if it has an outcome
	 * @throws SpoolException if it is not in the spool and cannot get there
	 * @throws IllegalStateException if it is not in the spool, and others that came later
	 * are: from there it would come behind them in the next process
	 */
	synchronized boolean takeOver(SpooledDelivery delivery, boolean replay) {
		if (!delivery.isDirect()) {
			return false;
		}
		if (!delivery.handOver()) {
			SpoolRecord kept = delivery.kept();
			if (kept == null || delivery.order() < this.lastAppended) {
				throw new IllegalStateException(
						"There was no room in the spool for a record of %s, and later ones are there"
							.formatted(this.lane));
			}
			this.lastAppended = delivery.order();
			delivery.appending(true);
			try {
				delivery.appended(this.store.append(this.lane, kept, 0, delivery));
			}
			catch (SpoolException ex) {
				delivery.notAppended();
				throw ex;
			}
		}
		this.records.add(new Item(delivery.order(), delivery.position(), delivery, replay));
		delivery.relieve();
		delivery.direct(false);
		this.direct--;
		return true;
	}

	/**
	 * Follow a record no longer: its sender knows that it is safe, and only its bytes on
	 * disk are needed.
	 * @param delivery followed it
	 * @return {@code false} if it does not wait here
	 */
	synchronized boolean letGo(SpooledDelivery delivery) {
		if (!this.records.letGo(delivery)) {
			return false;
		}
		numbered(delivery.outcomes());
		return true;
	}

	/**
	 * How many records of this process have come.
	 * @return what {@link #isWaiting(long)} can be asked for
	 */
	synchronized long admitted() {
		return this.admitted;
	}

	/**
	 * Whether a record of this process, or one before it, has no outcome.
	 * @param order which one
	 * @return {@code false} if only later ones wait
	 */
	synchronized boolean isWaiting(long order) {
		return this.records.hasUpTo(order);
	}

	/**
	 * A record of this lane that nobody may follow has a number.
	 * @param outcomes where to tell the outcome of its number; {@code null} without one
	 */
	synchronized void numbered(@Nullable NumberOutcomes outcomes) {
		if (outcomes != null) {
			this.sessions.putIfAbsent(outcomes.session(), outcomes);
		}
	}

	/**
	 * Whether records that nobody follows may have numbers of this process.
	 * @return {@code false} if there were none so far
	 */
	synchronized boolean hasNumbers() {
		return !this.sessions.isEmpty();
	}

	/**
	 * Where to tell the outcomes of a session's numbers.
	 * @param session the session
	 * @return {@code null} if the session is that of an earlier process
	 */
	synchronized @Nullable NumberOutcomes numbersOf(long session) {
		return this.sessions.get(session);
	}

	/**
	 * Read a record.
	 * @param item which one
	 * @return {@code null} if it is not on disk, or not yet
	 * @throws SpoolException if it cannot be read
	 */
	@Nullable SpoolRecord read(Item item) {
		SpooledDelivery delivery = item.delivery();
		return (delivery != null && delivery.isLost()) ? null : this.store.read(this.lane, item.position());
	}

	/**
	 * Whether a record that cannot be read never will be.
	 * @param item which one
	 * @return {@code false} if it is on its way to the disk
	 */
	boolean isOver(Item item) {
		SpooledDelivery delivery = item.delivery();
		return (delivery != null && delivery.isLost()) || !this.store.holds(this.lane, item.position());
	}

	/**
	 * The next record for the relay.
	 * @param now in nanoseconds
	 * @param most how many it may have in its hands
	 * @return {@code null} if there is none now
	 */
	synchronized @Nullable Item poll(long now, int most) {
		int relaying = this.records.relaying();
		if (this.records.isHeld() || (this.block != null && relaying > 0)) {
			return null;
		}
		if (this.direct > 0 || relaying >= most || this.pause.isOn(now) || isBehind()) {
			return null;
		}
		// What failed must not overtake what may still fail.
		boolean again = this.records.hasReturned() && this.pause.hasFailed() && relaying > 0;
		return again ? null : this.records.take();
	}

	/**
	 * Take the first record that waits, whatever keeps it from being sent, if it came
	 * before this process, or no later than another. It may be parked, or be put back;
	 * nothing is sent before that.
	 * @param order which other
	 * @return {@code null} if there is none
	 */
	synchronized @Nullable Item pollUpTo(long order) {
		return this.records.takeUpTo(order);
	}

	/**
	 * A record that was taken from the lane is on its way to those that are parked.
	 * Nothing is sent until it is there, or put back.
	 * @param item the record
	 */
	synchronized void park(Item item) {
		this.records.park(item);
	}

	/**
	 * Whether records are on their way to those that are parked, or back.
	 * @return {@code false} if all are there
	 */
	synchronized boolean isHeld() {
		return this.records.isHeld();
	}

	/**
	 * A record has an outcome that says nothing about the cluster.
	 * @param item the record
	 */
	synchronized void settled(Item item) {
		this.records.remove(item);
		this.pause.moved();
		if (this.block != null) {
			this.block = this.block.without(item);
		}
	}

	/**
	 * A record has an outcome that perhaps nobody has claimed.
	 * @param item the record
	 * @return whether it counts among what this process sends
	 */
	synchronized boolean settledLeft(Item item) {
		settled(item);
		return this.adopted;
	}

	/**
	 * Stand still behind a record.
	 * @param item the record, which was taken from the lane and goes back
	 * @param now the time
	 * @param reason why the cluster does not take it
	 * @return {@code false} if it does so already, behind this one or an earlier one
	 */
	synchronized boolean block(Item item, Instant now, String reason) {
		putBack(item, true);
		LaneBlock present = this.block;
		if (present != null && present.order() <= item.order()) {
			return false;
		}
		// What somebody has decided about a later one holds when it is its turn.
		this.block = new LaneBlock(item.order(), item.position(), now, reason, false, present);
		return true;
	}

	/**
	 * Behind which record the lane stands still.
	 * @return {@code null} if it does not
	 */
	synchronized @Nullable LaneBlock block() {
		return this.block;
	}

	/**
	 * Have the record parked behind which the lane stands still, if the cluster still
	 * does not take it.
	 * @param position its position
	 * @return {@code false} if the lane does not stand still behind it
	 */
	synchronized boolean pass(long position) {
		LaneBlock present = this.block;
		if (present == null || present.position() != position) {
			return false;
		}
		this.block = present.pass();
		this.pause.end();
		return true;
	}

	/**
	 * How many records the relay has in its hands.
	 * @return those that may get to the cluster
	 */
	synchronized int relaying() {
		return this.records.relaying();
	}

	/**
	 * The first record that the relay has in its hands.
	 * @return {@code null} if it has none
	 */
	synchronized @Nullable Item oldestRelaying() {
		return this.records.oldestRelaying();
	}

	/**
	 * Whether the cluster has later records of this lane already.
	 * @param item a record that waits
	 * @return {@code true} if it could only come behind them
	 */
	synchronized boolean isOvertaken(Item item) {
		return item.order() > 0 && item.order() < this.lastAcknowledged;
	}

	/**
	 * The relay is done with a record.
	 * @param item the record
	 */
	synchronized void relayed(Item item) {
		settled(item);
		this.pause.end();
	}

	/**
	 * The cluster took a record.
	 */
	synchronized void accepted() {
		this.pause.accepted();
	}

	/**
	 * The cluster does not take a record for a reason that may pass.
	 * @param now in nanoseconds
	 * @param patience how long to hope for that, in nanoseconds
	 * @return whether that was too long
	 */
	synchronized boolean isRefused(long now, long patience) {
		return this.pause.isRefused(now, patience);
	}

	/**
	 * The spool is too busy to take a record from here to another lane.
	 * @param now in nanoseconds
	 * @param patience how long to hope that it passes, in nanoseconds
	 * @return whether it has been so for that long, and no record has left meanwhile
	 */
	synchronized boolean isHeldUp(long now, long patience) {
		return this.pause.isHeldUp(now, patience);
	}

	/**
	 * A record could not be sent now, or not be parked.
	 * @param item the record
	 * @param replay whether it may have been written
	 */
	synchronized void putBack(Item item, boolean replay) {
		this.records.remove(item);
		SpooledDelivery delivery = item.delivery();
		this.records.add(new Item(item.order(), item.position(), delivery, item.replay() || replay));
		if (delivery != null) {
			delivery.relieve();
		}
	}

	/**
	 * A record that was moved away did not get there. Nothing is taken before it is here.
	 * @param item the record
	 */
	synchronized void comesBack(Item item) {
		this.records.comesBack(item);
	}

	/**
	 * A record that was moved away is here again.
	 * @param item the record
	 */
	synchronized void takeBack(Item item) {
		if (item.delivery() != null) {
			item.delivery().moved(this, item.position(), item.order());
		}
		this.records.add(item);
	}

	/**
	 * Wait before the next attempt.
	 * @param now in nanoseconds
	 * @param pause in nanoseconds, by how many attempts have failed
	 */
	synchronized void delay(long now, IntToLongFunction pause) {
		this.pause.begin(now, pause);
	}

	/**
	 * Wait no longer before the next attempt.
	 */
	synchronized void hurry() {
		this.pause.end();
	}

	/**
	 * Nobody will send what waits, in this process.
	 * @param action is told of each record that somebody follows
	 */
	void abandon(Consumer<SpooledDelivery> action) {
		followed().forEach(action);
	}

	private synchronized List<SpooledDelivery> followed() {
		this.closed = true;
		List<SpooledDelivery> followed = new ArrayList<>();
		this.records.forEachFollowed(followed::add);
		return followed;
	}

	@Override
	public String toString() {
		return this.lane.toString();
	}

	/**
	 * A record in the spool.
	 *
	 * @param order grows from one record of the lane to the next
	 * @param position its position
	 * @param delivery follows it; {@code null} if an earlier process sent it, or its
	 * sender has its receipt
	 * @param replay whether it may have been written before
	 */
	record Item(long order, long position, @Nullable SpooledDelivery delivery, boolean replay) {

	}

}
