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

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.StaleMemberEpochException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * What goes with the offsets that one consumer commits: the leader epoch of the record in
 * front, without which a group that comes back after the log was cut off passes over live
 * records, and what the check of numbers has to remember. Metadata of the application's
 * own stays; then the check remembers only what it saves elsewhere. For use by the
 * polling thread.
 */
final class OffsetCommits {

	private static final Log logger = LogFactory.getLog(OffsetCommits.class);

	/**
	 * Between two attempts to commit what waits for that, if it was refused for a reason
	 * that may last.
	 */
	private static final Duration PAUSE = Duration.ofSeconds(1);

	private final Consumer<?, ?> consumer;

	private final String group;

	private final Map<TopicPartition, AssignedPartition> partitions;

	private final ListenedRecords listened;

	private final MetadataLimit limit;

	private final boolean begins;

	private boolean inTransactions;

	private @Nullable Long refusedAt;

	private @Nullable Class<?> warnedOf;

	OffsetCommits(Consumer<?, ?> consumer, String group, Map<TopicPartition, AssignedPartition> partitions,
			ListenedRecords listened, MetadataLimit limit, Committer committer) {
		this.consumer = consumer;
		this.group = group;
		this.partitions = partitions;
		this.listened = listened;
		this.limit = limit;
		this.inTransactions = committer == Committer.TRANSACTION;
		this.begins = !group.isEmpty() && committer != Committer.APPLICATION;
	}

	/**
	 * Add to offsets what goes with them, and keep them from passing records without an
	 * outcome.
	 * @param offsets what the application commits
	 * @return what to commit instead
	 */
	Map<TopicPartition, OffsetAndMetadata> enrich(Map<TopicPartition, OffsetAndMetadata> offsets) {
		return enrich(offsets, false);
	}

	private Map<TopicPartition, OffsetAndMetadata> enrich(Map<TopicPartition, OffsetAndMetadata> offsets,
			boolean inTransaction) {
		CommitGuard guard = this.listened.guard();
		if (guard != null) {
			guard.takeAcknowledged(this.listened);
		}
		Map<TopicPartition, OffsetAndMetadata> enriched = new HashMap<>();
		offsets.forEach((partition, offset) -> {
			AssignedPartition assigned = this.partitions.get(partition);
			if (assigned == null || offset == null) {
				// Somebody else may have it, who has not processed what is open here.
				if (guard == null || offset == null) {
					enriched.put(partition, offset);
				}
				return;
			}
			OffsetAndMetadata limited = (guard != null) ? guard.limit(assigned, offset, inTransaction, this.listened)
					: offset;
			if (limited != null) {
				enriched.put(partition, assigned.commit(limited));
			}
		});
		return this.limit.apply(enriched);
	}

	/**
	 * Add to offsets what goes with them, for a producer that commits them in its
	 * transaction.
	 * @param offsets what the application commits
	 * @return what to commit instead
	 */
	Map<TopicPartition, OffsetAndMetadata> enrichInTransaction(Map<TopicPartition, OffsetAndMetadata> offsets) {
		this.inTransactions = true;
		Map<TopicPartition, OffsetAndMetadata> enriched = enrich(offsets, true);
		this.listened.sentInTransaction(enriched);
		return enriched;
	}

	/**
	 * What the application is told that it committed: its own, but up to where.
	 * @param offsets what it commits
	 * @param enriched what is committed instead
	 * @return without what is not committed
	 */
	static Map<TopicPartition, OffsetAndMetadata> told(Map<TopicPartition, OffsetAndMetadata> offsets,
			Map<TopicPartition, OffsetAndMetadata> enriched) {
		Map<TopicPartition, OffsetAndMetadata> told = new HashMap<>();
		offsets.forEach((partition, offset) -> {
			OffsetAndMetadata instead = enriched.get(partition);
			if (offset == null || (instead != null && instead.offset() == offset.offset())) {
				told.put(partition, offset);
			}
			else if (instead != null) {
				told.put(partition, new OffsetAndMetadata(instead.offset(), offset.metadata()));
			}
		});
		return told;
	}

	/**
	 * Tell the application what it committed, not what was added.
	 * @param offsets what the application committed
	 * @param callback of the application
	 * @return for Kafka
	 */
	OffsetCommitCallback callback(Map<TopicPartition, OffsetAndMetadata> offsets,
			@Nullable OffsetCommitCallback callback) {
		return (enriched, exception) -> {
			if (exception == null || !MetadataLimit.isTooLarge(exception)
					|| !isCommittedWithoutMetadata(offsets, enriched, callback)) {
				completed(offsets, enriched, exception, callback);
			}
		};
	}

	private void completed(Map<TopicPartition, OffsetAndMetadata> offsets,
			Map<TopicPartition, OffsetAndMetadata> enriched, @Nullable Exception exception,
			@Nullable OffsetCommitCallback callback) {
		if (exception == null) {
			this.listened.committed(enriched);
		}
		else {
			this.listened.notCommitted(enriched);
			if (callback == null) {
				logger.error("Offsets %s could not be committed".formatted(offsets), exception);
			}
		}
		if (callback != null) {
			callback.onComplete(offsets, exception);
		}
	}

	// Only what nobody else may have committed since.
	private boolean isCommittedWithoutMetadata(Map<TopicPartition, OffsetAndMetadata> offsets,
			Map<TopicPartition, OffsetAndMetadata> enriched, @Nullable OffsetCommitCallback callback) {
		Map<TopicPartition, OffsetAndMetadata> without = MetadataLimit.without(enriched);
		boolean ours = !without.equals(enriched);
		without.entrySet().removeIf((entry) -> {
			AssignedPartition assigned = this.partitions.get(entry.getKey());
			return assigned == null || !assigned.isLastCommitted(entry.getValue());
		});
		if (!ours) {
			return false;
		}
		this.limit.refuse();
		if (without.isEmpty()) {
			return false;
		}
		try {
			this.consumer.commitAsync(without, (sent, exception) -> completed(offsets, sent, exception, callback));
			return true;
		}
		catch (WakeupException ex) {
			this.consumer.wakeup();
		}
		catch (RuntimeException ex) {
			logger.debug("Offsets are not committed again", ex);
		}
		return false;
	}

	/**
	 * Commit, once more if what was added is too large for the cluster.
	 * @param enriched what to commit
	 * @param timeout how long to wait; {@code null} for the consumer's own
	 */
	void commitSync(Map<TopicPartition, OffsetAndMetadata> enriched, @Nullable Duration timeout) {
		try {
			send(enriched, timeout);
		}
		catch (OffsetMetadataTooLarge ex) {
			Map<TopicPartition, OffsetAndMetadata> without = MetadataLimit.without(enriched);
			if (without.equals(enriched)) {
				throw ex;
			}
			send(without, timeout);
			this.limit.refuse();
		}
	}

	private void send(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable Duration timeout) {
		if (timeout != null) {
			this.consumer.commitSync(offsets, timeout);
		}
		else {
			this.consumer.commitSync(offsets);
		}
	}

	/**
	 * A transaction could not take offsets. The next one can if that was for what was
	 * added to them; the broker does not tell whose it was.
	 * @param failure of the producer
	 */
	void refusedInTransaction(RuntimeException failure) {
		if (MetadataLimit.isTooLarge(failure)) {
			this.limit.refuse();
		}
	}

	/**
	 * Take from offsets what was added to them.
	 * @param committed what the group has
	 * @return what the application may see
	 */
	Map<TopicPartition, OffsetAndMetadata> plain(Map<TopicPartition, OffsetAndMetadata> committed) {
		Map<TopicPartition, OffsetAndMetadata> plain = new HashMap<>();
		committed.forEach(
				(partition, offset) -> plain.put(partition, (offset != null && CommitNote.isOurs(offset.metadata()))
						? new OffsetAndMetadata(offset.offset(), offset.leaderEpoch(), "") : offset));
		return plain;
	}

	/**
	 * The application polls again: what it had to commit, it has committed.
	 */
	void beforePoll() {
		boolean mayCommit = !this.group.isEmpty() && !this.inTransactions && !wasJustRefused();
		CommitGuard guard = this.listened.guard();
		Map<TopicPartition, OffsetAndMetadata> again = null;
		for (AssignedPartition assigned : this.partitions.values()) {
			if (this.group.isEmpty()) {
				assigned.passWithoutGroup();
			}
			OffsetAndMetadata offset = assigned.check(mayCommit);
			if (guard != null && mayCommit) {
				OffsetAndMetadata owed = guard.owed(assigned);
				offset = (owed != null) ? assigned.commit(owed) : offset;
			}
			if (offset != null) {
				again = (again != null) ? again : new HashMap<>();
				again.put(assigned.partition(), offset);
			}
		}
		if (again != null) {
			commitAgain(again);
		}
	}

	private boolean wasJustRefused() {
		Long refusedAt = this.refusedAt;
		return refusedAt != null && System.nanoTime() - refusedAt < PAUSE.toNanos();
	}

	private void commitAgain(Map<TopicPartition, OffsetAndMetadata> offsets) {
		try {
			this.consumer.commitAsync(offsets, (sent, exception) -> {
				if (exception == null) {
					this.warnedOf = null;
					this.listened.committed(sent);
					return;
				}
				if (exception instanceof OffsetMetadataTooLarge) {
					this.limit.refuse();
				}
				// The second is how the newer protocol says that the group has just
				// changed.
				else if (!(exception instanceof RetriableException)
						&& !(exception instanceof StaleMemberEpochException)) {
					refused(sent, exception);
				}
				wantLater(sent);
			});
		}
		catch (WakeupException ex) {
			this.consumer.wakeup();
			wantLater(offsets);
		}
		catch (RuntimeException ex) {
			refused(offsets, ex);
			wantLater(offsets);
		}
	}

	private void refused(Map<TopicPartition, OffsetAndMetadata> offsets, Exception reason) {
		this.refusedAt = System.nanoTime();
		if (reason.getClass() == this.warnedOf) {
			logger.debug("Offsets %s could not be committed".formatted(offsets), reason);
			return;
		}
		this.warnedOf = reason.getClass();
		logger.warn("Offsets of %s could not be committed for group '%s', which is tried again each second"
			.formatted(offsets.keySet(), this.group), reason);
	}

	/**
	 * Commit where the group begins, so that it begins there again if it has to.
	 * Otherwise it is tried again later. Only of partitions that are assigned, because
	 * whoever has another one may have committed more; and not if the application polls,
	 * which may never want an offset.
	 * @param positions where
	 * @param patience how long to wait
	 */
	void commitNow(Map<TopicPartition, Long> positions, Patience patience) {
		if (!this.begins || positions.isEmpty()) {
			return;
		}
		Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
		positions.forEach((partition, position) -> {
			AssignedPartition assigned = this.partitions.get(partition);
			if (assigned != null && assigned.position() == position) {
				offsets.put(partition, new OffsetAndMetadata(position));
			}
		});
		Map<TopicPartition, OffsetAndMetadata> enriched = enrich(offsets);
		try {
			commitSync(enriched, patience.left());
			return;
		}
		catch (WakeupException ex) {
			this.consumer.wakeup();
		}
		catch (RuntimeException ex) {
			logger.warn("Where group '%s' begins in %s is not committed yet".formatted(this.group, positions), ex);
		}
		wantLater(enriched);
	}

	/**
	 * The same, at one of the next polls.
	 * @param assigned where the position has become known
	 * @param position where
	 */
	void commitLater(AssignedPartition assigned, long position) {
		if (this.begins) {
			assigned.wantCommit(position);
		}
	}

	private void wantLater(Map<TopicPartition, OffsetAndMetadata> offsets) {
		offsets.forEach((partition, offset) -> {
			AssignedPartition assigned = this.partitions.get(partition);
			if (assigned != null) {
				assigned.open().notCommitted(offset.offset());
				if (assigned.isLastCommitted(offset)) {
					assigned.wantCommit(offset.offset());
				}
			}
		});
	}

}
