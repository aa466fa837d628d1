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

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
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
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Alters topics that do not survive what they must, if the application asks for that: the
 * number of replicas that must be in sync, and unclean leader election. It gives no topic
 * more replicas, because that moves data, and it leaves alone: Kafka's own topics; those
 * that are only sent to, because it is not certain that the application means the one in
 * this cluster; and those of which replicas are away, because nothing can be written
 * where fewer are in sync than must be. A change is tried again only when the setting was
 * seen to be right in between: neither a refusal nor somebody else who sets it back at
 * once makes this a struggle.
 */
final class TopicRepair {

	/**
	 * Risks that there are while replicas are away.
	 */
	static final Set<String> AWAY = Set.of("topic.in-sync", "topic.offline");

	private static final Log logger = LogFactory.getLog(TopicRepair.class);

	private static final String MIN_IN_SYNC = "topic.min-in-sync-replicas";

	private static final String UNCLEAN = "topic.unclean-election";

	private final BoundedAdmin admin;

	private final Set<String> tried = new HashSet<>();

	TopicRepair(BoundedAdmin admin) {
		this.admin = admin;
	}

	/**
	 * Alter what can be altered, all of it with one request.
	 * @param cluster what was seen
	 * @param accepted what stays as it is
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}; what was not
	 * answered then is tried again
	 * @return whether anything was altered
	 */
	boolean mend(ClusterDurability cluster, Predicate<Violation> accepted, long deadline) {
		Map<ConfigResource, TopicDurability> topics = new LinkedHashMap<>();
		Map<ConfigResource, Collection<AlterConfigOp>> changes = new LinkedHashMap<>();
		for (TopicDurability topic : cluster.topics()) {
			List<AlterConfigOp> wanted = changes(topic, accepted);
			if (topic.present() && topic.unknown().isEmpty()) {
				forgetAllBut(topic, wanted);
			}
			wanted.removeIf((change) -> this.tried.contains(key(topic, change)));
			if (!wanted.isEmpty() && mayAlter(topic)) {
				ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic.topic());
				topics.put(resource, topic);
				changes.put(resource, wanted);
			}
		}
		if (changes.isEmpty()) {
			return false;
		}
		Map<ConfigResource, KafkaFuture<Void>> answers = this.admin.admin().incrementalAlterConfigs(changes).values();
		boolean altered = false;
		for (Map.Entry<ConfigResource, TopicDurability> topic : topics.entrySet()) {
			try {
				BoundedAdmin.get(answers.get(topic.getKey()), deadline);
				altered = true;
			}
			catch (InterruptException ex) {
				throw ex;
			}
			catch (TimeoutException ex) {
				logger.warn("Topics could not be altered, because the cluster has not answered in time; tried again",
						ex);
				return altered;
			}
			catch (KafkaException ex) {
				logger.warn("Topic '%s' could not be altered: what it has stays".formatted(topic.getValue().topic()),
						ex);
				remember(topic.getValue(), changes.getOrDefault(topic.getKey(), List.of()));
				continue;
			}
			remember(topic.getValue(), changes.getOrDefault(topic.getKey(), List.of()));
			changes.getOrDefault(topic.getKey(), List.of()).forEach((change) -> say(topic.getValue(), change));
		}
		return altered;
	}

	private List<AlterConfigOp> changes(TopicDurability topic, Predicate<Violation> accepted) {
		int replicas = Integer.parseInt(topic.facts().getOrDefault("replicas", "0"));
		List<AlterConfigOp> changes = new ArrayList<>();
		topic.violations().stream().filter(accepted.negate()).forEach((violation) -> {
			if (violation.risk().equals(UNCLEAN)) {
				changes.add(set(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false"));
			}
			else if (violation.risk().equals(MIN_IN_SYNC) && violation.actual().equals("1")
					&& NewTopics.isEnough(replicas)) {
				changes.add(set(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "2"));
			}
		});
		return changes;
	}

	private static AlterConfigOp set(String setting, String value) {
		return new AlterConfigOp(new ConfigEntry(setting, value), AlterConfigOp.OpType.SET);
	}

	private static String key(TopicDurability topic, AlterConfigOp change) {
		return topic.topic() + " " + change.configEntry().name();
	}

	private static boolean mayAlter(TopicDurability topic) {
		Set<TopicUse.Purpose> purposes = topic.use().purposes();
		boolean ours = !purposes.contains(TopicUse.Purpose.INTERNAL)
				&& !purposes.equals(Set.of(TopicUse.Purpose.PRODUCED));
		return ours && topic.present() && Stream.concat(topic.violations().stream(), topic.advice().stream())
			.noneMatch((violation) -> AWAY.contains(violation.risk()));
	}

	// What is right now may be altered again if it is wrong later.
	private void forgetAllBut(TopicDurability topic, Collection<AlterConfigOp> wrong) {
		Set<String> keys = wrong.stream().map((change) -> key(topic, change)).collect(Collectors.toSet());
		this.tried.removeIf((key) -> key.startsWith(topic.topic() + " ") && !keys.contains(key));
	}

	private void remember(TopicDurability topic, Collection<AlterConfigOp> changes) {
		changes.forEach((change) -> this.tried.add(key(topic, change)));
	}

	private static void say(TopicDurability topic, AlterConfigOp change) {
		String setting = change.configEntry().name();
		logger.warn("Altered topic '%s' because reliable.kafka.durability.repair=true: %s was '%s' and is '%s'"
			.formatted(topic.topic(), setting, topic.facts().getOrDefault(setting, "unknown"),
					change.configEntry().value()));
	}

}
