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
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.annotation.DltHandler;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.support.SendResult;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.context.EmbeddedKafka;
import org.springframework.util.backoff.FixedBackOff;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the ways in which applications build listener containers, against a broker.
 */
@ExtendWith(OutputCaptureExtension.class)
@EmbeddedKafka(partitions = 1, brokerProperties = { "group.initial.rebalance.delay.ms=0",
		"transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1" })
class ListenerContainersIntegrationTests {

	private static KafkaProbe probe;

	private static EmbeddedKafkaBroker broker;

	private final String topic = "orders-" + UUID.randomUUID();

	private final String deadLetters = this.topic + "-dlt";

	private final String group = "group-" + UUID.randomUUID();

	private ApplicationContextRunner runner;

	@BeforeAll
	static void connect(EmbeddedKafkaBroker embedded) {
		broker = embedded;
		probe = new KafkaProbe(embedded.getBrokersAsString());
		Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
	}

	@AfterAll
	static void disconnect() {
		probe.close();
		Awaitility.reset();
	}

	@BeforeEach
	void configure() {
		this.runner = new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
							DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withPropertyValues("spring.kafka.bootstrap-servers=" + broker.getBrokersAsString(),
					"spring.kafka.consumer.group-id=" + this.group,
					"reliable.kafka.consumer.retry.initial-interval=50ms",
					"reliable.kafka.consumer.retry.max-attempts=3", "topic=" + this.topic);
	}

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void transactionalListenerWhenItFailsRollsBackAndDeadLetters(String type) {
		probe.createTopic(this.topic, 1);
		probe.createTopic(this.topic + "-out", 1);
		probe.send(this.topic, 0, "a", "fail");
		run((type.equals("batch") ? TransactionalBatchListener.class : TransactionalListener.class), (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 1);
			probe.send(this.topic, 0, "a", "fine");
			await().until(() -> probe.values(this.topic + "-out").size() == 1);
			assertThat(probe.values(this.topic + "-out")).containsExactly("fine");
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
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
			await().until(() -> probe.values(this.topic + "-out").size() == 2);
			assertThat(probe.values(this.topic + "-out")).containsExactly("ONE", "TWO");
			assertThat(probe.records(this.deadLetters)).singleElement()
				.satisfies((letter) -> assertThat(letter.value()).isEqualTo(new byte[] { (byte) 0xff }));
		}, "spring.kafka.listener.type=batch", "spring.kafka.producer.transaction-id-prefix=" + this.group,
				"spring.kafka.consumer.value-deserializer=" + FragileDeserializer.class.getName());
	}

	@Test
	void handMadeContainerBeanWhenListenerFailsDeadLetters() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		run(HandMade.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 1);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
			assertThat(count(context, ConsumptionOutcome.FAILED)).isEqualTo(3);
		});
	}

	@Test
	void handMadeContainerThatIsNoBeanStopsBeforeItSkipsAnything(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		run(Seen.class, (context) -> {
			KafkaMessageListenerContainer<Object, Object> container = handMade(context);
			container.start();
			await().until(() -> !container.isRunning());
			assertThat(context.getBean(Seen.class).values).isEmpty();
			assertThat(probe.committed(this.group, this.topic, 0)).isEqualTo(-1);
			assertThat(output).contains("Stopping container due to an Error")
				.contains("Make the listener container of consumer 'consumer-" + this.group)
				.contains("reliable.kafka.durability.accept=consumer.uncovered");
			assertThat(output.getAll().split("Stopping container due to an Error")).hasSize(2);
		});
	}

	@Test
	void handMadeContainerThatIsNoBeanWhenAcceptedRuns() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fine");
		run(Seen.class, (context) -> {
			KafkaMessageListenerContainer<Object, Object> container = handMade(context);
			container.start();
			try {
				await().until(() -> context.getBean(Seen.class).values.contains("fine"));
			}
			finally {
				container.stop();
			}
		}, "reliable.kafka.durability.accept=consumer.uncovered");
	}

	@Test
	void consumerThatTheApplicationPollsItselfIsReliable() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fine");
		run(Seen.class, (context) -> {
			try (Consumer<?, ?> consumer = context.getBean(ConsumerFactory.class).createConsumer()) {
				assertThat(consumer.getClass().getSimpleName()).isEqualTo("ReliableConsumer");
				consumer.subscribe(List.of(this.topic));
				await().until(() -> consumer.poll(Duration.ofMillis(100)).count() == 1);
			}
		});
	}

	private KafkaMessageListenerContainer<Object, Object> handMade(ApplicationContext context) {
		ContainerProperties properties = new ContainerProperties(this.topic);
		Seen seen = context.getBean(Seen.class);
		properties
			.setMessageListener((MessageListener<Object, Object>) (record) -> seen.see(String.valueOf(record.value())));
		@SuppressWarnings("unchecked")
		ConsumerFactory<Object, Object> factory = context.getBean(ConsumerFactory.class);
		return new KafkaMessageListenerContainer<>(factory, properties);
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void listenerOnVirtualThreadsWhenItFailsDeadLetters() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		run(Listener.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 1);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
			assertThat(context.getBean(Seen.class).threads).isNotEmpty()
				.allSatisfy((thread) -> assertThat(thread.toString()).startsWith("VirtualThread"));
		}, "spring.threads.virtual.enabled=true");
	}

	@Test
	void concurrentListenerWhenRecordsFailDeadLettersEachOnItsPartition() {
		probe.createTopic(this.topic, 3);
		for (int partition = 0; partition < 3; partition++) {
			probe.send(this.topic, partition, "a", "fail");
			probe.send(this.topic, partition, "a", "fine");
		}
		run(Listener.class, (context) -> {
			for (int partition = 0; partition < 3; partition++) {
				int number = partition;
				await().until(() -> probe.committed(this.group, this.topic, number) == 2);
			}
			assertThat(probe.records(this.deadLetters)).extracting(ConsumerRecord::partition).containsExactly(0, 1, 2);
			assertThat(count(context, ConsumptionOutcome.PROCESSED)).isEqualTo(3);
		}, "spring.kafka.listener.concurrency=3");
	}

	@Test
	void errorHandlerOfTheApplicationIsUsed() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		run(OwnErrorHandler.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 1);
			assertThat(context.getBean(OwnErrorHandler.class).recovered).containsExactly("fail");
			assertThat(probe.records(this.deadLetters)).isEmpty();
		});
	}

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

	private void run(Class<?> listener, ThrowingConsumer<ApplicationContext> test, String... properties) {
		this.runner.withUserConfiguration(Seen.class, listener).withPropertyValues(properties).run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context);
		});
	}

	private long count(ApplicationContext context, ConsumptionOutcome outcome) {
		return context.getBean(DeliveryLedger.class).consumption(this.topic, this.group).count(outcome);
	}

	@Configuration(proxyBeanMethods = false)
	static class Seen {

		final Queue<String> values = new ConcurrentLinkedQueue<>();

		final Queue<String> deadLetters = new ConcurrentLinkedQueue<>();

		final Queue<Thread> threads = new ConcurrentLinkedQueue<>();

		void see(String value) {
			this.values.add(value);
			this.threads.add(Thread.currentThread());
			if (value.equals("fail")) {
				throw new IllegalStateException("failed on purpose");
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Listener {

		private final Seen seen;

		Listener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.see(value);
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

	@Configuration(proxyBeanMethods = false)
	static class HandMade {

		@Bean
		ConcurrentMessageListenerContainer<Object, Object> handMade(ConsumerFactory<Object, Object> factory, Seen seen,
				@Value("${topic}") String topic) {
			ContainerProperties properties = new ContainerProperties(topic);
			properties.setMessageListener(
					(MessageListener<Object, Object>) (record) -> seen.see(String.valueOf(record.value())));
			return new ConcurrentMessageListenerContainer<>(factory, properties);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnErrorHandler {

		final Queue<String> recovered = new ConcurrentLinkedQueue<>();

		private final Seen seen;

		OwnErrorHandler(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.see(value);
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler((record, exception) -> this.recovered.add(String.valueOf(record.value())),
					new FixedBackOff(10, 1));
		}

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
