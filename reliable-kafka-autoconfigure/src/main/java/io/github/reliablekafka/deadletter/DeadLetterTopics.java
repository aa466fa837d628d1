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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.github.reliablekafka.durability.BoundedAdmin;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Creates dead letter topics that are as safe as the topics they belong to: as many
 * partitions and replicas, as many of them in sync, room for the additional headers, and
 * no end of retention, because dead letters wait for people. A topic that exists is left
 * as it is. Safe for use by many threads.
 */
final class DeadLetterTopics {

	private static final Log logger = LogFactory.getLog(DeadLetterTopics.class);

	private static final int ROOM_FOR_HEADERS_BYTES = 64 * 1024;

	private final Map<String, Object> connection;

	private final Set<String> known = ConcurrentHashMap.newKeySet();

	private final Set<String> complainedAbout = ConcurrentHashMap.newKeySet();

	DeadLetterTopics(Map<String, Object> connection) {
		this.connection = connection;
	}

	/**
	 * See to it that a dead letter topic exists. If that fails, it is logged once and
	 * tried again with the next dead letter, and publishing decides.
	 * @param deadLetterTopic its name
	 * @param topic the topic it belongs to
	 * @param forEver whether it never deletes anything; otherwise it keeps records as
	 * long as the topic
	 * @param timeout longest time to take
	 * @return whether it exists
	 */
	boolean provide(String deadLetterTopic, String topic, boolean forEver, Duration timeout) {
		if (this.known.contains(deadLetterTopic)) {
			return true;
		}
		long deadline = System.nanoTime() + timeout.toNanos();
		try (BoundedAdmin admin = new BoundedAdmin(this.connection, "reliable-kafka-dead-letter-admin", timeout)) {
			if (admin.describe(deadLetterTopic, deadline).isEmpty()) {
				create(admin, deadLetterTopic, topic, forEver, deadline);
			}
			this.known.add(deadLetterTopic);
			return true;
		}
		catch (InterruptException ex) {
			// Publishing notices it, too.
		}
		catch (KafkaException ex) {
			complain(deadLetterTopic, topic, ex);
		}
		return false;
	}

	/**
	 * Look again before the next dead letter, because the topic may have been deleted.
	 * @param deadLetterTopic its name
	 */
	void forget(String deadLetterTopic) {
		this.known.remove(deadLetterTopic);
	}

	private static void create(BoundedAdmin admin, String deadLetterTopic, String topic, boolean forEver,
			long deadline) {
		TopicDescription source = admin.describe(topic, deadline)
			.orElseThrow(() -> new UnknownTopicOrPartitionException("There is no topic '%s'".formatted(topic)));
		ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
		Config config = BoundedAdmin.get(admin.admin().describeConfigs(List.of(resource)).values().get(resource),
				deadline);
		Map<String, String> configs = new HashMap<>();
		copy(config, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, configs);
		copy(config, TopicConfig.MAX_MESSAGE_BYTES_CONFIG, configs);
		configs.computeIfPresent(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, (name, value) -> String
			.valueOf(Math.min(Integer.MAX_VALUE, Long.parseLong(value) + ROOM_FOR_HEADERS_BYTES)));
		configs.put(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false");
		if (forEver) {
			configs.put(TopicConfig.RETENTION_MS_CONFIG, "-1");
			configs.put(TopicConfig.RETENTION_BYTES_CONFIG, "-1");
		}
		else {
			copy(config, TopicConfig.RETENTION_MS_CONFIG, configs);
			copy(config, TopicConfig.RETENTION_BYTES_CONFIG, configs);
		}
		admin.create(new NewTopic(deadLetterTopic, source.partitions().size(),
				(short) source.partitions().get(0).replicas().size())
			.configs(configs), deadline);
	}

	private static void copy(Config config, String name, Map<String, String> configs) {
		ConfigEntry entry = config.get(name);
		if (entry != null && entry.value() != null) {
			configs.put(name, entry.value());
		}
	}

	private void complain(String deadLetterTopic, String topic, Throwable cause) {
		if (this.complainedAbout.add(deadLetterTopic)) {
			logger
				.warn(("Cannot look at or create dead letter topic '%1$s'. Create it with the partitions, replicas and "
						+ "min.insync.replicas of '%2$s' and with retention.ms=-1 and retention.bytes=-1; until then records that cannot be "
						+ "processed may stop their partition")
					.formatted(deadLetterTopic, topic), cause);
		}
	}

}
