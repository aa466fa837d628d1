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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Acknowledged;
import io.github.reliablekafka.test.KafkaCluster;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What a cluster really loses, and what a group really passes over, is reported record by
 * record.
 */
class LossDetectionIntegrationTests extends ClusterAcceptance {

	private TopicPartition partition;

	@BeforeEach
	void choosePartition() {
		this.partition = new TopicPartition(this.topic, 0);
	}

	@Test
	void recordsThatAnUncleanElectionTakesAreLostForTheGroupThatWasBehindOnly() {
		createTopic(1, "1");
		ListeningGroup behind = this.application.group(this.topic, "behind").start(1);
		ListeningGroup ahead = this.application.group(this.topic, "ahead").start(1);
		this.application.send(this.topic, 0, "old", 30);
		behind.awaitProcessed(acceptance.values(this.topic));
		behind.stop();
		cluster.uncleanElection(this.partition, () -> {
			this.application.send(this.topic, 0, "lost", 50);
			ahead.awaitProcessed(acceptance.values(this.topic));
		});
		this.application.send(this.topic, 0, "new", 20);
		behind.start(1);
		List<Acknowledged> lost = assertGone("lost", 50);
		acceptance.assertLost(this.application, behind, lost);
		assertThat(this.application.findings(behind)).allSatisfy((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.LOST_ACKED);
			assertThat(finding.cause()).isEqualTo(Cause.TRUNCATED);
		});
		ahead.awaitProcessed(acceptance.values(this.topic));
		acceptance.assertNothingReported(this.application, ahead);
		assertThat(this.application.coverage(ahead).counted(Integrity.TRUNCATION)).isPositive();
		acceptance.compare("unclean election, group behind", this.application, behind);
		acceptance.compare("unclean election, group ahead", this.application, ahead);
	}

	@Test
	void recordsOfASenderThatHasEndedAreMissedByItsLastWords() {
		createTopic(1, "2");
		ListeningGroup group = this.application.group(this.topic, "behind").start(1);
		CheckedApplication other = new CheckedApplication(cluster, acceptance.acknowledged);
		try {
			other.send(this.topic, 0, "old", 30);
			group.awaitProcessed(acceptance.values(this.topic));
			group.stop();
			cluster.uncleanElection(this.partition, () -> {
				other.send(this.topic, 0, "lost", 40);
				acceptance.awaitWatermark(this.topic, 70);
				other.close();
			});
		}
		finally {
			other.close();
		}
		this.application.send(this.topic, 0, "new", 60);
		group.start(1);
		acceptance.assertLost(this.application, group, assertGone("lost", 40));
		acceptance.compare("unclean election, minimum in sync 2, sender gone", this.application, group);
	}

	@Test
	void recordsOfOthersAreNoAlarm() throws Exception {
		createTopic(1, "2");
		ListeningGroup group = this.application.group(this.topic, "group").start(1);
		this.application.send(this.topic, 0, "old", 30);
		Map<String, Object> settings = Map.of("bootstrap.servers", cluster.bootstrapServers(), "acks", "1",
				"enable.idempotence", false, "request.timeout.ms", 3000, "delivery.timeout.ms", 10_000);
		try (KafkaProducer<String, String> foreign = new KafkaProducer<>(settings, new StringSerializer(),
				new StringSerializer())) {
			sendForeign(foreign, "foreign-kept", 10);
			await().until(() -> cluster.endOffset(new TopicPartition(this.topic, 0)) == 40);
			int leader = cluster.leaderOf(this.topic, 0);
			cluster.cutOffFromNodes(leader);
			sendForeign(foreign, "foreign-lost", 40);
			await().atMost(Duration.ofSeconds(30))
				.until(() -> !Set.of(leader, KafkaCluster.NO_LEADER).contains(cluster.leaderOf(this.topic, 0)));
			this.application.send(this.topic, 0, "new", 30);
			cluster.reconnect(leader);
		}
		cluster.awaitInSync(this.topic);
		this.application.send(this.topic, 0, "newer", 30);
		group.awaitProcessed(acceptance.values(this.topic));
		Set<String> log = acceptance.reread(this.topic);
		assertThat(log).filteredOn((value) -> value.startsWith("foreign-kept")).hasSize(10);
		assertThat(log).filteredOn((value) -> value.startsWith("foreign-lost")).isEmpty();
		acceptance.assertNothingReported(this.application, group);
		assertThat(this.application.coverage(group).unstamped()).isGreaterThanOrEqualTo(10);
		assertThat(this.application.meters()
			.get("reliable.kafka.sequence.records")
			.tags("topic", this.topic, "group", group.name(), "numbered", "false")
			.functionCounter()
			.count()).isGreaterThanOrEqualTo(10);
		acceptance.compare("records without numbers lost (acks=1)", this.application, group);
	}

	@Test
	void recordsThatRetentionTakesFromUnderALaggingGroupAreMissed() {
		createTopic(1, "2");
		ListeningGroup group = this.application.group(this.topic, "group").start(1);
		this.application.send(this.topic, 0, "old", 50);
		group.awaitProcessed(acceptance.values(this.topic));
		group.stop();
		this.application.send(this.topic, 0, "late", 100);
		cluster.deleteRecords(this.partition, 120);
		assertThat(cluster.beginningOffset(this.partition)).isEqualTo(120);
		group.start(1);
		List<Acknowledged> lost = acceptance.acknowledged.of(this.topic)
			.stream()
			.filter((record) -> record.offset() >= 50 && record.offset() < 120)
			.toList();
		assertThat(lost).hasSize(70);
		acceptance.assertLost(this.application, group, lost);
		assertThat(this.application.findings(group)).allSatisfy((finding) -> {
			assertThat(finding.verdict()).isEqualTo(Verdict.MISSED);
			assertThat(finding.cause()).isEqualTo(Cause.RETENTION);
		});
		assertThat(acceptance.acknowledged.missing(this.topic, group.processed)).hasSize(70);
		acceptance.compare("retention under a lagging group", this.application, group);
	}

	@Test
	void recordsThatSomebodyMovedTheGroupOverAreNamed() {
		createTopic(1, "2");
		ListeningGroup group = this.application.group(this.topic, "forward").start(1);
		ListeningGroup back = this.application.group(this.topic, "backward").start(1);
		this.application.send(this.topic, 0, "old", 50);
		group.awaitProcessed(acceptance.values(this.topic));
		back.awaitProcessed(acceptance.values(this.topic));
		group.stop();
		back.stop();
		this.application.send(this.topic, 0, "late", 50);
		acceptance.moveGroups(this.partition, 80, group.name(), group.plain().group());
		acceptance.moveGroups(this.partition, 20, back.name(), back.plain().group());
		group.start(1);
		back.start(1);
		this.application.send(this.topic, 0, "new", 20);
		Set<String> after = acceptance.acknowledged.of(this.topic)
			.stream()
			.filter((record) -> record.offset() >= 80)
			.map(Acknowledged::value)
			.collect(Collectors.toSet());
		group.awaitProcessed(after);
		List<Acknowledged> skipped = acceptance.acknowledged.missing(this.topic, group.processed);
		assertThat(skipped).hasSize(30).allMatch((record) -> record.offset() >= 50 && record.offset() < 80);
		await().atMost(Duration.ofSeconds(60))
			.untilAsserted(() -> assertThat(AcknowledgedRecords.numbers(this.application.findings(group))).hasSize(30));
		assertThat(AcknowledgedRecords.numbers(this.application.findings(group)))
			.isEqualTo(AcknowledgedRecords.numbers(skipped, true));
		assertThat(this.application.findings(group)).allSatisfy((finding) -> {
			assertThat(finding.verdict()).isIn(Verdict.UNVERIFIED, Verdict.MISSED);
			assertThat(finding.cause()).isEqualTo(Cause.EXTERNAL_RESET);
		});
		acceptance.assertSaidEverywhere(this.application, this.application.findings(group));
		back.awaitProcessed(acceptance.values(this.topic));
		assertThat(back.deliveries.get()).isEqualTo(50 + 100);
		acceptance.assertNothingReported(this.application, back);
		acceptance.compare("group moved forward from outside", this.application, group);
		acceptance.compare("group moved backward from outside", this.application, back);
	}

	private void createTopic(int partitions, String minInSync) {
		cluster.createTopic(this.topic, partitions, 3, Map.of("min.insync.replicas", minInSync));
	}

	// The fault has happened: these, and no others, are no longer in the log.
	private List<Acknowledged> assertGone(String prefix, int count) {
		List<Acknowledged> gone = acceptance.gone(this.topic);
		assertThat(gone).hasSize(count).allMatch((record) -> record.value().startsWith(prefix));
		return gone;
	}

	private void sendForeign(KafkaProducer<String, String> foreign, String prefix, int count) throws Exception {
		List<Future<RecordMetadata>> sends = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			sends.add(foreign.send(new ProducerRecord<>(this.topic, 0, null, prefix + "-" + i)));
		}
		for (Future<RecordMetadata> send : sends) {
			assertThat(send.get(10, TimeUnit.SECONDS).hasOffset()).isTrue();
		}
	}

}
