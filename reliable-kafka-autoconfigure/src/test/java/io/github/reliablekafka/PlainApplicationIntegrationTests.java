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
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.producer.ReliableKafkaTemplateAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.testing.KafkaProbe;
import io.github.reliablekafka.testing.SharedBroker;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ConcurrentKafkaListenerContainerFactory;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.support.SendResult;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for an application that was written without the starter and makes everything
 * itself.
 */
@SharedBroker
class PlainApplicationIntegrationTests {

	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	private static KafkaProbe probe;

	private final String topic = "orders-" + UUID.randomUUID();

	private final String deadLetters = this.topic + "-dlt";

	private ApplicationContextRunner runner;

	@BeforeAll
	static void connect(KafkaProbe shared) {
		probe = shared;
	}

	@BeforeEach
	void configure() {
		this.runner = new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
							DeadLetterAutoConfiguration.class, ReliableProducerAutoConfiguration.class,
							ReliableKafkaTemplateAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withUserConfiguration(Application.class)
			.withPropertyValues("servers=" + probe.bootstrapServers(), "topic=" + this.topic,
					"reliable.kafka.dead-letter.publish-timeout=2s");
		probe.createTopic(this.topic, 1);
	}

	@Test
	void recordWhenItFailsIsDeadLetteredByTheApplicationsHandler() {
		probe.createTopic(this.deadLetters, 1);
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			KafkaTemplate<?, ?> template = context.getBean(KafkaTemplate.class);
			assertThat(template.getProducerFactory().getConfigurationProperties()).containsEntry("delivery.timeout.ms",
					String.valueOf(Integer.MAX_VALUE));
			send(template, "fail");
			send(template, "fine");
			await().atMost(TIMEOUT).until(() -> probe.committed(this.topic, this.topic, 0) == 2);
			assertThat(context.getBean(Application.class).seen).containsExactly("fail", "fail", "fine");
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
		});
	}

	@Test
	void deadLetterWhenItIsNotAcknowledgedIsGivenUpWithinTheBoundAndTriedAgain() {
		probe.createTopic(this.deadLetters, 1);
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			send(context.getBean(KafkaTemplate.class), "fail");
			AtomicBoolean silent = context.getBean(AtomicBoolean.class);
			silent.set(true);
			Queue<String> seen = context.getBean(Application.class).seen;
			await().atMost(TIMEOUT).until(() -> seen.size() > 2);
			assertThat(probe.committed(this.topic, this.topic, 0)).isLessThanOrEqualTo(0);
			silent.set(false);
			await().atMost(TIMEOUT).until(() -> probe.committed(this.topic, this.topic, 0) == 1);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
		});
	}

	@SuppressWarnings("unchecked")
	private void send(KafkaTemplate<?, ?> template, String value) {
		((KafkaTemplate<String, String>) template).send(this.topic, "a", value);
	}

	@Configuration(proxyBeanMethods = false)
	static class Application {

		private final Queue<String> seen = new ConcurrentLinkedQueue<>();

		@Bean
		static ProducerFactory<String, String> producerFactory(@Value("${servers}") String servers) {
			return new DefaultKafkaProducerFactory<>(Map.of("bootstrap.servers", servers, "key.serializer",
					StringSerializer.class, "value.serializer", StringSerializer.class));
		}

		@Bean
		static ConsumerFactory<String, String> consumerFactory(@Value("${servers}") String servers,
				@Value("${topic}") String topic) {
			return new DefaultKafkaConsumerFactory<>(Map.of("bootstrap.servers", servers, "group.id", topic,
					"key.deserializer", StringDeserializer.class, "value.deserializer", StringDeserializer.class));
		}

		@Bean
		static AtomicBoolean silent() {
			return new AtomicBoolean();
		}

		/**
		 * Can send dead letters to nowhere, as a producer does whose topic has lost its
		 * leader.
		 */
		@Bean
		static KafkaTemplate<String, String> template(ProducerFactory<String, String> producerFactory,
				AtomicBoolean silent) {
			return new KafkaTemplate<>(producerFactory) {

				@Override
				public CompletableFuture<SendResult<String, String>> send(ProducerRecord<String, String> record) {
					return silent.get() ? new CompletableFuture<>() : super.send(record);
				}

			};
		}

		@Bean
		static ConcurrentKafkaListenerContainerFactory<String, String> ownFactory(
				ConsumerFactory<String, String> consumerFactory, KafkaTemplate<String, String> template) {
			ConcurrentKafkaListenerContainerFactory<String, String> factory = new ConcurrentKafkaListenerContainerFactory<>();
			factory.setConsumerFactory(consumerFactory);
			factory.setCommonErrorHandler(
					new DefaultErrorHandler(new DeadLetterPublishingRecoverer(template), new FixedBackOff(100, 1)));
			return factory;
		}

		@KafkaListener(topics = "${topic}", containerFactory = "ownFactory")
		void listen(String value) {
			this.seen.add(value);
			if (value.equals("fail")) {
				throw new IllegalStateException("failed on purpose");
			}
		}

	}

}
