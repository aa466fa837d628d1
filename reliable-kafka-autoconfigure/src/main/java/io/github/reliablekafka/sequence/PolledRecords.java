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

import java.util.Arrays;

import org.jspecify.annotations.Nullable;

/**
 * Records and jumps between the committed offset and the position, in the order in which
 * they were polled. For use by one thread.
 */
final class PolledRecords {

	private long[] offsets = new long[64];

	private long[] timestamps = new long[64];

	private int[] leaderEpochs = new int[64];

	/**
	 * The {@link Stamp} of a record, the {@link Hole} of a jump, or {@code null}.
	 */
	private @Nullable Object[] contents = new Object[64];

	private int head;

	private int size;

	int size() {
		return this.size;
	}

	void add(long offset, int leaderEpoch, long timestamp, @Nullable Object content) {
		if (this.size == this.offsets.length) {
			grow();
		}
		int index = (this.head + this.size) & (this.offsets.length - 1);
		this.offsets[index] = offset;
		this.leaderEpochs[index] = leaderEpoch;
		this.timestamps[index] = timestamp;
		this.contents[index] = content;
		this.size++;
	}

	private void grow() {
		int capacity = this.offsets.length;
		long[] newOffsets = new long[2 * capacity];
		long[] newTimestamps = new long[2 * capacity];
		int[] newLeaderEpochs = new int[2 * capacity];
		Object[] newContents = new Object[2 * capacity];
		for (int i = 0; i < this.size; i++) {
			int index = (this.head + i) & (capacity - 1);
			newOffsets[i] = this.offsets[index];
			newTimestamps[i] = this.timestamps[index];
			newLeaderEpochs[i] = this.leaderEpochs[index];
			newContents[i] = this.contents[index];
		}
		this.offsets = newOffsets;
		this.timestamps = newTimestamps;
		this.leaderEpochs = newLeaderEpochs;
		this.contents = newContents;
		this.head = 0;
	}

	long offset(int place) {
		return this.offsets[index(place)];
	}

	int leaderEpoch(int place) {
		return this.leaderEpochs[index(place)];
	}

	long timestamp(int place) {
		return this.timestamps[index(place)];
	}

	@Nullable Object content(int place) {
		return this.contents[index(place)];
	}

	void removeFirst() {
		this.contents[this.head] = null;
		this.head = (this.head + 1) & (this.offsets.length - 1);
		this.size--;
		if (this.size == 0) {
			this.head = 0;
		}
	}

	void replaceFirst(long offset, Object content) {
		this.offsets[this.head] = offset;
		this.contents[this.head] = content;
	}

	void removeLast() {
		this.size--;
		this.contents[(this.head + this.size) & (this.offsets.length - 1)] = null;
	}

	void clear() {
		Arrays.fill(this.contents, null);
		this.head = 0;
		this.size = 0;
	}

	private int index(int place) {
		return (this.head + place) & (this.offsets.length - 1);
	}

}
