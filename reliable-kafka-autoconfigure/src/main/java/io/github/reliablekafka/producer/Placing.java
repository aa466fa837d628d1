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

import java.util.List;

import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.sequence.Ticket;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Gives the records of a topic of which nothing was known their partitions and numbers,
 * when the cluster has answered. If it answers for too long that there is no such topic,
 * or none that this application may see, they have their outcome. Used by the thread of
 * the relay.
 */
final class Placing {

	private final Relay relay;

	private final RelayClient client;

	Placing(Relay relay, RelayClient client) {
		this.relay = relay;
		this.client = client;
	}

	/**
	 * Place what waits.
	 * @param lane the line of a topic
	 * @return whether there was something to do
	 */
	boolean place(SpooledLane lane) {
		Item item = lane.poll(System.nanoTime(), 1);
		if (item == null) {
			return false;
		}
		boolean placed = false;
		try {
			List<PartitionInfo> partitions = this.client.partitionsFor(lane.topic());
			lane.accepted();
			this.relay.alive();
			if (!this.relay.isRightCluster(lane)) {
				lane.putBack(item, false);
				return false;
			}
			while (item != null) {
				SpoolRecord record = lane.read(item);
				if (record == null && !lane.isOver(item)) {
					lane.putBack(item, false);
					return placed;
				}
				if (record != null) {
					placeOrReject(lane, item, record, partitions.size());
				}
				else {
					lane.relayed(item);
				}
				placed = true;
				item = this.relay.isStopping() ? null : lane.poll(System.nanoTime(), 1);
			}
			return placed;
		}
		catch (RuntimeException | Error ex) {
			if (item != null) {
				lane.putBack(item, false);
			}
			if (ex instanceof RuntimeException failure
					&& (RelayClient.isForGood(failure) || this.relay.refused().isRefusedTooLong(lane, item, failure))) {
				rejectAll(lane, failure);
			}
			else {
				this.relay.notNow(lane, ex);
			}
			return placed;
		}
	}

	// Those that come meanwhile are for the next time.
	private void rejectAll(SpooledLane lane, RuntimeException failure) {
		for (long left = lane.waiting(); left > 0; left--) {
			// Though the disk does not have the one before yet.
			Item item = lane.pollUpTo(Long.MAX_VALUE);
			if (item == null) {
				return;
			}
			if (lane.read(item) == null && !lane.isOver(item)) {
				lane.putBack(item, false);
				return;
			}
			if (!this.relay.refused().reject(lane, item, failure)) {
				return;
			}
		}
	}

	private void placeOrReject(SpooledLane lane, Item item, SpoolRecord record, int partitions) {
		int partition = choose(record, partitions, item.position());
		if (partition < partitions) {
			place(lane, item, record, partition);
			lane.relayed(item);
			return;
		}
		boolean unused = this.relay.refused()
			.rejectApart(lane, item, RelayClient.noSuchPartition(lane.topic(), partitions));
	}

	private void place(SpooledLane lane, Item item, SpoolRecord record, int partition) {
		SpooledLane target = this.relay.lanes().lane(lane.topic(), partition);
		Ticket ticket = this.client.number(lane.topic(), partition);
		boolean moved = false;
		try {
			SpooledDelivery delivery = item.delivery();
			target.move(delivery, RelayClient.stamped(record, ticket), lane, item.position(), false, () -> {
				lane.comesBack(item);
				this.relay.notTaken(() -> takeBack(lane, item, ticket));
			});
			moved = true;
			if (delivery != null && ticket != null) {
				delivery.number(ticket);
			}
			target.numbered((ticket != null) ? ticket.outcomes() : null);
			this.relay.wake(target);
		}
		finally {
			if (ticket != null && !moved) {
				ticket.rollBack();
			}
			else if (ticket != null) {
				ticket.appended();
			}
		}
	}

	private void takeBack(SpooledLane lane, Item item, @Nullable Ticket ticket) {
		if (ticket != null) {
			ticket.failed();
		}
		lane.takeBack(item);
		Relay.later(lane);
		this.relay.wake(lane);
	}

	private static int choose(SpoolRecord record, int partitions, long position) {
		if (record.partition() >= 0) {
			return record.partition();
		}
		byte[] key = record.key();
		return (key != null) ? Utils.toPositive(Utils.murmur2(key)) % partitions : (int) (position / 16 % partitions);
	}

}
