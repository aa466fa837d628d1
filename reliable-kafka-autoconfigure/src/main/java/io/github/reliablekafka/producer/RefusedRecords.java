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

import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Ticket;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Decides about records in the spool that the cluster does not take: who was promised
 * nothing is told so, and what was promised is parked. Safe for use by many threads.
 */
final class RefusedRecords {

	/**
	 * The lane, beside its partitions, of what the cluster does not take.
	 */
	static final int PARKED = -2;

	private final Relay relay;

	private final Spools spools;

	RefusedRecords(Relay relay, Spools spools) {
		this.relay = relay;
		this.spools = spools;
	}

	/**
	 * Reject a record that could only come behind later ones of its lane: its sender can
	 * be told the truth, unless it was promised that the record will be delivered.
	 * @param lane its lane
	 * @param item the record, which was taken from the lane
	 * @return {@code false} if it is to be sent
	 */
	boolean isRejectedAsOvertaken(SpooledLane lane, Item item) {
		SpooledDelivery delivery = item.delivery();
		if (!lane.isOvertaken(item)) {
			return false;
		}
		if (delivery == null || !delivery.mayReject()) {
			this.spools.notices().overtaken(lane);
			return false;
		}
		boolean unused = reject(lane, item,
				new KafkaException(("The client gave up a record of %s, and later ones have been "
						+ "acknowledged. Sent now, it would come behind them")
					.formatted(lane.lane())));
		return true;
	}

	/**
	 * The cluster does not take a record.
	 * @param lane its lane
	 * @param item the record, which was taken from the lane
	 * @param failure why
	 * @return {@code false} if the lane stands still behind it
	 */
	boolean reject(SpooledLane lane, Item item, Exception failure) {
		if (isBlocking(lane, item)) {
			block(lane, item, failure);
			return false;
		}
		try {
			if (isParked(lane, item, failure)) {
				this.relay.tell(() -> this.spools.notices().parked(lane, failure));
			}
			lane.relayed(item);
			return true;
		}
		catch (SpoolException ex) {
			lane.putBack(item, true);
			Relay.later(lane);
			return false;
		}
	}

	private boolean isBlocking(SpooledLane lane, Item item) {
		LaneBlock present = lane.block();
		boolean passed = present != null && present.isOf(item) && present.passed();
		SpooledDelivery delivery = item.delivery();
		return this.spools.isBlocking() && !passed && (delivery == null || !delivery.mayReject());
	}

	private void block(SpooledLane lane, Item item, Exception failure) {
		boolean first = lane.block(item, Instant.ofEpochMilli(this.spools.now()), String.valueOf(failure));
		Relay.later(lane);
		if (lane.isRelaying()) {
			// What the client has of the lane would get ahead of it.
			this.relay.takeBack();
		}
		if (first) {
			long waiting = lane.waiting();
			this.relay.tell(() -> this.spools.notices().blocked(lane, failure, waiting));
		}
	}

	/**
	 * A record has waited for too long.
	 * @param lane its lane
	 * @param item the record, which was taken from the lane
	 * @param failure says so
	 * @throws SpoolException if it cannot be parked
	 */
	void expire(SpooledLane lane, Item item, Exception failure) {
		boolean unused = isParked(lane, item, failure);
		lane.settled(item);
	}

	// Gives it its outcome. Whoever was promised nothing is told the truth.
	private boolean isParked(SpooledLane lane, Item item, Exception failure) {
		SpooledDelivery delivery = item.delivery();
		boolean parked = false;
		if (delivery != null && delivery.mayReject()) {
			lane.store().resolve(lane.lane(), item.position());
		}
		else {
			SpoolRecord record = Relay.read(lane, item);
			parked = record != null;
			if (record != null) {
				keep(lane, item.position(), record, failure);
			}
			// Behind, as what cannot be parked now is tried again.
			failNumber(lane, (delivery != null) ? null : record);
		}
		if (delivery != null) {
			delivery.reject(failure);
		}
		else {
			this.spools.rejectedLeft(lane, failure);
		}
		return parked;
	}

	private static void failNumber(SpooledLane lane, @Nullable SpoolRecord record) {
		Stamp number = (record != null) ? RelayClient.number(record, lane) : null;
		Ticket sibling = (number != null) ? lane.numberOf(number.session()) : null;
		if (number != null && sibling != null) {
			sibling.failed(number.number());
		}
	}

	/**
	 * Keep a record that was promised and that the cluster will never take.
	 * @param lane its lane
	 * @param position its position
	 * @param failure why
	 * @return {@code false} if it is not there
	 */
	boolean park(SpooledLane lane, long position, Exception failure) {
		SpoolRecord record = lane.store().read(lane.lane(), position);
		if (record == null) {
			return false;
		}
		keep(lane, position, record, failure);
		this.relay.tell(() -> this.spools.notices().parked(lane, failure));
		return true;
	}

	private void keep(SpooledLane lane, long position, SpoolRecord record, Exception failure) {
		keep(lane, position, record, failure, () -> notParked(lane, failure));
	}

	/**
	 * Keep a record until somebody decides.
	 * @param lane its lane
	 * @param position its position
	 * @param record the record
	 * @param failure why
	 * @param refused to be run if it stays where it was after all
	 * @throws SpoolException if it stays where it was
	 */
	static void keep(SpooledLane lane, long position, SpoolRecord record, Exception failure, Runnable refused) {
		SpoolLane parked = lane.store().lane(lane.lane().destination(), lane.topic(), PARKED);
		lane.store()
			.move(parked, RelayClient.parked(record, lane, failure), lane.lane(), position,
					new LaneMove(lane, position, false, refused));
	}

	void notParked(SpooledLane lane, Exception failure) {
		this.spools.notices().notParked(lane, failure);
	}

}
