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
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Ticket;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * How the records of one producer get their numbers. Safe for use by many threads.
 */
final class Numbering {

	private final @Nullable ProducerSession session;

	private final String clientId;

	private final String networkThreadName;

	private final long maxBlockNanos;

	/**
	 * How many partitions a topic has, as far as records with a partition of their own
	 * need it.
	 */
	private final Map<String, Integer> partitionCounts = new ConcurrentHashMap<>();

	private volatile @Nullable Thread networkThread;

	private volatile @Nullable TopicIds topicIds;

	/**
	 * Number the records of a producer.
	 * @param session gives the numbers; {@code null} if records get none, but are looked
	 * at all the same
	 * @param clientId the producer's
	 * @param maxBlock how long a record may wait for those before it
	 */
	Numbering(@Nullable ProducerSession session, String clientId, Duration maxBlock) {
		this.session = session;
		this.clientId = clientId;
		this.networkThreadName = KafkaProducer.NETWORK_THREAD_PREFIX + " | " + clientId;
		this.maxBlockNanos = maxBlock.toNanos();
	}

	@Nullable ProducerSession session() {
		return this.session;
	}

	void close() {
		if (this.session != null) {
			this.session.close();
		}
	}

	boolean isOf(@Nullable Object clientId) {
		return this.clientId.equals(clientId);
	}

	/**
	 * Number a record.
	 * @param topic its topic
	 * @param partition its partition
	 * @param cluster what the producer knows; {@code null} if it is not at hand
	 * @param now {@link System#nanoTime()} or up to a second before
	 * @return {@code null} if it is sent without a number
	 * @throws TimeoutException if it had to wait too long for earlier records
	 */
	@Nullable Ticket stamp(String topic, int partition, @Nullable Cluster cluster, long now) {
		int topicIdHash = (cluster != null) ? topicIdHash(topic, cluster) : 0;
		ProducerSession session = this.session;
		if (session == null) {
			return null;
		}
		if (isNetworkThread()) {
			return session.stampInCallback(topic, partition, topicIdHash);
		}
		try {
			return session.stamp(topic, partition, topicIdHash, this.maxBlockNanos, now);
		}
		catch (java.util.concurrent.TimeoutException ex) {
			throw new TimeoutException(ex.getMessage(), ex);
		}
		catch (InterruptedException ex) {
			throw new InterruptException(ex);
		}
	}

	/**
	 * Whether a partition is behind all that the topic had when the client looked it up,
	 * so that it would have to look again.
	 * @param topic the topic
	 * @param partition the partition's index
	 * @return {@code false} also if the client has not looked it up yet, and will
	 */
	boolean isBehindKnown(String topic, int partition) {
		return partition >= this.partitionCounts.getOrDefault(topic, Integer.MAX_VALUE);
	}

	/**
	 * Note how many partitions a topic has.
	 * @param topic the topic
	 * @param partitions how many
	 */
	void learn(String topic, int partitions) {
		this.partitionCounts.put(topic, partitions);
	}

	/**
	 * Note which thread calls back when a record has its outcome.
	 */
	void calledBack() {
		if (this.networkThread == null && hasName(Thread.currentThread())) {
			this.networkThread = Thread.currentThread();
		}
	}

	// With the first record of a topic also notes how many partitions it has.
	private int topicIdHash(String topic, Cluster cluster) {
		TopicIds present = this.topicIds;
		if (present == null || !present.isOf(cluster)) {
			present = new TopicIds(cluster, new ConcurrentHashMap<>());
			this.topicIds = present;
		}
		Integer hash = present.hashes().get(topic);
		if (hash == null) {
			this.partitionCounts.putIfAbsent(topic, cluster.partitionCountForTopic(topic));
			hash = topicIdHash(cluster.topicId(topic));
			present.hashes().put(topic, hash);
		}
		return hash;
	}

	private boolean isNetworkThread() {
		Thread current = Thread.currentThread();
		Thread known = this.networkThread;
		// An interceptor of the application may send before the first call back.
		return (known != null) ? current == known : hasName(current);
	}

	private boolean hasName(Thread thread) {
		return thread.getName().equals(this.networkThreadName);
	}

	private static int topicIdHash(@Nullable Uuid id) {
		return (id == null || id.equals(Uuid.ZERO_UUID)) ? 0
				: Stamp.topicIdHash(id.getMostSignificantBits(), id.getLeastSignificantBits());
	}

	/**
	 * The ids of topics in what the client has looked up, as they are needed.
	 *
	 * @param cluster what was looked up, which never changes
	 * @param hashes of the id of each topic
	 */
	private record TopicIds(Cluster cluster, Map<String, Integer> hashes) {

		@SuppressWarnings("ReferenceEquality") // enough, as the client replaces it
		boolean isOf(Cluster cluster) {
			return this.cluster == cluster;
		}

	}

}
