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
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.TopicConfig;

/**
 * How topics are created that nobody has described in full: as many replicas as there are
 * brokers, at most three, of which two must be in sync if there are three, and no unclean
 * leader election. What somebody has described stays.
 *
 * @since 0.1.0
 */
public final class NewTopics {

	private static final short REPLICAS = 3;

	// As Kafka's clients have it for a topic that takes the default of the brokers.
	private static final short NOT_GIVEN = -1;

	private NewTopics() {
	}

	/**
	 * How many replicas a topic gets.
	 * @param brokers how many brokers there are
	 * @return 1 to 3
	 */
	public static short replicas(int brokers) {
		return (short) Math.max(1, Math.min(REPLICAS, brokers));
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
	 * @param brokers how many brokers there are
	 * @return a new one
	 */
	public static NewTopic complete(NewTopic topic, int brokers) {
		Map<Integer, List<Integer>> assignments = topic.replicasAssignments();
		NewTopic completed;
		int replicas;
		if (assignments != null) {
			completed = new NewTopic(topic.name(), assignments);
			replicas = assignments.values().stream().mapToInt(List::size).min().orElse(1);
		}
		else {
			replicas = (topic.replicationFactor() != NOT_GIVEN) ? topic.replicationFactor() : replicas(brokers);
			completed = new NewTopic(topic.name(), topic.numPartitions(), (short) replicas);
		}
		Map<String, String> configs = new HashMap<>();
		if (isEnough(replicas)) {
			// With fewer it is better left to the brokers than lowered here.
			configs.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "2");
		}
		configs.put(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false");
		if (topic.configs() != null) {
			configs.putAll(topic.configs());
		}
		return completed.configs(configs);
	}

}
