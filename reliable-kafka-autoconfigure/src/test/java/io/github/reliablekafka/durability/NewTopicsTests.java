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

import java.util.List;
import java.util.Map;
import java.util.Optional;

import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link NewTopics}.
 */
class NewTopicsTests {

	@Test
	void topicWithoutSettingsGetsAllOfThem() {
		NewTopic given = new NewTopic("orders", Optional.of(6), Optional.empty());
		assertThat(NewTopics.isComplete(given)).isFalse();
		NewTopic completed = NewTopics.complete(given, 5);
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
		NewTopic completed = NewTopics.complete(given, 1);
		assertThat(completed.replicationFactor()).isEqualTo((short) 4);
		assertThat(completed.configs()).isEqualTo(
				Map.of("min.insync.replicas", "3", "retention.ms", "5", "unclean.leader.election.enable", "false"));
	}

	@Test
	void fewBrokersAndAssignmentsDecideReplicas() {
		NewTopic few = NewTopics.complete(new NewTopic("orders", Optional.empty(), Optional.empty()), 2);
		assertThat(few.replicationFactor()).isEqualTo((short) 2);
		assertThat(few.configs()).doesNotContainKey("min.insync.replicas");
		NewTopic assigned = NewTopics.complete(new NewTopic("orders", Map.of(0, List.of(1, 2, 3))), 3);
		assertThat(assigned.replicasAssignments()).isEqualTo(Map.of(0, List.of(1, 2, 3)));
		assertThat(assigned.configs()).containsEntry("min.insync.replicas", "2");
	}

}
