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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.ConsumerAwareRebalanceListener;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.context.EmbeddedKafka;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for dead letters against a broker.
 */
@EmbeddedKafka(partitions = 1, brokerProperties = "group.initial.rebalance.delay.ms=0")
class DeadLetterIntegrationTests {

	private static final byte[] POISON = { (byte) 0xff, 0, 1, (byte) 0x80, 2 };

	private static KafkaProbe probe;

	private final String topic = "orders-" + UUID.randomUUID();

	private final String deadLetters = this.topic + "-dlt";

	private final String group = "group-" + UUID.randomUUID();

	private ApplicationContextRunner runner;

	private static EmbeddedKafkaBroker broker;

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
					"spring.kafka.consumer.value-deserializer=" + FragileDeserializer.class.getName(),
					"reliable.kafka.consumer.retry.initial-interval=50ms",
					"reliable.kafka.consumer.retry.max-attempts=3", "topic=" + this.topic);
	}

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void recordWhenNotReadableIsDeadLetteredByteForByteAndTheOthersAreProcessed(String protocol) {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, POISON, POISON, new RecordHeader("rk", KafkaProbe.bytes("number")));
		probe.send(this.topic, 0, "a", (String) null);
		probe.send(this.topic, 0, "a", "two");
		run(RecordListener.class, (context) -> {
			Seen seen = context.getBean(Seen.class);
			await().until(() -> seen.values.size() == 3);
			assertThat(seen.values).containsExactly("ONE", "null", "TWO");
			await().until(() -> probe.committed(this.group, this.topic, 0) == 4);
			assertThat(probe.records(this.deadLetters)).singleElement().satisfies((letter) -> {
				assertThat(letter.value()).isEqualTo(POISON);
				assertThat(letter.key()).isEqualTo(POISON);
				assertThat(header(letter, "origin")).isEqualTo("probe");
				assertThat(letter.headers().lastHeader("rk")).isNull();
				assertThat(header(letter, "rk-orig")).isEqualTo("number");
				assertThat(header(letter, KafkaHeaders.DLT_ORIGINAL_TOPIC)).isEqualTo(this.topic);
				assertThat(header(letter, KafkaHeaders.DLT_ORIGINAL_CONSUMER_GROUP)).isEqualTo(this.group);
				assertThat(header(letter, KafkaHeaders.DLT_EXCEPTION_CAUSE_FQCN)).contains("DeserializationException");
			});
			assertThat(count(context, ConsumptionOutcome.PROCESSED)).isEqualTo(3);
			assertThat(count(context, ConsumptionOutcome.FAILED)).isEqualTo(1);
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTERED)).isEqualTo(1);
		}, "spring.kafka.consumer.properties[group.protocol]=" + protocol);
	}

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void batchWhenSomeAreNotReadableIsProcessedWithoutThemAndTheyAreDeadLettered(String protocol) {
		probe.createTopic(this.topic, 2);
		for (int partition = 0; partition < 2; partition++) {
			probe.send(this.topic, partition, "k", "a" + partition);
			probe.send(this.topic, partition, "k".getBytes(StandardCharsets.UTF_8), POISON);
			probe.send(this.topic, partition, "k".getBytes(StandardCharsets.UTF_8), POISON);
			probe.send(this.topic, partition, "k", (String) null);
			probe.send(this.topic, partition, "k", "b" + partition);
			probe.send(this.topic, partition, "k".getBytes(StandardCharsets.UTF_8), POISON);
		}
		run(BatchListener.class, (context) -> {
			Seen seen = context.getBean(Seen.class);
			await().until(() -> probe.committed(this.group, this.topic, 0) == 6
					&& probe.committed(this.group, this.topic, 1) == 6);
			assertThat(seen.values).containsExactlyInAnyOrder("A0", "null", "B0", "A1", "null", "B1");
			assertThat(probe.records(this.deadLetters)).hasSize(6)
				.allSatisfy((letter) -> assertThat(letter.value()).isEqualTo(POISON))
				.filteredOn((letter) -> letter.partition() == 1)
				.hasSize(3);
			assertThat(probe.partitions(this.deadLetters)).isEqualTo(2);
			assertThat(count(context, ConsumptionOutcome.PROCESSED)).isEqualTo(6);
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTERED)).isEqualTo(6);
		}, "spring.kafka.listener.type=batch", "spring.kafka.consumer.properties[group.protocol]=" + protocol);
	}

	@Test
	void recordWhenListenerAlwaysFailsIsDeadLetteredByteForByteAfterTheLastAttempt() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		probe.send(this.topic, 0, "a", "fine");
		run(RecordListener.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 2);
			assertThat(context.getBean(Seen.class).values).containsExactly("FAIL", "FAIL", "FAIL", "FINE");
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
			assertThat(probe.topicConfig(this.deadLetters, "retention.ms")).isEqualTo("-1");
			assertThat(count(context, ConsumptionOutcome.FAILED)).isEqualTo(3);
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTERED)).isEqualTo(1);
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "manual", "manual_immediate", "record", "count", "time" })
	void recordWhenListenerFailsIsCommittedAfterDeadLetteringInAckMode(String ackMode) {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fine");
		probe.send(this.topic, 0, "a", "fail");
		run(AcknowledgingListener.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 2);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
		}, "spring.kafka.listener.ack-mode=" + ackMode, "spring.kafka.listener.ack-count=1",
				"spring.kafka.listener.ack-time=100ms");
	}

	@Test
	void batchWhenOneRecordFailsIsDeadLetteredOnly() {
		probe.createTopic(this.topic, 1);
		List.of("one", "fail", "two").forEach((value) -> probe.send(this.topic, 0, "a", value));
		run(BatchListener.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 3);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
			assertThat(context.getBean(Seen.class).values).contains("ONE", "TWO");
			assertThat(count(context, ConsumptionOutcome.PROCESSED)).isEqualTo(2);
			assertThat(count(context, ConsumptionOutcome.FAILED)).isEqualTo(3);
		}, "spring.kafka.listener.type=batch");
	}

	@Test
	void batchWhenItFailsAsAWholeIsDeadLetteredAsAWhole() {
		probe.createTopic(this.topic, 1);
		List.of("one", "crash", "two").forEach((value) -> probe.send(this.topic, 0, "a", value));
		run(BatchListener.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 3);
			assertThat(probe.values(this.deadLetters)).containsExactly("one", "crash", "two");
		}, "spring.kafka.listener.type=batch");
	}

	@Test
	void partitionWhenItsRecordWaitsForTheNextAttemptStopsNoOther() {
		probe.createTopic(this.topic, 2);
		probe.send(this.topic, 0, "a", "fail");
		run(RecordListener.class, (context) -> {
			Seen seen = context.getBean(Seen.class);
			await().until(() -> seen.values.size() == 1);
			probe.send(this.topic, 0, "a", "behind");
			probe.send(this.topic, 1, "a", "elsewhere");
			await().atMost(Duration.ofSeconds(8)).until(() -> seen.values.contains("ELSEWHERE"));
			assertThat(seen.values).containsExactly("FAIL", "ELSEWHERE");
		}, "reliable.kafka.consumer.retry.initial-interval=30s");
	}

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void waitWhenLongerThanTheMaximumPollIntervalKeepsTheMembership(String protocol) {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		run(RecordListener.class, (context) -> {
			await().atMost(Duration.ofSeconds(30)).until(() -> probe.committed(this.group, this.topic, 0) == 1);
			assertThat(context.getBean(Seen.class).values).hasSize(2);
			assertThat(context.getBean(Seen.class).assignments).hasValue(1);
			assertThat(context.getBean(Seen.class).losses).hasValue(0);
		}, "reliable.kafka.consumer.retry.initial-interval=7s", "reliable.kafka.consumer.retry.max-attempts=2",
				"spring.kafka.consumer.max-poll-interval=3s", "spring.kafka.listener.poll-timeout=500ms",
				"spring.kafka.consumer.properties[group.protocol]=" + protocol);
	}

	@Test
	void stopWhenARecordWaitsForTheNextAttemptIsPrompt() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		long[] stopped = new long[1];
		run(RecordListener.class, (context) -> {
			await().until(() -> context.getBean(Seen.class).values.size() == 1);
			stopped[0] = System.nanoTime();
		}, "reliable.kafka.consumer.retry.initial-interval=30s");
		assertThat(Duration.ofNanos(System.nanoTime() - stopped[0])).isLessThan(Duration.ofSeconds(5));
		assertThat(probe.committed(this.group, this.topic, 0)).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void deadLetterWhenItCannotBePublishedLeavesTheOffsetUntilItCan(String type) {
		probe.createTopic(this.topic, 1);
		probe.createTopic(this.deadLetters, 1, Map.of("max.message.bytes", "100"));
		probe.send(this.topic, 0, "a".getBytes(StandardCharsets.UTF_8), POISON);
		probe.send(this.topic, 0, "a", "fine");
		run(type.equals("batch") ? BatchListener.class : RecordListener.class, (context) -> {
			await().until(() -> count(context, ConsumptionOutcome.DEAD_LETTER_FAILED) >= 2);
			assertThat(probe.committed(this.group, this.topic, 0)).isLessThanOrEqualTo(0);
			assertThat(context.getBean(Seen.class).values).isEmpty();
			// Waits of 2 s, 4 s, 8 s: no hot loop.
			await().during(Duration.ofSeconds(3))
				.until(() -> count(context, ConsumptionOutcome.DEAD_LETTER_FAILED) < 4);
			probe.alterTopic(this.deadLetters, "max.message.bytes", "1000000");
			await().atMost(Duration.ofSeconds(20)).until(() -> probe.committed(this.group, this.topic, 0) == 2);
			assertThat(probe.records(this.deadLetters)).singleElement()
				.satisfies((letter) -> assertThat(letter.value()).isEqualTo(POISON));
			assertThat(context.getBean(Seen.class).values).containsExactly("FINE");
		}, "spring.kafka.listener.type=" + type, "reliable.kafka.consumer.retry.initial-interval=2s");
	}

	@Test
	void deadLetterWhenItFailsAgainStaysWhereItIs() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		run(ChainListener.class, (context) -> {
			Seen seen = context.getBean(Seen.class);
			DeliveryLedger ledger = context.getBean(DeliveryLedger.class);
			await().until(() -> ledger.consumption(this.deadLetters, this.group)
				.count(ConsumptionOutcome.DEAD_LETTER_FAILED) >= 2);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
			assertThat(probe.records(this.deadLetters + "-dlt")).isEmpty();
			assertThat(probe.committed(this.group, this.deadLetters, 0)).isLessThanOrEqualTo(0);
			seen.healed = true;
			await().until(() -> probe.committed(this.group, this.deadLetters, 0) == 1);
		}, "spring.kafka.consumer.properties[metadata.max.age.ms]=500");
	}

	@Test
	void batchWhenItFailsAgainDeadLettersOnlyTheRest() {
		probe.createTopic(this.topic, 1);
		probe.createTopic(this.deadLetters, 1, Map.of("max.message.bytes", "20000"));
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, "a", "x".repeat(20_000));
		probe.send(this.topic, 0, "a", "crash");
		run(BatchListener.class, (context) -> {
			await().until(() -> count(context, ConsumptionOutcome.DEAD_LETTER_FAILED) >= 2);
			assertThat(probe.values(this.deadLetters)).containsExactly("one");
			probe.alterTopic(this.deadLetters, "max.message.bytes", "1000000");
			await().until(() -> probe.committed(this.group, this.topic, 0) == 3);
			assertThat(probe.values(this.deadLetters)).containsExactly("one", "x".repeat(20_000), "crash");
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTERED)).isEqualTo(3);
		}, "spring.kafka.listener.type=batch", "reliable.kafka.consumer.retry.policy=none",
				"reliable.kafka.consumer.retry.initial-interval=500ms");
	}

	@Test
	void recordWhenDeadLettersAreOffIsTriedUntilItSucceeds() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "fail");
		run(RecordListener.class, (context) -> {
			Seen seen = context.getBean(Seen.class);
			await().until(() -> seen.values.size() > 5);
			assertThat(probe.committed(this.group, this.topic, 0)).isZero();
			seen.healed = true;
			await().until(() -> probe.committed(this.group, this.topic, 0) == 1);
			assertThat(probe.records(this.deadLetters)).isEmpty();
		}, "reliable.kafka.dead-letter.enabled=false");
	}

	@Test
	void recordWhenDeadLettersAreOffAndItIsNotReadableStaysWhereItIs() {
		probe.createTopic(this.topic, 2);
		probe.send(this.topic, 0, "a".getBytes(StandardCharsets.UTF_8), POISON);
		probe.send(this.topic, 1, "a", "fine");
		run(RecordListener.class, (context) -> {
			await().until(() -> count(context, ConsumptionOutcome.FAILED) >= 3);
			await().until(() -> probe.committed(this.group, this.topic, 1) == 1);
			assertThat(probe.committed(this.group, this.topic, 0)).isZero();
			assertThat(count(context, ConsumptionOutcome.FAILED)).isLessThan(20);
		}, "reliable.kafka.dead-letter.enabled=false", "reliable.kafka.consumer.retry.initial-interval=500ms");
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

	private static String header(ConsumerRecord<?, ?> record, String name) {
		assertThat(record.headers().headers(name)).as(name).hasSize(1);
		return new String(record.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
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

		private final Seen seen;

		RecordListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<?, ?> record) {
			this.seen.see(record);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class ChainListener {

		private final Seen seen;

		ChainListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topicPattern = "${topic}.*")
		void listen(ConsumerRecord<?, ?> record) {
			this.seen.see(record);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AcknowledgingListener {

		private final Seen seen;

		AcknowledgingListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<?, ?> record, Acknowledgment acknowledgment) {
			this.seen.see(record);
			if (acknowledgment != null) {
				acknowledgment.acknowledge();
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchListener {

		private final Seen seen;

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
