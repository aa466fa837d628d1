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

import java.io.Serial;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import io.github.reliablekafka.testing.KafkaProbe;
import io.github.reliablekafka.testing.ListeningFaults;
import io.github.reliablekafka.testing.ListeningInstances;
import io.github.reliablekafka.testing.SteadyRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.core.ConditionTimeoutException;
import org.awaitility.core.ThrowingRunnable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Faults in an order that nobody thought of, while listeners of every kind throw, hang,
 * give back, forget and acknowledge in any order: whatever a group has committed, it has
 * processed or dead-lettered, and in the end that is all there is. The short campaign is
 * part of each build; the long one runs with {@code -Pchaos}, for
 * {@code -Dchaos.minutes}. {@code -Dchaos.seed} has the same faults again, though not the
 * same moments. {@code -Dchaos.log=warn} shows what the instances log.
 */
@KafkaClusterTest(shared = true,
		properties = { "group.consumer.min.session.timeout.ms=6000", "group.consumer.session.timeout.ms=6000",
				"group.consumer.min.heartbeat.interval.ms=1000", "group.consumer.heartbeat.interval.ms=1000" })
class CommitGuardChaosIntegrationTests {

	private static final int PARTITIONS = 4;

	private final long seed = Long.getLong("chaos.seed", System.nanoTime());

	private final Random random = new Random(this.seed);

	private final List<String> groups = new ArrayList<>(CampaignMain.groups());

	private KafkaCluster cluster;

	private KafkaProbe probe;

	private String topic;

	private CampaignBooks books;

	private ListeningInstances instances;

	private ListeningFaults faults;

	private SteadyRecords records;

	private long began;

	@BeforeEach
	void createTopics(KafkaCluster cluster, TestInfo test) {
		this.cluster = cluster;
		this.probe = new KafkaProbe(cluster.bootstrapServers());
		this.topic = "guard-" + test.getTestMethod().orElseThrow().getName();
		cluster.createTopic(this.topic, PARTITIONS, 3, Map.of());
		cluster.createTopic(this.topic + "-reply", 2, 3, Map.of("max.message.bytes", "1000"));
		cluster.createTopic(this.topic + "-tx", 2, 3, Map.of());
		cluster.createTopic(this.topic + "-txbatch", 2, 3, Map.of());
		this.books = new CampaignBooks(this.probe, this.topic);
	}

	@AfterEach
	void end() {
		if (this.instances != null) {
			this.instances.close();
		}
		this.cluster.restore();
		this.probe.close();
	}

	@Test
	void shortCampaign() {
		start(Map.of(), Duration.ofMillis(40));
		inject(this.faults::killInstanceAndBroker);
		settle();
		assertNothingIsLost();
	}

	@Test
	@Tag("chaos")
	void longCampaign() {
		long end = System.nanoTime() + Duration.ofMinutes(Long.getLong("chaos.minutes", 5)).toNanos();
		start(Map.of("hangs", "0.0001", "forgetful", "true"), Duration.ofMillis(10));
		while (System.nanoTime() < end) {
			inject(this.faults::injectNext);
		}
		settle();
		// What was never acknowledged comes to whoever is next.
		this.groups.add("forgetful");
		this.instances.running().forEach(this.instances::stop);
		this.instances.start("calm", Map.of("calm", "true"));
		awaitCommitted();
		assertNothingIsLost();
	}

	private void start(Map<String, String> properties, Duration pause) {
		System.out.println("Campaign with -Dchaos.seed=" + this.seed);
		this.began = System.nanoTime();
		Map<String, String> all = new HashMap<>(properties);
		all.putAll(Map.ofEntries(Map.entry("topic", this.topic), Map.entry("seed", String.valueOf(this.seed)),
				Map.entry("logging.level.root", "off"), Map.entry("logging.level.org.apache.kafka", "off"),
				Map.entry("logging.level.org.springframework.kafka", System.getProperty("chaos.log", "off")),
				Map.entry("logging.level.io.github.reliablekafka", System.getProperty("chaos.log", "off")),
				Map.entry("spring.kafka.bootstrap-servers", this.cluster.bootstrapServers()),
				Map.entry("spring.kafka.properties[request.timeout.ms]", "3000"),
				Map.entry("spring.kafka.properties[metadata.max.age.ms]", "1000"),
				Map.entry("spring.kafka.consumer.properties[default.api.timeout.ms]", "5000"),
				Map.entry("spring.kafka.consumer.properties[isolation.level]", "read_committed"),
				Map.entry("spring.kafka.consumer.value-deserializer", CampaignMain.Reader.class.getName()),
				Map.entry("spring.kafka.consumer.max-poll-records", "50"),
				Map.entry("spring.kafka.listener.poll-timeout", "200ms"),
				Map.entry("reliable.kafka.consumer.retry.initial-interval", "50ms"),
				Map.entry("reliable.kafka.consumer.retry.max-attempts", "3"),
				Map.entry("reliable.kafka.dead-letter.publish-timeout", "5s")));
		this.instances = new ListeningInstances(CampaignMain.class, all, this.books::heard);
		this.faults = new ListeningFaults(this.cluster, this.topic, this.instances, this.random);
		this.instances.start("first", Map.of());
		this.instances.start("second", Map.of());
		KafkaProducer<String, String> producer = new KafkaProducer<>(Map.of("bootstrap.servers",
				this.cluster.bootstrapServers(), "request.timeout.ms", "3000", "metadata.max.age.ms", "1000"),
				new StringSerializer(), new StringSerializer());
		this.records = new SteadyRecords(PARTITIONS, pause, this.random, this::value, (partition, value,
				callback) -> producer.send(new ProducerRecord<>(this.topic, partition, null, value), callback));
		awaitWords();
	}

	private String value(int number) {
		String kind = switch (number % 100) {
			case 17 -> "poison";
			case 34 -> "broken";
			case 51 -> "large";
			case 68, 85 -> "skip";
			default -> "record";
		};
		return kind + "-" + number;
	}

	private void inject(Runnable fault) {
		fault.run();
		awaitWords();
		assertThat(lost(this.records.acknowledged())).as("seed %d: %s", this.seed, this.faults).isEmpty();
	}

	private void awaitWords() {
		Map<String, Integer> before = new HashMap<>();
		this.groups.forEach((group) -> before.put(group, this.books.words(group)));
		awaitAssertion(Duration.ofMinutes(2), () -> assertThat(this.groups).as("seed %d: %s", this.seed, this.faults)
			.allMatch((group) -> this.books.words(group) > before.get(group)));
	}

	private void awaitAssertion(Duration patience, ThrowingRunnable assertion) {
		try {
			await().atMost(patience).pollInterval(Duration.ofMillis(500)).untilAsserted(assertion);
		}
		catch (ConditionTimeoutException ex) {
			describe();
			throw ex;
		}
	}

	// What stands still, and why.
	private void describe() {
		this.instances.tell("describe");
		this.instances.dumpThreads();
		await().pollDelay(Duration.ofSeconds(5)).until(() -> true);
	}

	// What is committed and was not processed. A line may come later than the commit.
	private Map<String, List<String>> lost(Map<TopicPartition, Map<Long, String>> produced) {
		Map<String, Map<TopicPartition, Long>> committed = new HashMap<>();
		this.groups.forEach((group) -> committed.put(group, committed(group)));
		// What was written behind a transaction of an instance that was killed is not
		// seen before that times out.
		long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
		while (true) {
			boolean last = System.nanoTime() > end;
			this.books.read();
			Map<String, List<String>> lost = new HashMap<>();
			committed.forEach((group, offsets) -> {
				List<String> missing = this.books.missing(group, produced, offsets);
				if (!missing.isEmpty()) {
					lost.put(group, missing);
				}
			});
			if (lost.isEmpty() || last) {
				return lost;
			}
		}
	}

	private Map<TopicPartition, Long> committed(String group) {
		Map<TopicPartition, Long> offsets = new HashMap<>();
		await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
			Map<TopicPartition, OffsetAndMetadata> committed = this.cluster.admin()
				.listConsumerGroupOffsets(this.topic + "-" + group)
				.partitionsToOffsetAndMetadata()
				.get();
			committed.forEach((partition, offset) -> {
				if (offset != null) {
					offsets.put(partition, offset.offset());
				}
			});
			return true;
		});
		return offsets;
	}

	private void settle() {
		this.records.end();
		// Nobody acknowledges what a filter left out behind the last one.
		for (int partition = 0; partition < PARTITIONS; partition++) {
			this.records.send(partition, "last-" + partition);
		}
		this.records.awaitAcknowledged();
		this.cluster.restore();
		this.cluster.awaitInSync(this.topic);
		awaitCommitted();
	}

	private void awaitCommitted() {
		Map<TopicPartition, Long> ends = new HashMap<>();
		this.records.acknowledged()
			.keySet()
			.forEach((partition) -> ends.put(partition, this.cluster.endOffset(partition)));
		// How long that takes is up to the machine: each record of some groups has a
		// transaction of its own.
		long[] progress = { -1, System.nanoTime() };
		awaitAssertion(Duration.ofMinutes(20), () -> {
			Map<String, Map<TopicPartition, Long>> committed = new HashMap<>();
			this.groups.forEach((group) -> committed.put(group, committed(group)));
			long sum = committed.values().stream().flatMap((each) -> each.values().stream()).mapToLong((i) -> i).sum();
			if (sum != progress[0]) {
				progress[0] = sum;
				progress[1] = System.nanoTime();
			}
			Map<String, Map<TopicPartition, Long>> all = new HashMap<>();
			this.groups.forEach((group) -> all.put(group, ends));
			if (System.nanoTime() - progress[1] > Duration.ofMinutes(2).toNanos() && !committed.equals(all)) {
				describe();
				throw new StandStill("Nothing committed for 2 minutes: %s of %s".formatted(committed, ends));
			}
			assertThat(committed).isEqualTo(all);
		});
	}

	private void assertNothingIsLost() {
		Map<TopicPartition, Map<Long, String>> produced = this.records.acknowledged();
		Map<String, List<String>> lost = lost(produced);
		Set<String> values = new HashSet<>();
		produced.values().forEach((each) -> values.addAll(each.values()));
		System.out.println("%d records in %d s, %s%n%s".formatted(values.size(),
				Duration.ofNanos(System.nanoTime() - this.began).toSeconds(), this.faults, this.books));
		assertThat(lost).as("seed %d: %s", this.seed, this.faults).isEmpty();
		for (String group : this.groups) {
			assertThat(this.books.impossible(group, values)).as(group).isEmpty();
			assertThat(this.books.deadLetteredWithoutReason(group)).as("seed %d: %s", this.seed, group).isEmpty();
		}
		assertThat(this.books.duplicates("tx") + this.books.duplicates("txbatch")).isZero();
	}

	// No assertion, which would be waited for.
	private static final class StandStill extends RuntimeException {

		@Serial
		private static final long serialVersionUID = 1L;

		StandStill(String message) {
			super(message);
		}

	}

}
