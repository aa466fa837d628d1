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
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/**
 * Judges one topic by what was read of it: the level that it reaches, by what records may
 * be lost, and what could not be read. Nothing is assumed of what could not be read: each
 * value it may have is tried, and the worst and the best outcome are told.
 */
final class TopicRules {

	static final String REPLICAS = "topic.replicas";

	static final String MIN_IN_SYNC = "topic.min-in-sync-replicas";

	static final String UNCLEAN = "topic.unclean-election";

	static final String IN_SYNC = "topic.in-sync";

	static final String OFFLINE = "topic.offline";

	static final String RACKS = "topic.racks";

	static final String ABSENT = "topic.absent";

	private static final int SAFE_REPLICAS = 3;

	private final TopicState topic;

	private final ClusterState cluster;

	private final DurabilityLevel required;

	private final TopicCommands commands;

	private final List<Violation> violations = new ArrayList<>();

	private final List<Violation> advice = new ArrayList<>();

	private final List<String> unknown = new ArrayList<>();

	private final Optional<Long> minInSync;

	private final Optional<Boolean> unclean;

	private TopicRules(TopicState topic, ClusterState cluster, DurabilityLevel required) {
		this.topic = topic;
		this.cluster = cluster;
		this.required = required;
		this.commands = new TopicCommands(cluster.address(), topic.name());
		this.minInSync = topic.settings().number(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG);
		this.unclean = topic.settings().flag(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG);
	}

	/**
	 * Judge a topic.
	 * @param use what it is used for
	 * @param topic what was read of it
	 * @param cluster what was read of its cluster
	 * @param required what it must survive
	 * @return the judgement
	 */
	static TopicDurability judge(TopicUse use, TopicState topic, ClusterState cluster, DurabilityLevel required) {
		if (topic.isAbsent()) {
			return new TopicDurability(use, false, DurabilityLevel.NONE, DurabilityLevel.ZONE, required,
					"there is no such topic", List.of(), absence(use, cluster, required), List.of(), Map.of());
		}
		if (topic.unreadable() != null) {
			return new TopicDurability(use, true, DurabilityLevel.NONE, DurabilityLevel.ZONE, required,
					"the topic could not be read", List.of(), List.of(),
					List.of("partitions and replicas: " + topic.unreadable()), Map.of());
		}
		return new TopicRules(topic, cluster, required).judge(use);
	}

	// Advice for as long as it may still be created by whoever starts at the same time.
	private static List<Violation> absence(TopicUse use, ClusterState cluster, DurabilityLevel required) {
		if (!use.purposes().contains(TopicUse.Purpose.CONSUMED) || required == DurabilityLevel.NONE) {
			return List.of();
		}
		return List.of(new Violation(ABSENT, "topic '%s'".formatted(use.topic()), "topic", "not there", "there",
				"a listener reads it, so its name is mistyped, or somebody has deleted it with its records",
				"See whether the name is right: kafka-topics.sh --bootstrap-server %s --list"
					.formatted(cluster.address()),
				null));
	}

	private TopicDurability judge(TopicUse use) {
		String unreadable = this.topic.settings().unreadable();
		if (unreadable != null) {
			this.unknown.add("settings of the topic: " + unreadable);
		}
		List<ReachedLevel> possible = possible();
		ReachedLevel worst = possible.get(0);
		ReachedLevel best = possible.get(0);
		for (ReachedLevel level : possible) {
			worst = (level.level().compareTo(worst.level()) < 0) ? level : worst;
			best = (level.level().compareTo(best.level()) > 0) ? level : best;
		}
		if (this.required != DurabilityLevel.NONE) {
			checkReplicas();
			checkMinInSync();
			checkUncleanElection();
			checkPartitions();
			checkRacks();
			TopicLimits.check(use, this.topic, this.commands, this.advice);
		}
		return new TopicDurability(use, true, worst.level(), best.level(), this.required, best.heldBackBy(),
				this.violations, this.advice, this.unknown, facts());
	}

	private List<ReachedLevel> possible() {
		List<ReachedLevel> possible = new ArrayList<>();
		List<Long> mins = this.minInSync.map(List::of).orElse(List.of(1L, (long) this.topic.replicas()));
		if (isOfOneBroker(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG)) {
			// The leader of another partition may have another value.
			mins = List.of(1L, mins.get(0));
		}
		boolean racksKnown = unknownRacks().isEmpty();
		for (long min : mins) {
			for (boolean value : uncleanValues()) {
				ReachedLevel reached = ReachedLevel.of(this.topic, this.cluster, min, value);
				possible.add(reached);
				if (reached.level() == DurabilityLevel.ZONE && !racksKnown) {
					possible.add(new ReachedLevel(DurabilityLevel.SERVER, "racks are not known"));
				}
			}
		}
		return possible;
	}

	// Clusters before 4.0 do not name brokers that are away.
	private Set<Integer> unknownRacks() {
		return this.topic.partitions()
			.stream()
			.flatMap((partition) -> partition.replicas().stream())
			.filter((broker) -> !this.cluster.racks().containsKey(broker))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	private List<Boolean> uncleanValues() {
		return (this.unclean.isEmpty() || isOfOneBroker(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG))
				? List.of(true, false) : List.of(this.unclean.get());
	}

	private boolean isOfOneBroker(String setting) {
		return this.topic.settings()
			.find(setting)
			.filter((found) -> found.source() == ReadSettings.Source.BROKER)
			.isPresent();
	}

	private boolean requires(DurabilityLevel level) {
		return this.required.compareTo(level) >= 0;
	}

	private void checkReplicas() {
		int replicas = this.topic.replicas();
		if (!requires(DurabilityLevel.SERVER) || replicas >= SAFE_REPLICAS) {
			return;
		}
		boolean single = replicas < 2;
		String reason = single
				? "its only copy is on one broker, and when that machine dies its records are gone" + this.minInSync
					.filter((min) -> min > 1)
					.map("; min.insync.replicas=%d does not help, as Kafka asks for no more than there are replicas"::formatted)
					.orElse("")
				: "with two, either records are acknowledged that one broker has alone, or nothing can be written while one broker is away";
		// What could not be read is not held against the topic.
		boolean survives = !single && this.minInSync.orElse(2L) >= 2;
		(survives ? this.advice : this.violations)
			.add(violation(REPLICAS, "replication factor", String.valueOf(replicas), String.valueOf(SAFE_REPLICAS),
					reason, this.commands.reassign(this.topic.partitions(), this.cluster, SAFE_REPLICAS), null));
	}

	private void checkMinInSync() {
		int replicas = this.topic.replicas();
		if (replicas < 2 || this.minInSync.isEmpty()) {
			return;
		}
		long min = this.minInSync.get();
		String origin = this.topic.settings()
			.find(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG)
			.map((setting) -> "set " + setting.source())
			.orElse(null);
		if (min < 2 && requires(DurabilityLevel.SERVER)) {
			this.violations.add(violation(MIN_IN_SYNC, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, String.valueOf(min),
					"2", "a record is acknowledged as soon as one broker has it if the others are away or slow",
					raiseMinInSync(), origin));
		}
		else if (min >= replicas && !(replicas >= SAFE_REPLICAS && isNeeded(min))) {
			this.advice.add(violation(MIN_IN_SYNC, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, String.valueOf(min),
					"less than the %d replicas".formatted(replicas),
					"nothing can be written while any one of its brokers is away, and what waits to be written is lost with this process unless the spool has it",
					(replicas < SAFE_REPLICAS)
							? this.commands.reassign(this.topic.partitions(), this.cluster, SAFE_REPLICAS)
							: this.commands.set(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, String.valueOf(replicas - 1)),
					origin));
		}
		else if (isOfOneBroker(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG) && requires(DurabilityLevel.SERVER)) {
			this.advice.add(violation(MIN_IN_SYNC, TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
					"%d, but not on the topic".formatted(min), "%d on the topic".formatted(min),
					"each broker decides by its own setting, and only one was asked",
					this.commands.set(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, String.valueOf(min)), origin));
		}
	}

	private String raiseMinInSync() {
		if (this.topic.replicas() < SAFE_REPLICAS) {
			return "First give it a third replica, since with two nothing could be written while one broker is away. "
					+ this.commands.reassign(this.topic.partitions(), this.cluster, SAFE_REPLICAS);
		}
		boolean whole = this.topic.partitions()
			.stream()
			.allMatch(
					(partition) -> partition.leader() >= 0 && partition.inSync().size() >= partition.replicas().size());
		return whole ? this.commands.set(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, "2")
				: "First start or mend the brokers that are away: set now, it may stop everything that is written. "
						+ this.commands.describe();
	}

	// Whether the topic would no longer survive what it must if one replica less were
	// enough to acknowledge a record.
	private boolean isNeeded(long min) {
		boolean electsUnclean = this.unclean.orElse(false);
		return ReachedLevel.of(this.topic, this.cluster, min, electsUnclean).level().compareTo(this.required) >= 0
				&& ReachedLevel.of(this.topic, this.cluster, this.topic.replicas() - 1, electsUnclean)
					.level()
					.compareTo(this.required) < 0;
	}

	private void checkUncleanElection() {
		String name = TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG;
		ReadSettings.Setting setting = this.topic.settings().find(name).orElse(null);
		boolean single = this.topic.partitions().stream().allMatch((partition) -> partition.replicas().size() < 2);
		if (setting == null || single) {
			return;
		}
		String command = this.commands.set(name, "false");
		if (this.unclean.orElse(false)) {
			// Whoever is up, so that brokers that are away keep no application from
			// starting.
			long min = Math.max(1, this.minInSync.orElse(1L));
			boolean lacking = this.topic.partitions()
				.stream()
				.anyMatch((partition) -> partition.replicas().size() > min);
			boolean matters = requires(DurabilityLevel.SERVER) || (lacking && requires(DurabilityLevel.PROCESS));
			(matters ? this.violations : this.advice).add(violation(UNCLEAN, name, "true", "false",
					"a replica that lacks acknowledged records may become leader, and then the others delete them too",
					command, "set " + setting.source()));
		}
		else if (!setting.source().isShared()) {
			this.advice.add(violation(UNCLEAN, name, "false, but not on the topic", "false on the topic",
					"the controller decides by its own setting, which brokers do not tell and which may differ",
					command, "set " + setting.source()));
		}
	}

	private void checkPartitions() {
		List<Integer> offline = numbers((partition) -> partition.leader() < 0);
		if (!offline.isEmpty()) {
			// One that is led again in a moment, by a broker that is just started again.
			boolean soon = this.topic.partitions()
				.stream()
				.filter((partition) -> partition.leader() < 0)
				.allMatch(TopicState.Partition::isLedSoon);
			(soon ? this.advice : this.violations).add(violation(OFFLINE, "leader of " + named(offline), "none",
					"a broker",
					"nothing can be written or read, and what waits to be written is lost with this process unless the spool has it",
					"Start the brokers that have the partition, or mend their disks: %s. For the case that they are gone for good see docs/operations.md, before anything else is tried"
						.formatted(brokersOf(offline)),
					null));
		}
		if (this.topic.replicas() < 2) {
			return;
		}
		List<Integer> last = numbers(
				(partition) -> !offline.contains(partition.number()) && partition.complete(this.cluster).size() < 2);
		List<Integer> behind = numbers((partition) -> !offline.contains(partition.number())
				&& !last.contains(partition.number()) && partition.inSync().size() < partition.replicas().size());
		String command = "Start or mend the brokers that are away: " + this.commands.describe();
		boolean needed = requires(DurabilityLevel.SERVER)
				|| (requires(DurabilityLevel.PROCESS) && this.unclean.orElse(false));
		if (!last.isEmpty() && needed) {
			this.violations.add(violation(IN_SYNC, "replicas in sync of " + named(last), "1", "at least 2",
					"the broker that leads is the only one up that has each acknowledged record", command, null));
		}
		checkRacksInSync(Stream.concat(offline.stream(), last.stream()).toList());
		if (!behind.isEmpty()) {
			this.advice.add(violation(IN_SYNC, "replicas in sync of " + named(behind), "not all", "all",
					"one more broker that goes away may stop what is written, or make the leader the only copy",
					command, null));
		}
	}

	// By where the replicas are, whoever is up, so that racks are told of for themselves.
	private void checkRacks() {
		int replicas = this.topic.replicas();
		if (!requires(DurabilityLevel.ZONE) || replicas < 2) {
			return;
		}
		// What could not be read is not held against the topic.
		long acknowledgedBy = Math.max(2, Math.min(replicas, this.minInSync.orElse((long) replicas)));
		String withinRack = ReachedLevel.withinRack(this.topic, this.cluster, acknowledgedBy);
		Set<Integer> unknownRacks = unknownRacks();
		if (withinRack != null) {
			this.violations.add(violation(RACKS, "racks of the replicas", withinRack,
					"less replicas in each rack than acknowledge a record",
					"acknowledged records may be in that rack only, and go with it",
					this.commands.moveToOtherRacks(this.topic.partitions(), this.cluster, SAFE_REPLICAS), null));
		}
		else if (!unknownRacks.isEmpty()) {
			this.unknown.add("racks of brokers %s: the cluster does not name them while they are away"
				.formatted(listed(unknownRacks)));
		}
	}

	// Only where the replicas are in several racks, of which all but one are away.
	private void checkRacksInSync(List<Integer> others) {
		Map<Integer, String> alone = new TreeMap<>();
		for (TopicState.Partition partition : this.topic.partitions()) {
			String rack = ReachedLevel.onlyRack(partition, this.cluster);
			boolean inOne = partition.replicas()
				.stream()
				.allMatch((broker) -> Objects.equals(rack, this.cluster.racks().get(broker)));
			if (rack != null && !inOne && !others.contains(partition.number())) {
				alone.put(partition.number(), rack);
			}
		}
		if (!alone.isEmpty() && requires(DurabilityLevel.ZONE)) {
			this.violations.add(violation(IN_SYNC, "racks that have all of " + named(List.copyOf(alone.keySet())), "1",
					"at least 2 racks",
					"rack '%s' is the only one that is up and has each acknowledged record"
						.formatted(alone.values().iterator().next()),
					"Start or mend the brokers that are away: " + this.commands.describe(), null));
		}
	}

	private List<Integer> numbers(Predicate<TopicState.Partition> test) {
		return this.topic.partitions().stream().filter(test).map(TopicState.Partition::number).sorted().toList();
	}

	private static String named(List<Integer> partitions) {
		int most = 10;
		String list = partitions.stream().limit(most).map(String::valueOf).collect(Collectors.joining(", "));
		return ((partitions.size() == 1) ? "partition " : "partitions ") + list
				+ ((partitions.size() > most) ? " and %d more".formatted(partitions.size() - most) : "");
	}

	// Those that are away; if none is, all that have the partitions, as a disk may be.
	private String brokersOf(List<Integer> partitions) {
		Set<Integer> having = this.topic.partitions()
			.stream()
			.filter((partition) -> partitions.contains(partition.number()))
			.flatMap((partition) -> partition.replicas().stream())
			.collect(Collectors.toCollection(TreeSet::new));
		Set<Integer> away = new TreeSet<>(having);
		away.removeAll(this.cluster.up());
		return listed(away.isEmpty() ? having : away);
	}

	private static String listed(Set<Integer> brokers) {
		return brokers.stream().map(String::valueOf).collect(Collectors.joining(", "));
	}

	private Map<String, String> facts() {
		Map<String, String> facts = new LinkedHashMap<>();
		facts.put("partitions", String.valueOf(this.topic.partitions().size()));
		facts.put("replicas", String.valueOf(this.topic.replicas()));
		facts.put("fewest-in-sync", String.valueOf(
				this.topic.partitions().stream().mapToInt((partition) -> partition.inSync().size()).min().orElse(0)));
		for (String name : List.of(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG,
				TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, TopicConfig.CLEANUP_POLICY_CONFIG,
				TopicConfig.RETENTION_MS_CONFIG, TopicConfig.RETENTION_BYTES_CONFIG,
				TopicConfig.MAX_MESSAGE_BYTES_CONFIG, TopicConfig.FLUSH_MESSAGES_INTERVAL_CONFIG,
				TopicConfig.FLUSH_MS_CONFIG)) {
			facts.put(name,
					this.topic.settings()
						.find(name)
						.map((setting) -> setting.value() + ", set " + setting.source())
						.orElse("unknown"));
		}
		return Collections.unmodifiableMap(facts);
	}

	private Violation violation(String risk, String setting, String actual, String requiredValue, String reason,
			String remedy, @Nullable String origin) {
		return new Violation(risk, "topic '%s'".formatted(this.topic.name()), setting, actual, requiredValue, reason,
				remedy, origin);
	}

}
