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

package io.github.reliablekafka.actuate;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.Violation;

/**
 * What each topic survives, for the endpoint.
 */
final class DurabilitySection {

	private final DurabilityBoard board;

	DurabilitySection(DurabilityBoard board) {
		this.board = board;
	}

	Map<String, Object> read() {
		return Map.of("clusters", this.board.clusters().stream().map(this::cluster).toList());
	}

	private Map<String, Object> cluster(ClusterDurability cluster) {
		Map<String, Object> map = new LinkedHashMap<>();
		map.put("cluster", cluster.cluster());
		map.put("lookedAt", cluster.at().toString());
		map.put("took", cluster.took().toString());
		map.put("failure", Objects.requireNonNullElse(cluster.failure(), ""));
		map.put("safe", cluster.isSafe());
		map.put("brokers", cluster.brokers());
		map.put("violations", violations(cluster.violations()));
		map.put("advice", violations(cluster.advice()));
		map.put("unknown", cluster.unknown());
		map.put("topics", cluster.topics().stream().map(this::topic).toList());
		return map;
	}

	private Map<String, Object> topic(TopicDurability topic) {
		Map<String, Object> map = new LinkedHashMap<>();
		map.put("topic", topic.topic());
		map.put("purposes",
				topic.use().purposes().stream().map((purpose) -> ReliableKafkaMeters.label(purpose)).sorted().toList());
		map.put("groups", topic.use().groups().stream().sorted().toList());
		map.put("present", topic.present());
		map.put("safe", topic.isSafe());
		map.put("level", topic.level().label());
		map.put("atMost", topic.atMost().label());
		map.put("required", topic.required().label());
		map.put("heldBackBy", Objects.requireNonNullElse(topic.heldBackBy(), ""));
		map.put("violations", violations(topic.violations()));
		map.put("advice", violations(topic.advice()));
		map.put("unknown", topic.unknown());
		map.put("facts", topic.facts());
		return map;
	}

	private List<Map<String, Object>> violations(List<Violation> violations) {
		return violations.stream().map((violation) -> {
			Map<String, Object> map = new LinkedHashMap<>();
			map.put("risk", violation.risk());
			map.put("accepted", this.board.isAccepted(violation));
			map.put("subject", violation.subject());
			map.put("setting", violation.setting());
			map.put("actual", violation.actual());
			map.put("origin", Objects.requireNonNullElse(violation.origin(), ""));
			map.put("required", violation.required());
			map.put("because", violation.reason());
			map.put("remedy", violation.remedy());
			return map;
		}).toList();
	}

}
