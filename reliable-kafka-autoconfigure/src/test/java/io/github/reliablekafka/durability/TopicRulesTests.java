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

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TopicRules}.
 */
class TopicRulesTests {

	private final Map<Integer, String> racks = new HashMap<>(Map.of(1, "a", 2, "b", 3, "c", 4, "c"));

	@ParameterizedTest
	@CsvSource(delimiter = '|', nullValues = "-",
			textBlock = """
					# replicas | in sync | eligible | min | unclean | required | level   | violations                                            | advice
					1          | 1       | -        | 1   | false   | server   | process | topic.replicas                                        | -
					1          | 1       | -        | 2   | true    | server   | process | topic.replicas                                        | -
					1          | 1       | -        | 1   | false   | process  | process | -                                                     | -
					1,2        | 1,2     | -        | 1   | false   | server   | process | topic.replicas topic.min-in-sync-replicas             | -
					1,2        | 1,2     | -        | 2   | false   | server   | zone    | -                                                     | topic.replicas topic.min-in-sync-replicas
					3,4        | 3,4     | -        | 2   | false   | server   | server  | -                                                     | topic.replicas topic.min-in-sync-replicas
					3,4        | 3,4     | -        | 2   | false   | zone     | server  | topic.racks                                           | topic.replicas topic.min-in-sync-replicas
					1,2,3      | 1,2,3   | -        | 1   | false   | server   | process | topic.min-in-sync-replicas                            | -
					1,2,3      | 1,2,3   | -        | 1   | false   | process  | process | -                                                     | -
					1,2,3      | 1,2,3   | -        | 1   | true    | server   | none    | topic.min-in-sync-replicas topic.unclean-election     | -
					1,2,3      | 1,2,3   | -        | 1   | true    | process  | none    | topic.unclean-election                                | -
					1,2,3      | 1,2,3   | -        | 2   | true    | server   | none    | topic.unclean-election                                | -
					1,2,3      | 1,2,3   | -        | 2   | true    | process  | none    | topic.unclean-election                                | -
					1,2,3      | 1,2,3   | -        | 3   | true    | server   | process | topic.unclean-election                                | topic.min-in-sync-replicas
					1,2,3      | 1,2,3   | -        | 3   | true    | process  | process | -                                                     | topic.unclean-election
					1,2,3      | 1,2     | -        | 3   | true    | process  | process | -                                                     | topic.unclean-election topic.in-sync
					1,2,3      | 1       | -        | 3   | true    | process  | none    | topic.in-sync                                         | topic.unclean-election topic.min-in-sync-replicas
					1,2        | 1,2     | -        | 2   | true    | process  | process | -                                                     | topic.unclean-election topic.min-in-sync-replicas
					1,2,3      | 1,2,3   | -        | 2   | false   | server   | zone    | -                                                     | -
					1,2,3      | 1,2,3   | -        | 3   | false   | server   | zone    | -                                                     | topic.min-in-sync-replicas
					1,3,4      | 1,3,4   | -        | 2   | false   | server   | server  | -                                                     | -
					1,3,4      | 1,3,4   | -        | 2   | false   | zone     | server  | topic.racks                                           | -
					1,3,4      | 1,3,4   | -        | 3   | false   | zone     | zone    | -                                                     | -
					1,2,3      | 1,2     | -        | 2   | false   | server   | zone    | -                                                     | topic.in-sync
					1,2,3      | 1       | -        | 2   | false   | server   | process | topic.in-sync                                         | -
					1,2,3      | 1       | 2        | 2   | false   | server   | zone    | -                                                     | topic.in-sync
					1,2,9      | 1       | 9        | 2   | false   | server   | process | topic.in-sync                                         | -
					9          | 9       | -        | 1   | false   | server   | process | topic.replicas                                        | -
					1,2,3      | 1,2,3   | -        | 1   | true    | none     | none    | -                                                     | -
					""")
	void judges(String replicas, String inSync, String eligible, String min, boolean unclean, String required,
			String level, String violations, String advice) {
		TopicDurability judged = judge(topic(ids(replicas), ids(inSync), ids(eligible), settings(min, unclean)),
				required);
		assertThat(judged.levelInWords()).as("%s", judged).isEqualTo(level);
		assertThat(judged.violations()).extracting(Violation::risk)
			.containsExactlyInAnyOrderElementsOf(words(violations));
		assertThat(judged.advice()).extracting(Violation::risk).containsExactlyInAnyOrderElementsOf(words(advice));
		assertThat(judged.unknown()).isEmpty();
		assertThat(judged.heldBackBy() == null).isEqualTo(level.equals("zone"));
		assertThat(judged.isSafe()).isEqualTo(violations == null);
	}

	@Test
	void settingThatIsNotOnTheTopicIsAdvice() {
		Map<String, ReadSettings.Setting> settings = settings("2", false);
		settings.put("unclean.leader.election.enable", new ReadSettings.Setting("false", ReadSettings.Source.DEFAULT));
		TopicDurability judged = judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings), "server");
		assertThat(judged.isSafe()).isTrue();
		assertThat(judged.advice()).singleElement().satisfies((advice) -> {
			assertThat(advice.risk()).isEqualTo("topic.unclean-election");
			assertThat(advice.remedy()).isEqualTo(
					"kafka-configs.sh --bootstrap-server here:9092 --alter --entity-type topics --entity-name orders --add-config unclean.leader.election.enable=false");
			assertThat(advice.origin()).isEqualTo("set by nobody");
		});
	}

	@Test
	void settingOfOneBrokerIsNotTakenForThatOfAll() {
		Map<String, ReadSettings.Setting> settings = settings("2", false);
		settings.put("min.insync.replicas", new ReadSettings.Setting("2", ReadSettings.Source.BROKER));
		TopicDurability judged = judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings), "server");
		assertThat(judged.levelInWords()).isEqualTo("between process and zone");
		assertThat(judged.violations()).isEmpty();
		assertThat(judged.advice()).singleElement().satisfies((advice) -> {
			assertThat(advice.risk()).isEqualTo("topic.min-in-sync-replicas");
			assertThat(advice.remedy()).endsWith("--add-config min.insync.replicas=2");
		});
		settings = settings("2", false);
		settings.put("unclean.leader.election.enable", new ReadSettings.Setting("false", ReadSettings.Source.BROKER));
		judged = judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings), "server");
		assertThat(judged.levelInWords()).isEqualTo("between none and zone");
	}

	@Test
	void whatCouldNotBeReadIsSaidAndNotGuessed() {
		TopicState.Partition partition = new TopicState.Partition(0, 1, List.of(1, 2, 3), Set.of(1, 2, 3), null);
		TopicDurability judged = judge(
				TopicState.of("orders", List.of(partition), ReadSettings.unreadable("not permitted")), "server");
		assertThat(judged.levelInWords()).isEqualTo("between none and zone");
		assertThat(judged.unknown()).containsExactly("settings of the topic: not permitted");
		assertThat(judged.violations()).isEmpty();
		assertThat(judged.isSafe()).isFalse();
	}

	@Test
	void oneReplicaIsEnoughToKnowTheLevel() {
		TopicState.Partition partition = new TopicState.Partition(0, 1, List.of(1), Set.of(1), null);
		TopicDurability judged = judge(
				TopicState.of("orders", List.of(partition), ReadSettings.unreadable("not permitted")), "server");
		assertThat(judged.levelInWords()).isEqualTo("process");
		assertThat(judged.heldBackBy()).isEqualTo("it has one replica");
	}

	@Test
	void absentAndUnreadableTopicsDiffer() {
		assertThat(judge(TopicState.absent("orders"), "server").present()).isFalse();
		TopicDurability unreadable = judge(TopicState.unreadable("orders", "not permitted"), "server");
		assertThat(unreadable.present()).isTrue();
		assertThat(unreadable.unknown()).containsExactly("partitions and replicas: not permitted");
		assertThat(unreadable.isSafe()).isFalse();
	}

	@Test
	void brokersWithoutRacksSurviveNoZone() {
		this.racks.put(2, null);
		TopicDurability judged = judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings("2", false)), "zone");
		assertThat(judged.level()).isEqualTo(DurabilityLevel.SERVER);
		assertThat(judged.heldBackBy()).isEqualTo("broker 2 has no broker.rack");
	}

	@Test
	void rackThatNobodyTellsIsNotGuessed() {
		TopicState topic = topic(List.of(1, 2, 9), List.of(1, 2), null, settings("2", false));
		TopicDurability judged = judge(topic, "zone");
		assertThat(judged.levelInWords()).isEqualTo("between server and zone");
		assertThat(judged.violations()).isEmpty();
		assertThat(judged.unknown())
			.containsExactly("racks of brokers 9: the cluster does not name them while they are away");
		assertThat(judge(topic, "server").unknown()).isEmpty();
		// Wherever broker 9 is.
		judged = judge(topic(List.of(3, 4, 9), List.of(3, 4), null, settings("2", false)), "zone");
		assertThat(judged.levelInWords()).isEqualTo("server");
		assertThat(judged.violations()).extracting(Violation::risk)
			.containsExactlyInAnyOrder("topic.racks", "topic.in-sync");
		assertThat(judged.unknown()).isEmpty();
	}

	@Test
	void rackThatIsAwayIsNoFaultOfThePlacement() {
		this.racks.putAll(Map.of(1, "a", 2, "a", 3, "b", 4, "b"));
		TopicState topic = topic(List.of(1, 2, 3, 4), List.of(1, 2), null, settings("3", false));
		ClusterState cluster = new ClusterState(this.racks, Set.of(1, 2), Set.of(), ReadSettings.of(Map.of()),
				"here:9092");
		TopicUse use = TopicUse.of("orders", TopicUse.Purpose.PRODUCED);
		TopicDurability judged = TopicRules.judge(use, topic, cluster, DurabilityLevel.ZONE);
		assertThat(judged.levelInWords()).isEqualTo("server");
		assertThat(judged.violations()).singleElement().satisfies((violation) -> {
			assertThat(violation.risk()).isEqualTo("topic.in-sync");
			assertThat(violation.describe()).contains("racks that have all of partition 0", "rack 'a'");
		});
		assertThat(TopicRules.judge(use, topic, cluster, DurabilityLevel.SERVER).violations()).isEmpty();
	}

	@Test
	void placementIsNotJudgedByASettingThatCouldNotBeRead() {
		TopicState.Partition partition = new TopicState.Partition(0, 1, List.of(1, 3, 4), Set.of(1, 3, 4), null);
		TopicDurability judged = judge(
				TopicState.of("orders", List.of(partition), ReadSettings.unreadable("not permitted")), "zone");
		assertThat(judged.levelInWords()).isEqualTo("between none and zone");
		assertThat(judged.violations()).isEmpty();
	}

	@Test
	void placementIsJudgedAlsoWhileBrokersAreAway() {
		TopicDurability judged = judge(topic(List.of(3, 4, 1), List.of(3), null, settings("2", false)), "zone");
		assertThat(judged.violations()).extracting(Violation::risk)
			.containsExactlyInAnyOrder("topic.in-sync", "topic.racks");
	}

	@Test
	void brokerThatIsStartedAgainChangesNothing() {
		TopicState pair = topic(List.of(1, 9), List.of(1), null, settings("2", false));
		TopicDurability judged = judge(expecting(pair, 9), "server");
		assertThat(judged.levelInWords()).isEqualTo("between server and zone");
		assertThat(judged.violations()).isEmpty();
		assertThat(judged.advice()).extracting(Violation::risk).contains("topic.in-sync");
		assertThat(judge(pair, "server").violations()).extracting(Violation::risk).containsExactly("topic.in-sync");
		TopicState alone = offline(List.of(9), Set.of(9), null);
		judged = judge(expecting(alone, 9), "process");
		assertThat(judged.violations()).isEmpty();
		assertThat(judged.advice()).extracting(Violation::risk).containsExactly("topic.offline");
		assertThat(judge(alone, "process").violations()).extracting(Violation::risk).containsExactly("topic.offline");
	}

	@Test
	void brokerThatMayNotLeadMendsNothingWhenItComesBack() {
		assertThat(offlineRisks(expecting(offline(List.of(8, 9), Set.of(8), null), 9)))
			.containsExactly("topic.offline");
		assertThat(offlineRisks(expecting(offline(List.of(8, 9), Set.of(), Set.of(9)), 9))).isEmpty();
	}

	private List<String> offlineRisks(TopicState topic) {
		return judge(topic, "process").violations()
			.stream()
			.map(Violation::risk)
			.filter((risk) -> risk.equals("topic.offline"))
			.toList();
	}

	private static TopicState offline(List<Integer> replicas, Set<Integer> inSync, Set<Integer> eligible) {
		return TopicState.of("orders", List.of(new TopicState.Partition(0, -1, replicas, inSync, eligible)),
				ReadSettings.of(settings("1", false)));
	}

	private static TopicState expecting(TopicState topic, Integer... brokers) {
		return TopicState.of(topic.name(),
				topic.partitions().stream().map((partition) -> partition.expecting(Set.of(brokers))).toList(),
				topic.settings());
	}

	@Test
	void topicThatIsReadAndIsNotThereIsSaid() {
		TopicUse read = TopicUse.of("orders", TopicUse.Purpose.CONSUMED);
		assertThat(TopicRules.judge(read, TopicState.absent("orders"), cluster(), DurabilityLevel.SERVER).advice())
			.extracting(Violation::risk)
			.containsExactly("topic.absent");
		assertThat(TopicRules.judge(read, TopicState.absent("orders"), cluster(), DurabilityLevel.NONE).advice())
			.isEmpty();
		assertThat(judge(TopicState.absent("orders"), "server").advice()).isEmpty();
	}

	@Test
	void worstPartitionCounts() {
		TopicState.Partition good = new TopicState.Partition(0, 1, List.of(1, 2, 3), Set.of(1, 2, 3), null);
		TopicState.Partition bad = new TopicState.Partition(1, 1, List.of(1), Set.of(1), null);
		TopicDurability judged = judge(
				TopicState.of("orders", List.of(good, bad), ReadSettings.of(settings("2", false))), "server");
		assertThat(judged.level()).isEqualTo(DurabilityLevel.PROCESS);
		assertThat(judged.violations()).singleElement()
			.satisfies((violation) -> assertThat(violation.remedy()).contains(
					"{\"topic\":\"orders\",\"partition\":1,\"replicas\":[1,2,3]}", "kafka-reassign-partitions.sh"));
	}

	@Test
	void uncleanElectionCountsInThePartitionWithTheMostReplicas() {
		TopicState.Partition one = new TopicState.Partition(0, 1, List.of(1), Set.of(1), null);
		TopicState.Partition two = new TopicState.Partition(1, 1, List.of(1, 2), Set.of(1, 2), null);
		TopicState.Partition three = new TopicState.Partition(2, 1, List.of(1, 2, 3), Set.of(1, 2, 3), null);
		ReadSettings settings = ReadSettings.of(settings("2", true));
		assertThat(judge(TopicState.of("orders", List.of(one, two), settings), "process").level())
			.isEqualTo(DurabilityLevel.PROCESS);
		TopicDurability mixed = judge(TopicState.of("orders", List.of(one, three), settings), "process");
		assertThat(mixed.level()).isEqualTo(DurabilityLevel.NONE);
		assertThat(mixed.violations()).extracting(Violation::risk).containsExactly("topic.unclean-election");
		assertThat(judge(TopicState.of("orders", List.of(two, three), settings), "process").level())
			.isEqualTo(DurabilityLevel.NONE);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', nullValues = "-", textBlock = """
			retention.ms                    | 60000     | topic.retention
			retention.ms                    | -1        | -
			retention.bytes                 | 1000000   | topic.retention
			max.message.bytes               | 1048588   | -
			max.message.bytes               | 1000000   | topic.message-size
			message.timestamp.before.max.ms | 60000     | topic.timestamps
			message.timestamp.after.max.ms  | 3600000   | -
			message.timestamp.after.max.ms  | 1000      | topic.timestamps
			remote.log.delete.on.disable    | true      | topic.retention
			""")
	void tellsWhatATopicRefusesOrForgets(String setting, String value, String advice) {
		Map<String, ReadSettings.Setting> settings = settings("2", false);
		settings.put("message.timestamp.type", new ReadSettings.Setting("CreateTime", ReadSettings.Source.DEFAULT));
		settings.put(setting, new ReadSettings.Setting(value, ReadSettings.Source.TOPIC));
		TopicDurability judged = judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings), "server");
		assertThat(judged.advice()).extracting(Violation::risk).containsExactlyElementsOf(words(advice));
		assertThat(judged.isSafe()).isTrue();
	}

	@Test
	void partitionWithoutALeaderHasNoCommandThatLosesRecords() {
		TopicState.Partition partition = new TopicState.Partition(0, -1, List.of(8, 9), Set.of(), null);
		TopicDurability judged = judge(
				TopicState.of("orders", List.of(partition), ReadSettings.of(settings("2", false))), "server");
		assertThat(judged.violations()).filteredOn((violation) -> violation.risk().equals("topic.offline"))
			.singleElement()
			.satisfies((violation) -> assertThat(violation.remedy())
				.startsWith("Start the brokers that have the partition, or mend their disks: 8, 9.")
				.contains("docs/operations.md")
				.doesNotContain("unclean"));
	}

	@Test
	void minInSyncIsRaisedOnlyWhereThatStopsNoWrite() {
		assertThat(remedy(judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings("1", false)), "server")))
			.endsWith("--add-config min.insync.replicas=2");
		assertThat(remedy(judge(topic(List.of(1, 2, 3), List.of(1), null, settings("1", false)), "server")))
			.startsWith("First start or mend the brokers that are away")
			.doesNotContain("--alter");
		assertThat(remedy(judge(topic(List.of(1, 2), List.of(1, 2), null, settings("1", false)), "server")))
			.startsWith("First give it a third replica")
			.contains("\"replicas\":[1,2,3]")
			.doesNotContain("--add-config");
	}

	private static String remedy(TopicDurability judged) {
		return judged.violations()
			.stream()
			.filter((violation) -> violation.risk().equals("topic.min-in-sync-replicas"))
			.findFirst()
			.orElseThrow()
			.remedy();
	}

	@Test
	void replicaThatSharesARackIsMoved() {
		this.racks.putAll(Map.of(1, "a", 2, "a", 3, "b", 4, "c"));
		TopicDurability judged = judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings("2", false)), "zone");
		assertThat(judged.violations()).singleElement().satisfies((violation) -> {
			assertThat(violation.risk()).isEqualTo("topic.racks");
			assertThat(violation.remedy()).contains("\"replicas\":[1,4,3]");
		});
		this.racks.put(4, "b");
		judged = judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings("2", false)), "zone");
		assertThat(judged.violations().get(0).remedy()).contains("add brokers in racks").doesNotContain("--execute");
		this.racks.put(4, null);
		judged = judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings("2", false)), "zone");
		assertThat(judged.violations().get(0).remedy()).startsWith("Set broker.rack on each broker");
	}

	@Test
	void commandForManyPartitionsIsOneThatAShellTakes() {
		List<TopicState.Partition> partitions = IntStream.range(0, 20)
			.mapToObj((number) -> new TopicState.Partition(number, 1, List.of(1), Set.of(1), null))
			.toList();
		assertThat(new TopicCommands("here:9092", "orders").reassign(partitions, cluster(), 3))
			.contains("for 12 of 20 partitions", "--throttle", "--command-config")
			.endsWith("--reassignment-json-file replicas.json --execute");
	}

	@Test
	void replicasAreNotMovedWhileBrokersAreAway() {
		List<TopicState.Partition> partitions = List.of(new TopicState.Partition(0, 1, List.of(1), Set.of(1), null));
		ClusterState away = new ClusterState(this.racks, Set.of(1, 2), Set.of(), ReadSettings.of(Map.of()),
				"here:9092");
		assertThat(new TopicCommands("here:9092", "orders").reassign(partitions, away, 3))
			.startsWith("Start or mend the brokers that are away")
			.doesNotContain("--execute");
		ClusterState small = new ClusterState(Map.of(1, "a", 2, "b"), Set.of(1, 2), Set.of(), ReadSettings.of(Map.of()),
				"here:9092");
		assertThat(new TopicCommands("here:9092", "orders").reassign(partitions, small, 3))
			.startsWith("Add brokers to the cluster until it has 3");
	}

	@Test
	void replicasAreNotPutOnBrokersThatAreNotThere() {
		TopicCommands commands = new TopicCommands("here:9092", "orders");
		Map<Integer, String> three = Map.of(1, "a", 2, "b", 3, "c");
		List<TopicState.Partition> pair = List.of(new TopicState.Partition(0, 1, List.of(1, 4), Set.of(1), null));
		ClusterState gone = new ClusterState(three, three.keySet(), Set.of(), ReadSettings.of(Map.of()), "here:9092");
		assertThat(commands.reassign(pair, gone, 3)).contains("\"replicas\":[1,2,3]",
				"brokers 4 are left out, because the cluster does not name them: if they are only down, start them instead");
		ClusterState down = new ClusterState(this.racks, three.keySet(), Set.of(), ReadSettings.of(Map.of()),
				"here:9092");
		assertThat(commands.reassign(pair, down, 3)).startsWith("Start brokers 4 first").doesNotContain("--execute");
		List<TopicState.Partition> only = List.of(new TopicState.Partition(0, -1, List.of(4), Set.of(4), null));
		assertThat(commands.reassign(only, gone, 3)).startsWith("Start brokers 4 first").doesNotContain("--execute");
	}

	@Test
	void limitBySizeIsNotLiftedByACommand() {
		Map<String, ReadSettings.Setting> settings = settings("2", false);
		settings.put("retention.bytes", new ReadSettings.Setting("1000", ReadSettings.Source.TOPIC));
		settings.put("retention.ms", new ReadSettings.Setting("3600000", ReadSettings.Source.TOPIC));
		TopicDurability judged = judge(topic(List.of(1, 2, 3), List.of(1, 2, 3), null, settings), "server");
		assertThat(judged.advice()).extracting(Violation::remedy)
			.anyMatch((remedy) -> remedy.endsWith("retention.ms=86400000"))
			.noneMatch((remedy) -> remedy.contains("retention.bytes="));
	}

	@Test
	void newReplicasGoToOtherRacks() {
		ClusterState cluster = cluster();
		TopicState.Partition partition = new TopicState.Partition(1, 3, List.of(3), Set.of(3), null);
		assertThat(TopicCommands.spread(partition, cluster, 3)).containsExactly(3, 2, 1);
	}

	private TopicDurability judge(TopicState topic, String required) {
		TopicUse use = new TopicUse("orders", Set.of(TopicUse.Purpose.PRODUCED), Set.of(), 1048576);
		return TopicRules.judge(use, topic, cluster(), DurabilityLevel.valueOf(required.toUpperCase(Locale.ROOT)));
	}

	private ClusterState cluster() {
		return new ClusterState(this.racks, this.racks.keySet(), Set.of(), ReadSettings.of(Map.of()), "here:9092");
	}

	private static TopicState topic(List<Integer> replicas, List<Integer> inSync, List<Integer> eligible,
			Map<String, ReadSettings.Setting> settings) {
		return TopicState.of("orders", List.of(new TopicState.Partition(0, inSync.get(0), replicas, Set.copyOf(inSync),
				(eligible != null) ? Set.copyOf(eligible) : null)), ReadSettings.of(settings));
	}

	private static Map<String, ReadSettings.Setting> settings(String min, boolean unclean) {
		Map<String, ReadSettings.Setting> settings = new HashMap<>();
		settings.put("min.insync.replicas", new ReadSettings.Setting(min, ReadSettings.Source.TOPIC));
		settings.put("unclean.leader.election.enable",
				new ReadSettings.Setting(String.valueOf(unclean), ReadSettings.Source.TOPIC));
		return settings;
	}

	private static List<Integer> ids(String list) {
		if (list == null) {
			return null;
		}
		List<Integer> ids = new ArrayList<>();
		for (String id : list.split(",", -1)) {
			ids.add(Integer.valueOf(id));
		}
		return ids;
	}

	private static List<String> words(String text) {
		return (text != null) ? List.of(text.split(" ", -1)) : List.of();
	}

}
