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

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * Where records without a key go: to one partition until a batch is full, then to another
 * at random, so that each partition gets as many and batches are as full as they can be.
 * Prefers partitions that have a leader. Safe for use by many threads.
 */
final class StickyPartitions {

	/**
	 * What Kafka puts in front of a batch.
	 */
	private static final int BATCH_OVERHEAD = 61;

	/**
	 * What Kafka adds to a record and to a header, at most.
	 */
	private static final int RECORD_OVERHEAD = 21;

	private static final int HEADER_OVERHEAD = 6;

	/**
	 * A number is added when the partition is known.
	 */
	private static final int STAMP = 24;

	private final int batchSize;

	private final Map<String, Choice> choices = new ConcurrentHashMap<>();

	StickyPartitions(int batchSize) {
		this.batchSize = batchSize;
	}

	/**
	 * Choose a partition.
	 * @param topic the topic
	 * @param cluster knows its partitions
	 * @param size the record's, see {@link #sizeOf}
	 * @return its index
	 */
	int choose(String topic, Cluster cluster, int size) {
		return this.choices.computeIfAbsent(topic, (key) -> new Choice()).choose(topic, cluster, size, this.batchSize);
	}

	/**
	 * What a record adds to a batch at most.
	 * @param key its key
	 * @param value its value
	 * @param headers its headers, if they are at hand
	 * @return in bytes
	 */
	static int sizeOf(byte @Nullable [] key, byte @Nullable [] value, @Nullable Headers headers) {
		int size = RECORD_OVERHEAD + STAMP + lengthOf(key) + lengthOf(value);
		if (headers != null) {
			for (Header header : headers) {
				size += HEADER_OVERHEAD + header.key().length() + lengthOf(header.value());
			}
		}
		return size;
	}

	private static int lengthOf(byte @Nullable [] bytes) {
		return (bytes != null) ? bytes.length : 0;
	}

	/**
	 * The choice for one topic.
	 */
	private static final class Choice {

		private int partition = -1;

		private int filled;

		synchronized int choose(String topic, Cluster cluster, int size, int batchSize) {
			if (this.partition < 0 || this.filled + size > batchSize || !isAvailable(topic, cluster)) {
				this.partition = next(topic, cluster);
				this.filled = BATCH_OVERHEAD;
			}
			this.filled += size;
			return this.partition;
		}

		private boolean isAvailable(String topic, Cluster cluster) {
			return this.partition < cluster.partitionCountForTopic(topic)
					&& (cluster.leaderFor(new org.apache.kafka.common.TopicPartition(topic, this.partition)) != null
							|| cluster.availablePartitionsForTopic(topic).isEmpty());
		}

		private int next(String topic, Cluster cluster) {
			List<PartitionInfo> candidates = cluster.availablePartitionsForTopic(topic);
			if (candidates.isEmpty()) {
				candidates = cluster.partitionsForTopic(topic);
			}
			int index = ThreadLocalRandom.current().nextInt(candidates.size());
			if (candidates.size() > 1 && candidates.get(index).partition() == this.partition) {
				index = (index + 1) % candidates.size();
			}
			return candidates.get(index).partition();
		}

	}

}
