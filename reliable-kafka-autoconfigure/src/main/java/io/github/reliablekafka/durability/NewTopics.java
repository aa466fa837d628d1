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

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.TopicConfig;

/**
 * How topics are created that nobody has described in full: as many replicas as there are
 * brokers, at most three, of which two must be in sync if there are three, and no unclean
 * leader election. What somebody has described stays, and where the cluster itself would
 * give more, it is as much, as long as a topic that gets more replicas here can still be
 * written while one broker is away.
 *
 * @since 0.1.0
 */
public final class NewTopics {

	private static final short REPLICAS = 3;

	private static final int IN_SYNC = 2;

	// As Kafka's clients have it for a topic that takes the default of the brokers.
	private static final short NOT_GIVEN = -1;

	// So many replicas are not all elsewhere by chance.
	private static final int TELLING = 20;

	private NewTopics() {
	}

	/**
	 * Whether a topic has as many replicas as it should.
	 * @param replicas how many it has
	 * @return {@code false} if there were too few brokers
	 */
	public static boolean isEnough(int replicas) {
		return replicas >= REPLICAS;
	}

	/**
	 * Whether a topic is described in full.
	 * @param topic the topic
	 * @return {@code false} if something is left to be completed
	 */
	public static boolean isComplete(NewTopic topic) {
		Map<String, String> configs = topic.configs();
		return (topic.replicationFactor() != NOT_GIVEN || topic.replicasAssignments() != null) && configs != null
				&& configs.containsKey(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG)
				&& configs.containsKey(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG);
	}

	/**
	 * Describe a topic in full.
	 * @param topic the topic; stays as it is
	 * @param cluster where it is created
	 * @return a new one
	 */
	static NewTopic complete(NewTopic topic, Cluster cluster) {
		Map<Integer, List<Integer>> assignments = topic.replicasAssignments();
		NewTopic completed;
		int replicas;
		if (assignments != null) {
			completed = new NewTopic(topic.name(), assignments);
			replicas = assignments.values().stream().mapToInt(List::size).min().orElse(1);
		}
		else {
			replicas = (topic.replicationFactor() != NOT_GIVEN) ? topic.replicationFactor()
					: Math.max(Math.min(REPLICAS, cluster.brokers()), cluster.replicas());
			completed = new NewTopic(topic.name(), topic.numPartitions(), (short) replicas);
		}
		Map<String, String> configs = new HashMap<>();
		if (isEnough(replicas)) {
			// With fewer it is better left to the brokers than lowered here.
			configs.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, String.valueOf(inSync(topic, replicas, cluster)));
		}
		configs.put(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false");
		if (topic.configs() != null) {
			configs.putAll(topic.configs());
		}
		return completed.configs(configs);
	}

	// Where replicas were added here, what the cluster wants in sync of fewer must not
	// become all of them: the topic could not be written while one broker is away.
	private static int inSync(NewTopic topic, int replicas, Cluster cluster) {
		boolean added = topic.replicasAssignments() == null && topic.replicationFactor() == NOT_GIVEN
				&& replicas > cluster.replicas();
		int most = added ? replicas - 1 : Integer.MAX_VALUE;
		return Math.max(IN_SYNC, Math.min(most, cluster.minInSync()));
	}

	/**
	 * Describe a topic of the starter in full. Other than a topic of the application it
	 * can always be written while one broker is away.
	 * @param topic the topic; stays as it is
	 * @param cluster where it is created
	 * @return a new one
	 */
	static NewTopic completeOwn(NewTopic topic, Cluster cluster) {
		NewTopic completed = complete(topic, cluster);
		Map<String, String> configs = new HashMap<>(completed.configs());
		if (!isEnough(completed.replicationFactor())) {
			// Of two replicas one may be down.
			configs.putIfAbsent(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "1");
		}
		return completed.configs(configs);
	}

	/**
	 * Describe a topic that is as safe as another one: as many partitions and replicas,
	 * as many of them in sync, and no unclean leader election.
	 * @param name its name
	 * @param source the other one
	 * @param minInSync how many replicas of the other one must be in sync; nothing if
	 * that could not be read
	 * @return the topic, to which configuration may be added
	 */
	public static NewTopic like(String name, TopicDescription source, Optional<String> minInSync) {
		int replicas = source.partitions()
			.stream()
			.mapToInt((partition) -> partition.replicas().size())
			.max()
			.orElse(REPLICAS);
		Map<String, String> configs = new HashMap<>();
		minInSync.ifPresent((value) -> configs.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, value));
		configs.put(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false");
		return new NewTopic(name, source.partitions().size(), (short) replicas).configs(configs);
	}

	/**
	 * Count the brokers that a new topic may have replicas on. One that is away counts,
	 * as it is taken to come back, unless existing topics have plenty of replicas and
	 * none there: then it was taken away for good, and only nobody has unregistered it. A
	 * topic with a replica there could not be written as soon as another broker is away.
	 * @param nodes all brokers that are registered
	 * @param replicas of each replica of existing topics, the broker that has it
	 * @return at least 1
	 */
	static int usable(Collection<Node> nodes, Collection<Integer> replicas) {
		boolean tells = replicas.size() >= TELLING;
		return (int) Math.max(1,
				nodes.stream().filter((node) -> !node.isFenced() || !tells || replicas.contains(node.id())).count());
	}

	/**
	 * What a cluster has for a topic.
	 *
	 * @param brokers how many brokers there are, those that are away for a moment
	 * included
	 * @param replicas how many replicas the cluster gives by itself; 0 if that is not
	 * known
	 * @param minInSync how many of them must be in sync then; 0 if that is not known
	 */
	record Cluster(int brokers, int replicas, int minInSync) {

	}

}
