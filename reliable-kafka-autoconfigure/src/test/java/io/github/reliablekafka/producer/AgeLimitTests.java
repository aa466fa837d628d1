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

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link AgeLimit}: what becomes of records that wait for too long, and of
 * those that do not although the wall clock says so.
 */
class AgeLimitTests extends SpoolingSetup {

	private static final Duration YEAR = Duration.ofDays(365);

	private AgeLimit age;

	private SpooledLane lane;

	@Override
	Duration maxAge() {
		return Duration.ofMillis(640);
	}

	@BeforeEach
	void prepare() {
		this.age = new AgeLimit(this.relay, this.spools);
		this.lane = this.relay.lanes().lane("orders", 0);
	}

	@Test
	void promisedRecordIsParkedAndOthersAreRejected() throws Exception {
		Followed promised = handed(100, new PendingReceipt("orders"));
		Followed awaited = handed(200, null);
		await().until(promised::isPromised);
		look();
		assertThat(this.lane.waiting()).as("not yet").isEqualTo(2);
		Thread.sleep(maxAge().toMillis());
		Followed young = handed(300, new PendingReceipt("orders"));
		await().until(young::isDurable);
		look();
		assertThat(this.spool.flush()).isTrue();
		assertThat(awaited.rejection.get()).isInstanceOf(TimeoutException.class).hasMessageContaining("max-age");
		assertThat(parked()).singleElement().satisfies((record) -> {
			assertThat(record.value()).hasSize(100);
			assertThat(new String(record.headers().get(0).value(), StandardCharsets.UTF_8)).contains("max-age=PT0.64S");
		});
		assertThat(this.lane.poll(System.nanoTime(), 10).delivery()).isSameAs(young);
		assertThat(this.spool.holds(this.lane.lane(), young.position())).isTrue();
		await().untilAsserted(
				() -> assertThat(this.events).singleElement().isInstanceOfSatisfying(SpoolEvent.class, (event) -> {
					assertThat(event.kind()).isEqualTo(SpoolEvent.Kind.EXPIRED);
					assertThat(event.records()).isEqualTo(2);
					assertThat(event.topic()).isEqualTo("orders");
				}));
	}

	@Test
	void recordThatCannotBeParkedStaysWhereItIs() throws Exception {
		Followed promised = handed(100, new PendingReceipt("orders"));
		await().until(promised::isPromised);
		look();
		Thread.sleep(maxAge().toMillis());
		this.refuseMoves = this.refusal;
		look();
		assertThat(this.lane.waiting()).isOne();
		assertThat(this.events).isEmpty();
		this.refuseMoves = null;
		look();
		assertThat(this.lane.waiting()).isZero();
		assertThat(parked()).hasSize(1);
	}

	@Test
	void recordInTheHandsOfTheRelayIsNotTouched() throws Exception {
		Followed promised = handed(100, new PendingReceipt("orders"));
		await().until(promised::isPromised);
		SpooledLane.Item item = this.lane.poll(System.nanoTime(), 10);
		look();
		Thread.sleep(maxAge().toMillis());
		look();
		assertThat(this.spool.holds(this.lane.lane(), promised.position())).isTrue();
		this.lane.putBack(item, true);
		look();
		assertThat(parked()).singleElement()
			.satisfies((record) -> assertThat(new String(record.headers().get(0).value(), StandardCharsets.UTF_8))
				.contains("may have been written"));
	}

	@Test
	void whatAnEarlierProcessLeftIsJudgedByItsOwnTime() {
		SpoolLane left = this.spool.lane("main", "orders", 5);
		long now = this.clock.millis();
		List<Long> positions = new ArrayList<>();
		for (long enqueuedAt : new long[] { 1, now - 60_000, now + 60_000, 1 }) {
			positions.add(this.spool.append(left, new SpoolRecord(-1, 1, enqueuedAt, null, new byte[10], List.of()), 0,
					null));
		}
		assertThat(this.spool.flush()).isTrue();
		SpooledLane lane = new SpooledLane(this.spool, left, positions.stream().mapToLong(Long::longValue).toArray());
		look(lane);
		assertThat(this.spool.flush()).isTrue();
		assertThat(parked()).hasSize(2);
		assertThat(this.spool.positions(left)).as("the first that is young keeps its place")
			.containsExactly(positions.get(2), positions.get(3));
		assertThat(lane.poll(System.nanoTime(), 10).position()).isEqualTo(positions.get(2));
	}

	@Test
	void whatNobodyHasClaimedExpiresAsWell() throws Exception {
		try (SegmentSpool before = SpoolDirectory.open(this.directory.resolve("shop"),
				SpoolOptions.of("shop", 32 << 20, 0, false))) {
			SpoolLane other = before.lane("nobody", "orders", 5);
			for (long enqueuedAt : new long[] { 1, Long.MAX_VALUE }) {
				before.append(other, new SpoolRecord(-1, 1, enqueuedAt, null, new byte[10], List.of()), 0, null);
			}
			assertThat(before.flush()).isTrue();
		}
		this.spools.known("other", mock(ProducerFactory.class));
		this.spools.start();
		try {
			// Each is in its place until it is on disk in the other.
			await().until(() -> this.spools.backlog().parked() == 2 && this.spools.backlog().waiting() == 0);
			await().until(() -> this.spools.backlog().expired() == 2);
		}
		finally {
			this.spools.stop();
			this.spools.close();
		}
	}

	@Test
	void clockThatJumpsMakesNothingOld() throws Exception {
		List<Followed> sent = new ArrayList<>();
		Duration[] jumps = { Duration.ZERO, YEAR, YEAR.negated(), Duration.ZERO };
		long begun = System.nanoTime();
		for (Duration by : jumps) {
			this.jump = by;
			sent.add(handed(100 + sent.size(), new PendingReceipt("orders")));
			look();
		}
		assumeTrue(System.nanoTime() - begun < maxAge().toNanos(), "the machine is fast enough");
		assertThat(this.lane.waiting()).isEqualTo(4);
		assertThat(this.events).isEmpty();
		assertThat(this.spool.flush()).isTrue();
		for (Followed delivery : sent) {
			SpooledLane.Item item = this.lane.poll(System.nanoTime(), 10);
			assertThat(item.position()).as("in their order").isEqualTo(delivery.position());
			this.lane.relayed(item);
			this.spool.resolve(this.lane.lane(), item.position());
		}
		Followed last = handed(100, new PendingReceipt("orders"));
		await().until(last::isPromised);
		look();
		this.jump = YEAR.negated();
		Thread.sleep(maxAge().toMillis());
		look();
		assertThat(this.lane.waiting()).as("as time passes all the same").isZero();
	}

	private void look() {
		look(this.lane);
	}

	private void look(SpooledLane lane) {
		long interval = LaneAge.interval(maxAge().toNanos());
		long begun = System.nanoTime();
		while (System.nanoTime() - begun <= interval) {
			Thread.onSpinWait();
		}
		this.age.enforce(Set.of(lane));
	}

	private List<SpoolRecord> parked() {
		assertThat(this.spool.flush()).isTrue();
		List<SpoolRecord> parked = new ArrayList<>();
		for (SpoolLane lane : this.spool.occupied()) {
			if (lane.partition() == RefusedRecords.PARKED) {
				for (long position : this.spool.positions(lane)) {
					parked.add(this.spool.read(lane, position));
				}
			}
		}
		return parked;
	}

}
