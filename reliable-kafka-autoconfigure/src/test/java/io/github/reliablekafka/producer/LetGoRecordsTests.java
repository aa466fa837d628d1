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

package io.github.reliablekafka.producer;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;

import org.apache.kafka.clients.producer.RecordMetadata;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that wait in the spool and that nobody follows any more, as their
 * senders have a receipt.
 */
class LetGoRecordsTests {

	private SpooledProducer producer;

	private final List<Future<RecordMetadata>> waiting = new ArrayList<>();

	@BeforeEach
	void open(@TempDir Path directory) throws Exception {
		this.producer = new SpooledProducer(directory);
		// The first is given up, and all wait behind it.
		this.waiting.add(this.producer.send("x".repeat(1000)));
		this.producer.lane().takeOver(this.producer.sent(), true);
		while (!this.producer.spooling().isCrowded()) {
			this.waiting.add(this.producer.send("x".repeat(1000)));
		}
	}

	@AfterEach
	void close() {
		assertThat(this.producer.ledger().totals().isBalanced()).isTrue();
		this.producer.close();
	}

	@Test
	void aMillionRecordsFitIntoASmallHeap() {
		int count = 50_000;
		deliver(1000);
		long before = usedBytes();
		deliver(count);
		long each = (usedBytes() - before) / count;
		assertThat(each).as("bytes of heap for each record").isLessThan(64);
		assertThat(this.producer.lane().waiting()).isEqualTo(count + 1000 + this.waiting.size());
	}

	@Test
	void theyComeInOrderAndWithoutAnybodyWhoFollowsThem() {
		deliver(10);
		for (int i = 0; i < this.waiting.size(); i++) {
			SpooledLane.Item item = take();
			assertThat(item.delivery()).isNotNull();
			item.delivery().complete(SpooledProducer.place(i));
			this.producer.lane().relayed(item);
		}
		long last = 0;
		for (int i = 0; i < 10; i++) {
			SpooledLane.Item item = take();
			assertThat(item.delivery()).isNull();
			assertThat(item.replay()).isFalse();
			assertThat(item.position()).isGreaterThan(last);
			last = item.position();
			this.producer.lane().relayed(item);
			this.producer.ledger().deliveredAdopted("orders");
		}
		assertThat(this.producer.lane().isSticky()).isFalse();
		assertThat(this.producer.ledger().deliveries("orders").delivered()).isEqualTo(10 + this.waiting.size());
	}

	@Test
	void flushWaitsForThemAsWell() {
		deliver(10);
		for (int i = 0; i < this.waiting.size(); i++) {
			SpooledLane.Item item = take();
			item.delivery().complete(SpooledProducer.place(i));
			this.producer.lane().relayed(item);
		}
		await().until(() -> this.producer.spooling().handed().count() == 0);
		CompletableFuture<Void> flush = new CompletableFuture<>();
		Thread flushing = new Thread(() -> {
			this.producer.flush();
			flush.complete(null);
		});
		flushing.setDaemon(true);
		flushing.start();
		for (int i = 0; i < 9; i++) {
			this.producer.lane().relayed(take());
		}
		SpooledLane.Item last = take();
		await().until(() -> flushing.getState() == Thread.State.TIMED_WAITING);
		assertThat(flush).isNotDone();
		PendingReceipt later = deliver("later");
		this.producer.lane().relayed(last);
		assertThat(flush).as("without those that came later").succeedsWithin(Duration.ofSeconds(10));
		assertThat(later).succeedsWithin(Duration.ofSeconds(10));
	}

	@Test
	void receiptThatCouldNotBeGivenIsGivenLater() throws Exception {
		CountDownLatch latch = new CountDownLatch(1);
		Relay relay = this.producer.relay();
		relay.tell(() -> {
			try {
				latch.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
		PendingReceipt early = deliver("value");
		SpooledDelivery delivery = this.producer.sent();
		await().until(delivery::isPromised);
		for (int i = 0; i < 10_000; i++) {
			relay.tell(() -> {
			});
		}
		// Make room: whoever cannot be told must not fill the memory.
		for (int i = 1; i < this.waiting.size(); i++) {
			SpooledLane.Item item = take();
			item.delivery().over();
			this.producer.lane().relayed(item);
		}
		PendingReceipt late = deliver("value");
		SpooledDelivery unpromised = this.producer.sent();
		await().until(unpromised::isDurable);
		relay.promiseHeld();
		assertThat(unpromised.isPromised()).isFalse();
		latch.countDown();
		assertThat(early).succeedsWithin(Duration.ofSeconds(10));
		await().untilAsserted(() -> {
			relay.promiseHeld();
			assertThat(late).isCompleted();
		});
	}

	private SpooledLane.Item take() {
		return this.producer.lane().poll(System.nanoTime(), 1000);
	}

	private void deliver(int count) {
		for (int i = 1; i <= count; i++) {
			PendingReceipt receipt = deliver("value " + i);
			if (i % 1000 == 0 || i == count) {
				assertThat(receipt).succeedsWithin(Duration.ofSeconds(20));
			}
		}
		await().until(() -> this.producer.spooling().handed().count() == this.waiting.size());
	}

	private PendingReceipt deliver(String value) {
		return this.producer.deliver(value);
	}

	private static long usedBytes() {
		long used = Long.MAX_VALUE;
		for (int i = 0; i < 5; i++) {
			System.gc();
			used = Math.min(used, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
		}
		return used;
	}

}
