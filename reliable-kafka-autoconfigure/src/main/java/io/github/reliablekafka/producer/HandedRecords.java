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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

import io.github.reliablekafka.spool.SpoolLane;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;

/**
 * The records of one producer that have gone to the relay and have no outcome, with the
 * bytes of those that are in memory as well, because of their senders. Those whose
 * senders have their receipts are let go where there are too many; only their lanes know
 * of them then. Safe for use by many threads.
 */
final class HandedRecords {

	/**
	 * What a record takes besides its bytes: what follows it, the future and the callback
	 * of its sender.
	 */
	static final int OBJECTS = 400;

	private final Map<SpooledDelivery, Integer> open = new ConcurrentHashMap<>();

	private final AtomicLong bytes = new AtomicLong();

	/**
	 * Whether there was ever a record that was let go.
	 */
	private volatile boolean lettingGo;

	void add(SpooledDelivery delivery) {
		int size = delivery.bytes() + OBJECTS;
		if (this.open.put(delivery, size) == null) {
			this.bytes.addAndGet(size);
		}
	}

	void remove(SpooledDelivery delivery) {
		Integer size = this.open.remove(delivery);
		if (size != null) {
			this.bytes.addAndGet(-size);
		}
	}

	/**
	 * A record is in the spool, and no more in memory.
	 * @param delivery follows it
	 */
	void forget(SpooledDelivery delivery) {
		Integer size = this.open.replace(delivery, 0);
		if (size != null) {
			this.bytes.addAndGet(-size);
		}
	}

	/**
	 * A record is in the spool, and nobody follows it any more.
	 * @param delivery followed it
	 */
	void letGo(SpooledDelivery delivery) {
		this.lettingGo = true;
		remove(delivery);
	}

	/**
	 * Tell senders that their records are safe who could not be told so before.
	 * @return {@code false} if there are too many again
	 */
	boolean promise() {
		for (SpooledDelivery delivery : this.open.keySet()) {
			if (!delivery.promise()) {
				return false;
			}
			delivery.relieve();
		}
		return true;
	}

	/**
	 * How many there are.
	 * @return without those that were let go
	 */
	int count() {
		return this.open.size();
	}

	/**
	 * The size of those that are in memory.
	 * @return in bytes
	 */
	long bytes() {
		return this.bytes.get();
	}

	/**
	 * Wait until the records that are here now have an outcome.
	 * @param relay brings the outcomes
	 * @throws InterruptException if the thread is interrupted
	 * @throws KafkaException if called by the thread that tells of the outcomes
	 */
	void await(Relay relay) {
		for (SpooledDelivery delivery : this.open.keySet().toArray(new SpooledDelivery[0])) {
			await(relay, () -> this.open.containsKey(delivery));
		}
		if (this.lettingGo) {
			// They have no partition yet, and move to the lanes of others.
			awaitLanes(relay, (lane) -> lane.partition() == SpoolLane.UNPLACED);
			awaitLanes(relay, (lane) -> lane.partition() != SpoolLane.UNPLACED);
		}
	}

	private static void awaitLanes(Relay relay, Predicate<SpooledLane> kind) {
		for (SpooledLane lane : relay.lanes().all()) {
			if (kind.test(lane)) {
				long last = lane.admitted();
				await(relay, () -> lane.isWaiting(last));
			}
		}
	}

	private static void await(Relay relay, BooleanSupplier waiting) {
		while (waiting.getAsBoolean() && !relay.isStopping()) {
			if (relay.isTelling()) {
				throw new KafkaException("flush() in a callback would wait for itself");
			}
			LockSupport.parkNanos(Spooling.STEP);
			if (Thread.interrupted()) {
				throw new InterruptException("Interrupted while records were on their way from the spool");
			}
		}
	}

}
