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
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.testing.ApplicationOnBroker;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;

import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * An application that listens and whose offsets are looked at.
 */
abstract class ConsumerPositionsSetup extends ApplicationOnBroker {

	ConsumerPositionsSetup() {
		super(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
				ReliableProducerAutoConfiguration.class, KafkaAutoConfiguration.class);
		this.runner = this.runner.withUserConfiguration(Seen.class);
		configure("spring.kafka.consumer.properties[metadata.max.age.ms]=500",
				"spring.kafka.listener.poll-timeout=200ms");
	}

	@Override
	protected void run(Class<?> configuration, ThrowingConsumer<ApplicationContext> test, String... properties) {
		super.run(configuration, (context) -> {
			assertThat(context.getBeansOfType(DeliveryLedger.class)).hasSize(1);
			test.accept(context);
		}, properties);
	}

	static ConsumerRecord<?, ?> pollOne(Consumer<?, ?> consumer) {
		List<ConsumerRecord<?, ?>> polled = new ArrayList<>();
		await().pollInSameThread().until(() -> {
			consumer.poll(Duration.ofMillis(200)).forEach(polled::add);
			return !polled.isEmpty();
		});
		return polled.get(0);
	}

	@Configuration(proxyBeanMethods = false)
	static class Seen {

		final Queue<String> values = new ConcurrentLinkedQueue<>();

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Listener {

		final Seen seen;

		Listener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(id = "listener", idIsGroup = false, topics = "${topic}")
		void listen(String value) {
			this.seen.values.add(value);
		}

	}

}
