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

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Finds and creates our own topics: three replicas, of which two must be in sync, as far
 * as there are brokers. A topic that exists is left as it is. Nothing is ever sent to a
 * topic before it was found, because brokers may create topics that they are asked for.
 * Waits for answers, at most {@link AuditClients#TIMEOUT} for each. Safe for use by many
 * threads.
 */
final class AuditTopics {

	private static final Log logger = LogFactory.getLog(AuditTopics.class);

	private static final int REPLICAS = 3;

	private static final int LOOKS_AFTER_CREATION = 50;

	private final AuditClients clients;

	private final Complaints complaints;

	AuditTopics(AuditClients clients, Complaints complaints) {
		this.clients = clients;
		this.complaints = complaints;
	}

	/**
	 * Find a topic or create it.
	 * @param topic the topic
	 * @return the topic as it is
	 * @throws KafkaException if it is not there and cannot be created, or if that is not
	 * known
	 */
	Found provide(AuditTopic topic) {
		Optional<Found> found = find(topic);
		if (found.isPresent()) {
			return found.get();
		}
		create(topic);
		// What was created is not known to each broker at once.
		for (int look = 0; look < LOOKS_AFTER_CREATION; look++) {
			found = find(topic);
			if (found.isPresent()) {
				return found.get();
			}
			pause();
		}
		throw new KafkaException("Topic '%s' is not there after it was created".formatted(topic.name()));
	}

	/**
	 * Find a topic.
	 * @param topic the topic
	 * @return the topic as it is; nothing if there is none
	 * @throws KafkaException if that is not known
	 */
	Optional<Found> find(AuditTopic topic) {
		try {
			TopicDescription description = get(
					this.clients.admin().describeTopics(List.of(topic.name())).topicNameValues().get(topic.name()));
			checkCleanup(topic);
			return Optional.of(new Found(description.partitions().size(), description.topicId()));
		}
		catch (UnknownTopicOrPartitionException ex) {
			return Optional.empty();
		}
	}

	private void checkCleanup(AuditTopic topic) {
		Config config;
		ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
		try {
			config = get(this.clients.admin().describeConfigs(List.of(resource)).values().get(resource));
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (KafkaException ex) {
			// Not allowed, or away again: whoever asks finds out.
			return;
		}
		ConfigEntry cleanup = config.get(TopicConfig.CLEANUP_POLICY_CONFIG);
		if (cleanup != null && !String.valueOf(cleanup.value()).contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
			this.complaints.complain("Topic '%s' has cleanup.policy=%s".formatted(topic.name(), cleanup.value()),
					"it forgets what readers need to prove a loss. Set cleanup.policy=compact", null);
		}
	}

	private void create(AuditTopic topic) {
		int brokers = get(this.clients.admin().describeCluster().nodes()).size();
		int replicas = Math.max(1, Math.min(REPLICAS, brokers));
		Map<String, String> configs = new HashMap<>(topic.configs());
		// Of two replicas one may be down.
		configs.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, (replicas < REPLICAS) ? "1" : "2");
		NewTopic newTopic = new NewTopic(topic.name(), AuditTopic.PARTITIONS, (short) replicas).configs(configs);
		try {
			get(this.clients.admin().createTopics(List.of(newTopic)).values().get(topic.name()));
			logger.info("Created " + newTopic);
			if (replicas < REPLICAS) {
				logger
					.warn(("Topic '%s' has %d replicas for good, as no more brokers were up when it was created: what "
							+ "it has may be lost with them. If the cluster has three: let kafka-reassign-partitions.sh give "
							+ "it three replicas, then run kafka-configs.sh --alter --entity-type topics --entity-name %s "
							+ "--add-config min.insync.replicas=2")
						.formatted(topic.name(), replicas, topic.name()));
			}
		}
		catch (TopicExistsException ex) {
			// Somebody else was faster.
		}
	}

	/**
	 * What to do when a topic cannot be used.
	 * @param topic the topic
	 * @return an advice for people
	 */
	static String advice(AuditTopic topic) {
		return ("tried again from time to time; until then some losses stay undecided, and nothing else is affected. "
				+ "Create the topic %s, with cleanup.policy=compact, and allow the application to describe, read "
				+ "and write it, or set reliable.kafka.sequence.watermarks=none")
			.formatted(topic.purpose());
	}

	/**
	 * Wait for an answer.
	 * @param <T> its type
	 * @param future the answer
	 * @return the answer
	 * @throws KafkaException if it is a failure, or does not come
	 */
	static <T> T get(@Nullable KafkaFuture<T> future) {
		try {
			return Objects.requireNonNull(future).get(AuditClients.TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			throw new InterruptException(ex);
		}
		catch (ExecutionException ex) {
			throw (ex.getCause() instanceof KafkaException cause) ? cause : new KafkaException(ex.getCause());
		}
		catch (TimeoutException ex) {
			throw new org.apache.kafka.common.errors.TimeoutException(ex);
		}
	}

	private static void pause() {
		try {
			Thread.sleep(100);
		}
		catch (InterruptedException ex) {
			throw new InterruptException(ex);
		}
	}

	/**
	 * A topic that is there.
	 *
	 * @param partitions how many it has
	 * @param id its id, new when it is created anew
	 */
	record Found(int partitions, Uuid id) {

	}

}
