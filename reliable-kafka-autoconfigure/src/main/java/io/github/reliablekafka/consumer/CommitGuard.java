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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.ledger.GuardIntervention;
import io.github.reliablekafka.sequence.Cause;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
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
	 */
	static final int MOST_OPEN = 100_000;

	private static final Log logger = LogFactory.getLog(CommitGuard.class);

	private static final Duration PAUSE = Duration.ofSeconds(1);

	/**
	 * Long enough for the container to come out of a poll that returns nothing.
	 */
	private static final Duration BENEFIT_OF_DOUBT = Duration.ofMillis(100);

	private final Consumer<?, ?> consumer;

	private final Outcomes outcomes;

	private final boolean byHand;

	private final List<ConsumerRecord<?, ?>> handled = new ArrayList<>(0);

	private final Queue<ConsumerRecord<?, ?>> acknowledged = new ConcurrentLinkedQueue<>();

	private final PendingReplies replies = new PendingReplies();

	private boolean acknowledging;

	private final ListenerCall call = new ListenerCall();

	private final boolean deliveries;

	/**
	 * Whether the container was given the time to come up with what it may have kept.
	 */
	private boolean trusted;

	private boolean trusting;

	private boolean stopping;

	private volatile @Nullable Thread thread;

	private volatile Unfinished[] unfinished = {};

	/**
	 * Create a guard.
	 * @param consumer is set back
	 * @param outcomes counts interventions
	 * @param byHand whether the listener says of each record itself that it is processed,
	 * possibly much later
	 * @param deliveries whether the guard is told what the listener is given; then what
	 * it was given may be without an outcome when the container polls again
	 */
	CommitGuard(Consumer<?, ?> consumer, Outcomes outcomes, boolean byHand, boolean deliveries) {
		this.consumer = consumer;
		this.outcomes = outcomes;
		this.byHand = byHand;
		this.deliveries = deliveries;
	}

	boolean isByHand() {
		return this.byHand;
	}

	/**
	 * The consumer is closed.
	 */
	void close() {
		this.outcomes.forget(this);
	}

	String group() {
		return this.outcomes.group();
	}

	/**
	 * Whether the guard is told what the listener is given.
	 * @return {@code false} if a record has an outcome when the listener has returned
	 */
	boolean isFollowingDeliveries() {
		return this.deliveries;
	}

	/**
	 * The first record without an outcome of each partition, as of the last poll. May be
	 * asked by any thread.
	 * @return mostly empty
	 */
	Unfinished[] unfinished() {
		return this.unfinished;
	}

	PendingReplies replies() {
		return this.replies;
	}

	ListenerCall call() {
		return this.call;
	}

	/**
	 * An error handler is given records. If it says so, they stay without an outcome
	 * until it has kept them or has them polled again; if it does not, nobody knows.
	 * @param records the records
	 */
	void handle(Iterable<? extends ConsumerRecord<?, ?>> records) {
		records.forEach(this.handled::add);
	}

	/**
	 * The error handler says so.
	 */
	void failing() {
		this.handled.clear();
	}

	private void closeHandled(ListenedRecords open) {
		if (!this.handled.isEmpty()) {
			this.handled.forEach(open::close);
			this.handled.clear();
		}
	}

	/**
	 * Call a listener.
	 * @param records what it is given
	 * @param listener the listener
	 */
	void listen(Iterable<? extends ConsumerRecord<?, ?>> records, Runnable listener) {
		ReplyTemplate.takeSent();
		this.acknowledging = false;
		if (this.byHand) {
			this.call.listen(listener);
		}
		else {
			listener.run();
		}
		this.replies.add(records, ReplyTemplate.takeSent());
	}

	/**
	 * What the listener is given now is acknowledged when it has returned and what it
	 * replies is sent, unless it gives something back.
	 */
	void acknowledgeWhenReturned() {
		this.acknowledging = true;
	}

	/**
	 * Whether somebody has asked for that since the listener was called.
	 * @return {@code false} if the listener acknowledges, or nobody does
	 */
	boolean isAcknowledgedWhenReturned() {
		return this.acknowledging;
	}

	/**
	 * The listener acknowledges records.
	 * @param records the records
	 * @param next tells the container, which may commit at once
	 * @param open knows the open records of the partition of a record
	 */
	void acknowledge(Iterable<? extends ConsumerRecord<?, ?>> records, Runnable next, ListenedRecords open) {
		if (!isPolling()) {
			records.forEach(this.acknowledged::add);
			next.run();
			return;
		}
		records.forEach(open::close);
		this.call.acknowledge(next);
	}

	/**
	 * Whether the container lets this thread acknowledge records of a batch one after the
	 * other.
	 * @return {@code false} if it refuses that
	 */
	boolean takesParts() {
		return isPolling() && this.outcomes.takesParts();
	}

	/**
	 * Whether this is the thread that polls.
	 * @return {@code false} for any other
	 */
	boolean isPolling() {
		return Thread.currentThread() == this.thread;
	}

	/**
	 * The container polls, on this thread.
	 * @param open knows the open records of the partition of a record
	 */
	void enterPoll(ListenedRecords open) {
		this.thread = Thread.currentThread();
		this.trusting = !this.trusted && this.outcomes.mayKeepForLater();
		this.trusted = false;
		this.call.done();
		this.call.endGivingBack();
		closeHandled(open);
	}

	/**
	 * Close what was acknowledged by other threads, and that whose reply was
	 * acknowledged.
	 * @param open knows the open records of the partition of a record
	 */
	void takeAcknowledged(ListenedRecords open) {
		for (ConsumerRecord<?, ?> record = this.acknowledged.poll(); record != null; record = this.acknowledged
			.poll()) {
			open.close(record);
		}
		this.replies.settle(open);
	}

	/**
	 * Limit a commit to what has outcomes.
	 * @param assigned the partition
	 * @param given what is to be committed
	 * @param inTransaction whether with a transaction, which is about no other records
	 * @param records knows the open records of the partition of a record
	 * @return what may be committed instead, which is more than given if an earlier
	 * commit had to wait for it; {@code null} for nothing
	 */
	@Nullable OffsetAndMetadata limit(AssignedPartition assigned, OffsetAndMetadata given, boolean inTransaction,
			ListenedRecords records) {
		OpenRecords open = assigned.open();
		if (this.call.isOwnCommit()) {
			open.closeBelow(given.offset());
			open.wantOnly(given.offset());
			return given;
		}
		if (open.first(-1) >= 0 && isHandled(assigned.partition(), open.first(-1), given.offset())) {
			closeHandled(records);
		}
		long position = assigned.position();
		long offset = inTransaction ? given.offset() : Math.max(given.offset(), open.wanted());
		if (position >= 0) {
			// It may be of an assignment that is over, or the position was set back
			// since.
			offset = Math.min(offset, position);
		}
		long first = first(assigned, passable(assigned.partition()));
		boolean trimmed = first >= 0 && first < offset;
		if (trimmed || this.byHand) {
			// Acknowledgements in any order come as commits in any order.
			open.want(offset);
		}
		if (!trimmed) {
			return (offset >= given.offset() || offset > open.committed()) ? moved(given, offset) : null;
		}
		if (first < given.offset() && this.replies.isEmpty()) {
			this.outcomes.intervened(assigned.partition().topic(), GuardIntervention.COMMIT_TRIMMED);
			if (!this.byHand) {
				logger.warn(
						"%s was to be committed up to %d, but the record at %d has no outcome yet: committed up to there"
							.formatted(assigned.partition(), given.offset(), first));
			}
		}
		return (first > open.committed()) ? moved(given, first) : null;
	}

	// A record that is acknowledged before its reply is has none either.
	private long first(AssignedPartition assigned, long passable) {
		long open = assigned.open().first(passable);
		long unanswered = this.replies.first(assigned.partition());
		return (open < 0 || unanswered < 0) ? Math.max(open, unanswered) : Math.min(open, unanswered);
	}

	// The container commits what its error handler was given.
	private boolean isHandled(TopicPartition partition, long first, long offset) {
		return this.handled.stream()
			.anyMatch((record) -> record.offset() == first && record.offset() < offset
					&& record.partition() == partition.partition() && record.topic().equals(partition.topic()));
	}

	private long passable(TopicPartition partition) {
		ConsumerRecord<?, ?> record = this.call.current();
		return (record != null && !this.replies.has(record)) ? this.call.offsetIn(partition) : -1;
	}

	private static OffsetAndMetadata moved(OffsetAndMetadata given, long offset) {
		return (offset != given.offset()) ? new OffsetAndMetadata(offset, Optional.empty(), given.metadata()) : given;
	}

	/**
	 * What may be committed by now of what could not be committed before.
	 * @param assigned the partition
	 * @return {@code null} for nothing
	 */
	@Nullable OffsetAndMetadata owed(AssignedPartition assigned) {
		OpenRecords open = assigned.open();
		long first = first(assigned, -1);
		long offset = (first < 0) ? open.wanted() : Math.min(first, open.wanted());
		return (offset > open.committed() && open.owe(offset)) ? new OffsetAndMetadata(offset) : null;
	}

	/**
	 * The container polls again: what it was given before, it has given to the listener,
	 * unless the partition is paused.
	 * @param assigned a partition
	 */
	void beforePoll(AssignedPartition assigned) {
		OpenRecords open = assigned.open();
		long lost = open.lostTransaction();
		long undone = this.deliveries ? open.firstUndelivered() : open.first(-1);
		long first = (lost >= 0) ? lost : undone;
		if (first >= 0) {
			// A container that keeps records for later pauses what it polls.
			if (!this.consumer.paused().contains(assigned.partition())) {
				if (this.trusting && lost < 0) {
					trust();
				}
				else {
					readAgain(assigned, first);
				}
			}
		}
		else if (this.byHand && open.size() > MOST_OPEN && open.wanted() > open.first(-1)) {
			if (!open.isHeldUp()) {
				logger.warn(
						"%s is not read on before the record at %d is acknowledged: up to %d records have been polled since"
							.formatted(assigned.partition(), open.first(-1), open.size()));
			}
			open.holdUp(true);
			holdBack(assigned.partition());
			return;
		}
		open.holdUp(false);
	}

	// A pause that is over again before the container has polled is no pause: what it has
	// kept it gives to the listener after this poll, which must not return anything.
	private void trust() {
		this.trusted = true;
		ConsumerSession session = ConsumerSession.current();
		if (session != null) {
			session.holdBackAll(BENEFIT_OF_DOUBT);
		}
	}

	private static void holdBack(TopicPartition partition) {
		ConsumerSession session = ConsumerSession.current();
		if (session != null) {
			session.holdBackAtLeast(partition, PAUSE);
		}
	}

	/**
	 * Have records polled again, unless the position is in front of them by now.
	 * @param assigned their partition
	 * @param first the offset of the first
	 */
	void readAgain(AssignedPartition assigned, long first) {
		if (first >= assigned.position()) {
			// A seek forward would pass what is polled again for another reason.
			return;
		}
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
		if (assigned.open().readAgain(first)) {
			holdBack(partition);
		}
	}

	/**
	 * The container was given records, or none.
	 * @param partitions what is assigned
	 */
	void polled(Collection<AssignedPartition> partitions) {
		List<Unfinished> found = new ArrayList<>(0);
		for (AssignedPartition assigned : partitions) {
			long first = assigned.open().first(-1);
			if (first >= 0) {
				OpenRecords open = assigned.open();
				found.add(new Unfinished(assigned.partition(), first, open.firstPolledAt(), open.isHeldUp()));
			}
		}
		if (!found.isEmpty() || this.unfinished.length > 0) {
			this.unfinished = found.toArray(new Unfinished[0]);
		}
	}

	/**
	 * The container closes the consumer next. Of several that make up one container, one
	 * may stop alone.
	 */
	void stopping() {
		this.stopping = true;
	}

	/**
	 * Whether the container will not poll again.
	 * @return {@code true} if it was told to stop
	 */
	boolean isStopping() {
		return this.stopping || this.outcomes.isStopping();
	}

	/**
	 * A commit failed.
	 * @param offsets what was to be committed
	 * @param failure why not
	 * @return whether the container is about to close the consumer, and had better go on
	 * with that: a failure would keep it from closing, and nobody else gets the
	 * partitions before the group gives it up
	 */
	boolean isLast(Map<TopicPartition, OffsetAndMetadata> offsets, RuntimeException failure) {
		if (failure instanceof RebalanceInProgressException || this.call.isUnderway() || !isStopping()) {
			return false;
		}
		offsets.keySet()
			.forEach((partition) -> this.outcomes.intervened(partition.topic(), GuardIntervention.LAST_COMMIT_FAILED));
		logger.warn("Offsets %s could not be committed while the listener container stops: the records come again"
			.formatted(offsets), failure);
		return true;
	}

	/**
	 * A record without an outcome.
	 *
	 * @param partition its partition
	 * @param offset its offset
	 * @param polledAt when it was polled, by the clock of nanoseconds
	 * @param holdsUp whether nothing behind it is polled
	 */
	record Unfinished(TopicPartition partition, long offset, long polledAt, boolean holdsUp) {

	}

}
