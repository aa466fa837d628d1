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
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Escalation}.
 */
class EscalationTests {

	private final Escalation escalation = new Escalation();

	@Test
	void topicThatIsNotThereForTwoMinutesIsAViolation() {
		assertThat(look(absent(), 0).violations()).isEmpty();
		assertThat(look(absent(), 0).advice()).hasSize(1);
		assertThat(look(absent(), 119).violations()).isEmpty();
		assertThat(look(absent(), 120).violations()).extracting(Violation::risk).containsExactly("topic.absent");
		assertThat(look(absent(), 120).advice()).isEmpty();
		assertThat(look(present(DurabilityLevel.SERVER), 130).violations()).isEmpty();
		assertThat(look(absent(), 140).violations()).isEmpty();
	}

	@Test
	void groupThatIsBehindIsAViolationFromNearTheEndUntilItHasCaughtUp() {
		assertThat(look(present(DurabilityLevel.SERVER), 0, behind("billing", false)).violations()).isEmpty();
		assertThat(look(present(DurabilityLevel.SERVER), 0, behind("billing", false)).advice()).hasSize(1);
		assertThat(look(present(DurabilityLevel.SERVER), 0, behind("billing", true)).violations()).hasSize(1);
		TopicDurability both = look(present(DurabilityLevel.SERVER), 0, behind("billing", false),
				behind("other", false));
		assertThat(both.violations()).extracting(Violation::reason).containsExactly("billing is late");
		assertThat(both.advice()).extracting(Violation::reason).containsExactly("other is late");
		assertThat(look(present(DurabilityLevel.SERVER), 0).violations()).isEmpty();
		assertThat(look(present(DurabilityLevel.SERVER), 0, behind("billing", false)).violations()).isEmpty();
	}

	@Test
	void groupThatCannotBeReadIsWhereItWas() {
		assertThat(
				look(present(DurabilityLevel.SERVER), 0, behind("billing", true), behind("other", false)).violations())
			.hasSize(1);
		TopicDurability unread = lookWithout(Set.of("billing", "other", "new"));
		assertThat(unread.violations()).extracting(Violation::reason).containsExactly("billing is late");
		assertThat(unread.advice()).isEmpty();
		assertThat(lookWithout(Set.of("billing")).violations()).hasSize(1);
		// As far as it can be read it is less late, which is no proof that it has caught
		// up.
		assertThat(look(present(DurabilityLevel.SERVER), 0, behind("billing", false)).violations()).hasSize(1);
		assertThat(lookWithout(Set.of("other")).violations()).isEmpty();
		assertThat(lookWithout(Set.of("billing")).violations()).isEmpty();
	}

	@Test
	void recordsThatAreGoneCountIfTheirEndWasAnnounced() {
		ExpiryReader.Expiring gone = new ExpiryReader.Expiring("billing", new Violation("topic.retention",
				"topic 'orders'", "retention.ms", "1 day", "2 days", "they were deleted", "Send them", null), true,
				true);
		assertThat(look(present(DurabilityLevel.SERVER), 0, gone).violations()).isEmpty();
		assertThat(look(present(DurabilityLevel.SERVER), 0, gone, behind("billing", true)).violations())
			.extracting(Violation::reason)
			.containsExactly("billing is late");
		assertThat(look(present(DurabilityLevel.SERVER), 0, gone, behind("billing", true)).violations())
			.extracting(Violation::reason)
			.containsExactly("they were deleted");
		assertThat(look(present(DurabilityLevel.SERVER), 0, gone).violations()).hasSize(1);
		assertThat(look(present(DurabilityLevel.SERVER), 0).violations()).isEmpty();
	}

	private TopicDurability lookWithout(Set<String> groups) {
		return this.escalation
			.apply(List.of(present(DurabilityLevel.SERVER)), Map.of(), Map.of("orders", groups), Instant.EPOCH)
			.get(0);
	}

	@Test
	void topicThatNeedNotSurviveAnythingIsNotJudged() {
		TopicDurability topic = look(present(DurabilityLevel.NONE), 0, behind("billing", true));
		assertThat(topic.violations()).isEmpty();
		assertThat(topic.advice()).isEmpty();
	}

	@Test
	void whatIsNotUsedForAWhileIsForgotten() {
		assertThat(look(absent(), 0, behind("billing", true)).violations()).hasSize(1);
		assertThat(this.escalation.apply(List.of(), Map.of(), Map.of(), Instant.ofEpochSecond(60))).isEmpty();
		assertThat(look(absent(), 180, behind("billing", false)).violations()).isEmpty();
	}

	private TopicDurability look(TopicDurability topic, int seconds, ExpiryReader.Expiring... late) {
		return this.escalation
			.apply(List.of(topic), Map.of(topic.topic(), List.of(late)), Map.of(), Instant.ofEpochSecond(seconds))
			.get(0);
	}

	private static ExpiryReader.Expiring behind(String group, boolean soon) {
		return new ExpiryReader.Expiring(group, new Violation("topic.retention", "topic 'orders'", "retention.ms",
				"1 day", "2 days", group + " is late", "Catch up", null), soon, false);
	}

	private static TopicDurability present(DurabilityLevel required) {
		return new TopicDurability(TopicUse.of("orders", TopicUse.Purpose.CONSUMED), true, DurabilityLevel.SERVER,
				DurabilityLevel.SERVER, required, null, List.of(), List.of(), List.of(), Map.of());
	}

	private static TopicDurability absent() {
		ClusterState cluster = new ClusterState(Map.of(1, "a"), Set.of(1), Set.of(), ReadSettings.of(Map.of()),
				"here:9092");
		return TopicRules.judge(TopicUse.of("orders", TopicUse.Purpose.CONSUMED), TopicState.absent("orders"), cluster,
				DurabilityLevel.SERVER);
	}

}
