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

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Acknowledged;
import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that a cluster really loses, that one application finds missing, and
 * that the other one, which has sent them, sends again from its spool.
 */
class AnsweredReportsIntegrationTests extends ClusterAcceptance {

	private static final Duration TIMEOUT = Duration.ofMinutes(2);

	@TempDir
	Path directory;

	@Test
	void lossThatAnotherApplicationFindsIsAnsweredByTheSender() {
		cluster.createTopic(this.topic, 1, 3, Map.of("min.insync.replicas", "1"));
		try (CheckedApplication sender = sender(); CheckedApplication reader = reader()) {
			ListeningGroup behind = reader.group(this.topic, "behind").start(1);
			sender.send(this.topic, 0, "old", 30);
			behind.awaitProcessed(acceptance.values(this.topic));
			behind.stop();
			cluster.uncleanElection(new TopicPartition(this.topic, 0), () -> sender.send(this.topic, 0, "lost", 50));
			sender.send(this.topic, 0, "new", 20);
			Set<Numbered> lost = AcknowledgedRecords.numbers(gone("lost", 50), true);
			behind.start(1);
			assertRecovered(reader, behind, lost);
			assertThat(Acceptance.losses(reader.findings(behind))).isEqualTo(lost);
			assertThat(sender.events()).isEmpty();
			assertThat(acceptance.probe.records(this.topic)).hasSize(100);
			assertThat(replays()).hasSize(50).isEqualTo(lost);
		}
		// The report is younger than records are kept, and the one that it is over as
		// well.
		try (CheckedApplication again = sender()) {
			await().during(Duration.ofSeconds(10))
				.atMost(Duration.ofSeconds(30))
				.until(() -> acceptance.probe.records(this.topic).size() == 100);
			assertThat(again.events()).isEmpty();
		}
	}

	@Test
	void senderThatWasKilledAnswersWhenItIsStartedAgain() {
		cluster.createTopic(this.topic, 1, 3, Map.of("min.insync.replicas", "1"));
		try (CheckedApplication reader = reader();
				SendingApplication killed = new SendingApplication(cluster, this.topic, acceptance.acknowledged)) {
			killed.with("reliable.kafka.spool.mode", "write-ahead")
				.with("reliable.kafka.spool.directory", this.directory.toString())
				.with("reliable.kafka.spool.retain", "10m")
				.with("reliable.kafka.spool.max-size", "64MB");
			ListeningGroup behind = reader.group(this.topic, "behind").start(1);
			killed.start();
			killed.awaitAcknowledged(100);
			await().atMost(TIMEOUT).until(() -> behind.processed.size() >= 50);
			behind.stop();
			cluster.uncleanElection(new TopicPartition(this.topic, 0),
					() -> killed.awaitAcknowledged(acceptance.values(this.topic).size() + 100));
			killed.awaitAcknowledged(acceptance.values(this.topic).size() + 100);
			killed.kill();
			Set<Numbered> lost = AcknowledgedRecords.numbers(acceptance.gone(this.topic), true);
			assertThat(lost).isNotEmpty();
			behind.start(1);
			await().atMost(TIMEOUT)
				.untilAsserted(() -> assertThat(acceptance.reports(this.topic).getOrDefault("behind", List.of()))
					.anyMatch((report) -> report.verdict() == Verdict.LOST_ACKED));
			assertThat(replays()).isEmpty();
			try (CheckedApplication successor = sender()) {
				assertRecovered(reader, behind, lost);
				assertThat(successor.events()).isEmpty();
			}
		}
	}

	private CheckedApplication sender() {
		return new CheckedApplication(cluster, acceptance.acknowledged, "reliable.kafka.spool.mode=write-ahead",
				"reliable.kafka.spool.directory=" + this.directory, "reliable.kafka.spool.retain=10m",
				"reliable.kafka.spool.max-size=64MB");
	}

	private CheckedApplication reader() {
		return new CheckedApplication(cluster, acceptance.acknowledged, "spring.application.name=billing");
	}

	private List<Acknowledged> gone(String prefix, int count) {
		List<Acknowledged> gone = acceptance.gone(this.topic);
		assertThat(gone).hasSize(count).allMatch((record) -> record.value().startsWith(prefix));
		return gone;
	}

	private void assertRecovered(CheckedApplication reader, ListeningGroup group, Set<Numbered> lost) {
		group.awaitProcessed(acceptance.values(this.topic));
		await().atMost(TIMEOUT)
			.untilAsserted(() -> assertThat(Acceptance.numbers(reader.findings(group), Set.of(Verdict.RECOVERED)))
				.containsAll(lost));
	}

	private Set<Numbered> replays() {
		Set<Numbered> replays = new HashSet<>();
		acceptance.probe.records(this.topic).forEach((record) -> {
			Stamp stamp = Stamp.decode(new Lane(this.topic, 0), record.headers().lastHeader(Stamp.HEADER).value());
			if (stamp.replay()) {
				assertThat(replays.add(new Numbered(stamp.session(), 0, stamp.number()))).isTrue();
			}
		});
		return replays;
	}

}
