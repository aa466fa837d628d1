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

import java.lang.reflect.Method;
import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.Test;

import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.MessageListenerContainer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link CommitGuard} when containers are paused, stop in part, or have
 * listeners that poll themselves, against a broker.
 */
class ContainerStatesIntegrationTests extends CommitGuardApplications {

	@Test
	void recordsThatAPausedContainerHasKeptAreProcessedOnceThoughItIsResumedAtOnce() {
		for (String value : List.of("one", "two", "three", "four")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(Pausing.class, (context) -> {
			awaitCommitted(4);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two", "three", "four");
			assertThat(context.getBean(Pausing.class).resumed).isTrue();
			assertThat(container(context).isRunning()).isTrue();
		});
	}

	@Test
	void recordOfAListenerThatPollsAnotherConsumerIsDeadLetteredOnce() {
		for (String value : List.of("one", "fail", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(Polling.class, (context) -> {
			awaitCommitted(3);
			await().during(Duration.ofMillis(500)).until(() -> probe.values(this.deadLetters).size() == 1);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "fail", "fail", "two");
		});
	}

	@Test
	void oneOfSeveralConsumersThatStopsAloneIsClosedThoughItsLastCommitFails() {
		run(FailingLastCommit.class, (context) -> {
			send(context, true, "one", "two");
			await().until(() -> context.getBean(Seen.class).values.size() == 2);
			FailingLastCommit faults = context.getBean(FailingLastCommit.class);
			faults.fail();
			ConcurrentMessageListenerContainer<?, ?> container = (ConcurrentMessageListenerContainer<?, ?>) container(
					context);
			container.getContainers()
				.stream()
				.filter((child) -> !child.getAssignedPartitions().isEmpty())
				.forEach((child) -> child.stop(() -> {
				}));
			await().until(() -> faults.closed() == 1);
			assertThat(container.isRunning()).isTrue();
			faults.failing = false;
		}, "spring.kafka.listener.ack-mode=count", "spring.kafka.listener.ack-count=1000",
				"spring.kafka.listener.concurrency=2");
	}

	@Test
	void staticMemberThatIsBackBeforeItsSessionIsOverListensOnceItIs() {
		probe.send(this.topic, 0, "a", "one");
		Map<String, Object> settings = Map.of("bootstrap.servers", probe.bootstrapServers(), "group.id", this.group,
				"group.protocol", "consumer", "group.instance.id", "instance-0", "enable.auto.commit", "false");
		KafkaConsumer<String, String> killed = new KafkaConsumer<>(settings, new StringDeserializer(),
				new StringDeserializer());
		try {
			killed.subscribe(List.of(this.topic));
			await().until(() -> {
				killed.poll(Duration.ofMillis(100));
				return !killed.assignment().isEmpty();
			});
			run(AcknowledgingFiltered.class, (context) -> {
				await().until(() -> !context.getBean(DeliveryLedger.class).waiting().isEmpty());
				assertThat(container(context).isRunning()).isTrue();
				killed.close();
				await().until(() -> context.getBean(Seen.class).values.contains("one"));
				awaitCommitted(1);
			}, "spring.kafka.listener.ack-mode=manual", "spring.kafka.consumer.properties[group.protocol]=consumer",
					"spring.kafka.consumer.properties[group.instance.id]=instance");
		}
		finally {
			killed.close();
		}
	}

	private static MessageListenerContainer container(ApplicationContext context) {
		return context.getBean(KafkaListenerEndpointRegistry.class).getListenerContainers().iterator().next();
	}

	/**
	 * Pauses the container with the first record, and resumes it before it polls.
	 */
	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Pausing extends Faults {

		private final KafkaListenerEndpointRegistry registry;

		private volatile boolean pausing;

		private volatile boolean resumed;

		Pausing(Seen seen, KafkaListenerEndpointRegistry registry) {
			super(seen);
			this.registry = registry;
		}

		@Bean
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> pauseImmediate() {
			return (container) -> container.getContainerProperties().setPauseImmediate(true);
		}

		@Override
		void listen(String value) {
			super.listen(value);
			if (value.equals("one")) {
				this.registry.getListenerContainers().forEach(MessageListenerContainer::pause);
				this.pausing = true;
			}
		}

		@Override
		void before(Method method, Object[] arguments) {
			if (this.pausing && method.getName().equals("commitSync")) {
				this.pausing = false;
				this.resumed = true;
				this.registry.getListenerContainers().forEach(MessageListenerContainer::resume);
			}
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Polling {

		private final Seen seen;

		private final ConsumerFactory<?, ?> consumers;

		Polling(Seen seen, ConsumerFactory<?, ?> consumers) {
			this.seen = seen;
			this.consumers = consumers;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			try (Consumer<?, ?> other = this.consumers.createConsumer("other", "other")) {
				other.assign(List.of(new TopicPartition("other", 0)));
				other.poll(Duration.ofMillis(10));
			}
			this.seen.process(value);
		}

	}

}
