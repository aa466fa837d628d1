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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link AgeLimit}: what becomes of records that wait for too long, and of
 * those that do not although the wall clock says so.
 */
class AgeLimitTests extends SpoolingSetup {

	private static final Duration YEAR = Duration.ofDays(365);

	private final AtomicBoolean claimed = new AtomicBoolean();

	private long time = System.nanoTime();

	private AgeLimit age;

	private SpooledLane lane;

	@Override
	Duration maxAge() {
		return Duration.ofMillis(640);
	}

	@BeforeEach
	void prepare() {
		this.age = new AgeLimit(this.spools, this.relay.refused()::expire, this.relay::tell, () -> this.time);
		this.lane = this.relay.lanes().lane("orders", 0);
	}

	// A listener that sends has the lanes of its records claimed, perhaps by another
	// thread.
	@Override
	void publish(Object event) {
		super.publish(event);
		CompletableFuture<Void> claim = CompletableFuture
			.runAsync(() -> this.spools.claim(Destination.of("main", Map.of()), null));
		try {
			claim.get(10, TimeUnit.SECONDS);
			this.claimed.set(true);
		}
		catch (Exception ex) {
			this.claimed.set(false);
		}
	}

	@Test
	void promisedRecordIsParkedAndOthersAreRejected() {
		Followed promised = promised();
		Followed awaited = handed(200, null);
		look();
		assertThat(this.lane.waiting()).as("not yet").isEqualTo(2);
		passTime();
		Followed young = promised();
		look();
		assertThat(awaited.rejection.get()).isInstanceOf(TimeoutException.class).hasMessageContaining("max-age");
		assertThat(parked()).singleElement().satisfies((record) -> {
			assertThat(record.value()).hasSize(100);
			assertThat(new String(record.headers().get(0).value(), StandardCharsets.UTF_8)).contains("max-age=PT0.64S");
		});
		await().untilAsserted(
				() -> assertThat(promised.rejection.get()).as("its outcome").isInstanceOf(TimeoutException.class));
		assertThat(this.lane.poll(System.nanoTime(), 10).delivery()).isSameAs(young);
		assertThat(this.spool.holds(this.lane.lane(), young.position())).isTrue();
		this.age.tell();
		await().untilAsserted(() -> assertThat(expired()).isEqualTo(2));
		assertThat(this.events)
			.allSatisfy((event) -> assertThat(event).isInstanceOfSatisfying(SpoolEvent.class, (told) -> {
				assertThat(told.kind()).isEqualTo(SpoolEvent.Kind.EXPIRED);
				assertThat(told.topic()).isEqualTo("orders");
			}));
	}

	@Test
	void recordThatCannotBeParkedStaysWhereItIs() {
		promised();
		look();
		passTime();
		this.refuseMoves = this.refusal;
		look();
		assertThat(this.lane.waiting()).isOne();
		assertThat(this.events).isEmpty();
		this.refuseMoves = null;
		look();
		assertThat(this.lane.waiting()).as("for a while it may be sent").isOne();
		passTime();
		look();
		assertThat(parked()).hasSize(1);
		assertThat(this.lane.waiting()).isZero();
	}

	@Test
	void recordThatTheDiskRefusesLaterIsSentAfterAll() {
		Followed first = promised();
		Followed second = promised();
		look();
		passTime();
		Followed young = promised();
		this.moves = new ArrayList<>();
		look();
		assertThat(this.moves).hasSize(2);
		assertThat(this.lane.poll(System.nanoTime(), 10)).as("none overtakes what may come back").isNull();
		assertThat(this.lane.waiting()).isEqualTo(3);
		assertThat(this.lane.isSticky()).isTrue();
		this.moves.get(0).failed(this.refusal);
		assertThat(this.lane.poll(System.nanoTime(), 10)).as("while nobody knows of the second").isNull();
		this.moves.get(1).failed(this.refusal);
		assertThat(first.rejection).hasNullValue();
		for (Followed each : List.of(first, second, young)) {
			SpooledLane.Item item = this.lane.poll(System.nanoTime(), 10);
			assertThat(item.delivery()).as("in their order").isSameAs(each);
			assertThat(this.age.isOver(this.lane, item, record(100))).as("better late than never").isFalse();
		}
		assertThat(this.events).isEmpty();
	}

	@Test
	void unclaimedRecordThatTheDiskRefusesLaterIsThereForWhoClaimsIt() {
		SpooledLane left = left(1, 1, this.clock.millis());
		this.age = new AgeLimit(this.spools, RefusedRecords.unclaimed(this.spools), Runnable::run, () -> this.time);
		this.moves = new ArrayList<>();
		look(left);
		assertThat(this.moves).hasSize(2);
		assertThat(left.adopt()).isEqualTo(3);
		this.moves.get(0).failed(this.refusal);
		this.moves.get(1).durable();
		assertThat(this.ledger.totals().rejectedTotal()).as("of those that were claimed").isOne();
		assertThat(left.poll(System.nanoTime(), 10).order()).as("the first").isEqualTo(-3);
		assertThat(left.poll(System.nanoTime(), 10).order()).as("the third").isEqualTo(-1);
		look(left);
		assertThat(expired()).isOne();
	}

	@Test
	void recordInTheHandsOfTheRelayIsNotTouched() {
		Followed promised = promised();
		SpooledLane.Item item = this.lane.poll(System.nanoTime(), 10);
		look();
		passTime();
		look();
		assertThat(this.spool.holds(this.lane.lane(), promised.position())).isTrue();
		this.lane.putBack(item, true);
		look();
		assertThat(parked()).singleElement()
			.satisfies((record) -> assertThat(new String(record.headers().get(0).value(), StandardCharsets.UTF_8))
				.contains("may have been written"));
	}

	@Test
	void recordThatIsDueIsNotSentAndIsLookedAtNext() {
		promised();
		look();
		SpooledLane.Item item = this.lane.poll(System.nanoTime(), 10);
		assertThat(this.age.isOver(this.lane, item, record(100))).isFalse();
		passTime();
		look();
		assertThat(this.age.isOver(this.lane, item, record(100))).isTrue();
		this.lane.putBack(item, false);
		assertThat(this.age.enforce(Set.of(this.lane))).as("whatever the time").isTrue();
		assertThat(parked()).hasSize(1);
	}

	@Test
	void clientGivesRecordsUpInTime() {
		Map<String, Object> settings = Map.of(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, "1000",
				ProducerConfig.LINGER_MS_CONFIG, 5);
		assertThat(AgeLimit.bounded(settings, Duration.ZERO)).isSameAs(settings);
		assertThat(AgeLimit.bounded(settings, Duration.ofSeconds(2)))
			.containsEntry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 2000);
		assertThat(AgeLimit.bounded(settings, Duration.ofMillis(1))).as("no less than Kafka permits")
			.containsEntry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 1005);
		assertThat(AgeLimit.bounded(settings, YEAR)).as("Kafka's default")
			.containsEntry(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, 120_000);
	}

	@Test
	void whatAnEarlierProcessLeftIsJudgedByItsOwnTime() {
		long now = this.clock.millis();
		SpooledLane left = left(1, now - 60_000, now + 60_000, 1);
		look(left);
		assertThat(parked()).hasSize(2);
		assertThat(this.spool.positions(left.lane())).as("the first that is young keeps its place").hasSize(2);
		assertThat(left.poll(System.nanoTime(), 10).order()).isEqualTo(-2);
	}

	@Test
	void manyRecordsThatAreDueDoNotWaitForTheNextLook() {
		long[] enqueuedAt = new long[2 * AgeLimit.MOST + 500];
		SpooledLane left = left(enqueuedAt);
		for (long position : new long[] { 1, 3, AgeLimit.MOST + 7 }) {
			this.spool.resolve(left.lane(), position);
		}
		// The disk takes each of them, however slowly files are made.
		this.moves = new ArrayList<>();
		look(left);
		int parked = confirmMoves();
		for (int i = 0; i < 2; i++) {
			assertThat(this.age.enforce(Set.of(left))).as("at the same time").isTrue();
			parked += confirmMoves();
		}
		assertThat(parked).isEqualTo(enqueuedAt.length - 3);
		assertThat(left.waiting()).isZero();
		assertThat(this.age.enforce(Set.of(left))).isFalse();
	}

	private int confirmMoves() {
		List<SpoolStore.Confirmation> written = List.copyOf(this.moves);
		this.moves.clear();
		written.forEach(SpoolStore.Confirmation::durable);
		return written.size();
	}

	@Test
	void memoryIsNotFilledWithWhatTheDiskDoesNotHave() {
		SpooledLane left = left(new long[2 * AgeLimit.MOST]);
		this.moves = new ArrayList<>();
		look(left);
		look(left);
		assertThat(this.moves).hasSize(AgeLimit.MOST);
		this.moves.forEach(SpoolStore.Confirmation::durable);
		look(left);
		assertThat(this.moves).hasSize(2 * AgeLimit.MOST);
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
			await().until(() -> this.spools.stores().backlog().parked() == 2
					&& this.spools.stores().backlog().waiting() == 0);
			await().until(() -> this.spools.stores().backlog().expired() == 2);
			await().untilAsserted(() -> assertThat(expired()).isEqualTo(2));
			assertThat(this.claimed).as("by a listener").isTrue();
		}
		finally {
			this.spools.stop();
			this.spools.close();
		}
	}

	@Test
	void clockThatJumpsMakesNothingOld() {
		List<Followed> sent = new ArrayList<>();
		for (Duration by : List.of(Duration.ZERO, YEAR, YEAR.negated(), Duration.ZERO)) {
			this.jump = by;
			sent.add(promised());
			look();
		}
		assertThat(this.lane.waiting()).isEqualTo(4);
		assertThat(this.events).isEmpty();
		for (Followed delivery : sent) {
			SpooledLane.Item item = this.lane.poll(System.nanoTime(), 10);
			assertThat(item.position()).as("in their order").isEqualTo(delivery.position());
			this.lane.relayed(item);
			this.spool.resolve(this.lane.lane(), item.position());
		}
		promised();
		look();
		this.jump = YEAR.negated();
		passTime();
		look();
		assertThat(this.spool.flush()).isTrue();
		assertThat(this.lane.waiting()).as("as time passes all the same").isZero();
	}

	@Test
	void clockThatJumpsMakesNothingOldThatAnEarlierProcessLeft() {
		left(this.clock.millis());
		Leftovers leftovers = new Leftovers();
		leftovers.find(List.of(this.spool), new LaneAge(maxAge().toNanos(), this.time, this.clock.millis()));
		this.jump = YEAR;
		SpooledLane left = leftovers.claim("main"::equals).get(0);
		look(left);
		assertThat(left.waiting()).isOne();
		assertThat(parked()).isEmpty();
		this.jump = YEAR.negated();
		passTime();
		look(left);
		assertThat(parked()).hasSize(1);
	}

	private Followed promised() {
		Followed delivery = handed(100, new PendingReceipt("orders"));
		await().until(delivery::isPromised);
		return delivery;
	}

	private SpooledLane left(long... enqueuedAt) {
		SpoolLane left = this.spool.lane("main", "orders", 5);
		for (long each : enqueuedAt) {
			this.spool.append(left, new SpoolRecord(-1, 1, each, null, new byte[10], List.of()),
					TimeUnit.SECONDS.toNanos(10), null);
		}
		assertThat(this.spool.flush()).isTrue();
		return new SpooledLane(this.store, left, this.spool.positions(left));
	}

	private void passTime() {
		this.time += maxAge().toNanos();
	}

	private void look() {
		look(this.lane);
	}

	private void look(SpooledLane lane) {
		this.time += LaneAge.interval(maxAge().toNanos());
		boolean unused = this.age.enforce(Set.of(lane));
	}

	private long expired() {
		return this.events.stream().mapToLong((event) -> ((SpoolEvent) event).records()).sum();
	}

	private List<SpoolRecord> parked() {
		assertThat(this.spool.flush()).isTrue();
		List<SpoolRecord> parked = new ArrayList<>();
		for (SpoolLane lane : this.spool.occupied()) {
			if (lane.partition() == SpoolLane.PARKED) {
				for (long position : this.spool.positions(lane)) {
					parked.add(this.spool.read(lane, position));
				}
			}
		}
		return parked;
	}

}
