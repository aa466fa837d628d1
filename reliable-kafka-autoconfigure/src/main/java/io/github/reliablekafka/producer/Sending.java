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

import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.sequence.NumberOutcomes;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Sends the records of a lane that have their partition, in their order, up to 500 ahead
 * of the acknowledgements. Used by the thread of the relay; the outcomes come by the
 * client's network thread.
 */
final class Sending {

	private static final int LANE_WINDOW = 500;

	private final Relay relay;

	private final Spools spools;

	private final RelayClient client;

	private final MissingTopics missing;

	private final AgeLimit age;

	/**
	 * Create for one relay.
	 * @param relay whose lanes are sent
	 * @param spools are told what becomes of what earlier processes left
	 * @param client of the relay
	 * @param missing topics to which nothing is sent now
	 * @param age of records that are not sent any more
	 */
	Sending(Relay relay, Spools spools, RelayClient client, MissingTopics missing, AgeLimit age) {
		this.relay = relay;
		this.spools = spools;
		this.client = client;
		this.missing = missing;
		this.age = age;
	}

	/**
	 * Send what waits.
	 * @param lane of a partition
	 * @return whether there was something to do
	 */
	boolean send(SpooledLane lane) {
		boolean sent = false;
		while (!this.relay.isStopping() && this.client.hasRoom()) {
			Item item = lane.poll(System.nanoTime(), LANE_WINDOW);
			if (item == null) {
				return sent;
			}
			SpoolRecord record;
			try {
				if (!sent && !this.relay.isRightCluster(lane)) {
					lane.putBack(item, false);
					return false;
				}
				record = lane.read(item);
			}
			catch (KafkaException ex) {
				notSendable(lane, item, ex);
				return sent;
			}
			catch (RuntimeException | Error ex) {
				lane.putBack(item, false);
				throw ex;
			}
			if (record != null && this.relay.refused().isRejectedAsOvertaken(lane, item)) {
				continue;
			}
			if (record != null && this.age.isOver(lane, item, record)) {
				lane.putBack(item, false);
				return true;
			}
			if (record == null) {
				if (lane.isOver(item)) {
					lane.relayed(item);
					continue;
				}
				// On its way to the disk.
				lane.putBack(item, false);
				return sent;
			}
			Exception missing = this.missing.failure(lane.topic(), lane.partition());
			if (missing != null) {
				sent(lane, item, null, missing, false);
				// The others are for the next time.
				return true;
			}
			if (!isTaken(lane, item, record)) {
				lane.putBack(item, false);
				return sent;
			}
			sent = true;
		}
		return sent;
	}

	private void notSendable(SpooledLane lane, Item item, KafkaException failure) {
		String id = this.client.clusterId();
		this.relay.lanes().found(id);
		if (id != null && this.relay.lanes().isOf(id)) {
			// The right cluster has answered, but not what was hoped for.
			sent(lane, item, null, notSent(lane, failure), false);
			return;
		}
		lane.putBack(item, false);
		this.relay.notNow(lane, failure);
	}

	private boolean isTaken(SpooledLane lane, Item item, SpoolRecord record) {
		Stamp number = (item.delivery() == null && lane.hasNumbers()) ? RelayClient.number(record, lane) : null;
		return this.client.send(record, lane, item.replay(), (metadata, failure, replay) -> {
			if (failure == null) {
				this.missing.remove(lane.topic(), lane.partition());
			}
			if (failure == null && metadata != null && number != null) {
				acknowledged(lane, number, metadata);
			}
			sent(lane, item, metadata, (failure != null && !replay) ? notSent(lane, failure) : failure, replay);
		});
	}

	// What the client says of a missing partition sounds as if the cluster were away.
	private Exception notSent(SpooledLane lane, Exception failure) {
		int count = this.client.missingFrom(lane, failure);
		if (count == Integer.MAX_VALUE) {
			return failure;
		}
		Exception reason = (count > 0) ? RelayClient.noSuchPartition(lane.topic(), count) : failure;
		this.missing.add(lane.topic(), count, reason);
		return reason;
	}

	private static void acknowledged(SpooledLane lane, Stamp number, RecordMetadata metadata) {
		NumberOutcomes numbers = lane.numbersOf(number.session());
		if (numbers != null) {
			numbers.acknowledged(number.number(), metadata.hasOffset() ? metadata.offset() : -1);
		}
	}

	private void sent(SpooledLane lane, Item item, @Nullable RecordMetadata metadata, @Nullable Exception failure,
			boolean replay) {
		SpooledDelivery delivery = item.delivery();
		if (failure == null) {
			this.relay.alive();
			lane.store().resolve(lane.lane(), item.position());
			lane.accepted();
			lane.relayed(item);
			if (delivery != null) {
				delivery.complete(metadata);
			}
			else {
				this.spools.deliveredLeft(lane.topic());
			}
		}
		else {
			failed(lane, item, failure, replay);
		}
		this.relay.wake();
	}

	private void failed(SpooledLane lane, Item item, Exception failure, boolean replay) {
		boolean over;
		try {
			over = this.relay.refused().isFinal(lane, item, failure);
		}
		catch (RuntimeException | Error ex) {
			// Whoever told of the failure would not do it again.
			lane.putBack(item, replay);
			Relay.later(lane);
			this.spools.notices().delayed(lane, ex);
			return;
		}
		if (over) {
			boolean unused = this.relay.refused().reject(lane, item, failure);
		}
		else {
			lane.putBack(item, replay);
			this.relay.notNow(lane, failure);
		}
	}

}
