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

import java.util.List;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What the listener of one container is doing, which tells whose a commit is that is made
 * meanwhile. For use by the polling thread, but for {@link #offsetIn} and
 * {@link #progress}.
 */
final class ListenerCall {

	/**
	 * Read by another thread, which has time.
	 */
	private @Nullable ConsumerRecord<?, ?> current;

	/**
	 * Read by another thread, which has time.
	 */
	private long done;

	private boolean inBatch;

	private int listening;

	private @Nullable List<? extends ConsumerRecord<?, ?>> kept;

	private int acknowledging;

	private boolean givingBack;

	/**
	 * The listener is about to be given a record. While it has it, a commit may pass it:
	 * Spring Kafka commits a record that a listener has processed before it tells
	 * anybody.
	 * @param record the record
	 */
	void begin(ConsumerRecord<?, ?> record) {
		this.current = record;
	}

	/**
	 * The listener is about to be given a batch. What it commits itself while it has it
	 * is its own decision: the container commits later.
	 */
	void beginBatch() {
		this.inBatch = true;
	}

	/**
	 * The listener is done with a record or a batch, or an error handler has it.
	 */
	void done() {
		this.current = null;
		this.inBatch = false;
		this.done++;
	}

	/**
	 * Call a listener that acknowledges by hand. What it commits without an
	 * acknowledgement, with the consumer, is its own decision.
	 * @param listener the listener
	 */
	void listen(Runnable listener) {
		this.listening++;
		this.kept = null;
		try {
			listener.run();
		}
		catch (RuntimeException | Error ex) {
			// The container hears of that instead.
			endGivingBack();
			throw ex;
		}
		finally {
			this.listening--;
			this.kept = null;
		}
	}

	/**
	 * A filter has kept records of a batch from the listener.
	 * @param records those that the listener is given
	 */
	void keep(List<? extends ConsumerRecord<?, ?>> records) {
		this.kept = records;
	}

	/**
	 * What the listener is given of the batch.
	 * @return {@code null} if that is all
	 */
	@Nullable List<? extends ConsumerRecord<?, ?>> kept() {
		return this.kept;
	}

	/**
	 * The listener acknowledges.
	 * @param next tells the container, which may commit at once
	 */
	void acknowledge(Runnable next) {
		this.acknowledging++;
		try {
			next.run();
		}
		finally {
			this.acknowledging--;
		}
	}

	/**
	 * The listener has given records back, to have them again after some time. For that
	 * time the container pauses what it has: it asks what is paused already, and pauses
	 * the rest, before it polls again.
	 */
	void giveBack() {
		this.givingBack = true;
	}

	/**
	 * The container has paused, or nothing was given back.
	 */
	void endGivingBack() {
		this.givingBack = false;
	}

	/**
	 * Whether the container is about to pause for what was given back.
	 * @return {@code false} if a pause is for another reason
	 */
	boolean isGivingBack() {
		return this.givingBack && !isUnderway();
	}

	/**
	 * Whether a commit that is made now is the listener's own.
	 * @return {@code false} if it is the container's, as far as that can be told
	 */
	boolean isOwnCommit() {
		return this.inBatch || (this.listening > 0 && this.acknowledging == 0);
	}

	/**
	 * Whether the listener has something.
	 * @return {@code false} between two calls
	 */
	boolean isUnderway() {
		return this.current != null || this.inBatch || this.listening > 0;
	}

	/**
	 * The record that the listener has been given alone.
	 * @return {@code null} if there is none
	 */
	@Nullable ConsumerRecord<?, ?> current() {
		return this.current;
	}

	/**
	 * The offset of the record that the listener has been given alone. May be asked by
	 * any thread.
	 * @param partition a partition
	 * @return -1 if there is none in this partition
	 */
	long offsetIn(TopicPartition partition) {
		ConsumerRecord<?, ?> record = this.current;
		return (record != null && record.partition() == partition.partition()
				&& record.topic().equals(partition.topic())) ? record.offset() : -1;
	}

	/**
	 * How many records or batches the listener has dealt with. May be asked by any
	 * thread.
	 * @return a number that has changed if there was another one some time ago
	 */
	long progress() {
		return this.done;
	}

}
