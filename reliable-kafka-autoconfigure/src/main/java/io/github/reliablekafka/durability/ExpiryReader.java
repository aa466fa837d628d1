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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.internals.Topic;
import org.jspecify.annotations.Nullable;

/**
 * Finds groups that are so far behind that Kafka has deleted records before they read
 * them, or may do so: those whose next record is older than half of the topic's
 * retention, and among them those for which less than a quarter of it is left. How old
 * the next record is, is found by asking which offset belongs to a time, first for all
 * partitions with a lag, and then, closing in, for those that are too old. Kafka deletes
 * whole segments, so a record may well be there for longer than is told here. In a
 * cluster that has had transactions a group is not told of for one record of a partition,
 * since that may be the mark of a transaction's end, nor of what is deleted already,
 * since that may have been aborted.
 */
final class ExpiryReader {

	private static final int STEPS = 6;

	// For one request, because a broker that has just died does not answer, and the rest
	// of the look must not wait for it to the end.
	private static final int TIMEOUT_MILLIS = 5000;

	private final Admin admin;

	private final String address;

	private final long deadline;

	private final long nowMillis;

	private final Set<String> unknown = new TreeSet<>();

	private final Map<String, Set<String>> missing = new TreeMap<>();

	private @Nullable Boolean transactions;

	/**
	 * Create a reader for one look.
	 * @param admin the client
	 * @param address where the cluster is reached, to be read by people
	 * @param deadline when to wait no longer, by {@link System#nanoTime()}
	 * @param nowMillis the time, as the records have it
	 */
	ExpiryReader(Admin admin, String address, long deadline, long nowMillis) {
		this.admin = admin;
		this.address = address;
		this.deadline = deadline;
		this.nowMillis = nowMillis;
	}

	/**
	 * Find groups whose records will expire.
	 * @param uses the topics and their groups
	 * @param states the topics as they are
	 * @return by topic; what is over goes before what is to come
	 * @throws KafkaException if the cluster does not answer
	 */
	Map<String, List<Expiring>> read(Collection<TopicUse> uses, Map<String, TopicState> states) {
		Map<Reading, Long> committed = committed(uses, states);
		if (committed.isEmpty()) {
			return Map.of();
		}
		List<TopicPartition> partitions = committed.keySet().stream().map(Reading::partition).distinct().toList();
		Map<TopicPartition, Long> ends = offsets(partitions, OffsetSpec.latest());
		Map<TopicPartition, Long> starts = offsets(partitions, OffsetSpec.earliest());
		Map<Reading, Long> behind = new HashMap<>();
		Map<String, List<Expiring>> gone = new TreeMap<>();
		committed.forEach((reading, offset) -> {
			Long end = ends.get(reading.partition());
			Long start = starts.get(reading.partition());
			if (end == null || start == null) {
				miss(reading.group(), reading.partition().topic());
				return;
			}
			if (offset < start && !isCompacted(states.get(reading.partition().topic())) && !mayBeMarker()) {
				gone.computeIfAbsent(reading.partition().topic(), (topic) -> new ArrayList<>())
					.add(new Expiring(reading.group(), deleted(reading, start - offset, states), true, true));
			}
			// The group goes on with what is there.
			long next = Math.max(offset, start);
			long left = end - next;
			if (left > 1 || (left == 1 && !mayBeMarker())) {
				behind.put(reading, next);
			}
		});
		Map<Reading, Long> ages = ages(behind, states);
		Map<String, Map<String, Reading>> oldest = new TreeMap<>();
		ages.forEach((reading, age) -> oldest.computeIfAbsent(reading.partition().topic(), (topic) -> new TreeMap<>())
			.merge(reading.group(), reading,
					(one, other) -> (ages.getOrDefault(one, 0L) >= ages.getOrDefault(other, 0L)) ? one : other));
		Map<String, List<Expiring>> expiring = new HashMap<>(gone);
		oldest.forEach((topic, groups) -> groups.values()
			.forEach((reading) -> expiring.computeIfAbsent(topic, (key) -> new ArrayList<>())
				.add(expiring(reading, ages.getOrDefault(reading, 0L), retention(states, topic)))));
		return expiring;
	}

	/**
	 * What could not be read.
	 * @return what, and why
	 */
	Set<String> unknown() {
		return this.unknown;
	}

	/**
	 * The groups of which it could not be read in all partitions how far behind they are.
	 * @return the groups, by topic
	 */
	Map<String, Set<String>> missing() {
		return this.missing;
	}

	private Map<Reading, Long> committed(Collection<TopicUse> uses, Map<String, TopicState> states) {
		Map<String, List<TopicPartition>> wanted = new TreeMap<>();
		Set<TopicPartition> leaderless = new HashSet<>();
		for (TopicUse use : uses) {
			TopicState state = states.get(use.topic());
			if (state == null || state.isAbsent()) {
				continue;
			}
			if (state.unreadable() != null || state.settings().unreadable() != null) {
				// Told with the topic.
				use.groups().forEach((group) -> miss(group, use.topic()));
			}
			else if (retention(states, use.topic()) > 0 && TopicLimits.deletes(state)) {
				List<TopicPartition> partitions = new ArrayList<>();
				for (TopicState.Partition partition : state.partitions()) {
					TopicPartition key = new TopicPartition(use.topic(), partition.number());
					partitions.add(key);
					if (partition.leader() < 0) {
						leaderless.add(key);
					}
				}
				use.groups()
					.forEach((group) -> wanted.computeIfAbsent(group, (key) -> new ArrayList<>()).addAll(partitions));
			}
		}
		Map<Reading, Long> committed = new HashMap<>();
		if (wanted.isEmpty()) {
			return committed;
		}
		ListConsumerGroupOffsetsResult result = this.admin.listConsumerGroupOffsets(
				wanted.entrySet()
					.stream()
					.collect(Collectors.toMap(Map.Entry::getKey,
							(group) -> new ListConsumerGroupOffsetsSpec().topicPartitions(group.getValue()))),
				new ListConsumerGroupOffsetsOptions().timeoutMs(TIMEOUT_MILLIS));
		for (String group : new TreeSet<>(wanted.keySet())) {
			try {
				Map<TopicPartition, OffsetAndMetadata> offsets = BoundedAdmin
					.get(result.partitionsToOffsetAndMetadata(group), this.deadline);
				offsets.forEach((partition, offset) -> {
					if (offset != null && leaderless.contains(partition)) {
						// Nobody would answer how old its records are.
						this.unknown.add("offsets of topic '%s': partition %d has no leader"
							.formatted(partition.topic(), partition.partition()));
						miss(group, partition.topic());
					}
					else if (offset != null) {
						committed.put(new Reading(group, partition), offset.offset());
					}
				});
			}
			catch (ApiException ex) {
				this.unknown.add("offsets of group '%s': %s".formatted(group, ex.getClass().getSimpleName()));
				wanted.getOrDefault(group, List.of()).forEach((partition) -> miss(group, partition.topic()));
			}
		}
		return committed;
	}

	private void miss(String group, String topic) {
		this.missing.computeIfAbsent(topic, (key) -> new TreeSet<>()).add(group);
	}

	// Groups commit the offset behind the last record. What ends a transaction has an
	// offset behind that, and nobody reads it. The two cannot be told apart here, but in
	// a cluster that never had a transaction it is a record.
	private boolean mayBeMarker() {
		if (this.transactions == null) {
			try {
				BoundedAdmin.get(this.admin
					.describeTopics(List.of(Topic.TRANSACTION_STATE_TOPIC_NAME),
							new DescribeTopicsOptions().timeoutMs(TIMEOUT_MILLIS))
					.topicNameValues()
					.get(Topic.TRANSACTION_STATE_TOPIC_NAME), this.deadline);
				this.transactions = true;
			}
			catch (UnknownTopicOrPartitionException ex) {
				this.transactions = false;
			}
			catch (ApiException ex) {
				this.transactions = true;
			}
		}
		return this.transactions;
	}

	// What compaction has taken was not lost.
	private static boolean isCompacted(@Nullable TopicState topic) {
		return topic == null || topic.settings()
			.find(TopicConfig.CLEANUP_POLICY_CONFIG)
			.map((policy) -> policy.value().contains(TopicConfig.CLEANUP_POLICY_COMPACT))
			.orElse(false);
	}

	private static long retention(Map<String, TopicState> states, String topic) {
		TopicState state = states.get(topic);
		return (state != null) ? state.settings().number(TopicConfig.RETENTION_MS_CONFIG).orElse(-1L) : -1L;
	}

	// The age of the next record of each group that is too far behind.
	private Map<Reading, Long> ages(Map<Reading, Long> behind, Map<String, TopicState> states) {
		Map<Reading, Long> young = new HashMap<>();
		Map<Reading, Long> old = new HashMap<>();
		behind.keySet().forEach((reading) -> young.put(reading, retention(states, reading.partition().topic()) / 2));
		keepOlder(behind, young);
		young.keySet().forEach((reading) -> old.put(reading, retention(states, reading.partition().topic())));
		for (int step = 0; step < STEPS && !young.isEmpty(); step++) {
			Map<Reading, Long> middle = new HashMap<>();
			young.forEach((reading, age) -> middle.put(reading, (age + old.getOrDefault(reading, age)) / 2));
			Map<Reading, Long> older = new HashMap<>(middle);
			keepOlder(behind, older);
			middle.forEach((reading, age) -> (older.containsKey(reading) ? young : old).put(reading, age));
		}
		return young;
	}

	// Keep the readings whose next record is older than the age.
	private void keepOlder(Map<Reading, Long> next, Map<Reading, Long> ages) {
		// Groups of one partition may need different times, and a request takes one each.
		Map<String, List<Reading>> byGroup = ages.keySet().stream().collect(Collectors.groupingBy(Reading::group));
		byGroup.forEach((group, readings) -> {
			Map<TopicPartition, OffsetSpec> request = new HashMap<>();
			readings.forEach((reading) -> request.put(reading.partition(),
					OffsetSpec.forTimestamp(this.nowMillis - ages.getOrDefault(reading, 0L))));
			Map<TopicPartition, Long> offsets = offsets(request);
			for (Reading reading : readings) {
				Long first = offsets.get(reading.partition());
				if (first == null) {
					miss(group, reading.partition().topic());
				}
				// -1: every record is older.
				boolean older = first != null && (first < 0 || first > next.getOrDefault(reading, 0L));
				if (!older) {
					ages.remove(reading);
				}
			}
		});
	}

	private Map<TopicPartition, Long> offsets(Collection<TopicPartition> partitions, OffsetSpec spec) {
		return offsets(partitions.stream().collect(Collectors.toMap((partition) -> partition, (partition) -> spec)));
	}

	private Map<TopicPartition, Long> offsets(Map<TopicPartition, OffsetSpec> request) {
		ListOffsetsResult result = this.admin.listOffsets(request, new ListOffsetsOptions().timeoutMs(TIMEOUT_MILLIS));
		Map<TopicPartition, Long> offsets = new HashMap<>();
		for (TopicPartition partition : request.keySet()) {
			try {
				offsets.put(partition, BoundedAdmin.get(result.partitionResult(partition), this.deadline).offset());
			}
			catch (ApiException ex) {
				this.unknown
					.add("offsets of topic '%s': %s".formatted(partition.topic(), ex.getClass().getSimpleName()));
			}
		}
		return offsets;
	}

	private Violation deleted(Reading reading, long records, Map<String, TopicState> states) {
		String group = reading.group();
		return new Violation(TopicLimits.RETENTION, "topic '%s'".formatted(reading.partition().topic()),
				TopicConfig.RETENTION_MS_CONFIG,
				Durations.inWords(Duration.ofMillis(retention(states, reading.partition().topic()))),
				"longer than group '%s' is away".formatted(group),
				"up to %d records of partition %d were deleted before group '%s' read them".formatted(records,
						reading.partition().partition(), group),
				"They are gone: send them again from where they came. This stays until group '%s' reads on"
					.formatted(group),
				null);
	}

	private Expiring expiring(Reading reading, long ageMillis, long retentionMillis) {
		// A group that reads once a night is half the retention behind each day.
		boolean soon = retentionMillis - ageMillis < retentionMillis / 4;
		return new Expiring(reading.group(), violation(reading, ageMillis, retentionMillis), soon, false);
	}

	private Violation violation(Reading reading, long ageMillis, long retentionMillis) {
		long left = retentionMillis - ageMillis;
		// As close as the search has come.
		boolean now = left <= retentionMillis >> STEPS;
		return new Violation(TopicLimits.RETENTION, "topic '%s'".formatted(reading.partition().topic()),
				TopicConfig.RETENTION_MS_CONFIG, Durations.inWords(Duration.ofMillis(retentionMillis)),
				"twice as long as group '%s' is behind".formatted(reading.group()),
				"records of partition %d will expire before group '%s' reads them, %s".formatted(
						reading.partition().partition(), reading.group(),
						now ? "at any time from now on" : "in about " + Durations.inWords(Duration.ofMillis(left))),
				"Have group '%s' catch up; until it has: %s".formatted(reading.group(),
						new TopicCommands(this.address, reading.partition().topic())
							.set(TopicConfig.RETENTION_MS_CONFIG, String.valueOf(retentionMillis * 2))),
				null);
	}

	/**
	 * A group that is far behind in a topic.
	 *
	 * @param group the group
	 * @param violation what is told of it
	 * @param soon whether less than a quarter of the retention is left
	 * @param over whether records are deleted already. That counts for a group of which
	 * it was told that it would come, because one that went on behind them has no newer
	 * offset before it has read a record
	 */
	record Expiring(String group, Violation violation, boolean soon, boolean over) {

	}

	/**
	 * A partition as a group reads it.
	 *
	 * @param group the group
	 * @param partition the partition
	 */
	private record Reading(String group, TopicPartition partition) {

	}

}
