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
import java.util.Optional;
import java.util.Set;

import io.github.reliablekafka.sequence.Integrity;
import io.github.reliablekafka.sequence.LaneReader;
import io.github.reliablekafka.sequence.LossLedger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.support.Acknowledgment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what groups commit, against a broker.
 */
class CommittedOffsetsIntegrationTests extends ConsumerPositionsSetup {

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
		}, "spring.kafka.listener.ack-mode=" + mode, "spring.kafka.listener.async-acks=" + !sync,
				"reliable.kafka.durability.accept=" + (sync ? "" : "consumer.async-acks"));
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

	private void assertComplete(long offset, boolean epoch) {
		OffsetAndMetadata committed = probe.committedOffset(this.group, this.topic, 0);
		assertThat(committed.offset()).isEqualTo(offset);
		assertThat(committed.leaderEpoch()).isEqualTo(epoch ? Optional.of(0) : Optional.empty());
		assertThat(LaneReader.isState(committed.metadata())).as(committed.metadata()).isTrue();
	}

	private long unreadable(ApplicationContext context) {
		return context.getBean(LossLedger.class).coverage(this.topic, this.group).counted(Integrity.UNREADABLE_STATE);
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

}
