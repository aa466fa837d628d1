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

import java.util.HashSet;
import java.util.List;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * What the cluster says about one topic.
 *
 * @param name its name
 * @param partitions its partitions; empty if there is no such topic, or if it could not
 * be read
 * @param settings its settings
 * @param unreadable why its partitions could not be read; {@code null} if they were, or
 * if there is no such topic
 */
record TopicState(String name, List<Partition> partitions, ReadSettings settings, @Nullable String unreadable) {

	TopicState {
		partitions = List.copyOf(partitions);
	}

	static TopicState of(String name, List<Partition> partitions, ReadSettings settings) {
		return new TopicState(name, partitions, settings, null);
	}

	static TopicState absent(String name) {
		return new TopicState(name, List.of(), ReadSettings.unreadable("there is no such topic"), null);
	}

	static TopicState unreadable(String name, String reason) {
		return new TopicState(name, List.of(), ReadSettings.unreadable(reason), reason);
	}

	boolean isAbsent() {
		return this.partitions.isEmpty() && this.unreadable == null;
	}

	/**
	 * The fewest replicas that a partition has.
	 * @return 0 if there is no partition
	 */
	int replicas() {
		return this.partitions.stream().mapToInt((partition) -> partition.replicas().size()).min().orElse(0);
	}

	/**
	 * A partition. Brokers are named by their ids.
	 *
	 * @param number its number
	 * @param leader its leader, -1 if it has none
	 * @param replicas where its replicas are
	 * @param inSync those of them that are in sync
	 * @param eligible those of them that are not, but are known to have each acknowledged
	 * record; {@code null} if the cluster does not tell
	 * @param expected those that had each acknowledged record a moment ago, when they
	 * went away, and are probably just started again with their disks
	 */
	record Partition(int number, int leader, List<Integer> replicas, Set<Integer> inSync,
			@Nullable Set<Integer> eligible, Set<Integer> expected) {

		/**
		 * A partition as it was read.
		 * @param number its number
		 * @param leader its leader, -1 if it has none
		 * @param replicas where its replicas are
		 * @param inSync those of them that are in sync
		 * @param eligible those of them that are not, but have each acknowledged record
		 */
		Partition(int number, int leader, List<Integer> replicas, Set<Integer> inSync,
				@Nullable Set<Integer> eligible) {
			this(number, leader, replicas, inSync, eligible, Set.of());
		}

		Partition {
			replicas = List.copyOf(replicas);
			inSync = Set.copyOf(inSync);
			eligible = (eligible != null) ? Set.copyOf(eligible) : null;
			expected = Set.copyOf(expected);
		}

		Partition expecting(Set<Integer> brokers) {
			return new Partition(this.number, this.leader, this.replicas, this.inSync, this.eligible, brokers);
		}

		/**
		 * Whether a broker that may lead the partition without a loss is expected back.
		 * @return {@code false} if it stays without a leader until somebody does
		 * something
		 */
		boolean isLedSoon() {
			return this.expected.stream()
				.anyMatch((broker) -> this.inSync.contains(broker)
						|| (this.eligible != null && this.eligible.contains(broker)));
		}

		/**
		 * The brokers that are up and have each acknowledged record, or had a moment ago
		 * when they went away.
		 * @param cluster knows which are up
		 * @return their ids
		 */
		Set<Integer> complete(ClusterState cluster) {
			Set<Integer> complete = new HashSet<>(this.inSync);
			if (this.eligible != null) {
				complete.addAll(this.eligible);
			}
			complete.retainAll(cluster.up());
			complete.addAll(this.expected);
			return complete;
		}

	}

}
