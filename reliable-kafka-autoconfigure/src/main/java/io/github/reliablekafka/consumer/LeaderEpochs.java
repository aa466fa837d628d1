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

package io.github.reliablekafka.consumer;

import java.util.Arrays;

/**
 * The leader epochs of what was polled from one partition, so that a committed offset can
 * tell under which leader the record in front of it was written. An epoch that is not
 * known exactly is not told at all: one that is too low makes Kafka believe that the log
 * was cut off. For use by one thread.
 */
final class LeaderEpochs {

	private static final int UNKNOWN = -1;

	private static final int MOST = 64;

	private long[] starts = new long[4];

	private int[] epochs = new int[4];

	private int size;

	private long next;

	/**
	 * Note a record. What was noted at its offset and behind it is forgotten.
	 * @param offset its offset
	 * @param epoch its leader epoch; -1 if unknown
	 */
	void note(long offset, int epoch) {
		if (this.size == 0 || offset < this.next || this.epochs[this.size - 1] != epoch) {
			begin(offset, epoch);
		}
		this.next = offset + 1;
	}

	private void begin(long offset, int epoch) {
		forgetFrom(offset);
		if (this.size > 0 && this.epochs[this.size - 1] == epoch) {
			return;
		}
		if (this.size > 0 && offset > this.next) {
			// Where in between the one ends and the other begins nobody knows.
			add(this.next, UNKNOWN);
		}
		add(offset, epoch);
	}

	private void add(long start, int epoch) {
		if (this.size == MOST) {
			int kept = MOST / 2;
			System.arraycopy(this.starts, MOST - kept, this.starts, 0, kept);
			System.arraycopy(this.epochs, MOST - kept, this.epochs, 0, kept);
			this.size = kept;
		}
		if (this.size == this.starts.length) {
			this.starts = Arrays.copyOf(this.starts, this.size * 2);
			this.epochs = Arrays.copyOf(this.epochs, this.size * 2);
		}
		this.starts[this.size] = start;
		this.epochs[this.size] = epoch;
		this.size++;
	}

	/**
	 * Forget what was noted from an offset on.
	 * @param offset the offset
	 */
	void forgetFrom(long offset) {
		while (this.size > 0 && this.starts[this.size - 1] >= offset) {
			this.size--;
		}
		this.next = Math.min(this.next, offset);
	}

	/**
	 * The leader epoch of the record in front of an offset.
	 * @param offset the offset
	 * @return -1 if unknown
	 */
	int before(long offset) {
		if (offset <= this.next) {
			for (int i = this.size - 1; i >= 0; i--) {
				if (this.starts[i] < offset) {
					return this.epochs[i];
				}
			}
		}
		return UNKNOWN;
	}

}
