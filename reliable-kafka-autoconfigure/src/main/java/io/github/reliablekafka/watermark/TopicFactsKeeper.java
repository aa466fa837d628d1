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

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.TopicFacts;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Looks up what verdicts on the topics that are watched on one board depend on, every few
 * minutes and when a producer has seen a topic that is not the one known. What cannot be
 * looked up is not posted, and what may not be looked up is posted as unknown.
 */
final class TopicFactsKeeper extends AuditLoop {

	private static final Duration REFRESH = Duration.ofMinutes(3);

	private static final Duration RETRY = Duration.ofSeconds(5);

	private static final Duration RESTING = Duration.ofHours(1);

	private final SequenceBoard board;

	private final AuditClients clients;

	private final Complaints complaints;

	private final Map<String, Long> lookAt = new HashMap<>();

	private final Map<String, Set<Integer>> seenIds = new HashMap<>();

	TopicFactsKeeper(SequenceBoard board, AuditClients clients, Complaints complaints) {
		super("facts");
		this.board = board;
		this.clients = clients;
		this.complaints = complaints;
	}

	/**
	 * Look at the topic of a lane again. A topic that was deleted and created again is
	 * assigned anew, and producers that have not noticed it still write claims about the
	 * former one: what was known before must not make them count.
	 * @param lane a lane that is watched since just now
	 */
	void watch(Lane lane) {
		this.board.forgetFacts(lane.topic());
		tell(() -> this.lookAt.remove(lane.topic()));
	}

	/**
	 * Look at a topic again if its id is not the one known. An id that was seen before is
	 * that of a former topic.
	 * @param topic a watched topic
	 * @param topicIdHash what a producer has seen; 0 for nothing
	 */
	void seen(String topic, int topicIdHash) {
		TopicFacts facts = this.board.facts(topic);
		if (topicIdHash != 0 && facts != null && facts.topicIdHash() != topicIdHash) {
			tell(() -> {
				if (this.seenIds.computeIfAbsent(topic, (key) -> new HashSet<>()).add(topicIdHash)) {
					this.lookAt.remove(topic);
				}
			});
		}
	}

	@Override
	Duration turn() {
		Set<String> topics = this.board.watched().stream().map(Lane::topic).collect(Collectors.toSet());
		this.lookAt.keySet().retainAll(topics);
		this.seenIds.keySet().retainAll(topics);
		if (topics.isEmpty()) {
			return RESTING;
		}
		long now = System.nanoTime();
		Set<String> due = topics.stream()
			.filter((topic) -> now - this.lookAt.getOrDefault(topic, now) >= 0)
			.collect(Collectors.toSet());
		if (!due.isEmpty()) {
			look(due);
		}
		long next = topics.stream().mapToLong((topic) -> this.lookAt.getOrDefault(topic, now) - now).min().orElse(0);
		return Duration.ofNanos(Math.max(0, next));
	}

	private void look(Set<String> topics) {
		Map<String, KafkaFuture<TopicDescription>> descriptions = this.clients.admin()
			.admin()
			.describeTopics(topics)
			.topicNameValues();
		Map<ConfigResource, KafkaFuture<Config>> configs = this.clients.admin()
			.admin()
			.describeConfigs(topics.stream().map(TopicFactsKeeper::resource).toList())
			.values();
		for (String topic : topics) {
			boolean done = post(topic, descriptions::get, configs::get);
			this.lookAt.put(topic, System.nanoTime() + (done ? REFRESH : RETRY).toNanos());
		}
	}

	private boolean post(String topic, Function<String, @Nullable KafkaFuture<TopicDescription>> descriptions,
			Function<ConfigResource, @Nullable KafkaFuture<Config>> configs) {
		String subject = "Cannot look at topic '%s'".formatted(topic);
		try {
			Uuid id = this.clients.get(descriptions.apply(topic)).topicId();
			TopicFacts facts = new TopicFacts(
					id.equals(Uuid.ZERO_UUID) ? 0
							: Stamp.topicIdHash(id.getMostSignificantBits(), id.getLeastSignificantBits()),
					isCompacted(topic, configs.apply(resource(topic))));
			if (!facts.equals(this.board.facts(topic))) {
				this.board.post(topic, facts);
			}
			this.complaints.settle(subject);
			return true;
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (UnknownTopicOrPartitionException ex) {
			return false;
		}
		catch (KafkaException ex) {
			this.complaints.complain(subject,
					"tried again from time to time; until then losses of its records stay undecided. "
							+ "Allow the application to describe it",
					ex);
			return false;
		}
	}

	private boolean isCompacted(String topic, @Nullable KafkaFuture<Config> config) {
		String subject = "Cannot read the configuration of topic '%s'".formatted(topic);
		try {
			ConfigEntry cleanup = this.clients.get(config).get(TopicConfig.CLEANUP_POLICY_CONFIG);
			this.complaints.settle(subject);
			return cleanup == null || String.valueOf(cleanup.value()).contains(TopicConfig.CLEANUP_POLICY_COMPACT);
		}
		catch (AuthorizationException ex) {
			this.complaints.complain(subject,
					"it is treated as compacted, so missing records are reported as unverified. "
							+ "Allow the application the operation DescribeConfigs on it",
					ex);
			return true;
		}
	}

	private static ConfigResource resource(String topic) {
		return new ConfigResource(ConfigResource.Type.TOPIC, topic);
	}

	@Override
	void release() {
	}

}
