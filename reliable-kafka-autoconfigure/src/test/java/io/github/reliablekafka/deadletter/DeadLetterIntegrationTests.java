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
import java.util.List;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for dead letters against a broker.
 */
class DeadLetterIntegrationTests extends DeadLetterSetup {

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void recordWhenNotReadableIsDeadLetteredByteForByteAndTheOthersAreProcessed(String protocol) {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, POISON, POISON, new RecordHeader("rk", KafkaProbe.bytes("number")));
		probe.send(this.topic, 0, "a", (String) null);
		probe.send(this.topic, 0, "a", "two");
		run(RecordListener.class, (context) -> {
			Seen seen = context.getBean(Seen.class);
			await().until(() -> seen.values.size() == 3);
			assertThat(seen.values).containsExactly("ONE", "null", "TWO");
			await().until(() -> probe.committed(this.group, this.topic, 0) == 4);
			assertThat(probe.records(this.deadLetters)).singleElement().satisfies((letter) -> {
				assertThat(letter.value()).isEqualTo(POISON);
				assertThat(letter.key()).isEqualTo(POISON);
				assertThat(header(letter, "origin")).isEqualTo("probe");
				assertThat(letter.headers().lastHeader("rk")).isNull();
				assertThat(header(letter, "rk-orig")).isEqualTo("number");
				assertThat(header(letter, KafkaHeaders.DLT_ORIGINAL_TOPIC)).isEqualTo(this.topic);
				assertThat(header(letter, KafkaHeaders.DLT_ORIGINAL_CONSUMER_GROUP)).isEqualTo(this.group);
				assertThat(header(letter, KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN)).contains("DeserializationException");
			});
			assertThat(count(context, ConsumptionOutcome.PROCESSED)).isEqualTo(3);
			assertThat(count(context, ConsumptionOutcome.FAILED)).isEqualTo(1);
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTERED)).isEqualTo(1);
		}, "spring.kafka.consumer.properties[group.protocol]=" + protocol);
	}

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void batchWhenSomeAreNotReadableIsProcessedWithoutThemAndTheyAreDeadLettered(String protocol) {
		probe.createTopic(this.topic, 2);
		for (int partition = 0; partition < 2; partition++) {
			probe.send(this.topic, partition, "k", "a" + partition);
			probe.send(this.topic, partition, "k".getBytes(StandardCharsets.UTF_8), POISON);
			probe.send(this.topic, partition, "k".getBytes(StandardCharsets.UTF_8), POISON);
			probe.send(this.topic, partition, "k", (String) null);
			probe.send(this.topic, partition, "k", "b" + partition);
			probe.send(this.topic, partition, "k".getBytes(StandardCharsets.UTF_8), POISON);
		}
		run(BatchListener.class, (context) -> {
			Seen seen = context.getBean(Seen.class);
			await().until(() -> probe.committed(this.group, this.topic, 0) == 6
					&& probe.committed(this.group, this.topic, 1) == 6);
			assertThat(seen.values).containsExactlyInAnyOrder("A0", "null", "B0", "A1", "null", "B1");
			assertThat(probe.records(this.deadLetters)).hasSize(6)
				.allSatisfy((letter) -> assertThat(letter.value()).isEqualTo(POISON))
				.filteredOn((letter) -> letter.partition() == 1)
				.hasSize(3);
			assertThat(probe.partitions(this.deadLetters)).isEqualTo(2);
			assertThat(count(context, ConsumptionOutcome.PROCESSED)).isEqualTo(6);
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTERED)).isEqualTo(6);
		}, "spring.kafka.listener.type=batch", "spring.kafka.consumer.properties[group.protocol]=" + protocol);
	}

	@Test
	void recordWhenListenerAlwaysFailsIsDeadLetteredByteForByteAfterTheLastAttempt() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		probe.send(this.topic, 0, "a", "fine");
		run(RecordListener.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 2);
			assertThat(context.getBean(Seen.class).values).containsExactly("FAIL", "FAIL", "FAIL", "FINE");
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
			assertThat(probe.topicConfig(this.deadLetters, "retention.ms")).isEqualTo("-1");
			assertThat(count(context, ConsumptionOutcome.FAILED)).isEqualTo(3);
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTERED)).isEqualTo(1);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "manual", "manual_immediate", "record", "count", "time" })
	void recordWhenListenerFailsIsCommittedAfterDeadLetteringInAckMode(String ackMode) {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fine");
		probe.send(this.topic, 0, "a", "fail");
		run(AcknowledgingListener.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 2);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
		}, "spring.kafka.listener.ack-mode=" + ackMode, "spring.kafka.listener.ack-count=1",
				"spring.kafka.listener.ack-time=100ms");
	}

	@Test
	void batchWhenOneRecordFailsIsDeadLetteredOnly() {
		probe.createTopic(this.topic, 1);
		List.of("one", "fail", "two").forEach((value) -> probe.send(this.topic, 0, "a", value));
		run(BatchListener.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 3);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
			assertThat(context.getBean(Seen.class).values).contains("ONE", "TWO");
			assertThat(count(context, ConsumptionOutcome.PROCESSED)).isEqualTo(2);
			assertThat(count(context, ConsumptionOutcome.FAILED)).isEqualTo(3);
		}, "spring.kafka.listener.type=batch");
	}

	@Test
	void batchWhenItFailsAsAWholeIsDeadLetteredAsAWhole() {
		probe.createTopic(this.topic, 1);
		List.of("one", "crash", "two").forEach((value) -> probe.send(this.topic, 0, "a", value));
		run(BatchListener.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 3);
			assertThat(probe.values(this.deadLetters)).containsExactly("one", "crash", "two");
		}, "spring.kafka.listener.type=batch");
	}

	private static String header(ConsumerRecord<?, ?> record, String name) {
		assertThat(record.headers().headers(name)).as(name).hasSize(1);
		return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
	}

	@Configuration(proxyBeanMethods = false)
	static class AcknowledgingListener {

		private final Seen seen;

		AcknowledgingListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<?, ?> record, Acknowledgment acknowledgment) {
			this.seen.see(record);
			if (acknowledgment != null) {
				acknowledgment.acknowledge();
			}
		}

	}

}
