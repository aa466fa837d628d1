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

import java.util.concurrent.locks.LockSupport;

import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * How records of topics of which nothing is known get into the spool: in one line for
 * each topic, without a partition and a number. The client does not come to serialize
 * them, so that is done here. Safe for use by many threads.
 */
final class UnplacedRecords {

	private final Spooling spooling;

	private final Relay relay;

	private final ClientLimits limits;

	private final @Nullable ClientInternals internals;

	UnplacedRecords(Spooling spooling, Relay relay, ClientLimits limits, @Nullable ClientInternals internals) {
		this.spooling = spooling;
		this.relay = relay;
		this.limits = limits;
		this.internals = internals;
	}

	// A partition that does not exist fails by the same type, and so does a record that
	// has waited too long for others.
	static boolean isTopicUnknown(Exception exception) {
		String message = exception.getMessage();
		return message != null && message.startsWith("Topic ") && message.contains("not present in metadata");
	}

	/**
	 * Whether records of a topic wait for its partitions to be known.
	 * @param topic the topic
	 * @return {@code true} if a record must not be given to the client
	 */
	boolean isWaiting(String topic) {
		return this.internals != null && this.relay.lanes().isUnplaced(topic);
	}

	/**
	 * Take a record without asking the client, which would wait for the topic.
	 * @param delivery follows it
	 * @param record the record
	 */
	void take(SpooledDelivery delivery, ProducerRecord<?, ?> record) {
		ClientInternals client = this.internals;
		if (client == null) {
			throw new IllegalStateException("Nothing is known of the client");
		}
		ProducerRecord<?, ?> intercepted = client.intercept(record);
		// The last interceptor is ours and has the record now.
		if (delivery.prepared() == null) {
			delivery.prepared(intercepted);
		}
		if (!take(delivery)) {
			throw new BufferExhaustedException(
					"No room for records of topic '%s', of which nothing is known yet".formatted(record.topic()));
		}
	}

	/**
	 * Take a record that the client has thrown out.
	 * @param delivery follows it
	 * @return whether it is in the spool
	 */
	boolean take(SpooledDelivery delivery) {
		ClientInternals client = this.internals;
		ProducerRecord<?, ?> record = delivery.prepared();
		if (client == null || record == null || this.relay.isStopping() || !this.relay.isPlacing()) {
			return false;
		}
		// A number can be given when the partition is known.
		delivery.thrown();
		Headers headers = new RecordHeaders(record.headers());
		byte[] key = client.key(record);
		byte[] value = client.value(record, headers);
		headers.remove(Stamp.HEADER);
		this.limits.requireFits(key, value, headers);
		Integer partition = record.partition();
		SpooledLane lane = this.relay.lanes().unplaced(record.topic());
		delivery.lane(lane);
		SpoolRecord spooled = delivery.record((partition != null) ? partition : -1, key, value, headers);
		delivery.bytes(Spooling.sizeOf(spooled));
		long deadline = System.nanoTime() + this.limits.blockWhenFull().toNanos();
		while (true) {
			if (this.spooling.isCrowdedFor(delivery)) {
				if (!this.spooling.mayWait(deadline)) {
					delivery.lane(null);
					this.relay.bypassed(this.spooling.crowded());
					return false;
				}
				LockSupport.parkNanos(Spooling.STEP);
				continue;
			}
			try {
				lane.admit(delivery, spooled, true, true, false);
				this.relay.wake(lane);
				return true;
			}
			catch (IllegalStateException ex) {
				delivery.lane(null);
				return false;
			}
			catch (SpoolException ex) {
				boolean passes = ex.kind() == SpoolException.Kind.BUSY || ex.kind() == SpoolException.Kind.FULL;
				if (!passes || !this.spooling.mayWait(deadline)) {
					delivery.lane(null);
					this.relay.bypassed(ex);
					return false;
				}
				LockSupport.parkNanos(Spooling.STEP);
			}
		}
	}

}
