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

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Asks what a group has committed. For use by the polling thread.
 *
 * @param consumer asks the cluster
 * @param group the group; empty for none
 */
record GroupOffsets(Consumer<?, ?> consumer, String group) {

	private static final Log logger = LogFactory.getLog(GroupOffsets.class);

	/**
	 * The offsets of partitions that have not begun.
	 * @param waiting the partitions
	 * @param patience how long to wait
	 * @return {@code null} values and missing keys for none
	 */
	Map<TopicPartition, OffsetAndMetadata> committed(Collection<AssignedPartition> waiting, Duration patience) {
		if (this.group.isEmpty()) {
			return Map.of();
		}
		Set<TopicPartition> names = new HashSet<>();
		waiting.forEach((assigned) -> names.add(assigned.partition()));
		try {
			return this.consumer.committed(names, patience);
		}
		catch (AuthorizationException ex) {
			// A consumer that sets its positions itself needs no right to its group.
			if (waiting.stream().allMatch((assigned) -> assigned.position() >= 0)) {
				return Map.of();
			}
			throw ex;
		}
	}

	/**
	 * Begin where reading began before it was known what the group has committed, which
	 * nobody has changed meanwhile.
	 * @param assigned the partition
	 * @param first the first offset that was polled
	 */
	void beginLate(AssignedPartition assigned, long first) {
		OffsetAndMetadata offset = null;
		try {
			offset = committed(List.of(assigned), PositionResets.PATIENCE).get(assigned.partition());
		}
		catch (WakeupException ex) {
			this.consumer.wakeup();
		}
		catch (KafkaException ex) {
			logger.warn("What was known of %s is not known any more".formatted(assigned.partition()), ex);
		}
		begin(assigned, offset, first);
	}

	private static void begin(AssignedPartition assigned, @Nullable OffsetAndMetadata offset, long first) {
		if (offset != null) {
			assigned.begin(offset);
		}
		else {
			assigned.beginWithoutOffset(first);
		}
	}

}
