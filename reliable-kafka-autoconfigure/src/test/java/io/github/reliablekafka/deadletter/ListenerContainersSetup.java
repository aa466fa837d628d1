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

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.testing.ApplicationOnBroker;

import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;

/**
 * An application whose listeners fail on purpose.
 */
abstract class ListenerContainersSetup extends ApplicationOnBroker {

	ListenerContainersSetup() {
		super(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
				DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class);
		this.runner = this.runner.withUserConfiguration(Seen.class);
		configure("reliable.kafka.consumer.retry.initial-interval=50ms",
				"reliable.kafka.consumer.retry.max-attempts=3");
	}

	long count(ApplicationContext context, ConsumptionOutcome outcome) {
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

}
