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

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.durability.SequenceProperties.Watermarks;
import io.github.reliablekafka.sequence.Claim;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.TopicFacts;
import io.github.reliablekafka.sequence.Watermark;
import io.github.reliablekafka.sequence.WatermarkCodec;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what readers look up, against a broker.
 */
class AuditClusterIntegrationTests extends AuditClusterSetup {

	private static final ProducerIdentity PRODUCER = new ProducerIdentity("orders", "host", "producer-1", 1);

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
		assertThat(before).containsAll(threads());
		idle.watch(this.lane);
		await().until(() -> !before.containsAll(threads()));
		this.applications.remove(this.applications.size() - 1).destroy();
		await().until(() -> before.containsAll(threads()));
	}

	private static Set<Thread> threads() {
		Set<Thread> threads = new HashSet<>(Thread.getAllStackTraces().keySet());
		threads.removeIf((thread) -> !thread.getName().contains("reliable-kafka-audit"));
		return threads;
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

	private static int idHash(String topic) throws Exception {
		Uuid id = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).topicId();
		return Stamp.topicIdHash(id.getMostSignificantBits(), id.getLeastSignificantBits());
	}

}
