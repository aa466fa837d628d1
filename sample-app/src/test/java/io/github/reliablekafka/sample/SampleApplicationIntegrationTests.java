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

package io.github.reliablekafka.sample;

import java.time.Duration;
import java.util.UUID;

import io.github.reliablekafka.test.KafkaCluster;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.ExitCodeGenerator;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.test.web.servlet.client.RestTestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs the whole sample: load on three brokers of which one is killed, then requests.
 */
@ExtendWith(OutputCaptureExtension.class)
class SampleApplicationIntegrationTests {

	private static ConfigurableApplicationContext context;

	private static RestTestClient client;

	@BeforeAll
	static void run() {
		context = SampleApplication.run("--sample.load=9s", "--sample.rate=200", "--server.port=0");
		client = RestTestClient.bindToServer()
			.baseUrl("http://localhost:" + context.getEnvironment().getProperty("local.server.port"))
			.build();
	}

	@AfterAll
	static void stop() {
		context.close();
	}

	@Test
	void ordersWhenBrokerIsKilledAreNotLost(CapturedOutput output) {
		assertThat(output).contains("Broker 2 killed").contains("Broker 2 back");
		assertThat(output.getOut().lines().filter((line) -> line.startsWith("accepted="))).singleElement()
			.asString()
			.matches("accepted=1800 delivered=1800 processed=1791 duplicates=\\d+ dead-lettered=9 lost=0");
		assertThat(context.getBean(ExitCodeGenerator.class).getExitCode()).isZero();
		assertThat(context.getBean(KafkaCluster.class).liveBrokers()).containsExactly(1, 2, 3);
	}

	@Test
	void orderWhenPlacedIsFulfilledOnce() {
		UUID id = UUID.randomUUID();
		client.get().uri("/orders/{id}", id).exchange().expectStatus().isNotFound();
		place(id, "book").expectStatus().isAccepted();
		Awaitility.await()
			.atMost(Duration.ofSeconds(60))
			.untilAsserted(() -> client.get().uri("/orders/{id}", id).exchange().expectBody().json("""
					{"id": "%s", "item": "book", "quantity": 2, "deliveries": 1}""".formatted(id)));
	}

	@Test
	void orderWhenTooLargeIsRefused() {
		place(UUID.randomUUID(), "x".repeat(2_000_000)).expectStatus().isEqualTo(HttpStatus.CONTENT_TOO_LARGE);
	}

	@Test
	void reliabilityWhenLoadIsOverIsBalanced() {
		client.get()
			.uri("/reliability")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$.deliveries.orders.inFlight")
			.isEqualTo(0)
			.jsonPath("$.deliveries.orders.delivered")
			.value(Integer.class, (delivered) -> assertThat(delivered).isGreaterThanOrEqualTo(1800))
			.jsonPath("$.acceptedRisks")
			.isEmpty();
	}

	@Test
	void actuatorTellsWhatTheTopicsSurvive() {
		Awaitility.await()
			.atMost(Duration.ofSeconds(90))
			.untilAsserted(() -> client.get()
				.uri("/actuator/reliablekafka/durability")
				.exchange()
				.expectStatus()
				.isOk()
				.expectBody()
				.jsonPath("$.clusters[0].topics[?(@.topic == 'orders')].level")
				.isEqualTo("server")
				.jsonPath("$.clusters[0].topics[?(@.topic == 'orders-dlt')].level")
				.isEqualTo("server")
				.jsonPath("$.clusters[0].violations")
				.isEmpty());
		client.get()
			.uri("/actuator/reliablekafka/clients")
			.exchange()
			.expectBody()
			.jsonPath("$.clients[?(@.kind == 'producer')].settings.acks.value")
			.isEqualTo("all");
		client.get().uri("/actuator/reliablekafka/nothing").exchange().expectStatus().isNotFound();
		client.get()
			.uri("/actuator/health")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody()
			.jsonPath("$.components.reliableKafka.components.listeners.status")
			.isEqualTo("UP");
		client.get()
			.uri("/actuator/prometheus")
			.exchange()
			.expectStatus()
			.isOk()
			.expectBody(String.class)
			.value((scrape) -> assertThat(scrape).contains("reliable_kafka_durability_topics{level=\"server\"}",
					"reliable_kafka_producer_records_total{outcome=\"delivered\",topic=\"orders\"}"));
	}

	private static RestTestClient.ResponseSpec place(UUID id, String item) {
		return client.post().uri("/orders").contentType(MediaType.APPLICATION_JSON).body("""
				{"id": "%s", "item": "%s", "quantity": 2}""".formatted(id, item)).exchange();
	}

}
