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

import java.time.Duration;
import java.util.List;

import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.spool.SpoolLane;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RefusedRecords} with lanes that stand still.
 */
class RefusedRecordsTests extends SpoolingSetup {

	private final RecordTooLargeException tooLarge = new RecordTooLargeException("on purpose");

	private static final long LATER = Duration.ofMinutes(1).toNanos();

	private SpooledLane lane;

	@Override
	SpoolProperties.OnRefusal onRefusal() {
		return SpoolProperties.OnRefusal.BLOCK;
	}

	@BeforeEach
	void prepare() {
		this.lane = this.relay.lanes().lane("orders", 0);
	}

	@Test
	void laneStandsStillBehindAPromisedRecord() {
		Followed first = promised();
		Followed second = promised();
		long before = System.nanoTime();
		Item item = refuse();
		assertThat(this.lane.poll(before, 10)).as("not at once").isNull();
		assertThat(item.position()).isEqualTo(first.position());
		assertThat(this.lane.block().position()).isEqualTo(first.position());
		assertThat(this.lane.block().reason()).contains("on purpose");
		Item again = poll();
		assertThat(again.position()).as("tried again").isEqualTo(first.position());
		assertThat(again.replay()).isTrue();
		assertThat(poll()).as("alone").isNull();
		assertThat(this.relay.refused().reject(this.lane, again, this.tooLarge)).isFalse();
		await().untilAsserted(() -> assertThat(this.events).as("told once")
			.singleElement()
			.isInstanceOfSatisfying(SpoolEvent.class, (event) -> {
				assertThat(event.kind()).isEqualTo(SpoolEvent.Kind.BLOCKED);
				assertThat(event.records()).isEqualTo(2);
			}));
		Item mended = poll();
		this.lane.relayed(mended);
		assertThat(this.lane.block()).as("the fault is over").isNull();
		assertThat(poll().position()).isEqualTo(second.position());
		assertThat(parked()).isEmpty();
	}

	@Test
	void recordIsParkedIfSomebodyWantsThatAndTheClusterStillDoesNot() {
		Followed first = promised();
		Followed second = promised();
		refuse();
		assertThat(this.lane.pass(second.position())).isFalse();
		assertThat(this.lane.pass(first.position())).isTrue();
		Item again = this.lane.poll(System.nanoTime(), 10);
		assertThat(again.position()).as("tried at once").isEqualTo(first.position());
		assertThat(this.relay.refused().reject(this.lane, again, this.tooLarge)).isTrue();
		assertThat(this.spool.flush()).isTrue();
		assertThat(parked()).hasSize(1);
		assertThat(this.lane.block()).isNull();
		assertThat(poll().position()).isEqualTo(second.position());
	}

	@Test
	void whoWasPromisedNothingIsToldAndHoldsUpNobody() {
		Followed awaited = handed(100, null);
		Followed second = promised();
		Item item = poll();
		assertThat(this.relay.refused().reject(this.lane, item, this.tooLarge)).isTrue();
		assertThat(awaited.rejection.get()).isSameAs(this.tooLarge);
		assertThat(this.lane.block()).isNull();
		assertThat(poll().position()).isEqualTo(second.position());
	}

	@Test
	void promisedRecordThatTheOwnClientDoesNotDeliverStopsTheLane() {
		Followed first = direct(100, new PendingReceipt("orders"));
		await().until(first::isPromised);
		assertThat(first.isTakenOver(this.tooLarge, RejectionReason.RECORD_TOO_LARGE)).isTrue();
		Followed second = promised();
		refuse();
		assertThat(this.lane.block().position()).isEqualTo(first.position());
		assertThat(this.spool.holds(this.lane.lane(), second.position())).isTrue();
		assertThat(parked()).isEmpty();
	}

	@Test
	void whatComesBackFromTheClientKeepsItsPlaceBehind() {
		Followed first = promised();
		Followed second = promised();
		Item one = poll();
		Item two = poll();
		assertThat(this.relay.refused().reject(this.lane, one, this.tooLarge)).isFalse();
		assertThat(poll()).as("while another is on its way").isNull();
		this.lane.putBack(two, true);
		assertThat(poll().position()).isEqualTo(first.position());
		assertThat(this.lane.waiting()).isEqualTo(2);
		assertThat(this.spool.holds(this.lane.lane(), second.position())).isTrue();
	}

	@Test
	void laterRecordsOfTheSameBatchDoNotTakeThePlaceOfTheFirst() {
		Followed first = promised();
		Followed second = promised();
		promised();
		Item one = poll();
		Item two = poll();
		Item three = poll();
		for (Item item : List.of(one, two, three)) {
			assertThat(this.relay.refused().reject(this.lane, item, this.tooLarge)).isFalse();
		}
		assertThat(this.lane.block().position()).isEqualTo(first.position());
		assertThat(this.lane.pass(second.position())).as("which is not the first").isFalse();
		assertThat(this.lane.pass(first.position())).isTrue();
		assertThat(this.relay.refused().reject(this.lane, poll(), this.tooLarge)).as("somebody wants that").isTrue();
		assertThat(this.spool.flush()).isTrue();
		assertThat(parked()).hasSize(1);
		await().during(Duration.ofMillis(100)).until(() -> blockedEvents() == 1);
	}

	@Test
	void whatSomebodyHasDecidedIsNotForgottenWhenAnEarlierRecordIsRefused() {
		Followed first = promised();
		Followed second = promised();
		Item one = poll();
		Item two = poll();
		assertThat(this.relay.refused().reject(this.lane, two, this.tooLarge)).isFalse();
		assertThat(this.lane.pass(second.position())).isTrue();
		assertThat(this.relay.refused().reject(this.lane, one, this.tooLarge)).isFalse();
		assertThat(this.lane.block().position()).isEqualTo(first.position());
		assertThat(this.lane.block().passed()).isFalse();
		this.lane.relayed(poll());
		Item again = poll();
		assertThat(again.position()).isEqualTo(second.position());
		assertThat(this.relay.refused().reject(this.lane, again, this.tooLarge)).as("somebody wants that").isTrue();
		assertThat(this.spool.flush()).isTrue();
		assertThat(parked()).hasSize(1);
		assertThat(this.lane.block()).isNull();
		await().during(Duration.ofMillis(100)).until(() -> blockedEvents() == 2);
	}

	@Test
	void clusterIsNotAskedAgainAboutARecordThatBlocks() {
		promised();
		Item item = refuse();
		TimeoutException gone = new TimeoutException("gone", new UnknownTopicOrPartitionException("on purpose"));
		assertThat(this.relay.refused().isRefusedTooLong(this.lane, item, gone)).as("not yet").isFalse();
		await().untilAsserted(() -> assertThat(this.relay.refused().isRefusedTooLong(this.lane, item, gone)).isTrue());
		assertThat(this.relay.refused().isRefusedTooLong(this.lane, null, gone)).as("nobody has asked").isFalse();
		assertThat(this.lane.pass(item.position())).isTrue();
		assertThat(this.relay.refused().isRefusedTooLong(this.lane, item, gone)).as("now it is about more").isFalse();
	}

	private long blockedEvents() {
		return this.events.stream()
			.filter((event) -> event instanceof SpoolEvent told && told.kind() == SpoolEvent.Kind.BLOCKED)
			.count();
	}

	private Followed promised() {
		Followed delivery = handed(100, new PendingReceipt("orders"));
		await().until(delivery::isPromised);
		return delivery;
	}

	private Item refuse() {
		Item item = poll();
		assertThat(this.relay.refused().reject(this.lane, item, this.tooLarge)).isFalse();
		return item;
	}

	private Item poll() {
		return this.lane.poll(System.nanoTime() + LATER, 10);
	}

	private List<SpoolLane> parked() {
		return this.spool.occupied().stream().filter((each) -> each.partition() == SpoolLane.PARKED).toList();
	}

}
