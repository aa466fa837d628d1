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

package io.github.reliablekafka.survey;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityAudit;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityLevel;
import io.github.reliablekafka.durability.DurabilityProperties;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.TopicUse;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.durability.Violation;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.timeout;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link DurabilityWatch}.
 */
class DurabilityWatchTests {

	private final DurabilityAudit audit = mock(DurabilityAudit.class);

	private final DurabilityBoard board = new DurabilityBoard(new SafetyGate(Set.of()));

	private Instant at = Instant.EPOCH;

	@Test
	void beanThatThrowsDoesNotEndTheLooks() throws Exception {
		UsedTopics topics = mock(UsedTopics.class);
		given(topics.find()).willThrow(new IllegalStateException("a bean of the application"));
		MockEnvironment environment = new MockEnvironment().withProperty("reliable.kafka.durability.interval", "10s");
		DurabilityProperties policy = Binder.get(environment)
			.bind("reliable.kafka.durability", DurabilityProperties.class)
			.get();
		DurabilityWatch watch = new DurabilityWatch(topics, new DeclaredTopics(), policy,
				new DurabilityBoard(new SafetyGate(Set.of())), (event) -> {
				}, Clock.systemUTC());
		Set<Thread> before = Thread.getAllStackTraces().keySet();
		watch.start();
		try {
			// Once to look, once to see whether there is another topic.
			verify(topics, timeout(10000).atLeast(2)).find();
			Thread thread = Thread.getAllStackTraces()
				.keySet()
				.stream()
				.filter((some) -> some.getName().equals("reliable-kafka-durability") && !before.contains(some))
				.findFirst()
				.orElseThrow();
			await().until(() -> thread.getState() == Thread.State.TIMED_WAITING
					|| thread.getState() == Thread.State.TERMINATED);
			assertThat(thread.isAlive()).isTrue();
			watch.destroy();
			thread.join(10000);
			assertThat(thread.isAlive()).isFalse();
		}
		finally {
			watch.destroy();
		}
	}

	@Test
	void startIsNotRefusedForWhatNoRefusedStartMends() throws Exception {
		look(List.of("topic.retention", "topic.in-sync", "topic.offline", "topic.absent"));
		SafetyGate gate = new SafetyGate(Set.of());
		watch("reliable.kafka.durability.on-violation", "fail").check(gate);
		gate.open();
		look(List.of("topic.retention", "topic.replicas"));
		SafetyGate other = new SafetyGate(Set.of());
		watch("reliable.kafka.durability.on-violation", "fail").check(other);
		assertThatExceptionOfType(UnsafeSettingsException.class).isThrownBy(other::open)
			.satisfies(
					(ex) -> assertThat(ex.violations()).extracting(Violation::risk).containsExactly("topic.replicas"));
	}

	@Test
	void oneLookThatFailsChangesNothing() {
		look(List.of());
		DurabilityWatch watch = watch("reliable.kafka.durability.interval", "10s");
		assertThat(watch.lookAtAll()).isTrue();
		given(this.audit.look(any(), any())).willThrow(new TimeoutException("away"));
		assertThat(watch.lookAtAll()).isFalse();
		assertThat(this.board.clusters()).allMatch((cluster) -> cluster.failure() == null);
		assertThat(watch.lookAtAll()).isFalse();
		assertThat(this.board.clusters()).allMatch((cluster) -> "away".equals(cluster.failure()));
	}

	@Test
	void clusterThatIsAwayDoesNotRefuseTheStartAndIsSaidAtOnce() {
		given(this.audit.address()).willReturn("here:9092");
		given(this.audit.look(any(), any())).willThrow(new TimeoutException("away"));
		SafetyGate gate = new SafetyGate(Set.of());
		watch("reliable.kafka.durability.on-violation", "fail").check(gate);
		gate.open();
		assertThat(this.board.clusters()).singleElement()
			.satisfies((cluster) -> assertThat(cluster.failure()).isEqualTo("away"));
	}

	@Test
	void whatIsNotOverSoonIsNotLookedAtOftenForEver() {
		DurabilityWatch watch = watch("reliable.kafka.durability.interval", "10s");
		look(List.of("topic.in-sync"));
		assertThat(watch.lookAtAll()).isFalse();
		this.at = this.at.plusSeconds(540);
		look(List.of("topic.in-sync"));
		assertThat(watch.lookAtAll()).isFalse();
		this.at = this.at.plusSeconds(60);
		look(List.of("topic.in-sync"));
		assertThat(watch.lookAtAll()).isTrue();
		look(List.of());
		assertThat(watch.lookAtAll()).isTrue();
		look(List.of("topic.in-sync"));
		assertThat(watch.lookAtAll()).isFalse();
	}

	@Test
	@ExtendWith(OutputCaptureExtension.class)
	void permissionThatIsTakenASecondTimeIsSaidASecondTime(CapturedOutput output) {
		DurabilityWatch watch = watch("reliable.kafka.durability.interval", "10s");
		given(this.audit.address()).willReturn("here:9092");
		for (int look = 0; look < 2; look++) {
			given(this.audit.look(any(), any()))
				.willReturn(cluster("here:9092", List.of(), List.of("settings: refused")));
			watch.lookAtAll();
			watch.lookAtAll();
			assertThat(output.getAll().split("Cannot tell everything about", -1)).hasSize(2 + look);
			given(this.audit.look(any(), any())).willReturn(cluster("here:9092", List.of(), List.of()));
			watch.lookAtAll();
		}
	}

	@Test
	void identityThatNoClientHasAnyMoreIsLetGo() {
		UsedTopics topics = mock(UsedTopics.class);
		Map<String, DurabilityAudit> audits = new HashMap<>();
		DurabilityWatch watch = watch("reliable.kafka.durability.interval", "10s", topics, (cluster) -> {
			String password = String.valueOf(cluster.connection().get("sasl.jaas.config"));
			DurabilityAudit created = mock(DurabilityAudit.class);
			given(created.address()).willReturn("here:9092");
			given(created.look(any(), any())).willReturn(cluster(password, List.of("topic.replicas")));
			assertThat(audits.put(password, created)).isNull();
			return created;
		});
		given(topics.find()).willReturn(List.of(cluster("first"), cluster("second")));
		watch.lookAtAll();
		assertThat(this.board.violations()).hasSize(2);
		given(topics.find()).willReturn(List.of(cluster("second"), cluster("third")));
		watch.lookAtAll();
		verify(audits.get("first")).close();
		verify(audits.get("second"), never()).close();
		assertThat(this.board.clusters()).extracting(ClusterDurability::cluster)
			.containsExactlyInAnyOrder("second", "third");
		given(topics.find()).willReturn(List.of());
		watch.lookAtAll();
		assertThat(this.board.clusters()).isEmpty();
		watch.destroy();
		verify(audits.get("third"), times(1)).close();
	}

	private static UsedCluster cluster(String password) {
		return new UsedCluster(Map.of("bootstrap.servers", "here:9092", "sasl.jaas.config", password));
	}

	private DurabilityWatch watch(String property, String value) {
		UsedTopics topics = mock(UsedTopics.class);
		given(topics.find()).willReturn(List.of(new UsedCluster(Map.of("bootstrap.servers", "here:9092"))));
		return watch(property, value, topics, (cluster) -> this.audit);
	}

	private DurabilityWatch watch(String property, String value, UsedTopics topics,
			Function<UsedCluster, DurabilityAudit> newAudit) {
		DurabilityProperties policy = Binder.get(new MockEnvironment().withProperty(property, value))
			.bind("reliable.kafka.durability", DurabilityProperties.class)
			.get();
		return new DurabilityWatch(topics, new DeclaredTopics(), policy, this.board, (event) -> {
		}, Clock.systemUTC(), newAudit);
	}

	private void look(List<String> risks) {
		given(this.audit.address()).willReturn("here:9092");
		given(this.audit.look(any(), any())).willReturn(cluster("here:9092", risks));
	}

	private ClusterDurability cluster(String name, List<String> risks) {
		return cluster(name, risks, List.of());
	}

	private ClusterDurability cluster(String name, List<String> risks, List<String> unknown) {
		List<Violation> violations = risks.stream()
			.map((risk) -> new Violation(risk, "topic 'orders'", "setting", "1", "2", "records go", "run it", null))
			.toList();
		TopicDurability topic = new TopicDurability(TopicUse.of("orders", TopicUse.Purpose.CONSUMED), true,
				DurabilityLevel.SERVER, DurabilityLevel.SERVER, DurabilityLevel.SERVER, null, violations, List.of(),
				unknown, Map.of());
		return new ClusterDurability(name, this.at, Duration.ZERO, null, Map.of(1, ""), List.of(), List.of(), List.of(),
				List.of(topic));
	}

}
