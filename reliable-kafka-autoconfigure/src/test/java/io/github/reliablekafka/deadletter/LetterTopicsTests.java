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

package io.github.reliablekafka.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolTopics;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.ClusterAuthorizationException;
import org.apache.kafka.common.errors.InvalidReplicationFactorException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotControllerException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.support.KafkaHeaders;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LetterTopics} without a cluster.
 */
@ExtendWith(OutputCaptureExtension.class)
class LetterTopicsTests {

	private final LetterTopics topics = new LetterTopics(new DeadLetterProperties(true, "-dlt", Duration.ofSeconds(1),
			false, new DeadLetterProperties.Redrive(3, 100, "-parking", "rk-redrive")));

	@ParameterizedTest
	@CsvSource({ "orders-dlt, kafka_dlt-original-topic, orders, orders",
			"orders-dlt, kafka_original-topic, orders, orders", "orders-dlt, kafka_dlt-original-topic, others,",
			"orders, kafka_dlt-original-topic, orders,", "orders-dlt, origin, orders," })
	void deadLetterIsToldByItsHeaders(String topic, String header, String value, String model) {
		SpoolRecord record = new SpoolRecord(0, 1L, 1, null, new byte[1],
				List.of(new SpoolRecord.Field(header, value.getBytes(StandardCharsets.UTF_8))));
		assertThat(this.topics.modelOf(topic, record)).isEqualTo(model);
	}

	@ParameterizedTest
	@CsvSource({ "orders, others", "others, orders" })
	void deadLetterIsToldByAnyOfItsHeaders(String first, String second) {
		assertThat(this.topics.modelOf("orders-dlt",
				letter(KafkaHeaders.DLT_ORIGINAL_TOPIC, first, KafkaHeaders.ORIGINAL_TOPIC, second)))
			.isEqualTo("orders");
		assertThat(this.topics.modelOf("orders-dlt",
				letter(KafkaHeaders.DLT_ORIGINAL_TOPIC, first, KafkaHeaders.DLT_ORIGINAL_TOPIC, second)))
			.isEqualTo("orders");
		assertThat(this.topics.modelOf("else-dlt",
				letter(KafkaHeaders.DLT_ORIGINAL_TOPIC, first, KafkaHeaders.ORIGINAL_TOPIC, second)))
			.isNull();
	}

	@Test
	void headerWithoutAValueNamesNoTopic() {
		SpoolRecord record = new SpoolRecord(0, 1L, 1, null, new byte[1],
				List.of(new SpoolRecord.Field(KafkaHeaders.DLT_ORIGINAL_TOPIC, null)));
		assertThat(this.topics.modelOf("null-dlt", record)).isNull();
	}

	private static SpoolRecord letter(String header, String value, String otherHeader, String otherValue) {
		return new SpoolRecord(0, 1L, 1, null, new byte[1],
				List.of(new SpoolRecord.Field(header, value.getBytes(StandardCharsets.UTF_8)),
						new SpoolRecord.Field(otherHeader, otherValue.getBytes(StandardCharsets.UTF_8))));
	}

	@Test
	void onlyWhatSomebodyHasToMendIsRefused() {
		assertThat(
				List.of(new TopicAuthorizationException("on purpose"), new ClusterAuthorizationException("on purpose"),
						new PolicyViolationException("on purpose"), new InvalidTopicException("on purpose"),
						new KafkaException(new UnknownTopicOrPartitionException("on purpose"))))
			.allMatch(LetterTopics::isRefusal);
		assertThat(List.of(new TimeoutException("on purpose"), new InvalidReplicationFactorException("on purpose"),
				new NotControllerException("on purpose"), new AuthenticationException("on purpose"),
				new IllegalStateException("on purpose"), new OutOfMemoryError("on purpose")))
			.noneMatch(LetterTopics::isRefusal);
	}

	@Test
	void whateverIsInTheWayIsNoException(CapturedOutput output) {
		Map<String, Object> nobody = Map.of("bootstrap.servers", "localhost:1");
		assertThat(this.topics.provide(nobody, "orders-dlt", "orders", Duration.ofMillis(300)))
			.isEqualTo(SpoolTopics.Answer.NOT_NOW);
		assertThat(this.topics.provide(Map.of("bootstrap.servers", "no such host:x"), "orders-dlt", "orders",
				Duration.ofMillis(300)))
			.isEqualTo(SpoolTopics.Answer.NOT_NOW);
		assertThat(output).doesNotContain("is gone, and cannot be created again");
	}

}
