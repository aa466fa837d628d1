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
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.GuardIntervention;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;

import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.BatchAcknowledgingMessageListener;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A {@link ReliableConsumer} of a listener container, over a consumer without a cluster.
 */
abstract class CommitGuardSetup {

	static final TopicPartition ZERO = new TopicPartition("t", 0);

	final DeliveryLedger ledger = new DeliveryLedger();

	final FailingConsumer mock = new FailingConsumer();

	final ConsumerSession session = new ConsumerSession(Map.of());

	final ReliableConsumer<String, String> consumer = new ReliableConsumer<>(this.mock, this.session,
			new AssignedPartitions(this.mock, "g", ResetPolicy.of(Map.of("auto.offset.reset", "earliest")), null,
					Committer.CONTAINER),
			null, null);

	final Map<Long, ConsumerRecord<String, String>> records = new HashMap<>();

	final UnfinishedRecords unfinished = new UnfinishedRecords(this.ledger, Duration.ofMinutes(1));

	final long start = System.nanoTime();

	boolean running = true;

	CommitGuardSetup() {
		this.mock.updateBeginningOffsets(Map.of(ZERO, 0L));
		this.mock.updateEndOffsets(Map.of(ZERO, 1_000_000L));
		this.consumer.assign(List.of(ZERO));
	}

	@AfterEach
	void leaveThread() {
		this.session.exit();
	}

	static Outcomes outcomes(DeliveryLedger ledger, BooleanSupplier running, UnfinishedRecords unfinished) {
		return outcomes(ledger, running, unfinished, new ContainerProperties("t"));
	}

	static Outcomes outcomes(DeliveryLedger ledger, BooleanSupplier running, UnfinishedRecords unfinished,
			ContainerProperties properties) {
		KafkaMessageListenerContainer<String, String> container = new KafkaMessageListenerContainer<>(
				new DefaultKafkaConsumerFactory<>(Map.of()), properties) {

			@Override
			public boolean isRunning() {
				return running.getAsBoolean();
			}

		};
		return new Outcomes(ledger, () -> "g", () -> false, new ErrorHandling(container), unfinished,
				new Restarts(null, new DeliveryLedger(), Duration.ZERO));
	}

	void watch(boolean byHand) {
		this.consumer.listened().watch(outcomes(this.ledger, () -> this.running, this.unfinished), byHand, byHand);
		this.consumer.poll(Duration.ZERO);
	}

	/**
	 * A listener that acknowledges records of a batch one after the other.
	 */
	void watchBatch() {
		ContainerProperties properties = new ContainerProperties("t");
		properties.setAckMode(ContainerProperties.AckMode.MANUAL_IMMEDIATE);
		properties.setMessageListener((BatchAcknowledgingMessageListener<String, String>) (batch, acknowledgment) -> {
		});
		this.consumer.listened()
			.watch(outcomes(this.ledger, () -> this.running, this.unfinished, properties), true, true);
		this.consumer.poll(Duration.ZERO);
	}

	void look(Duration later) {
		this.unfinished.look(this.start + later.toNanos());
	}

	CommitGuard guard() {
		return this.consumer.listened().guard();
	}

	void poll(long... offsets) {
		for (long offset : offsets) {
			this.mock.addRecord(record(offset));
		}
		assertThat(this.consumer.poll(Duration.ZERO).count()).isEqualTo(offsets.length);
	}

	void deliver(long... offsets) {
		for (long offset : offsets) {
			this.consumer.listened().deliver(record(offset));
		}
	}

	void close(long... offsets) {
		for (long offset : offsets) {
			this.consumer.listened().close(record(offset));
		}
	}

	void acknowledge(long... offsets) {
		for (long offset : offsets) {
			guard().acknowledge(List.of(record(offset)), () -> commit(offset + 1), this.consumer.listened());
		}
	}

	void commit(long offset) {
		this.consumer.commitSync(Map.of(ZERO, new OffsetAndMetadata(offset)));
	}

	long committed() {
		OffsetAndMetadata committed = this.mock.committed(Set.of(ZERO)).get(ZERO);
		return (committed != null) ? committed.offset() : -1;
	}

	long counted(GuardIntervention intervention) {
		return this.ledger.consumption("t", "g").counted(intervention);
	}

	ConsumerRecord<String, String> record(long offset) {
		return this.records.computeIfAbsent(offset, (key) -> new ConsumerRecord<>("t", 0, key, null, "v"));
	}

	static final class FailingConsumer extends MockConsumer<String, String> {

		final List<Map<TopicPartition, Long>> commits = new ArrayList<>();

		RuntimeException failure;

		/**
		 * Of the next commit that does not wait.
		 */
		RuntimeException asyncFailure;

		FailingConsumer() {
			super("earliest");
		}

		@Override
		public synchronized void unsubscribe() {
			if (this.failure != null) {
				throw this.failure;
			}
			super.unsubscribe();
		}

		@Override
		public synchronized void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets,
				OffsetCommitCallback callback) {
			if (this.asyncFailure != null) {
				callback.onComplete(offsets, this.asyncFailure);
				this.asyncFailure = null;
				return;
			}
			super.commitAsync(offsets, callback);
		}

		@Override
		public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
			if (this.failure != null) {
				throw this.failure;
			}
			Map<TopicPartition, Long> plain = new LinkedHashMap<>();
			offsets.forEach((partition, offset) -> plain.put(partition, offset.offset()));
			this.commits.add(plain);
			super.commitSync(offsets);
		}

	}

}
