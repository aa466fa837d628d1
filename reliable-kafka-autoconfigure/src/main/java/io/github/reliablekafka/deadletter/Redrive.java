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

package io.github.reliablekafka.deadletter;

import org.jspecify.annotations.Nullable;

/**
 * What is to be redriven, and how. <pre class="code">
 * this.deadLetters.redrive(Redrive.of("orders-dlt").matching(filter).requestedBy("jane"));
 * </pre>
 *
 * @param topic a dead letter topic, or its parking topic
 * @param filter which dead letters; those redriven or parked before are left out anyway
 * @param dryRun whether to tell only what would be done
 * @param limit the most records to redrive and park, at least 1
 * @param recordsPerSecond at least 1; 0 for what is configured
 * @param maxRedrives how often a record may have been redriven already, before it is
 * parked; -1 for what is configured
 * @param requestedBy who wants it, for the log; {@code null} if nobody says so
 * @since 0.1.0
 */
public record Redrive(String topic, DeadLetterFilter filter, boolean dryRun, int limit, int recordsPerSecond,
		int maxRedrives, @Nullable String requestedBy) {

	private static final int DEFAULT_LIMIT = 1000;

	public Redrive {
		require(limit >= 1, "limit must be at least 1");
		require(recordsPerSecond >= 0, "recordsPerSecond must not be negative");
		require(maxRedrives >= -1, "maxRedrives must not be negative");
	}

	private static void require(boolean condition, String message) {
		if (!condition) {
			throw new IllegalArgumentException(message);
		}
	}

	/**
	 * Redrive up to 1,000 records of a dead letter topic.
	 * @param topic the dead letter topic, or its parking topic
	 * @return a new request
	 */
	public static Redrive of(String topic) {
		return new Redrive(topic, DeadLetterFilter.all(), false, DEFAULT_LIMIT, 0, -1, null);
	}

	/**
	 * Only some of the dead letters.
	 * @param filter which
	 * @return a new request
	 */
	public Redrive matching(DeadLetterFilter filter) {
		return new Redrive(this.topic, filter, this.dryRun, this.limit, this.recordsPerSecond, this.maxRedrives,
				this.requestedBy);
	}

	/**
	 * Tell only what would be done.
	 * @return a new request
	 */
	public Redrive asDryRun() {
		return new Redrive(this.topic, this.filter, true, this.limit, this.recordsPerSecond, this.maxRedrives,
				this.requestedBy);
	}

	/**
	 * Set a bound.
	 * @param limit the most records to redrive and park
	 * @return a new request
	 */
	public Redrive atMost(int limit) {
		return new Redrive(this.topic, this.filter, this.dryRun, limit, this.recordsPerSecond, this.maxRedrives,
				this.requestedBy);
	}

	/**
	 * Set the rate.
	 * @param recordsPerSecond at least 1
	 * @return a new request
	 */
	public Redrive at(int recordsPerSecond) {
		return new Redrive(this.topic, this.filter, this.dryRun, this.limit, recordsPerSecond, this.maxRedrives,
				this.requestedBy);
	}

	/**
	 * Set the cap on redrives, for example to let a parked record go once more.
	 * @param maxRedrives how often a record may have been redriven already
	 * @return a new request
	 */
	public Redrive allowing(int maxRedrives) {
		return new Redrive(this.topic, this.filter, this.dryRun, this.limit, this.recordsPerSecond, maxRedrives,
				this.requestedBy);
	}

	/**
	 * Say who wants it.
	 * @param who a name for the log
	 * @return a new request
	 */
	public Redrive requestedBy(@Nullable String who) {
		return new Redrive(this.topic, this.filter, this.dryRun, this.limit, this.recordsPerSecond, this.maxRedrives,
				who);
	}

}
