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

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Follows what becomes of the records that one consumer polls for a listener container,
 * for the guard of its commits, and finds those that were given up and committed though
 * nobody has kept them. The latter is judged at the next poll, when the listener is done
 * with what was polled before, or when its partition is taken away.
 * <p>
 * Does nothing until a listener container says that it tells outcomes: of other consumers
 * nobody knows what they have processed. For use by the polling thread.
 */
final class ListenedRecords {

	private static final Log logger = LogFactory.getLog(ListenedRecords.class);

	/**
	 * Of the container that polled last on a thread: not every listener is told of its
	 * consumer.
	 */
	private static final ThreadLocal<ListenedRecords> CURRENT = new ThreadLocal<>();

	private final Consumer<?, ?> consumer;

	private final Map<TopicPartition, AssignedPartition> partitions;

	private final @Nullable ProcessingLosses losses;

	private @Nullable CommitGuard guard;

	private @Nullable AssignedPartition last;

	/**
	 * Follow a consumer.
	 * @param consumer what polls
	 * @param partitions what it is assigned
	 * @param losses gets what is found; {@code null} to look for nothing
	 */
	ListenedRecords(Consumer<?, ?> consumer, Map<TopicPartition, AssignedPartition> partitions,
			@Nullable ProcessingLosses losses) {
		this.consumer = consumer;
		this.partitions = partitions;
		this.losses = losses;
	}

	/**
	 * A listener container polls, and tells outcomes.
	 * @param outcomes counts what the guard does
	 * @param byHand whether the listener says of each record itself that it is processed
	 * @param deliveries whether the listener is wrapped
	 */
	void watch(Outcomes outcomes, boolean byHand, boolean deliveries) {
		CommitGuard guard = new CommitGuard(this.consumer, outcomes, byHand, deliveries);
		this.guard = guard;
		outcomes.follow(guard);
	}

	/**
	 * What the container follows that calls listeners on this thread.
	 * @return {@code null} if there is none
	 */
	static @Nullable ListenedRecords current() {
		return CURRENT.get();
	}

	/**
	 * Whether a listener container polls that tells outcomes.
	 * @return {@code false} if nothing is followed
	 */
	boolean isWatched() {
		return this.guard != null;
	}

	/**
	 * The guard of commits.
	 * @return {@code null} if nothing is followed
	 */
	@Nullable CommitGuard guard() {
		return this.guard;
	}

	/**
	 * The container got records.
	 * @param records what is left of those that were polled
	 * @param <K> the key type
	 * @param <V> the value type
	 */
	<K, V> void polled(ConsumerRecords<K, V> records) {
		CommitGuard guard = this.guard;
		if (guard == null) {
			return;
		}
		if (!records.isEmpty()) {
			long now = System.nanoTime();
			for (TopicPartition partition : records.partitions()) {
				AssignedPartition assigned = this.partitions.get(partition);
				List<ConsumerRecord<K, V>> list = records.records(partition);
				if (assigned != null && !list.isEmpty()) {
					assigned.open().add(list, now);
				}
			}
		}
		guard.polled(this.partitions.values());
	}

	/**
	 * A record has an outcome: the listener has processed it, somebody has filtered it,
	 * or an error handler has it that commits nothing that it did not keep.
	 * @param record the record
	 */
	void close(ConsumerRecord<?, ?> record) {
		OpenRecords open = openOf(record);
		if (open != null) {
			open.close(record.offset());
		}
	}

	/**
	 * The listener is given a record.
	 * @param record the record
	 */
	void deliver(ConsumerRecord<?, ?> record) {
		OpenRecords open = openOf(record);
		if (open != null) {
			open.deliver(record.offset());
		}
	}

	/**
	 * Records have an outcome.
	 * @param records the records
	 */
	void close(ConsumerRecords<?, ?> records) {
		if (this.guard != null) {
			records.forEach(this::close);
		}
	}

	/**
	 * The application's interceptor may have filtered records of a batch.
	 * @param records what it was given
	 * @param kept what it returned
	 */
	void closeFiltered(ConsumerRecords<?, ?> records, ConsumerRecords<?, ?> kept) {
		if (this.guard != null) {
			for (TopicPartition partition : records.partitions()) {
				Set<Long> offsets = new HashSet<>();
				kept.records(partition).forEach((record) -> offsets.add(record.offset()));
				records.records(partition).forEach((record) -> {
					if (!offsets.contains(record.offset())) {
						close(record);
					}
				});
			}
		}
	}

	/**
	 * An error handler has every record that the listener was not given, and nobody knows
	 * what it does with them.
	 */
	void closeUndelivered() {
		this.partitions.values().forEach((assigned) -> assigned.open().closeUndelivered());
	}

	/**
	 * An error handler is given a record.
	 * @param record the record
	 */
	void fail(ConsumerRecord<?, ?> record) {
		OpenRecords open = openOf(record);
		if (open != null) {
			open.fail(record.offset());
		}
	}

	/**
	 * The transaction was committed that offsets were given to.
	 */
	void committedInTransaction() {
		this.partitions.values().forEach((assigned) -> assigned.open().committedInTransaction());
	}

	/**
	 * An error handler has got what has failed, and will say what it has kept.
	 */
	void failing() {
		if (this.guard != null) {
			this.guard.failing();
		}
	}

	/**
	 * An error handler has kept a record.
	 * @param record the record
	 */
	void kept(ConsumerRecord<?, ?> record) {
		close(record);
		if (this.guard != null) {
			this.guard.replies().kept(record);
		}
	}

	/**
	 * A record failed for good, and nobody has kept it.
	 * @param record the record
	 */
	void abandon(ConsumerRecord<?, ?> record) {
		OpenRecords open = openOf(record);
		if (open != null) {
			open.abandon(record);
		}
	}

	private @Nullable OpenRecords openOf(ConsumerRecord<?, ?> record) {
		if (this.guard == null) {
			return null;
		}
		AssignedPartition last = this.last;
		if (last == null || last.partition().partition() != record.partition()
				|| !last.partition().topic().equals(record.topic())) {
			last = this.partitions.get(new TopicPartition(record.topic(), record.partition()));
			this.last = last;
		}
		return (last != null) ? last.open() : null;
	}

	/**
	 * Offsets were committed.
	 * @param offsets what the group has now
	 */
	void committed(Map<TopicPartition, OffsetAndMetadata> offsets) {
		if (this.guard != null) {
			offsets.forEach((partition, offset) -> {
				AssignedPartition assigned = this.partitions.get(partition);
				if (assigned != null && offset != null) {
					assigned.open().committed(offset.offset());
				}
			});
		}
	}

	/**
	 * A commit failed, or was interrupted by a wake-up. The container relies on a later
	 * one, which may never come.
	 * @param offsets what was to be committed
	 */
	void notCommitted(Map<TopicPartition, OffsetAndMetadata> offsets) {
		if (this.guard != null) {
			offsets.forEach((partition, offset) -> {
				AssignedPartition assigned = this.partitions.get(partition);
				// It may have been given away or set back while Kafka was about to
				// answer.
				if (assigned != null && offset != null && offset.offset() <= assigned.position()) {
					assigned.open().want(offset.offset());
				}
			});
		}
	}

	/**
	 * Offsets were given to a transaction.
	 * @param offsets what the group has if the transaction is committed
	 */
	void sentInTransaction(Map<TopicPartition, OffsetAndMetadata> offsets) {
		if (this.guard != null) {
			offsets.forEach((partition, offset) -> {
				AssignedPartition assigned = this.partitions.get(partition);
				if (assigned != null && offset != null) {
					assigned.open().sentInTransaction(offset.offset());
				}
			});
		}
	}

	/**
	 * The container polls again: it is done with what it polled before.
	 */
	void beforePoll() {
		if (this.guard != null) {
			CommitGuard guard = this.guard;
			CURRENT.set(this);
			guard.enterPoll(this);
			guard.takeAcknowledged(this);
			guard.replies().takeFailed().forEach((partition, offset) -> {
				AssignedPartition assigned = this.partitions.get(partition);
				if (assigned != null) {
					guard.readAgain(assigned, offset);
				}
			});
			for (AssignedPartition assigned : this.partitions.values()) {
				judge(assigned);
				guard.beforePoll(assigned);
			}
			ProcessingLosses losses = this.losses;
			if (losses != null) {
				losses.postAgain();
			}
		}
	}

	/**
	 * Partitions are about to be no longer assigned: say what comes again to whoever has
	 * them next.
	 * @param partitions the partitions
	 */
	void leave(Collection<TopicPartition> partitions) {
		CommitGuard guard = this.guard;
		if (guard == null) {
			return;
		}
		guard.takeAcknowledged(this);
		List<String> again = new ArrayList<>(0);
		int left = 0;
		for (TopicPartition partition : partitions) {
			AssignedPartition assigned = this.partitions.get(partition);
			if (assigned != null) {
				left++;
				assigned.open().describeAgain().ifPresent((what) -> again.add(partition + what));
			}
		}
		if (!again.isEmpty()) {
			logger.info("A consumer of group '%s' %s; what is not committed comes again: %s".formatted(guard.group(),
					guard.isStopping() ? "stops" : "gives partitions away", again));
		}
		else if (left > 0 && guard.isStopping()) {
			logger.info("A consumer of group '%s' stops; everything that it has polled of %d partitions is committed"
				.formatted(guard.group(), left));
		}
	}

	/**
	 * A partition is no longer assigned.
	 * @param assigned the partition
	 */
	void end(AssignedPartition assigned) {
		this.last = null;
		if (this.guard != null) {
			judge(assigned);
			this.guard.replies().forget(assigned.partition());
		}
	}

	/**
	 * The consumer is closed.
	 */
	void close() {
		if (CURRENT.get() == this) {
			CURRENT.remove();
		}
		if (this.guard != null) {
			this.guard.close();
		}
	}

	private void judge(AssignedPartition assigned) {
		ProcessingLosses losses = this.losses;
		List<ConsumerRecord<?, ?>> unprocessed = assigned.open().takeCommitted();
		if (!unprocessed.isEmpty() && losses != null) {
			try {
				losses.post(assigned.partition(), unprocessed, assigned.open().committed(), assigned.position());
			}
			catch (RuntimeException ex) {
				logger.error("%s was committed up to %d with records that nobody has kept, which cannot be reported"
					.formatted(assigned, assigned.open().committed()), ex);
			}
		}
	}

}
