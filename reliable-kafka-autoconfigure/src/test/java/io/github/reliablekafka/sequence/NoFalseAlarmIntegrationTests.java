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
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

import io.github.reliablekafka.test.KafkaCluster;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Whatever looks like a loss and is none is not reported.
 */
class NoFalseAlarmIntegrationTests extends ClusterAcceptance {

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
			TransactionalSender transactions = new TransactionalSender(transactional, acceptance.acknowledged,
					this.topic, 2);
			for (int s = 0; s < 3; s++) {
				int sender = s;
				senders.add(CompletableFuture.supplyAsync(() -> transactions.transact(sender, 15)));
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
			acceptance.assertNothingReported(this.application, committed, uncommitted);
			acceptance.assertNothingReported(transactional, committing);
			acceptance.compare("transactions, read_committed", this.application, committed);
			acceptance.compare("transactions, read_committed, offsets in them", transactional, committing);
			acceptance.compare("transactions, read_uncommitted", this.application, uncommitted);
		}
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

}
