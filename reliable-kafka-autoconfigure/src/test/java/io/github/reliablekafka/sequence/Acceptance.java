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

package io.github.reliablekafka.sequence;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Acknowledged;
import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What is true, whatever the code under test says: the records that were acknowledged,
 * those that are in the log, and those that were processed. Holds the findings of an
 * application against it, and those of two naive checkers.
 */
final class Acceptance implements AutoCloseable {

	private static final String REPORTS = "rk-audit-reports";

	private static final Duration TIMEOUT = Duration.ofSeconds(90);

	/**
	 * Claims are looked at each second.
	 */
	static final Duration EVALUATED = Duration.ofMillis(2500);

	private static final List<String> rows = new ArrayList<>();

	final KafkaCluster cluster;

	final KafkaProbe probe;

	final AcknowledgedRecords acknowledged = new AcknowledgedRecords();

	Acceptance(KafkaCluster cluster) {
		this.cluster = cluster;
		this.probe = new KafkaProbe(cluster.bootstrapServers());
	}

	Set<String> reread(String topic) {
		return new HashSet<>(this.probe.values(topic));
	}

	Set<String> values(String topic) {
		return this.acknowledged.of(topic).stream().map(Acknowledged::value).collect(Collectors.toSet());
	}

	/**
	 * The acknowledged records that are no longer in the log.
	 * @param topic the topic
	 * @return the truth about the cluster
	 */
	List<Acknowledged> gone(String topic) {
		return this.acknowledged.missing(topic, reread(topic));
	}

	static Set<Numbered> numbers(Collection<Finding> findings, Set<Verdict> verdicts) {
		return AcknowledgedRecords
			.numbers(findings.stream().filter((finding) -> verdicts.contains(finding.verdict())).toList());
	}

	static Set<Numbered> losses(Collection<Finding> findings) {
		return numbers(findings, Set.of(Verdict.LOST_ACKED, Verdict.MISSED, Verdict.PROCESSING_LOSS));
	}

	/**
	 * Wait until exactly these are reported as lost, and see that they are reported
	 * everywhere.
	 * @param application what reports
	 * @param group for whom
	 * @param lost what is lost for the group
	 */
	void assertLost(CheckedApplication application, ListeningGroup group, Collection<Acknowledged> lost) {
		Set<Numbered> expected = AcknowledgedRecords.numbers(lost, group.plain().readCommitted());
		assertThat(expected).isNotEmpty();
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(losses(application.findings(group)).containsAll(expected))
				.as(() -> "reported for %s: %s".formatted(group.name(), application.findings(group)))
				.isTrue());
		settle(application, group);
		assertThat(losses(application.findings(group))).isEqualTo(expected);
		assertSaidEverywhere(application, application.findings(group));
	}

	/**
	 * See that nothing is reported, and that nothing is left to be.
	 * @param application what might report
	 * @param groups for whom
	 */
	void assertNothingReported(CheckedApplication application, ListeningGroup... groups) {
		settle(application, groups);
		assertThat(groups).allSatisfy((group) -> assertThat(application.findings(group)).isEmpty());
	}

	// Once all claims are there, whatever follows from them does at the next evaluation.
	private void settle(CheckedApplication application, ListeningGroup... groups) {
		Map<ListeningGroup, Integer> findings = new HashMap<>();
		for (ListeningGroup group : groups) {
			application.awaitClaims(group.topic(), this.acknowledged.last(group.topic()));
			findings.put(group, application.findings(group).size());
		}
		await().atMost(TIMEOUT)
			.during(EVALUATED)
			.until(() -> findings.keySet().stream().allMatch((group) -> application.coverage(group).suspects() == 0));
		findings.forEach((group, before) -> assertThat(application.findings(group)).hasSize(before));
	}

	/**
	 * What a group has committed.
	 * @param group its name
	 * @param topic of which topic
	 * @return offsets by partition
	 */
	Map<Integer, Long> committed(String group, String topic) {
		Map<Integer, Long> offsets = new HashMap<>();
		await().atMost(TIMEOUT).ignoreExceptions().until(() -> {
			this.cluster.admin()
				.listConsumerGroupOffsets(group)
				.partitionsToOffsetAndMetadata()
				.get()
				.forEach((partition, committed) -> {
					if (committed != null && partition.topic().equals(topic)) {
						offsets.put(partition.partition(), committed.offset());
					}
				});
			return true;
		});
		return offsets;
	}

	/**
	 * Wait until groups have committed all there is.
	 * @param topic of which topic
	 * @param groups their names
	 */
	void awaitCommitted(String topic, Collection<String> groups) {
		Map<Integer, Long> ends = new HashMap<>();
		for (int partition = 0; partition < this.probe.partitions(topic); partition++) {
			ends.put(partition, this.cluster.endOffset(new TopicPartition(topic, partition)));
		}
		for (String group : groups) {
			await().atMost(TIMEOUT)
				.untilAsserted(() -> assertThat(committed(group, topic)).as(group).containsAllEntriesOf(ends));
		}
	}

	/**
	 * What was reported, as it is in the topic for reports.
	 * @param topic about which topic
	 * @return by group, without the name of the topic in front
	 */
	Map<String, List<Reported>> reports(String topic) {
		JsonMapper mapper = JsonMapper.builder().build();
		return this.probe.records(REPORTS)
			.stream()
			.map((record) -> Reported.of(mapper.readTree(record.value())))
			.filter((reported) -> reported.topic().equals(topic))
			.collect(Collectors.groupingBy((reported) -> reported.group().substring(topic.length() + 1)));
	}

	void assertSaidEverywhere(CheckedApplication application, List<Finding> findings) {
		assertThat(findings).isNotEmpty();
		Set<String> ids = findings.stream().map(Finding::id).collect(Collectors.toSet());
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(application.events()).extracting((event) -> event.getReport().id())
				.containsAll(ids));
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(this.probe.records(REPORTS))
				.extracting((record) -> new String(record.key(), StandardCharsets.UTF_8))
				.containsAll(ids));
		for (Finding finding : findings) {
			assertThat(application.events()).filteredOn((event) -> event.getReport().id().equals(finding.id()))
				.singleElement()
				.satisfies((event) -> assertThat(event.isLoss()).isEqualTo(finding.verdict().isLoss()));
			long records = findings.stream()
				.filter((other) -> other.verdict() == finding.verdict() && other.cause() == finding.cause())
				.mapToLong((other) -> other.numbers().count())
				.sum();
			assertThat(application.meters()
				.get("reliable.kafka.loss.records")
				.tags("topic", finding.lane().topic(), "group", finding.group(), "verdict", label(finding.verdict()),
						"cause", label(finding.cause()))
				.functionCounter()
				.count()).isEqualTo((double) records);
		}
	}

	private static String label(Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

	/**
	 * Move what groups have committed.
	 * @param partition the partition
	 * @param offset to where
	 * @param groups the groups, which must have no members
	 */
	void moveGroups(TopicPartition partition, long offset, String... groups) {
		for (String group : groups) {
			await().atMost(TIMEOUT).ignoreExceptions().until(() -> {
				this.cluster.admin()
					.alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(offset)))
					.all()
					.get();
				return true;
			});
		}
	}

	/**
	 * Wait until a sender has said what was acknowledged, which takes a while if the
	 * leader of the control topic is one that does not answer.
	 * @param topic the topic
	 * @param acknowledged how many records of one session
	 */
	void awaitWatermark(String topic, long acknowledged) {
		await().atMost(TIMEOUT)
			.ignoreExceptions()
			.until(() -> this.probe.records("rk-audit")
				.stream()
				.map((record) -> WatermarkCodec.decode(record.key(), record.value()))
				.anyMatch((watermark) -> watermark != null && watermark.lane().topic().equals(topic)
						&& watermark.claim().acknowledged() >= acknowledged));
	}

	/**
	 * Add a row to the comparison.
	 * @param scenario what happened
	 * @param application whose findings count
	 * @param group that it happened to
	 */
	void compare(String scenario, CheckedApplication application, ListeningGroup group) {
		String topic = group.topic();
		PlainReader plain = group.plain();
		await().atMost(TIMEOUT).ignoreExceptions().until(() -> {
			int partitions = this.probe.partitions(topic);
			for (int partition = 0; partition < partitions; partition++) {
				if (plain.position(partition) < this.cluster.endOffset(new TopicPartition(topic, partition))) {
					return false;
				}
			}
			return true;
		});
		boolean readCommitted = plain.readCommitted();
		Set<Numbered> missing = AcknowledgedRecords.numbers(this.acknowledged.missing(topic, group.processed),
				readCommitted);
		Set<Numbered> alarms = losses(application.findings(group));
		Set<Numbered> named = AcknowledgedRecords.numbers(application.findings(group));
		List<Acknowledged> plainMissing = this.acknowledged.missing(topic, plain.values);
		Set<Numbered> plainNumbers = AcknowledgedRecords.numbers(plainMissing, readCommitted);
		Set<Numbered> plainOffsets = plainMissing.stream()
			.map((record) -> new Numbered(0, record.partition(), record.offset()))
			.collect(Collectors.toSet());
		rows.add("| %s | %d | %d | %d | %d | %d | %d | %d | %d |".formatted(scenario, missing.size(),
				without(alarms, missing), without(missing, named), plainMissing.size(),
				without(plain.lostNumbers, plainNumbers), without(plainNumbers, plain.lostNumbers),
				without(plain.lostOffsets, plainOffsets), without(plainOffsets, plain.lostOffsets)));
	}

	private static int without(Set<Numbered> some, Set<Numbered> others) {
		Set<Numbered> rest = new HashSet<>(some);
		rest.removeAll(others);
		return rest.size();
	}

	static void printComparison() {
		System.out.println(
				"""

						|  | starter: missing | false | missed | plain: missing | numbers: false | missed | offsets: false | missed |
						|---|---|---|---|---|---|---|---|---|""");
		rows.forEach(System.out::println);
	}

	@Override
	public void close() {
		this.probe.close();
	}

}
