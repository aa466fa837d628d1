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

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The records of one partition that a listener container has polled and that have no
 * outcome yet, and how far the group has committed. Costs one bit a record, and keeps the
 * polled records themselves until the next poll, which the container does as well. For
 * use by the polling thread.
 */
final class OpenRecords {

	/**
	 * So many polls may have a record without an outcome and without a commit above it.
	 * What is older is forgotten, as nobody commits then.
	 */
	private static final int MOST_BATCHES = 100;

	private final Deque<Batch> batches = new ArrayDeque<>(2);

	private final List<ConsumerRecord<?, ?>> abandoned = new ArrayList<>(0);

	private long committed = -1;

	private long sentInTransaction = -1;

	/**
	 * Records were polled.
	 * @param records in the order of their offsets; is not copied
	 */
	void add(List<? extends ConsumerRecord<?, ?>> records) {
		this.batches.addLast(new Batch(records));
		if (this.batches.size() > MOST_BATCHES) {
			this.batches.removeFirst();
		}
	}

	/**
	 * A record has an outcome.
	 * @param offset its offset; one that is not open is ignored
	 */
	void close(long offset) {
		Batch newest = this.batches.peekLast();
		if (newest == null || newest.close(offset)) {
			return;
		}
		Iterator<Batch> newestFirst = this.batches.descendingIterator();
		while (newestFirst.hasNext()) {
			if (newestFirst.next().close(offset)) {
				return;
			}
		}
	}

	/**
	 * Somebody deals with every record in a way of their own.
	 */
	void closeAll() {
		this.batches.clear();
	}

	/**
	 * A record failed for good, and it is known that nobody has kept it.
	 * @param record the record
	 */
	void abandon(ConsumerRecord<?, ?> record) {
		close(record.offset());
		this.abandoned.add(record);
	}

	/**
	 * The position was moved: what is behind it will be polled again, or is not there any
	 * more.
	 * @param offset the next offset to be polled
	 */
	void dropFrom(long offset) {
		this.batches.forEach((batch) -> batch.dropFrom(offset));
		this.abandoned.removeIf((record) -> record.offset() >= offset);
		if (this.sentInTransaction > offset) {
			// The transaction was rolled back.
			this.sentInTransaction = -1;
		}
	}

	/**
	 * The group has committed an offset.
	 * @param offset the offset
	 */
	void committed(long offset) {
		this.committed = offset;
		this.sentInTransaction = -1;
	}

	/**
	 * An offset was given to a transaction, which may yet be rolled back.
	 * @param offset the offset
	 */
	void sentInTransaction(long offset) {
		this.sentInTransaction = offset;
	}

	/**
	 * How far the group has committed.
	 * @return -1 if that is not known
	 */
	long committed() {
		return this.committed;
	}

	/**
	 * Take out the records that were committed without an outcome. To be called when the
	 * container is done with what it polled before.
	 * @return by offset; mostly empty
	 */
	List<ConsumerRecord<?, ?>> takeCommitted() {
		if (this.sentInTransaction >= 0) {
			committed(this.sentInTransaction);
		}
		if (this.batches.isEmpty() && this.abandoned.isEmpty()) {
			return List.of();
		}
		List<ConsumerRecord<?, ?>> taken = new ArrayList<>(0);
		Iterator<Batch> batches = this.batches.iterator();
		while (batches.hasNext()) {
			Batch batch = batches.next();
			batch.takeBelow(this.committed, taken);
			if (batch.open == 0) {
				batches.remove();
			}
		}
		this.abandoned.removeIf((record) -> {
			boolean below = record.offset() < this.committed;
			if (below) {
				taken.add(record);
			}
			return below;
		});
		taken.sort(Comparator.comparingLong(ConsumerRecord::offset));
		return taken;
	}

	/**
	 * The records of one poll.
	 */
	private static final class Batch {

		private final List<? extends ConsumerRecord<?, ?>> records;

		private final BitSet closed;

		private int open;

		/**
		 * Where the next outcome is expected, as they come in order.
		 */
		private int next;

		Batch(List<? extends ConsumerRecord<?, ?>> records) {
			this.records = records;
			this.closed = new BitSet(records.size());
			this.open = records.size();
		}

		// Whether the record is of this batch, open or not.
		boolean close(long offset) {
			int index = indexOf(offset);
			if (index < 0) {
				return false;
			}
			this.next = index + 1;
			closeAt(index);
			return true;
		}

		private void closeAt(int index) {
			if (!this.closed.get(index)) {
				this.closed.set(index);
				this.open--;
			}
		}

		private int indexOf(long offset) {
			if (this.next < this.records.size() && this.records.get(this.next).offset() == offset) {
				return this.next;
			}
			int low = 0;
			int high = this.records.size() - 1;
			while (low <= high) {
				int middle = (low + high) >>> 1;
				long found = this.records.get(middle).offset();
				if (found == offset) {
					return middle;
				}
				if (found < offset) {
					low = middle + 1;
				}
				else {
					high = middle - 1;
				}
			}
			return -1;
		}

		void dropFrom(long offset) {
			for (int i = this.records.size() - 1; i >= 0 && this.records.get(i).offset() >= offset; i--) {
				closeAt(i);
			}
		}

		void takeBelow(long offset, List<ConsumerRecord<?, ?>> taken) {
			if (this.open == 0) {
				return;
			}
			int index = this.closed.nextClearBit(0);
			while (index < this.records.size() && this.records.get(index).offset() < offset) {
				taken.add(this.records.get(index));
				closeAt(index);
				index = this.closed.nextClearBit(index + 1);
			}
		}

	}

}
