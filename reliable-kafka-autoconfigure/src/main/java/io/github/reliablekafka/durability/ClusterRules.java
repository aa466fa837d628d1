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

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import org.apache.kafka.common.internals.Topic;

/**
 * Judges the cluster itself: how many brokers it has, and what they do for topics that
 * nobody has described.
 */
final class ClusterRules {

	static final String BROKERS = "cluster.brokers";

	static final String AUTO_CREATE = "cluster.auto-create-topics";

	static final String INTERNAL_TOPICS = "cluster.internal-topics";

	static final String OFFSETS_TOPIC = Topic.GROUP_METADATA_TOPIC_NAME;

	private static final int SAFE_BROKERS = 3;

	private final ClusterState cluster;

	final List<Violation> violations = new ArrayList<>();

	final List<Violation> advice = new ArrayList<>();

	final List<String> unknown = new ArrayList<>();

	private ClusterRules(ClusterState cluster) {
		this.cluster = cluster;
	}

	/**
	 * Judge a cluster.
	 * @param cluster what was read of it
	 * @param topics what was read of the topics in use
	 * @param required the highest level that any of them requires
	 * @return the judgement
	 */
	static ClusterRules judge(ClusterState cluster, List<TopicState> topics, DurabilityLevel required) {
		ClusterRules rules = new ClusterRules(cluster);
		rules.checkBrokers(topics, required);
		String unreadable = cluster.settings().unreadable();
		if (unreadable != null) {
			rules.unknown.add("settings of the brokers: " + unreadable);
		}
		rules.checkAutoCreate();
		rules.checkInternalTopic(topics, required, OFFSETS_TOPIC, "offsets.topic.replication.factor",
				"the offsets of all groups go with one machine, and groups then read everything again");
		rules.checkInternalTopic(topics, required, Topic.TRANSACTION_STATE_TOPIC_NAME,
				"transaction.state.log.replication.factor",
				"what is known of transactions goes with one machine, and no transaction can begin while it is away");
		return rules;
	}

	private void checkBrokers(List<TopicState> topics, DurabilityLevel required) {
		// One that is away counts if a topic waits for it: a cluster lists also those
		// that
		// were taken away for good, until somebody unregisters them.
		Set<Integer> known = new TreeSet<>(this.cluster.up());
		known.addAll(this.cluster.returning());
		topics.forEach((topic) -> topic.partitions().forEach((partition) -> known.addAll(partition.replicas())));
		if (known.size() < SAFE_BROKERS && required.compareTo(DurabilityLevel.SERVER) >= 0) {
			this.violations.add(new Violation(BROKERS, subject(), "number of brokers", String.valueOf(known
				.size()), "at least " + SAFE_BROKERS, (known.size() < 2)
						? "there is no second copy of any record, and what its machine loses is gone"
						: "with two brokers either one of them has records alone, or nothing can be written while one is away",
					"Run three brokers on three machines. On a laptop set reliable.kafka.durability.level=process",
					null));
		}
	}

	private void checkAutoCreate() {
		if (this.cluster.settings().flag("auto.create.topics.enable").orElse(false)) {
			this.advice.add(new Violation(AUTO_CREATE, subject(), "auto.create.topics.enable", "true", "false",
					"a topic whose name is mistyped comes into being, with replication factor %s"
						.formatted(this.cluster.settings()
							.find("default.replication.factor")
							.map(ReadSettings.Setting::value)
							.orElse("unknown")),
					"Set auto.create.topics.enable=false in the server.properties of each broker, and declare topics as NewTopic beans",
					null));
		}
	}

	private void checkInternalTopic(List<TopicState> topics, DurabilityLevel required, String name, String setting,
			String reason) {
		// Once it is there, its own replicas count; and if nobody may see it, nobody
		// knows.
		boolean absent = topics.stream().anyMatch((topic) -> topic.name().equals(name) && topic.isAbsent());
		long replicas = this.cluster.settings().number(setting).orElse(Long.MAX_VALUE);
		if (absent && replicas < SAFE_BROKERS && required.compareTo(DurabilityLevel.SERVER) >= 0) {
			this.violations.add(new Violation(INTERNAL_TOPICS, subject(), setting, String.valueOf(replicas),
					String.valueOf(SAFE_BROKERS), reason,
					"Set %s=3 in the server.properties of each broker before topic %s is needed first"
						.formatted(setting, name),
					null));
		}
	}

	private String subject() {
		return "cluster %s".formatted(this.cluster.address());
	}

}
