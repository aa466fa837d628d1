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

package io.github.reliablekafka.test;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Every fault against three real brokers, by its effect.
 */
class KafkaClusterIntegrationTests {

	private static final Duration FENCED = Duration.ofSeconds(20);

	private static KafkaCluster cluster;

	private static Duration startTime;

	private TopicPartition partition;

	@BeforeAll
	static void startCluster() {
		long start = System.nanoTime();
		cluster = KafkaCluster.builder().brokers(3).build().start();
		startTime = Duration.ofNanos(System.nanoTime() - start);
	}

	@AfterAll
	static void closeCluster() {
		Path directory = cluster.directory();
		List<Long> pids = cluster.pids();
		cluster.close();
		assertThat(directory).doesNotExist();
		assertThat(pids).hasSize(4).allSatisfy((pid) -> assertThat(ProcessHandle.of(pid)).isEmpty());
	}

	@BeforeEach
	void createTopic(TestInfo test) {
		cluster.restore();
		this.partition = new TopicPartition(test.getTestMethod().orElseThrow().getName(), 0);
		cluster.createTopic(this.partition.topic(), 1, 3, Map.of("min.insync.replicas", "2"));
	}

	@Test
	void startWhenThreeBrokersTakesSeconds() {
		System.out.println("3 brokers and a controller up in " + startTime.toMillis() + " ms");
		assertThat(startTime).isLessThan(Duration.ofMinutes(3));
		assertThat(cluster.brokerIds()).containsExactly(1, 2, 3);
		assertThat(cluster.liveBrokers()).containsExactly(1, 2, 3);
		assertThat(cluster.bootstrapServers()).matches("(127\\.0\\.0\\.1:\\d+,?){3}");
		assertThat(cluster.isr(this.partition.topic(), 0)).containsExactly(1, 2, 3);
	}

	@Test
	void killMovesTheLeaderAndKeepsTheRecords() {
		TestRecords.send(cluster, this.partition, 0, 10);
		int leader = leader();
		long pid = cluster.pid(leader);
		cluster.kill(leader);
		assertThat(ProcessHandle.of(pid)).isEmpty();
		await().atMost(FENCED).untilAsserted(() -> {
			assertThat(leader()).isNotIn(leader, KafkaCluster.NO_LEADER);
			assertThat(cluster.isr(this.partition.topic(), 0)).hasSize(2).doesNotContain(leader);
		});
		TestRecords.send(cluster, this.partition, 10, 20);
		assertThat(TestRecords.read(cluster, this.partition)).isEqualTo(values(0, 20));
		assertThatIllegalStateException().isThrownBy(() -> cluster.pid(leader));
	}

	@Test
	void restartAfterKillKeepsPortAndRecords() {
		TestRecords.send(cluster, this.partition, 0, 10);
		String bootstrapServers = cluster.bootstrapServers();
		int leader = leader();
		cluster.kill(leader);
		cluster.restart(leader);
		assertThat(cluster.liveBrokers()).contains(leader);
		assertThat(cluster.bootstrapServers()).isEqualTo(bootstrapServers);
		cluster.awaitInSync(this.partition.topic());
		assertThat(TestRecords.read(cluster, this.partition)).isEqualTo(values(0, 10));
	}

	@Test
	void stopHandsLeadershipOverAtOnce() {
		int leader = leader();
		cluster.stop(leader);
		assertThat(leader()).isNotIn(leader, KafkaCluster.NO_LEADER);
		assertThat(cluster.liveBrokers()).doesNotContain(leader);
		cluster.restart(leader);
		assertThat(cluster.liveBrokers()).contains(leader);
	}

	@Test
	void pauseFencesTheBrokerUntilItResumes() {
		int leader = leader();
		cluster.pause(leader);
		awaitOtherLeader(leader);
		assertThatIllegalStateException().isThrownBy(() -> cluster.stop(leader)).withMessageContaining("paused");
		TestRecords.send(cluster, this.partition, 0, 10);
		cluster.resume(leader);
		await().atMost(FENCED).untilAsserted(() -> assertThat(cluster.liveBrokers()).contains(leader));
		cluster.awaitInSync(this.partition.topic());
	}

	@Test
	void cutOffIsFromClientsAndNodesUntilReconnect() {
		int leader = leader();
		cluster.cutOff(leader);
		assertThat(reachable(leader)).isFalse();
		awaitOtherLeader(leader);
		TestRecords.send(cluster, this.partition, 0, 10);
		assertThat(ProcessHandle.of(cluster.pid(leader))).isPresent();
		cluster.reconnect(leader);
		cluster.awaitInSync(this.partition.topic());
		assertThat(reachable(leader)).isTrue();
		assertThat(TestRecords.read(cluster, this.partition)).isEqualTo(values(0, 10));
	}

	// Each may be told by another broker.
	private void awaitOtherLeader(int leader) {
		await().atMost(FENCED).untilAsserted(() -> {
			assertThat(cluster.liveBrokers()).doesNotContain(leader);
			assertThat(leader()).isNotIn(leader, KafkaCluster.NO_LEADER);
		});
	}

	@Test
	void cutOffFromClientsLeavesTheLeader() {
		int leader = leader();
		cluster.cutOffFromClients(leader);
		assertThat(reachable(leader)).isFalse();
		await().during(Duration.ofSeconds(5)).atMost(FENCED).until(() -> leader() == leader);
		assertThat(cluster.isr(this.partition.topic(), 0)).containsExactly(1, 2, 3);
	}

	@Test
	void cutOffFromNodesLosesWhatTheOldLeaderAloneAcknowledges() {
		TestRecords.send(cluster, this.partition, 0, 5);
		int leader = leader();
		try (KafkaProducer<String, String> producer = TestRecords.producer(address(leader),
				Map.of("acks", "1", "enable.idempotence", false, "metadata.max.age.ms", 600_000))) {
			TestRecords.send(producer, this.partition, "value-5");
			await().until(() -> cluster.endOffset(this.partition) == 6);
			cluster.cutOffFromNodes(leader);
			await().atMost(FENCED).untilAsserted(() -> assertThat(cluster.liveBrokers()).doesNotContain(leader));
			assertThat(TestRecords.send(producer, this.partition, "lost").hasOffset()).isTrue();
		}
		cluster.reconnect(leader);
		cluster.awaitInSync(this.partition.topic());
		assertThat(TestRecords.read(cluster, this.partition)).isEqualTo(values(0, 6));
	}

	@Test
	void uncleanElectionTruncatesAcknowledgedRecords() {
		TestRecords.send(cluster, this.partition, 0, 30);
		int before = leader();
		int after = cluster.uncleanElection(this.partition,
				() -> assertThat(TestRecords.send(cluster, this.partition, 30, 80)).last()
					.satisfies((last) -> assertThat(last.offset()).isEqualTo(79)));
		assertThat(after).isNotEqualTo(before);
		assertThat(cluster.endOffset(this.partition)).isEqualTo(30);
		assertThat(TestRecords.read(cluster, this.partition)).isEqualTo(values(0, 30));
		assertThat(cluster.isr(this.partition.topic(), 0)).isEqualTo(Set.of(1, 2, 3));
	}

	@Test
	void deleteRecordsMovesTheStart() {
		TestRecords.send(cluster, this.partition, 0, 10);
		cluster.deleteRecords(this.partition, 4);
		assertThat(cluster.beginningOffset(this.partition)).isEqualTo(4);
		assertThat(cluster.endOffset(this.partition)).isEqualTo(10);
		assertThat(TestRecords.read(cluster, this.partition)).isEqualTo(values(4, 10));
	}

	@Test
	void restoreUndoesEveryFault() {
		cluster.kill(1);
		cluster.pause(2);
		cluster.cutOff(3);
		cluster.restore();
		cluster.awaitInSync(this.partition.topic());
		assertThat(cluster.liveBrokers()).containsExactly(1, 2, 3);
		assertThat(List.of(1, 2, 3)).allMatch(this::reachable);
	}

	@Test
	void nodesLogToTheirDirectory() {
		assertThat(List.of("node-1", "node-2", "node-3", "node-100"))
			.allSatisfy((node) -> assertThat(Files.readString(cluster.directory().resolve(node).resolve("server.log")))
				.contains("Kafka Server started"));
	}

	@Test
	void nodesShareTheirClasses() throws IOException {
		String property = System.getProperty(ClassArchive.PROPERTY);
		assumeTrue(property != null, "not run by the build");
		Path archive = Path.of(property);
		// Another JVM may have been making it when the cluster started.
		await().atMost(Duration.ofSeconds(60)).until(() -> Files.exists(archive));
		cluster.restart(1);
		Path maps = Path.of("/proc", Long.toString(cluster.pid(1)), "maps");
		assumeTrue(Files.exists(maps));
		assertThat(Files.readString(maps)).contains(archive.toString());
	}

	@Test
	void topicIsNotCreatedByItself() {
		assertThatExceptionOfType(KafkaClusterException.class).isThrownBy(() -> cluster.leaderOf("nothing", 0))
			.withMessageContaining("UnknownTopicOrPartition");
	}

	private int leader() {
		return cluster.leaderOf(this.partition.topic(), 0);
	}

	private boolean reachable(int broker) {
		String address = address(broker);
		int colon = address.indexOf(':');
		try (Socket socket = new Socket(address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)))) {
			return socket.isConnected();
		}
		catch (IOException ex) {
			return false;
		}
	}

	private static String address(int broker) {
		return Pattern.compile(",").splitAsStream(cluster.bootstrapServers()).toList().get(broker - 1);
	}

	private static List<String> values(int from, int to) {
		return IntStream.range(from, to).mapToObj((number) -> "value-" + number).toList();
	}

}
