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

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.Node;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link NewTopics}.
 */
class NewTopicsTests {

	@Test
	void topicWithoutSettingsGetsAllOfThem() {
		NewTopic given = new NewTopic("orders", Optional.of(6), Optional.empty());
		assertThat(NewTopics.isComplete(given)).isFalse();
		NewTopic completed = NewTopics.complete(given, new NewTopics.Cluster(5, 1, 1));
		assertThat(completed.numPartitions()).isEqualTo(6);
		assertThat(completed.replicationFactor()).isEqualTo((short) 3);
		assertThat(completed.configs())
			.isEqualTo(Map.of("min.insync.replicas", "2", "unclean.leader.election.enable", "false"));
		assertThat(NewTopics.isComplete(completed)).isTrue();
		assertThat(given.configs()).isNull();
	}

	@Test
	void settingsOfTheApplicationStay() {
		NewTopic given = new NewTopic("orders", 1, (short) 4)
			.configs(Map.of("min.insync.replicas", "3", "retention.ms", "5"));
		NewTopic completed = NewTopics.complete(given, new NewTopics.Cluster(1, 1, 1));
		assertThat(completed.replicationFactor()).isEqualTo((short) 4);
		assertThat(completed.configs()).isEqualTo(
				Map.of("min.insync.replicas", "3", "retention.ms", "5", "unclean.leader.election.enable", "false"));
	}

	@Test
	void fewBrokersAndAssignmentsDecideReplicas() {
		NewTopic few = NewTopics.complete(new NewTopic("orders", Optional.empty(), Optional.empty()),
				new NewTopics.Cluster(2, 1, 2));
		assertThat(few.replicationFactor()).isEqualTo((short) 2);
		assertThat(few.configs()).doesNotContainKey("min.insync.replicas");
		NewTopic assigned = NewTopics.complete(new NewTopic("orders", Map.of(0, List.of(1, 2, 3))),
				new NewTopics.Cluster(3, 0, 0));
		assertThat(assigned.replicasAssignments()).isEqualTo(Map.of(0, List.of(1, 2, 3)));
		assertThat(assigned.configs()).containsEntry("min.insync.replicas", "2");
	}

	@ParameterizedTest
	@CsvSource({ "5, 5, 3, 5, 3", "5, 3, 2, 3, 2", "5, 1, 1, 3, 2", "5, 4, 1, 4, 2", "5, 0, 0, 3, 2", "3, 2, 2, 3, 2",
			"3, 2, 3, 3, 2", "3, 3, 3, 3, 3", "5, 5, 5, 5, 5" })
	void completionNeverLowersWhatTheClusterGives(int brokers, int replicas, int minInSync, int expectedReplicas,
			String expectedMinInSync) {
		NewTopic completed = NewTopics.complete(new NewTopic("orders", Optional.empty(), Optional.empty()),
				new NewTopics.Cluster(brokers, replicas, minInSync));
		assertThat(completed.replicationFactor()).isEqualTo((short) expectedReplicas);
		assertThat(completed.configs()).containsEntry("min.insync.replicas", expectedMinInSync);
	}

	@Test
	void brokerThatIsAwayCountsUnlessAllThereIsLiesElsewhere() {
		List<Node> nodes = List.of(node(1, false), node(2, true), node(3, true));
		assertThat(NewTopics.usable(nodes, List.of())).isEqualTo(3);
		// One topic tells nothing: the others may just be starting.
		assertThat(NewTopics.usable(nodes, List.of(1, 1, 1))).isEqualTo(3);
		assertThat(NewTopics.usable(nodes, replicas(1, 2))).isEqualTo(2);
		assertThat(NewTopics.usable(nodes, replicas(1, 2, 3))).isEqualTo(3);
		assertThat(NewTopics.usable(nodes, replicas(1))).isOne();
		assertThat(NewTopics.usable(List.of(node(4, false)), replicas(1))).isOne();
	}

	private static Node node(int id, boolean fenced) {
		return new Node(id, "kafka-" + id, 9092, null, fenced);
	}

	private static List<Integer> replicas(Integer... brokers) {
		return Collections.nCopies(20, List.of(brokers)).stream().flatMap(List::stream).toList();
	}

	@Test
	void topicOfTheStarterCanBeWrittenWhileOneOfTwoBrokersIsAway() {
		NewTopic wanted = new NewTopic("rk-audit", Optional.of(8), Optional.empty())
			.configs(Map.of("cleanup.policy", "compact"));
		assertThat(NewTopics.completeOwn(wanted, new NewTopics.Cluster(2, 1, 2)).configs()).isEqualTo(Map
			.of("cleanup.policy", "compact", "min.insync.replicas", "1", "unclean.leader.election.enable", "false"));
		assertThat(NewTopics.completeOwn(wanted, new NewTopics.Cluster(3, 1, 1)).configs())
			.containsEntry("min.insync.replicas", "2");
	}

}
