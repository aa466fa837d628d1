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
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Reads facts about a cluster and its topics, many topics with one request. What the
 * application is not permitted to see becomes a fact, too. Waits for answers until its
 * deadline.
 */
final class ClusterReader {

	/**
	 * So that an answer stays below a few megabytes.
	 */
	private static final int TOPICS_PER_REQUEST = 250;

	// For the settings of a broker, which only it can tell: it may just have died.
	private static final int TIMEOUT_MILLIS = 5000;

	private static final Set<String> SETTINGS = Set.of(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
			TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, TopicConfig.CLEANUP_POLICY_CONFIG,
			TopicConfig.RETENTION_MS_CONFIG, TopicConfig.RETENTION_BYTES_CONFIG, TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
			TopicConfig.FLUSH_MESSAGES_INTERVAL_CONFIG, TopicConfig.FLUSH_MS_CONFIG,
			TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG, TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG,
			TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG, TopicConfig.REMOTE_LOG_DELETE_ON_DISABLE_CONFIG,
			"auto.create.topics.enable", "default.replication.factor", "offsets.topic.replication.factor",
			"transaction.state.log.replication.factor");

	private final Admin admin;

	private final String address;

	private final long deadline;

	/**
	 * Create a reader for one look.
	 * @param admin the client
	 * @param address where the cluster is reached, to be read by people
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 */
	ClusterReader(Admin admin, String address, long deadline) {
		this.admin = admin;
		this.address = address;
		this.deadline = deadline;
	}

	/**
	 * Read which brokers there are. Right before the topics, so that the two agree.
	 * @return the cluster, without settings
	 * @throws KafkaException if it does not answer
	 */
	ClusterState brokers() {
		Map<Integer, @Nullable String> racks = new TreeMap<>();
		SortedSet<Integer> up = new TreeSet<>();
		BoundedAdmin.nodes(this.admin, this.deadline).forEach((node) -> {
			racks.put(node.id(), node.rack());
			if (!node.isFenced()) {
				up.add(node.id());
			}
		});
		if (up.isEmpty()) {
			throw new KafkaException("The cluster names no broker that is up");
		}
		return new ClusterState(racks, up, Set.of(), ReadSettings.unreadable("not read"), this.address);
	}

	/**
	 * Read the settings of one broker.
	 * @param brokers what was read before
	 * @return the same with settings
	 */
	ClusterState settings(ClusterState brokers) {
		ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER,
				String.valueOf(brokers.up().iterator().next()));
		ReadSettings settings;
		try {
			settings = settings(
					this.admin.describeConfigs(List.of(broker), new DescribeConfigsOptions().timeoutMs(TIMEOUT_MILLIS))
						.values()
						.get(broker),
					"not permitted; allow DescribeConfigs on the cluster");
		}
		catch (TimeoutException ex) {
			settings = ReadSettings.unreadable("the broker that was asked has not answered");
		}
		catch (ApiException ex) {
			// Some clusters that are run by others show nothing of their brokers.
			settings = ReadSettings
				.unreadable("the broker that was asked has refused: " + ex.getClass().getSimpleName());
		}
		return new ClusterState(brokers.racks(), brokers.up(), Set.of(), settings, this.address);
	}

	/**
	 * Read topics.
	 * @param names their names
	 * @return by name, one for each
	 * @throws KafkaException if the cluster does not answer
	 */
	Map<String, TopicState> topics(Collection<String> names) {
		Map<String, TopicState> states = new LinkedHashMap<>();
		List<String> all = List.copyOf(names);
		for (int from = 0; from < all.size(); from += TOPICS_PER_REQUEST) {
			List<String> some = all.subList(from, Math.min(all.size(), from + TOPICS_PER_REQUEST));
			readTopics(some, states);
		}
		return states;
	}

	private void readTopics(List<String> names, Map<String, TopicState> states) {
		Map<String, KafkaFuture<TopicDescription>> descriptions = this.admin.describeTopics(names).topicNameValues();
		Map<String, TopicDescription> present = new LinkedHashMap<>();
		for (String name : names) {
			try {
				present.put(name, get(descriptions.get(name)));
			}
			catch (UnknownTopicOrPartitionException | InvalidTopicException ex) {
				states.put(name, TopicState.absent(name));
			}
			catch (AuthorizationException ex) {
				states.put(name, TopicState.unreadable(name, "not permitted; allow Describe on the topic"));
			}
		}
		List<ConfigResource> resources = present.keySet().stream().map(ClusterReader::resource).toList();
		Map<ConfigResource, KafkaFuture<Config>> configs = resources.isEmpty() ? Map.of()
				: this.admin.describeConfigs(resources).values();
		present.forEach((name, description) -> {
			ReadSettings settings;
			try {
				settings = settings(configs.get(resource(name)), "not permitted; allow DescribeConfigs on the topic");
			}
			catch (UnknownTopicOrPartitionException ex) {
				// Deleted in between.
				states.put(name, TopicState.absent(name));
				return;
			}
			catch (TimeoutException ex) {
				throw ex;
			}
			catch (ApiException ex) {
				settings = ReadSettings.unreadable("refused: " + ex.getClass().getSimpleName());
			}
			states.put(name, TopicState.of(name, partitions(description), settings));
		});
	}

	private ReadSettings settings(@Nullable KafkaFuture<Config> config, String notPermitted) {
		try {
			Map<String, ReadSettings.Setting> values = new HashMap<>();
			for (ConfigEntry entry : get(config).entries()) {
				if (entry.value() != null && SETTINGS.contains(entry.name())) {
					values.put(entry.name(), new ReadSettings.Setting(entry.value(), sourceOf(entry)));
				}
			}
			return ReadSettings.of(values);
		}
		catch (AuthorizationException ex) {
			return ReadSettings.unreadable(notPermitted);
		}
	}

	private static ReadSettings.Source sourceOf(ConfigEntry entry) {
		return switch (entry.source()) {
			case DYNAMIC_TOPIC_CONFIG -> ReadSettings.Source.TOPIC;
			case DYNAMIC_DEFAULT_BROKER_CONFIG -> ReadSettings.Source.CLUSTER;
			case DEFAULT_CONFIG -> ReadSettings.Source.DEFAULT;
			default -> ReadSettings.Source.BROKER;
		};
	}

	private static List<TopicState.Partition> partitions(TopicDescription description) {
		List<TopicState.Partition> partitions = new ArrayList<>();
		for (TopicPartitionInfo info : description.partitions()) {
			partitions.add(new TopicState.Partition(info.partition(), (info.leader() != null) ? info.leader().id() : -1,
					info.replicas().stream().map(Node::id).toList(), ids(info.isr()),
					(info.elr() != null) ? ids(info.elr()) : null));
		}
		return partitions;
	}

	private static Set<Integer> ids(Collection<Node> nodes) {
		return nodes.stream().map(Node::id).collect(Collectors.toCollection(HashSet::new));
	}

	static ConfigResource resource(String topic) {
		return new ConfigResource(ConfigResource.Type.TOPIC, topic);
	}

	private <T> T get(@Nullable KafkaFuture<T> future) {
		return BoundedAdmin.get(future, this.deadline);
	}

}
