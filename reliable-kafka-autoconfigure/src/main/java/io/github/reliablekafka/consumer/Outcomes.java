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

import org.springframework.kafka.listener.BatchMessageListener;
import org.springframework.kafka.listener.ContainerProperties;

/**
 * Posts to the counters of one listener container's group. Safe for use by many threads.
 */
final class Outcomes {

	private final DeliveryLedger ledger;

	private final Supplier<@Nullable String> group;

	private final BooleanSupplier async;

	private final ErrorHandling errorHandling;

	private final UnfinishedRecords unfinished;

	private final Restarts restarts;

	private final Map<String, Consumption> consumptions = new ConcurrentHashMap<>();

	/**
	 * Create a poster.
	 * @param ledger has the counters
	 * @param group the group, which may be set after this is created
	 * @param async whether the listener returns before its work is done, so that nobody
	 * knows that a record is processed
	 * @param errorHandling what becomes of failures
	 * @param unfinished names records without an outcome
	 * @param restarts starts the container again
	 */
	Outcomes(DeliveryLedger ledger, Supplier<@Nullable String> group, BooleanSupplier async,
			ErrorHandling errorHandling, UnfinishedRecords unfinished, Restarts restarts) {
		this.ledger = ledger;
		this.restarts = restarts;
		this.unfinished = unfinished;
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
		boolean wrapped = this.errorHandling.isListenerWrapped();
		if (!byHand || wrapped) {
			consumer.listened().watch(this, byHand, wrapped);
		}
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
		if (guard != null && !guard.isByHand()) {
			guard.call().begin(record);
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
			guard.call().done();
			if (!guard.replies().has(record)) {
				close(record, consumer);
			}
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
	 * The listener is about to be given a batch.
	 * @param consumer what the container polls
	 */
	void beginBatch(Consumer<?, ?> consumer) {
		CommitGuard guard = guardOf(consumer);
		if (guard != null && !guard.isFollowingDeliveries()) {
			guard.call().beginBatch();
		}
	}

	/**
	 * An error handler is about to get records.
	 * @param records those that have failed
	 * @param consumer what the container polls
	 */
	void failed(Iterable<? extends ConsumerRecord<?, ?>> records, Consumer<?, ?> consumer) {
		CommitGuard guard = guardOf(consumer);
		if (guard == null || !(consumer instanceof ReliableConsumer<?, ?> reliable)) {
			return;
		}
		ListenedRecords listened = reliable.listened();
		guard.call().done();
		switch (this.errorHandling.kind()) {
			case STANDARD -> {
				records.forEach(listened::fail);
				if (!this.errorHandling.isOurs()) {
					guard.handle(records);
				}
			}
			case UNKNOWN -> {
				records.forEach(listened::close);
				if (this.errorHandling.takesRemaining()) {
					listened.closeUndelivered();
				}
			}
			case LOGGING -> records.forEach(listened::abandon);
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
	 * Have records named that have no outcome for too long.
	 * @param guard knows them
	 */
	void follow(CommitGuard guard) {
		this.unfinished.add(guard);
	}

	/**
	 * The consumer is closed.
	 * @param guard of its commits
	 */
	void forget(CommitGuard guard) {
		this.unfinished.remove(guard);
	}

	String group() {
		String groupId = this.group.get();
		return (groupId != null) ? groupId : "";
	}

	/**
	 * Whether the container may have kept records that it was given for later.
	 * @return {@code true} if it does so when it is paused
	 */
	boolean mayKeepForLater() {
		return this.errorHandling.container().getContainerProperties().isPauseImmediate();
	}

	/**
	 * Whether the listener may acknowledge records of a batch one after the other.
	 * @return {@code false} if the container refuses that
	 */
	boolean takesParts() {
		ContainerProperties properties = this.errorHandling.container().getContainerProperties();
		return properties.getAckMode() == ContainerProperties.AckMode.MANUAL_IMMEDIATE
				&& properties.getMessageListener() instanceof BatchMessageListener;
	}

	/**
	 * Whether the container was told to stop.
	 * @return {@code true} if it will not poll again
	 */
	boolean isStopping() {
		return !this.errorHandling.container().isRunning();
	}

	/**
	 * Give the container another consumer.
	 * @param consumer the one that it has
	 * @param reason why that is of no use
	 */
	void startAgain(Consumer<?, ?> consumer, RuntimeException reason) {
		this.restarts.restart(this.errorHandling.container(), consumer, reason);
	}

	private Consumption consumption(String topic) {
		Consumption consumption = this.consumptions.get(topic);
		if (consumption == null) {
			consumption = this.ledger.consumption(topic, group());
			this.consumptions.put(topic, consumption);
		}
		return consumption;
	}

}
