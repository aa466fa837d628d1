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

package io.github.reliablekafka.actuate;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityLevel;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.ledger.Consumption;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeadLetterCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.GuardIntervention;
import io.github.reliablekafka.ledger.IdempotencyOutcome;
import io.github.reliablekafka.ledger.ListenerBoard;
import io.github.reliablekafka.ledger.ListenerState;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.sequence.Integrity;
import io.github.reliablekafka.sequence.LossLedger;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

/**
 * The ledgers as meters. Topics and groups become tags when they first occur.
 */
final class ReliableKafkaMeters implements MeterBinder {

	private static final String PREFIX = "reliable.kafka.";

	private final DeliveryLedger ledger;

	private final SafetyGate gate;

	private final @Nullable LossLedger losses;

	private final @Nullable DurabilityBoard durability;

	private final @Nullable ListenerBoard listeners;

	/**
	 * Create meters.
	 * @param ledger the books of what became of records
	 * @param gate the settings that were accepted
	 * @param losses the books of what is missing; {@code null} if nobody looks for it
	 * @param durability what topics survive; {@code null} if nobody looks at it
	 * @param listeners how listeners are doing; {@code null} if nobody looks at it
	 */
	ReliableKafkaMeters(DeliveryLedger ledger, SafetyGate gate, @Nullable LossLedger losses,
			@Nullable DurabilityBoard durability, @Nullable ListenerBoard listeners) {
		this.ledger = ledger;
		this.gate = gate;
		this.losses = losses;
		this.durability = durability;
		this.listeners = listeners;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		TimeGauge
			.builder(PREFIX + "producer.oldest.unacknowledged.age", this.ledger, TimeUnit.MILLISECONDS,
					(ledger) -> ledger.oldestUnacknowledgedAge().toMillis())
			.description("Age of the oldest record that has no outcome yet")
			.register(registry);
		Gauge.builder(PREFIX + "consumer.unfinished.partitions", this.ledger, (ledger) -> ledger.unfinished().size())
			.description("Partitions with a record that has no outcome for too long")
			.register(registry);
		bindViolations(registry, "accepted", this::accepted);
		if (this.durability != null) {
			bindDurability(registry, this.durability);
		}
		if (this.listeners != null) {
			bindListeners(registry, this.listeners);
		}
		for (IdempotencyOutcome outcome : IdempotencyOutcome.values()) {
			FunctionCounter.builder(PREFIX + "idempotency.records", this.ledger, (ledger) -> ledger.count(outcome))
				.description("Records of listeners that get each record once, by what became of them")
				.tag("outcome", outcome.label())
				.register(registry);
		}
		this.ledger.onTopic((topic) -> bindTopic(registry, topic));
		this.ledger.onRejection((topic, reason) -> bindRejection(registry, topic, reason));
		this.ledger.deadLetters().onTopic((topic) -> bindDeadLetters(registry, topic));
		this.ledger.onConsumption((consumption) -> bindConsumption(registry, consumption));
		if (this.losses != null) {
			this.losses.onTally((tally) -> bindTally(registry, tally));
			this.losses.onCoverage((coverage) -> bindCoverage(registry, coverage));
		}
	}

	private static void bindViolations(MeterRegistry registry, String state, Supplier<Number> count) {
		Gauge.builder(PREFIX + "durability.violations", count)
			.description("Settings of clients, topics and clusters that can lose records; "
					+ "open, accepted by name, or advice, by which alone nothing is lost")
			.tag("state", state)
			.register(registry);
	}

	private long accepted() {
		long ofTopics = (this.durability != null)
				? this.durability.violations().stream().filter(this.durability::isAccepted).count() : 0;
		return this.gate.acceptedViolations().size() + ofTopics;
	}

	private static void bindDurability(MeterRegistry registry, DurabilityBoard board) {
		bindViolations(registry, "open",
				() -> board.violations().stream().filter((violation) -> !board.isAccepted(violation)).count());
		bindViolations(registry, "advice",
				() -> board.advice().stream().filter((advice) -> !board.isAccepted(advice)).count());
		for (DurabilityLevel level : DurabilityLevel.values()) {
			Gauge.builder(PREFIX + "durability.topics", board, (current) -> current.topicsAt(level))
				.description("Topics that the application uses, by the worst failure that they survive for certain")
				.tag("level", level.label())
				.register(registry);
		}
		Gauge
			.builder(PREFIX + "durability.topics.unknown", board,
					(current) -> current.clusters()
						.stream()
						.flatMap((cluster) -> cluster.topics().stream())
						.filter(TopicDurability::isDoubtful)
						.count())
			.description("Topics of which it cannot be told whether they survive what they must")
			.register(registry);
		Gauge
			.builder(PREFIX + "durability.clusters.unreadable", board,
					(current) -> current.clusters().stream().filter((cluster) -> cluster.failure() != null).count())
			.description("Clusters that could not be looked at the last time")
			.register(registry);
	}

	private static void bindListeners(MeterRegistry registry, ListenerBoard board) {
		Gauge
			.builder(PREFIX + "consumer.listeners.failed", board,
					(current) -> current.listeners().stream().filter(ListenerState::failed).count())
			.description("Listener containers that have stopped though nobody asked them to")
			.register(registry);
		TimeGauge
			.builder(PREFIX + "consumer.listeners.idle", board, TimeUnit.MILLISECONDS,
					(current) -> current.listeners()
						.stream()
						.mapToLong((listener) -> listener.idle().toMillis())
						.max()
						.orElse(0))
			.description("Longest time that a listener has been behind without getting on")
			.register(registry);
	}

	private void bindTopic(MeterRegistry registry, String topic) {
		FunctionCounter
			.builder(PREFIX + "producer.records", this.ledger, (ledger) -> ledger.deliveries(topic).delivered())
			.description("Records handed over for sending, by what became of them")
			.tags("topic", topic, "outcome", "delivered")
			.register(registry);
		FunctionCounter
			.builder(PREFIX + "producer.records", this.ledger, (ledger) -> ledger.deliveries(topic).rejectedTotal())
			.description("Records handed over for sending, by what became of them")
			.tags("topic", topic, "outcome", "rejected")
			.register(registry);
		Gauge.builder(PREFIX + "producer.in.flight", this.ledger, (ledger) -> ledger.deliveries(topic).inFlight())
			.description("Records without an outcome yet")
			.tag("topic", topic)
			.register(registry);
	}

	private void bindRejection(MeterRegistry registry, String topic, RejectionReason reason) {
		FunctionCounter
			.builder(PREFIX + "producer.rejections", this.ledger,
					(ledger) -> ledger.deliveries(topic).rejected().getOrDefault(reason, 0L))
			.description("Rejected records by reason")
			.tags("topic", topic, "reason", reason.label())
			.register(registry);
	}

	private void bindConsumption(MeterRegistry registry, Consumption consumption) {
		for (ConsumptionOutcome outcome : ConsumptionOutcome.values()) {
			FunctionCounter.builder(PREFIX + "consumer.records", consumption, (counters) -> counters.count(outcome))
				.description("Records given to listeners, by what became of them; failed counts attempts")
				.tags("topic", consumption.topic(), "group", consumption.group(), "outcome", outcome.label())
				.register(registry);
		}
		for (GuardIntervention intervention : GuardIntervention.values()) {
			FunctionCounter
				.builder(PREFIX + "consumer.guard.interventions", consumption,
						(counters) -> counters.counted(intervention))
				.description("How often a commit was kept from passing a record that had no outcome")
				.tags("topic", consumption.topic(), "group", consumption.group(), "reason", intervention.label())
				.register(registry);
		}
	}

	private void bindDeadLetters(MeterRegistry registry, String topic) {
		for (DeadLetterCounts.Outcome outcome : DeadLetterCounts.Outcome.values()) {
			FunctionCounter
				.builder(PREFIX + "dead.letter.records", this.ledger.deadLetters(),
						(counts) -> counts.count(topic, outcome))
				.description("Records that this application has put into a dead letter topic, or taken out again")
				.tags("topic", topic, "outcome", outcome.label())
				.register(registry);
		}
	}

	private void bindTally(MeterRegistry registry, LossLedger.Tally tally) {
		FunctionCounter.builder(PREFIX + "loss.records", tally, LossLedger.Tally::records)
			.description("Records that a group did not get, by verdict and cause")
			.tags("topic", tally.topic(), "group", tally.group(), "stage", label(tally.verdict().stage(tally.cause())),
					"verdict", label(tally.verdict()), "cause", label(tally.cause()))
			.register(registry);
	}

	private void bindCoverage(MeterRegistry registry, LossLedger.Coverage coverage) {
		Gauge.builder(PREFIX + "loss.suspects", coverage, LossLedger.Coverage::suspects)
			.description("Records that are missing and have no verdict yet")
			.tags("topic", coverage.topic(), "group", coverage.group())
			.register(registry);
		bindNumbered(registry, coverage, "true", LossLedger.Coverage::stamped);
		bindNumbered(registry, coverage, "false", LossLedger.Coverage::unstamped);
		for (Integrity kind : Integrity.values()) {
			FunctionCounter.builder(PREFIX + "sequence.anomalies", coverage, (counters) -> counters.counted(kind))
				.description("What is odd about logs and headers, though no record is missing for it")
				.tags("topic", coverage.topic(), "group", coverage.group(), "kind", label(kind))
				.register(registry);
		}
	}

	private static void bindNumbered(MeterRegistry registry, LossLedger.Coverage coverage, String numbered,
			ToDoubleFunction<LossLedger.Coverage> count) {
		FunctionCounter.builder(PREFIX + "sequence.records", coverage, count)
			.description("Records read, by whether they have a number that can be checked")
			.tags("topic", coverage.topic(), "group", coverage.group(), "numbered", numbered)
			.register(registry);
	}

	static String label(Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
