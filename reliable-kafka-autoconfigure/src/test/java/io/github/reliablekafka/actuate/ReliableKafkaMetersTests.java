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

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.durability.ClusterDurability;
import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityLevel;
import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.TopicDurability;
import io.github.reliablekafka.durability.TopicUse;
import io.github.reliablekafka.ledger.Consumption;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeadLetterCounts;
import io.github.reliablekafka.ledger.Delivery;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.IdempotencyOutcome;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Integrity;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Verdict;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.apache.commons.logging.LogFactory;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReliableKafkaMeters}.
 */
class ReliableKafkaMetersTests {

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

	@Test
	void metersFollowTheLedger() {
		Delivery early = this.ledger.accept("early");
		new ReliableKafkaMeters(this.ledger, new SafetyGate(Set.of()), null, null, null).bindTo(this.registry);
		assertThat(inFlight("early")).isEqualTo(1);
		early.delivered();
		this.ledger.accept("late").rejected(RejectionReason.RECORD_TOO_LARGE, "too large");
		Consumption consumption = this.ledger.consumption("late", "billing");
		consumption.post(ConsumptionOutcome.PROCESSED, 5);
		this.ledger.post(IdempotencyOutcome.DUPLICATE);
		this.ledger.deadLetters().post("late-dlt", DeadLetterCounts.Outcome.WRITTEN, 3);
		this.ledger.deadLetters().post("late-dlt", DeadLetterCounts.Outcome.REDRIVEN, 2);
		assertThat(deadLetters("late-dlt", "written")).isEqualTo(3);
		assertThat(deadLetters("late-dlt", "redriven")).isEqualTo(2);
		assertThat(deadLetters("late-dlt", "parked")).isZero();
		assertThat(inFlight("early")).isZero();
		assertThat(this.registry.get("reliable.kafka.idempotency.records")
			.tags("outcome", "duplicate")
			.functionCounter()
			.count()).isEqualTo(1);
		assertThat(records("early", "delivered")).isEqualTo(1);
		assertThat(records("late", "rejected")).isEqualTo(1);
		assertThat(this.registry.get("reliable.kafka.producer.rejections")
			.tags("topic", "late", "reason", "record-too-large")
			.functionCounter()
			.count()).isEqualTo(1);
		assertThat(this.registry.get("reliable.kafka.consumer.records")
			.tags("topic", "late", "group", "billing", "outcome", "processed")
			.functionCounter()
			.count()).isEqualTo(5);
		assertThat(this.registry.get("reliable.kafka.producer.oldest.unacknowledged.age").timeGauge().value()).isZero();
		assertThat(this.registry.get("reliable.kafka.durability.violations").gauge().value()).isZero();
	}

	@Test
	void lossMetersCountRecordsAndEachFindingOnce() {
		LossLedger losses = new LossLedger();
		losses.post(finding(NumberRanges.of(301, 500)));
		losses.coverage("orders", "billing").count(1, 0);
		new ReliableKafkaMeters(this.ledger, new SafetyGate(Set.of()), losses, null, null).bindTo(this.registry);
		losses.addPublisher((finding) -> CompletableFuture.failedFuture(new IllegalStateException("away")));
		for (int i = 0; i < 3; i++) {
			assertThat(losses.post(finding(NumberRanges.of(502, 502)))).isCompletedExceptionally();
		}
		assertThat(this.registry.get("reliable.kafka.loss.records")
			.tags("topic", "orders", "group", "billing", "stage", "storage", "verdict", "lost-acked", "cause",
					"truncated")
			.functionCounter()
			.count()).isEqualTo(201);
		LossLedger.Coverage coverage = losses.coverage("orders", "billing");
		coverage.count(2, 1);
		coverage.suspects(new Lane("orders", 0), 7);
		coverage.count(Integrity.DUPLICATE);
		assertThat(numbered("true")).isEqualTo(3);
		assertThat(numbered("false")).isEqualTo(1);
		assertThat(this.registry.get("reliable.kafka.loss.suspects")
			.tags("topic", "orders", "group", "billing")
			.gauge()
			.value()).isEqualTo(7);
		assertThat(this.registry.get("reliable.kafka.sequence.anomalies")
			.tags("topic", "orders", "group", "billing", "kind", "duplicate")
			.functionCounter()
			.count()).isEqualTo(1);
	}

	@Test
	void topicsOfWhichTooLittleCouldBeReadAreCounted() {
		DurabilityBoard board = new DurabilityBoard(new SafetyGate(Set.of()));
		new ReliableKafkaMeters(this.ledger, new SafetyGate(Set.of()), null, board, null).bindTo(this.registry);
		assertThat(gauge("reliable.kafka.durability.topics.unknown")).isZero();
		board.post("here",
				new ClusterDurability("here:9092", Instant.EPOCH, Duration.ZERO, null, Map.of(1, ""), List.of(),
						List.of(), List.of(),
						List.of(topic("not-permitted", true, DurabilityLevel.NONE, DurabilityLevel.ZONE),
								topic("too-weak", true, DurabilityLevel.NONE, DurabilityLevel.PROCESS),
								topic("safe", true, DurabilityLevel.SERVER, DurabilityLevel.ZONE),
								topic("absent", false, DurabilityLevel.NONE, DurabilityLevel.ZONE))));
		assertThat(gauge("reliable.kafka.durability.topics.unknown")).isOne();
		assertThat(gauge("reliable.kafka.durability.clusters.unreadable")).isZero();
	}

	private static TopicDurability topic(String name, boolean present, DurabilityLevel level, DurabilityLevel atMost) {
		return new TopicDurability(TopicUse.of(name, TopicUse.Purpose.CONSUMED), present, level, atMost,
				DurabilityLevel.SERVER, null, List.of(), List.of(), List.of(), Map.of());
	}

	private double numbered(String numbered) {
		return this.registry.get("reliable.kafka.sequence.records")
			.tags("topic", "orders", "group", "billing", "numbered", numbered)
			.functionCounter()
			.count();
	}

	private double gauge(String name) {
		return this.registry.get(name).gauge().value();
	}

	@Test
	void eachApplicationOfAJvmHasItsOwnMeters() {
		DeliveryLedger other = new DeliveryLedger();
		SimpleMeterRegistry otherRegistry = new SimpleMeterRegistry();
		new ReliableKafkaMeters(this.ledger, new SafetyGate(Set.of()), null, null, null).bindTo(this.registry);
		new ReliableKafkaMeters(other, new SafetyGate(Set.of()), null, null, null).bindTo(otherRegistry);
		this.ledger.accept("orders").delivered();
		other.accept("invoices");
		assertThat(records("orders", "delivered")).isEqualTo(1);
		assertThat(otherRegistry.get("reliable.kafka.producer.in.flight").tag("topic", "invoices").gauge().value())
			.isEqualTo(1);
		assertThat(otherRegistry.find("reliable.kafka.producer.records").tag("topic", "orders").meters()).isEmpty();
	}

	@Test
	void scrapeOfAHundredTopicsAndTenGroupsIsBounded() {
		LossLedger losses = new LossLedger();
		PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		new ReliableKafkaMeters(this.ledger, new SafetyGate(Set.of()), losses, null, null).bindTo(prometheus);
		for (int topic = 0; topic < 100; topic++) {
			this.ledger.accept("topic-" + topic).delivered();
			for (int group = 0; group < 10; group++) {
				this.ledger.consumption("topic-" + topic, "group-" + group).post(ConsumptionOutcome.PROCESSED, 1);
				losses.coverage("topic-" + topic, "group-" + group).count(1, 0);
			}
		}
		String scraped = prometheus.scrape();
		long started = System.nanoTime();
		for (int i = 0; i < 10; i++) {
			prometheus.scrape();
		}
		long micros = (System.nanoTime() - started) / 10_000;
		LogFactory.getLog(getClass())
			.info("scrape: %d lines, %d kB, %d us".formatted(scraped.lines().count(), scraped.length() / 1024, micros));
		assertThat(scraped.lines().count()).isLessThan(20_000);
		assertThat(scraped.length()).isLessThan(2_000_000);
	}

	private static Finding finding(NumberRanges numbers) {
		return new Finding(Verdict.LOST_ACKED, Cause.TRUNCATED, "billing", true, new Lane("orders", 0), 1, null,
				numbers, "claim", null, null, -1, -1, 0);
	}

	@Test
	void deadLetterTopicsAreBounded() {
		new ReliableKafkaMeters(this.ledger, new SafetyGate(Set.of()), null, null, null).bindTo(this.registry);
		for (int number = 0; number < 1100; number++) {
			this.ledger.deadLetters().post("topic-" + number, DeadLetterCounts.Outcome.WRITTEN, 1);
		}
		assertThat(this.registry.get("reliable.kafka.dead.letter.records").functionCounters()).hasSize(1001 * 5);
		assertThat(deadLetters("(other)", "written")).isEqualTo(100);
	}

	private double deadLetters(String topic, String outcome) {
		return this.registry.get("reliable.kafka.dead.letter.records")
			.tags("topic", topic, "outcome", outcome)
			.functionCounter()
			.count();
	}

	private double inFlight(String topic) {
		return this.registry.get("reliable.kafka.producer.in.flight").tag("topic", topic).gauge().value();
	}

	private double records(String topic, String outcome) {
		return this.registry.get("reliable.kafka.producer.records")
			.tags("topic", topic, "outcome", outcome)
			.functionCounter()
			.count();
	}

}
