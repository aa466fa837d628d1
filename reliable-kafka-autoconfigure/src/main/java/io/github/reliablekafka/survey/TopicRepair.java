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

package io.github.reliablekafka.survey;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.NewTopics;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.TopicUse;
import io.github.reliablekafka.durability.Violation;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;

/**
 * Alters topics that do not survive what they must, if the application asks for that: the
 * number of replicas that must be in sync, and unclean leader election. It gives no topic
 * more replicas, because that moves data, and it leaves Kafka's own topics alone. A
 * change that fails is logged and not tried again.
 */
final class TopicRepair {

	private static final Log logger = LogFactory.getLog(TopicRepair.class);

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private static final String MIN_IN_SYNC = "topic.min-in-sync-replicas";

	private static final String UNCLEAN = "topic.unclean-election";

	private final BoundedAdmin admin;

	private final Set<String> tried = new HashSet<>();

	TopicRepair(BoundedAdmin admin) {
		this.admin = admin;
	}

	/**
	 * Alter what can be altered.
	 * @param cluster what was seen
	 * @param accepted what stays as it is
	 * @return whether anything was altered
	 */
	boolean mend(ClusterDurability cluster, Predicate<Violation> accepted) {
		boolean altered = false;
		for (TopicDurability topic : cluster.topics()) {
			if (!topic.present() || topic.use().purposes().contains(TopicUse.Purpose.INTERNAL)) {
				continue;
			}
			int replicas = Integer.parseInt(topic.facts().getOrDefault("replicas", "0"));
			Map<String, String> changes = new HashMap<>();
			Stream.concat(topic.violations().stream(), topic.advice().stream())
				.filter(accepted.negate())
				.forEach((violation) -> {
					if (violation.risk().equals(UNCLEAN)) {
						changes.put(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false");
					}
					else if (violation.risk().equals(MIN_IN_SYNC) && violation.actual().equals("1")
							&& NewTopics.isEnough(replicas)) {
						changes.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "2");
					}
				});
			for (Map.Entry<String, String> change : changes.entrySet()) {
				altered |= alter(topic, change.getKey(), change.getValue());
			}
		}
		return altered;
	}

	private boolean alter(TopicDurability topic, String setting, String value) {
		if (!this.tried.add(topic.topic() + " " + setting)) {
			return false;
		}
		String before = topic.facts().getOrDefault(setting, "unknown");
		ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.topic());
		try {
			BoundedAdmin.get(this.admin.admin()
				.incrementalAlterConfigs(Map.of(resource,
						List.of(new AlterConfigOp(new ConfigEntry(setting, value), AlterConfigOp.OpType.SET))))
				.values()
				.get(resource), System.nanoTime() + TIMEOUT.toNanos());
		}
		catch (KafkaException ex) {
			logger.warn("Topic '%s' could not be altered: %s stays '%s'".formatted(topic.topic(), setting, before), ex);
			return false;
		}
		logger.warn("Altered topic '%s' because reliable.kafka.durability.repair=true: %s was '%s' and is '%s'"
			.formatted(topic.topic(), setting, before, value));
		return true;
	}

}
