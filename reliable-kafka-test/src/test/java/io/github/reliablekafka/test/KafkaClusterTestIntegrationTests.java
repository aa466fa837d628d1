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
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;

import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

/**
 * Tests for {@link KafkaClusterTest}.
 */
@KafkaClusterTest(brokers = 1, combined = true, properties = "log.retention.hours=7")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class KafkaClusterTestIntegrationTests {

	private static final AtomicReference<Path> DIRECTORY = new AtomicReference<>();

	private static KafkaCluster cluster;

	@BeforeAll
	static void setCluster(KafkaCluster started) {
		cluster = started;
	}

	@Test
	@Order(1)
	void clusterIsInjectedWithItsProperties(KafkaCluster injected) throws InterruptedException, ExecutionException {
		assertThat(injected).isSameAs(cluster);
		ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
		assertThat(injected.admin()
			.describeConfigs(List.of(broker))
			.all()
			.get()
			.get(broker)
			.get("log.retention.hours")
			.value()).isEqualTo("7");
		injected.kill(1);
	}

	@Test
	@Order(2)
	void faultsAreUndoneBetweenTests() {
		assertThat(cluster.liveBrokers()).containsExactly(1);
		assertThat(cluster.pid(1)).isPositive();
	}

	@Test
	@Order(3)
	void directoryIsKeptAfterAFailureOnly() throws IOException {
		Events failed = run(Failing.class);
		failed.assertStatistics((statistics) -> statistics.failed(1));
		assertThat(DIRECTORY.get()).isDirectory();
		failed.failed()
			.assertThatEvents()
			.allSatisfy((event) -> assertThat(
					event.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow().getSuppressed()[0])
				.hasMessageContaining(DIRECTORY.get().toString()));
		ClusterProcesses.deleteTree(DIRECTORY.get());
		run(Passing.class).assertStatistics((statistics) -> statistics.succeeded(1));
		assertThat(DIRECTORY.get()).doesNotExist();
	}

	private static Events run(Class<?> testClass) {
		return EngineTestKit.engine("junit-jupiter")
			.selectors(DiscoverySelectors.selectClass(testClass))
			.execute()
			.testEvents();
	}

	@Nested
	class Inner {

		@Test
		void nestedClassHasTheSameCluster(KafkaCluster injected) {
			assertThat(injected).isSameAs(cluster);
		}

	}

	@KafkaClusterTest(brokers = 1, combined = true)
	static class Failing {

		@Test
		void failing(KafkaCluster injected) {
			DIRECTORY.set(injected.directory());
			fail("on purpose");
		}

	}

	@KafkaClusterTest(brokers = 1, combined = true, shared = true)
	static class Passing {

		@Test
		void passing(KafkaCluster injected) {
			DIRECTORY.set(injected.directory());
			assertThat(injected.directory()).isDirectory();
		}

	}

}
