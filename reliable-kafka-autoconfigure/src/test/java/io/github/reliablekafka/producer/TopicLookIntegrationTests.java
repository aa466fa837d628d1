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

package io.github.reliablekafka.producer;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.producer.TopicLook.Found;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolTopics;
import io.github.reliablekafka.test.KafkaCluster;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link TopicLook} on a broker.
 */
class TopicLookIntegrationTests {

	private static final KafkaCluster cluster = KafkaCluster.builder()
		.brokers(1)
		.property("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
		.property("allow.everyone.if.no.acl.found", "true")
		.build();

	private final String topic = "orders-" + UUID.randomUUID();

	private final String gone = "gone-" + UUID.randomUUID();

	@BeforeAll
	static void start() {
		cluster.start();
	}

	@AfterAll
	static void stop() {
		cluster.close();
	}

	@Test
	void onlyWhatTheClusterDoesNotKnowIsGone() throws Exception {
		String hidden = "hidden-" + this.topic;
		cluster.createTopic(hidden, 1, 1, Map.of());
		cluster.createTopic(this.topic, 3, 1, Map.of());
		cluster.admin()
			.createAcls(List.of(new AclBinding(new ResourcePattern(ResourceType.TOPIC, hidden, PatternType.LITERAL),
					new AccessControlEntry("User:somebody", "*", AclOperation.DESCRIBE, AclPermissionType.ALLOW))))
			.all()
			.get(30, TimeUnit.SECONDS);
		TopicLook look = look(clusterId());
		// The broker may yet have to hear of what was decided.
		await().atMost(Duration.ofSeconds(30)).until(() -> look.partitionCount(hidden) == Integer.MAX_VALUE);
		assertThat(look.partitionCount(this.topic)).isEqualTo(3);
		assertThat(look.partitionCount(this.gone)).isZero();
		assertThat(look.partitionCount("not a name")).isZero();
	}

	@Test
	void anotherClusterDecidesNothingAndNothingIsCreatedThere() throws Exception {
		TopicLook look = look("another");
		assertThat(look.partitionCount(this.gone)).isEqualTo(Integer.MAX_VALUE);
		assertThat(look.begin(Map.of(this.gone, "model")).get(30, TimeUnit.SECONDS)).isEmpty();
		assertThat(topics()).doesNotContain(this.gone);
	}

	@Test
	void whatIsGoneIsCreatedIfItHasAModel() throws Exception {
		String plain = "plain-" + this.gone;
		Map<String, Found> found = look(clusterId()).begin(Map.of(this.gone, "model", plain, ""))
			.get(30, TimeUnit.SECONDS);
		assertThat(found).containsOnly(Map.entry(this.gone, new Found(0, SpoolTopics.Answer.THERE)),
				Map.entry(plain, new Found(0, null)));
		assertThat(topics()).contains(this.gone).doesNotContain(plain);
	}

	@Test
	void nothingIsAskedAndCreatedOnceItIsStopped() throws Exception {
		TopicLook look = look(clusterId());
		look.stop();
		assertThat(look.begin(Map.of(this.gone, "model")).get(30, TimeUnit.SECONDS)).isEmpty();
		assertThat(topics()).doesNotContain(this.gone);
	}

	private static TopicLook look(String clusterId) {
		return new TopicLook(() -> Map.of("bootstrap.servers", cluster.bootstrapServers(), "client.id", "look"),
				() -> clusterId, Creating::new);
	}

	private static String clusterId() throws Exception {
		return cluster.admin().describeCluster().clusterId().get(30, TimeUnit.SECONDS);
	}

	private static Iterable<String> topics() throws Exception {
		return cluster.admin().listTopics().names().get(30, TimeUnit.SECONDS);
	}

	private static final class Creating implements SpoolTopics {

		@Override
		public @Nullable String modelOf(String topic, SpoolRecord record) {
			return null;
		}

		@Override
		public Answer provide(Map<String, Object> connection, String topic, String model, Duration timeout) {
			cluster.createTopic(topic, 1, 1, Map.of());
			return Answer.THERE;
		}

	}

}
