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

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.messaging.handler.annotation.Header;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the retry policy {@code rocketmq} against a broker, with shorter delays.
 */
class RetryLevelsIntegrationTests extends DeadLetterSetup {

	private final String first = this.topic + "-" + this.group + "-retry-300";

	private final String second = this.topic + "-" + this.group + "-retry-600";

	RetryLevelsIntegrationTests() {
		this.runner = this.runner.withConfiguration(AutoConfigurations.of(RetryTopicsAutoConfiguration.class));
		configure("reliable.kafka.consumer.retry.policy=rocketmq", "reliable.kafka.consumer.retry.levels=300ms,600ms");
	}

	@Test
	void recordWhenItFailsGoesThroughTheLevelsWithItsBytesWhileOthersGoOn() {
		probe.createTopic(this.topic, 2);
		probe.send(this.topic, 1, "a", "fail");
		probe.send(this.topic, 1, "a", "fine");
		run(Listener.class, (context) -> {
			awaitCommitted(1, 2);
			await().until(() -> probe.records(this.deadLetters).size() == 1);
			Attempts attempts = context.getBean(Attempts.class);
			assertThat(attempts.topics).filteredOn((seen) -> seen.startsWith("FAIL"))
				.containsExactly("FAIL " + this.topic, "FAIL " + this.first, "FAIL " + this.second);
			assertThat(attempts.topics).contains("FINE " + this.topic);
			// Written in capitals by no serializer, and read as such by the deserializer.
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
			assertThat(probe.values(this.first)).containsExactly("fail");
			for (String name : new String[] { this.first, this.second, this.deadLetters }) {
				assertThat(probe.partitions(name)).isEqualTo(2);
				assertThat(probe.records(name)).allSatisfy((record) -> {
					assertThat(record.partition()).isEqualTo(1);
					assertThat(record.headers().lastHeader("origin")).isNotNull();
					assertThat(record.headers().lastHeader("rk")).isNull();
				});
			}
			assertThat(probe.topicConfig(this.deadLetters, "retention.ms")).isEqualTo("-1");
			assertThat(probe.topicConfig(this.first, "retention.ms"))
				.isEqualTo(probe.topicConfig(this.topic, "retention.ms"));
			await().until(() -> context.getBean(DeliveryLedger.class)
				.consumption(this.second, this.group)
				.count(ConsumptionOutcome.DEAD_LETTERED) == 1);
			attempts.healed = true;
			assertThat(context.getBean(DeadLetters.class).redrive(Redrive.of(this.deadLetters)).redriven()).isOne();
			awaitCommitted(1, 3);
			assertThat(probe.records(this.deadLetters)).hasSize(1);
		});
	}

	@Test
	void recordWhenItIsNotReadableOrNotRetryableIsDeadLetteredAtOnce() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, POISON, POISON);
		probe.send(this.topic, 0, "a", "fail");
		run(Listener.class, (context) -> {
			awaitCommitted(2);
			await().until(() -> probe.records(this.deadLetters).size() == 2);
			assertThat(probe.records(this.deadLetters).get(0).value()).isEqualTo(POISON);
			assertThat(context.getBean(Attempts.class).topics).containsExactly("FAIL " + this.topic);
			assertThat(probe.records(this.first)).isEmpty();
		}, "reliable.kafka.consumer.retry.not-retryable=java.lang.IllegalStateException");
	}

	static class Attempts {

		final Queue<String> topics = new ConcurrentLinkedQueue<>();

		volatile boolean healed;

	}

	@Configuration(proxyBeanMethods = false)
	static class Listener {

		private final Attempts attempts = new Attempts();

		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<?, FragileDeserializer.Text> record,
				@Header(KafkaHeaders.RECEIVED_TOPIC) String topic) {
			this.attempts.topics.add(record.value().text() + " " + topic);
			if (record.value().text().equals("FAIL") && !this.attempts.healed) {
				throw new IllegalStateException("failed on purpose");
			}
		}

		@Bean
		Attempts attempts() {
			return this.attempts;
		}

	}

}
