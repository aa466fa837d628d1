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
import java.util.ArrayList;

import io.github.reliablekafka.ledger.RejectionReason;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SpooledLane}: what goes behind what.
 */
class SpooledLaneTests extends SpoolingSetup {

	@Test
	void promisedRecordThatCannotBeParkedStaysAndItsLaneGoesOn() {
		Followed first = direct(100, new PendingReceipt("orders"));
		await().until(first::isPromised);
		this.refuseMoves = this.refusal;
		assertThat(first.isParked(new RecordTooLargeException())).isTrue();
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		assertThat(this.spool.holds(lane.lane(), first.position())).isTrue();
		assertThat(this.ledger.totals().spooled()).as("it counts again").isOne();
		Followed next = handed(100, null);
		long later = System.nanoTime() + Duration.ofMinutes(1).toNanos();
		SpooledLane.Item item = lane.poll(later, 1);
		assertThat(item.position()).as("it is tried again").isEqualTo(first.position());
		this.refuseMoves = null;
		assertThat(this.relay.refused().reject(lane, item, new RecordTooLargeException())).isTrue();
		assertThat(this.spool.flush()).isTrue();
		assertThat(this.spool.holds(lane.lane(), first.position())).as("it is parked").isFalse();
		assertThat(lane.poll(later, 1).delivery()).as("nothing is on the direct way").isSameAs(next);
	}

	@Test
	void promisedRecordThatTheDiskDoesNotTakeLaterStaysAsWell() {
		Followed first = direct(100, new PendingReceipt("orders"));
		await().until(first::isPromised);
		this.moves = new ArrayList<>();
		assertThat(first.isParked(new RecordTooLargeException())).isTrue();
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		assertThat(lane.isSticky()).isFalse();
		this.moves.get(0).failed(this.refusal);
		assertThat(lane.poll(System.nanoTime() + Duration.ofMinutes(1).toNanos(), 1).position())
			.isEqualTo(first.position());
	}

	@Test
	void refusedRecordThatTheDiskDoesNotTakeIsTriedAgain() {
		Followed first = handed(100, new PendingReceipt("orders"));
		Followed second = handed(100, null);
		await().until(first::isPromised);
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		long later = System.nanoTime() + Duration.ofMinutes(1).toNanos();
		this.moves = new ArrayList<>();
		assertThat(this.relay.refused().reject(lane, lane.poll(later, 1), new RecordTooLargeException())).isTrue();
		assertThat(lane.poll(later, 10)).as("while nobody knows").isNull();
		assertThat(lane.waiting()).isEqualTo(2);
		this.moves.get(0).failed(this.refusal);
		assertThat(first.rejection).hasNullValue();
		assertThat(lane.poll(later, 10).position()).isEqualTo(first.position());
		assertThat(lane.poll(later, 10).delivery()).as("what failed comes first").isSameAs(second);
		assertThat(second.rejection).hasNullValue();
	}

	@Test
	void laneGoesOnWhenThereWasNoMemoryForARecord() {
		handed(100, null);
		this.breakAppend = new OutOfMemoryError("on purpose");
		assertThatExceptionOfType(OutOfMemoryError.class).isThrownBy(() -> handed(100, null));
		assertThat(this.spooling.handed().count()).as("nobody waits for it").isOne();
		Followed next = handed(100, null);
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		lane.relayed(lane.poll(System.nanoTime(), 1));
		assertThat(lane.poll(System.nanoTime(), 1).delivery()).isSameAs(next);
	}

	@Test
	void recordThatAnInterceptorGaveAnotherTopicIsFollowed() {
		for (int i = 0; i < 3; i++) {
			handed(40_000, null);
		}
		assertThat(this.spooling.isCrowded()).isTrue();
		SpooledLane lane = this.relay.lanes().lane("renamed", 0);
		Followed delivery = new Followed(new PendingReceipt("orders"));
		delivery.lane(lane);
		delivery.bytes(100);
		lane.admit(delivery, record(100), true, true, false);
		await().until(() -> delivery.forgotten);
		assertThat(lane.poll(System.nanoTime(), 1).delivery()).as("it counts for the other").isSameAs(delivery);
	}

	@Test
	void whatComesBackGoesInTheOrderInWhichItCame() {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		Followed first = direct(100, null);
		Followed second = direct(100, null);
		lane.takeOver(second, true);
		lane.takeOver(first, true);
		assertThat(lane.poll(System.nanoTime(), 2).delivery()).isSameAs(first);
		assertThat(lane.poll(System.nanoTime(), 2).delivery()).isSameAs(second);
	}

	@Test
	void recordWithoutRoomThatTheClientGivesUpDoesNotGetBehindLaterOnes() {
		this.refuseAppends = this.refusal;
		Followed first = direct(100, null);
		Followed second = direct(100, null);
		this.refuseAppends = null;
		assertThat(second.isTakenOver(new TimeoutException("expired"), RejectionReason.EXPIRED))
			.as("nothing later is in the spool")
			.isTrue();
		assertThat(first.isTakenOver(new TimeoutException("expired"), RejectionReason.EXPIRED))
			.as("in the next process it would be sent behind the second")
			.isFalse();
	}

	@Test
	void recordOfWhichTheClientTellsTwiceCountsOnce() {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		Followed first = direct(100, null);
		Followed second = direct(100, null);
		Followed third = direct(100, null);
		// Thrown by send, and then told by the callback.
		first.leave(false);
		first.leave(true);
		assertThat(first.isTakenOver(new TimeoutException("aborted"), RejectionReason.EXPIRED)).isFalse();
		assertThat(second.isTakenOver(new TimeoutException("expired"), RejectionReason.EXPIRED)).isTrue();
		assertThat(lane.poll(System.nanoTime(), 2)).as("overtakes the third").isNull();
		third.leave(true);
		assertThat(lane.poll(System.nanoTime(), 2).delivery()).isSameAs(second);
	}

	@Test
	void recordThatTheClientGivesUpIsKnownToBeOvertaken() {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		Followed first = direct(100, null);
		Followed second = direct(100, null);
		Followed third = direct(100, null);
		second.leave(true);
		lane.takeOver(first, true);
		lane.takeOver(third, true);
		SpooledLane.Item item = lane.poll(System.nanoTime(), 2);
		assertThat(item.delivery()).isSameAs(first);
		assertThat(lane.isOvertaken(item)).isTrue();
		assertThat(lane.isOvertaken(lane.poll(System.nanoTime(), 2))).isFalse();
	}

	@Test
	void whatAnEarlierProcessLeftGoesFirst() {
		long position = this.spool.append(this.spool.lane("main", "orders", 5), record(100), 0, null);
		SpooledLane left = new SpooledLane(this.spool, this.spool.lane("main", "orders", 5), new long[] { position });
		SpooledLane own = this.relay.lanes().lane("orders", 0);
		own.behind(left);
		Followed delivery = new Followed(null);
		assertThatExceptionOfType(HandedOver.class)
			.isThrownBy(() -> this.spooling.admit(delivery, "orders", 0, record(100)));
		assertThat(own.poll(System.nanoTime(), 1)).as("behind what was left").isNull();
		SpooledLane.Item first = left.poll(System.nanoTime(), 1);
		assertThat(own.poll(System.nanoTime(), 1)).as("what was left may fail").isNull();
		left.relayed(first);
		assertThat(own.poll(System.nanoTime(), 1).delivery()).isSameAs(delivery);
	}

	@Test
	void laneThatPausesAsTheClusterIsAwayGoesOnWhenThatAnswers() {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		handed(100, null);
		for (int i = 0; i < 10; i++) {
			lane.delay(System.nanoTime(), (failures) -> Duration.ofHours(1).toNanos());
		}
		this.relay.notNow(lane, new TimeoutException("away"));
		assertThat(lane.poll(System.nanoTime(), 1)).isNull();
		this.relay.alive();
		SpooledLane.Item item = lane.poll(System.nanoTime(), 1);
		assertThat(item).isNotNull();
		lane.putBack(item, false);
		lane.delay(System.nanoTime(), (failures) -> Duration.ofHours(1).toNanos());
		this.relay.notNow(lane, new TimeoutException("this topic, while others are taken"));
		this.relay.alive();
		assertThat(lane.poll(System.nanoTime(), 1)).as("it has a reason of its own").isNull();
	}

}
