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

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityLevel;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.TopicUse;
import io.github.reliablekafka.durability.Violation;
import org.junit.jupiter.api.Test;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DurabilityHealthIndicator}.
 */
class DurabilityHealthIndicatorTests {

	private final DurabilityBoard board = new DurabilityBoard(new SafetyGate(Set.of()));

	private final DurabilityHealthIndicator indicator = new DurabilityHealthIndicator(this.board);

	@Test
	void nothingSeenYetIsUnknown() {
		assertThat(health().getStatus()).isEqualTo(Status.UNKNOWN);
		post(DurabilityLevel.SERVER, DurabilityLevel.ZONE, List.of(), List.of());
		assertThat(health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void lostPermissionIsUnknown() {
		post(DurabilityLevel.NONE, DurabilityLevel.ZONE, List.of(), List.of("settings of the topic: not permitted"));
		assertThat(health().getStatus()).isEqualTo(Status.UNKNOWN);
		assertThat(health().getDetails()).containsEntry("notKnown", List
			.of("topic 'orders' survives between none and zone, and must survive server: [settings of the topic: not permitted]"));
	}

	@Test
	void violationIsAWarningWhateverElseIsNotKnown() {
		post(DurabilityLevel.NONE, DurabilityLevel.ZONE, List.of(new Violation("topic.offline", "topic 'orders'",
				"leader", "none", "a broker", "nothing can be read", "Start it", null)), List.of("settings"));
		assertThat(health().getStatus()).isEqualTo(DurabilityHealthIndicator.WARNING);
	}

	private Health health() {
		return this.indicator.health();
	}

	private void post(DurabilityLevel level, DurabilityLevel atMost, List<Violation> violations, List<String> unknown) {
		TopicDurability topic = new TopicDurability(TopicUse.of("orders", TopicUse.Purpose.CONSUMED), true, level,
				atMost, DurabilityLevel.SERVER, null, violations, List.of(), unknown, Map.of());
		this.board.post("here", new ClusterDurability("here:9092", Instant.EPOCH, Duration.ZERO, null, Map.of(1, ""),
				List.of(), List.of(), List.of(), List.of(topic)));
	}

}
