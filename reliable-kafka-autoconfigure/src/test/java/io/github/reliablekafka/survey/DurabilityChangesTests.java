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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityLevel;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.TopicUse;
import io.github.reliablekafka.durability.Violation;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DurabilityChanges}.
 */
class DurabilityChangesTests {

	private static final Violation BROKERS = new Violation("cluster.brokers", "cluster here:9092", "number of brokers",
			"1", "at least 3", "there is one", "Run three", null);

	@Test
	void manyTopicsWithTheSameViolationAreOneLine() {
		DurabilityChanges changes = between(null, cluster(List.of(), unsafe(40)));
		assertThat(changes.alarms()).singleElement()
			.asString()
			.startsWith("topic 't0', topic 't1', ")
			.contains(
					"topic 't9' and 30 more: min.insync.replicas is '1', required 2, because records go. For the first: run it.")
			.endsWith("Durability risk=topic.min-in-sync-replicas subjects=40 cluster=here:9092");
		assertThat(changes.notes()).isEmpty();
	}

	@Test
	void tooFewBrokersAreOneLineForEverythingThatFollows() {
		DurabilityChanges changes = between(null, cluster(List.of(BROKERS), unsafe(12)));
		assertThat(changes.alarms()).singleElement()
			.asString()
			.contains("because there is one; that concerns 12 topics: t0, t1, ", "t9 and 2 more. Run three.");
	}

	@Test
	void tooFewBrokersThatConcernNoTopicAreSaidWithoutTopics() {
		assertThat(between(null, cluster(List.of(BROKERS), List.of())).alarms()).singleElement()
			.asString()
			.contains("because there is one. Run three.")
			.doesNotContain("topics");
	}

	@Test
	void whatWasHiddenBehindTooFewBrokersIsSaidWhenThereAreEnough() {
		ClusterDurability few = cluster(List.of(BROKERS), unsafe(1));
		DurabilityChanges changes = between(few, cluster(List.of(), unsafe(1)));
		assertThat(changes.alarms()).singleElement().asString().contains("topic 't0': min.insync.replicas is '1'");
		assertThat(changes.notes()).containsExactly("Mended or gone: cluster here:9092: number of brokers was '1'");
		assertThat(between(cluster(List.of(), unsafe(1)), few).notes()).isEmpty();
	}

	@Test
	void tooFewBrokersThatWereAcceptedHideNothing() {
		DurabilityChanges changes = DurabilityChanges.between(null, cluster(List.of(BROKERS), unsafe(1)),
				(violation) -> violation.risk().equals("cluster.brokers"));
		assertThat(changes.alarms()).singleElement().asString().contains("topic 't0': min.insync.replicas is '1'");
	}

	@Test
	void nothingIsSaidTwiceAndWhatIsMendedIsSaid() {
		ClusterDurability before = cluster(List.of(), unsafe(2));
		assertThat(between(before, cluster(List.of(), unsafe(2))).alarms()).isEmpty();
		List<TopicDurability> mended = new ArrayList<>(unsafe(1));
		TopicDurability second = unsafe(2).get(1);
		mended.add(new TopicDurability(second.use(), true, DurabilityLevel.SERVER, DurabilityLevel.SERVER,
				DurabilityLevel.SERVER, null, List.of(), List.of(), List.of(), second.facts()));
		DurabilityChanges changes = between(before, cluster(List.of(), mended));
		assertThat(changes.alarms()).isEmpty();
		assertThat(changes.notes()).containsExactly("Mended or gone: topic 't1': min.insync.replicas was '1'");
	}

	@Test
	void whatCannotBeSeenAnyMoreIsNotMended() {
		ClusterDurability before = cluster(List.of(), unsafe(1));
		TopicDurability seen = unsafe(1).get(0);
		TopicDurability hidden = new TopicDurability(seen.use(), true, DurabilityLevel.NONE, DurabilityLevel.ZONE,
				DurabilityLevel.SERVER, null, List.of(), List.of(), List.of("settings of the topic: not permitted"),
				Map.of());
		DurabilityChanges changes = between(before, cluster(List.of(), List.of(hidden)));
		assertThat(changes.notes()).isEmpty();
		assertThat(changes.alarms()).containsExactly(
				"Cannot be seen any more, so it may still be so: topic 't0': min.insync.replicas was '1'. [settings of the topic: not permitted]");
		TopicDurability gone = new TopicDurability(seen.use(), false, DurabilityLevel.NONE, DurabilityLevel.ZONE,
				DurabilityLevel.SERVER, null, List.of(), List.of(), List.of(), Map.of());
		assertThat(between(before, cluster(List.of(), List.of(gone))).notes())
			.containsExactly("No longer there, or not used any more: topic 't0': min.insync.replicas was '1'");
	}

	@Test
	void acceptedViolationsAreNotSaid() {
		DurabilityChanges changes = DurabilityChanges.between(null, cluster(List.of(), unsafe(2)), (violation) -> true);
		assertThat(changes.alarms()).isEmpty();
	}

	@Test
	void topicThatSurvivesLessThanBeforeIsAnAlarm() {
		ClusterDurability before = cluster(List.of(), List.of(topic(DurabilityLevel.SERVER, "3")));
		ClusterDurability after = cluster(List.of(), List.of(topic(DurabilityLevel.PROCESS, "1")));
		assertThat(between(before, after).alarms()).containsExactly(
				"topic 't' has changed: fewest-in-sync was '3' and is '1'; it survives process instead of server. Durability topic=t");
		assertThat(between(after, before).alarms()).isEmpty();
		assertThat(between(after, before).notes()).hasSize(1);
	}

	@Test
	void lastReplicaInSyncIsAnAlarmAtOnce() {
		ClusterDurability before = cluster(List.of(), List.of(topic(DurabilityLevel.SERVER, "2")));
		ClusterDurability after = cluster(List.of(), List.of(topic(DurabilityLevel.SERVER, "1")));
		assertThat(between(before, after).alarms()).singleElement()
			.asString()
			.startsWith("topic 't' has changed: fewest-in-sync was '2' and is '1'; it survives server.");
		assertThat(between(after, before).alarms()).isEmpty();
		assertThat(between(after, after).alarms()).isEmpty();
	}

	@Test
	void whatWasFearedAndHasComeAboutIsNotMended() {
		TopicDurability topic = topic(DurabilityLevel.SERVER, "3");
		Violation feared = new Violation("topic.retention", "topic 't'", "retention.ms", "1 day",
				"twice as long as group 'g' is behind", "records will expire", "catch up", null);
		Violation come = new Violation("topic.retention", "topic 't'", "retention.ms", "1 day",
				"longer than group 'g' is away", "7 records were deleted", "send them again", null);
		DurabilityChanges changes = between(cluster(List.of(), List.of(with(topic, feared))),
				cluster(List.of(), List.of(with(topic, come))));
		assertThat(changes.alarms()).singleElement().asString().contains("7 records were deleted");
		assertThat(changes.notes()).isEmpty();
	}

	@Test
	void noReplicaInSyncIsAnAlarmAtOnce() {
		ClusterDurability one = cluster(List.of(), List.of(topic(DurabilityLevel.SERVER, "1")));
		ClusterDurability none = cluster(List.of(), List.of(topic(DurabilityLevel.SERVER, "0")));
		assertThat(between(one, none).alarms()).singleElement()
			.asString()
			.startsWith("topic 't' has changed: fewest-in-sync was '1' and is '0'; it survives server.");
		assertThat(between(none, one).alarms()).isEmpty();
	}

	@Test
	void linesOfOneLookAreBounded() {
		List<TopicDurability> topics = new ArrayList<>();
		for (TopicDurability topic : unsafe(50)) {
			Violation violation = topic.violations().get(0);
			topics.add(with(topic, new Violation(violation.risk(), violation.subject(), "setting of " + topic.topic(),
					"1", "2", "records go", "run it", null)));
		}
		assertThat(between(null, cluster(List.of(), topics)).alarms()).hasSize(21)
			.last()
			.isEqualTo("and 30 more changes of the kind");
	}

	private static DurabilityChanges between(ClusterDurability before, ClusterDurability now) {
		return DurabilityChanges.between(before, now, (violation) -> false);
	}

	private static ClusterDurability cluster(List<Violation> violations, List<TopicDurability> topics) {
		return new ClusterDurability("here:9092", Instant.EPOCH, Duration.ZERO, null, Map.of(1, ""), violations,
				List.of(), List.of(), topics);
	}

	private static List<TopicDurability> unsafe(int count) {
		return IntStream.range(0, count)
			.mapToObj((number) -> with(
					new TopicDurability(TopicUse.of("t" + number, TopicUse.Purpose.CONSUMED), true,
							DurabilityLevel.PROCESS, DurabilityLevel.PROCESS, DurabilityLevel.SERVER, "it has",
							List.of(), List.of(), List.of(), Map.of("replicas", "3")),
					new Violation("topic.min-in-sync-replicas", "topic 't" + number + "'", "min.insync.replicas", "1",
							"2", "records go", "run it", null)))
			.toList();
	}

	private static TopicDurability with(TopicDurability topic, Violation violation) {
		return new TopicDurability(topic.use(), topic.present(), topic.level(), topic.atMost(), topic.required(),
				topic.heldBackBy(), List.of(violation), topic.advice(), topic.unknown(), topic.facts());
	}

	private static TopicDurability topic(DurabilityLevel level, String inSync) {
		return new TopicDurability(TopicUse.of("t", TopicUse.Purpose.CONSUMED), true, level, level,
				DurabilityLevel.SERVER, null, List.of(), List.of(), List.of(),
				Map.of("replicas", "3", "fewest-in-sync", inSync));
	}

}
