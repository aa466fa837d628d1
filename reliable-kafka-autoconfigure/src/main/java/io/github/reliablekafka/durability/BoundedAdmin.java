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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.CreateTopicsOptions;
import org.apache.kafka.clients.admin.CreateTopicsResult;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.jspecify.annotations.Nullable;

/**
 * An admin client that is none of the application's and whose calls end after a bounded
 * time, to find and create topics of our own. Connects when it is used first. Safe for
 * use by many threads.
 *
 * @since 0.1.0
 */
public final class BoundedAdmin implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(BoundedAdmin.class);

	/**
	 * So that an answer stays below a few megabytes.
	 */
	private static final int MOST_TOPICS = 250;

	private final Map<String, Object> settings;

	private @Nullable Admin admin;

	private boolean closed;

	/**
	 * Create a client that is not connected.
	 * @param connection how to reach the cluster
	 * @param name what its client id begins with
	 * @param timeout longest time for one call. One request may take a third of it, so
	 * that another broker can be asked
	 */
	public BoundedAdmin(Map<String, Object> connection, String name, Duration timeout) {
		int milliseconds = (int) Math.max(3, timeout.toMillis());
		this.settings = ConnectionSettings.ofOwnClient(connection, name);
		this.settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, milliseconds);
		this.settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, milliseconds / 3);
	}

	/**
	 * The client.
	 * @return not to be closed by the caller
	 * @throws IllegalStateException once closed
	 */
	public synchronized Admin admin() {
		if (this.closed) {
			throw new IllegalStateException("The application is shutting down");
		}
		if (this.admin == null) {
			this.admin = Admin.create(this.settings);
		}
		return this.admin;
	}

	/**
	 * Look at a topic.
	 * @param topic its name
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @return the topic as it is; nothing if there is none
	 * @throws KafkaException if that is not known
	 */
	public Optional<TopicDescription> describe(String topic, long deadline) {
		try {
			return Optional.of(get(admin().describeTopics(List.of(topic)).topicNameValues().get(topic), deadline));
		}
		catch (UnknownTopicOrPartitionException ex) {
			return Optional.empty();
		}
	}

	/**
	 * Ask for the brokers without waiting, so that it is known soon whether the cluster
	 * can be reached.
	 * @return completes when it has answered
	 */
	public Future<?> reach() {
		return admin().describeCluster().nodes().toCompletionStage().toCompletableFuture();
	}

	/**
	 * Find the brokers, those that are away for a moment included: they are still
	 * registered, and marked as fenced.
	 * @param admin the client
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @return at least one. A cluster of old brokers names only those that are up
	 * @throws KafkaException if that is not known
	 */
	static Collection<Node> nodes(Admin admin, long deadline) {
		Collection<Node> nodes;
		try {
			nodes = get(admin.describeCluster(new DescribeClusterOptions().includeFencedBrokers(true)).nodes(),
					deadline);
		}
		catch (UnsupportedVersionException ex) {
			nodes = get(admin.describeCluster().nodes(), deadline);
		}
		if (nodes.isEmpty()) {
			throw new KafkaException("The cluster names no broker");
		}
		return nodes;
	}

	/**
	 * Create a topic of our own with three replicas, of which two must be in sync, and
	 * without unclean leader election, as far as there are brokers. If there are fewer,
	 * the log tells how to change that later. A topic that exists is left as it is.
	 * @param topic its name
	 * @param partitions how many it has
	 * @param configs the rest of its configuration
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @throws KafkaException if it is not created, or if that is not known
	 */
	public void create(String topic, int partitions, Map<String, String> configs, long deadline) {
		NewTopic wanted = new NewTopic(topic, Optional.of(partitions), Optional.empty()).configs(configs);
		NewTopic complete = NewTopics.completeOwn(wanted, clusterFor(wanted, deadline));
		int replicas = complete.replicationFactor();
		if (create(complete, deadline) && !NewTopics.isEnough(replicas)) {
			logger
				.warn(("Topic '%1$s' has %2$d %3$s for good, as there were no more brokers when it was created: what it "
						+ "has may be lost with %4$s. If the cluster has three: let kafka-reassign-partitions.sh give it three "
						+ "replicas, then run kafka-configs.sh --alter --entity-type topics --entity-name %1$s "
						+ "--add-config min.insync.replicas=2")
					.formatted(topic, replicas, (replicas == 1) ? "replica" : "replicas",
							(replicas == 1) ? "it" : "them"));
		}
	}

	/**
	 * Create a topic of the application, and complete what it leaves open as
	 * {@link NewTopics} has it. One that exists is left as it is.
	 * @param topic the topic as the application describes it
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @return whether it was created now
	 * @throws KafkaException if it is not created, or if that is not known
	 */
	public boolean createComplete(NewTopic topic, long deadline) {
		return create(NewTopics.complete(topic, clusterFor(topic, deadline)), deadline);
	}

	private int usableBrokers(long deadline) {
		Collection<Node> nodes = nodes(admin(), deadline);
		boolean anyAway = nodes.stream().anyMatch(Node::isFenced);
		try {
			return NewTopics.usable(nodes, anyAway ? replicas(deadline) : List.of());
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (KafkaException ex) {
			logger.debug("Which brokers have replicas is not known", ex);
			return nodes.size();
		}
	}

	private Collection<Integer> replicas(long deadline) {
		List<String> topics = get(admin().listTopics(new ListTopicsOptions().listInternal(true)).names(), deadline)
			.stream()
			.limit(MOST_TOPICS)
			.toList();
		List<Integer> brokers = new ArrayList<>();
		admin().describeTopics(topics).topicNameValues().values().forEach((description) -> {
			try {
				get(description, deadline).partitions()
					.stream()
					.flatMap((partition) -> partition.replicas().stream())
					.forEach((replica) -> brokers.add(replica.id()));
			}
			catch (UnknownTopicOrPartitionException | AuthorizationException ex) {
				// Deleted meanwhile, or not for this application.
				logger.debug("A topic could not be looked at", ex);
			}
		});
		return brokers;
	}

	// Whoever decides on a new topic is asked what it would get, since a broker's own
	// settings need not be those of the controller.
	private NewTopics.Cluster clusterFor(NewTopic topic, long deadline) {
		int brokers = usableBrokers(deadline);
		try {
			CreateTopicsResult offer = admin().createTopics(List.of(topic),
					new CreateTopicsOptions().validateOnly(true));
			get(offer.values().get(topic.name()), deadline);
			ConfigEntry minInSync = get(offer.config(topic.name()), deadline)
				.get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG);
			return new NewTopics.Cluster(brokers, get(offer.replicationFactor(topic.name()), deadline),
					(minInSync != null) ? Integer.parseInt(minInSync.value()) : 0);
		}
		catch (org.apache.kafka.common.errors.TimeoutException | InterruptException ex) {
			throw ex;
		}
		catch (KafkaException ex) {
			// Not permitted to be told, or the cluster wants more than it has; whether it
			// takes what is asked for then is seen when it is created.
			logger.debug("What topic '%s' would get by default is not known".formatted(topic.name()), ex);
			return new NewTopics.Cluster(brokers, 0, 0);
		}
	}

	/**
	 * Create a topic. One that exists is left as it is.
	 * @param topic the topic
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @return whether it was created now
	 * @throws KafkaException if it is not created, or if that is not known
	 */
	public boolean create(NewTopic topic, long deadline) {
		try {
			get(admin().createTopics(List.of(topic)).values().get(topic.name()), deadline);
		}
		catch (TopicExistsException ex) {
			// Somebody else was faster.
			return false;
		}
		Map<String, String> configs = topic.configs();
		String minInSync = (configs != null) ? configs.get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG) : null;
		logger.info("Created topic '%s': partitions=%s, replication factor=%s, min.insync.replicas=%s".formatted(
				topic.name(), (topic.numPartitions() > 0) ? topic.numPartitions() : "as the brokers say",
				(topic.replicationFactor() > 0) ? topic.replicationFactor() : "as assigned",
				(minInSync != null) ? minInSync : "as the brokers say"));
		return true;
	}

	/**
	 * Wait for an answer.
	 * @param <T> its type
	 * @param future the answer
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @return the answer
	 * @throws KafkaException if it is a failure, or does not come
	 */
	public static <T> T get(@Nullable KafkaFuture<T> future, long deadline) {
		try {
			return Objects.requireNonNull(future).get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			throw new InterruptException(ex);
		}
		catch (ExecutionException ex) {
			throw (ex.getCause() instanceof KafkaException cause) ? cause : new KafkaException(ex.getCause());
		}
		catch (TimeoutException ex) {
			throw new org.apache.kafka.common.errors.TimeoutException("The cluster has not answered in time", ex);
		}
	}

	/**
	 * Close without waiting. There will be no further call.
	 */
	@Override
	public synchronized void close() {
		this.closed = true;
		if (this.admin != null) {
			this.admin.close(Duration.ofMillis(1));
		}
	}

}
