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

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityLevel;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.Violation;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.config.TopicBuilder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests of declared topics, and of topics that are altered, in a cluster of three brokers
 * whose own defaults lose records.
 */
@KafkaClusterTest(properties = { "default.replication.factor=1", "min.insync.replicas=1" })
@ExtendWith(OutputCaptureExtension.class)
class TopicRepairIntegrationTests {

	@Test
	void newTopicsAreDurableAndOthersAreAlteredOnlyIfTheApplicationAsks(KafkaCluster cluster, CapturedOutput output) {
		cluster.createTopic("weak", 1, 3, Map.of());
		cluster.createTopic("single", 1, 1, Map.of());
		ApplicationContextRunner runner = application(cluster);
		try (KafkaProbe probe = new KafkaProbe(cluster.bootstrapServers())) {
			runner.run((context) -> {
				assertThat(topic(context, "created").level()).isEqualTo(DurabilityLevel.SERVER);
				assertThat(topic(context, "created").facts()).containsEntry("replicas", "3")
					.containsEntry("min.insync.replicas", "2, set on the topic");
				assertThat(topic(context, "weak").violations()).extracting(Violation::risk)
					.containsExactly("topic.min-in-sync-replicas");
				assertThat(probe.topicConfig("weak", "min.insync.replicas")).isEqualTo("1");
				assertThat(output).doesNotContain("Altered topic");
			});
			runner.withPropertyValues("reliable.kafka.durability.repair=true").run((context) -> {
				assertThat(topic(context, "weak").violations()).isEmpty();
				assertThat(topic(context, "weak").advice()).extracting(Violation::risk)
					.containsExactly("topic.unclean-election");
				assertThat(probe.topicConfig("weak", "min.insync.replicas")).isEqualTo("2");
				assertThat(topic(context, "single").violations()).extracting(Violation::risk)
					.containsExactly("topic.replicas");
				assertThat(output.getOut().lines().filter((line) -> line.contains("Altered topic"))).hasSize(1)
					.allMatch((line) -> line.contains("Altered topic 'weak' because"));
			});
		}
	}

	@Test
	@Tag("chaos")
	void brokersThatDieAreSaidAndLooksStayShort(KafkaCluster cluster, CapturedOutput output) {
		application(cluster).run((context) -> {
			assertThat(topic(context, "created").level()).isEqualTo(DurabilityLevel.SERVER);
			DurabilityWatch watch = context.getBean(DurabilityWatch.class);
			cluster.kill(1);
			long started = System.nanoTime();
			watch.lookAtAll();
			assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(20));
			assertThat(context.getBean(DurabilityBoard.class).clusters()).allMatch((seen) -> seen.failure() == null);
			await().atMost(Duration.ofSeconds(20)).until(() -> cluster.isr("created", 0).size() == 2);
			watch.lookAtAll();
			assertThat(output).contains("topic 'created' has changed: fewest-in-sync was '3' and is '2'");
			assertThat(output).doesNotContain("risk=topic.in-sync");
			cluster.kill(2);
			await().atMost(Duration.ofSeconds(20)).until(() -> cluster.isr("created", 0).size() == 1);
			watch.lookAtAll();
			// Brokers are believed to come back for two minutes, but it is said at once.
			assertThat(output.getOut().lines()).anyMatch((line) -> line.contains(" WARN ") && line
				.contains("topic 'created' has changed: fewest-in-sync was '2' and is '1'; it survives server"));
			assertThat(output).doesNotContain("risk=topic.in-sync");
			cluster.restore();
			cluster.awaitInSync("created");
			watch.lookAtAll();
			assertThat(output).contains("topic 'created' has changed: fewest-in-sync was '1' and is '3'");
		});
	}

	private static ApplicationContextRunner application(KafkaCluster cluster) {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(SurveyAutoConfiguration.class, DurabilityAutoConfiguration.class,
					ReliableProducerAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
					KafkaAutoConfiguration.class))
			.withPropertyValues("spring.kafka.bootstrap-servers=" + cluster.bootstrapServers())
			.withUserConfiguration(Declaring.class);
	}

	private static TopicDurability topic(ApplicationContext context, String name) {
		DurabilityBoard board = context.getBean(DurabilityBoard.class);
		await().until(() -> !board.clusters().isEmpty());
		List<TopicDurability> topics = board.clusters().iterator().next().topics();
		return topics.stream().filter((topic) -> topic.topic().equals(name)).findFirst().orElseThrow();
	}

	@Configuration(proxyBeanMethods = false)
	static class Declaring {

		@Bean
		NewTopic created() {
			return TopicBuilder.name("created").partitions(2).build();
		}

		@Bean
		NewTopic weak() {
			return TopicBuilder.name("weak").build();
		}

		@Bean
		NewTopic single() {
			return TopicBuilder.name("single").build();
		}

	}

}
