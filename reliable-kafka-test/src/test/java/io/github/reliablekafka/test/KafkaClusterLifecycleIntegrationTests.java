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

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * How clusters start and end.
 */
class KafkaClusterLifecycleIntegrationTests {

	@Test
	void nodesEndWhenTheTestsJvmIsKilled(@TempDir Path directory) throws IOException {
		Process test = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
				System.getProperty("java.class.path"), KilledTestMain.class.getName(), directory.toString())
			.redirectError(ProcessBuilder.Redirect.INHERIT)
			.start();
		List<Long> pids = new ArrayList<>();
		try (BufferedReader output = test.inputReader()) {
			for (String line = output.readLine(); line != null && !line.isEmpty(); line = output.readLine()) {
				pids.add(Long.valueOf(line));
			}
			assertThat(pids).hasSize(2).allMatch((pid) -> ProcessHandle.of(pid).isPresent());
		}
		finally {
			test.destroyForcibly();
		}
		await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> assertThat(pids).noneMatch((pid) -> isAlive(pid)));
	}

	// Where nobody reaps orphans, a dead one stays in the process table without a
	// command.
	private static boolean isAlive(long pid) {
		return ProcessHandle.of(pid).flatMap((process) -> process.info().command()).isPresent();
	}

	@Test
	void clustersAtTheSameTimeAreApart() {
		try (KafkaCluster one = KafkaCluster.builder().brokers(1).combined(true).build().start();
				KafkaCluster other = KafkaCluster.builder().brokers(1).combined(true).links(false).build().start()) {
			assertThat(one.bootstrapServers()).isNotEqualTo(other.bootstrapServers());
			TopicPartition partition = new TopicPartition("orders", 0);
			one.createTopic("orders", 1);
			other.createTopic("orders", 1);
			TestRecords.send(one, partition, 0, 3);
			assertThat(one.endOffset(partition)).isEqualTo(3);
			assertThat(other.endOffset(partition)).isZero();
			one.kill(1);
			assertThat(other.liveBrokers()).containsExactly(1);
			one.restore();
			assertThat(TestRecords.read(one, partition)).hasSize(3);
			assertThatExceptionOfType(UnsupportedOperationException.class).isThrownBy(() -> other.cutOff(1));
		}
	}

	@Test
	void combinedClusterOutlivesOneBroker() {
		try (KafkaCluster cluster = KafkaCluster.builder().combined(true).build().start()) {
			TopicPartition partition = new TopicPartition("orders", 0);
			cluster.createTopic("orders", 1);
			cluster.cutOff(2);
			TestRecords.send(cluster, partition, 0, 3);
			await().atMost(Duration.ofSeconds(20))
				.untilAsserted(() -> assertThat(cluster.liveBrokers()).containsExactly(1, 3));
			cluster.kill(3);
			cluster.restore();
			cluster.awaitInSync("orders");
			assertThat(TestRecords.read(cluster, partition)).hasSize(3);
			assertThatIllegalStateException().isThrownBy(() -> cluster.uncleanElection(partition, () -> {
			}));
		}
	}

	@Test
	void startThatFailsTellsWhyAndKeepsTheLogs(@TempDir Path directory) {
		KafkaCluster cluster = KafkaCluster.builder()
			.brokers(1)
			.combined(true)
			.directory(directory)
			.property("num.io.threads", "many")
			.build();
		assertThatExceptionOfType(KafkaClusterException.class).isThrownBy(cluster::start)
			.withMessageContaining("Invalid value many for configuration num.io.threads")
			.withMessageContaining(directory.toString());
		assertThat(directory.resolve("node-1").resolve("server.log")).isNotEmptyFile();
		assertThat(cluster.pids()).isEmpty();
		cluster.close();
	}

	@Test
	void misuseIsRefused() {
		assertThatIllegalArgumentException().isThrownBy(() -> KafkaCluster.builder().brokers(0).build());
		assertThatIllegalArgumentException().isThrownBy(() -> KafkaCluster.builder().brokers(10).build());
		try (KafkaCluster cluster = KafkaCluster.builder().build()) {
			assertThatIllegalStateException().isThrownBy(cluster::liveBrokers);
			assertThatIllegalArgumentException().isThrownBy(() -> cluster.kill(4));
			assertThatIllegalStateException().isThrownBy(() -> cluster.pause(1));
		}
	}

}
