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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityChangedEvent;
import io.github.reliablekafka.durability.DurabilityLevel;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.TopicUse;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.durability.Violation;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.testing.ApplicationOnBroker;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.TopicBuilder;
import org.springframework.kafka.core.KafkaTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link DurabilityWatch} in an application with one broker, as on a laptop.
 */
@ExtendWith(OutputCaptureExtension.class)
class DurabilityWatchIntegrationTests extends ApplicationOnBroker {

	private final String declared = "declared-" + this.topic;

	DurabilityWatchIntegrationTests() {
		super(SurveyAutoConfiguration.class, DurabilityAutoConfiguration.class, ReliableProducerAutoConfiguration.class,
				ReliableConsumerAutoConfiguration.class, KafkaAutoConfiguration.class);
	}

	@Test
	void laptopStartsWithOneWarning(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		run(Shop.class, (context) -> {
			ClusterDurability cluster = seen(context);
			assertThat(cluster.violations()).extracting(Violation::risk).contains("cluster.brokers");
			// What was seen is posted before it is said.
			await().untilAsserted(() -> assertThat(context.getBean(Shop.class).events).hasSize(1));
			assertThat(output.getOut().lines().filter((line) -> line.contains("Durability risk="))).singleElement()
				.asString()
				.contains("number of brokers is '1', required at least 3")
				.contains(this.topic)
				.contains("On a laptop set reliable.kafka.durability.level=process");
			assertThat(topic(cluster, this.topic).use().purposes()).contains(TopicUse.Purpose.CONSUMED);
			assertThat(topic(cluster, this.topic).use().groups()).containsExactly(this.group);
			assertThat(topic(cluster, this.topic).level()).isEqualTo(DurabilityLevel.PROCESS);
			assertThat(topic(cluster, this.topic).atMost()).isEqualTo(DurabilityLevel.PROCESS);
		});
	}

	@Test
	void laptopThatRequiresProcessesOnlyGetsNoWarning(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		run(Shop.class, (context) -> {
			assertThat(seen(context).isSafe()).isTrue();
			await().untilAsserted(() -> assertThat(output).contains("by what they survive: {process="));
			assertThat(output).doesNotContain("Durability risk=");
			assertThat(context.getBean(Shop.class).events).isEmpty();
		}, "reliable.kafka.durability.level=process");
	}

	@Test
	void declaredTopicIsCompletedAndOneThatExistsStaysAsItIs() {
		probe.createTopic(this.topic, 1);
		run(Declaring.class, (context) -> {
			assertThat(probe.partitions(this.declared)).isEqualTo(4);
			assertThat(probe.topicConfig(this.declared, "unclean.leader.election.enable")).isEqualTo("false");
			assertThat(topic(seen(context), this.declared).facts()).containsEntry("unclean.leader.election.enable",
					"false, set on the topic");
			assertThat(topic(seen(context), this.topic).facts()).containsEntry("unclean.leader.election.enable",
					"false, set by nobody");
			assertThat(topic(seen(context), this.topic).use().purposes()).contains(TopicUse.Purpose.DECLARED);
		});
	}

	@Test
	@SuppressWarnings("unchecked")
	void topicThatIsAlteredAndTopicThatIsSentToAreNoticed(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		run(Shop.class, (context) -> {
			seen(context);
			DurabilityWatch watch = context.getBean(DurabilityWatch.class);
			probe.alterTopic(this.topic, "retention.ms", "3600000");
			KafkaTemplate<String, String> template = context.getBean(KafkaTemplate.class);
			template.send("sent-" + this.topic, "value").get(60, TimeUnit.SECONDS);
			watch.lookAtAll();
			assertThat(output).contains("topic '" + this.topic + "' has changed: retention.ms was '")
				.contains("is '3600000, set on the topic'");
			assertThat(topic(seen(context), "sent-" + this.topic).use().purposes())
				.containsExactly(TopicUse.Purpose.PRODUCED);
			List<DurabilityChangedEvent> events = context.getBean(Shop.class).events;
			assertThat(events).isNotEmpty();
			assertThat(events.get(0).getChanges()).anyMatch((change) -> change.contains("has changed"));
		}, "reliable.kafka.durability.level=process");
	}

	@Test
	void violationsStopTheStartIfTheApplicationSaysSo() {
		probe.createTopic(this.topic, 1);
		this.runner.withUserConfiguration(Shop.class)
			.withPropertyValues("reliable.kafka.durability.topics[" + this.topic + "].on-violation=fail")
			.run((context) -> {
				assertThat(context).hasFailed();
				assertThat(context.getStartupFailure()).hasRootCauseInstanceOf(UnsafeSettingsException.class);
				assertThat(((UnsafeSettingsException) context.getStartupFailure().getCause()).violations())
					.extracting(Violation::risk)
					.containsExactly("topic.replicas");
			});
		run(Shop.class, (context) -> assertThat(seen(context).isSafe()).isFalse(),
				"reliable.kafka.durability.topics[" + this.topic + "].on-violation=fail",
				"reliable.kafka.durability.accept=topic.replicas");
		run(Shop.class, (context) -> assertThat(topic(seen(context), this.topic).isSafe()).isTrue(),
				"reliable.kafka.durability.on-violation=fail",
				"reliable.kafka.durability.accept=cluster.brokers,cluster.internal-topics",
				"reliable.kafka.durability.topics[*].level=none");
	}

	@Test
	void repairLeavesATopicWithOneReplicaAsItIs(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		run(Shop.class, (context) -> {
			assertThat(topic(seen(context), this.topic).violations()).isNotEmpty();
			assertThat(probe.topicConfig(this.topic, "min.insync.replicas")).isEqualTo("1");
			assertThat(output).doesNotContain("Altered topic");
		}, "reliable.kafka.durability.repair=true");
	}

	@Test
	void applicationDoesNotWaitForItsCluster() {
		long begun = System.nanoTime();
		run(Empty.class, (context) -> {
			// Much less than one look takes.
			assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
			assertThat(context.getBean(DurabilityWatch.class).isRunning()).isTrue();
			assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
				.contains("reliable-kafka-durability");
		}, "spring.kafka.bootstrap-servers=127.0.0.1:1");
	}

	private ClusterDurability seen(ApplicationContext context) {
		DurabilityBoard board = context.getBean(DurabilityBoard.class);
		await().until(() -> !board.clusters().isEmpty());
		assertThat(board.clusters()).hasSize(1);
		return board.clusters().iterator().next();
	}

	private static TopicDurability topic(ClusterDurability cluster, String name) {
		return cluster.topics().stream().filter((topic) -> topic.topic().equals(name)).findFirst().orElseThrow();
	}

	@Configuration(proxyBeanMethods = false)
	static class Empty {

	}

	@Configuration(proxyBeanMethods = false)
	static class Shop {

		final List<DurabilityChangedEvent> events = new CopyOnWriteArrayList<>();

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
		}

		@EventListener
		void changed(DurabilityChangedEvent event) {
			this.events.add(event);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Declaring {

		@Bean
		NewTopic created(Environment environment) {
			return TopicBuilder.name("declared-" + environment.getProperty("topic")).partitions(4).build();
		}

		@Bean
		NewTopic existing(Environment environment) {
			return TopicBuilder.name(environment.getRequiredProperty("topic")).build();
		}

	}

}
