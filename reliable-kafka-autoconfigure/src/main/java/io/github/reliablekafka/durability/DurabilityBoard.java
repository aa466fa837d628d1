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

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.stream.Stream;

/**
 * What the last look at each cluster has shown. Whoever looks posts, everybody else
 * reads. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class DurabilityBoard {

	private final Map<String, ClusterDurability> clusters = new ConcurrentSkipListMap<>();

	private final SafetyGate gate;

	/**
	 * Create an empty board.
	 * @param gate knows which risks were accepted
	 */
	public DurabilityBoard(SafetyGate gate) {
		this.gate = gate;
	}

	/**
	 * Post what was seen.
	 * @param key tells clusters apart, and who the application is there
	 * @param cluster replaces what was seen before
	 */
	public void post(String key, ClusterDurability cluster) {
		this.clusters.put(key, cluster);
	}

	/**
	 * Post that a cluster could not be looked at. What was seen before stays.
	 * @param key tells clusters apart
	 * @param address the addresses that the application starts from
	 * @param at when
	 * @param reason why
	 */
	public void postFailure(String key, String address, Instant at, String reason) {
		this.clusters.compute(key, (same, before) -> (before != null) ? before.failed(at, reason)
				: ClusterDurability.unseen(address, at, reason));
	}

	/**
	 * Forget a cluster that nobody looks at any more.
	 * @param key tells clusters apart
	 */
	public void remove(String key) {
		this.clusters.remove(key);
	}

	/**
	 * What was seen last.
	 * @return one for each cluster and identity that the application has there
	 */
	public Collection<ClusterDurability> clusters() {
		return List.copyOf(this.clusters.values());
	}

	/**
	 * Whether a violation was accepted by name.
	 * @param violation the violation
	 * @return {@code true} if somebody has to look at it no more
	 */
	public boolean isAccepted(Violation violation) {
		return this.gate.accepts(violation.risk());
	}

	/**
	 * All violations of all clusters and topics.
	 * @return those that were accepted by name included
	 */
	public List<Violation> violations() {
		return this.clusters.values().stream().flatMap((cluster) -> violationsOf(cluster).stream()).toList();
	}

	/**
	 * All advice on all clusters and topics.
	 * @return those that were accepted by name included
	 */
	public List<Violation> advice() {
		return this.clusters.values()
			.stream()
			.flatMap((cluster) -> Stream.concat(cluster.advice().stream(),
					cluster.topics().stream().flatMap((topic) -> topic.advice().stream())))
			.toList();
	}

	/**
	 * All violations of one cluster and its topics.
	 * @param cluster the cluster
	 * @return its own first
	 */
	public static List<Violation> violationsOf(ClusterDurability cluster) {
		return Stream
			.concat(cluster.violations().stream(),
					cluster.topics().stream().flatMap((topic) -> topic.violations().stream()))
			.toList();
	}

	/**
	 * How many topics reach a level.
	 * @param level the level
	 * @return those that reach it and not the next
	 */
	public long topicsAt(DurabilityLevel level) {
		return this.clusters.values()
			.stream()
			.flatMap((cluster) -> cluster.topics().stream())
			.filter((topic) -> topic.present() && topic.level() == level)
			.count();
	}

}
