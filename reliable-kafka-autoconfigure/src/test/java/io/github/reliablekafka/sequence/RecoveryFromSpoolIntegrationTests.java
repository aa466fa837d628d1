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
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Acknowledged;
import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that a cluster really loses, and that an application sends again from
 * its spool.
 */
class RecoveryFromSpoolIntegrationTests extends ClusterAcceptance {

	@TempDir
	Path directory;

	@Test
	void lostRecordsComeFromTheSpoolAndAreProcessedAndReportedAsRecovered() {
		cluster.createTopic(this.topic, 1, 3, Map.of("min.insync.replicas", "1"));
		try (CheckedApplication shop = new CheckedApplication(cluster, acceptance.acknowledged,
				"reliable.kafka.spool.mode=write-ahead", "reliable.kafka.spool.directory=" + this.directory,
				"reliable.kafka.spool.retain=10m", "reliable.kafka.spool.max-size=64MB")) {
			ListeningGroup behind = shop.group(this.topic, "behind").start(1);
			shop.send(this.topic, 0, "old", 30);
			behind.awaitProcessed(acceptance.values(this.topic));
			behind.stop();
			cluster.uncleanElection(new TopicPartition(this.topic, 0), () -> shop.send(this.topic, 0, "lost", 50));
			shop.send(this.topic, 0, "new", 20);
			List<Acknowledged> gone = acceptance.gone(this.topic);
			assertThat(gone).hasSize(50).allMatch((record) -> record.value().startsWith("lost"));
			behind.start(1);
			behind.awaitProcessed(acceptance.values(this.topic));
			Set<Numbered> lost = AcknowledgedRecords.numbers(gone, true);
			await().atMost(Duration.ofSeconds(60))
				.untilAsserted(() -> assertThat(Acceptance.numbers(shop.findings(behind), Set.of(Verdict.RECOVERED)))
					.isEqualTo(lost));
			assertThat(Acceptance.losses(shop.findings(behind))).isEqualTo(lost);
			assertSentAgainOnceAsReplays(lost);
		}
	}

	private void assertSentAgainOnceAsReplays(Set<Numbered> lost) {
		List<ConsumerRecord<byte[], byte[]>> log = acceptance.probe.records(this.topic);
		assertThat(log).hasSize(100);
		// Headers of the application come along, a trace for example.
		assertThat(log)
			.allSatisfy((record) -> assertThat(record.headers().lastHeader("id").value()).isEqualTo(record.value()));
		List<Stamp> replays = log.stream()
			.map((record) -> Stamp.decode(new Lane(this.topic, 0), record.headers().lastHeader(Stamp.HEADER).value()))
			.filter(Stamp::replay)
			.toList();
		assertThat(replays).hasSize(50);
		assertThat(replays.stream()
			.map((stamp) -> new Numbered(stamp.session(), 0, stamp.number()))
			.collect(Collectors.toSet())).isEqualTo(lost);
	}

}
