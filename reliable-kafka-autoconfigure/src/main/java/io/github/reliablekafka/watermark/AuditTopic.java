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

package io.github.reliablekafka.watermark;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.CRC32;

import io.github.reliablekafka.sequence.Lane;
import org.apache.kafka.common.config.TopicConfig;

/**
 * A topic of our own and how it is created. Both are compacted. That for states keeps the
 * last record of each key for ever; there is one key for each group and partition. Each
 * session has a key of its own for each partition that it writes to, so the topic for
 * watermarks forgets them after a time: those of sessions that are open are repeated each
 * day and so stay. A watermark that is forgotten before the records that it is about, or
 * before a group has come to them, proves nothing any more: what only it claims stays
 * undecided, and no record is ever said to be lost for it.
 *
 * @param name the name
 * @param purpose what it is for, to be read by people
 * @param configs its configuration
 */
record AuditTopic(String name, String purpose, Map<String, String> configs) {

	/**
	 * Partitions of a topic that is created. Readers skip the partitions that they do not
	 * need, so they read less if there are more.
	 */
	static final int PARTITIONS = 8;

	// Small segments, because the last one is not compacted and every reader begins at
	// the beginning.
	private static final Map<String, String> CONFIGS = Map.of(TopicConfig.CLEANUP_POLICY_CONFIG,
			TopicConfig.CLEANUP_POLICY_COMPACT, TopicConfig.SEGMENT_BYTES_CONFIG, "16777216",
			TopicConfig.SEGMENT_MS_CONFIG, "86400000", TopicConfig.MIN_CLEANABLE_DIRTY_RATIO_CONFIG, "0.3",
			TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "1048588", TopicConfig.COMPRESSION_TYPE_CONFIG, "producer");

	static AuditTopic control(String name, Duration retention) {
		Map<String, String> configs = new HashMap<>(CONFIGS);
		configs.put(TopicConfig.CLEANUP_POLICY_CONFIG,
				TopicConfig.CLEANUP_POLICY_COMPACT + "," + TopicConfig.CLEANUP_POLICY_DELETE);
		configs.put(TopicConfig.RETENTION_MS_CONFIG, String.valueOf(retention.toMillis()));
		return new AuditTopic(name, "through which producers tell consumers what was acknowledged",
				Map.copyOf(configs));
	}

	static AuditTopic state(String name) {
		return new AuditTopic(name, "which holds what consumers know of the numbers they have read", CONFIGS);
	}

	/**
	 * The partition of a watermark. Does not change between versions.
	 * @param lane what the watermark is about
	 * @param partitions how many there are
	 * @return its index
	 */
	static int partition(Lane lane, int partitions) {
		return partition((lane.topic() + "-" + lane.partition()).getBytes(StandardCharsets.UTF_8), partitions);
	}

	/**
	 * The partition of a key. Does not change between versions.
	 * @param key the key
	 * @param partitions how many there are
	 * @return its index
	 */
	static int partition(byte[] key, int partitions) {
		CRC32 hash = new CRC32();
		hash.update(key);
		return (int) (hash.getValue() % partitions);
	}

}
