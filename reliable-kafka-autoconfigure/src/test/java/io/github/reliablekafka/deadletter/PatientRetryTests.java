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

import java.util.List;
import java.util.Map;

import io.github.reliablekafka.durability.RecordHeldException;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;
import tools.jackson.core.exc.StreamReadException;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.kafka.listener.ListenerExecutionFailedException;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * Tests for {@link PatientRetry}.
 */
class PatientRetryTests {

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final PatientRetry retry = new PatientRetry(new FixedBackOff(1, FixedBackOff.UNLIMITED_ATTEMPTS),
			() -> false, this.ledger);

	@Test
	void whyAPartitionWaitsIsToldWithoutWhatTheExceptionQuotes() {
		ConsumerRecord<String, String> record = new ConsumerRecord<>("orders-dlt", 3, 7, null, "card4711");
		StreamReadException quoting = catchThrowableOfType(StreamReadException.class,
				() -> new JsonMapper().readTree(record.value()));
		assertThat(quoting).hasMessageContaining("card4711");
		ListenerExecutionFailedException failure = new ListenerExecutionFailedException("Listener failed", quoting);
		this.retry.recoveryFailed(record, failure, failure);
		assertThat(this.ledger.waiting()).isEqualTo(Map.of("orders-dlt-3",
				"A record can be neither processed nor dead-lettered, because of a tools.jackson.core.exc.StreamReadException; the log has its message"));
		this.retry.recovered(record, failure);
		assertThat(this.ledger.waiting()).isEmpty();
		this.retry.recoveryFailed(
				new ConsumerRecords<>(Map.of(new TopicPartition("orders-dlt", 3), List.of(record)), Map.of()), failure,
				new KafkaException(quoting.getMessage(), new TopicAuthorizationException(record.value())));
		assertThat(this.ledger.waiting()).containsOnlyKeys("orders-dlt-3");
		assertThat(this.ledger.waiting().get("orders-dlt-3")).contains("TopicAuthorizationException")
			.doesNotContain("card4711");
	}

	@Test
	void partitionOfARecordThatIsHeldOnPurposeIsNotSaidToWait() {
		ConsumerRecord<String, String> record = new ConsumerRecord<>("orders", 3, 7, null, "value");
		this.retry.recoveryFailed(record, null, new RecordHeldException("held"));
		assertThat(this.ledger.waiting()).isEmpty();
	}

}
