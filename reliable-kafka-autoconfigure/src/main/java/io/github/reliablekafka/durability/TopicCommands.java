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

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The commands of Kafka's own tools that mend a topic, to be copied into a shell.
 */
final class TopicCommands {

	private static final int MOST_PARTITIONS = 12;

	private final String address;

	private final String topic;

	TopicCommands(String address, String topic) {
		this.address = address;
		this.topic = topic;
	}

	String set(String setting, String value) {
		return "kafka-configs.sh --bootstrap-server %s --alter --entity-type topics --entity-name %s --add-config %s=%s"
			.formatted(this.address, this.topic, setting, value);
	}

	String describe() {
		return "kafka-topics.sh --bootstrap-server %s --describe --topic %s".formatted(this.address, this.topic);
	}

	/**
	 * Give each partition more replicas. Those that it has stay where they are, but for
	 * those on brokers that the cluster does not name, as Kafka refuses them.
	 * @param partitions the partitions
	 * @param cluster has the brokers
	 * @param replicas how many it shall have
	 * @return the command, or what has to be done before
	 */
	String reassign(List<TopicState.Partition> partitions, ClusterState cluster, int replicas) {
		Set<Integer> away = new TreeSet<>();
		Set<Integer> unnamed = new TreeSet<>();
		for (TopicState.Partition partition : partitions) {
			for (int broker : partition.replicas()) {
				// Without a leader it may be the only one that has the records.
				boolean needed = cluster.racks().containsKey(broker) || partition.leader() < 0;
				if (!cluster.up().contains(broker)) {
					(needed ? away : unnamed).add(broker);
				}
			}
		}
		if (!away.isEmpty()) {
			return "Start brokers %s first, or let kafka-cluster.sh unregister those that are gone for good; the next look tells which replicas to add"
				.formatted(listed(away));
		}
		if (cluster.up().size() < replicas && cluster.racks().size() >= replicas) {
			return "Start or mend the brokers that are away, or let kafka-cluster.sh unregister those that are gone for good; the next look tells which replicas to add";
		}
		if (cluster.up().size() < replicas) {
			return "Add brokers to the cluster until it has %d, then give the topic a replica on each"
				.formatted(replicas);
		}
		Map<Integer, List<Integer>> wanted = new TreeMap<>();
		partitions.forEach((partition) -> wanted.put(partition.number(), spread(partition, cluster, replicas)));
		String leftOut = unnamed.isEmpty() ? ""
				: "Replicas on brokers %s are left out, because the cluster does not name them: if they are only down, start them instead. "
					.formatted(listed(unnamed));
		return leftOut + execute(wanted);
	}

	private static String listed(Set<Integer> brokers) {
		return brokers.stream().map(String::valueOf).collect(Collectors.joining(", "));
	}

	/**
	 * Move replicas of partitions that have several in one rack to racks that have none.
	 * @param partitions the partitions
	 * @param cluster has the brokers
	 * @param replicas how many each shall have at least
	 * @return the command, or what has to be done before
	 */
	String moveToOtherRacks(List<TopicState.Partition> partitions, ClusterState cluster, int replicas) {
		if (cluster.up().stream().anyMatch((broker) -> cluster.racks().get(broker) == null)) {
			return "Set broker.rack on each broker; the next look tells which replicas to move";
		}
		Map<Integer, List<Integer>> wanted = new TreeMap<>();
		for (TopicState.Partition partition : partitions) {
			List<Integer> chosen = acrossRacks(partition, cluster, replicas);
			if (cluster.up().containsAll(partition.replicas()) && !chosen.equals(partition.replicas())) {
				wanted.put(partition.number(), chosen);
			}
		}
		return wanted.isEmpty()
				? "Start or mend the brokers that are away; if none is, add brokers in racks that have no replica of the topic: "
						+ describe()
				: execute(wanted);
	}

	private String execute(Map<Integer, List<Integer>> wanted) {
		String list = wanted.entrySet()
			.stream()
			.limit(MOST_PARTITIONS)
			.map((partition) -> "{\"topic\":\"%s\",\"partition\":%d,\"replicas\":%s}".formatted(this.topic,
					partition.getKey(), partition.getValue().toString().replace(" ", "")))
			.collect(Collectors.joining(","));
		String some = (wanted.size() > MOST_PARTITIONS)
				? " This is for %d of %d partitions; do the same for the others.".formatted(MOST_PARTITIONS,
						wanted.size())
				: "";
		return "It moves data: in a busy cluster add --throttle, and --verify afterwards, which lifts it; where a password is asked for add --command-config.%s Run: echo '{\"version\":1,\"partitions\":[%s]}' > replicas.json; kafka-reassign-partitions.sh --bootstrap-server %s --reassignment-json-file replicas.json --execute"
			.formatted(some, list, this.address);
	}

	static List<Integer> acrossRacks(TopicState.Partition partition, ClusterState cluster, int replicas) {
		List<Integer> chosen = spread(partition, cluster, replicas);
		for (int broker : inTurn(partition, cluster)) {
			if (inRackOf(broker, chosen, cluster) == 0) {
				// The last of those that share a rack, so that the leader stays.
				for (int place = chosen.size() - 1; place > 0; place--) {
					if (inRackOf(chosen.get(place), chosen, cluster) > 1) {
						chosen.set(place, broker);
						break;
					}
				}
			}
		}
		return chosen;
	}

	private static long inRackOf(int broker, List<Integer> brokers, ClusterState cluster) {
		String rack = String.valueOf(cluster.racks().get(broker));
		return brokers.stream().filter((other) -> rack.equals(String.valueOf(cluster.racks().get(other)))).count();
	}

	private static List<Integer> inTurn(TopicState.Partition partition, ClusterState cluster) {
		List<Integer> brokers = new ArrayList<>(cluster.up());
		Collections.rotate(brokers, -(partition.number() % Math.max(1, brokers.size())));
		return brokers;
	}

	// Where they are, if the cluster names the broker, and then on brokers of racks that
	// have none yet, beginning with another one for each partition.
	static List<Integer> spread(TopicState.Partition partition, ClusterState cluster, int replicas) {
		List<Integer> chosen = new ArrayList<>(partition.replicas());
		chosen.retainAll(cluster.racks().keySet());
		List<Integer> brokers = inTurn(partition, cluster);
		for (boolean anyRack : new boolean[] { false, true }) {
			for (int broker : brokers) {
				boolean otherRack = cluster.racks().get(broker) != null && inRackOf(broker, chosen, cluster) == 0;
				if (chosen.size() < replicas && !chosen.contains(broker) && (anyRack || otherRack)) {
					chosen.add(broker);
				}
			}
		}
		return chosen;
	}

}
