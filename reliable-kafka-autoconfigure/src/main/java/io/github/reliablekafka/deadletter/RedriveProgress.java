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

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * How far a redrive is. One that stands still ends: a partition without a leader gives no
 * record and no failure either. For use by one thread.
 */
final class RedriveProgress {

	private final Map<TopicPartition, Long> ends;

	private final Duration longestPause;

	private Map<TopicPartition, Long> positions = Map.of();

	private long advancedAt = System.nanoTime();

	/**
	 * Create it.
	 * @param ends where each partition ends, which may be filled later
	 * @param longestPause how long no partition may get on
	 */
	RedriveProgress(Map<TopicPartition, Long> ends, Duration longestPause) {
		this.ends = ends;
		this.longestPause = longestPause;
	}

	/**
	 * Whether all has been read. To be asked after each poll.
	 * @param consumer reads
	 * @return {@code false} to go on
	 * @throws TimeoutException if no partition has got on for too long
	 */
	boolean isAtEnd(Consumer<?, ?> consumer) {
		Map<TopicPartition, Long> now = new HashMap<>();
		this.ends.keySet().forEach((partition) -> now.put(partition, consumer.position(partition, this.longestPause)));
		if (this.ends.entrySet().stream().allMatch((end) -> now.getOrDefault(end.getKey(), 0L) >= end.getValue())) {
			return true;
		}
		if (!now.equals(this.positions)) {
			this.positions = now;
			this.advancedAt = System.nanoTime();
		}
		else if (System.nanoTime() - this.advancedAt > this.longestPause.toNanos()) {
			throw new TimeoutException(
					"Nothing more could be read for %s: a partition may have no leader".formatted(this.longestPause));
		}
		return false;
	}

}
