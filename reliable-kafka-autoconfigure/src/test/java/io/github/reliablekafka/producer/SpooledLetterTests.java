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

import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

import io.github.reliablekafka.ledger.DeliveryCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SpooledLetter}.
 */
class SpooledLetterTests extends SpoolingSetup {

	private final DeliveryLedger unposted = new DeliveryLedger();

	private final AtomicReference<SpoolStore.Confirmation> confirmation = new AtomicReference<>();

	@Test
	void letterIsKeptWhenItIsOnDiskAndNotFollowedFromThenOn() {
		SpooledLane lane = this.relay.lanes().lane("orders-dlt", 0);
		SpooledLetter letter = letter(lane);
		assertThat(letter.admit(record(100), in(5000))).isNull();
		assertThat(letter.keep(in(5000))).isNull();
		assertThat(letter.isDurable()).isTrue();
		assertCounts(1, 0, 1);
		Item item = lane.poll(System.nanoTime(), 10);
		assertThat(item.delivery()).isNull();
		assertThat(this.spool.read(lane.lane(), item.position()).value()).hasSize(100);
	}

	@Test
	void letterIsNotKeptBeforeTheDiskHasIt() {
		SpooledLane lane = heldLane();
		SpooledLetter letter = letter(lane);
		assertThat(letter.admit(record(100), in(5000))).isNull();
		assertThat(letter.keep(in(100))).isEqualTo("the disk has not answered in time");
		assertCounts(0, 0, 0);
		this.confirmation.get().durable();
		// Its record comes again, and this one is not sent.
		assertThat(letter.keep(in(100))).isNotNull();
		assertCounts(0, 0, 0);
		Item item = lane.poll(System.nanoTime(), 10);
		assertThat(lane.read(item)).isNull();
		assertThat(lane.isOver(item)).isTrue();
	}

	@Test
	void letterThatComesTooLateIsNowhere() {
		SpooledLane lane = this.relay.lanes().lane("orders-dlt", 0);
		assertThat(letter(lane).admit(record(100), in(-1))).contains("no time");
		assertThat(lane.isSticky()).isFalse();
	}

	@Test
	void letterThatTheDiskDoesNotTakeIsNotKept() {
		SpooledLane lane = heldLane();
		SpooledLetter letter = letter(lane);
		assertThat(letter.admit(record(100), in(5000))).isNull();
		this.confirmation.get().failed(this.refusal);
		assertThat(letter.keep(in(5000))).contains("the disk of the spool failed");
		assertCounts(0, 0, 0);
		// And the relay does not wait for it.
		Item item = lane.poll(System.nanoTime(), 10);
		assertThat(lane.read(item)).isNull();
		assertThat(lane.isOver(item)).isTrue();
	}

	@Test
	void letterThatASpoolRefusesIsNowhere() {
		this.refuseAppends = this.refusal;
		SpooledLane lane = this.relay.lanes().lane("orders-dlt", 0);
		assertThat(letter(lane).admit(record(100), in(5000))).isEqualTo(this.refusal.getMessage());
		assertThat(lane.isSticky()).isFalse();
		assertCounts(0, 0, 0);
	}

	@Test
	void letterIsPostedOnceIfItIsDeliveredWhileItIsKept() {
		SpooledLane lane = heldLane();
		SpooledLetter letter = letter(lane);
		assertThat(letter.admit(record(100), in(5000))).isNull();
		Item item = lane.poll(System.nanoTime(), 10);
		assertThat(item.delivery()).isSameAs(letter);
		letter.complete(null);
		assertThat(letter.keep(in(5000))).isNull();
		assertCounts(1, 1, 0);
		SpooledLetter later = letter(lane);
		assertThat(later.admit(record(100), in(5000))).isNull();
		this.confirmation.get().durable();
		lane.relayed(item);
		Item second = lane.poll(System.nanoTime(), 10);
		assertThat(later.keep(in(5000))).isNull();
		assertCounts(2, 1, 1);
		second.delivery().complete(null);
		assertCounts(2, 2, 0);
	}

	@Test
	void letterIsRejectedOnlyIfItWasNotPromised() {
		SpooledLane lane = heldLane();
		SpooledLetter refused = letter(lane);
		assertThat(refused.admit(record(100), in(5000))).isNull();
		Item item = lane.poll(System.nanoTime(), 10);
		assertThat(this.relay.refused().reject(lane, item, new RecordTooLargeException("too large"))).isTrue();
		assertThat(refused.keep(in(5000))).contains("too large");
		assertCounts(0, 0, 0);
		SpooledLane other = this.relay.lanes().lane("orders-dlt", 1);
		SpooledLetter promised = letter(other);
		assertThat(promised.admit(record(100), in(5000))).isNull();
		assertThat(promised.keep(in(5000))).isNull();
		Item second = other.poll(System.nanoTime(), 10);
		assertThat(this.relay.refused().reject(other, second, new RecordTooLargeException("too large"))).isTrue();
		assertThat(this.spool.flush()).isTrue();
		assertThat(this.spool.occupied()).anyMatch((each) -> each.partition() == SpoolLane.PARKED);
		await().untilAsserted(() -> assertThat(this.ledger.deliveries("orders-dlt").rejected()).hasSize(1));
	}

	// A lane whose disk answers when the test says so.
	private SpooledLane heldLane() {
		SpoolStore slow = (SpoolStore) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { SpoolStore.class }, (proxy, method, arguments) -> {
					if (method.getName().equals("append")) {
						this.confirmation.set((SpoolStore.Confirmation) arguments[3]);
						return this.spool.append(this.spool.lane("main", "orders-dlt", 0), (SpoolRecord) arguments[1],
								0, null);
					}
					return method.invoke(this.spool, arguments);
				});
		return new SpooledLane(slow, this.spool.lane("main", "orders-dlt", 0), new long[0]);
	}

	private SpooledLetter letter(SpooledLane lane) {
		return new SpooledLetter(lane, this.ledger, this.unposted);
	}

	private void assertCounts(long accepted, long delivered, long spooled) {
		DeliveryCounts counts = this.ledger.deliveries("orders-dlt");
		assertThat(List.of(counts.accepted(), counts.delivered(), counts.spooled()))
			.isEqualTo(List.of(accepted, delivered, spooled));
		assertThat(counts.isBalanced()).isTrue();
	}

	private static long in(long milliseconds) {
		return System.nanoTime() + Duration.ofMillis(milliseconds).toNanos();
	}

}
