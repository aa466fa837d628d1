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

import java.util.Collection;

import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Tells which partitions come and go, around the application's own listener: when that is
 * told of new ones, it is known where they are read; when it is told that some are to go,
 * it may still commit.
 */
final class RebalanceWatch implements ConsumerRebalanceListener {

	private final AssignedPartitions assigned;

	private final @Nullable ConsumerRebalanceListener next;

	RebalanceWatch(AssignedPartitions assigned, @Nullable ConsumerRebalanceListener next) {
		this.assigned = assigned;
		this.next = next;
	}

	@Override
	public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
		this.assigned.assigned(partitions);
		if (this.next != null) {
			this.next.onPartitionsAssigned(partitions);
		}
	}

	@Override
	public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
		try {
			if (this.next != null) {
				this.next.onPartitionsRevoked(partitions);
			}
		}
		finally {
			this.assigned.end(partitions);
		}
	}

	@Override
	public void onPartitionsLost(Collection<TopicPartition> partitions) {
		try {
			if (this.next != null) {
				this.next.onPartitionsLost(partitions);
			}
		}
		finally {
			this.assigned.end(partitions);
		}
	}

}
