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

import java.util.Collection;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.testing.ApplicationOnBroker;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;

/**
 * An application whose listeners fail on purpose and cannot read everything.
 */
abstract class DeadLetterSetup extends ApplicationOnBroker {

	static final byte[] POISON = { (byte) 0xff, 0, 1, (byte) 0x80, 2 };

	DeadLetterSetup() {
		super(DurabilityAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
				DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class);
		this.runner = this.runner.withUserConfiguration(Seen.class);
		configure("spring.kafka.consumer.value-deserializer=" + FragileDeserializer.class.getName(),
				"reliable.kafka.consumer.retry.initial-interval=50ms", "reliable.kafka.consumer.retry.max-attempts=3");
	}

	long count(ApplicationContext context, ConsumptionOutcome outcome) {
		return context.getBean(DeliveryLedger.class).consumption(this.topic, this.group).count(outcome);
	}

	@Configuration(proxyBeanMethods = false)
	static class Seen {

		final Queue<String> values = new ConcurrentLinkedQueue<>();

		final AtomicInteger assignments = new AtomicInteger();

		final AtomicInteger losses = new AtomicInteger();

		volatile boolean healed;

		void see(ConsumerRecord<?, ?> record) {
			String value = (record.value() != null) ? ((FragileDeserializer.Text) record.value()).text() : "null";
			this.values.add(value);
			if (value.equals("FAIL") && !this.healed) {
				throw new IllegalStateException("failed on purpose");
			}
		}

		@Bean
		ConsumerAwareRebalanceListener rebalanceListener() {
			return new ConsumerAwareRebalanceListener() {

				@Override
				public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
					// With the protocol "consumer" a member may first be assigned
					// nothing.
					if (!partitions.isEmpty()) {
						Seen.this.assignments.incrementAndGet();
					}
				}

				@Override
				public void onPartitionsLost(Collection<TopicPartition> partitions) {
					Seen.this.losses.incrementAndGet();
				}

			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class RecordListener {

		final Seen seen;

		RecordListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<?, ?> record) {
			this.seen.see(record);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchListener {

		final Seen seen;

		BatchListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(List<ConsumerRecord<Object, Object>> records) {
			for (int i = 0; i < records.size(); i++) {
				try {
					this.seen.see(records.get(i));
				}
				catch (IllegalStateException ex) {
					throw new BatchListenerFailedException("failed on purpose", ex, i);
				}
				if (records.get(i).value() instanceof FragileDeserializer.Text text && text.text().equals("CRASH")) {
					throw new IllegalStateException("crashed on purpose");
				}
			}
		}

	}

}
