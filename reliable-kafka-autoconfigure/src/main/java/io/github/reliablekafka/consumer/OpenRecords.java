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
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;

import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The records of one partition that a listener container has polled in this assignment
 * and that have no outcome yet, and how far the group has committed. Keeps no record; one
 * whose turn it is not yet costs a bit, and its offset too if there are gaps between
 * offsets. For use by the polling thread.
 */
final class OpenRecords {

	/**
	 * From here on polls are kept together, since there may be one for each record.
	 */
	private static final int MANY_BATCHES = 1000;

	/**
	 * So many records of several polls are kept together at most.
	 */
	private static final int MOST_IN_A_BATCH = 4096;

	private final Deque<OpenBatch> batches = new ArrayDeque<>(2);

	private final List<ConsumerRecord<?, ?>> abandoned = new ArrayList<>(0);

	private long committed = -1;

	private long sentInTransaction = -1;

	/**
	 * What every record in front of has been committed, or was never polled.
	 */
	private long start = -1;

	private long wanted = -1;

	private long owed = -1;

	private long readAgain = -1;

	private boolean heldUp;

	/**
	 * Records were polled.
	 * @param records in the order of their offsets
	 * @param now when, by a clock of nanoseconds
	 */
	void add(List<? extends ConsumerRecord<?, ?>> records, long now) {
		this.batches.removeIf(OpenBatch::isClosed);
		if (this.start < 0) {
			this.start = records.get(0).offset();
		}
		OpenBatch last = this.batches.peekLast();
		if (last == null || this.batches.size() < MANY_BATCHES || !last.extend(records, MOST_IN_A_BATCH)) {
			this.batches.addLast(new OpenBatch(records, now));
		}
	}

	/**
	 * The listener is given a record.
	 * @param offset its offset
	 */
	void deliver(long offset) {
		Iterator<OpenBatch> newestFirst = this.batches.descendingIterator();
		while (newestFirst.hasNext()) {
			if (newestFirst.next().deliver(offset)) {
				return;
			}
		}
	}

	/**
	 * An error handler is given a record, which it will keep or have polled again. Until
	 * then the listener was given neither that one nor any behind it.
	 * @param offset its offset
	 */
	void fail(long offset) {
		this.batches.forEach((batch) -> batch.fail(offset));
	}

	/**
	 * A record has an outcome.
	 * @param offset its offset; one that is not open is ignored
	 */
	void close(long offset) {
		Iterator<OpenBatch> newestFirst = this.batches.descendingIterator();
		while (newestFirst.hasNext()) {
			if (newestFirst.next().close(offset)) {
				return;
			}
		}
	}

	/**
	 * Every record in front of an offset has an outcome.
	 * @param offset the offset
	 */
	void closeBelow(long offset) {
		this.batches.forEach((batch) -> batch.closeBelow(offset));
	}

	/**
	 * Somebody deals with every record that the listener was not given, in a way of their
	 * own.
	 */
	void closeUndelivered() {
		this.batches.forEach(OpenBatch::closeUndelivered);
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
		this.wanted = Math.min(this.wanted, offset);
		this.owed = -1;
		this.start = Math.min(this.start, offset);
		if (this.sentInTransaction > offset) {
			// The transaction was rolled back.
			this.sentInTransaction = -1;
		}
	}

	/**
	 * How many records may have no outcome yet.
	 * @return not less than there are, and not more than there were when the oldest of
	 * them was polled
	 */
	int size() {
		int size = 0;
		for (OpenBatch batch : this.batches) {
			size += batch.size();
		}
		return size;
	}

	/**
	 * The first record without an outcome.
	 * @param except an offset that counts as if it had one; -1 for none
	 * @return its offset; -1 if there is none
	 */
	long first(long except) {
		for (OpenBatch batch : this.batches) {
			long first = batch.first(except);
			if (first >= 0) {
				return first;
			}
		}
		return -1;
	}

	/**
	 * The first record that the listener was not given and that nobody else has dealt
	 * with.
	 * @return its offset; -1 if there is none
	 */
	long firstUndelivered() {
		for (OpenBatch batch : this.batches) {
			long first = batch.firstUndelivered();
			if (first >= 0) {
				return first;
			}
		}
		return -1;
	}

	/**
	 * When the first record without an outcome was polled. To be asked only if there is
	 * one.
	 * @return by the clock of nanoseconds
	 */
	long firstPolledAt() {
		for (OpenBatch batch : this.batches) {
			if (!batch.isClosed()) {
				return batch.polledAt();
			}
		}
		throw new IllegalStateException("Every record has an outcome");
	}

	/**
	 * An offset is to be committed, by now or as soon as the records below it allow it.
	 * @param offset the offset
	 */
	void want(long offset) {
		this.wanted = Math.max(this.wanted, offset);
	}

	/**
	 * No offset is to be committed but what was.
	 * @param offset the offset
	 */
	void wantOnly(long offset) {
		this.wanted = offset;
	}

	/**
	 * Note that what was wanted is being committed.
	 * @param offset up to where
	 * @return {@code false} if it already is
	 */
	boolean owe(long offset) {
		boolean changed = this.owed != offset;
		this.owed = offset;
		return changed;
	}

	/**
	 * Note that what was being committed is not.
	 * @param offset up to where
	 */
	void notCommitted(long offset) {
		if (this.owed == offset) {
			this.owed = -1;
		}
	}

	/**
	 * Note that records are polled again.
	 * @param offset from where on
	 * @return whether that was the case the last time as well
	 */
	boolean readAgain(long offset) {
		boolean again = this.readAgain == offset;
		this.readAgain = offset;
		return again;
	}

	/**
	 * Note whether the partition is read on.
	 * @param heldUp {@code true} if there are too many records without an outcome
	 */
	void holdUp(boolean heldUp) {
		this.heldUp = heldUp;
	}

	/**
	 * Whether the partition is not read on.
	 * @return {@code true} if there are too many records without an outcome
	 */
	boolean isHeldUp() {
		return this.heldUp;
	}

	/**
	 * The highest offset that is to be committed.
	 * @return -1 if there is none, or the position was set back since
	 */
	long wanted() {
		return this.wanted;
	}

	/**
	 * The group has committed an offset.
	 * @param offset the offset
	 */
	void committed(long offset) {
		this.committed = offset;
		this.start = offset;
		this.sentInTransaction = -1;
	}

	/**
	 * The transaction was committed that offsets were given to.
	 */
	void committedInTransaction() {
		if (this.sentInTransaction >= 0) {
			committed(this.sentInTransaction);
		}
	}

	/**
	 * Where to read again because a transaction was neither committed nor rolled back: it
	 * is not known what has become of it.
	 * @return -1 if there is none
	 */
	long lostTransaction() {
		return (this.sentInTransaction > this.start) ? this.start : -1;
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
	 * What comes again if the partition is read from the group's offset.
	 * @return empty if everything that was polled is committed, as far as that is known
	 */
	Optional<String> describeAgain() {
		long first = first(-1);
		if (first >= 0) {
			return Optional.of("@%d, up to %d records without an outcome".formatted(first, size()));
		}
		return (this.wanted > this.committed) ? Optional.of(" up to %d, though processed".formatted(this.wanted))
				: Optional.empty();
	}

	/**
	 * Take out the abandoned records that were committed. To be called when the container
	 * is done with what it polled before.
	 * @return by offset; mostly empty
	 */
	List<ConsumerRecord<?, ?>> takeCommitted() {
		if (this.abandoned.isEmpty()) {
			return List.of();
		}
		List<ConsumerRecord<?, ?>> taken = new ArrayList<>();
		this.abandoned.removeIf((record) -> record.offset() < this.committed && taken.add(record));
		taken.sort(Comparator.comparingLong(ConsumerRecord::offset));
		return taken;
	}

}
