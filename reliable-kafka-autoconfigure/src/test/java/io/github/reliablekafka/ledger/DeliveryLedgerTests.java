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

package io.github.reliablekafka.ledger;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeliveryLedger}.
 */
class DeliveryLedgerTests {

	private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 5);

	private final DeliveryLedger ledger = new DeliveryLedger(this.nanos::get);

	@Test
	void acceptedRecordIsInFlightUntilItsOutcome() {
		Delivery delivery = this.ledger.accept("orders");
		assertThat(this.ledger.deliveries("orders").inFlight()).isOne();
		assertThat(delivery.delivered()).isTrue();
		DeliveryCounts counts = this.ledger.deliveries("orders");
		assertThat(counts.inFlight()).isZero();
		assertThat(counts.delivered()).isOne();
		assertThat(counts.isBalanced()).isTrue();
	}

	@Test
	void recordKnowsToASecondWhenItWasAccepted() {
		for (int i = 0; i < 50; i++) {
			this.nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(170));
			Delivery delivery = this.ledger.accept("orders");
			assertThat(this.nanos.get() - delivery.acceptedAt()).isBetween(0L, TimeUnit.SECONDS.toNanos(1) - 1);
		}
	}

	@Test
	void firstOutcomeCounts() {
		Delivery delivery = this.ledger.accept("orders");
		assertThat(delivery.rejected(RejectionReason.CLOSED, "closed")).isTrue();
		assertThat(delivery.delivered()).isFalse();
		assertThat(delivery.rejected(RejectionReason.FENCED, "fenced")).isFalse();
		DeliveryCounts counts = this.ledger.totals();
		assertThat(counts.rejected()).containsOnlyKeys(RejectionReason.CLOSED);
		assertThat(counts.isBalanced()).isTrue();
	}

	@Test
	void booksBalanceWhenManyThreadsPost() throws Exception {
		int threads = 8;
		int records = 20_000;
		ExecutorService executor = Executors.newFixedThreadPool(threads);
		CountDownLatch start = new CountDownLatch(1);
		List<Future<?>> work = new ArrayList<>();
		for (int thread = 0; thread < threads; thread++) {
			Random random = new Random(thread);
			work.add(executor.submit(() -> {
				start.await();
				for (int i = 0; i < records; i++) {
					this.nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(10));
					Delivery delivery = this.ledger.accept("topic-" + random.nextInt(3));
					if (random.nextBoolean()) {
						delivery.delivered();
					}
					else {
						delivery.rejected(RejectionReason.EXPIRED, "expired");
					}
				}
				return null;
			}));
		}
		start.countDown();
		for (Future<?> future : work) {
			future.get(60, TimeUnit.SECONDS);
		}
		executor.shutdown();
		DeliveryCounts totals = this.ledger.totals();
		assertThat(totals.accepted()).isEqualTo((long) threads * records);
		assertThat(totals.inFlight()).isZero();
		assertThat(totals.isBalanced()).isTrue();
		assertThat(this.ledger.oldestUnacknowledgedAge()).isZero();
	}

	@Test
	void oldestUnacknowledgedAgeIsThatOfTheOldestOpenRecord() {
		Delivery first = this.ledger.accept("orders");
		this.nanos.addAndGet(TimeUnit.SECONDS.toNanos(90));
		Delivery second = this.ledger.accept("orders");
		this.nanos.addAndGet(TimeUnit.SECONDS.toNanos(30));
		assertThat(this.ledger.oldestUnacknowledgedAge()).isEqualTo(Duration.ofMinutes(2));
		first.delivered();
		assertThat(this.ledger.oldestUnacknowledgedAge()).isEqualTo(Duration.ofSeconds(30));
		second.delivered();
		assertThat(this.ledger.oldestUnacknowledgedAge()).isZero();
	}

	@Test
	void recentRejectionsAreBounded() {
		for (int i = 0; i < 250; i++) {
			this.ledger.accept("orders").rejected(RejectionReason.RECORD_TOO_LARGE, "record " + i);
		}
		assertThat(this.ledger.recentRejections()).hasSize(100)
			.last()
			.satisfies((rejection) -> assertThat(rejection.message()).isEqualTo("record 249"));
	}

	@Test
	void topicsBeyondTheLimitShareTheirCounters() {
		for (int i = 0; i < 1500; i++) {
			this.ledger.accept("topic-" + i).delivered();
		}
		assertThat(this.ledger.deliveries()).hasSize(1001);
		assertThat(this.ledger.deliveries("(other)").delivered()).isEqualTo(500);
		assertThat(this.ledger.totals().delivered()).isEqualTo(1500);
	}

	@Test
	void listenersLearnOfEachTopicAndGroup() {
		List<String> topics = new ArrayList<>();
		List<Consumption> consumptions = new ArrayList<>();
		this.ledger.accept("early").delivered();
		this.ledger.consumption("early", "group");
		this.ledger.onTopic(topics::add);
		this.ledger.onConsumption(consumptions::add);
		this.ledger.accept("late").delivered();
		this.ledger.accept("late").delivered();
		Consumption late = this.ledger.consumption("late", "group");
		assertThat(this.ledger.consumption("late", "group")).isSameAs(late);
		assertThat(topics).containsExactly("early", "late");
		assertThat(consumptions).extracting(Consumption::topic).containsExactly("early", "late");
		late.post(ConsumptionOutcome.PROCESSED, 3);
		assertThat(late.count(ConsumptionOutcome.PROCESSED)).isEqualTo(3);
	}

}
