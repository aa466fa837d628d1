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

package io.github.reliablekafka.sample.orders;

import java.time.Duration;
import java.util.List;
import java.util.UUID;

import io.github.reliablekafka.producer.ReliableKafkaTemplate;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabase;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseBuilder;
import org.springframework.jdbc.datasource.embedded.EmbeddedDatabaseType;
import org.springframework.kafka.support.serializer.JacksonJsonSerializer;
import org.springframework.test.web.servlet.assertj.MockMvcTester;
import org.springframework.test.web.servlet.assertj.MvcTestResult;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OrderController} and {@link OrderProblems}.
 */
class OrderControllerTests {

	private static final UUID ID = UUID.fromString("00000000-0000-0000-0000-000000000001");

	private static final String ORDER = """
			{"id": "%s", "item": "book", "quantity": 2}""".formatted(ID);

	private final EmbeddedDatabase database = new EmbeddedDatabaseBuilder().setType(EmbeddedDatabaseType.H2)
		.generateUniqueName(true)
		.addScript("schema.sql")
		.build();

	private final OrderRepository orders = new OrderRepository(JdbcClient.create(this.database));

	private MockProducer<String, Order> producer = producer(true);

	@AfterEach
	void shutDown() {
		this.database.shutdown();
	}

	@Test
	void placeWhenAcknowledgedIsAcceptedWithLocation() {
		MvcTestResult result = post(ORDER);
		assertThat(result).hasStatus(HttpStatus.ACCEPTED)
			.hasHeader("Location", "http://localhost/orders/" + ID)
			.bodyJson()
			.isStrictlyEqualTo(ORDER);
		assertThat(this.producer.history()).singleElement().satisfies((record) -> {
			assertThat(record.topic()).isEqualTo("orders");
			assertThat(record.key()).isEqualTo(ID.toString());
			assertThat(record.value()).isEqualTo(new Order(ID, "book", 2));
		});
	}

	@Test
	void placeWhenWithoutIdChoosesOne() {
		assertThat(post("""
				{"item": "book", "quantity": 2}""")).hasStatus(HttpStatus.ACCEPTED);
		assertThat(this.producer.history()).singleElement().extracting((record) -> record.value().id()).isNotNull();
	}

	@Test
	void placeWhenInvalidNamesEachField() {
		MvcTestResult result = post("""
				{"item": " ", "quantity": 0}""");
		assertThat(result).hasStatus(HttpStatus.BAD_REQUEST).hasContentType(MediaType.APPLICATION_PROBLEM_JSON);
		assertThat(result).bodyJson().extractingPath("errors").asMap().containsOnlyKeys("item", "quantity");
		assertThat(this.producer.history()).isEmpty();
	}

	@Test
	void placeWhenMalformedIsBadRequest() {
		assertThat(post("{\"item\": ")).hasStatus(HttpStatus.BAD_REQUEST)
			.hasContentType(MediaType.APPLICATION_PROBLEM_JSON);
		assertThat(post("{}")).hasStatus(HttpStatus.BAD_REQUEST).hasContentType(MediaType.APPLICATION_PROBLEM_JSON);
		assertThat(this.producer.history()).isEmpty();
	}

	@Test
	void placeWhenTooLargeIsContentTooLarge() {
		this.producer.sendException = new RecordTooLargeException("too large");
		MvcTestResult result = post(ORDER);
		assertThat(result).hasStatus(HttpStatus.CONTENT_TOO_LARGE);
		assertThat(result).bodyJson().extractingPath("reason").isEqualTo("record-too-large");
		assertThat(result).bodyJson().extractingPath("possiblyWritten").isEqualTo(false);
	}

	@Test
	void placeWhenNotAuthorizedIsServerError() {
		this.producer.sendException = new TopicAuthorizationException("orders");
		MvcTestResult result = post(ORDER);
		assertThat(result).hasStatus(HttpStatus.INTERNAL_SERVER_ERROR);
		assertThat(result).bodyJson().extractingPath("reason").isEqualTo("not-authorized");
	}

	@Test
	void placeWhenNotAcknowledgedInTimeIsUnavailableWithLocation() {
		this.producer = producer(false);
		MvcTestResult result = post(ORDER);
		assertThat(result).hasStatus(HttpStatus.SERVICE_UNAVAILABLE)
			.hasHeader("Location", "http://localhost/orders/" + ID)
			.hasContentType(MediaType.APPLICATION_PROBLEM_JSON);
		assertThat(result).bodyJson().extractingPath("id").isEqualTo(ID.toString());
	}

	@Test
	void findWhenNotFulfilledIsNotFound() {
		assertThat(mvc().get().uri("/orders/{id}", ID)).hasStatus(HttpStatus.NOT_FOUND);
	}

	@Test
	void findWhenFulfilledTwiceCountsDeliveries() {
		this.orders.fulfil(new Order(ID, "book", 2));
		this.orders.fulfil(new Order(ID, "book", 2));
		assertThat(mvc().get().uri("/orders/{id}", ID)).hasStatusOk().bodyJson().isStrictlyEqualTo("""
				{"id": "%s", "item": "book", "quantity": 2, "deliveries": 2}""".formatted(ID));
	}

	private MvcTestResult post(String body) {
		return mvc().post().uri("/orders").contentType(MediaType.APPLICATION_JSON).content(body).exchange();
	}

	private MockMvcTester mvc() {
		OrderService service = new OrderService(new ReliableKafkaTemplate<>(() -> this.producer));
		OrderController controller = new OrderController(service, this.orders, Duration.ofMillis(100));
		return MockMvcTester.of(List.of(controller),
				(builder) -> builder.setControllerAdvice(new OrderProblems()).build());
	}

	private static MockProducer<String, Order> producer(boolean autoComplete) {
		return new MockProducer<>(autoComplete, null, new StringSerializer(), new JacksonJsonSerializer<>());
	}

}
