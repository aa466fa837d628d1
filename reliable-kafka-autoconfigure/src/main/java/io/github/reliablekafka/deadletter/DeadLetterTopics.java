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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.NewTopics;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.record.AbstractRecords;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.RecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * Creates dead letter topics that are as safe as the topics they belong to: as many
 * partitions and replicas, as many of them in sync, room for the additional headers, and
 * no end of retention, because dead letters wait for people. A topic that exists is left
 * as it is. Safe for use by many threads.
 */
final class DeadLetterTopics {

	private static final Log logger = LogFactory.getLog(DeadLetterTopics.class);

	private static final int ROOM_FOR_HEADERS_BYTES = 64 * 1024;

	/**
	 * For consumers that are behind, or not running.
	 */
	private static final Duration MARGIN = Duration.ofHours(24);

	private final Map<String, Object> connection;

	private final Set<String> known = ConcurrentHashMap.newKeySet();

	/**
	 * What the dead letter topics take in one batch, in bytes, as far as that is known.
	 */
	private final Map<String, Integer> largest = new ConcurrentHashMap<>();

	private final Set<String> complainedAbout = ConcurrentHashMap.newKeySet();

	DeadLetterTopics(Map<String, Object> connection) {
		this.connection = connection;
	}

	/**
	 * See to it that a dead letter topic exists. If that fails, it is logged once and
	 * tried again with the next dead letter, and publishing decides.
	 * @param deadLetterTopic its name
	 * @param topic the topic it belongs to
	 * @param longestStay the longest time that records stay in it on purpose: it keeps
	 * them at least twice as long, and as long as the topic; {@code null} for one that
	 * never deletes anything
	 * @param timeout longest time to take
	 * @return whether it exists
	 */
	boolean provide(String deadLetterTopic, String topic, @Nullable Duration longestStay, Duration timeout) {
		if (this.known.contains(deadLetterTopic)) {
			return true;
		}
		try {
			require(deadLetterTopic, topic, longestStay, timeout);
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
	 * See to it that a dead letter topic exists, by asking the cluster.
	 * @param deadLetterTopic its name
	 * @param topic the topic it belongs to
	 * @param longestStay the longest time that records stay in it on purpose;
	 * {@code null} for one that never deletes anything
	 * @param timeout longest time to take
	 * @throws KafkaException if it does not exist, or if that is not known
	 */
	void require(String deadLetterTopic, String topic, @Nullable Duration longestStay, Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		try (BoundedAdmin admin = new BoundedAdmin(this.connection, "reliable-kafka-dead-letter-admin", timeout)) {
			if (admin.describe(deadLetterTopic, deadline).isEmpty()) {
				create(admin, deadLetterTopic, topic, longestStay, deadline);
			}
			else if (longestStay != null) {
				check(admin, deadLetterTopic, longestStay, deadline);
			}
			else {
				measure(admin, deadLetterTopic, deadline);
			}
		}
	}

	/**
	 * Look again before the next dead letter, because the topic may have been deleted.
	 * @param deadLetterTopic its name
	 */
	void forget(String deadLetterTopic) {
		this.known.remove(deadLetterTopic);
	}

	/**
	 * Whether a topic takes a record however it is written.
	 * @param record for a dead letter topic
	 * @return {@code false} if it has to be compressed; {@code true} if that is not known
	 */
	boolean isSmallEnough(ProducerRecord<byte[], byte[]> record) {
		Integer limit = this.largest.get(record.topic());
		return limit == null || AbstractRecords.estimateSizeInBytesUpperBound(RecordBatch.CURRENT_MAGIC_VALUE,
				CompressionType.NONE, record.key(), record.value(), record.headers().toArray()) <= limit;
	}

	private void measure(BoundedAdmin admin, String deadLetterTopic, long deadline) {
		try {
			measured(deadLetterTopic,
					value(configOf(admin, deadLetterTopic, deadline), TopicConfig.MAX_MESSAGE_BYTES_CONFIG));
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (KafkaException ex) {
			logger.debug("How much '%s' takes cannot be read".formatted(deadLetterTopic), ex);
		}
	}

	private void measured(String deadLetterTopic, Optional<String> limit) {
		limit.ifPresent((value) -> this.largest.put(deadLetterTopic, Integer.parseInt(value)));
	}

	// One that was created by hand, by the brokers, or for shorter delays.
	private void check(BoundedAdmin admin, String retryTopic, Duration longestStay, long deadline) {
		Config config;
		try {
			config = configOf(admin, retryTopic, deadline);
		}
		catch (AuthorizationException ex) {
			logger.debug("How long '%s' keeps records cannot be read".formatted(retryTopic), ex);
			return;
		}
		List<String> needed = tooShort(config, longestStay);
		if (!needed.isEmpty() && this.complainedAbout.add(retryTopic)) {
			logger.error(("Retry topic '%1$s' may delete records before their delay is over: they would be lost. Run "
					+ "kafka-configs.sh --alter --entity-type topics --entity-name %1$s --add-config %2$s")
				.formatted(retryTopic, String.join(",", needed)));
		}
	}

	/**
	 * What has to be changed so that a topic keeps records long enough.
	 * @param config the configuration of the topic
	 * @param longestStay the longest time that records stay in it on purpose
	 * @return settings with their values; empty if it does keep them
	 */
	static List<String> tooShort(Config config, Duration longestStay) {
		List<String> needed = new ArrayList<>();
		long kept = number(config, TopicConfig.RETENTION_MS_CONFIG);
		if (kept >= 0 && kept < longestStay.toMillis() + MARGIN.toMillis()) {
			needed.add(TopicConfig.RETENTION_MS_CONFIG + "=" + retention(kept, longestStay));
		}
		if (number(config, TopicConfig.RETENTION_BYTES_CONFIG) >= 0) {
			needed.add(TopicConfig.RETENTION_BYTES_CONFIG + "=-1");
		}
		ConfigEntry cleanup = config.get(TopicConfig.CLEANUP_POLICY_CONFIG);
		if (cleanup != null && cleanup.value() != null
				&& cleanup.value().contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
			needed.add(TopicConfig.CLEANUP_POLICY_CONFIG + "=" + TopicConfig.CLEANUP_POLICY_DELETE);
		}
		return needed;
	}

	/**
	 * How long a retry topic keeps records.
	 * @param source how long the topic keeps them, in milliseconds; negative for ever
	 * @param longestStay the longest time that records stay on purpose
	 * @return in milliseconds; -1 for ever
	 */
	static long retention(long source, Duration longestStay) {
		return (source < 0) ? -1 : Math.max(source, 2 * longestStay.toMillis() + MARGIN.toMillis());
	}

	private static long number(Config config, String name) {
		ConfigEntry entry = config.get(name);
		return (entry != null && entry.value() != null) ? Long.parseLong(entry.value()) : -1;
	}

	private static Config configOf(BoundedAdmin admin, String topic, long deadline) {
		ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
		return BoundedAdmin.get(admin.admin().describeConfigs(List.of(resource)).values().get(resource), deadline);
	}

	private void create(BoundedAdmin admin, String deadLetterTopic, String topic, @Nullable Duration longestStay,
			long deadline) {
		TopicDescription source = admin.describe(topic, deadline)
			.orElseThrow(() -> new UnknownTopicOrPartitionException("There is no topic '%s'".formatted(topic)));
		Config config = configOf(admin, topic, deadline);
		NewTopic created = NewTopics.like(deadLetterTopic, source,
				value(config, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG));
		Map<String, String> configs = new HashMap<>(created.configs());
		value(config, TopicConfig.MAX_MESSAGE_BYTES_CONFIG)
			.ifPresent((value) -> configs.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
					String.valueOf(Math.min(Integer.MAX_VALUE, Long.parseLong(value) + ROOM_FOR_HEADERS_BYTES))));
		// Of what waits here nothing may go, whatever the topic itself forgets.
		configs.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_DELETE);
		configs.put(TopicConfig.RETENTION_BYTES_CONFIG, "-1");
		configs.put(TopicConfig.RETENTION_MS_CONFIG, String.valueOf(
				(longestStay != null) ? retention(number(config, TopicConfig.RETENTION_MS_CONFIG), longestStay) : -1));
		admin.create(created.configs(configs), deadline);
		measured(deadLetterTopic, Optional.ofNullable(configs.get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG)));
	}

	private static Optional<String> value(Config config, String name) {
		return Optional.ofNullable(config.get(name)).map(ConfigEntry::value);
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
