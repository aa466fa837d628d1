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

import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.kafka.support.Acknowledgment;

/**
 * An acknowledgement that the guard of commits hears of before the container does. As
 * safe for use by many threads as the container's own.
 */
final class GuardedAcknowledgment implements Acknowledgment {

	private final Acknowledgment next;

	private final Iterable<? extends ConsumerRecord<?, ?>> records;

	private final CommitGuard guard;

	private final ListenedRecords open;

	/**
	 * The last index of those that were acknowledged in part.
	 */
	private int partial = -1;

	/**
	 * Create an acknowledgement.
	 * @param next the container's own
	 * @param records what it is about
	 * @param guard is told
	 * @param open has the records
	 */
	GuardedAcknowledgment(Acknowledgment next, Iterable<? extends ConsumerRecord<?, ?>> records, CommitGuard guard,
			ListenedRecords open) {
		this.next = next;
		this.records = records;
		this.guard = guard;
		this.open = open;
	}

	@Override
	public void acknowledge() {
		if (this.partial >= 0) {
			// The container would acknowledge one more record.
			int last = all().size() - 1;
			if (last > this.partial) {
				acknowledge(last);
			}
			return;
		}
		this.guard.acknowledge(this.records, this.next::acknowledge, this.open);
	}

	@Override
	public void acknowledge(int index) {
		this.guard.acknowledge(first(index + 1), () -> this.next.acknowledge(index), this.open);
		this.partial = index;
	}

	@Override
	public void nack(Duration sleep) {
		this.next.nack(sleep);
	}

	@Override
	public void nack(int index, Duration sleep) {
		this.guard.acknowledge(first(index), () -> this.next.nack(index, sleep), this.open);
	}

	@Override
	public boolean isOutOfOrderCommit() {
		return this.next.isOutOfOrderCommit();
	}

	// A wrong count is for the container to refuse: it acknowledges nothing.
	private List<ConsumerRecord<?, ?>> first(int count) {
		List<ConsumerRecord<?, ?>> all = all();
		return (count >= 0 && count <= all.size()) ? all.subList(0, count) : List.of();
	}

	private List<ConsumerRecord<?, ?>> all() {
		List<ConsumerRecord<?, ?>> all = new ArrayList<>();
		this.records.forEach(all::add);
		return all;
	}

	@Override
	public String toString() {
		return this.next.toString();
	}

}
