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
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.durability.SequenceProperties.Watermarks;
import io.github.reliablekafka.sequence.Claim;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.TopicFacts;
import io.github.reliablekafka.sequence.Watermark;
import io.github.reliablekafka.sequence.WatermarkCodec;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.context.EmbeddedKafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what readers look up, against a broker.
 */
@EmbeddedKafka(partitions = 1,
		brokerProperties = { "auto.create.topics.enable=true", "transaction.state.log.replication.factor=1",
				"transaction.state.log.min.isr=1", "log.initial.task.delay.ms=100" })
class AuditClusterIntegrationTests {

	private static final ProducerIdentity PRODUCER = new ProducerIdentity("orders", "host", "producer-1", 1);

	private static String servers;

	private static KafkaProbe probe;

	private static Admin admin;

	private final String topic = "orders-" + UUID.randomUUID();

	private final Lane lane = new Lane(this.topic, 0);

	private final String control = "audit-" + UUID.randomUUID();

	private final String state = this.control + "-state";

	private final List<AuditClusters> applications = new ArrayList<>();

	private SequenceBoard board;

	@BeforeAll
	static void connect(EmbeddedKafkaBroker embedded) {
		servers = embedded.getBrokersAsString();
		probe = new KafkaProbe(servers);
		admin = Admin.create(Map.of("bootstrap.servers", servers));
	}

	@AfterAll
	static void disconnect() {
		probe.close();
		admin.close();
	}

	@BeforeEach
	void start() {
		this.board = application(Watermarks.CONTROL_TOPIC);
	}

	@AfterEach
	void stop() {
		this.applications.forEach(AuditClusters::destroy);
	}

	@Test
	void watermarksOfWatchedLanesAreReadFromTheBeginningAndFollowed() {
		probe.createTopic(this.control, 4);
		Lane other = new Lane(this.topic, 1);
		write(watermark(this.lane, 7, 1));
		write(watermark(other, 7, 1));
		this.board.watch(this.lane);
		await().untilAsserted(() -> assertThat(this.board.watermarks(this.lane)).containsOnlyKeys(7L));
		assertThat(this.board.watermarks(other)).isEmpty();
		write(watermark(this.lane, 8, 1));
		write(watermark(this.lane, 7, 2));
		await().untilAsserted(() -> assertThat(this.board.watermarks(this.lane)).containsOnlyKeys(7L, 8L));
		await().untilAsserted(() -> assertThat(this.board.watermarks(this.lane).get(7L).sequence()).isEqualTo(2));
		assertThat(this.board.watermarks(this.lane).get(8L)).isEqualTo(watermark(this.lane, 8, 1));
	}

	@Test
	void watermarksWhenAnotherLaneOfTheSameControlPartitionIsWatchedAreReadAgain() {
		probe.createTopic(this.control, 1);
		Lane other = new Lane(this.topic, 1);
		write(watermark(this.lane, 7, 1));
		write(watermark(other, 7, 1));
		this.board.watch(this.lane);
		await().until(() -> !this.board.watermarks(this.lane).isEmpty());
		this.board.watch(other);
		await().untilAsserted(() -> assertThat(this.board.watermarks(other)).containsOnlyKeys(7L));
	}

	@Test
	void watermarksWhenALaneIsAssignedAgainAtOnceAreReadAgain() {
		probe.createTopic(this.control, 1);
		write(watermark(this.lane, 7, 1));
		this.board.watch(this.lane);
		await().until(() -> !this.board.watermarks(this.lane).isEmpty());
		this.board.unwatch(this.lane);
		this.board.watch(this.lane);
		await().untilAsserted(() -> assertThat(this.board.watermarks(this.lane)).containsOnlyKeys(7L));
	}

	@Test
	void watermarksWhenTheControlTopicHoldsOtherThingsAreReadAllTheSame() {
		probe.createTopic(this.control, 1);
		probe.send(this.control, 0, "what", "ever");
		probe.send(this.control, 0, (byte[]) null, KafkaProbe.bytes("ever"));
		byte[] key = WatermarkCodec.encodeKey(this.lane, 6);
		probe.send(this.control, 0, key, KafkaProbe.bytes("broken"));
		write(watermark(this.lane, 7, 1));
		this.board.watch(this.lane);
		await().untilAsserted(() -> assertThat(this.board.watermarks(this.lane)).containsOnlyKeys(7L));
		probe.send(this.control, 0, WatermarkCodec.encodeKey(this.lane, 7), null);
		await().untilAsserted(() -> assertThat(this.board.watermarks(this.lane)).isEmpty());
	}

	@Test
	void readerWhenThereIsNoControlTopicNeitherCreatesOneNorGivesUp() {
		probe.createTopic(this.topic, 1);
		this.board.watch(this.lane);
		await().until(() -> this.board.facts(this.topic) != null);
		await().during(Duration.ofSeconds(1)).until(() -> !topics().contains(this.control));
		probe.createTopic(this.control, 3);
		write(watermark(this.lane, 7, 1));
		await().atMost(Duration.ofSeconds(20)).until(() -> !this.board.watermarks(this.lane).isEmpty());
	}

	@Test
	void sessionsWhenThereAreTooManyLoseTheOldest() {
		probe.createTopic(this.control, 1);
		int sessions = WatermarkReader.KEPT_SESSIONS + 1;
		try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", servers),
				new ByteArraySerializer(), new ByteArraySerializer())) {
			for (int session = 1; session <= sessions; session++) {
				Watermark watermark = new Watermark(this.lane, session, new ProducerIdentity("", "", "", session), 1, 1,
						1, Claim.NONE, Claim.NONE, session % 2 == 0);
				producer.send(new ProducerRecord<>(this.control, 0, WatermarkCodec.encodeKey(this.lane, session),
						WatermarkCodec.encode(watermark)));
			}
		}
		this.board.watch(this.lane);
		await().atMost(Duration.ofSeconds(30))
			.untilAsserted(() -> assertThat(this.board.watermarks(this.lane)).containsKey((long) sessions));
		assertThat(this.board.watermarks(this.lane)).hasSize(sessions - WatermarkReader.KEPT_SESSIONS / 10)
			.containsKey(1L)
			.doesNotContainKey(2L)
			.containsKey(sessions - 2L);
	}

	@Test
	void factsTellTheTopicAndWhetherItIsCompacted() throws Exception {
		probe.createTopic(this.topic, 1);
		String compacted = this.topic + "-compacted";
		probe.createTopic(compacted, 1, Map.of("cleanup.policy", "compact,delete"));
		this.board.watch(this.lane);
		this.board.watch(new Lane(compacted, 0));
		await().untilAsserted(
				() -> assertThat(this.board.facts(this.topic)).isEqualTo(new TopicFacts(idHash(this.topic), false)));
		await().untilAsserted(
				() -> assertThat(this.board.facts(compacted)).isEqualTo(new TopicFacts(idHash(compacted), true)));
	}

	@Test
	void factsWhenAProducerHasSeenAnotherTopicOfTheSameNameAreLookedUpAgain() throws Exception {
		probe.createTopic(this.control, 1);
		probe.createTopic(this.topic, 1);
		this.board.watch(this.lane);
		await().until(() -> this.board.facts(this.topic) != null);
		int before = idHash(this.topic);
		admin.deleteTopics(List.of(this.topic)).all().get();
		await().until(() -> !topics().contains(this.topic));
		probe.createTopic(this.topic, 1, Map.of("cleanup.policy", "compact"));
		assertThat(idHash(this.topic)).isNotEqualTo(before);
		Claim claim = new Claim(1, 1, 0, 0, 0, NumberRanges.EMPTY, idHash(this.topic));
		write(new Watermark(this.lane, 7, PRODUCER, 1, 1, 1, claim, claim, false));
		await().untilAsserted(
				() -> assertThat(this.board.facts(this.topic)).isEqualTo(new TopicFacts(idHash(this.topic), true)));
	}

	@Test
	void factsWhenThereIsNoTopicAreNotPostedAndItIsNotCreated() {
		this.board.watch(this.lane);
		await().during(Duration.ofSeconds(1)).until(() -> this.board.facts(this.topic) == null);
		assertThat(topics()).doesNotContain(this.topic);
	}

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
		AuditClients clients = new AuditClients(Map.of("bootstrap.servers", servers));
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
		assertThatExceptionOfType(ExecutionException.class)
			.isThrownBy(() -> access.end(nowhere).get(60, TimeUnit.SECONDS));
		assertThatExceptionOfType(ExecutionException.class)
			.isThrownBy(() -> access.read(nowhere, 0, 1, false).get(60, TimeUnit.SECONDS));
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

	@Test
	void noneHasNoTopicsButAnswersQuestionsAndKnowsFacts() throws Exception {
		SequenceBoard quiet = application(Watermarks.NONE);
		LogAccess access = quiet.logAccess();
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "k", "v");
		quiet.watch(this.lane);
		await().until(() -> quiet.facts(this.topic) != null);
		assertThat(access.end(this.lane).get(20, TimeUnit.SECONDS).offset()).isEqualTo(1);
		assertThat(access.read(this.lane, 0, 1, false).get(20, TimeUnit.SECONDS).records()).hasSize(1);
		assertThat(access.checkpoint("group", this.lane).get(20, TimeUnit.SECONDS)).isEmpty();
		assertThat(access.save("group", this.lane, new byte[1])).isCompletedExceptionally();
		assertThat(topics()).doesNotContain(this.control, this.state);
	}

	@Test
	void nothingStartsBeforeThereIsSomethingToDo() {
		Set<Thread> before = threads();
		SequenceBoard idle = application(Watermarks.CONTROL_TOPIC);
		assertThat(threads()).isEqualTo(before);
		idle.watch(this.lane);
		await().until(() -> !threads().equals(before));
		this.applications.remove(this.applications.size() - 1).destroy();
		await().until(() -> before.containsAll(threads()));
	}

	private static Set<Thread> threads() {
		Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
		threads.removeIf((thread) -> !thread.getName().contains("reliable-kafka-audit"));
		return threads;
	}

	private LogAccess access() {
		return this.board.logAccess();
	}

	private SequenceBoard application(Watermarks watermarks) {
		SequenceBoards boards = new SequenceBoards();
		this.applications.add(new AuditClusters(new SequenceProperties(true, watermarks, Duration.ofSeconds(5),
				Duration.ofMillis(500), this.control, this.state, Duration.ofDays(30)), boards));
		return boards.board(Set.of(servers), Map.of("bootstrap.servers", servers));
	}

	private static Watermark watermark(Lane lane, long session, long sequence) {
		Claim claim = new Claim(1, 10 * sequence, 100 * sequence, 0, 3, NumberRanges.of(4, 5), 99);
		return new Watermark(lane, session, PRODUCER, sequence, 10 * sequence + 2, 10 * sequence + 2, claim, claim,
				false);
	}

	private void write(Watermark watermark) {
		probe.send(this.control, AuditTopic.partition(watermark.lane(), probe.partitions(this.control)),
				WatermarkCodec.encodeKey(watermark.lane(), watermark.session()), WatermarkCodec.encode(watermark));
	}

	// Every second one is aborted, if they are sent in transactions.
	private void send(String transactionalId, String... headers) {
		Map<String, Object> settings = new HashMap<>(Map.of("bootstrap.servers", servers));
		if (transactionalId != null) {
			settings.put("transactional.id", transactionalId);
		}
		try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(settings, new ByteArraySerializer(),
				new ByteArraySerializer())) {
			if (transactionalId != null) {
				producer.initTransactions();
			}
			for (int i = 0; i < headers.length; i++) {
				if (transactionalId != null) {
					producer.beginTransaction();
				}
				producer.send(new ProducerRecord<>(this.topic, 0, (byte[]) null, new byte[10],
						List.of(new RecordHeader(Stamp.HEADER, KafkaProbe.bytes(headers[i])))));
				producer.flush();
				if (transactionalId != null && i % 2 == 0) {
					producer.commitTransaction();
				}
				else if (transactionalId != null) {
					producer.abortTransaction();
				}
			}
		}
	}

	private static Set<String> topics() {
		try {
			return admin.listTopics().names().get();
		}
		catch (InterruptedException | ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static int idHash(String topic) throws Exception {
		Uuid id = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
		return Stamp.topicIdHash(id.getMostSignificantBits(), id.getLeastSignificantBits());
	}

}
