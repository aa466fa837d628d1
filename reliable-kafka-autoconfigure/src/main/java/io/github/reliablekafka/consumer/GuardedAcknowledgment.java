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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.kafka.support.Acknowledgment;

/**
 * An acknowledgement that the guard of commits hears of before the container does. As
 * safe for use by many threads as the container's own.
 */
final class GuardedAcknowledgment implements Acknowledgment {

	private final Acknowledgment next;

	/**
	 * As the container has them, with what a filter removes.
	 */
	private final Iterable<? extends ConsumerRecord<?, ?>> records;

	/**
	 * As they were before. The same if there is only one.
	 */
	private final List<ConsumerRecord<?, ?>> all;

	private final CommitGuard guard;

	private final ListenedRecords open;

	/**
	 * The last index of those that were acknowledged in part, as the listener counts.
	 */
	private int partial = -1;

	/**
	 * The same, as the container counts.
	 */
	private int counted = -1;

	private volatile boolean givenBack;

	/**
	 * Create an acknowledgement.
	 * @param next the container's own
	 * @param records what it is about
	 * @param guard is told
	 * @param open has the records
	 */
	GuardedAcknowledgment(Acknowledgment next, Iterable<? extends ConsumerRecord<?, ?>> records, CommitGuard guard,
			ListenedRecords open) {
		this(next, records, copyOf(records), guard, open);
	}

	/**
	 * Create an acknowledgement of a record.
	 * @param next the container's own
	 * @param record what it is about, in a list of its own
	 * @param guard is told
	 * @param open has the record
	 * @return the acknowledgement
	 */
	static GuardedAcknowledgment ofRecord(Acknowledgment next, List<ConsumerRecord<?, ?>> record, CommitGuard guard,
			ListenedRecords open) {
		return new GuardedAcknowledgment(next, record, record, guard, open);
	}

	private GuardedAcknowledgment(Acknowledgment next, Iterable<? extends ConsumerRecord<?, ?>> records,
			List<ConsumerRecord<?, ?>> all, CommitGuard guard, ListenedRecords open) {
		this.next = next;
		this.records = records;
		this.all = all;
		this.guard = guard;
		this.open = open;
	}

	/**
	 * The listener has returned, without a failure.
	 */
	void returned() {
		if (this.guard.isAcknowledgedWhenReturned() && !this.givenBack) {
			acknowledge();
		}
	}

	@Override
	public void acknowledge() {
		if (this.partial >= 0) {
			// The container would acknowledge one more record.
			int last = given().size() - 1;
			if (last > this.counted) {
				acknowledge(this.all.size(), last);
				this.partial = kept().size() - 1;
			}
			return;
		}
		this.guard.acknowledge(this.all, this.next::acknowledge, this.open);
	}

	@Override
	public void acknowledge(int index) {
		List<? extends ConsumerRecord<?, ?>> kept = kept();
		if (index <= this.partial || index < 0 || index >= kept.size() || !this.guard.takesParts()) {
			refuse(index, kept, () -> this.next.acknowledge(index));
			return;
		}
		int last = (index == kept.size() - 1) ? this.all.size() - 1 : firstOf(kept.subList(index + 1, kept.size())) - 1;
		// It has the same list, from which a filter may have removed what it did not
		// keep.
		int counts = (given().size() == this.all.size()) ? last : index;
		// Nothing new is done as long as a filter has put the next record further back.
		if (last >= 0 && counts > this.counted) {
			acknowledge(last + 1, counts);
		}
		this.partial = index;
	}

	private void acknowledge(int count, int counted) {
		this.guard.acknowledge(this.all.subList(0, count), () -> this.next.acknowledge(counted), this.open);
		this.counted = counted;
	}

	@Override
	public void nack(Duration sleep) {
		this.givenBack = true;
		this.next.nack(sleep);
		giveBack(sleep);
		this.all.forEach(this.open::fail);
	}

	@Override
	public void nack(int index, Duration sleep) {
		this.givenBack = true;
		List<? extends ConsumerRecord<?, ?>> kept = kept();
		if (index < 0 || index >= kept.size() || sleep.isNegative() || !this.guard.isPolling()) {
			refuse(index, kept, () -> this.next.nack(index, sleep));
			return;
		}
		int first = firstOf(kept.subList(index, kept.size()));
		// The container commits first. If it cannot, it forgets what was given back.
		this.all.subList(first, this.all.size()).forEach(this.open::fail);
		this.guard.acknowledge(this.all.subList(0, first), () -> this.next.nack(first, sleep), this.open);
		giveBack(sleep);
	}

	private void giveBack(Duration sleep) {
		if (sleep.toMillis() > 0) {
			this.guard.call().giveBack();
		}
	}

	// The container does so, unless it counts what the listener was not given. Should it
	// not, what it commits is no decision of the listener's to pass records.
	private void refuse(int index, List<? extends ConsumerRecord<?, ?>> kept, Runnable next) {
		if (index >= kept.size() && index < this.all.size()) {
			throw new IllegalArgumentException("index (%d) is out of range (0-%d)".formatted(index, kept.size() - 1));
		}
		if (this.guard.isPolling()) {
			this.guard.call().acknowledge(next);
		}
		else {
			next.run();
		}
	}

	// A filter has taken out what the listener does not count and the container does.
	private List<? extends ConsumerRecord<?, ?>> kept() {
		List<? extends ConsumerRecord<?, ?>> kept = this.guard.call().kept();
		return (kept != null) ? kept : this.all;
	}

	private List<ConsumerRecord<?, ?>> given() {
		return copyOf(this.records);
	}

	// A filter may give copies on, and in another order. If it has made all of them,
	// nobody knows what is in front of them.
	private int firstOf(List<? extends ConsumerRecord<?, ?>> records) {
		Set<ToldFilter.Place> places = ToldFilter.Place.of(records);
		int first = 0;
		while (first < this.all.size() && !places.contains(ToldFilter.Place.of(this.all.get(first)))) {
			first++;
		}
		if (first == this.all.size()) {
			ConsumerRecord<?, ?> unknown = records.get(0);
			throw new IllegalArgumentException("%s-%d@%d is no record of this batch".formatted(unknown.topic(),
					unknown.partition(), unknown.offset()));
		}
		return first;
	}

	@Override
	public boolean isOutOfOrderCommit() {
		return this.next.isOutOfOrderCommit();
	}

	private static List<ConsumerRecord<?, ?>> copyOf(Iterable<? extends ConsumerRecord<?, ?>> records) {
		List<ConsumerRecord<?, ?>> copy = new ArrayList<>();
		records.forEach(copy::add);
		return copy;
	}

	@Override
	public String toString() {
		return this.next.toString();
	}

}
