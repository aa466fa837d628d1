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
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.sequence.Cause;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Says where to read if the group has no offset, or one that the log does not have, and
 * logs it. Kafka would do the same in silence. All questions that one answer takes have 5
 * seconds together.
 */
final class PositionResets {

	/**
	 * Longest wait for the cluster.
	 */
	static final Duration PATIENCE = Duration.ofSeconds(5);

	private static final Log logger = LogFactory.getLog(PositionResets.class);

	private final Consumer<?, ?> consumer;

	private final ResetPolicy policy;

	private final String group;

	PositionResets(Consumer<?, ?> consumer, ResetPolicy policy, String group) {
		this.consumer = consumer;
		this.policy = policy;
		this.group = group;
	}

	/**
	 * Whether whoever polls has to be told instead.
	 * @return {@code true} if nothing may be decided here
	 */
	boolean isForbidden() {
		return this.policy.start() == ResetPolicy.Start.FAIL;
	}

	/**
	 * Set the position of partitions in which the group has no offset.
	 * @param partitions the partitions; those that Kafka goes on looking for are
	 * unsettled afterwards, the others have begun
	 * @param patience how long to wait for all answers
	 * @return where reading begins, of those that the group has no offset in
	 */
	Map<TopicPartition, Long> begin(Collection<AssignedPartition> partitions, Patience patience) {
		Set<TopicPartition> fromBeginning = new HashSet<>();
		Set<TopicPartition> fromPolicy = new LinkedHashSet<>();
		List<AssignedPartition> without = split(partitions, fromBeginning, fromPolicy, patience);
		Map<TopicPartition, Long> positions = new HashMap<>();
		try {
			if (!fromBeginning.isEmpty()) {
				positions.putAll(this.consumer.beginningOffsets(fromBeginning, patience.left()));
			}
			if (!fromPolicy.isEmpty()) {
				positions.putAll(atPolicy(fromPolicy, patience));
			}
		}
		catch (TimeoutException ex) {
			// Kafka goes on trying, and reads from other partitions meanwhile.
			Set<TopicPartition> fromEnd = new HashSet<>();
			logger.warn("Where to begin in %s is not known yet".formatted(without), ex);
			((this.policy.start() != ResetPolicy.Start.LATEST) ? fromBeginning : fromEnd).addAll(fromPolicy);
			// No partition would mean all.
			if (!fromBeginning.isEmpty()) {
				this.consumer.seekToBeginning(fromBeginning);
			}
			if (!fromEnd.isEmpty()) {
				this.consumer.seekToEnd(fromEnd);
			}
			without.forEach(AssignedPartition::unsettle);
			return Map.of();
		}
		for (AssignedPartition assigned : without) {
			TopicPartition partition = assigned.partition();
			Long position = positions.get(partition);
			if (position != null) {
				this.consumer.seek(partition, position);
				if (assigned.hasBegun()) {
					boolean deleted = fromBeginning.contains(partition) && position > assigned.position();
					assigned.move(position, deleted ? Cause.RETENTION : Cause.EXTERNAL_RESET);
					assigned.leaderEpoch(-1);
				}
				else {
					assigned.beginWithoutOffset(position);
				}
				logger.info("%s has no offset in %s and begins at %d, %s".formatted(who(), partition, position,
						fromPolicy.contains(partition) ? this.policy : "the beginning"));
			}
		}
		return positions;
	}

	private List<AssignedPartition> split(Collection<AssignedPartition> partitions, Set<TopicPartition> fromBeginning,
			Set<TopicPartition> fromPolicy, Patience patience) {
		if (this.policy.start() == ResetPolicy.Start.EARLIEST) {
			partitions.forEach((assigned) -> fromBeginning.add(assigned.partition()));
			return List.copyOf(partitions);
		}
		List<AssignedPartition> without = new ArrayList<>();
		Map<String, GroupStart> starts = new HashMap<>();
		for (AssignedPartition assigned : partitions) {
			TopicPartition partition = assigned.partition();
			GroupStart start = starts.computeIfAbsent(partition.topic(), (topic) -> startIn(topic, patience));
			OffsetAndMetadata offset = start.offset(partition);
			if (offset != null) {
				// Since it was asked before, a member that had it until then committed.
				resume(assigned, offset);
				continue;
			}
			assigned.startedWith(start.partitions());
			(start.isBefore(partition) ? fromBeginning : fromPolicy).add(partition);
			without.add(assigned);
		}
		return without;
	}

	private void resume(AssignedPartition assigned, OffsetAndMetadata offset) {
		this.consumer.seek(assigned.partition(), offset);
		if (assigned.hasBegun()) {
			assigned.move(offset.offset(), Cause.EXTERNAL_RESET);
			assigned.leaderEpoch(offset.leaderEpoch().orElse(-1));
		}
		else {
			assigned.begin(offset);
		}
	}

	private GroupStart startIn(String topic, Patience patience) {
		if (this.group.isEmpty()) {
			return new GroupStart(Map.of(), 0);
		}
		Set<TopicPartition> all = new HashSet<>();
		List<PartitionInfo> infos = this.consumer.partitionsFor(topic, patience.left());
		infos.forEach((info) -> all.add(new TopicPartition(topic, info.partition())));
		return GroupStart.of(this.consumer.committed(all, patience.left()), all.size());
	}

	private Map<TopicPartition, Long> atPolicy(Set<TopicPartition> partitions, Patience patience) {
		Map<TopicPartition, Long> positions = new HashMap<>(this.consumer.endOffsets(partitions, patience.left()));
		Duration age = this.policy.age();
		if (age != null) {
			long since = Instant.now().minus(age).toEpochMilli();
			Map<TopicPartition, Long> times = new HashMap<>();
			partitions.forEach((partition) -> times.put(partition, since));
			Map<TopicPartition, OffsetAndTimestamp> found = this.consumer.offsetsForTimes(times, patience.left());
			found.forEach((partition, offset) -> {
				if (offset != null) {
					positions.put(partition, offset.offset());
				}
			});
		}
		return positions;
	}

	/**
	 * Set the position of partitions whose log does not have it.
	 * @param failure what Kafka says
	 * @param partitions those of them that are still assigned
	 * @param assigned finds partitions by their names
	 */
	void correct(OffsetOutOfRangeException failure, Set<TopicPartition> partitions,
			Map<TopicPartition, AssignedPartition> assigned) {
		Map<TopicPartition, OffsetAndMetadata> divergent = (failure instanceof LogTruncationException truncation)
				? truncation.divergentOffsets() : Map.of();
		Map<TopicPartition, Long> starts = null;
		for (Map.Entry<TopicPartition, Long> entry : failure.offsetOutOfRangePartitions().entrySet()) {
			TopicPartition partition = entry.getKey();
			if (!partitions.contains(partition)) {
				continue;
			}
			OffsetAndMetadata divergence = divergent.get(partition);
			if (divergence != null) {
				truncate(partition, entry.getValue(), divergence, assigned.get(partition));
				continue;
			}
			if (starts == null) {
				starts = this.consumer.beginningOffsets(partitions, PATIENCE);
			}
			Long start = starts.get(partition);
			if (start != null) {
				restart(partition, entry.getValue(), start, assigned.get(partition));
			}
		}
	}

	/**
	 * Find out whether Kafka has moved over what is deleted, by a policy of its own.
	 * Other records that are not there were compacted, or were never there.
	 * @param assigned where records were polled
	 * @param first the offset of the first
	 */
	void follow(AssignedPartition assigned, long first) {
		long position = assigned.position();
		if (!this.policy.isKafkas() || position < 0 || first <= position) {
			return;
		}
		TopicPartition partition = assigned.partition();
		try {
			Long start = this.consumer.beginningOffsets(Set.of(partition), PATIENCE).get(partition);
			if (start != null && start > position) {
				assigned.move(first, Cause.OUT_OF_RANGE);
				logger.warn("The log of %s begins at %d: Kafka has moved %s from %d to %d".formatted(partition, start,
						who(), position, first));
			}
		}
		catch (WakeupException ex) {
			this.consumer.wakeup();
		}
		catch (KafkaException ex) {
			logger.warn(
					"Whether Kafka has moved in %s from %d to %d is not known".formatted(partition, position, first),
					ex);
		}
	}

	private void truncate(TopicPartition partition, long offset, OffsetAndMetadata divergence,
			@Nullable AssignedPartition assigned) {
		this.consumer.seek(partition, divergence);
		if (assigned != null) {
			assigned.truncate(divergence.offset());
			assigned.leaderEpoch(divergence.leaderEpoch().orElse(-1));
		}
		logger.error(
				"The log of %s was cut off at %d: what %s had read from there up to %d is gone, and what was written since is read now"
					.formatted(partition, divergence.offset(), who(), offset - 1));
	}

	private void restart(TopicPartition partition, long offset, long start, @Nullable AssignedPartition assigned) {
		this.consumer.seek(partition, start);
		if (assigned != null) {
			assigned.move(start, (offset < start) ? Cause.RETENTION : Cause.OUT_OF_RANGE);
		}
		if (offset < start) {
			logger.warn("The log of %s begins at %d: %s has not read %d to %d, which are deleted".formatted(partition,
					start, who(), offset, start - 1));
		}
		else {
			logger.warn(
					"The log of %s does not reach %d, where %s wants to read: it was cut off or created again, and is read from its beginning at %d"
						.formatted(partition, offset, who(), start));
		}
	}

	private String who() {
		return this.group.isEmpty() ? "a consumer without a group" : "group '" + this.group + "'";
	}

}
