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

package io.github.reliablekafka.ledger;

import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

/**
 * One accepted record until its outcome is known. Exactly one outcome counts: the first
 * that is posted, from whichever thread. That matters because a client may report one
 * failure twice, by exception and by callback. Open to be extended by whatever follows
 * the record anyway, which saves an object for each record.
 *
 * @since 0.1.0
 */
public class Delivery {

	private static final AtomicIntegerFieldUpdater<Delivery> SETTLED = AtomicIntegerFieldUpdater
		.newUpdater(Delivery.class, "settled");

	private static final int OPEN = 0;

	private static final int SPOOLED = 1;

	private static final int OVER = 2;

	private final TopicDeliveries topic;

	private final InFlightAges.Bucket bucket;

	@SuppressWarnings("UnusedVariable") // read and written by SETTLED
	private volatile int settled;

	/**
	 * Note that a record was handed to a producer.
	 * @param ledger the books
	 * @param topic the topic it is meant for
	 */
	protected Delivery(DeliveryLedger ledger, String topic) {
		this.topic = ledger.countersOf(topic);
		this.topic.accepted.increment();
		this.topic.inFlight.increment();
		this.bucket = ledger.enter();
	}

	/**
	 * The name under which the record is counted.
	 * @return the topic's, or that of all topics beyond the limit
	 */
	protected final String topic() {
		return this.topic.topic();
	}

	/**
	 * The record is on this machine's disk, and goes to the cluster from there. Its
	 * outcome is still to come.
	 */
	public final void spooled() {
		if (SETTLED.compareAndSet(this, OPEN, SPOOLED)) {
			this.bucket.leave();
			this.topic.inFlight.decrement();
			this.topic.spooled.increment();
		}
	}

	/**
	 * The record is acknowledged by every in-sync replica and, in a transaction,
	 * committed.
	 * @return {@code false} if an outcome was posted before
	 */
	public final boolean delivered() {
		if (!settle()) {
			return false;
		}
		this.topic.delivered.increment();
		return true;
	}

	/**
	 * The record will not be delivered.
	 * @param reason why
	 * @param message what the client said
	 * @return {@code false} if an outcome was posted before
	 */
	public final boolean rejected(RejectionReason reason, String message) {
		if (!settle()) {
			return false;
		}
		this.topic.rejected(reason, message);
		return true;
	}

	/**
	 * When the record was handed to the producer.
	 * @return the time of the ledger's clock, which is {@link System#nanoTime()} but in
	 * tests, or up to a second before, so that nobody has to look at the clock once more
	 */
	protected final long acceptedAt() {
		return this.bucket.startNanos();
	}

	private boolean settle() {
		int before = SETTLED.getAndSet(this, OVER);
		if (before == SPOOLED) {
			this.topic.spooled.decrement();
		}
		else if (before == OPEN) {
			this.bucket.leave();
			this.topic.inFlight.decrement();
		}
		return before != OVER;
	}

}
