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

import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;

/**
 * The records of one producer that have gone to the relay and have no outcome, with the
 * bytes of those that are in memory as well, because of their senders. Safe for use by
 * many threads.
 */
final class HandedRecords {

	private final Map<SpooledDelivery, Integer> open = new ConcurrentHashMap<>();

	private final AtomicLong bytes = new AtomicLong();

	void add(SpooledDelivery delivery) {
		if (this.open.put(delivery, delivery.bytes()) == null) {
			this.bytes.addAndGet(delivery.bytes());
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
			while (this.open.containsKey(delivery) && !relay.isStopping()) {
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

}
