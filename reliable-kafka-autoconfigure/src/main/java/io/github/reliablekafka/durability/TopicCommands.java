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

	String elect(int partition) {
		return "kafka-leader-election.sh --bootstrap-server %s --election-type unclean --topic %s --partition %d"
			.formatted(this.address, this.topic, partition);
	}

	/**
	 * Give each partition more replicas. Those that it has stay where they are.
	 * @param partitions the partitions
	 * @param cluster has the brokers
	 * @param replicas how many it shall have
	 * @return the command
	 */
	String reassign(List<TopicState.Partition> partitions, ClusterState cluster, int replicas) {
		if (cluster.brokers().size() < replicas) {
			return "Add brokers to the cluster until it has %d, then give the topic a replica on each"
				.formatted(replicas);
		}
		String list = partitions.stream()
			.limit(MOST_PARTITIONS)
			.map((partition) -> "{\"topic\":\"%s\",\"partition\":%d,\"replicas\":%s}".formatted(this.topic,
					partition.number(), spread(partition, cluster, replicas).toString().replace(" ", "")))
			.collect(Collectors.joining(","));
		return "echo '{\"version\":1,\"partitions\":[%s]}' > replicas.json; kafka-reassign-partitions.sh --bootstrap-server %s --reassignment-json-file replicas.json --execute%s"
			.formatted(list, this.address, (partitions.size() > MOST_PARTITIONS)
					? " (and the same for each of its %d partitions)".formatted(partitions.size()) : "");
	}

	// Where they are, and then on brokers of racks that have none yet, beginning with
	// another one for each partition.
	static List<Integer> spread(TopicState.Partition partition, ClusterState cluster, int replicas) {
		List<Integer> chosen = new ArrayList<>(partition.replicas());
		List<Integer> brokers = new ArrayList<>(cluster.brokers());
		Collections.rotate(brokers, -(partition.number() % Math.max(1, brokers.size())));
		for (boolean anyRack : new boolean[] { false, true }) {
			for (int broker : brokers) {
				boolean otherRack = cluster.racks().get(broker) != null && chosen.stream()
					.noneMatch((other) -> String.valueOf(cluster.racks().get(broker))
						.equals(String.valueOf(cluster.racks().get(other))));
				if (chosen.size() < replicas && !chosen.contains(broker) && (anyRack || otherRack)) {
					chosen.add(broker);
				}
			}
		}
		return chosen;
	}

}
