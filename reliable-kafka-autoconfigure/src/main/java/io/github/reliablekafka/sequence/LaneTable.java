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

package io.github.reliablekafka.sequence;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;

/**
 * Finds the lane of a topic and partition without an object to look it up by. Safe for
 * use by many threads.
 */
final class LaneTable {

	private final Map<String, AtomicReferenceArray<@Nullable NumberedLane>> topics = new ConcurrentHashMap<>();

	/**
	 * The lane of a partition.
	 * @param topic the topic
	 * @param partition the partition's index
	 * @return always the same
	 */
	NumberedLane lane(String topic, int partition) {
		AtomicReferenceArray<@Nullable NumberedLane> lanes = this.topics.get(topic);
		NumberedLane lane = (lanes != null && partition < lanes.length()) ? lanes.get(partition) : null;
		return (lane != null) ? lane : add(topic, partition);
	}

	@Nullable NumberedLane find(Lane lane) {
		AtomicReferenceArray<@Nullable NumberedLane> lanes = this.topics.get(lane.topic());
		return (lanes != null && lane.partition() < lanes.length()) ? lanes.get(lane.partition()) : null;
	}

	void forEach(Consumer<NumberedLane> action) {
		this.topics.values().forEach((lanes) -> {
			for (int i = 0; i < lanes.length(); i++) {
				NumberedLane lane = lanes.get(i);
				if (lane != null) {
					action.accept(lane);
				}
			}
		});
	}

	private synchronized NumberedLane add(String topic, int partition) {
		AtomicReferenceArray<@Nullable NumberedLane> lanes = this.topics.get(topic);
		if (lanes == null || lanes.length() <= partition) {
			AtomicReferenceArray<@Nullable NumberedLane> more = new AtomicReferenceArray<>(
					Math.max(4, Math.max(partition + 1, (lanes != null) ? 2 * lanes.length() : 0)));
			for (int i = 0; lanes != null && i < lanes.length(); i++) {
				more.set(i, lanes.get(i));
			}
			this.topics.put(topic, more);
			lanes = more;
		}
		NumberedLane lane = lanes.get(partition);
		if (lane == null) {
			lane = new NumberedLane(new Lane(topic, partition));
			lanes.set(partition, lane);
		}
		return lane;
	}

}
