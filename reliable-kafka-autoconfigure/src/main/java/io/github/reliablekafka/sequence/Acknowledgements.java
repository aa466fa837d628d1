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

package io.github.reliablekafka.sequence;

import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * What became of the numbers from 1 on, and what can be claimed of them. Outcomes may
 * come in any order; one that comes early is kept until those below it are there, of
 * which there are never more than records in flight. Of a number that is told twice the
 * first counts. Not thread-safe.
 */
final class Acknowledgements {

	private static final long UNKNOWN = -1;

	private static final long FAILED = -2;

	/**
	 * All numbers up to here have an outcome.
	 */
	private long settled;

	/**
	 * Of all numbers up to here a highest offset is known as well.
	 */
	private long acknowledged;

	private long offset = -1;

	private long inverted;

	private long firstOffset = -1;

	private NumberRanges failed = NumberRanges.EMPTY;

	private @Nullable TreeMap<Long, Long> early;

	Acknowledgements() {
	}

	/**
	 * Continue from a point without changing what led to it.
	 * @param other what is known so far
	 */
	Acknowledgements(Acknowledgements other) {
		this.settled = other.settled;
		this.acknowledged = other.acknowledged;
		this.offset = other.offset;
		this.inverted = other.inverted;
		this.firstOffset = other.firstOffset;
		this.failed = other.failed;
		this.early = (other.early != null) ? new TreeMap<>(other.early) : null;
	}

	/**
	 * A record was acknowledged.
	 * @param number its number
	 * @param offset its offset; negative if the cluster did not say. Then it is below
	 * that of the next number of which it did.
	 */
	void acknowledged(long number, long offset) {
		if (isTold(number)) {
			return;
		}
		if (offset >= 0) {
			this.firstOffset = (this.firstOffset < 0) ? offset : Math.min(this.firstOffset, offset);
		}
		settle(number, Math.max(offset, UNKNOWN));
	}

	/**
	 * A record was reported as failed.
	 * @param number its number
	 */
	void failed(long number) {
		if (isTold(number)) {
			return;
		}
		this.failed = this.failed.add(number, number);
		settle(number, FAILED);
	}

	/**
	 * Whether a number has an outcome.
	 * @param number which one
	 * @return {@code true} also if it came early
	 */
	boolean isTold(long number) {
		return number <= this.settled || (this.early != null && this.early.containsKey(number));
	}

	long settled() {
		return this.settled;
	}

	long acknowledged() {
		return this.acknowledged;
	}

	/**
	 * How many numbers have an outcome.
	 * @return those that came early included
	 */
	long outcomes() {
		return this.settled + ((this.early != null) ? this.early.size() : 0);
	}

	int failedRanges() {
		return this.failed.size();
	}

	Claim claim(int topicIdHash) {
		return new Claim(1, this.acknowledged, this.offset, this.inverted, this.firstOffset, this.failed, topicIdHash);
	}

	private void settle(long number, long outcome) {
		if (number != this.settled + 1) {
			if (this.early == null) {
				this.early = new TreeMap<>();
			}
			this.early.put(number, outcome);
			return;
		}
		advance(outcome);
		while (this.early != null && this.early.firstKey() == this.settled + 1) {
			advance(this.early.pollFirstEntry().getValue());
			if (this.early.isEmpty()) {
				this.early = null;
			}
		}
	}

	private void advance(long outcome) {
		boolean offsetKnown = this.acknowledged == this.settled;
		this.settled++;
		if (outcome >= 0) {
			if (outcome < this.offset) {
				this.inverted = this.settled;
			}
			this.offset = Math.max(this.offset, outcome);
			this.acknowledged = this.settled;
		}
		else if (outcome == FAILED && offsetKnown) {
			this.acknowledged = this.settled;
		}
	}

}
