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

import java.util.Collection;
import java.util.List;

import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.Violation;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * A warning while a topic does not survive what it must. Unknown while a cluster cannot
 * be looked at, or what a topic survives cannot be told. Never down: to take the
 * application away makes nothing more durable.
 */
final class DurabilityHealthIndicator extends AbstractHealthIndicator {

	/**
	 * Not among the codes that Spring Boot aggregates, so that it makes nothing else look
	 * bad.
	 */
	static final Status WARNING = new Status("WARNING");

	private static final int MOST_LINES = 10;

	private final DurabilityBoard board;

	DurabilityHealthIndicator(DurabilityBoard board) {
		super("What the topics survive could not be read");
		this.board = board;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		Collection<ClusterDurability> clusters = this.board.clusters();
		List<Violation> violations = this.board.violations();
		List<String> open = violations.stream()
			.filter((violation) -> !this.board.isAccepted(violation))
			.map((violation) -> "%s. %s".formatted(violation.describe(), violation.remedy()))
			.toList();
		List<String> failures = clusters.stream()
			.filter((cluster) -> cluster.failure() != null)
			.map((cluster) -> "%s: %s".formatted(cluster.cluster(), cluster.failure()))
			.toList();
		List<String> notKnown = clusters.stream()
			.flatMap((cluster) -> cluster.topics().stream())
			.filter(TopicDurability::isDoubtful)
			.map((topic) -> "topic '%s' survives %s, and must survive %s: %s".formatted(topic.topic(),
					topic.levelInWords(), topic.required().label(),
					topic.unknown().isEmpty() ? "each broker decides by a setting of its own" : topic.unknown()))
			.toList();
		boolean unknown = clusters.isEmpty() || !failures.isEmpty() || !notKnown.isEmpty();
		builder.status(open.isEmpty() ? (unknown ? Status.UNKNOWN : Status.UP) : WARNING);
		if (!open.isEmpty()) {
			builder.withDetail("violations", open.stream().limit(MOST_LINES).toList())
				.withDetail("violationCount", open.size());
		}
		if (!failures.isEmpty()) {
			builder.withDetail("notLookedAt", failures);
		}
		if (!notKnown.isEmpty()) {
			builder.withDetail("notKnown", notKnown.stream().limit(MOST_LINES).toList());
		}
		List<String> accepted = violations.stream()
			.filter(this.board::isAccepted)
			.map(Violation::risk)
			.distinct()
			.sorted()
			.toList();
		if (!accepted.isEmpty()) {
			builder.withDetail("accepted", accepted);
		}
	}

}
