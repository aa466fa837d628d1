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
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;

import io.github.reliablekafka.ledger.GuardIntervention;
import io.github.reliablekafka.sequence.Cause;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the commits of one listener container's consumer from passing a record that has
 * no outcome, and has records polled again that got lost on their way to the listener.
 * What it knows ends with the assignment of a partition and with the process: then the
 * records come again from the group's offset, which is why it need not be remembered.
 * <p>
 * Costs a comparison for each commit. For use by the polling thread, but for
 * {@link #acknowledge}.
 */
final class CommitGuard {

	/**
	 * A partition is not read on while there are more records between the first one
	 * without an outcome and the last one polled: with a listener that acknowledges by
	 * hand, and forgets one, there is no other end to what has to be processed again.
	 * They take 12.5 kB, or 0.8 MB if there are gaps between offsets.
	 */
	static final int MOST_OPEN = 100_000;

	private static final Log logger = LogFactory.getLog(CommitGuard.class);

	private static final Duration PAUSE = Duration.ofSeconds(1);

	private final Consumer<?, ?> consumer;

	private final Outcomes outcomes;

	private final boolean byHand;

	private final BiConsumer<TopicPartition, Duration> holdBack;

	private final Map<TopicPartition, Long> readAgain = new HashMap<>();

	private final Queue<ConsumerRecord<?, ?>> acknowledged = new ConcurrentLinkedQueue<>();

	private volatile @Nullable Thread thread;

	private @Nullable ConsumerRecord<?, ?> current;

	private int listening;

	private int acknowledging;

	/**
	 * Create a guard.
	 * @param consumer is set back
	 * @param outcomes counts interventions
	 * @param byHand whether the listener says of each record itself that it is processed,
	 * possibly much later
	 * @param holdBack keeps a partition from being polled for some time
	 */
	CommitGuard(Consumer<?, ?> consumer, Outcomes outcomes, boolean byHand,
			BiConsumer<TopicPartition, Duration> holdBack) {
		this.consumer = consumer;
		this.outcomes = outcomes;
		this.byHand = byHand;
		this.holdBack = holdBack;
	}

	boolean isByHand() {
		return this.byHand;
	}

	Outcomes outcomes() {
		return this.outcomes;
	}

	/**
	 * A listener is about to be given a record. While it has it, a commit may pass it:
	 * Spring Kafka commits a record that a listener has processed before it tells
	 * anybody.
	 * @param record the record
	 */
	void begin(ConsumerRecord<?, ?> record) {
		if (!this.byHand) {
			this.current = record;
		}
	}

	/**
	 * The listener is done with a record, or an error handler has it.
	 */
	void done() {
		this.current = null;
	}

	/**
	 * Call a listener that acknowledges by hand. What it commits without an
	 * acknowledgement, with the consumer, is its own decision.
	 * @param listener the listener
	 */
	void listen(Runnable listener) {
		this.listening++;
		try {
			listener.run();
		}
		finally {
			this.listening--;
		}
	}

	/**
	 * The listener acknowledges records.
	 * @param records the records
	 * @param next tells the container, which may commit at once
	 * @param open knows the open records of the partition of a record
	 */
	void acknowledge(Iterable<? extends ConsumerRecord<?, ?>> records, Runnable next, ListenedRecords open) {
		if (Thread.currentThread() != this.thread) {
			records.forEach(this.acknowledged::add);
			next.run();
			return;
		}
		records.forEach(open::close);
		this.acknowledging++;
		try {
			next.run();
		}
		finally {
			this.acknowledging--;
		}
	}

	/**
	 * The container polls, on this thread.
	 */
	void enterPoll() {
		this.thread = Thread.currentThread();
	}

	/**
	 * Close what was acknowledged by other threads.
	 * @param open knows the open records of the partition of a record
	 */
	void takeAcknowledged(ListenedRecords open) {
		for (ConsumerRecord<?, ?> record = this.acknowledged.poll(); record != null; record = this.acknowledged
			.poll()) {
			open.close(record);
		}
	}

	/**
	 * Limit a commit to what has outcomes.
	 * @param assigned the partition
	 * @param given what is to be committed
	 * @param inTransaction whether with a transaction, which is about no other records
	 * @return what may be committed instead, which is more than given if an earlier
	 * commit had to wait for it; {@code null} for nothing
	 */
	@Nullable OffsetAndMetadata limit(AssignedPartition assigned, OffsetAndMetadata given, boolean inTransaction) {
		OpenRecords open = assigned.open();
		if (this.listening > 0 && this.acknowledging == 0) {
			open.closeBelow(given.offset());
			return given;
		}
		long offset = inTransaction ? given.offset() : Math.max(given.offset(), open.wanted());
		long first = open.first(offsetOfCurrent(assigned.partition()));
		boolean trimmed = first >= 0 && first < offset;
		if (trimmed || this.byHand) {
			// Acknowledgements in any order come as commits in any order.
			open.want(offset);
		}
		if (!trimmed) {
			return moved(given, offset);
		}
		if (first < given.offset()) {
			this.outcomes.intervened(assigned.partition().topic(), GuardIntervention.COMMIT_TRIMMED);
			if (!this.byHand) {
				logger.warn(
						"%s was to be committed up to %d, but the record at %d has no outcome yet: committed up to there"
							.formatted(assigned.partition(), given.offset(), first));
			}
		}
		return (first > open.committed()) ? moved(given, first) : null;
	}

	private static OffsetAndMetadata moved(OffsetAndMetadata given, long offset) {
		return (offset != given.offset()) ? new OffsetAndMetadata(offset, Optional.empty(), given.metadata()) : given;
	}

	private long offsetOfCurrent(TopicPartition partition) {
		ConsumerRecord<?, ?> record = this.current;
		return (record != null && record.partition() == partition.partition()
				&& record.topic().equals(partition.topic())) ? record.offset() : -1;
	}

	/**
	 * What may be committed by now of what could not be committed before.
	 * @param assigned the partition
	 * @return {@code null} for nothing
	 */
	@Nullable OffsetAndMetadata owed(AssignedPartition assigned) {
		OpenRecords open = assigned.open();
		long first = open.first(-1);
		long offset = (first < 0) ? open.wanted() : Math.min(first, open.wanted());
		return (offset > open.committed()) ? new OffsetAndMetadata(offset) : null;
	}

	/**
	 * The container polls again: what it was given before, it has given to the listener,
	 * unless the partition is paused.
	 * @param assigned a partition
	 */
	void beforePoll(AssignedPartition assigned) {
		OpenRecords open = assigned.open();
		long first = this.byHand ? open.firstUndelivered() : open.first(-1);
		if (first >= 0) {
			// A container that keeps records for later pauses what it polls.
			if (!this.consumer.paused().contains(assigned.partition())) {
				readAgain(assigned, first);
			}
		}
		else if (this.byHand && open.size() > MOST_OPEN) {
			this.holdBack.accept(assigned.partition(), PAUSE);
		}
	}

	private void readAgain(AssignedPartition assigned, long first) {
		TopicPartition partition = assigned.partition();
		int size = assigned.open().size();
		try {
			this.consumer.seek(partition, first);
		}
		catch (IllegalStateException ex) {
			logger.debug("%s is not assigned any more".formatted(partition), ex);
			return;
		}
		assigned.move(first, Cause.SEEK);
		this.outcomes.intervened(partition.topic(), GuardIntervention.READ_AGAIN);
		logger.warn("Up to %d records of %s from offset %d on were polled and have no outcome, so they are polled again"
			.formatted(size, partition, first));
		Long before = this.readAgain.put(partition, first);
		if (before != null && before == first) {
			this.holdBack.accept(partition, PAUSE);
		}
	}

	/**
	 * A commit failed.
	 * @param offsets what was to be committed
	 * @param failure why not
	 * @return whether the container is about to stop, and had better go on with that: a
	 * failure would keep it from closing the consumer, whose partitions nobody else gets
	 * before it is given up by the group
	 */
	boolean isLast(Map<TopicPartition, OffsetAndMetadata> offsets, RuntimeException failure) {
		if (!this.outcomes.isStopping()) {
			return false;
		}
		offsets.keySet()
			.forEach((partition) -> this.outcomes.intervened(partition.topic(), GuardIntervention.LAST_COMMIT_FAILED));
		logger.warn("Offsets %s could not be committed while the listener container stops: the records come again"
			.formatted(offsets), failure);
		return true;
	}

}
