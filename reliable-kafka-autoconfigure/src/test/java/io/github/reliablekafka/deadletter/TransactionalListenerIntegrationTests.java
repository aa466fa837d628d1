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
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.core.KafkaTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for listeners in transactions, against a broker.
 */
class TransactionalListenerIntegrationTests extends ListenerContainersSetup {

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void transactionalListenerWhenItFailsRollsBackAndDeadLetters(String type) {
		probe.createTopic(this.topic, 1);
		probe.createTopic(this.topic + "-out", 1);
		probe.send(this.topic, 0, "a", "fail");
		run((type.equals("batch") ? TransactionalBatchListener.class : TransactionalListener.class), (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 1);
			probe.send(this.topic, 0, "a", "fine");
			awaitValues(this.topic + "-out", "fine");
			awaitValues(this.deadLetters, "fail");
			assertThat(context.getBean(Seen.class).values).containsExactly("fail", "fail", "fail", "fine");
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTERED)).isEqualTo(1);
		}, "spring.kafka.listener.type=" + type, "spring.kafka.producer.transaction-id-prefix=" + this.group);
	}

	@Test
	void transactionalBatchWhenARecordIsNotReadableDeadLettersItAlone() {
		probe.createTopic(this.topic, 1);
		probe.createTopic(this.topic + "-out", 1);
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, "a".getBytes(StandardCharsets.UTF_8), new byte[] { (byte) 0xff });
		probe.send(this.topic, 0, "a", "two");
		run(TransactionalBatchListener.class, (context) -> {
			awaitValues(this.topic + "-out", "ONE", "TWO");
			await().untilAsserted(() -> assertThat(probe.records(this.deadLetters)).singleElement()
				.satisfies((letter) -> assertThat(letter.value()).isEqualTo(new byte[] { (byte) 0xff })));
		}, "spring.kafka.listener.type=batch", "spring.kafka.producer.transaction-id-prefix=" + this.group,
				"spring.kafka.consumer.value-deserializer=" + FragileDeserializer.class.getName());
	}

	@Test
	void retryTopicsCommitWhatAFailedAttemptHasSent() {
		probe.createTopic(this.topic, 1);
		probe.createTopic(this.topic + "-out", 1);
		probe.send(this.topic, 0, "a", "fail");
		run(RetryingListener.class, (context) -> {
			awaitValues(this.deadLetters, "fail");
			awaitValues(this.topic + "-out", "fail", "fail");
		}, "spring.kafka.producer.transaction-id-prefix=" + this.group,
				"reliable.kafka.durability.accept=consumer.retry-topics");
	}

	// Each partition of a transaction has its own marker, written after the producer was
	// answered.
	private static void awaitValues(String topic, String... values) {
		await().untilAsserted(() -> assertThat(probe.values(topic)).containsExactly(values));
	}

	@Configuration(proxyBeanMethods = false)
	static class RetryingListener {

		private final KafkaTemplate<Object, Object> template;

		private final String topic;

		RetryingListener(KafkaTemplate<Object, Object> template, @Value("${topic}") String topic) {
			this.template = template;
			this.topic = topic;
		}

		@RetryableTopic(attempts = "2", backOff = @BackOff(delay = 100))
		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<?, ?> record) {
			this.template.send(this.topic + "-out", "a", record.value());
			throw new IllegalStateException("failed on purpose");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TransactionalListener {

		private final Seen seen;

		private final KafkaTemplate<Object, Object> template;

		TransactionalListener(Seen seen, KafkaTemplate<Object, Object> template) {
			this.seen = seen;
			this.template = template;
		}

		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<?, ?> record) {
			this.template.send(record.topic() + "-out", "a", record.value());
			this.seen.see((String) record.value());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class TransactionalBatchListener {

		private final Seen seen;

		private final KafkaTemplate<Object, Object> template;

		TransactionalBatchListener(Seen seen, KafkaTemplate<Object, Object> template) {
			this.seen = seen;
			this.template = template;
		}

		@KafkaListener(topics = "${topic}")
		void listen(List<ConsumerRecord<Object, Object>> records) {
			for (ConsumerRecord<?, ?> record : records) {
				String value = (record.value() instanceof FragileDeserializer.Text text) ? text.text()
						: String.valueOf(record.value());
				this.template.send(record.topic() + "-out", "a", value);
				this.seen.see(value);
			}
		}

	}

}
