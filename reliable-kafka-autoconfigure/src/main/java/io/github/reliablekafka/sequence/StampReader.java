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

import org.jspecify.annotations.Nullable;

/**
 * Reads the numbers of the records of one partition as one group sees them, and counts
 * how many have one. For use by one thread.
 */
final class StampReader {

	private final StampCodec codec;

	private final boolean readCommitted;

	private final LossLedger.Coverage coverage;

	private long stamped;

	private long unstamped;

	/**
	 * Create a reader.
	 * @param lane the partition
	 * @param readCommitted whether records of aborted transactions are left out
	 * @param coverage gets the counts
	 */
	StampReader(Lane lane, boolean readCommitted, LossLedger.Coverage coverage) {
		this.codec = new StampCodec(lane.topic(), lane.partition());
		this.readCommitted = readCommitted;
		this.coverage = coverage;
	}

	/**
	 * Read the header of a record that was polled.
	 * @param header its value, if there is one
	 * @return whether the record has a number; the other methods are about that
	 */
	boolean read(byte @Nullable [] header) {
		boolean stamped = readAgain(header);
		if (stamped) {
			this.stamped++;
		}
		else {
			this.unstamped++;
			if (header != null) {
				this.coverage.count(this.codec.problem());
			}
		}
		return stamped;
	}

	/**
	 * Read the header of a record that was counted before.
	 * @param header its value, if there is one
	 * @return whether the record has a number
	 */
	boolean readAgain(byte @Nullable [] header) {
		return header != null && this.codec.read(header);
	}

	long session() {
		return this.codec.session();
	}

	long number() {
		return this.readCommitted ? this.codec.number() : this.codec.number() + this.codec.aborted();
	}

	/**
	 * What the header says beside session and number.
	 * @return {@code null} if nothing
	 */
	@Nullable Stamp details() {
		return this.codec.isPlain() ? null : this.codec.stamp();
	}

	/**
	 * Make the counts known.
	 */
	void count() {
		if (this.stamped + this.unstamped > 0) {
			this.coverage.count(this.stamped, this.unstamped);
			this.stamped = 0;
			this.unstamped = 0;
		}
	}

}
