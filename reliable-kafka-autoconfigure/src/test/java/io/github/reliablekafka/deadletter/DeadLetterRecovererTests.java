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

import java.time.Duration;
import java.util.Map;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.durability.RecordHeldException;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.spool.SpoolEntrance;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.core.ParameterizedTypeReference;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.listener.ListenerExecutionFailedException;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link DeadLetterRecoverer} and what it does not publish.
 */
class DeadLetterRecovererTests {

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final ConsumerSession session = new ConsumerSession(Map.of("group.id", "g", "max.poll.interval.ms", 5));

	private final DeadLetterProperties properties = new DeadLetterProperties(true, "-dlt", Duration.ofSeconds(1), false,
			new DeadLetterProperties.Redrive(3, 100, "-parking", "rk-redrive"));

	private final DeadLetterClusters clusters = new DeadLetterClusters(this.properties,
			new DefaultListableBeanFactory().getBeanProvider(new ParameterizedTypeReference<ProducerFactory<?, ?>>() {
			}), new DefaultListableBeanFactory().getBeanProvider(SpoolEntrance.class));

	private final DeadLetterRecoverer recoverer = new DeadLetterRecoverer(this.clusters, this.properties, this.ledger,
			Map.of());

	@AfterEach
	void exit() {
		this.session.exit();
	}

	@Test
	void recordWhenItsDeadLetterWasAcknowledgedIsNotPublishedAgain() {
		this.session.enterPoll();
		this.session.deadLettered(record("t", 1));
		this.recoverer.accept(record("t", 1), null, new IllegalStateException());
		assertThat(this.ledger.consumption("t", "g").count(ConsumptionOutcome.DEAD_LETTERED)).isZero();
	}

	@Test
	void batchWhenThePollIsOverdueIsLeftToTheNextOne() {
		this.session.enterPoll();
		this.session.deadLettered(record("t", 1));
		await().until(() -> this.session.untilPollOverdue().isNegative());
		assertThatExceptionOfType(KafkaException.class)
			.isThrownBy(() -> this.recoverer.accept(record("t", 2), null, new IllegalStateException()))
			.withMessageContaining("the rest of the batch comes again");
		assertThat(this.ledger.consumption("t", "g").count(ConsumptionOutcome.DEAD_LETTER_FAILED)).isZero();
	}

	@Test
	void batchIsLeftToTheNextPollIfThereIsNoTimeForTheSpool() {
		ConsumerSession shorter = new ConsumerSession(Map.of("group.id", "g", "max.poll.interval.ms", 2200));
		shorter.enterPoll();
		shorter.deadLettered(record("t", 1));
		assertThatExceptionOfType(KafkaException.class)
			.isThrownBy(() -> this.recoverer.accept(record("t", 2), null, new IllegalStateException()))
			.withMessageContaining("the rest of the batch comes again");
		shorter.exit();
	}

	@Test
	void recordOfADeadLetterTopicStaysWhereItIs() {
		this.session.enterPoll();
		assertThatExceptionOfType(KafkaException.class)
			.isThrownBy(() -> this.recoverer.accept(record("t-dlt", 2), null, new IllegalStateException()))
			.withMessageContaining("Record t-dlt-0@2 is a dead letter and failed again");
		assertThat(this.ledger.consumption("t-dlt", "g").count(ConsumptionOutcome.DEAD_LETTER_FAILED)).isEqualTo(1);
	}

	@Test
	void recordThatAnotherInstanceHasComesAgainHoweverOften() {
		this.session.enterPoll();
		ListenerExecutionFailedException failure = new ListenerExecutionFailedException("failed",
				new RecordHeldException("held"));
		assertThatExceptionOfType(RecordHeldException.class)
			.isThrownBy(() -> this.recoverer.accept(record("t", 3), null, failure));
		RetryTopicRecoverer retryTopics = new RetryTopicRecoverer((record) -> null,
				(record, exception) -> new TopicPartition("t-retry", 0), this.clusters, this.properties, this.ledger,
				Duration.ofSeconds(1));
		assertThatExceptionOfType(RecordHeldException.class)
			.isThrownBy(() -> retryTopics.accept(record("t", 3), null, failure));
		assertThat(this.ledger.consumption("t", "g").count(ConsumptionOutcome.DEAD_LETTERED)).isZero();
		assertThat(this.ledger.consumption("t", "g").count(ConsumptionOutcome.DEAD_LETTER_FAILED)).isZero();
	}

	private static ConsumerRecord<String, String> record(String topic, long offset) {
		return new ConsumerRecord<>(topic, 0, offset, null, "value");
	}

}
