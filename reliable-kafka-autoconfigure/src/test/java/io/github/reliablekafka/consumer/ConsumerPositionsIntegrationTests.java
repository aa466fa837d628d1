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
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.sequence.Integrity;
import io.github.reliablekafka.sequence.LaneReader;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.listener.ConsumerSeekAware;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.context.EmbeddedKafka;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for where groups read and what they commit, against a broker.
 */
@ExtendWith(OutputCaptureExtension.class)
@EmbeddedKafka(partitions = 1, brokerProperties = { "group.initial.rebalance.delay.ms=0",
		"transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1" })
class ConsumerPositionsIntegrationTests {

	private static KafkaProbe probe;

	private static EmbeddedKafkaBroker broker;

	private final String topic = "orders-" + UUID.randomUUID();

	private final String group = "group-" + UUID.randomUUID();

	private ApplicationContextRunner runner;

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
							ReliableProducerAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withPropertyValues("spring.kafka.bootstrap-servers=" + broker.getBrokersAsString(),
					"spring.kafka.consumer.group-id=" + this.group,
					"spring.kafka.consumer.properties[metadata.max.age.ms]=500", "topic=" + this.topic,
					"spring.kafka.listener.poll-timeout=200ms");
	}

	@ParameterizedTest
	@CsvSource({ "record,classic", "batch,classic", "record,consumer", "batch,consumer", "time,classic",
			"count,classic" })
	void commitOfContainerCarriesEpochAndState(String mode, String protocol) {
		probe.createTopic(this.topic, 1);
		run(Listener.class, (context) -> {
			awaitCommitted(0);
			assertComplete(0, false);
			probe.send(this.topic, 0, "a", "one");
			awaitCommitted(1);
			assertComplete(1, true);
			probe.send(this.topic, 0, "a", "two");
			awaitCommitted(2);
			assertComplete(2, true);
		}, "spring.kafka.listener.ack-mode=" + mode, "spring.kafka.listener.ack-time=100ms",
				"spring.kafka.listener.ack-count=1", "spring.kafka.consumer.properties[group.protocol]=" + protocol);
	}

	@ParameterizedTest
	@CsvSource({ "manual,true", "manual_immediate,true", "manual,false", "manual_immediate,false" })
	void commitOfAcknowledgmentCarriesEpochAndState(String mode, boolean sync) {
		probe.createTopic(this.topic, 1);
		run(AcknowledgingListener.class, (context) -> {
			probe.send(this.topic, 0, "a", "one");
			awaitCommitted(1);
			assertComplete(1, true);
		}, "spring.kafka.listener.ack-mode=" + mode, "spring.kafka.listener.async-acks=" + !sync);
	}

	@Test
	void commitOfBatchListenerCarriesEpochAndState() {
		probe.createTopic(this.topic, 1);
		run(BatchListener.class, (context) -> {
			probe.send(this.topic, 0, "a", "one");
			awaitCommitted(1);
			assertComplete(1, true);
		}, "spring.kafka.listener.type=batch");
	}

	@ParameterizedTest
	@ValueSource(strings = { "read_committed", "read_uncommitted" })
	void commitInTransactionCarriesEpochAndState(String isolation) {
		probe.createTopic(this.topic, 1);
		run(Listener.class, (context) -> {
			probe.send(this.topic, 0, "a", "one");
			awaitCommitted(1);
			assertComplete(1, true);
			probe.send(this.topic, 0, "a", "two");
			awaitCommitted(2);
			assertComplete(2, true);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two");
		}, "spring.kafka.producer.transaction-id-prefix=" + this.group,
				"spring.kafka.consumer.isolation-level=" + isolation);
	}

	@Test
	void commitWhenNothingIsCheckedCarriesTheEpoch() {
		probe.createTopic(this.topic, 1);
		run(Listener.class, (context) -> {
			probe.send(this.topic, 0, "a", "one");
			awaitCommitted(1);
			assertThat(probe.committedOffset(this.group, this.topic, 0))
				.isEqualTo(new OffsetAndMetadata(1, Optional.of(0), ""));
			assertThat(context.getBean(LossLedger.class).coverages()).isEmpty();
		}, "reliable.kafka.sequence.enabled=false");
	}

	@Test
	void listenerWithAPolicyOfItsOwnFollowsIt() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "old");
		run(LatestListener.class, (context) -> {
			awaitCommitted(1);
			probe.send(this.topic, 0, "a", "new");
			awaitCommitted(2);
			assertThat(context.getBean(Seen.class).values).containsExactly("new");
		});
	}

	@Test
	void groupThatComesBackGoesOnFromItsState() {
		probe.createTopic(this.topic, 1);
		run(Listener.class, (context) -> {
			probe.send(this.topic, 0, "a", "one");
			awaitCommitted(1);
		});
		probe.send(this.topic, 0, "a", "two");
		run(Listener.class, (context) -> {
			awaitCommitted(2);
			assertComplete(2, true);
			assertThat(context.getBean(Seen.class).values).containsExactly("two");
			assertThat(unreadable(context)).isZero();
		});
	}

	@Test
	void latestWhenGroupIsNewBeginsAtTheEndWithoutLosingWhatComesNext() {
		probe.createTopic(this.topic, 2);
		probe.send(this.topic, 0, "a", "old");
		probe.send(this.topic, 1, "a", "old");
		ThrowingConsumer<ApplicationContext> assigned = (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) == 1
					&& probe.committed(this.group, this.topic, 1) == 1);
			assertThat(context.getBean(Seen.class).values).isEmpty();
		};
		run(Listener.class, assigned, "spring.kafka.consumer.auto-offset-reset=latest",
				"spring.kafka.listener.concurrency=2");
		probe.send(this.topic, 0, "a", "new-0");
		probe.send(this.topic, 1, "a", "new-1");
		run(Listener.class, (context) -> await().untilAsserted(
				() -> assertThat(context.getBean(Seen.class).values).containsExactlyInAnyOrder("new-0", "new-1")),
				"spring.kafka.consumer.auto-offset-reset=latest", "spring.kafka.listener.concurrency=2");
	}

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void latestWhenPartitionsAreAddedLosesNothing(String protocol) {
		probe.createTopic(this.topic, 1);
		run(Listener.class, (context) -> {
			awaitCommitted(0);
			probe.addPartitions(this.topic, 3);
			for (int i = 0; i < 10; i++) {
				probe.send(this.topic, 1 + i % 2, "a", "value-" + i);
			}
			await().untilAsserted(() -> assertThat(context.getBean(Seen.class).values).hasSize(10));
		}, "spring.kafka.consumer.auto-offset-reset=latest",
				"spring.kafka.consumer.properties[group.protocol]=" + protocol);
	}

	@Test
	void groupThatLagsBehindWhatIsDeletedGoesOnAtTheStart(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		run(Listener.class, (context) -> awaitCommitted(0));
		for (int i = 0; i < 10; i++) {
			probe.send(this.topic, 0, "a", "value-" + i);
		}
		probe.deleteRecords(this.topic, 0, 4);
		run(Listener.class, (context) -> {
			awaitCommitted(10);
			assertThat(context.getBean(Seen.class).values).hasSize(6).startsWith("value-4");
			assertThat(output).contains("begins at 4: group '" + this.group + "' has not read 0 to 3");
		}, "spring.kafka.consumer.auto-offset-reset=latest");
	}

	@Test
	void byDurationBeginsWithTheFirstRecordThatIsYoungEnough() {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, "a", "two");
		run(Listener.class, (context) -> {
			awaitCommitted(2);
			assertThat(context.getBean(Seen.class).values).isEmpty();
		}, "reliable.kafka.consumer.reset=by_duration:PT0S");
		String other = this.group + "-other";
		run(Listener.class, (context) -> {
			await().until(() -> probe.committed(other, this.topic, 0) == 2);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two");
		}, "reliable.kafka.consumer.reset=by_duration:PT1H", "spring.kafka.consumer.group-id=" + other);
	}

	@Test
	void failStopsTheContainer(CapturedOutput output) {
		probe.createTopic(this.topic, 1);
		probe.send(this.topic, 0, "a", "one");
		run(Listener.class, (context) -> {
			await().until(() -> context.getBean(KafkaListenerEndpointRegistry.class)
				.getListenerContainers()
				.stream()
				.noneMatch((container) -> container.isRunning()));
			assertThat(output).contains("No offset and no reset policy");
			assertThat(probe.committed(this.group, this.topic, 0)).isEqualTo(-1);
		}, "reliable.kafka.consumer.reset=fail");
	}

	@Test
	void listenerThatSeeksReadsFromThere() {
		probe.createTopic(this.topic, 1);
		for (int i = 0; i < 5; i++) {
			probe.send(this.topic, 0, "a", "value-" + i);
		}
		run(SeekingListener.class, (context) -> {
			awaitCommitted(5);
			assertThat(context.getBean(Seen.class).values).containsExactly("value-3", "value-4");
			assertThat(context.getBean(SeekingListener.class).current).isZero();
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void consumerOfTheApplicationIsHandledAlike(String protocol) {
		probe.createTopic(this.topic, 2);
		probe.send(this.topic, 0, "a", "one");
		run(Seen.class, (context) -> {
			try (Consumer<?, ?> consumer = context.getBean(ConsumerFactory.class).createConsumer()) {
				consumer.subscribe(List.of(this.topic));
				assertThat(pollOne(consumer).value()).isEqualTo("one");
				consumer.commitSync();
				assertComplete(1, true);
				assertThat(consumer.committed(Set.of(new TopicPartition(this.topic, 0))).values())
					.containsExactly(new OffsetAndMetadata(1, Optional.of(0), ""));
			}
			try (Consumer<?, ?> consumer = context.getBean(ConsumerFactory.class).createConsumer("other", null)) {
				TopicPartition partition = new TopicPartition(this.topic, 0);
				consumer.assign(List.of(partition));
				consumer.seekToEnd(List.of(partition));
				consumer.poll(Duration.ofMillis(200));
				assertThat(consumer.position(partition)).isEqualTo(1);
				consumer.seekToBeginning(List.of(partition));
				assertThat(pollOne(consumer).value()).isEqualTo("one");
			}
		}, "spring.kafka.consumer.properties[group.protocol]=" + protocol);
	}

	@Test
	void consumerOfTheApplicationWhenItFailsIsTold() {
		probe.createTopic(this.topic, 1);
		run(Seen.class, (context) -> {
			try (Consumer<?, ?> consumer = context.getBean(ConsumerFactory.class).createConsumer()) {
				consumer.assign(List.of(new TopicPartition(this.topic, 0)));
				assertThatExceptionOfType(NoOffsetForPartitionException.class).isThrownBy(() -> pollOne(consumer));
			}
		}, "spring.kafka.consumer.auto-offset-reset=none");
	}

	private static ConsumerRecord<?, ?> pollOne(Consumer<?, ?> consumer) {
		List<ConsumerRecord<?, ?>> polled = new ArrayList<>();
		await().pollInSameThread().until(() -> {
			consumer.poll(Duration.ofMillis(200)).forEach(polled::add);
			return !polled.isEmpty();
		});
		return polled.get(0);
	}

	private void awaitCommitted(long offset) {
		await().until(() -> probe.committed(this.group, this.topic, 0) == offset);
	}

	private void assertComplete(long offset, boolean epoch) {
		OffsetAndMetadata committed = probe.committedOffset(this.group, this.topic, 0);
		assertThat(committed.offset()).isEqualTo(offset);
		assertThat(committed.leaderEpoch()).isEqualTo(epoch ? Optional.of(0) : Optional.empty());
		assertThat(LaneReader.isState(committed.metadata())).as(committed.metadata()).isTrue();
	}

	private long unreadable(ApplicationContext context) {
		return context.getBean(LossLedger.class).coverage(this.topic, this.group).counted(Integrity.UNREADABLE_STATE);
	}

	private void run(Class<?> configuration, ThrowingConsumer<ApplicationContext> test, String... properties) {
		this.runner.withUserConfiguration(configuration, Seen.class).withPropertyValues(properties).run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context).hasSingleBean(DeliveryLedger.class);
			test.accept(context);
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class Seen {

		private final Queue<String> values = new ConcurrentLinkedQueue<>();

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Listener {

		private final Seen seen;

		Listener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(id = "listener", idIsGroup = false, topics = "${topic}")
		void listen(String value) {
			this.seen.values.add(value);
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class LatestListener {

		private final Seen seen;

		LatestListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}", properties = "auto.offset.reset=latest")
		void listen(String value) {
			this.seen.values.add(value);
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class AcknowledgingListener {

		@KafkaListener(topics = "${topic}")
		void listen(String value, Acknowledgment acknowledgment) {
			acknowledgment.acknowledge();
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class BatchListener {

		@KafkaListener(topics = "${topic}")
		void listen(List<String> values) {
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class SeekingListener implements ConsumerSeekAware {

		private final Seen seen;

		private volatile long current = -1;

		SeekingListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.values.add(value);
		}

		@Override
		public void onPartitionsAssigned(Map<TopicPartition, Long> assignments, ConsumerSeekCallback callback) {
			assignments.forEach((partition, offset) -> {
				this.current = offset;
				callback.seek(partition.topic(), partition.partition(), 3);
			});
		}

	}

}
