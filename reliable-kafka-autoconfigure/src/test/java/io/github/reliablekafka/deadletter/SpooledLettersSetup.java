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

package io.github.reliablekafka.deadletter;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;

import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.GroupIdNotFoundException;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A topic whose dead letter topic is led by another broker, which can be cut off while
 * the topic and its group go on.
 */
@KafkaClusterTest(shared = true,
		properties = { "group.consumer.min.session.timeout.ms=6000", "group.consumer.session.timeout.ms=6000",
				"group.consumer.min.heartbeat.interval.ms=1000", "group.consumer.heartbeat.interval.ms=1000" })
abstract class SpooledLettersSetup {

	static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final String OFFSETS = "__consumer_offsets";

	final String topic = "spooled-" + UUID.randomUUID();

	final String deadLetters = this.topic + "-dlt";

	final String group = "group-" + UUID.randomUUID();

	@TempDir
	Path directory;

	KafkaCluster cluster;

	KafkaProbe probe;

	int away;

	@BeforeEach
	void prepare(KafkaCluster started) throws Exception {
		this.cluster = started;
		this.probe = new KafkaProbe(started.bootstrapServers());
		int coordinator = coordinator();
		this.away = started.brokerIds().stream().filter((broker) -> broker != coordinator).findFirst().orElseThrow();
		create(this.topic, coordinator);
		create(this.deadLetters, this.away);
	}

	// Of the group, which is known before it has a member.
	private int coordinator() throws Exception {
		try {
			this.cluster.admin().describeConsumerGroups(List.of(this.group)).all().get();
		}
		catch (ExecutionException ex) {
			assertThat(ex).hasCauseInstanceOf(GroupIdNotFoundException.class);
		}
		int partitions = this.probe.partitions(OFFSETS);
		int partition = Utils.abs(this.group.hashCode()) % partitions;
		await().ignoreExceptions().until(() -> this.cluster.leaderOf(OFFSETS, partition) != KafkaCluster.NO_LEADER);
		return this.cluster.leaderOf(OFFSETS, partition);
	}

	@AfterEach
	void end() {
		this.cluster.restore();
		this.probe.close();
	}

	final void create(String name, int broker) throws Exception {
		this.cluster.admin()
			.createTopics(List.of(new NewTopic(name, Map.of(0, List.of(broker), 1, List.of(broker)))
				.configs(Map.of("min.insync.replicas", "1"))))
			.all()
			.get();
		await().ignoreExceptions().until(() -> this.cluster.leaderOf(name, 1) == broker);
	}

	final void awaitCommitted(int partition, long offset) {
		await().atMost(PATIENCE).until(() -> this.probe.committed(this.group, this.topic, partition) == offset);
	}

}
