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
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityLevel;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.TopicUse;
import io.github.reliablekafka.durability.Violation;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigsResult;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.internals.KafkaFutureImpl;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.mockito.ArgumentMatchers.anyMap;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link TopicRepair}.
 */
class TopicRepairTests {

	private static final Violation MIN_IN_SYNC = violation("topic.min-in-sync-replicas", "1");

	private final Admin client = mock(Admin.class);

	private final KafkaFutureImpl<Void> answer = new KafkaFutureImpl<>();

	private TopicRepair repair;

	private List<String> unknown = List.of();

	@BeforeEach
	void setUp() {
		BoundedAdmin admin = mock(BoundedAdmin.class);
		given(admin.admin()).willReturn(this.client);
		answer(this.answer);
		this.repair = new TopicRepair(admin);
	}

	private void answer(KafkaFuture<Void> answer) {
		AlterConfigsResult result = mock(AlterConfigsResult.class);
		given(result.values()).willReturn(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, "orders"), answer));
		given(this.client.incrementalAlterConfigs(anyMap())).willReturn(result);
	}

	@Test
	void violationIsMended() {
		this.answer.complete(null);
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of())).isTrue();
		verify(this.client).incrementalAlterConfigs(anyMap());
	}

	@Test
	void topicOfWhichReplicasAreAwayStaysAsItIs() {
		this.answer.complete(null);
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC, violation("topic.in-sync", "1")),
				List.of()))
			.isFalse();
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC, violation("topic.offline", "1")),
				List.of()))
			.isFalse();
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC),
				List.of(violation("topic.in-sync", "not all"))))
			.isFalse();
		verify(this.client, never()).incrementalAlterConfigs(anyMap());
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of())).isTrue();
	}

	@Test
	void topicThatIsOnlySentToAndTopicOfKafkaStayAsTheyAre() {
		this.answer.complete(null);
		assertThat(mend(Set.of(TopicUse.Purpose.PRODUCED), List.of(MIN_IN_SYNC), List.of())).isFalse();
		assertThat(mend(Set.of(TopicUse.Purpose.INTERNAL), List.of(MIN_IN_SYNC), List.of())).isFalse();
		verify(this.client, never()).incrementalAlterConfigs(anyMap());
		assertThat(mend(Set.of(TopicUse.Purpose.PRODUCED, TopicUse.Purpose.DECLARED), List.of(MIN_IN_SYNC), List.of()))
			.isTrue();
	}

	@Test
	void changeThatIsRefusedIsNotTriedAgainAndOneThatIsNotAnsweredIs() {
		this.answer.completeExceptionally(new TimeoutException("away"));
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of())).isFalse();
		KafkaFutureImpl<Void> refused = new KafkaFutureImpl<>();
		refused.completeExceptionally(new PolicyViolationException("no"));
		answer(refused);
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of())).isFalse();
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of())).isFalse();
		verify(this.client, times(2)).incrementalAlterConfigs(anyMap());
	}

	@Test
	void settingThatSomebodySetsBackIsMendedAgainOnceItWasSeenToBeRight() {
		this.answer.complete(null);
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of())).isTrue();
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of())).isFalse();
		this.unknown = List.of("settings");
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(), List.of())).isFalse();
		this.unknown = List.of();
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of())).isFalse();
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(), List.of())).isFalse();
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of())).isTrue();
		verify(this.client, times(2)).incrementalAlterConfigs(anyMap());
	}

	@Test
	void interruptEndsTheRepair() {
		answer(new KafkaFutureImpl<>());
		Thread.currentThread().interrupt();
		try {
			assertThatExceptionOfType(InterruptException.class)
				.isThrownBy(() -> mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(MIN_IN_SYNC), List.of()));
		}
		finally {
			Thread.interrupted();
		}
	}

	@Test
	void adviceIsNotActedOn() {
		assertThat(mend(Set.of(TopicUse.Purpose.CONSUMED), List.of(),
				List.of(violation("topic.unclean-election", "false, but not on the topic"))))
			.isFalse();
		verify(this.client, never()).incrementalAlterConfigs(anyMap());
	}

	private boolean mend(Set<TopicUse.Purpose> purposes, List<Violation> violations, List<Violation> advice) {
		TopicDurability topic = new TopicDurability(new TopicUse("orders", purposes, Set.of(), 0), true,
				DurabilityLevel.PROCESS, DurabilityLevel.PROCESS, DurabilityLevel.SERVER, "it has", violations, advice,
				this.unknown, Map.of("replicas", "3"));
		return this.repair.mend(
				new ClusterDurability("here:9092", Instant.EPOCH, Duration.ZERO, null, Map.of(1, ""), List.of(),
						List.of(), List.of(), List.of(topic)),
				(violation) -> false, System.nanoTime() + Duration.ofSeconds(10).toNanos());
	}

	private static Violation violation(String risk, String actual) {
		return new Violation(risk, "topic 'orders'", "setting", actual, "2", "records go", "run it", null);
	}

}
