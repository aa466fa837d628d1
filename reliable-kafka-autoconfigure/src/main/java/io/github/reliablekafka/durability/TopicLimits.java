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
import java.util.List;

import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/**
 * What a topic refuses or forgets by its settings: how large and how old a record may be,
 * and how long it is kept. Nothing of it loses a record while everything goes well, so
 * all of it is advice.
 */
final class TopicLimits {

	static final String RETENTION = "topic.retention";

	static final String MESSAGE_SIZE = "topic.message-size";

	static final String TIMESTAMPS = "topic.timestamps";

	private static final Duration SHORTEST_RETENTION = Duration.ofDays(1);

	// Kafka's default for timestamps ahead of the clock of the broker.
	private static final Duration SHORTEST_AHEAD = Duration.ofHours(1);

	private final TopicUse use;

	private final TopicState topic;

	private final TopicCommands commands;

	private final List<Violation> advice;

	private TopicLimits(TopicUse use, TopicState topic, TopicCommands commands, List<Violation> advice) {
		this.use = use;
		this.topic = topic;
		this.commands = commands;
		this.advice = advice;
	}

	static void check(TopicUse use, TopicState topic, TopicCommands commands, List<Violation> advice) {
		TopicLimits limits = new TopicLimits(use, topic, commands, advice);
		if (topic.settings().unreadable() == null && !use.purposes().contains(TopicUse.Purpose.INTERNAL)) {
			limits.checkRetention();
			limits.checkMessageSize();
			limits.checkTimestamps();
			limits.checkRemoteStorage();
		}
	}

	static boolean deletes(TopicState topic) {
		return topic.settings()
			.find(TopicConfig.CLEANUP_POLICY_CONFIG)
			.map((policy) -> policy.value().contains(TopicConfig.CLEANUP_POLICY_DELETE))
			.orElse(true);
	}

	private void checkRetention() {
		if (!deletes(this.topic)) {
			return;
		}
		long retention = this.topic.settings().number(TopicConfig.RETENTION_MS_CONFIG).orElse(-1L);
		if (retention >= 0 && retention < SHORTEST_RETENTION.toMillis()) {
			add(RETENTION, TopicConfig.RETENTION_MS_CONFIG, Durations.inWords(Duration.ofMillis(retention)),
					"at least a day", "a group that is away or behind for longer never gets what is deleted meanwhile",
					this.commands.set(TopicConfig.RETENTION_MS_CONFIG, "604800000"));
		}
		long bytes = this.topic.settings().number(TopicConfig.RETENTION_BYTES_CONFIG).orElse(-1L);
		if (bytes >= 0) {
			add(RETENTION, TopicConfig.RETENTION_BYTES_CONFIG, String.valueOf(bytes), "-1",
					"records are deleted when there are too many, however far behind a group is, and nobody can tell when",
					this.commands.set(TopicConfig.RETENTION_BYTES_CONFIG, "-1"));
		}
	}

	private void checkMessageSize() {
		long largest = this.topic.settings().number(TopicConfig.MAX_MESSAGE_BYTES_CONFIG).orElse(Long.MAX_VALUE);
		if (this.use.maxRequestBytes() > largest) {
			add(MESSAGE_SIZE, TopicConfig.MAX_MESSAGE_BYTES_CONFIG, String.valueOf(largest),
					"at least max.request.size=%d of the producer".formatted(this.use.maxRequestBytes()),
					"records between the two sizes are taken by the producer and then rejected by the broker",
					this.commands.set(TopicConfig.MAX_MESSAGE_BYTES_CONFIG,
							String.valueOf(this.use.maxRequestBytes())));
		}
	}

	private void checkTimestamps() {
		String type = value(TopicConfig.MESSAGE_TIMESTAMP_TYPE_CONFIG);
		if (!"CreateTime".equals(type)) {
			return;
		}
		checkTimestamp(TopicConfig.MESSAGE_TIMESTAMP_BEFORE_MAX_MS_CONFIG, SHORTEST_RETENTION, "at least a day",
				"a record that was made longer ago, because it waited to be written, is rejected for good");
		checkTimestamp(TopicConfig.MESSAGE_TIMESTAMP_AFTER_MAX_MS_CONFIG, SHORTEST_AHEAD, "at least an hour",
				"what a machine sends whose clock is ahead by more is rejected for good");
	}

	private void checkTimestamp(String setting, Duration least, String words, String reason) {
		long limit = this.topic.settings().number(setting).orElse(Long.MAX_VALUE);
		if (limit < least.toMillis()) {
			add(TIMESTAMPS, setting, Durations.inWords(Duration.ofMillis(limit)), words, reason,
					this.commands.set(setting, String.valueOf(least.toMillis())));
		}
	}

	private void checkRemoteStorage() {
		if ("true".equals(value(TopicConfig.REMOTE_LOG_DELETE_ON_DISABLE_CONFIG))) {
			add(RETENTION, TopicConfig.REMOTE_LOG_DELETE_ON_DISABLE_CONFIG, "true", "false",
					"whoever switches tiered storage off deletes everything that is not on the brokers' disks",
					this.commands.set(TopicConfig.REMOTE_LOG_DELETE_ON_DISABLE_CONFIG, "false"));
		}
	}

	private @Nullable String value(String setting) {
		return this.topic.settings().find(setting).map(ReadSettings.Setting::value).orElse(null);
	}

	private void add(String risk, String setting, String actual, String required, String reason, String remedy) {
		this.advice
			.add(new Violation(risk, "topic '%s'".formatted(this.topic.name()), setting, actual, required, reason,
					remedy, this.topic.settings().find(setting).map((found) -> "set " + found.source()).orElse(null)));
	}

}
