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

import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Test;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.annotation.DltHandler;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.support.SendResult;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for retry topics, against a broker.
 */
class RetryableTopicIntegrationTests extends ListenerContainersSetup {

	@Test
	void retryableTopicWhenListenerFailsGoesThroughRetryTopicsToTheDeadLetterTopic() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		run(RetryingListener.class, (context) -> {
			await().until(() -> context.getBean(Seen.class).deadLetters.size() == 1);
			assertThat(context.getBean(Seen.class).values).containsExactly("fail", "fail", "fail");
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
			assertThat(count(context, ConsumptionOutcome.FAILED)).isEqualTo(1);
		}, "spring.kafka.producer.properties[delivery.timeout.ms]=2147483647");
	}

	@Test
	void retryableTopicWhenRetryTopicDoesNotAnswerWaitsForABoundedTimeAndTriesAgain() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		this.runner = this.runner.withUserConfiguration(SilentTemplate.class);
		run(RetryingListener.class, (context) -> {
			Seen seen = context.getBean(Seen.class);
			await().until(() -> seen.values.size() >= 2);
			assertThat(probe.committed(this.group, this.topic, 0)).isLessThanOrEqualTo(0);
			assertThat(seen.deadLetters).isEmpty();
		}, "reliable.kafka.dead-letter.publish-timeout=500ms",
				"spring.kafka.producer.properties[delivery.timeout.ms]=2147483647");
	}

	/**
	 * Sends to nowhere, as a producer does whose topic has lost its leader.
	 */
	@Configuration(proxyBeanMethods = false)
	static class SilentTemplate {

		@Bean
		KafkaTemplate<Object, Object> kafkaTemplate(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory) {

				@Override
				public CompletableFuture<SendResult<Object, Object>> send(ProducerRecord<Object, Object> record) {
					return new CompletableFuture<>();
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class RetryingListener {

		private final Seen seen;

		RetryingListener(Seen seen) {
			this.seen = seen;
		}

		@RetryableTopic(attempts = "3", backOff = @BackOff(delay = 100))
		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.see(value);
		}

		@DltHandler
		void dead(String value) {
			this.seen.deadLetters.add(value);
		}

	}

}
