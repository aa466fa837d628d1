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

package io.github.reliablekafka;

import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.ReliableKafkaTemplate;
import org.junit.jupiter.api.Test;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.kafka.KafkaContainer;
import org.testcontainers.utility.DockerImageName;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.testcontainers.service.connection.ServiceConnection;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that an application finds its cluster by {@code @ServiceConnection} as without
 * the starter. Skipped, with the reason in the report, where no Docker engine answers.
 */
@SpringBootTest(properties = "spring.kafka.consumer.group-id=service-connection")
@Testcontainers(disabledWithoutDocker = true)
class ServiceConnectionDockerIntegrationTests {

	@Container
	@ServiceConnection
	static KafkaContainer kafka = new KafkaContainer(DockerImageName.parse("apache/kafka:4.2.1"));

	@Autowired
	private ReliableKafkaTemplate<String, String> template;

	@Autowired
	private DeliveryLedger ledger;

	@Autowired
	private Queue<String> received;

	@Test
	void recordIsDeliveredAndReceived() {
		assertThat(this.template.deliver("orders", "key", "value")).succeedsWithin(Duration.ofMinutes(1));
		await().atMost(Duration.ofMinutes(1)).until(() -> this.received.contains("value"));
		assertThat(this.ledger.deliveries("orders").delivered()).isOne();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		@Bean
		Queue<String> received() {
			return new ConcurrentLinkedQueue<>();
		}

		@Bean
		Listener listener(Queue<String> received) {
			return new Listener(received);
		}

	}

	record Listener(Queue<String> received) {

		@KafkaListener(topics = "orders")
		void receive(String value) {
			this.received.add(value);
		}

	}

}
