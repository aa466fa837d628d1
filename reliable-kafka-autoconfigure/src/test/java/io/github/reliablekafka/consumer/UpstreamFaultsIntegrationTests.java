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

package io.github.reliablekafka.consumer;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.AbstractConsumerSeekAware;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.util.backoff.FixedBackOff;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Faults of Spring Kafka 4.1.1 that later releases do not have, each without the starter
 * and with it. Without it, a test that fails here tells that Spring Kafka has got better.
 */
@ExtendWith(OutputCaptureExtension.class)
class UpstreamFaultsIntegrationTests extends ProcessingLossSetup {

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void partitionThatIsPausedIsReadByTheConsumerThatGetsItNext(boolean plain) {
		probe.addPartitions(this.topic, 2);
		TopicPartition paused = new TopicPartition(this.topic, 0);
		run(plain, Listener.class, (context) -> {
			ConcurrentMessageListenerContainer<?, ?> container = container(context, null);
			await().until(() -> container.getContainers()
				.stream()
				.allMatch((child) -> child.getAssignedPartitions().size() == 1));
			container.pausePartition(paused);
			await().until(() -> container.isPartitionPaused(paused));
			MessageListenerContainer before = container.getContainerFor(this.topic, 0);
			before.stop(() -> {
			});
			await().until(() -> container.getContainers()
				.stream()
				.anyMatch((child) -> child != before && child.getAssignedPartitions().size() == 2));
			probe.send(this.topic, 0, "a", "one");
			probe.send(this.topic, 1, "a", "two");
			awaitCommitted(1, 1);
			awaitCommitted(0, 1);
			assertThat(context.getBean(Seen.class).values).containsExactlyInAnyOrder("one", "two");
		}, "spring.kafka.listener.concurrency=2", "spring.kafka.consumer.heartbeat-interval=300ms");
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void backOffFunctionBesideABackOffWithoutRetriesIsNotAsked(boolean plain, CapturedOutput output) {
		probe.send(this.topic, 0, "a", "fail");
		run(plain, Functional.class, (context) -> {
			awaitCommitted(1);
			assertThat(context.getBean(Seen.class).values).containsExactly("fail");
			// Nothing is lost: what takes records that are given up has it.
			assertThat(context.getBean(Functional.class).recovered).containsExactly("fail");
		});
		assertThat(output.toString().contains("its back-off function is never asked")).isNotEqualTo(plain);
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void seekOfOneListenerDoesNothingAfterAnotherOfTheSameBeanHasStopped(boolean plain, CapturedOutput output) {
		probe.send(this.topic, 0, "a", "one");
		run(plain, Seeking.class, (context) -> {
			Seeking listener = context.getBean(Seeking.class);
			await().until(() -> listener.callbacks(this.topic) == 2 && listener.values.size() == 1);
			ConcurrentMessageListenerContainer<?, ?> other = container(context, "other");
			other.stop();
			await().until(() -> !other.isChildRunning());
			assertThat(listener.callbacks(this.topic)).isZero();
			listener.seekToBeginning();
			await().during(Duration.ofSeconds(1)).until(() -> listener.values.size() == 1);
		});
		assertThat(output.toString().contains("forgets the seek callbacks")).isNotEqualTo(plain);
	}

	@Test
	void listenersOfOneBeanThatReadDifferentTopicsAreNotNamed(CapturedOutput output) {
		probe.createTopic(this.topic + "-other", 1);
		run(SeekingApart.class, (context) -> {
		});
		assertThat(output).doesNotContain("forgets the seek callbacks");
	}

	private void run(boolean plain, Class<?> configuration, ThrowingConsumer<ApplicationContext> test,
			String... properties) {
		if (plain) {
			runPlain(configuration, test, properties);
		}
		else {
			run(configuration, test, properties);
		}
	}

	private static ConcurrentMessageListenerContainer<?, ?> container(ApplicationContext context, String id) {
		KafkaListenerEndpointRegistry registry = context.getBean(KafkaListenerEndpointRegistry.class);
		return (ConcurrentMessageListenerContainer<?, ?>) ((id != null)
				? Objects.requireNonNull(registry.getListenerContainer(id))
				: registry.getListenerContainers().iterator().next());
	}

	@Configuration(proxyBeanMethods = false)
	static class Functional extends Listener {

		private final Queue<String> recovered = new ConcurrentLinkedQueue<>();

		Functional(Seen seen) {
			super(seen);
		}

		@Bean
		DefaultErrorHandler errorHandler() {
			DefaultErrorHandler handler = new DefaultErrorHandler(
					(record, failure) -> this.recovered.add(String.valueOf(record.value())), new FixedBackOff(0, 0));
			handler.setBackOffFunction((record, failure) -> new FixedBackOff(0, 2));
			return handler;
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Seeking extends AbstractConsumerSeekAware {

		private final Queue<String> values = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "one", idIsGroup = false, topics = "${topic}")
		void listen(ConsumerRecord<?, String> record) {
			this.values.add(record.value());
		}

		@KafkaListener(id = "other", groupId = "${topic}-other", topics = "${topic}")
		void listenToo(ConsumerRecord<?, String> record) {
		}

		private int callbacks(String topic) {
			List<?> callbacks = getSeekCallbacksFor(new TopicPartition(topic, 0));
			return (callbacks != null) ? callbacks.size() : 0;
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class SeekingApart extends AbstractConsumerSeekAware {

		@KafkaListener(id = "one", idIsGroup = false, topics = "${topic}")
		void listen(ConsumerRecord<?, String> record) {
		}

		@KafkaListener(id = "other", idIsGroup = false, topics = "${topic}-other")
		void listenToo(ConsumerRecord<?, String> record) {
		}

	}

}
