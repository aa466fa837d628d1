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

package io.github.reliablekafka.consumer;

import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for groups that have read what an unclean election took away. With
 * {@code auto.offset.reset=latest}, plain Spring Kafka passes over what is written
 * instead.
 */
@KafkaClusterTest(properties = { "group.initial.rebalance.delay.ms=0", "offsets.topic.num.partitions=1" })
@ExtendWith(OutputCaptureExtension.class)
class LogTruncationIntegrationTests {

	private static final Queue<String> seen = new ConcurrentLinkedQueue<>();

	private static KafkaCluster cluster;

	private TopicPartition partition;

	private ApplicationContextRunner runner;

	@BeforeAll
	static void connect(KafkaCluster started) {
		cluster = started;
	}

	@BeforeEach
	void configure(TestInfo test) {
		seen.clear();
		String name = test.getTestMethod().orElseThrow().getName();
		this.partition = new TopicPartition(name, 0);
		cluster.createTopic(name, 1, 3, Map.of("min.insync.replicas", "1"));
		this.runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(DurabilityAutoConfiguration.class,
					ReliableConsumerAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withUserConfiguration(Listener.class)
			.withPropertyValues("spring.kafka.bootstrap-servers=" + cluster.bootstrapServers(),
					"spring.kafka.consumer.group-id=" + name, "topic=" + name,
					"spring.kafka.consumer.auto-offset-reset=latest", "spring.kafka.listener.poll-timeout=500ms");
	}

	@Test
	void groupThatRunsGoesBackToWhereTheLogDiffers(CapturedOutput output) {
		this.runner.run((context) -> {
			await().until(() -> committed() != null);
			send("old", 0, 30);
			await().until(() -> committed().offset() == 30);
			cluster.uncleanElection(this.partition, () -> {
				send("lost", 30, 80);
				await().until(() -> committed().offset() == 80);
			});
			send("new", 30, 60);
			await().untilAsserted(() -> assertThat(seen).containsAll(values("new", 30, 60)));
			await().until(() -> committed().offset() == 60);
			assertThat(seen).filteredOn((value) -> value.startsWith("old")).hasSize(30);
			assertTruncated(output);
		});
	}

	@Test
	void groupThatComesBackGoesBackToWhereTheLogDiffers(CapturedOutput output) {
		this.runner.run((context) -> {
			await().until(() -> committed() != null);
			send("old", 0, 30);
			await().until(() -> committed().offset() == 30);
		});
		cluster.uncleanElection(this.partition, () -> {
			send("lost", 30, 80);
			this.runner.run((context) -> await().until(() -> committed().offset() == 80));
		});
		send("new", 30, 60);
		await().until(() -> {
			wakeCoordinator();
			return committed().offset() == 80;
		});
		this.runner.run((context) -> {
			await().untilAsserted(() -> assertThat(seen).containsAll(values("new", 30, 60)));
			await().until(() -> committed().offset() == 60);
			assertThat(seen).filteredOn((value) -> value.startsWith("old")).hasSize(30);
			assertTruncated(output);
		});
	}

	private void assertTruncated(CapturedOutput output) {
		assertThat(output).contains("The log of %s was cut off at 30: what group '%s' had read from there up to 79"
			.formatted(this.partition, this.partition.topic()));
	}

	private OffsetAndMetadata committed() {
		try {
			return cluster.admin()
				.listConsumerGroupOffsets(this.partition.topic())
				.partitionsToOffsetAndMetadata()
				.get()
				.get(this.partition);
		}
		catch (InterruptedException | ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

	// A coordinator that takes over may tell what was committed last only once something
	// is committed behind it.
	private void wakeCoordinator() throws Exception {
		cluster.admin()
			.alterConsumerGroupOffsets("another", Map.of(this.partition, new OffsetAndMetadata(0)))
			.all()
			.get(30, TimeUnit.SECONDS);
	}

	private void send(String prefix, int from, int to) {
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(
				Map.of("bootstrap.servers", cluster.bootstrapServers(), "request.timeout.ms", 3000),
				new StringSerializer(), new StringSerializer())) {
			for (String value : values(prefix, from, to)) {
				producer.send(new ProducerRecord<>(this.partition.topic(), 0, null, value)).get();
			}
		}
		catch (InterruptedException | ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static List<String> values(String prefix, int from, int to) {
		return IntStream.range(from, to).mapToObj((number) -> prefix + "-" + number).toList();
	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Listener {

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			seen.add(value);
		}

	}

}
