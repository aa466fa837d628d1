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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import io.github.reliablekafka.ledger.Consumption;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.GuardIntervention;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Posts to the counters of one listener container's group. Safe for use by many threads.
 */
final class Outcomes {

	private final DeliveryLedger ledger;

	private final Supplier<@Nullable String> group;

	private final BooleanSupplier async;

	private final ErrorHandling errorHandling;

	private final Map<String, Consumption> consumptions = new ConcurrentHashMap<>();

	/**
	 * Create a poster.
	 * @param ledger has the counters
	 * @param group the group, which may be set after this is created
	 * @param async whether the listener returns before its work is done, so that nobody
	 * knows that a record is processed
	 * @param errorHandling what becomes of failures
	 */
	Outcomes(DeliveryLedger ledger, Supplier<@Nullable String> group, BooleanSupplier async,
			ErrorHandling errorHandling) {
		this.ledger = ledger;
		this.group = group;
		this.async = async;
		this.errorHandling = errorHandling;
	}

	/**
	 * Have a consumer followed, if the outcomes of its records are known.
	 * @param consumer what the container polls
	 */
	void watch(ReliableConsumer<?, ?> consumer) {
		if (consumer.listened().isWatched() || this.async.getAsBoolean()) {
			return;
		}
		boolean byHand = this.errorHandling.isAcknowledgedByHand();
		if (!byHand || this.errorHandling.hearsAcknowledgements()) {
			consumer.listened().watch(this, byHand);
		}
	}

	/**
	 * Whether the listener says of each record itself that it is processed, and we hear
	 * of it.
	 * @param consumer what the container polls
	 * @return {@code false} if a record is processed when the listener returns
	 */
	boolean isByHand(Consumer<?, ?> consumer) {
		CommitGuard guard = guardOf(consumer);
		return guard != null && guard.isByHand();
	}

	static @Nullable CommitGuard guardOf(@Nullable Consumer<?, ?> consumer) {
		return (consumer instanceof ReliableConsumer<?, ?> reliable) ? reliable.listened().guard() : null;
	}

	/**
	 * The listener is about to be given a record.
	 * @param record the record
	 * @param consumer what the container polls
	 */
	void begin(ConsumerRecord<?, ?> record, Consumer<?, ?> consumer) {
		CommitGuard guard = guardOf(consumer);
		if (guard != null) {
			guard.begin(record);
		}
	}

	/**
	 * The listener has returned.
	 * @param record what it was given
	 * @param consumer what the container polls
	 */
	void returned(ConsumerRecord<?, ?> record, Consumer<?, ?> consumer) {
		CommitGuard guard = guardOf(consumer);
		if (guard != null && !guard.isByHand()) {
			guard.done();
			close(record, consumer);
		}
	}

	/**
	 * Records have an outcome.
	 * @param record the record
	 * @param consumer what the container polls
	 */
	void close(ConsumerRecord<?, ?> record, Consumer<?, ?> consumer) {
		if (consumer instanceof ReliableConsumer<?, ?> reliable) {
			reliable.listened().close(record);
		}
	}

	/**
	 * An error handler is about to get a record.
	 * @param record the record
	 * @param consumer what the container polls
	 */
	void failed(ConsumerRecord<?, ?> record, Consumer<?, ?> consumer) {
		CommitGuard guard = guardOf(consumer);
		if (guard != null && consumer instanceof ReliableConsumer<?, ?> reliable) {
			guard.done();
			switch (this.errorHandling.kind()) {
				case STANDARD -> reliable.listened().close(record);
				case UNKNOWN -> reliable.listened().closeAll();
				case LOGGING -> reliable.listened().abandon(record);
			}
		}
	}

	/**
	 * An error handler is about to get a batch.
	 * @param records what is left of the batch without an outcome
	 * @param consumer what the container polls
	 */
	void failed(Iterable<? extends ConsumerRecord<?, ?>> records, Consumer<?, ?> consumer) {
		if (consumer instanceof ReliableConsumer<?, ?> reliable && reliable.listened().isWatched()) {
			switch (this.errorHandling.kind()) {
				case STANDARD -> records.forEach(reliable.listened()::close);
				case UNKNOWN -> reliable.listened().closeAll();
				case LOGGING -> records.forEach(reliable.listened()::abandon);
			}
		}
	}

	void post(String topic, ConsumptionOutcome outcome) {
		if (outcome != ConsumptionOutcome.PROCESSED || !this.async.getAsBoolean()) {
			consumption(topic).post(outcome, 1);
		}
	}

	/**
	 * The guard of commits has done something.
	 * @param topic the topic
	 * @param intervention what it did
	 */
	void intervened(String topic, GuardIntervention intervention) {
		consumption(topic).count(intervention);
	}

	/**
	 * Whether the container was told to stop.
	 * @return {@code true} if it will not poll again
	 */
	boolean isStopping() {
		return !this.errorHandling.container().isRunning();
	}

	private Consumption consumption(String topic) {
		Consumption consumption = this.consumptions.get(topic);
		if (consumption == null) {
			String groupId = this.group.get();
			consumption = this.ledger.consumption(topic, (groupId != null) ? groupId : "");
			this.consumptions.put(topic, consumption);
		}
		return consumption;
	}

}
