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
import java.util.Base64;
import java.util.Map;
import java.util.Random;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.KafkaListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what happens between the attempts at a record, and at a dead letter, against
 * a broker.
 */
class RetriesIntegrationTests extends DeadLetterSetup {

	@Test
	void partitionWhenItsRecordWaitsForTheNextAttemptStopsNoOther() {
		probe.createTopic(this.topic, 2);
		probe.send(this.topic, 0, "a", "fail");
		run(RecordListener.class, (context) -> {
			Seen seen = context.getBean(Seen.class);
			await().until(() -> seen.values.size() == 1);
			probe.send(this.topic, 0, "a", "behind");
			probe.send(this.topic, 1, "a", "elsewhere");
			await().atMost(Duration.ofSeconds(20)).until(() -> seen.values.contains("ELSEWHERE"));
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
		assertThat(Duration.ofNanos(System.nanoTime() - stopped[0])).isLessThan(Duration.ofSeconds(20));
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
			DeliveryLedger ledger = context.getBean(DeliveryLedger.class);
			assertThat(ledger.waiting()).containsOnlyKeys("%s-0 in group '%s'".formatted(this.topic, this.group));
			probe.alterTopic(this.deadLetters, "max.message.bytes", "1000000");
			await().until(() -> probe.committed(this.group, this.topic, 0) == 2);
			assertThat(probe.records(this.deadLetters)).singleElement()
				.satisfies((letter) -> assertThat(letter.value()).isEqualTo(POISON));
			assertThat(context.getBean(Seen.class).values).containsExactly("FINE");
			assertThat(ledger.waiting()).isEmpty();
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
		// Dead letters are compressed.
		byte[] random = new byte[30_000];
		new Random(1).nextBytes(random);
		String large = Base64.getEncoder().encodeToString(random);
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, "a", large);
		probe.send(this.topic, 0, "a", "crash");
		run(BatchListener.class, (context) -> {
			await().until(() -> count(context, ConsumptionOutcome.DEAD_LETTER_FAILED) >= 2);
			assertThat(probe.values(this.deadLetters)).containsExactly("one");
			probe.alterTopic(this.deadLetters, "max.message.bytes", "1000000");
			await().until(() -> probe.committed(this.group, this.topic, 0) == 3);
			assertThat(probe.values(this.deadLetters)).containsExactly("one", large, "crash");
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

}
