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

package io.github.reliablekafka.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;

import io.github.reliablekafka.durability.BoundedAdmin;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Remembers in a compacted topic which dead letters were redriven or parked. Not in the
 * offsets of a group: Kafka forgets those of a group without members after a week, and
 * then everything would be redriven again. Bound to the id of the dead letter topic, so
 * that nothing is taken for redriven in a topic that was created again.
 * <p>
 * A record is marked after it is acknowledged. A crash between the two leaves it
 * unmarked, and it is redriven again: twice, never not at all.
 */
final class RedriveMarks {

	/**
	 * Kafka's own default, whatever the brokers say: all marks of a partition are one
	 * record.
	 */
	private static final int LARGEST_MARK_BYTES = 1024 * 1024 + 12;

	private static final Duration PAUSE = Duration.ofMillis(100);

	private final DeadLetterCluster cluster;

	private final String marksTopic;

	private final String deadLetterTopic;

	private final Uuid topicId;

	/**
	 * Create the marks of one dead letter topic.
	 * @param cluster where it is
	 * @param marksTopic the topic for marks
	 * @param deadLetterTopic the dead letter topic
	 * @param topicId its id
	 */
	RedriveMarks(DeadLetterCluster cluster, String marksTopic, String deadLetterTopic, Uuid topicId) {
		this.cluster = cluster;
		this.marksTopic = marksTopic;
		this.deadLetterTopic = deadLetterTopic;
		this.topicId = topicId;
	}

	/**
	 * See to it that the topic for marks exists.
	 * @param admin creates it
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 */
	void provide(BoundedAdmin admin, long deadline) {
		if (admin.describe(this.marksTopic, deadline).isEmpty()) {
			admin.create(this.marksTopic, 1,
					Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT,
							TopicConfig.MAX_MESSAGE_BYTES_CONFIG, String.valueOf(LARGEST_MARK_BYTES)),
					deadline);
			return;
		}
		String cleanup = cleanupPolicy(admin, deadline);
		if (cleanup != null && !cleanup.equals(TopicConfig.CLEANUP_POLICY_COMPACT)) {
			throw new IllegalStateException(("'%1$s' has cleanup.policy=%2$s and would forget what was redriven. Run "
					+ "kafka-configs.sh --alter --entity-type topics --entity-name %1$s --add-config cleanup.policy=compact")
				.formatted(this.marksTopic, cleanup));
		}
	}

	// What may not be read cannot be judged.
	private @Nullable String cleanupPolicy(BoundedAdmin admin, long deadline) {
		ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, this.marksTopic);
		try {
			ConfigEntry entry = BoundedAdmin
				.get(admin.admin().describeConfigs(List.of(resource)).values().get(resource), deadline)
				.get(TopicConfig.CLEANUP_POLICY_CONFIG);
			return (entry != null) ? entry.value() : null;
		}
		catch (AuthorizationException | UnknownTopicOrPartitionException ex) {
			return null;
		}
	}

	/**
	 * Read what is marked, from a topic that is known to exist: a broker that has not
	 * heard of it yet must not make everything look unmarked.
	 * @param partitions how many the dead letter topic has
	 * @param admin finds the topic
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @return by partition of the dead letter topic
	 * @throws KafkaException if the topic is not found in time
	 */
	Map<Integer, HandledOffsets> readProvided(int partitions, BoundedAdmin admin, long deadline) {
		while (admin.describe(this.marksTopic, deadline).isEmpty()) {
			if (deadline - System.nanoTime() <= 0 || Thread.currentThread().isInterrupted()) {
				throw new org.apache.kafka.common.errors.TimeoutException(
						"'%s' cannot be found: what was redriven is not known".formatted(this.marksTopic));
			}
			LockSupport.parkNanos(PAUSE.toNanos());
		}
		return read(partitions, true, deadline);
	}

	/**
	 * Read the marks of several dead letter topics at once.
	 * @param cluster where they are
	 * @param marksTopic the topic for marks
	 * @param topics the names of the dead letter topics
	 * @param admin knows whether there are marks at all
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @return what {@link #decode} understands
	 */
	static Map<String, byte[]> readOf(DeadLetterCluster cluster, String marksTopic, Set<String> topics,
			BoundedAdmin admin, long deadline) {
		return admin.describe(marksTopic, deadline).isPresent()
				? readAll(cluster, marksTopic, (key) -> topics.contains(topicOf(key)), deadline) : Map.of();
	}

	/**
	 * Find what is marked in one dead letter topic.
	 * @param partitions how many it has
	 * @param all what was read of it and others
	 * @return by partition
	 */
	Map<Integer, HandledOffsets> decode(int partitions, Map<String, byte[]> all) {
		Map<Integer, HandledOffsets> marks = new HashMap<>();
		for (int partition = 0; partition < partitions; partition++) {
			marks.put(partition, HandledOffsets.decode(all.get(key(partition))));
		}
		return marks;
	}

	/**
	 * Read what is marked.
	 * @param partitions how many the dead letter topic has
	 * @param admin knows whether there are marks at all
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @return by partition of the dead letter topic
	 */
	Map<Integer, HandledOffsets> read(int partitions, BoundedAdmin admin, long deadline) {
		return read(partitions, admin.describe(this.marksTopic, deadline).isPresent(), deadline);
	}

	private Map<Integer, HandledOffsets> read(int partitions, boolean any, long deadline) {
		return decode(partitions, any
				? readAll(this.cluster, this.marksTopic, (key) -> topicOf(key).equals(this.deadLetterTopic), deadline)
				: Map.of());
	}

	private static Map<String, byte[]> readAll(DeadLetterCluster cluster, String marksTopic, Predicate<String> wanted,
			long deadline) {
		Map<String, byte[]> values = new HashMap<>();
		TopicPartition only = new TopicPartition(marksTopic, 0);
		try (Consumer<byte[], byte[]> consumer = cluster.reader(Map.of())) {
			consumer.assign(List.of(only));
			consumer.seekToBeginning(List.of(only));
			long end = consumer.endOffsets(List.of(only), left(deadline)).getOrDefault(only, 0L);
			while (consumer.position(only, left(deadline)) < end) {
				if (deadline - System.nanoTime() <= 0) {
					throw new org.apache.kafka.common.errors.TimeoutException(
							"Could not read '%s' in time".formatted(marksTopic));
				}
				for (ConsumerRecord<byte[], byte[]> mark : consumer.poll(Duration.ofMillis(100))) {
					String key = (mark.key() != null) ? new String(mark.key(), StandardCharsets.UTF_8) : "";
					if (wanted.test(key)) {
						values.put(key, mark.value());
					}
				}
			}
		}
		return values;
	}

	// No name of a topic has a slash.
	private static String topicOf(String key) {
		int slash = key.indexOf('/');
		return (slash >= 0) ? key.substring(0, slash) : "";
	}

	private static Duration left(long deadline) {
		return Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
	}

	/**
	 * Write what is marked now, and wait for the acknowledgement.
	 * @param changed by partition of the dead letter topic
	 * @throws KafkaException if it is not acknowledged
	 */
	void write(Map<Integer, HandledOffsets> changed) {
		List<CompletableFuture<Void>> acknowledgements = new ArrayList<>();
		changed.forEach(
				(partition, handled) -> acknowledgements.add(this.cluster.send(new ProducerRecord<>(this.marksTopic, 0,
						key(partition).getBytes(StandardCharsets.UTF_8), handled.encode()))));
		acknowledgements.forEach((acknowledgement) -> await(acknowledgement, this.cluster.timeout()));
	}

	/**
	 * Wait for an acknowledgement.
	 * @param acknowledgement what is waited for
	 * @param timeout longest time to wait
	 * @throws KafkaException if it is none, or does not come
	 */
	static void await(CompletableFuture<Void> acknowledgement, Duration timeout) {
		try {
			acknowledgement.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptException(ex);
		}
		catch (ExecutionException ex) {
			throw (ex.getCause() instanceof KafkaException cause) ? cause : new KafkaException(ex.getCause());
		}
		catch (TimeoutException ex) {
			throw new org.apache.kafka.common.errors.TimeoutException("No acknowledgement within " + timeout, ex);
		}
	}

	private String key(int partition) {
		return "%s/%s/%d".formatted(this.deadLetterTopic, this.topicId, partition);
	}

}
