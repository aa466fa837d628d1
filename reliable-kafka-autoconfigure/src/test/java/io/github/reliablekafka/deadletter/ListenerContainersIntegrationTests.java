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

import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the ways in which applications build listener containers, against a broker.
 */
@ExtendWith(OutputCaptureExtension.class)
class ListenerContainersIntegrationTests extends ListenerContainersSetup {

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

}
