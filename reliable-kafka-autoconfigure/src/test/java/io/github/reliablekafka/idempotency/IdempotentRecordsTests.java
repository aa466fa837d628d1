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

package io.github.reliablekafka.idempotency;

import java.time.Duration;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.IdempotencyOutcome;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link IdempotentRecords}.
 */
class IdempotentRecordsTests {

	private final ProcessedRecordsInMemory store = new ProcessedRecordsInMemory(10);

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final Consumer<String, String> consumer = new MockConsumer<>("none");

	private final IdempotentRecords<String, String> interceptor = new IdempotentRecords<>(this.store,
			(record) -> String.valueOf(record.value()), this.ledger,
			new IdempotentRecords.Container(() -> "g", () -> true, () -> true, (topic) -> topic.endsWith("-dlt")),
			Duration.ofMillis(1), null);

	@AfterEach
	void leave() {
		RecordClaim.exit();
	}

	@Test
	void deadLetterThatWasReadIsNotTakenForProcessed() {
		ConsumerRecord<String, String> letter = record("orders-dlt");
		assertThat(this.interceptor.intercept(letter, this.consumer)).isSameAs(letter);
		this.interceptor.success(letter, this.consumer);
		assertThat(this.interceptor.intercept(letter, this.consumer)).isSameAs(letter);
		this.interceptor.success(letter, this.consumer);
		// Redriven.
		ConsumerRecord<String, String> record = record("orders");
		assertThat(this.interceptor.intercept(record, this.consumer)).isSameAs(record);
		this.interceptor.success(record, this.consumer);
		assertThat(this.interceptor.intercept(record, this.consumer)).isNull();
	}

	@Test
	void recordWhoseListenerThrewAnErrorIsProcessedAgainInTheSameProcess() {
		ConsumerRecord<String, String> record = record("orders");
		assertThat(this.interceptor.intercept(record, this.consumer)).isSameAs(record);
		// Neither success nor failure: the container stops, and is started again.
		this.interceptor.clearThreadState(this.consumer);
		assertThat(this.ledger.count(IdempotencyOutcome.RELEASED)).isEqualTo(1);
		assertThat(this.interceptor.intercept(record, this.consumer)).isSameAs(record);
		this.interceptor.success(record, this.consumer);
		this.interceptor.clearThreadState(this.consumer);
		assertThat(this.ledger.count(IdempotencyOutcome.RELEASED)).isEqualTo(1);
		assertThat(this.interceptor.intercept(record, this.consumer)).isNull();
	}

	private static ConsumerRecord<String, String> record(String topic) {
		return new ConsumerRecord<>(topic, 0, 0, "key", "value");
	}

}
