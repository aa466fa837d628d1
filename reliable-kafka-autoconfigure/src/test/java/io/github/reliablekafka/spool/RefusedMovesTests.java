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

package io.github.reliablekafka.spool;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.Random;
import java.util.stream.LongStream;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SegmentSpool} on a disk that has no room for some moves and has room
 * for the next ones, which come before anybody has heard of that.
 */
class RefusedMovesTests {

	private static final SpoolOptions OPTIONS = new SpoolOptions("shop", 6 * 64 * 1024, 64 * 1024, 0, false);

	private static final int RECORDS = 8;

	private final CrashDisk disk = new CrashDisk();

	private SegmentSpool spool;

	private SpoolLane from;

	private SpoolLane to;

	/**
	 * Those that are to be moved, as whoever moves them knows.
	 */
	private final Queue<Long> waiting = new PriorityQueue<>(Comparator.naturalOrder());

	private final List<Long> refused = new ArrayList<>();

	@BeforeEach
	void fill() throws IOException {
		this.spool = SegmentSpool.open(this.disk, OPTIONS);
		this.from = this.spool.lane("main", "orders", SpoolLane.UNPLACED);
		this.to = this.spool.lane("main", "orders", 0);
		for (int i = 0; i < RECORDS; i++) {
			this.waiting.add(this.spool.append(this.from, record(i, 10_000), 0, null));
			assertThat(this.spool.flush()).isTrue();
		}
		this.disk.usable = 0;
		SpoolLane other = this.spool.lane("main", "payments", 0);
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> {
			while (true) {
				this.spool.append(other, record(0, 1000), 0, null);
				this.spool.flush();
			}
		});
	}

	@Test
	void whatIsMovedBehindARefusedOneComesBehindIt() throws IOException {
		// As many as may be on their way at once.
		moveNext();
		moveNext();
		moveNext();
		boolean unused = this.spool.flush();
		assertThat(this.refused).isNotEmpty();
		while (!this.waiting.isEmpty()) {
			moveNext();
			unused = this.spool.flush();
		}
		assertInOrder(this.spool);
		assertInOrder(SegmentSpool.open(this.disk.restart(null), OPTIONS));
	}

	@Test
	void oneThatNeedsNoMoveAnyMoreHoldsUpNobody() throws IOException {
		moveNext();
		moveNext();
		moveNext();
		boolean unused = this.spool.flush();
		this.refused.forEach((position) -> this.spool.resolve(this.from, position));
		this.waiting.removeAll(this.refused);
		assertThat(this.waiting).isNotEmpty();
		while (!this.waiting.isEmpty()) {
			int left = this.waiting.size();
			moveNext();
			assertThat(this.spool.flush()).isTrue();
			assertThat(this.waiting).hasSizeLessThan(left);
		}
		assertThat(this.spool.count(this.from)).isZero();
	}

	@Test
	void othersDoNotPassOneThatIsHeldWhenTheRefusedOneIsMovedAgain() throws IOException {
		long first = 0;
		while (this.refused.isEmpty()) {
			first = this.waiting.remove();
			move(first, () -> {
			});
			boolean unused = this.spool.flush();
		}
		this.disk.usable = Long.MAX_VALUE;
		long second = this.waiting.remove();
		long third = this.waiting.remove();
		// The second was on its way when it was heard that the first is not.
		for (long position : new long[] { second, first, third }) {
			move(position, () -> this.waiting.add(position));
		}
		boolean unused = this.spool.flush();
		assertThat(this.refused).containsExactly(first, second, third);
		while (!this.waiting.isEmpty()) {
			moveNext();
			assertThat(this.spool.flush()).isTrue();
		}
		assertInOrder(this.spool);
	}

	@ParameterizedTest
	@ValueSource(longs = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20 })
	void orderStaysWheneverItIsHeardWhatWasRefused(long seed) throws IOException {
		Random random = new Random(seed);
		List<Long> unheard = new ArrayList<>();
		for (int step = 0; this.spool.count(this.from) > 0; step++) {
			assertThat(step).isLessThan(10_000);
			switch (random.nextInt(6)) {
				case 0 -> this.disk.usable = (this.refused.isEmpty() || random.nextBoolean()) ? 0 : Long.MAX_VALUE;
				case 1 -> {
					this.waiting.addAll(unheard);
					unheard.clear();
				}
				case 2 -> this.spool.flush();
				default -> tryToMoveNext(unheard);
			}
		}
		assertThat(this.refused).isNotEmpty();
		assertInOrder(this.spool);
		assertInOrder(SegmentSpool.open(this.disk.restart(null), OPTIONS));
	}

	private void tryToMoveNext(List<Long> unheard) {
		Long position = this.waiting.poll();
		if (position == null) {
			return;
		}
		try {
			move(position, () -> unheard.add(position));
		}
		catch (SpoolException ex) {
			this.waiting.add(position);
		}
	}

	private void moveNext() {
		long position = this.waiting.remove();
		move(position, () -> {
			if (this.refused.size() == 1) {
				// Whoever moves them has not been told yet, and the disk has room.
				this.disk.usable = Long.MAX_VALUE;
				moveNext();
			}
			this.waiting.add(position);
		});
	}

	private void move(long position, Runnable failed) {
		this.spool.move(this.to, record(position, 10_000), this.from, position, new SpoolStore.Confirmation() {

			@Override
			public void durable() {
			}

			@Override
			public void failed(SpoolException failure) {
				RefusedMovesTests.this.refused.add(position);
				failed.run();
			}

		});
	}

	private static void assertInOrder(SegmentSpool spool) {
		SpoolLane lane = spool.lane("main", "orders", 0);
		assertThat(LongStream.of(spool.positions(lane)).map((position) -> spool.read(lane, position).timestamp()))
			.containsExactly(LongStream.rangeClosed(1, RECORDS).boxed().toArray(Long[]::new));
	}

	private static SpoolRecord record(long number, int size) {
		return new SpoolRecord(-1, number, 1, null, new byte[size], List.of());
	}

}
