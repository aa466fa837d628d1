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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.reliablekafka.sequence.Cause;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * The partitions that one consumer is assigned, what it reads of each, and what it
 * commits. Follows every assignment, poll, seek and commit. The position that it knows is
 * that of the consumer, or it knows none.
 * <p>
 * Asks the cluster for the group's offsets when partitions are assigned, because Kafka
 * does not hand out what else was committed with them. For use by the polling thread.
 */
final class AssignedPartitions {

	private static final Log logger = LogFactory.getLog(AssignedPartitions.class);

	private static final Duration GLANCE = Duration.ofMillis(100);

	private final Consumer<?, ?> consumer;

	private final @Nullable LaneReaders readers;

	private final PositionResets resets;

	private final OffsetCommits commits;

	private final GroupOffsets offsets;

	private final ListenedRecords listened;

	private final Map<TopicPartition, AssignedPartition> partitions = new LinkedHashMap<>();

	/**
	 * Whether a partition has not begun or is not settled.
	 */
	private boolean incomplete;

	/**
	 * Follow a consumer.
	 * @param consumer what the application's calls are delegated to
	 * @param group the group; empty for none
	 * @param policy where to begin without an offset
	 * @param readers check numbers; {@code null} for no check
	 * @param committer who commits the offsets
	 */
	AssignedPartitions(Consumer<?, ?> consumer, String group, ResetPolicy policy, @Nullable LaneReaders readers,
			Committer committer) {
		this.consumer = consumer;
		this.readers = readers;
		this.resets = new PositionResets(consumer, policy, group);
		this.offsets = new GroupOffsets(consumer, group);
		this.listened = new ListenedRecords(consumer, this.partitions, (readers != null) ? readers.losses() : null);
		this.commits = new OffsetCommits(consumer, group, this.partitions, this.listened,
				new MetadataLimit((readers != null) ? readers.board().metadataRefused() : new AtomicBoolean()),
				committer);
	}

	OffsetCommits commits() {
		return this.commits;
	}

	ListenedRecords listened() {
		return this.listened;
	}

	/**
	 * Follow an assignment that the application made itself.
	 * @param now what is assigned from now on
	 */
	void assign(Collection<TopicPartition> now) {
		Set<TopicPartition> gone = new HashSet<>(this.partitions.keySet());
		gone.removeAll(Set.copyOf(now));
		end(gone);
		for (TopicPartition partition : now) {
			if (!this.partitions.containsKey(partition)) {
				add(partition);
			}
		}
	}

	/**
	 * The group assigned partitions.
	 * @param added in addition to those before
	 */
	void assigned(Collection<TopicPartition> added) {
		end(added);
		added.forEach(this::add);
		complete(Patience.of(PositionResets.PATIENCE));
	}

	/**
	 * Nothing is assigned any more.
	 */
	void endAll() {
		end(List.copyOf(this.partitions.keySet()));
	}

	private void add(TopicPartition partition) {
		LaneReaders making = this.readers;
		this.partitions.put(partition,
				new AssignedPartition(partition, (making != null) ? making.open(partition) : null));
		this.incomplete = true;
	}

	/**
	 * Partitions are no longer assigned.
	 * @param removed the partitions
	 */
	void end(Collection<TopicPartition> removed) {
		this.listened.leave(removed);
		for (TopicPartition partition : removed) {
			AssignedPartition assigned = this.partitions.remove(partition);
			if (assigned != null) {
				this.listened.end(assigned);
				assigned.end();
			}
		}
	}

	/**
	 * The application is about to poll: it is done with what it has polled before.
	 * @param timeout how long it wants to wait
	 */
	void beforePoll(Duration timeout) {
		if (this.incomplete) {
			complete(Patience
				.of((timeout.compareTo(PositionResets.PATIENCE) < 0) ? timeout.plus(GLANCE) : PositionResets.PATIENCE));
		}
		this.listened.beforePoll();
		this.commits.beforePoll();
	}

	// Finds out where partitions begin that have not begun. What cannot be found out now
	// is tried again with the next poll.
	private void complete(Patience patience) {
		List<AssignedPartition> waiting = new ArrayList<>();
		for (AssignedPartition assigned : this.partitions.values()) {
			if (!assigned.hasBegun()) {
				waiting.add(assigned);
			}
		}
		try {
			if (!waiting.isEmpty()) {
				begin(waiting, patience);
			}
			this.incomplete = settle();
		}
		catch (WakeupException ex) {
			// It was meant for the application.
			this.consumer.wakeup();
		}
		catch (RuntimeException ex) {
			logger.debug("Where to begin is not known yet", ex);
		}
	}

	private void begin(List<AssignedPartition> waiting, Patience patience) {
		Map<TopicPartition, OffsetAndMetadata> offsets = this.offsets.committed(waiting, patience.left());
		List<AssignedPartition> without = new ArrayList<>();
		for (AssignedPartition assigned : waiting) {
			OffsetAndMetadata offset = offsets.get(assigned.partition());
			if (offset != null) {
				assigned.begin(offset);
			}
			else if (assigned.position() >= 0) {
				assigned.beginWithoutOffset(assigned.position());
			}
			else if (!assigned.isUnsettled()) {
				without.add(assigned);
			}
		}
		if (!without.isEmpty() && !this.resets.isForbidden()) {
			this.commits.commitNow(this.resets.begin(without, patience), patience);
		}
	}

	// Whether anything remains to be settled. The answers are on their way for all
	// partitions at once: whoever waits for the first has waited for the others.
	private boolean settle() {
		boolean remains = false;
		Patience patience = Patience.of(GLANCE);
		boolean late = false;
		for (AssignedPartition assigned : this.partitions.values()) {
			if (assigned.isUnsettled()) {
				try {
					if (!late) {
						settled(assigned, this.consumer.position(assigned.partition(), patience.left()));
					}
				}
				catch (TimeoutException ex) {
					late = true;
				}
				catch (InvalidOffsetException ex) {
					logger.debug("The first record will tell", ex);
				}
				remains |= assigned.isUnsettled();
			}
			remains |= !assigned.hasBegun();
		}
		return remains;
	}

	private void settled(AssignedPartition assigned, long position) {
		assigned.move(position, Cause.SEEK);
		if (!assigned.hasBegun()) {
			assigned.beginWithoutOffset(position);
			this.commits.commitLater(assigned, position);
		}
	}

	/**
	 * Answer a consumer that does not know where to read.
	 * @param failure what it says
	 * @return {@code false} if there is no answer yet
	 */
	boolean answer(InvalidOffsetException failure) {
		if (this.resets.isForbidden()) {
			throw failure;
		}
		// With the newer protocol, one may be taken away before the failure is thrown.
		Set<TopicPartition> assigned = new HashSet<>(failure.partitions());
		assigned.retainAll(this.consumer.assignment());
		try {
			if (failure instanceof OffsetOutOfRangeException outOfRange) {
				this.resets.correct(outOfRange, assigned, this.partitions);
			}
			else if (failure instanceof NoOffsetForPartitionException) {
				List<AssignedPartition> without = new ArrayList<>();
				for (TopicPartition partition : assigned) {
					if (!this.partitions.containsKey(partition)) {
						add(partition);
					}
					without.add(this.partitions.get(partition));
				}
				if (!without.isEmpty()) {
					Patience patience = Patience.of(PositionResets.PATIENCE);
					this.commits.commitNow(this.resets.begin(without, patience), patience);
				}
			}
			else {
				throw failure;
			}
			return true;
		}
		catch (TimeoutException ex) {
			logger.warn("Where to read on is not known yet: %s".formatted(failure.getMessage()), ex);
			return false;
		}
	}

	/**
	 * Follow a poll.
	 * @param polled everything that was polled
	 * @param kept what the application gets; what it does not get is polled again if the
	 * next offset says so
	 * @param <K> the key type
	 * @param <V> the value type
	 */
	<K, V> void polled(ConsumerRecords<K, V> polled, ConsumerRecords<?, ?> kept) {
		for (TopicPartition partition : polled.partitions()) {
			List<ConsumerRecord<K, V>> records = polled.records(partition);
			AssignedPartition assigned = this.partitions.get(partition);
			if (assigned != null && !records.isEmpty()) {
				if (!assigned.hasBegun()) {
					this.offsets.beginLate(assigned, records.get(0).offset());
				}
				this.resets.follow(assigned, records.get(0).offset());
				OffsetAndMetadata cutAt = (kept != polled) ? kept.nextOffsets().get(partition) : null;
				assigned.read(records, (cutAt != null) ? cutAt.offset() : Long.MAX_VALUE);
			}
		}
		polled.nextOffsets().forEach((partition, next) -> {
			AssignedPartition assigned = this.partitions.get(partition);
			OffsetAndMetadata cutAt = (kept != polled) ? kept.nextOffsets().get(partition) : null;
			OffsetAndMetadata position = (cutAt != null && cutAt.offset() < next.offset()) ? cutAt : next;
			if (assigned != null && assigned.hasBegun()) {
				assigned.advance(position.offset(), position.leaderEpoch().orElse(-1));
			}
		});
	}

	/**
	 * The container pauses partitions for a time because records were given back, or
	 * resumes them. That ends with the assignment.
	 * @param changed the partitions
	 * @param paused whether it pauses them
	 */
	void pausedForGivenBack(Collection<TopicPartition> changed, boolean paused) {
		for (TopicPartition partition : changed) {
			AssignedPartition assigned = this.partitions.get(partition);
			if (assigned != null) {
				assigned.pausedForGivenBack(paused);
			}
		}
	}

	/**
	 * What is paused for another reason than that its records were given back. The
	 * container resumes what it pauses for that reason, but for what is paused already;
	 * and should other records be given back while the first ones wait, it takes its own
	 * pause for somebody else's.
	 * @param paused what is paused
	 * @return for the container that is about to pause
	 */
	Set<TopicPartition> pausedForOtherReasons(Set<TopicPartition> paused) {
		Set<TopicPartition> others = new HashSet<>(paused);
		others.removeIf((partition) -> {
			AssignedPartition assigned = this.partitions.get(partition);
			return assigned != null && assigned.isPausedForGivenBack();
		});
		return others;
	}

	/**
	 * Follow a seek.
	 * @param partition the partition
	 * @param offset the next offset to be polled
	 * @param leaderEpoch the leader epoch in front of it; -1 if that is not known any
	 * more
	 */
	void sought(TopicPartition partition, long offset, int leaderEpoch) {
		AssignedPartition assigned = this.partitions.get(partition);
		if (assigned != null) {
			if (assigned.position() >= 0 && offset > assigned.position()) {
				// Passes what is in between, and what the listener was not given before.
				assigned.open().closeUndelivered();
			}
			assigned.move(offset, Cause.SEEK);
			assigned.leaderEpoch(leaderEpoch);
		}
	}

	/**
	 * Follow a seek to the beginning or the end.
	 * @param sought the partitions; empty for all
	 */
	void soughtEdge(Collection<TopicPartition> sought) {
		for (AssignedPartition assigned : this.partitions.values()) {
			if (sought.isEmpty() || sought.contains(assigned.partition())) {
				assigned.unsettle();
				this.incomplete = true;
			}
		}
	}

	/**
	 * The position has become known.
	 * @param partition the partition
	 * @param position the next offset to be polled
	 */
	void positioned(TopicPartition partition, long position) {
		AssignedPartition assigned = this.partitions.get(partition);
		if (assigned != null && assigned.isUnsettled()) {
			settled(assigned, position);
		}
	}

	/**
	 * A record could not be deserialized.
	 * @param partition its partition
	 * @param offset its offset
	 */
	void undeserializable(TopicPartition partition, long offset) {
		AssignedPartition assigned = this.partitions.get(partition);
		if (assigned != null) {
			assigned.undeserializable(offset);
		}
	}

	/**
	 * The positions, for a commit of everything that was polled.
	 * @return {@code null} if nothing is known of them
	 */
	@Nullable Map<TopicPartition, OffsetAndMetadata> positions() {
		if (this.partitions.isEmpty()) {
			return null;
		}
		settle();
		Map<TopicPartition, OffsetAndMetadata> positions = new HashMap<>();
		for (AssignedPartition assigned : this.partitions.values()) {
			if (assigned.position() >= 0) {
				positions.put(assigned.partition(), new OffsetAndMetadata(assigned.position()));
			}
		}
		return positions;
	}

}
