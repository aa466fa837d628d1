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

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ClusterRules}.
 */
class ClusterRulesTests {

	private final Map<Integer, String> racks = new HashMap<>(Map.of(1, "a", 2, "b", 3, "c"));

	private ReadSettings settings = settings("auto.create.topics.enable", "false", "offsets.topic.replication.factor",
			"3");

	@Test
	void clusterOfThreeBrokersIsInOrder() {
		ClusterRules rules = judge(List.of(), DurabilityLevel.SERVER);
		assertThat(rules.violations).isEmpty();
		assertThat(rules.advice).isEmpty();
		assertThat(rules.unknown).isEmpty();
	}

	@Test
	void brokerThatIsAwayForAMomentIsStillCounted() {
		this.racks.remove(3);
		assertThat(judge(List.of(), DurabilityLevel.SERVER).violations).extracting(Violation::risk)
			.containsExactly("cluster.brokers");
		TopicState topic = TopicState.of("orders",
				List.of(new TopicState.Partition(0, 1, List.of(1, 2, 3), Set.of(1, 2), null)),
				ReadSettings.of(Map.of()));
		assertThat(judge(List.of(topic), DurabilityLevel.SERVER).violations).isEmpty();
	}

	@Test
	void oneBrokerIsEnoughForProcesses() {
		this.racks.keySet().retainAll(Set.of(1));
		assertThat(judge(List.of(), DurabilityLevel.PROCESS).violations).isEmpty();
	}

	@Test
	void topicsThatComeIntoBeingByMistakeAreAdvisedAgainst() {
		this.settings = settings("auto.create.topics.enable", "true", "default.replication.factor", "1");
		assertThat(judge(List.of(), DurabilityLevel.SERVER).advice).singleElement()
			.satisfies((advice) -> assertThat(advice.reason()).contains("with replication factor 1"));
	}

	@Test
	void offsetsTopicCountsForItselfOnceItIsThere() {
		this.settings = settings("offsets.topic.replication.factor", "1");
		assertThat(judge(List.of(TopicState.absent("__consumer_offsets")), DurabilityLevel.SERVER).violations)
			.extracting(Violation::risk)
			.containsExactly("cluster.internal-topics");
		TopicState topic = TopicState.of("__consumer_offsets",
				List.of(new TopicState.Partition(0, 1, List.of(1, 2, 3), Set.of(1, 2, 3), null)),
				ReadSettings.of(Map.of()));
		assertThat(judge(List.of(topic), DurabilityLevel.SERVER).violations).isEmpty();
	}

	@Test
	void topicOfKafkaThatNobodyMaySeeOrThatIsNotNeededIsNotJudged() {
		this.settings = settings("offsets.topic.replication.factor", "1", "transaction.state.log.replication.factor",
				"1");
		assertThat(judge(List.of(), DurabilityLevel.SERVER).violations).isEmpty();
		assertThat(judge(List.of(TopicState.unreadable("__consumer_offsets", "not permitted")),
				DurabilityLevel.SERVER).violations)
			.isEmpty();
		assertThat(judge(List.of(TopicState.absent("__transaction_state")), DurabilityLevel.SERVER).violations)
			.singleElement()
			.satisfies((violation) -> assertThat(violation.setting())
				.isEqualTo("transaction.state.log.replication.factor"));
	}

	@Test
	void brokerThatWasTakenAwayForGoodIsNotCounted() {
		ClusterState cluster = new ClusterState(this.racks, Set.of(1, 2), Set.of(), this.settings, "here:9092");
		assertThat(ClusterRules.judge(cluster, List.of(), DurabilityLevel.SERVER).violations)
			.extracting(Violation::risk)
			.containsExactly("cluster.brokers");
		cluster = new ClusterState(this.racks, Set.of(1, 2), Set.of(3), this.settings, "here:9092");
		assertThat(ClusterRules.judge(cluster, List.of(), DurabilityLevel.SERVER).violations).isEmpty();
	}

	@Test
	void settingsThatCannotBeReadAreUnknown() {
		this.settings = ReadSettings.unreadable("not permitted");
		ClusterRules rules = judge(List.of(), DurabilityLevel.SERVER);
		assertThat(rules.violations).isEmpty();
		assertThat(rules.unknown).containsExactly("settings of the brokers: not permitted");
	}

	private ClusterRules judge(List<TopicState> topics, DurabilityLevel required) {
		return ClusterRules.judge(
				new ClusterState(this.racks, this.racks.keySet(), Set.of(), this.settings, "here:9092"), topics,
				required);
	}

	private static ReadSettings settings(String... namesAndValues) {
		Map<String, ReadSettings.Setting> settings = new HashMap<>();
		for (int i = 0; i < namesAndValues.length; i += 2) {
			settings.put(namesAndValues[i],
					new ReadSettings.Setting(namesAndValues[i + 1], ReadSettings.Source.BROKER));
		}
		return ReadSettings.of(settings);
	}

}
