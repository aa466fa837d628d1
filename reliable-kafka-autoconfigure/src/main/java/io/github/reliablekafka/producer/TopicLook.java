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

package io.github.reliablekafka.producer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.spool.SpoolTopics;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Asks the cluster which topics really exist: what a producer says of them may be from
 * before the cluster went away. Safe for use by many threads.
 */
final class TopicLook {

	/**
	 * Longest time for one question.
	 */
	private static final Duration LONGEST = Duration.ofSeconds(6);

	private final Supplier<Map<String, Object>> settings;

	private final Supplier<@Nullable SpoolTopics> topics;

	private final Supplier<@Nullable String> cluster;

	private @Nullable Future<?> last;

	private boolean stopped;

	/**
	 * Create a look at one cluster.
	 * @param settings those of a producer that reaches it
	 * @param cluster the id of the cluster; {@code null} as long as any is right
	 * @param topics create topics again; {@code null} for nobody
	 */
	TopicLook(Supplier<Map<String, Object>> settings, Supplier<@Nullable String> cluster,
			Supplier<@Nullable SpoolTopics> topics) {
		this.settings = settings;
		this.cluster = cluster;
		this.topics = topics;
	}

	/**
	 * How many partitions a topic has. Waits for the answer.
	 * @param topic the topic
	 * @return 0 if there is no such topic; {@link Integer#MAX_VALUE} if that is in doubt,
	 * as it is shown to others only, say, or another cluster answers
	 */
	int partitionCount(String topic) {
		return partitionCounts(List.of(topic)).getOrDefault(topic, Integer.MAX_VALUE);
	}

	private Map<String, Integer> partitionCounts(Collection<String> names) {
		Map<String, Object> present = this.settings.get();
		Map<String, Integer> counts = new HashMap<>();
		try (BoundedAdmin admin = new BoundedAdmin(ConnectionSettings.of(present), RelayClient.clientId(present),
				LONGEST)) {
			long deadline = System.nanoTime() + LONGEST.toNanos();
			Map<String, KafkaFuture<TopicDescription>> descriptions = admin.admin()
				.describeTopics(names)
				.topicNameValues();
			KafkaFuture<String> answering = admin.admin().describeCluster().clusterId();
			String expected = this.cluster.get();
			if (expected == null || expected.equals(BoundedAdmin.get(answering, deadline))) {
				descriptions.forEach((name, description) -> counts.put(name, count(description, deadline)));
			}
		}
		catch (KafkaException ex) {
			// The rest is in doubt.
		}
		return counts;
	}

	private static int count(KafkaFuture<TopicDescription> description, long deadline) {
		try {
			return BoundedAdmin.get(description, deadline).partitions().size();
		}
		catch (UnknownTopicOrPartitionException | InvalidTopicException ex) {
			return 0;
		}
		catch (KafkaException ex) {
			return Integer.MAX_VALUE;
		}
	}

	/**
	 * Ask on a thread of its own, as others are sent meanwhile, and have topics created
	 * again that are gone.
	 * @param models the topics, each with the one after which it is created again; an
	 * empty name if that is not done
	 * @return completes with what was found of each, with nothing once stopped. Can be
	 * cancelled
	 */
	synchronized Future<Map<String, Found>> begin(Map<String, String> models) {
		if (this.stopped) {
			return CompletableFuture.completedFuture(Map.of());
		}
		FutureTask<Map<String, Found>> task = new FutureTask<>(() -> find(models));
		Thread asking = new Thread(task, "reliable-kafka-spool-topics");
		asking.setDaemon(true);
		this.last = task;
		asking.start();
		return task;
	}

	private Map<String, Found> find(Map<String, String> models) {
		Map<String, Found> found = new HashMap<>();
		Map<String, Integer> counts = partitionCounts(models.keySet());
		counts.forEach((topic, count) -> found.put(topic, new Found(count, null)));
		List<String> creatable = new ArrayList<>(counts.keySet());
		creatable.removeIf((topic) -> counts.getOrDefault(topic, 1) > 0 || models.getOrDefault(topic, "").isEmpty());
		SpoolTopics creator = this.topics.get();
		if (creator == null) {
			return found;
		}
		// Others wait for the answer: for so many as there is time, each time for others.
		Collections.shuffle(creatable);
		long deadline = System.nanoTime() + LONGEST.toNanos();
		for (String topic : creatable) {
			if (System.nanoTime() - deadline >= 0) {
				break;
			}
			found.put(topic, new Found(0, creator.provide(ConnectionSettings.of(this.settings.get()), topic,
					models.getOrDefault(topic, ""), LONGEST)));
		}
		return found;
	}

	/**
	 * Wait for no more answers, and ask nothing more.
	 */
	synchronized void stop() {
		this.stopped = true;
		Future<?> present = this.last;
		if (present != null) {
			boolean unused = present.cancel(true);
		}
	}

	/**
	 * What is known of a topic.
	 *
	 * @param partitions how many it had; {@link Integer#MAX_VALUE} if that is in doubt
	 * @param created whether it was created then; {@code null} if nobody tried
	 */
	record Found(int partitions, SpoolTopics.@Nullable Answer created) {

		boolean isThere() {
			return this.created == SpoolTopics.Answer.THERE
					|| (this.partitions > 0 && this.partitions < Integer.MAX_VALUE);
		}

		/**
		 * Whether a partition certainly does not exist.
		 * @param partition the partition
		 * @return {@code false} if in doubt, or if its topic was created
		 */
		boolean isWithout(int partition) {
			return partition >= this.partitions && this.created != SpoolTopics.Answer.THERE;
		}

	}

}
