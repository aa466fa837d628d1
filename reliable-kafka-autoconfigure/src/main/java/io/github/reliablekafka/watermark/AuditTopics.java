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

import java.util.List;
import java.util.Optional;

import io.github.reliablekafka.durability.SequenceProperties;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;

/**
 * Finds and creates our own topics: three replicas, of which two must be in sync, as far
 * as there are brokers. A topic that exists is left as it is. Nothing is ever sent to a
 * topic before it was found, because brokers may create topics that they are asked for.
 * Waits for answers, at most {@link AuditClients#timeout()} for each. Safe for use by
 * many threads.
 */
final class AuditTopics {

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
		this.clients.admin().create(topic.name(), AuditTopic.PARTITIONS, topic.configs(), this.clients.deadline());
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
		Optional<TopicDescription> description = this.clients.admin().describe(topic.name(), this.clients.deadline());
		if (description.isPresent()) {
			checkCleanup(topic);
		}
		return description.map((present) -> new Found(present.partitions().size(), present.topicId()));
	}

	private void checkCleanup(AuditTopic topic) {
		Config config;
		ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.name());
		try {
			config = this.clients
				.get(this.clients.admin().admin().describeConfigs(List.of(resource)).values().get(resource));
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

	/**
	 * What to do when a topic cannot be used.
	 * @param topic the topic
	 * @return an advice for people
	 */
	static String advice(AuditTopic topic) {
		return ("tried again from time to time; until then some losses stay undecided, and nothing else is affected. "
				+ "It is the topic %s. If it is not there although the cluster answers, create it with "
				+ "cleanup.policy=compact, or set reliable.kafka.sequence.watermarks=none")
			.formatted(topic.purpose());
	}

	/**
	 * What to do when topics of our own must not be used.
	 * @param properties name them
	 * @return an advice for people
	 */
	static String permissions(SequenceProperties properties) {
		return ("the cluster does not permit it. Until it does, some losses stay undecided, and nothing else is "
				+ "affected; tried again from time to time. Allow the application Describe, Read and Write on the topics "
				+ "'%s' and '%s', and Create unless they exist, and the same on the topic that "
				+ "reliable.kafka.sequence.reports-topic names, or set reliable.kafka.sequence.watermarks=none")
			.formatted(properties.topic(), properties.stateTopic());
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
