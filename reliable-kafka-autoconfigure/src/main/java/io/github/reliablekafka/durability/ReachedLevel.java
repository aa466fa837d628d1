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

package io.github.reliablekafka.durability;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * The level that a topic reaches, and the one fact that keeps it from the next.
 *
 * @param level the level
 * @param heldBackBy the fact, as a clause; {@code null} at the highest level
 */
record ReachedLevel(DurabilityLevel level, @Nullable String heldBackBy) {

	/**
	 * Judge a topic whose every fact is known, but for racks: a broker whose rack is not
	 * told is taken to be in one of its own.
	 * @param topic the topic
	 * @param cluster its cluster
	 * @param minInSync the value of {@code min.insync.replicas}
	 * @param unclean whether a replica that is not in sync may become leader
	 * @return the level
	 */
	static ReachedLevel of(TopicState topic, ClusterState cluster, long minInSync, boolean unclean) {
		int replicas = topic.replicas();
		// Kafka asks for no more in-sync replicas than there are replicas.
		long acknowledgedBy = Math.max(1, Math.min(minInSync, replicas));
		String lacking = unclean ? lacking(topic, cluster, minInSync) : null;
		if (lacking != null) {
			return new ReachedLevel(DurabilityLevel.NONE, lacking);
		}
		if (replicas < 2) {
			return new ReachedLevel(DurabilityLevel.PROCESS, "it has one replica");
		}
		if (acknowledgedBy == 1) {
			return new ReachedLevel(DurabilityLevel.PROCESS,
					"min.insync.replicas=1 lets records be acknowledged that only the leader has");
		}
		if (unclean) {
			return new ReachedLevel(DurabilityLevel.PROCESS,
					"unclean.leader.election.enable=true lets a replica become leader whose machine has lost its disk");
		}
		for (TopicState.Partition partition : topic.partitions()) {
			Set<Integer> complete = partition.complete(cluster);
			if (complete.size() < 2) {
				return new ReachedLevel(DurabilityLevel.PROCESS,
						complete.isEmpty()
								? "no broker that is up has all of partition %d".formatted(partition.number())
								: "broker %d is the only one up that has all of partition %d"
									.formatted(complete.iterator().next(), partition.number()));
			}
		}
		String withinRack = withinRack(topic, cluster, acknowledgedBy);
		String inRack = (withinRack != null) ? withinRack : onlyRack(topic, cluster);
		return (inRack != null) ? new ReachedLevel(DurabilityLevel.SERVER, inRack)
				: new ReachedLevel(DurabilityLevel.ZONE, null);
	}

	// Those that acknowledged a record may fall behind or go away one after the other,
	// until one process is the last that is in sync.
	private static @Nullable String lacking(TopicState topic, ClusterState cluster, long minInSync) {
		for (TopicState.Partition partition : topic.partitions()) {
			int replicas = partition.replicas().size();
			if (replicas > Math.max(1, minInSync)) {
				return "unclean.leader.election.enable=true lets a replica become leader that lacks what %d of %d have acknowledged"
					.formatted(Math.max(1, minInSync), replicas);
			}
			if (replicas > 1 && partition.complete(cluster).size() < 2) {
				return "unclean.leader.election.enable=true lets a replica become leader that lacks records of partition %d, as at most one that is up has all"
					.formatted(partition.number());
			}
		}
		return null;
	}

	/**
	 * Why the placement of the replicas lets one rack have records alone, whoever is up.
	 * @param topic the topic
	 * @param cluster its cluster; a broker whose rack it does not tell is taken to be in
	 * one of its own
	 * @param acknowledgedBy how many replicas are enough to acknowledge a record
	 * @return a clause, or {@code null} if no rack does
	 */
	static @Nullable String withinRack(TopicState topic, ClusterState cluster, long acknowledgedBy) {
		for (TopicState.Partition partition : topic.partitions()) {
			Map<String, Integer> perRack = new HashMap<>();
			for (int broker : partition.replicas()) {
				String rack = cluster.racks().get(broker);
				if (rack != null) {
					perRack.merge(rack, 1, Integer::sum);
				}
				else if (cluster.racks().containsKey(broker)) {
					return "broker %d has no broker.rack".formatted(broker);
				}
			}
			for (Map.Entry<String, Integer> rack : perRack.entrySet()) {
				if (rack.getValue() >= acknowledgedBy) {
					return "partition %d has %d replicas in rack '%s', and %d are enough to acknowledge a record"
						.formatted(partition.number(), rack.getValue(), rack.getKey(), acknowledgedBy);
				}
			}
		}
		return null;
	}

	/**
	 * The one rack that has all of a partition at this moment.
	 * @param partition the partition
	 * @param cluster its cluster
	 * @return the rack, or {@code null} if there are several, or none
	 */
	static @Nullable String onlyRack(TopicState.Partition partition, ClusterState cluster) {
		Set<String> complete = new HashSet<>();
		for (int broker : partition.complete(cluster)) {
			complete.add(Objects.requireNonNullElse(cluster.racks().get(broker), "of broker " + broker));
		}
		return (complete.size() == 1) ? complete.iterator().next() : null;
	}

	private static @Nullable String onlyRack(TopicState topic, ClusterState cluster) {
		for (TopicState.Partition partition : topic.partitions()) {
			String rack = onlyRack(partition, cluster);
			if (rack != null) {
				return "rack '%s' is the only one that has all of partition %d".formatted(rack, partition.number());
			}
		}
		return null;
	}

}
