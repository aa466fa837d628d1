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

package io.github.reliablekafka.watermark;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.durability.SequenceProperties.Watermarks;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for what readers ask and what they save, against a broker.
 */
class ClusterLogIntegrationTests extends AuditClusterSetup {

	@Test
	void readGivesPlacesAndNumbersOfWhatIsThere() throws Exception {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "k", "without");
		send(null, "a", "b", "c", "d");
		admin.deleteRecords(Map.of(new TopicPartition(this.topic, 0), RecordsToDelete.beforeOffset(2))).all().get();
		LogAccess.Reading reading = access().read(this.lane, 0, 4, false).get(20, TimeUnit.SECONDS);
		assertThat(reading.logStart()).isEqualTo(2);
		assertThat(reading.records()).extracting(LogAccess.Entry::offset).containsExactly(2L, 3L);
		assertThat(reading.records()).allSatisfy((entry) -> {
			assertThat(entry.leaderEpoch()).isEqualTo(0);
			assertThat(entry.timestamp()).isPositive();
		});
		assertThat(reading.records()).extracting((entry) -> new String(entry.header(), StandardCharsets.UTF_8))
			.containsExactly("b", "c");
		assertThat(access().read(this.lane, 4, 100, false).get(20, TimeUnit.SECONDS).records())
			.extracting(LogAccess.Entry::offset)
			.containsExactly(4L);
		assertThat(access().read(this.lane, 5, 100, false).get(20, TimeUnit.SECONDS).records()).isEmpty();
		assertThat(access().read(this.lane, 0, 1, false).get(20, TimeUnit.SECONDS).records()).isEmpty();
	}

	@Test
	void readWhenATransactionWasAbortedLeavesItOutForCommittedReadersOnly() throws Exception {
		probe.createTopic(this.topic, 1);
		send("tx", "a", "b");
		LogAccess.Reading committed = access().read(this.lane, 0, 100, true).get(20, TimeUnit.SECONDS);
		LogAccess.Reading uncommitted = access().read(this.lane, 0, 100, false).get(20, TimeUnit.SECONDS);
		// Each is in a transaction of its own, and the second is aborted.
		assertThat(committed.records()).extracting((entry) -> new String(entry.header(), StandardCharsets.UTF_8))
			.containsExactly("a");
		assertThat(uncommitted.records()).extracting((entry) -> new String(entry.header(), StandardCharsets.UTF_8))
			.containsExactly("a", "b");
	}

	@Test
	void readWhenThereAreTooManyRecordsFails() {
		probe.createTopic(this.topic, 1);
		send(null, "a", "b", "c");
		AuditClients clients = new AuditClients(Map.of("bootstrap.servers", servers), TIMEOUT);
		RangeReader reader = new RangeReader(clients, 2);
		assertThat(reader.read(this.lane, 0, 2, false).records()).hasSize(2);
		assertThatExceptionOfType(KafkaException.class).isThrownBy(() -> reader.read(this.lane, 0, 3, false))
			.withMessageContaining("More than 2 records");
	}

	@Test
	void endIsWhereTheLeaderSays() throws Exception {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "k", "v");
		assertThat(access().end(this.lane).get(20, TimeUnit.SECONDS)).isEqualTo(new LogAccess.LogEnd(1, 0));
	}

	@Test
	void questionsWhenThereIsNoSuchPartitionFail() {
		LogAccess access = access();
		Lane nowhere = new Lane("nowhere-" + UUID.randomUUID(), 0);
		// Each is asked as long as the topic may come into being.
		CompletableFuture<?> end = access.end(nowhere);
		CompletableFuture<?> records = access.read(nowhere, 0, 1, false);
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> end.get(60, TimeUnit.SECONDS));
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> records.get(60, TimeUnit.SECONDS));
		assertThat(topics()).doesNotContain(nowhere.topic());
	}

	@Test
	void checkpointIsTheLastStateThatWasSavedByWhomever() throws Exception {
		assertThat(access().checkpoint("group", this.lane).get(20, TimeUnit.SECONDS)).isEmpty();
		assertThat(topics()).doesNotContain(this.state);
		byte[] large = new byte[200_000];
		new Random(1).nextBytes(large);
		access().save("group", this.lane, new byte[] { 1 }).get(20, TimeUnit.SECONDS);
		access().save("group", new Lane(this.topic, 1), new byte[] { 2 }).get(20, TimeUnit.SECONDS);
		access().save("other", this.lane, new byte[] { 3 }).get(20, TimeUnit.SECONDS);
		access().save("group", this.lane, large).get(20, TimeUnit.SECONDS);
		assertThat(probe.topicConfig(this.state, "cleanup.policy")).isEqualTo("compact");
		LogAccess successor = application(Watermarks.CONTROL_TOPIC).logAccess();
		CompletableFuture<?> other = successor.checkpoint("other", this.lane);
		assertThat(successor.checkpoint("group", this.lane).get(20, TimeUnit.SECONDS)).hasValue(large);
		assertThat(other.get(20, TimeUnit.SECONDS)).asInstanceOf(InstanceOfAssertFactories.optional(byte[].class))
			.hasValue(new byte[] { 3 });
		assertThat(successor.checkpoint("nobody", this.lane).get(20, TimeUnit.SECONDS)).isEmpty();
	}

	@Test
	void savesWhenTheyComeFasterThanTheyAreWrittenAreMerged() throws Exception {
		List<CompletableFuture<Void>> saves = new ArrayList<>();
		for (int i = 0; i < 1000; i++) {
			saves.add(access().save("group", this.lane, new byte[] { (byte) (i / 100), (byte) (i % 100) }));
		}
		CompletableFuture.allOf(saves.toArray(new CompletableFuture<?>[0])).get(30, TimeUnit.SECONDS);
		assertThat(access().checkpoint("group", this.lane).get(20, TimeUnit.SECONDS)).hasValue(new byte[] { 9, 99 });
		assertThat(probe.records(this.state)).hasSizeLessThan(100);
	}

	@Test
	void saveWhenTheApplicationEndsAtOnceIsWritten() throws Exception {
		CompletableFuture<Void> saved = access().save("group", this.lane, new byte[] { 1 });
		this.applications.remove(0).destroy();
		assertThat(saved).isCompleted();
		assertThat(probe.records(this.state)).hasSize(1);
	}

}
