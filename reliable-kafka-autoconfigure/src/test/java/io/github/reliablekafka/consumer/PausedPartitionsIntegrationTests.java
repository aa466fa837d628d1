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

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.support.Acknowledgment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link HeldPartitions} when a listener container pauses or resumes partitions
 * of which one has just been taken away: it does so once, and what it leaves paused it
 * never resumes.
 */
class PausedPartitionsIntegrationTests extends ProcessingLossSetup {

	@Test
	void partitionsAreReadOnIfOneGoesWhileABatchIsTriedAgain() {
		probe.addPartitions(this.topic, 2);
		probe.send(this.topic, 0, "a", "one");
		run(Retried.class, (context) -> {
			awaitCommitted(0, 1);
			Retried listener = context.getBean(Retried.class);
			assertThat(listener.values).containsExactly("one", "one");
			probe.send(this.topic, 0, "a", "two");
			probe.send(this.topic, 1, "a", "three");
			awaitCommitted(0, 2);
			awaitCommitted(1, 1);
			assertThat(listener.refused).isTrue();
		}, "spring.kafka.listener.type=batch", "spring.kafka.consumer.properties[group.protocol]=consumer");
	}

	@Test
	void partitionsAreReadOnIfOneGoesWhileWhatWasGivenBackWaits() {
		probe.addPartitions(this.topic, 2);
		probe.send(this.topic, 0, "a", "one");
		run(GivenBack.class, (context) -> {
			GivenBack listener = context.getBean(GivenBack.class);
			await().until(() -> !listener.values.isEmpty());
			context.getBean(KafkaListenerEndpointRegistry.class).getListenerContainer("second").start();
			await().until(() -> listener.hasThrown);
			probe.send(this.topic, 0, "a", "two");
			probe.send(this.topic, 1, "a", "three");
			awaitCommitted(0, 2);
			awaitCommitted(1, 1);
		}, "spring.kafka.listener.ack-mode=manual", "spring.kafka.consumer.heartbeat-interval=300ms");
	}

	@Test
	void partitionsAreReadOnIfOneThatComesWhileWhatWasGivenBackWaitsIsGivenBackAsWell() {
		probe.addPartitions(this.topic, 2);
		run(GivenBackTwice.class, (context) -> {
			GivenBackTwice listener = context.getBean(GivenBackTwice.class);
			KafkaListenerEndpointRegistry registry = context.getBean(KafkaListenerEndpointRegistry.class);
			await().until(() -> registry.getListenerContainers()
				.stream()
				.allMatch((container) -> Objects.requireNonNull(container.getAssignedPartitions()).size() == 1));
			probe.send(this.topic, 0, "a", "one");
			probe.send(this.topic, 1, "a", "one");
			await().until(() -> listener.values.size() == 1);
			registry.getListenerContainer("second").stop();
			probe.send(this.topic, 0, "a", "two");
			probe.send(this.topic, 1, "a", "two");
			awaitCommitted(0, 2);
			awaitCommitted(1, 2);
		}, "spring.kafka.listener.ack-mode=manual", "spring.kafka.consumer.properties[group.protocol]=consumer");
	}

	/**
	 * The client still says that a partition is assigned when it is about to be taken
	 * away, as it does in the newer protocol between the call of a rebalance listener and
	 * the end of the rebalance.
	 */
	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Retried {

		private final Queue<String> values = new ConcurrentLinkedQueue<>();

		private volatile boolean late;

		private volatile boolean refused;

		@KafkaListener(topics = "${topic}")
		void listen(List<ConsumerRecord<?, String>> records) {
			records.forEach((record) -> this.values.add(record.value()));
			if (this.values.size() == 1) {
				throw new IllegalStateException("failed on purpose");
			}
			this.late = this.values.size() == 2;
		}

		@Bean
		DefaultKafkaConsumerFactoryCustomizer late() {
			return (factory) -> factory.addPostProcessor(this::late);
		}

		@SuppressWarnings("unchecked")
		private <K, V> Consumer<K, V> late(Consumer<K, V> consumer) {
			return (Consumer<K, V>) Proxy.newProxyInstance(getClass().getClassLoader(),
					new Class<?>[] { Consumer.class }, (proxy, method, arguments) -> {
						if (method.getName().equals("poll")) {
							this.late = false;
						}
						if (this.late && method.getName().equals("assignment")) {
							Set<TopicPartition> before = new LinkedHashSet<>();
							before.add(new TopicPartition("taken-away", 0));
							before.addAll(consumer.assignment());
							return before;
						}
						try {
							return method.invoke(consumer, arguments);
						}
						catch (InvocationTargetException ex) {
							this.refused |= ex.getTargetException() instanceof IllegalStateException;
							throw ex.getTargetException();
						}
					});
		}

	}

	/**
	 * What the application does at a rebalance fails, and Spring Kafka forgets to forget
	 * the partitions.
	 */
	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class GivenBack {

		private final Queue<String> values = new ConcurrentLinkedQueue<>();

		private volatile boolean hasThrown;

		@KafkaListener(id = "first", idIsGroup = false, topics = "${topic}")
		void first(String value, Acknowledgment acknowledgment) {
			this.values.add(value);
			if (this.values.size() == 1) {
				acknowledgment.nack(Duration.ofSeconds(3));
			}
			else {
				acknowledgment.acknowledge();
			}
		}

		@KafkaListener(id = "second", idIsGroup = false, topics = "${topic}", autoStartup = "false")
		void second(String value, Acknowledgment acknowledgment) {
			acknowledgment.acknowledge();
		}

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> throwing() {
			return (container) -> container.getContainerProperties()
				.setConsumerRebalanceListener(new ConsumerRebalanceListener() {

					@Override
					public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
						if (!GivenBack.this.hasThrown && !partitions.isEmpty()) {
							GivenBack.this.hasThrown = true;
							throw new IllegalStateException("failed on purpose");
						}
					}

					@Override
					public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
					}

				});
		}

	}

	/**
	 * Spring Kafka forgets what it has paused for the first when the second is given
	 * back.
	 */
	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class GivenBackTwice {

		private final Queue<String> values = new ConcurrentLinkedQueue<>();

		@KafkaListener(id = "first", idIsGroup = false, topics = "${topic}")
		void first(String value, Acknowledgment acknowledgment) {
			this.values.add(value);
			if (this.values.size() == 1) {
				acknowledgment.nack(Duration.ofMinutes(10));
			}
			else if (this.values.size() == 2) {
				acknowledgment.nack(Duration.ofMillis(100));
			}
			else {
				acknowledgment.acknowledge();
			}
		}

		@KafkaListener(id = "second", idIsGroup = false, topics = "${topic}")
		void second(String value, Acknowledgment acknowledgment) {
			acknowledgment.acknowledge();
		}

	}

}
