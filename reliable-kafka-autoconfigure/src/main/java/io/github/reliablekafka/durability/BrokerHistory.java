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

package io.github.reliablekafka.durability;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * Remembers from look to look which brokers are away, and since when, so that a broker
 * that is started again changes no judgement on the way. It is believed to come back with
 * its disk for two minutes; one that goes away again and again is not believed any more
 * until it has been up for as long. Safe for use by many threads.
 */
final class BrokerHistory {

	/**
	 * For how long a broker is believed to come back, and to catch up.
	 */
	static final Duration PATIENCE = Duration.ofMinutes(2);

	private final Map<Integer, Absence> absences = new HashMap<>();

	private final Map<Integer, @Nullable String> racks = new HashMap<>();

	/**
	 * Add what is remembered to what was read.
	 * @param read what was read now
	 * @param topics name brokers that an old cluster does not while they are away
	 * @param at now
	 * @return with the brokers that are on their way back, and the racks of all
	 */
	synchronized ClusterState apply(ClusterState read, Collection<TopicState> topics, Instant at) {
		Set<Integer> away = new HashSet<>(read.racks().keySet());
		topics.forEach((topic) -> topic.partitions().forEach((partition) -> away.addAll(partition.replicas())));
		away.removeAll(read.up());
		away.forEach((broker) -> this.absences.merge(broker, new Absence(at, at),
				(known, now) -> new Absence(known.since(), at)));
		this.absences.entrySet()
			.removeIf((absence) -> !away.contains(absence.getKey()) && isOver(absence.getValue().last(), at));
		Set<Integer> returning = new HashSet<>();
		this.absences.forEach((broker, absence) -> {
			if (!isOver(absence.since(), at)) {
				returning.add(broker);
			}
		});
		this.racks.putAll(read.racks());
		this.racks.keySet().removeIf((broker) -> !read.up().contains(broker) && !away.contains(broker));
		return new ClusterState(new TreeMap<>(this.racks), read.up(), returning, read.settings(), read.address());
	}

	private static boolean isOver(Instant begin, Instant at) {
		return Duration.between(begin, at).compareTo(PATIENCE) >= 0;
	}

	/**
	 * When a broker was away.
	 *
	 * @param since when that was seen first
	 * @param last when it was seen the last time
	 */
	private record Absence(Instant since, Instant last) {

	}

}
