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

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link BrokerHistory}.
 */
class BrokerHistoryTests {

	private final BrokerHistory history = new BrokerHistory();

	private Set<Integer> inSync = Set.of(1, 2);

	private Set<Integer> eligible;

	@Test
	void brokerIsBelievedToComeBackForTwoMinutes() {
		assertThat(look(0, 1, 2, 3).returning()).isEmpty();
		assertThat(look(300, 1, 2).returning()).containsExactly(3);
		assertThat(look(330, 1, 2).returning()).containsExactly(3);
		// Up, and not in sync yet.
		assertThat(look(360, 1, 2, 3).returning()).containsExactly(3);
		assertThat(look(420, 1, 2, 3).returning()).isEmpty();
		assertThat(look(600, 1, 2, 3).returning()).isEmpty();
		assertThat(look(900, 1, 2).returning()).containsExactly(3);
	}

	@Test
	void nothingIsBelievedOfABrokerThatWasNeverSeenUp() {
		assertThat(look(0, 1, 2).returning()).isEmpty();
		assertThat(look(30, 1, 2).returning()).isEmpty();
		assertThat(look(60, 1, 2, 3).returning()).isEmpty();
		assertThat(look(180, 1, 2, 3).returning()).isEmpty();
		assertThat(look(300, 1, 2).returning()).containsExactly(3);
	}

	@Test
	void brokerThatGoesAgainAndAgainIsNotBelieved() {
		look(-30, 1, 2, 3);
		assertThat(look(0, 1, 2).returning()).containsExactly(3);
		for (int seconds = 30; seconds < 120; seconds += 30) {
			assertThat(look(seconds, 1, 2, 3).returning()).containsExactly(3);
			assertThat(look(seconds + 10, 1, 2).returning()).containsExactly(3);
		}
		assertThat(look(130, 1, 2).returning()).isEmpty();
		assertThat(look(140, 1, 2, 3).returning()).isEmpty();
		assertThat(look(150, 1, 2).returning()).isEmpty();
		assertThat(look(300, 1, 2, 3).returning()).isEmpty();
		assertThat(look(330, 1, 2).returning()).containsExactly(3);
	}

	@Test
	void brokerIsExpectedBackOnlyWhereItHadEverything() {
		this.inSync = Set.of(1, 2, 3);
		assertThat(expected(0, 1, 2, 3)).isEmpty();
		this.inSync = Set.of(1, 2);
		assertThat(expected(30, 1, 2)).containsExactly(3);
		assertThat(expected(60, 1, 2, 3)).containsExactly(3);
		// It has not caught up, and then goes again.
		assertThat(expected(160, 1, 2, 3)).isEmpty();
		assertThat(expected(190, 1, 2, 3)).isEmpty();
		assertThat(expected(220, 1, 2)).isEmpty();
		assertThat(expected(250, 1, 2, 3)).isEmpty();
	}

	@Test
	void replicaThatIsEligibleHadEverything() {
		this.inSync = Set.of(1);
		this.eligible = Set.of(2);
		expected(0, 1, 2, 3);
		this.eligible = Set.of();
		assertThat(expected(30, 1)).containsExactly(2);
	}

	@Test
	void rackOfABrokerThatIsAwayIsRemembered() {
		look(0, 1, 2, 3);
		assertThat(look(300, 1, 2).racks()).containsEntry(3, "rack-3");
		assertThat(look(600, 1, 2).up()).containsExactly(1, 2);
	}

	@Test
	void brokerThatWasUnregisteredIsForgottenThoughTopicsNameIt() {
		look(0, 1, 2, 3);
		ClusterState fenced = new ClusterState(Map.of(1, "rack-1", 2, "rack-2", 3, "rack-3"), Set.of(1, 2), Set.of(),
				ReadSettings.of(Map.of()), "here:9092");
		assertThat(this.history.apply(fenced, List.of(topic()), Instant.ofEpochSecond(300)).racks()).containsOnlyKeys(1,
				2, 3);
		assertThat(look(600, 1, 2).racks()).containsOnlyKeys(1, 2);
	}

	@Test
	void brokerThatIsGoneAndHasNothingIsForgotten() {
		look(0, 1, 2, 3, 4);
		assertThat(look(300, 1, 2, 3).racks()).containsOnlyKeys(1, 2, 3);
		assertThat(look(300, 1, 2, 3).returning()).isEmpty();
	}

	private Set<Integer> expected(int seconds, Integer... up) {
		ClusterState cluster = look(seconds, up);
		return this.history.expect(Map.of("orders", topic()), cluster).get("orders").partitions().get(0).expected();
	}

	// A cluster of old brokers: those that are away are known from their replicas only.
	private ClusterState look(int seconds, Integer... up) {
		Map<Integer, String> racks = new HashMap<>();
		for (int broker : up) {
			racks.put(broker, "rack-" + broker);
		}
		return this.history.apply(new ClusterState(racks, Set.of(up), Set.of(), ReadSettings.of(Map.of()), "here:9092"),
				List.of(topic()), Instant.ofEpochSecond(seconds));
	}

	private TopicState topic() {
		return TopicState.of("orders",
				List.of(new TopicState.Partition(0, 1, List.of(1, 2, 3), this.inSync, this.eligible)),
				ReadSettings.of(Map.of()));
	}

}
