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

package io.github.reliablekafka.sequence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ProducerSession}.
 */
class ProducerSessionTests extends ProducerSessionSetup {

	@Test
	void numbersAreDenseAndTheFirstRecordHasAnAnchor() throws Exception {
		Stamp first = stamp(take());
		Stamp second = stamp(take());
		assertThat(first)
			.isEqualTo(new Stamp(101, 1, 0, false, false, new Claim(1, 0, -1, 0, -1, NumberRanges.EMPTY, 77)));
		assertThat(second).isEqualTo(new Stamp(101, 2, 0, false, false, null));
		assertThat(new StampCodec("orders", 1).decode(stampTicket(this.session.stamp("orders", 1, 77, PATIENCE))))
			.isEqualTo(new Stamp(101, 1, 0, false, false, new Claim(1, 0, -1, 0, -1, NumberRanges.EMPTY, 77)));
	}

	@Test
	void numberOfARecordThatWasNotAppendedIsGivenAgainWithItsAnchor() throws Exception {
		Ticket refused = take(false);
		Stamp lost = stamp(refused);
		refused.rollBack();
		refused.acknowledged(7);
		Stamp next = stamp(take());
		assertThat(next).isEqualTo(lost);
		assertThat(next.anchor()).isNotNull();
		assertThat(watermark().claim().acknowledged()).isZero();
		assertThat(watermarks()).isEmpty();
	}

	@Test
	void nobodyElseGetsANumberBeforeTheRecordIsAppended() throws Exception {
		Ticket first = take(false);
		CompletableFuture<Long> second = CompletableFuture.supplyAsync(() -> {
			try {
				Ticket ticket = take(false);
				ticket.appended();
				return ticket.number();
			}
			catch (InterruptedException | TimeoutException ex) {
				throw new IllegalStateException(ex);
			}
		});
		assertThatExceptionOfType(TimeoutException.class).isThrownBy(() -> second.get(200, TimeUnit.MILLISECONDS));
		// The same thread, for a record around which the first is sent.
		assertThat(this.session.stamp("orders", 0, 77, PATIENCE)).isNull();
		first.appended();
		first.appended();
		assertThat(second.get(5, TimeUnit.SECONDS)).isEqualTo(2);
	}

	@Test
	void waitEnds() throws Exception {
		Ticket first = take(false);
		CompletableFuture<Throwable> failure = CompletableFuture.supplyAsync(() -> {
			try {
				this.session.stamp("orders", 0, 77, TimeUnit.MILLISECONDS.toNanos(50));
				return new AssertionError("Stamped");
			}
			catch (InterruptedException | TimeoutException ex) {
				return ex;
			}
		});
		assertThat(failure.get(5, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class)
			.hasMessageContaining("orders-0");
		first.appended();
		assertThat(take().number()).isEqualTo(2);
	}

	@Test
	void callbacksDoNotWaitAndHaveASessionOfTheirOwn() throws Exception {
		Ticket first = take(false);
		Ticket inCallback = Objects.requireNonNull(this.session.stampInCallback("orders", 0, 77));
		assertThat(stamp(inCallback).session()).isEqualTo(102);
		assertThat(inCallback.number()).isEqualTo(1);
		inCallback.appended();
		first.appended();
		assertThat(Objects.requireNonNull(this.session.stampInCallback("orders", 0, 77)).number()).isEqualTo(2);
		assertThat(watermarks()).extracting(Watermark::session).containsExactlyInAnyOrder(101L, 102L);
	}

	@Test
	void numbersAreSettledThroughATicketOfTheSameSession() throws Exception {
		Ticket first = take();
		for (int i = 2; i <= 5; i++) {
			take();
		}
		first.outcomes().acknowledged(3, 103);
		first.outcomes().acknowledged(2, 102);
		assertThat(watermark().claim().acknowledged()).as("the first is open").isZero();
		first.acknowledged(101);
		first.outcomes().acknowledged(2, 999);
		first.outcomes().failed(4);
		first.outcomes().acknowledged(5, 105);
		Claim claim = watermark().claim();
		assertThat(claim.acknowledged()).isEqualTo(5);
		assertThat(claim.offset()).as("not that of the second copy").isEqualTo(105);
		assertThat(first.outcomes().session()).isEqualTo(101);
	}

	@Test
	void acknowledgementsInAnyOrderEndInTheSameClaim() throws Exception {
		Random random = new Random(7);
		for (int round = 0; round < 200; round++) {
			this.session = session(false);
			List<Ticket> tickets = new ArrayList<>();
			for (int i = 0; i < 60; i++) {
				tickets.add(take());
			}
			List<Ticket> shuffled = new ArrayList<>(tickets);
			Collections.shuffle(shuffled, random);
			long[] offsets = new long[61];
			NumberRanges failed = NumberRanges.EMPTY;
			for (int i = 1; i <= 60; i++) {
				offsets[i] = (random.nextInt(6) == 0) ? -1 : 1000 + i + ((random.nextInt(5) == 0) ? 10 : 0);
				failed = (offsets[i] < 0) ? failed.add(i, i) : failed;
			}
			boolean[] settled = new boolean[61];
			for (Ticket ticket : shuffled) {
				int number = (int) ticket.number();
				settled[number] = true;
				if (offsets[number] < 0) {
					ticket.failed();
				}
				else {
					ticket.acknowledged(offsets[number]);
				}
				assertSound(watermark().claim(), settled, offsets);
			}
			this.session.close();
			Claim claim = watermark().claim();
			assertThat(claim.acknowledged()).isEqualTo(60);
			assertThat(claim.failed()).isEqualTo(failed);
		}
	}

	@Test
	void numberWithoutOffsetIsClaimedWithTheNextThatHasOne() throws Exception {
		Ticket first = take();
		Ticket second = take();
		Ticket third = take();
		Ticket fourth = take();
		first.acknowledged(10);
		second.acknowledged(-1);
		third.failed();
		assertThat(watermark().claim().acknowledged()).isEqualTo(1);
		fourth.acknowledged(13);
		assertThat(watermark().claim()).isEqualTo(new Claim(1, 4, 13, 0, 10, NumberRanges.of(3, 3), 77));
	}

	@Test
	void anchorsComeAfterSoManyRecordsAndAfterASecondAndAfterAFailure() throws Exception {
		Ticket first = take();
		assertThat(stamp(first).anchor()).isNotNull();
		first.acknowledged(500);
		for (int i = 0; i < 63; i++) {
			assertThat(stamp(take()).anchor()).isNull();
		}
		assertThat(stamp(take()).anchor()).isEqualTo(new Claim(1, 1, 500, 0, -1, NumberRanges.EMPTY, 77));
		assertThat(stamp(take()).anchor()).isNull();
		this.clock.addAndGet(Duration.ofSeconds(1).toNanos());
		assertThat(stamp(take()).anchor()).isNotNull();
		Ticket failing = take();
		assertThat(stamp(failing).anchor()).isNull();
		failing.failed();
		assertThat(stamp(take()).anchor())
			.isEqualTo(new Claim(1, 1, 500, 0, -1, NumberRanges.of(failing.number(), failing.number()), 77));
	}

	@Test
	void watermarkSaysEverythingAndIsRepeatedOnlyAfterAChange() throws Exception {
		Ticket first = take();
		Ticket second = take();
		first.acknowledged(40);
		assertThat(watermark()).isEqualTo(new Watermark(new Lane("orders", 0), 101, IDENTITY, 1, 2, 2,
				new Claim(1, 1, 40, 0, 40, NumberRanges.EMPTY, 77), new Claim(1, 1, 40, 0, 40, NumberRanges.EMPTY, 77),
				false));
		assertThat(watermarks()).isEmpty();
		assertThat(this.session.hasChanges()).isFalse();
		second.acknowledged(41);
		assertThat(this.session.hasChanges()).isTrue();
		assertThat(watermark()).satisfies((watermark) -> {
			assertThat(watermark.sequence()).isEqualTo(2);
			assertThat(watermark.claim().acknowledged()).isEqualTo(2);
		});
		this.session.close();
		assertThat(watermark().closed()).isTrue();
		assertThat(this.session.isClosed()).isTrue();
		assertThat(this.session.stamp("orders", 0, 77, PATIENCE)).isNull();
		assertThat(this.session.stampInCallback("orders", 0, 77)).isNull();
	}

	@Test
	void watermarkThatDidNotArriveComesAgain() throws Exception {
		take();
		Watermark lost = watermark();
		this.session.restore(List.of(lost));
		assertThat(watermark().sequence()).isGreaterThan(lost.sequence());
		assertThat(watermarks()).isEmpty();
	}

	@Test
	void watermarksAreDueWhenQuietOrWhenBusyForLong() throws Exception {
		Duration idle = Duration.ofMillis(500);
		Duration busy = Duration.ofSeconds(5);
		take();
		assertThat(this.session.takeWatermarks(idle, busy)).isEmpty();
		this.clock.addAndGet(idle.toNanos());
		assertThat(this.session.takeWatermarks(idle, busy)).hasSize(1);
		for (int i = 0; i < 49; i++) {
			take();
			this.clock.addAndGet(Duration.ofMillis(100).toNanos());
			assertThat(this.session.takeWatermarks(idle, busy)).isEmpty();
		}
		take();
		this.clock.addAndGet(Duration.ofMillis(100).toNanos());
		assertThat(this.session.takeWatermarks(idle, busy)).hasSize(1);
		take();
		this.session.close();
		assertThat(this.session.takeWatermarks(idle, busy)).hasSize(1);
	}

	@Test
	void numberThatWasTakenBackLeavesNothingToSay() throws Exception {
		take(false).rollBack();
		this.session.close();
		assertThat(watermarks()).isEmpty();
		assertThat(this.session.hasChanges()).as("so that it can be forgotten").isFalse();
	}

	@Test
	void numberThatWasTakenBackAfterItWasSaidIsSaidAgain() throws Exception {
		take();
		Ticket refused = take(false);
		assertThat(watermark().number()).isEqualTo(2);
		refused.rollBack();
		assertThat(watermark().number()).isEqualTo(1);
		take();
		assertThat(watermark().number()).isEqualTo(2);
	}

	@Test
	void acknowledgementBehindANumberThatWasTakenBackIsSaid() throws Exception {
		Ticket first = take();
		Ticket refused = take(false);
		assertThat(watermark().number()).isEqualTo(2);
		refused.rollBack();
		first.acknowledged(10);
		assertThat(watermark()).satisfies((watermark) -> {
			assertThat(watermark.number()).isEqualTo(1);
			assertThat(watermark.claim().acknowledged()).isEqualTo(1);
		});
	}

	@Test
	void whoWaitedForTheTurnLooksAtTheClockAgain() throws Exception {
		take().acknowledged(10);
		Ticket before = take(false);
		long now = this.clock.get();
		FutureTask<Ticket> waiting = new FutureTask<>(() -> {
			Ticket ticket = Objects.requireNonNull(this.session.stamp("orders", 0, 77, PATIENCE, now));
			ticket.appended();
			return ticket;
		});
		Thread thread = new Thread(waiting);
		thread.start();
		await().until(() -> thread.getState() == Thread.State.TIMED_WAITING);
		this.clock.addAndGet(TimeUnit.SECONDS.toNanos(1));
		before.appended();
		assertThat(stamp(waiting.get(5, TimeUnit.SECONDS)).anchor()).isNotNull();
	}

	@Test
	void tooManyFailuresEndTheSessionIdOfThePartitionAlone() throws Exception {
		Ticket inFlight = take();
		for (int i = 0; i <= LaneStream.MOST_FAILED_RANGES; i++) {
			take().acknowledged(1000 + i);
			take().failed();
		}
		Ticket next = take();
		Stamp stamp = stamp(next);
		assertThat(stamp.session()).isEqualTo(102);
		assertThat(stamp.number()).isEqualTo(1);
		assertThat(this.session.stamp("orders", 1, 77, PATIENCE)).isNotNull()
			.satisfies((other) -> assertThat(
					Objects.requireNonNull(new StampCodec("orders", 1).decode(other.takeHeader())).session())
				.isEqualTo(101));
		assertThat(watermarks()).filteredOn((watermark) -> watermark.lane().partition() == 0)
			.extracting(Watermark::session, Watermark::closed)
			.containsExactlyInAnyOrder(tuple(101L, false), tuple(102L, false));
		inFlight.acknowledged(999);
		Watermark last = watermark();
		assertThat(last.session()).isEqualTo(101);
		assertThat(last.closed()).isTrue();
		assertThat(last.claim().acknowledged()).isEqualTo(last.number());
		assertThat(last.claim().from()).isEqualTo(1);
		assertThat(last.claim().failed().size()).isEqualTo(LaneStream.MOST_FAILED_RANGES + 1);
		// It is forgotten by now.
		this.session.restore(last);
		assertThat(watermark()).isEqualTo(last);
		assertThat(this.session.hasChanges()).isFalse();
	}

	@Test
	void topicThatWasCreatedAgainBeginsANewSession() throws Exception {
		assertThat(stamp(take()).session()).isEqualTo(101);
		Ticket unknown = Objects.requireNonNull(this.session.stamp("orders", 0, 0, PATIENCE));
		assertThat(stamp(unknown).session()).isEqualTo(101);
		unknown.appended();
		Ticket other = Objects.requireNonNull(this.session.stamp("orders", 0, 78, PATIENCE));
		assertThat(stamp(other))
			.isEqualTo(new Stamp(102, 1, 0, false, false, new Claim(1, 0, -1, 0, -1, NumberRanges.EMPTY, 78)));
		other.appended();
	}

	@Test
	void topicWhoseIdIsKnownLaterIsTheSameUntilItHasAnother() throws Exception {
		int[] hashes = { 0, 0, 77, 0, 78 };
		List<Long> sessions = new ArrayList<>();
		for (int hash : hashes) {
			Ticket ticket = Objects.requireNonNull(this.session.stamp("orders", 0, hash, PATIENCE));
			sessions.add(stamp(ticket).session());
			ticket.appended();
			ticket.acknowledged(sessions.size());
		}
		assertThat(sessions).containsExactly(101L, 101L, 101L, 101L, 102L);
	}

	@Test
	void manyPartitionsFit() throws Exception {
		for (int i = 0; i < 10_000; i++) {
			Ticket ticket = Objects.requireNonNull(this.session.stamp("orders", i, 77, PATIENCE));
			ticket.appended();
			ticket.acknowledged(i);
		}
		assertThat(watermarks()).hasSize(10_000);
		assertThat(watermarks()).isEmpty();
	}

	// Every claim must be true of what was posted.
	private static void assertSound(Claim claim, boolean[] settled, long[] offsets) {
		long highest = -1;
		long inverted = 0;
		for (int i = 1; i <= claim.acknowledged(); i++) {
			assertThat(settled[i]).isTrue();
			inverted = (offsets[i] >= 0 && offsets[i] < highest) ? i : inverted;
			highest = Math.max(highest, offsets[i]);
			assertThat(claim.failed().contains(i)).isEqualTo(offsets[i] < 0);
		}
		assertThat(claim.offset()).isEqualTo(highest);
		assertThat(claim.inverted()).isEqualTo(inverted);
		if (claim.acknowledged() < 60) {
			assertThat(settled[(int) claim.acknowledged() + 1]).isFalse();
		}
	}

	private byte[] stampTicket(@Nullable Ticket ticket) {
		Objects.requireNonNull(ticket).appended();
		return ticket.takeHeader();
	}

}
