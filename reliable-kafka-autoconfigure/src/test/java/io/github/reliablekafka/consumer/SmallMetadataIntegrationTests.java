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

import java.time.Duration;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.testing.KafkaProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.context.EmbeddedKafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for commits to a broker that takes little beside an offset.
 */
@ExtendWith(OutputCaptureExtension.class)
@EmbeddedKafka(partitions = 1,
		brokerProperties = { "offset.metadata.max.bytes=20", "group.initial.rebalance.delay.ms=0",
				"transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1" })
class SmallMetadataIntegrationTests {

	private static KafkaProbe probe;

	private static EmbeddedKafkaBroker broker;

	private final String topic = "orders-" + UUID.randomUUID();

	private final String group = "group-" + UUID.randomUUID();

	@BeforeAll
	static void connect(EmbeddedKafkaBroker embedded) {
		broker = embedded;
		probe = new KafkaProbe(embedded.getBrokersAsString());
	}

	@AfterAll
	static void disconnect() {
		probe.close();
	}

	@ParameterizedTest
	@CsvSource({ "classic,true,false", "classic,false,false", "consumer,false,false", "classic,true,true" })
	void containerCommitsWithoutMetadata(String protocol, boolean sync, boolean transactional, CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
							ReliableProducerAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withPropertyValues("spring.kafka.bootstrap-servers=" + broker.getBrokersAsString(),
					"spring.kafka.consumer.group-id=" + this.group, "topic=" + this.topic,
					"spring.kafka.consumer.properties[group.protocol]=" + protocol,
					"spring.kafka.listener.sync-commits=" + sync,
					transactional ? "spring.kafka.producer.transaction-id-prefix=" + this.group : "unused=")
			.withUserConfiguration(Listener.class)
			.run((context) -> {
				for (int i = 0; i < 20; i++) {
					probe.send(this.topic, 0, "a", "value-" + i);
				}
				Listener listener = context.getBean(Listener.class);
				// Each once, except in the transaction that finds out.
				await().atMost(Duration.ofSeconds(40))
					.until(() -> listener.values.contains("value-19")
							&& probe.committed(this.group, this.topic, 0) >= 20);
				assertThat(probe.committedOffset(this.group, this.topic, 0).metadata()).isEmpty();
			});
		assertThat(output.getOut().split("offset.metadata.max.bytes", -1)).hasSize(2);
	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Listener {

		private final Queue<String> values = new ConcurrentLinkedQueue<>();

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.values.add(value);
		}

	}

}
