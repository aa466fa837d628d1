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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Acknowledged;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.support.SendResult;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Whatever looks like a loss and is none is not reported.
 */
@KafkaClusterTest(shared = true)
class NoFalseAlarmIntegrationTests {

	private static Acceptance acceptance;

	private static KafkaCluster cluster;

	private String topic;

	private CheckedApplication application;

	@BeforeAll
	static void connect(KafkaCluster started) {
		cluster = started;
		acceptance = new Acceptance(started);
	}

	@AfterAll
	static void disconnect() {
		Acceptance.printComparison();
		acceptance.close();
	}

	@BeforeEach
	void start(TestInfo test) {
		this.topic = test.getTestMethod().orElseThrow().getName();
		this.application = new CheckedApplication(cluster, acceptance.acknowledged);
	}

	@AfterEach
	void close() {
		cluster.restore();
		this.application.close();
	}

	@Test
	void partitionsAreAddedToATopicOfWhichTheGroupWantsOnlyWhatIsNew() throws Exception {
		cluster.createTopic(this.topic, 1);
		this.application.close();
		this.application = new CheckedApplication(cluster, acceptance.acknowledged,
				"spring.kafka.consumer.auto-offset-reset=latest");
		ListeningGroup group = this.application.group(this.topic, "group").start(1);
		this.application.send(this.topic, 0, "old", 30);
		group.awaitProcessed(acceptance.values(this.topic));
		acceptance.probe.addPartitions(this.topic, 3);
		this.application.send(this.topic, 1, "first", 30);
		this.application.send(this.topic, 2, "second", 30);
		group.awaitProcessed(acceptance.values(this.topic));
		group.stop();
		acceptance.probe.addPartitions(this.topic, 4);
		this.application.send(this.topic, 3, "third", 30);
		group.start(4);
		this.application.send(this.topic, 3, "last", 30);
		group.awaitProcessed(acceptance.values(this.topic));
		assertThat(acceptance.acknowledged.missing(this.topic, group.processed)).isEmpty();
		acceptance.assertNothingReported(this.application, group);
		acceptance.compare("partitions added, reset latest", this.application, group);
		assertThat(acceptance.acknowledged.missing(this.topic, group.plain().values)).hasSizeGreaterThanOrEqualTo(30);
	}

	@Test
	void transactionsAreCommittedAndAborted() throws Exception {
		cluster.createTopic(this.topic, 2);
		try (CheckedApplication transactional = new CheckedApplication(cluster, acceptance.acknowledged,
				"spring.kafka.producer.transaction-id-prefix=tx-" + this.topic)) {
			ListeningGroup committed = this.application.group(this.topic, "committed").start(2);
			ListeningGroup committing = transactional.group(this.topic, "committing").start(2);
			ListeningGroup uncommitted = this.application.group(this.topic, "uncommitted", false).start(2);
			List<CompletableFuture<Integer>> senders = new ArrayList<>();
			for (int s = 0; s < 3; s++) {
				int sender = s;
				senders.add(CompletableFuture.supplyAsync(() -> transact(transactional.template(), sender, 15)));
			}
			int aborted = 0;
			for (CompletableFuture<Integer> sender : senders) {
				aborted += sender.get();
			}
			assertThat(aborted).isPositive();
			Set<String> values = acceptance.values(this.topic);
			assertThat(values).isNotEmpty();
			for (ListeningGroup group : List.of(committed, committing, uncommitted)) {
				group.awaitProcessed(values);
			}
			assertThat(committed.processed).isEqualTo(values).isEqualTo(committing.processed);
			assertThat(uncommitted.processed).hasSizeGreaterThan(values.size());
			acceptance.assertNothingReported(this.application, committed);
			acceptance.assertNothingReported(transactional, committing);
			acceptance.assertNothingReported(this.application, uncommitted);
			acceptance.compare("transactions, read_committed", this.application, committed);
			acceptance.compare("transactions, read_committed, offsets in them", transactional, committing);
			acceptance.compare("transactions, read_uncommitted", this.application, uncommitted);
		}
	}

	private int transact(KafkaTemplate<String, String> template, int sender, int transactions) {
		Random random = new Random(sender);
		int aborted = 0;
		for (int t = 0; t < transactions; t++) {
			boolean abort = random.nextInt(3) == 0;
			String prefix = sender + "-" + t + (abort ? "-aborted-" : "-");
			List<CompletableFuture<SendResult<String, String>>> sends = new ArrayList<>();
			Runnable transaction = () -> template.executeInTransaction((operations) -> {
				for (int i = 0; i < 8; i++) {
					sends.add(operations.send(SentHeaders.record(this.topic, i % 2, prefix + i)));
				}
				if (abort) {
					operations.flush();
					throw new UnsupportedOperationException("on purpose");
				}
				return true;
			});
			if (abort) {
				aborted++;
				assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(transaction::run);
			}
			else {
				transaction.run();
				sends.stream()
					.map(CompletableFuture::join)
					.forEach((result) -> acceptance.acknowledged.add(result.getProducerRecord(),
							result.getRecordMetadata()));
			}
		}
		return aborted;
	}

	@Test
	void topicIsDeletedAndCreatedAgain() throws Exception {
		cluster.createTopic(this.topic, 1);
		ListeningGroup group = this.application.group(this.topic, "group").start(1);
		this.application.send(this.topic, 0, "old", 80);
		group.awaitProcessed(acceptance.values(this.topic));
		var before = topicId();
		cluster.admin().deleteTopics(List.of(this.topic)).all().get();
		await().atMost(Duration.ofSeconds(60))
			.until(() -> !cluster.admin().listTopics().names().get().contains(this.topic));
		await().atMost(Duration.ofSeconds(60)).ignoreExceptions().until(() -> {
			cluster.createTopic(this.topic, 1);
			return true;
		});
		assertThat(topicId()).isNotEqualTo(before);
		this.application.send(this.topic, 0, "new", 60);
		this.application.send(this.topic, 0, "newer", 60);
		group.awaitProcessed(acceptance.values(this.topic));
		assertThat(acceptance.gone(this.topic)).hasSize(80);
		acceptance.assertNothingReported(this.application, group);
		acceptance.compare("topic deleted and created again", this.application, group);
	}

	private Object topicId() throws ExecutionException, InterruptedException {
		return cluster.admin().describeTopics(List.of(this.topic)).allTopicNames().get().get(this.topic).topicId();
	}

	@Test
	void leaderComesBackThatDoesNotKnowItWasReplaced() {
		cluster.createTopic(this.topic, 1);
		ListeningGroup group = this.application.group(this.topic, "group").start(1);
		this.application.send(this.topic, 0, "old", 50);
		int leader = cluster.leaderOf(this.topic, 0);
		CompletableFuture<Void> inTheMiddle = this.application.send(this.topic, 0, "middle");
		cluster.pause(leader);
		await().atMost(Duration.ofSeconds(30))
			.until(() -> !Set.of(leader, KafkaCluster.NO_LEADER).contains(cluster.leaderOf(this.topic, 0)));
		this.application.send(this.topic, 0, "new", 50);
		cluster.resume(leader);
		this.application.send(this.topic, 0, "newer", 50);
		CheckedApplication.await(inTheMiddle, Duration.ofSeconds(30));
		cluster.awaitInSync(this.topic);
		group.awaitProcessed(acceptance.values(this.topic));
		assertThat(acceptance.gone(this.topic)).isEmpty();
		acceptance.assertNothingReported(this.application, group);
		acceptance.compare("leader paused and replaced", this.application, group);
	}

	@Test
	void processesAreKilled() {
		cluster.createTopic(this.topic, 3);
		ListeningGroup witness = this.application.group(this.topic, "witness").start(3);
		Set<String> processed = new HashSet<>();
		List<List<String>> reports = new ArrayList<>();
		for (int run = 0; run < 2; run++) {
			try (ChildProcess listening = listen(); ChildProcess sending = send("run" + run)) {
				await().atMost(Duration.ofSeconds(90)).until(() -> sending.said("ACK").size() > 300);
				sending.kill();
				sending.said("ACK").forEach(this::acknowledged);
				Set<String> acknowledged = acceptance.values(this.topic);
				boolean last = run == 1;
				await().atMost(Duration.ofSeconds(90)).until(() -> {
					listening.said("GOT").forEach((words) -> processed.add(words.get(1)));
					return last ? processed.containsAll(acknowledged) : processed.size() > 100;
				});
				listening.kill();
				listening.said("GOT").forEach((words) -> processed.add(words.get(1)));
				reports.addAll(listening.said("REPORT"));
				assertThat(last || !processed.containsAll(acknowledged)).as("killed in the middle").isTrue();
			}
		}
		witness.awaitProcessed(acceptance.values(this.topic));
		assertThat(reports).filteredOn((words) -> words.get(1).equals("true")).isEmpty();
		assertThat(acceptance.gone(this.topic)).isEmpty();
		acceptance.assertNothingReported(this.application, witness);
		acceptance.compare("sender and listener killed", this.application, witness);
	}

	private ChildProcess listen() {
		return ChildProcess.start(ListeningMain.class,
				Map.of("spring.kafka.bootstrap-servers", cluster.bootstrapServers(), "topic", this.topic, "group",
						this.topic + "-child", "spring.kafka.consumer.properties[session.timeout.ms]", "3000",
						"spring.kafka.consumer.properties[heartbeat.interval.ms]", "500"));
	}

	private ChildProcess send(String prefix) {
		return ChildProcess.start(SendingMain.class,
				Map.of("spring.kafka.bootstrap-servers", cluster.bootstrapServers(), "topic", this.topic, "prefix",
						prefix, "spring.kafka.producer.properties[interceptor.classes]", SentHeaders.class.getName()));
	}

	private void acknowledged(List<String> words) {
		if (words.size() == 7) {
			acceptance.acknowledged.add(new Acknowledged(this.topic, Integer.parseInt(words.get(1)),
					Long.parseLong(words.get(2)), words.get(3), Long.parseLong(words.get(4)),
					Long.parseLong(words.get(5)), Long.parseLong(words.get(6))));
		}
	}

	@Test
	void brokersAreRestartedOneAfterTheOther() {
		cluster.createTopic(this.topic, 3);
		ListeningGroup group = this.application.group(this.topic, "group").start(3);
		long end = System.nanoTime() + Duration.ofMinutes(Long.getLong("chaos.minutes", 0)).toNanos();
		try (SteadySender sender = new SteadySender(this.application, this.topic)) {
			do {
				for (int broker : cluster.brokerIds()) {
					int before = sender.sent();
					group.join();
					cluster.stop(broker);
					group.leave();
					cluster.restart(broker);
					cluster.awaitInSync(this.topic);
					assertThat(sender.sent()).isGreaterThan(before);
				}
			}
			while (System.nanoTime() < end);
		}
		assertThat(acceptance.acknowledged.of(this.topic)).hasSizeGreaterThan(1000);
		group.awaitProcessed(acceptance.values(this.topic));
		assertThat(acceptance.gone(this.topic)).isEmpty();
		assertThat(cluster.endOffset(new TopicPartition(this.topic, 0))).isPositive();
		acceptance.assertNothingReported(this.application, group);
		acceptance.compare("rolling restart with rebalances", this.application, group);
	}

}
