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

package io.github.reliablekafka.consumer;

import java.util.HashMap;
import java.util.Map;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * What a group has committed in one topic, and how many partitions the topic had when the
 * group began with it.
 *
 * @param offsets what the group has; partitions without are not among them
 * @param partitions how many partitions there were; 0 if unknown
 */
record GroupStart(Map<TopicPartition, OffsetAndMetadata> offsets, int partitions) {

	/**
	 * Find out from one answer, in which nothing can have changed in between.
	 * @param committed what the group has in all partitions of the topic; {@code null}
	 * values for none
	 * @param now how many partitions the topic has
	 * @return the smallest number that any offset tells; unknown if one does not tell
	 */
	static GroupStart of(Map<TopicPartition, OffsetAndMetadata> committed, int now) {
		Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
		int partitions = now;
		for (Map.Entry<TopicPartition, OffsetAndMetadata> entry : committed.entrySet()) {
			OffsetAndMetadata offset = entry.getValue();
			if (offset != null) {
				offsets.put(entry.getKey(), offset);
				partitions = Math.min(partitions, CommitNote.of(offset.metadata()).partitions());
			}
		}
		return new GroupStart(offsets, partitions);
	}

	/**
	 * The offset in one partition.
	 * @param partition the partition
	 * @return {@code null} for none
	 */
	@Nullable OffsetAndMetadata offset(TopicPartition partition) {
		return this.offsets.get(partition);
	}

	/**
	 * Whether a partition without an offset was added after the group began with the
	 * topic. Where that is unknown it counts as added: twice is better than not at all.
	 * @param partition the partition
	 * @return {@code false} if the group begins with it now, as with all others
	 */
	boolean isBefore(TopicPartition partition) {
		return !this.offsets.isEmpty() && partition.partition() >= this.partitions;
	}

}
