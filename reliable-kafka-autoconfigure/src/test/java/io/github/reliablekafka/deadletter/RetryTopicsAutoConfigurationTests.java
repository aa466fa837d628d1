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

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RetryTopicsAutoConfiguration}, without a broker.
 */
class RetryTopicsAutoConfigurationTests {

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DurabilityAutoConfiguration.class,
				ReliableConsumerAutoConfiguration.class, DeadLetterAutoConfiguration.class,
				KafkaAutoConfiguration.class, RetryTopicsAutoConfiguration.class))
		.withUserConfiguration(Listener.class)
		.withPropertyValues("spring.kafka.listener.auto-startup=false", "spring.kafka.consumer.group-id=bill:ing",
				"spring.kafka.admin.auto-create=false", "reliable.kafka.consumer.retry.policy=rocketmq");

	@Test
	void listenerGetsTheSixteenLevelsOfRocketMq() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			List<Long> seconds = Stream
				.of(10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1200, 1800, 3600, 7200)
				.map(Long::valueOf)
				.toList();
			assertThat(topics(context)).containsExactlyInAnyOrderElementsOf(Stream
				.concat(seconds.stream().map((level) -> "orders-bill_ing-retry-" + TimeUnit.SECONDS.toMillis(level)),
						Stream.of("orders", "orders-dlt"))
				.toList());
		});
	}

	@Test
	void listenerOfATopicThatIsNotNamedGetsNone() {
		this.runner.withPropertyValues("reliable.kafka.consumer.retry.topics=payments")
			.run((context) -> assertThat(topics(context)).containsExactly("orders"));
	}

	@Test
	void listenerOfADeadLetterTopicGetsNone() {
		this.runner.withUserConfiguration(DeadLetterListener.class)
			.run((context) -> assertThat(topics(context)).contains("orders-bill_ing-retry-10000", "orders-dlt")
				.noneMatch((topic) -> topic.startsWith("orders-dlt-")));
		this.runner.withUserConfiguration(DeadLetterListener.class)
			.withPropertyValues("reliable.kafka.consumer.retry.topics=orders,orders-dlt")
			.run((context) -> assertThat(topics(context)).contains("orders-bill_ing-retry-10000", "orders-dlt")
				.noneMatch((topic) -> topic.startsWith("orders-dlt-")));
	}

	@Test
	void startWhenTwoListenersShareRetryTopicsIsRefused() {
		this.runner.withUserConfiguration(SecondListener.class)
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.isInstanceOf(UnsafeSettingsException.class)
				.hasMessageContaining("listeners [first, second]")
				.hasMessageContaining("would get the records that another one could not process"));
	}

	@Test
	void startWhenAListenerWithRetryTopicsWorksInTransactionsIsRefused() {
		ApplicationContextRunner transactional = this.runner
			.withPropertyValues("spring.kafka.producer.transaction-id-prefix=tx");
		transactional.run((context) -> assertThat(context.getStartupFailure()).rootCause()
			.isInstanceOf(UnsafeSettingsException.class)
			.hasMessageContaining("listener 'first'")
			.hasMessageContaining("is there again after each attempt"));
		transactional.withPropertyValues("reliable.kafka.consumer.retry.topics=payments")
			.run((context) -> assertThat(context).hasNotFailed());
	}

	@Test
	void startWhenThereAreNoDeadLetterTopicsIsRefused() {
		this.runner.withPropertyValues("reliable.kafka.dead-letter.enabled=false")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.hasMessageContaining("reliable.kafka.dead-letter.enabled"));
	}

	@Test
	void startWhenLevelsDoNotGrowIsRefused() {
		this.runner.withPropertyValues("reliable.kafka.consumer.retry.levels=10s,10s")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.hasMessageContaining("longer than the one before"));
	}

	private static List<String> topics(ApplicationContext context) {
		return context.getBean(KafkaListenerEndpointRegistry.class)
			.getAllListenerContainers()
			.stream()
			.flatMap((container) -> Stream.of(container.getContainerProperties().getTopics()))
			.toList();
	}

	@Configuration(proxyBeanMethods = false)
	static class Listener {

		@KafkaListener(id = "first", idIsGroup = false, topics = "orders")
		void listen(String record) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class DeadLetterListener {

		@KafkaListener(id = "watching", idIsGroup = false, topics = "orders-dlt")
		void listen(String record) {
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class SecondListener {

		@KafkaListener(id = "second", groupId = "other", topics = "orders")
		void listen(String record) {
		}

	}

}
