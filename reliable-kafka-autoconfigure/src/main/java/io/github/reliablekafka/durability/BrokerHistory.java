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
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Remembers from look to look which brokers were up, and what each of them had, so that a
 * broker that is started again changes no judgement on the way. It is believed to come
 * back with its disk for two minutes, if this process has seen it up before, and for
 * those partitions only of which it had everything then. One that goes away again and
 * again is not believed any more until it has been up for as long. Nothing is believed at
 * the first look. Safe for use by many threads.
 */
final class BrokerHistory {

	/**
	 * For how long a broker is believed to come back, and to catch up.
	 */
	static final Duration PATIENCE = Duration.ofMinutes(2);

	private final Map<Integer, Absence> absences = new HashMap<>();

	private final Map<Integer, @Nullable String> racks = new HashMap<>();

	private final Set<Integer> seen = new HashSet<>();

	private boolean namesThoseAway;

	// By partition, the brokers that had everything when they were up the last time.
	private Map<TopicPartition, Set<Integer>> complete = Map.of();

	/**
	 * Add what is remembered to what was read of the cluster.
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
			if (this.seen.contains(broker) && !isOver(absence.since(), at)) {
				returning.add(broker);
			}
		});
		read.up().stream().filter((broker) -> !this.absences.containsKey(broker)).forEach(this.seen::add);
		this.racks.putAll(read.racks());
		// A cluster that names one broker that is away names all that are registered.
		this.namesThoseAway |= !read.up().containsAll(read.racks().keySet());
		this.racks.keySet()
			.removeIf((broker) -> !read.racks().containsKey(broker) && (this.namesThoseAway || !away.contains(broker)));
		return new ClusterState(new TreeMap<>(this.racks), read.up(), returning, read.settings(), read.address());
	}

	/**
	 * Add what is remembered to what was read of topics.
	 * @param topics what was read now, by name
	 * @param cluster what {@link #apply} has made of this look
	 * @return the same, with the brokers that are expected back in each partition
	 */
	synchronized Map<String, TopicState> expect(Map<String, TopicState> topics, ClusterState cluster) {
		Map<TopicPartition, Set<Integer>> remembered = new HashMap<>();
		Map<String, TopicState> expecting = new LinkedHashMap<>();
		topics.forEach((name, topic) -> {
			List<TopicState.Partition> partitions = new ArrayList<>();
			for (TopicState.Partition partition : topic.partitions()) {
				TopicPartition key = new TopicPartition(name, partition.number());
				Set<Integer> before = new HashSet<>(this.complete.getOrDefault(key, Set.of()));
				before.retainAll(partition.replicas());
				Set<Integer> expected = new HashSet<>(before);
				expected.retainAll(cluster.returning());
				partitions.add(partition.expecting(expected));
				// What one that is or was away has is told by nobody, and stays as it
				// was.
				before.retainAll(this.absences.keySet());
				partition.complete(cluster)
					.stream()
					.filter((broker) -> !this.absences.containsKey(broker))
					.forEach(before::add);
				remembered.put(key, before);
			}
			expecting.put(name, new TopicState(name, partitions, topic.settings(), topic.unreadable()));
		});
		this.complete = remembered;
		return expecting;
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
