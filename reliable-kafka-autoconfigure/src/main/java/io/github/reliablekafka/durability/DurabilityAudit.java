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
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;

/**
 * Looks at one cluster and judges which failure the topics of the application survive
 * there. It only reads. Each look has a bounded time and needs few requests: one for the
 * cluster, one for a broker, some for each 250 topics and for groups that are behind.
 * Waits for answers, so it is for a thread of its own. Safe for use by many threads.
 *
 * @since 0.1.0
 */
public final class DurabilityAudit implements AutoCloseable {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private final BoundedAdmin admin;

	private final String address;

	private final DurabilityProperties policy;

	private final InstantSource clock;

	private final BrokerHistory history = new BrokerHistory();

	private final Escalation escalation = new Escalation();

	/**
	 * Create an audit that is not connected.
	 * @param connection how to reach the cluster
	 * @param policy what topics must survive
	 * @param clock tells the time
	 */
	public DurabilityAudit(Map<String, Object> connection, DurabilityProperties policy, InstantSource clock) {
		this.admin = new BoundedAdmin(connection, "reliable-kafka-durability", TIMEOUT);
		this.address = String.join(",", ConnectionSettings.bootstrapServers(connection));
		this.policy = policy;
		this.clock = clock;
	}

	/**
	 * Where the cluster is reached.
	 * @return addresses, separated by commas
	 */
	public String address() {
		return this.address;
	}

	/**
	 * The client that looks.
	 * @return not to be closed by the caller
	 */
	public BoundedAdmin admin() {
		return this.admin;
	}

	/**
	 * Look at the cluster.
	 * @param uses the topics that the application uses there
	 * @param timeout longest time to take
	 * @return what was seen
	 * @throws KafkaException if the cluster does not answer in time
	 */
	public ClusterDurability look(Collection<TopicUse> uses, Duration timeout) {
		long started = System.nanoTime();
		Instant at = this.clock.instant();
		long deadline = started + timeout.toNanos();
		Admin client = this.admin.admin();
		ClusterReader reader = new ClusterReader(client, this.address, deadline);
		ClusterState there = reader.brokers();
		Map<String, TopicState> told = reader.topics(uses.stream().map(TopicUse::topic).toList());
		ClusterState cluster = this.history.apply(reader.settings(there), told.values(), at);
		Map<String, TopicState> states = this.history.expect(told, cluster);
		ExpiryReader expiry = new ExpiryReader(client, this.address, deadline, at.toEpochMilli());
		Map<String, List<ExpiryReader.Expiring>> late = expiry.read(uses, states);
		List<TopicDurability> judged = uses.stream()
			.filter((use) -> isMissed(use, states))
			.map((use) -> judge(use, states, cluster))
			.sorted((one, other) -> one.topic().compareTo(other.topic()))
			.toList();
		List<TopicDurability> topics = this.escalation.apply(judged, late, expiry.missing(), at);
		DurabilityLevel highest = uses.stream()
			.map((use) -> this.policy.required(use.topic()))
			.max(DurabilityLevel::compareTo)
			.orElse(this.policy.level());
		ClusterRules rules = ClusterRules.judge(cluster, List.copyOf(states.values()), highest);
		List<String> unknown = new ArrayList<>(rules.unknown);
		unknown.addAll(expiry.unknown());
		Map<Integer, String> brokers = new TreeMap<>();
		cluster.up()
			.forEach((broker) -> brokers.put(broker, Objects.requireNonNullElse(cluster.racks().get(broker), "")));
		return new ClusterDurability(this.address, at, Duration.ofNanos(System.nanoTime() - started), null, brokers,
				rules.violations, rules.advice, unknown, topics);
	}

	// What comes into being when it is needed first is not missed before.
	private static boolean isMissed(TopicUse use, Map<String, TopicState> states) {
		TopicState state = states.get(use.topic());
		// To one who may not describe it, Kafka does not say that a topic is not there.
		boolean mayNotBeThere = state != null && state.unreadable() != null
				&& use.purposes().equals(Set.of(TopicUse.Purpose.REDRIVE));
		return (state != null && !state.isAbsent() && !mayNotBeThere)
				|| use.purposes().contains(TopicUse.Purpose.CONSUMED)
				|| use.purposes().contains(TopicUse.Purpose.DECLARED);
	}

	private TopicDurability judge(TopicUse use, Map<String, TopicState> states, ClusterState cluster) {
		TopicState state = states.getOrDefault(use.topic(), TopicState.absent(use.topic()));
		return TopicRules.judge(use, state, cluster, this.policy.required(use.topic()));
	}

	@Override
	public void close() {
		this.admin.close();
	}

}
