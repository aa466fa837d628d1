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

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * The age of the oldest record without an outcome, right to a second, at the cost of two
 * counter updates a record: records are not remembered one by one but counted in buckets
 * by the second in which they were accepted.
 */
final class InFlightAges {

	private static final long WIDTH_NANOS = TimeUnit.SECONDS.toNanos(1);

	private final LongSupplier nanoClock;

	private final ConcurrentLinkedDeque<Bucket> buckets = new ConcurrentLinkedDeque<>();

	private volatile Bucket current;

	InFlightAges(LongSupplier nanoClock) {
		this.nanoClock = nanoClock;
		this.current = new Bucket(nanoClock.getAsLong());
		this.buckets.add(this.current);
	}

	Bucket enter() {
		Bucket bucket = this.current;
		long now = this.nanoClock.getAsLong();
		while (now - bucket.startNanos >= WIDTH_NANOS || !bucket.enter()) {
			bucket = rotate(now, bucket);
		}
		return bucket;
	}

	/**
	 * Return the age of the oldest record in flight.
	 * @return nanoseconds, 0 if none is in flight
	 */
	long oldestNanos() {
		long now = this.nanoClock.getAsLong();
		for (Bucket bucket : this.buckets) {
			if (bucket.isOccupied()) {
				return Math.max(0, now - bucket.startNanos);
			}
		}
		return 0;
	}

	private synchronized Bucket rotate(long now, Bucket seen) {
		if (this.current == seen) {
			Bucket next = new Bucket(now);
			this.buckets.add(next);
			this.current = next;
			this.buckets.removeIf((bucket) -> bucket != next && bucket.retire());
		}
		return this.current;
	}

	/**
	 * The number of records in flight that were accepted within one second.
	 */
	static final class Bucket {

		/**
		 * Far enough below zero that no number of late arrivals makes it positive.
		 */
		private static final long RETIRED = Long.MIN_VALUE / 2;

		private final long startNanos;

		private final AtomicLong open = new AtomicLong();

		Bucket(long startNanos) {
			this.startNanos = startNanos;
		}

		long startNanos() {
			return this.startNanos;
		}

		private boolean enter() {
			return this.open.incrementAndGet() > 0;
		}

		void leave() {
			this.open.decrementAndGet();
		}

		private boolean retire() {
			return this.open.compareAndSet(0, RETIRED);
		}

		private boolean isOccupied() {
			return this.open.get() > 0;
		}

	}

}
