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
import java.util.BitSet;
import java.util.List;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * The records of one partition and poll, and which of them have no outcome yet. Outcomes
 * mostly come in order; then nothing is kept of them but how far they have come. For use
 * by the polling thread.
 */
final class OpenBatch {

	private final long start;

	/**
	 * If they do not follow each other without a gap.
	 */
	private long @Nullable [] offsets;

	private final long polledAt;

	private int size;

	/**
	 * All in front of it have an outcome.
	 */
	private int head;

	/**
	 * All in front of it were given to the listener.
	 */
	private int delivered;

	private @Nullable BitSet closedBehindHead;

	/**
	 * Whether records at the end are no longer looked after.
	 */
	private boolean cut;

	OpenBatch(List<? extends ConsumerRecord<?, ?>> records, long polledAt) {
		this.start = records.get(0).offset();
		this.size = records.size();
		this.polledAt = polledAt;
		boolean gaps = records.get(this.size - 1).offset() - this.start != this.size - 1;
		this.offsets = gaps ? records.stream().mapToLong(ConsumerRecord::offset).toArray() : null;
	}

	private long offset(int index) {
		return (this.offsets != null) ? this.offsets[index] : this.start + index;
	}

	// That of the first record that is not in front of the offset.
	private int indexOf(long offset) {
		if (this.offsets == null) {
			return (int) Math.min(Math.max(offset - this.start, 0), this.size);
		}
		int index = Arrays.binarySearch(this.offsets, 0, this.size, offset);
		return (index < 0) ? -index - 1 : index;
	}

	private boolean has(int index, long offset) {
		return index < this.size && offset(index) == offset;
	}

	/**
	 * Add what was polled behind these records, if all of them were given to the
	 * listener. They then count as polled at the same time.
	 * @param records in the order of their offsets
	 * @param most how many records to have at most
	 * @return {@code false} if that does not fit
	 */
	boolean extend(List<? extends ConsumerRecord<?, ?>> records, int most) {
		if (this.cut || this.delivered < this.size || this.size + records.size() > most) {
			return false;
		}
		int size = this.size + records.size();
		if (this.offsets != null || records.get(records.size() - 1).offset() - this.start != size - 1) {
			long[] extended = LongStream
				.concat(LongStream.range(0, this.size).map((index) -> offset((int) index)),
						records.stream().mapToLong(ConsumerRecord::offset))
				.toArray();
			this.offsets = extended;
		}
		this.size = size;
		return true;
	}

	int size() {
		return Math.max(0, this.size - this.head);
	}

	long polledAt() {
		return this.polledAt;
	}

	boolean isClosed() {
		return this.head >= this.size;
	}

	// Whether the record is of this batch.
	boolean deliver(long offset) {
		int index = indexOf(offset);
		if (!has(index, offset)) {
			return false;
		}
		this.delivered = Math.max(this.delivered, index + 1);
		return true;
	}

	void fail(long offset) {
		this.delivered = Math.min(this.delivered, indexOf(offset));
	}

	void closeUndelivered() {
		this.size = Math.min(this.size, Math.max(this.head, this.delivered));
		this.cut = true;
	}

	// Whether the record is of this batch, open or not.
	boolean close(long offset) {
		int index = indexOf(offset);
		if (!has(index, offset)) {
			return false;
		}
		if (index == this.head) {
			this.head = nextOpen(index + 1);
		}
		else if (index > this.head) {
			if (this.closedBehindHead == null) {
				this.closedBehindHead = new BitSet(this.size);
			}
			this.closedBehindHead.set(index);
		}
		return true;
	}

	void closeBelow(long offset) {
		int index = indexOf(offset);
		if (index > this.head) {
			this.head = nextOpen(index);
		}
	}

	private int nextOpen(int index) {
		return (this.closedBehindHead != null) ? this.closedBehindHead.nextClearBit(index) : index;
	}

	void dropFrom(long offset) {
		this.size = Math.min(this.size, indexOf(offset));
		this.cut = true;
	}

	long first(long except) {
		int index = this.head;
		if (has(index, except)) {
			index = nextOpen(index + 1);
		}
		return (index < this.size) ? offset(index) : -1;
	}

	long firstUndelivered() {
		int index = nextOpen(Math.max(this.head, this.delivered));
		return (index < this.size) ? offset(index) : -1;
	}

}
