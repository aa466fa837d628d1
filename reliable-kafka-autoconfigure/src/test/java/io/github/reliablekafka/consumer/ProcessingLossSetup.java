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

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.testing.ApplicationOnBroker;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.BeforeEach;

import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.function.ThrowingConsumer;

/**
 * An application whose listeners deal with some records and not with others.
 */
abstract class ProcessingLossSetup extends ApplicationOnBroker {

	LossLedger ledger;

	DeliveryLedger deliveries;

	ProcessingLossSetup() {
		super(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
				ReliableProducerAutoConfiguration.class, DeadLetterAutoConfiguration.class,
				KafkaAutoConfiguration.class);
		this.runner = this.runner.withUserConfiguration(Seen.class);
		configure("spring.kafka.listener.poll-timeout=200ms", "reliable.kafka.consumer.retry.initial-interval=50ms",
				"reliable.kafka.consumer.retry.max-attempts=2");
	}

	@BeforeEach
	void createTopic() {
		probe.createTopic(this.topic, 1);
	}

	@Override
	protected void run(Class<?> configuration, ThrowingConsumer<ApplicationContext> test, String... properties) {
		super.run(configuration, (context) -> {
			this.ledger = context.getBean(LossLedger.class);
			this.deliveries = context.getBean(DeliveryLedger.class);
			test.accept(context);
		}, properties);
	}

	@SuppressWarnings("unchecked")
	void send(ApplicationContext context, boolean numbered, String... values) {
		for (String value : values) {
			if (numbered) {
				((KafkaTemplate<String, String>) context.getBean(KafkaTemplate.class)).send(this.topic, 0, "a", value)
					.join();
			}
			else {
				probe.send(this.topic, 0, "a", value);
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Seen {

		final Queue<String> values = new ConcurrentLinkedQueue<>();

		void process(String value) {
			this.values.add(value);
			if (value.equals("fail")) {
				throw new IllegalStateException("failed on purpose");
			}
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Listener {

		final Seen seen;

		Listener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.process(value);
		}

	}

	static class RetryTopicScheduler {

		@Bean
		static ThreadPoolTaskScheduler retryTopicScheduler() {
			return new ThreadPoolTaskScheduler();
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class BatchListener {

		@KafkaListener(topics = "${topic}")
		void listen(List<String> values) {
			if (values.contains("fail")) {
				throw new IllegalStateException("failed on purpose");
			}
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class BatchIndex {

		@KafkaListener(topics = "${topic}")
		void listen(List<ConsumerRecord<?, String>> records) {
			for (ConsumerRecord<?, String> record : records) {
				if (record.value().equals("fail")) {
					throw new BatchListenerFailedException("failed on purpose", record);
				}
			}
		}

	}

}
