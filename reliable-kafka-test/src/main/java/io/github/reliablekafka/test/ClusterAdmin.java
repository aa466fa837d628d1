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

package io.github.reliablekafka.test;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.ElectionNotNeededException;
import org.apache.kafka.common.errors.EligibleLeadersNotAvailableException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of the brokers, with time bounds that suit brokers which may be paused.
 * Thread-safe.
 */
final class ClusterAdmin implements AutoCloseable {

	private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(3);

	private static final Duration CALL_TIMEOUT = Duration.ofSeconds(15);

	private static final Duration STATE_TIMEOUT = Duration.ofSeconds(60);

	private final Admin admin;

	private final Consumer<Set<Integer>> seenLive;

	ClusterAdmin(String bootstrapServers, Consumer<Set<Integer>> seenLive) {
		this.seenLive = seenLive;
		this.admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers,
				AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) REQUEST_TIMEOUT.toMillis(),
				AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) CALL_TIMEOUT.toMillis(),
				AdminClientConfig.METADATA_MAX_AGE_CONFIG, 1000, AdminClientConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG, 250,
				AdminClientConfig.SOCKET_CONNECTION_SETUP_TIMEOUT_MS_CONFIG, 2000));
	}

	Admin admin() {
		return this.admin;
	}

	Set<Integer> liveBrokers() {
		Collection<Node> nodes = get("describe the cluster", this.admin.describeCluster().nodes());
		Set<Integer> live = ids(nodes);
		this.seenLive.accept(live);
		return live;
	}

	void awaitLive(Collection<Integer> brokers) {
		Await.until(STATE_TIMEOUT, () -> "brokers " + brokers + " in the cluster", () -> {
			Set<Integer> live = attempt(this::liveBrokers);
			return live != null && live.containsAll(brokers);
		});
	}

	/**
	 * Look at the cluster until a broker is up to date, in the background: to resume or
	 * reconnect it does not wait, but the next request may have to go to it.
	 * @param outdated whether it is not yet
	 */
	void lookWhile(BooleanSupplier outdated) {
		Thread thread = new Thread(() -> {
			try {
				Await.until(STATE_TIMEOUT, () -> "a broker up to date", () -> {
					attempt(this::liveBrokers);
					return !outdated.getAsBoolean();
				});
			}
			catch (KafkaClusterException | IllegalStateException ex) {
				// The cluster is closed, or the broker has met the next fault.
			}
		}, "kafka-cluster-look");
		thread.setDaemon(true);
		thread.start();
	}

	void createTopic(String topic, int partitions, int replicationFactor, Map<String, String> configs) {
		NewTopic newTopic = new NewTopic(topic, partitions, (short) replicationFactor).configs(configs);
		get("create topic " + topic, this.admin.createTopics(List.of(newTopic)).all());
		awaitPartitions(topic, partitions,
				(partition) -> inSync(partition) && partition.isr().size() == replicationFactor);
	}

	void awaitInSync(String topic) {
		awaitPartitions(topic, 1, ClusterAdmin::inSync);
	}

	private static boolean inSync(TopicPartitionInfo partition) {
		return partition.leader() != null && partition.isr().size() == partition.replicas().size();
	}

	private void awaitPartitions(String topic, int atLeast, Predicate<TopicPartitionInfo> state) {
		Await.until(STATE_TIMEOUT, () -> "all replicas of " + topic + " in sync; " + attempt(() -> describe(topic)),
				() -> {
					TopicDescription description = attempt(() -> describe(topic));
					return description != null && description.partitions().size() >= atLeast
							&& description.partitions().stream().allMatch(state);
				});
	}

	void awaitPartition(TopicPartition partition, String what, Predicate<TopicPartitionInfo> state) {
		Await.until(STATE_TIMEOUT, () -> partition + " " + what + "; " + attempt(() -> describe(partition.topic())),
				() -> {
					TopicPartitionInfo info = attempt(() -> describe(partition));
					return info != null && state.test(info);
				});
	}

	private TopicDescription describe(String topic) {
		Map<String, TopicDescription> found = get("describe topic " + topic,
				this.admin.describeTopics(List.of(topic)).allTopicNames());
		return Objects.requireNonNull(found.get(topic));
	}

	TopicPartitionInfo describe(TopicPartition partition) {
		return describe(partition.topic()).partitions()
			.stream()
			.filter((info) -> info.partition() == partition.partition())
			.findFirst()
			.orElseThrow(() -> new KafkaClusterException("There is no partition " + partition));
	}

	static int leader(TopicPartitionInfo partition) {
		Node leader = partition.leader();
		return (leader != null && !leader.isEmpty()) ? leader.id() : KafkaCluster.NO_LEADER;
	}

	static Set<Integer> ids(Collection<Node> nodes) {
		return nodes.stream().map(Node::id).collect(TreeSet::new, Set::add, Set::addAll);
	}

	void awaitUncleanElection(TopicPartition partition, Set<Integer> dead) {
		Await.until(STATE_TIMEOUT,
				() -> "unclean election of a leader for " + partition + "; " + attempt(() -> describe(partition)),
				() -> {
					attempt(() -> electUnclean(partition));
					TopicPartitionInfo info = attempt(() -> describe(partition));
					return info != null && leader(info) != KafkaCluster.NO_LEADER && !dead.contains(leader(info));
				});
	}

	private boolean electUnclean(TopicPartition partition) {
		Map<TopicPartition, Optional<Throwable>> result = get("elect a leader for " + partition,
				this.admin.electLeaders(ElectionType.UNCLEAN, Set.of(partition)).partitions());
		Throwable failure = result.getOrDefault(partition, Optional.empty()).orElse(null);
		if (failure == null || failure instanceof ElectionNotNeededException
				|| failure instanceof EligibleLeadersNotAvailableException) {
			// Not needed until the controller notices that the leader is dead.
			return failure == null;
		}
		throw new KafkaClusterException("Cannot elect a leader for " + partition, failure);
	}

	void deleteRecords(TopicPartition partition, long beforeOffset) {
		get("delete the records of " + partition,
				this.admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(beforeOffset))).all());
	}

	long offset(TopicPartition partition, OffsetSpec spec) {
		return get("list the offsets of " + partition,
				this.admin.listOffsets(Map.of(partition, spec)).partitionResult(partition))
			.offset();
	}

	private static <T> T get(String what, KafkaFuture<T> future) {
		try {
			return future.get(CALL_TIMEOUT.toMillis() * 2, TimeUnit.MILLISECONDS);
		}
		catch (ExecutionException ex) {
			throw new KafkaClusterException("Cannot " + what + ": " + ex.getCause(), ex.getCause());
		}
		catch (TimeoutException ex) {
			throw new KafkaClusterException("Cannot " + what + " in time", ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new KafkaClusterException("Interrupted, so could not " + what, ex);
		}
	}

	// While brokers are down, a failed request is an answer too: not yet.
	private static <T> @Nullable T attempt(Supplier<T> request) {
		try {
			return request.get();
		}
		catch (KafkaClusterException ex) {
			Throwable cause = ex.getCause();
			if (cause instanceof RetriableException || cause instanceof UnknownTopicOrPartitionException) {
				return null;
			}
			throw ex;
		}
	}

	@Override
	public void close() {
		this.admin.close(Duration.ZERO);
	}

}
