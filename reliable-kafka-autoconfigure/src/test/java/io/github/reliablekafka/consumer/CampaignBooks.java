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

package io.github.reliablekafka.consumer;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

import io.github.reliablekafka.testing.KafkaProbe;
import io.github.reliablekafka.testing.SaidRebalances;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/**
 * What the groups of a campaign have done with each record, as they said it or as the
 * topics show that they write to. Nobody of the starter is asked. Safe for use by many
 * threads.
 */
final class CampaignBooks {

	private static final Set<String> BATCHES = Set.of("batch", "index", "txbatch", "futures");

	/**
	 * So often a commit may fail behind a batch that then fails.
	 */
	private static final int MOST_EXCUSED = 5;

	private final KafkaProbe probe;

	private final String topic;

	private final Map<String, Map<String, Integer>> said = new ConcurrentHashMap<>();

	private final Map<String, Set<String>> failed = new ConcurrentHashMap<>();

	private final Map<String, Integer> assignments = new ConcurrentHashMap<>();

	private final Map<String, Integer> words = new ConcurrentHashMap<>();

	private final Map<String, Map<String, Integer>> written = new HashMap<>();

	private final Map<String, Set<String>> deadLettered = new HashMap<>();

	/**
	 * By group, and what the last failure of the batch says, which names a record.
	 */
	private final Map<String, Map<String, Set<String>>> givenUpTogether = new HashMap<>();

	CampaignBooks(KafkaProbe probe, String topic) {
		this.probe = probe;
		this.topic = topic;
	}

	void heard(List<String> line) {
		if (line.get(0).equals(SaidRebalances.ASSIGNED)) {
			this.assignments.merge(line.get(1).substring(this.topic.length() + 1), 1, Integer::sum);
			return;
		}
		this.words.merge(line.get(0).equals("HANGS") ? "hangs" : line.get(1), 1, Integer::sum);
		if (line.get(0).equals("DONE")) {
			this.said.computeIfAbsent(line.get(1), (key) -> new ConcurrentHashMap<>())
				.merge(line.get(4), 1, Integer::sum);
		}
		if (line.get(0).equals("FAILED")) {
			this.failed.computeIfAbsent(line.get(1), (key) -> ConcurrentHashMap.newKeySet()).add(line.get(4));
		}
	}

	/**
	 * How much was heard of a group.
	 * @param group the group
	 * @return grows with each record
	 */
	int words(String group) {
		return this.words.getOrDefault(group, 0);
	}

	/** Read the topics that groups write to. */
	void read() {
		for (String group : List.of("reply", "tx", "txbatch")) {
			Map<String, Integer> values = new HashMap<>();
			this.probe.values(this.topic + "-" + group).forEach((value) -> values.merge(value, 1, Integer::sum));
			this.written.put(group, values);
		}
		this.deadLettered.clear();
		this.givenUpTogether.clear();
		for (ConsumerRecord<byte[], byte[]> record : this.probe.records(this.topic + "-dlt")) {
			String group = header(record, "kafka_dlt-original-consumer-group").substring(this.topic.length() + 1);
			String value = new String(record.value(), StandardCharsets.UTF_8);
			this.deadLettered.computeIfAbsent(group, (key) -> new HashSet<>()).add(value);
			if (BATCHES.contains(group)
					&& header(record, "kafka_dlt-exception-stacktrace").contains("FallbackBatchErrorHandler")
					&& header(record, "kafka_dlt-exception-cause-fqcn").endsWith("BatchListenerFailedException")) {
				this.givenUpTogether.computeIfAbsent(group, (key) -> new HashMap<>())
					.computeIfAbsent(header(record, "kafka_dlt-exception-message"), (key) -> new HashSet<>())
					.add(value);
			}
		}
	}

	private static String header(ConsumerRecord<byte[], byte[]> record, String name) {
		Header header = record.headers().lastHeader(name);
		return (header != null) ? new String(header.value(), StandardCharsets.UTF_8) : "";
	}

	private Map<String, Integer> processed(String group) {
		return this.written.getOrDefault(group, this.said.getOrDefault(group, Map.of()));
	}

	Set<String> deadLettered(String group) {
		return this.deadLettered.getOrDefault(group, Set.of());
	}

	/**
	 * What was neither processed nor dead-lettered nor filtered.
	 * @param group by which group
	 * @param records values by partition and offset
	 * @param offsets in front of these offsets
	 * @return empty if nothing is lost
	 */
	List<String> missing(String group, Map<TopicPartition, Map<Long, String>> records,
			Map<TopicPartition, Long> offsets) {
		Map<String, Integer> processed = processed(group);
		List<String> missing = new ArrayList<>();
		records.forEach((partition, values) -> values.forEach((offset, value) -> {
			if (offset < offsets.getOrDefault(partition, 0L) && !value.startsWith("skip")
					&& !processed.containsKey(value) && !deadLettered(group).contains(value)) {
				missing.add("%s@%d %s".formatted(partition, offset, value));
			}
		}));
		return missing;
	}

	/**
	 * What was done that should not have been: a record that never was, or that cannot be
	 * processed.
	 * @param group by which group
	 * @param produced the values of all records
	 * @return empty if there is none
	 */
	Set<String> impossible(String group, Set<String> produced) {
		Set<String> impossible = new HashSet<>(processed(group).keySet());
		impossible.addAll(deadLettered(group));
		impossible.removeAll(produced);
		processed(group).keySet()
			.stream()
			.filter((value) -> value.startsWith("skip") || value.startsWith("poison") || value.startsWith("broken"))
			.forEach(impossible::add);
		return impossible;
	}

	/**
	 * What was dead-lettered though no listener has failed with it. A batch whose commit
	 * fails comes again as a whole, and if the listener then fails with one of its
	 * records, all are given up.
	 * @param group by which group
	 * @return empty if there is none
	 */
	Set<String> deadLetteredWithoutReason(String group) {
		Set<String> unfounded = new HashSet<>(deadLettered(group));
		Set<String> failed = this.failed.getOrDefault(group, Set.of());
		unfounded.removeAll(failed);
		List<Set<String>> excused = this.givenUpTogether.getOrDefault(group, Map.of())
			.values()
			.stream()
			.filter((values) -> !Collections.disjoint(values, failed) && !Collections.disjoint(values, unfounded))
			.toList();
		if (excused.size() <= MOST_EXCUSED) {
			excused.forEach(unfounded::removeAll);
		}
		unfounded.removeIf((value) -> value.startsWith("broken") || (group.equals("reply") && value.startsWith("large"))
		// A batch that fails as a whole is given up with what its filter has left out.
				|| (BATCHES.contains(group) && value.startsWith("skip")));
		return unfounded;
	}

	/**
	 * How often a record was processed once more.
	 * @param group by which group
	 * @return 0 if each was processed once at most
	 */
	int duplicates(String group) {
		return processed(group).values().stream().mapToInt((count) -> count - 1).sum();
	}

	@Override
	public String toString() {
		Map<String, String> groups = new TreeMap<>();
		this.words.keySet()
			.forEach((group) -> groups.put(group,
					group.equals("hangs") ? String.valueOf(words(group)) : describe(group)));
		return groups.toString();
	}

	private String describe(String group) {
		return "processed=%d duplicates=%d deadLettered=%d assignments=%d".formatted(processed(group).size(),
				duplicates(group), deadLettered(group).size(), this.assignments.getOrDefault(group, 0));
	}

}
