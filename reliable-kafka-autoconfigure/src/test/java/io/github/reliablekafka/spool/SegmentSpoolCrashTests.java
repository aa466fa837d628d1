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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link SegmentSpool} on a disk whose power is cut: after each byte, and at
 * each call that makes something durable.
 */
class SegmentSpoolCrashTests {

	private static final SpoolOptions OPTIONS = new SpoolOptions("shop", 6 * 64 * 1024, 64 * 1024, 0, false);

	@Test
	void randomOperationsAgreeWithTheModel() throws IOException {
		for (int seed = 0; seed < 100; seed++) {
			CrashDisk disk = new CrashDisk();
			SpoolModel model = new SpoolModel(seed, 3000);
			for (int life = 0; life < 4; life++) {
				SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
				model.check(spool, life > 0);
				for (int i = 0; i < 150; i++) {
					model.step(spool);
				}
				spool.flush();
				if (life % 2 == 0) {
					spool.close();
				}
				disk = disk.restart((life % 2 == 0) ? new Random(seed) : null);
			}
		}
	}

	@Test
	void nothingConfirmedIsMissingWhereverTheProcessDies() throws IOException {
		CrashDisk whole = new CrashDisk();
		long bytes = workload(whole, new SpoolModel(7, 40), 60);
		assertThat(bytes - 64 * 1024).isBetween(3_000L, 30_000L);
		int confirmed = 0;
		for (long cut = 64 * 1024; cut < bytes; cut++) {
			CrashDisk disk = new CrashDisk();
			disk.dieAtByte(cut);
			SpoolModel model = new SpoolModel(7, 40);
			workload(disk, model, 60);
			confirmed += model.confirmedCount();
			model.check(SegmentSpool.open(disk.restart(null), OPTIONS), true);
		}
		assertThat(confirmed).isPositive();
	}

	@Test
	void nothingConfirmedIsMissingWhereverThePowerIsCut() throws IOException {
		CrashDisk whole = new CrashDisk();
		workload(whole, new SpoolModel(11, 3000), 400);
		assertThat(whole.steps).isGreaterThan(30);
		assertThat(whole.list()).hasSizeGreaterThan(2);
		for (int step = 1; step <= whole.steps; step++) {
			for (int seed = 0; seed < 4; seed++) {
				CrashDisk disk = new CrashDisk();
				disk.dieAtStep(step);
				SpoolModel model = new SpoolModel(11, 3000);
				workload(disk, model, 400);
				CrashDisk left = disk.restart(new Random(seed));
				SegmentSpool spool = SegmentSpool.open(left, OPTIONS);
				model.check(spool, true);
				for (int i = 0; i < 40; i++) {
					model.step(spool);
				}
				spool.flush();
				model.check(spool, false);
				SegmentSpool again = SegmentSpool.open(left.restart(new Random(seed)), OPTIONS);
				model.check(again, true);
			}
		}
	}

	@Test
	void nothingConfirmedIsMissingWhereverThePowerIsCutInAWrite() throws IOException {
		CrashDisk whole = new CrashDisk();
		long bytes = workload(whole, new SpoolModel(13, 2000), 300);
		Random cuts = new Random(13);
		for (int i = 0; i < 500; i++) {
			CrashDisk disk = new CrashDisk();
			disk.dieAtByte(cuts.nextLong(bytes));
			SpoolModel model = new SpoolModel(13, 2000);
			workload(disk, model, 300);
			model.check(SegmentSpool.open(disk.restart(cuts), OPTIONS), true);
		}
	}

	@Test
	void aFlippedBitIsReportedAndNothingElseIsLost() throws IOException {
		Random random = new Random(5);
		int reported = 0;
		int harmless = 0;
		for (int trial = 0; trial < 250; trial++) {
			CrashDisk disk = new CrashDisk();
			SpoolModel model = new SpoolModel(trial, 2000);
			SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
			for (int i = 0; i < 200; i++) {
				model.step(spool);
			}
			spool.flush();
			spool.close();
			List<String> names = disk.list();
			String name = names.get(random.nextInt(names.size()));
			byte[] bytes = disk.bytes(name);
			int offset = random.nextInt(bytes.length);
			boolean unused = isZeroFrom(bytes, offset);
			disk.flip(name, offset, random.nextInt(8));
			try {
				SegmentSpool again = SegmentSpool.open(disk, OPTIONS);
				model.check(again, true);
				harmless++;
			}
			catch (SpoolException ex) {
				assertThat(ex.kind()).isEqualTo(SpoolException.Kind.CORRUPT);
				assertThat(unused).isFalse();
				reported++;
			}
		}
		assertThat(reported).isGreaterThan(60);
		assertThat(harmless).isPositive();
	}

	@Test
	void quarantineKeepsAllRecordsButTheDamagedOnes() throws IOException {
		SpoolOptions quarantine = new SpoolOptions("shop", 6 * 64 * 1024, 64 * 1024, 0, true);
		for (int flip = 0; flip < 100; flip++) {
			CrashDisk disk = new CrashDisk();
			SegmentSpool spool = SegmentSpool.open(disk, quarantine);
			SpoolLane lane = spool.lane("main", "orders", 0);
			for (int i = 1; i <= 50; i++) {
				spool.append(lane, new SpoolRecord(-1, i, 1, null, new byte[100], List.of()), 0, null);
				spool.flush();
			}
			spool.close();
			String name = disk.list().get(0);
			disk.flip(name, Segment.START + 24 + new Random(flip).nextInt(50 * 220), flip % 8);
			SegmentSpool again = SegmentSpool.open(disk, quarantine);
			assertThat(again.findings()).singleElement().asString().contains("damaged", "a copy of " + name);
			assertThat(again.positions(again.lane("main", "orders", 0))).hasSizeGreaterThanOrEqualTo(49);
			again.close();
			SegmentSpool third = SegmentSpool.open(disk, quarantine);
			assertThat(third.findings()).isEmpty();
			assertThat(third.positions(third.lane("main", "orders", 0))).hasSizeGreaterThanOrEqualTo(49);
		}
	}

	@Test
	void aFailedForceEndsTheSpoolAndFailsWhatWaits() throws IOException {
		CrashDisk disk = new CrashDisk();
		SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
		SpoolLane lane = spool.lane("main", "orders", 0);
		SpoolRecord record = new SpoolRecord(-1, 1, 1, null, new byte[10], List.of());
		spool.append(lane, record, 0, null);
		spool.flush();
		disk.failForces = true;
		List<SpoolException> failures = new ArrayList<>();
		spool.append(lane, record, 0, new SpoolStore.Confirmation() {

			@Override
			public void durable() {
				throw new AssertionError("It is not");
			}

			@Override
			public void failed(SpoolException failure) {
				failures.add(failure);
			}

		});
		spool.flush();
		disk.failForces = false;
		assertThat(failures).singleElement()
			.satisfies((failure) -> assertThat(failure.kind()).isEqualTo(SpoolException.Kind.FAILED));
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> spool.append(lane, record, 0, null))
			.satisfies((failure) -> assertThat(failure.kind()).isEqualTo(SpoolException.Kind.FAILED));
		assertThat(spool.status().failure()).contains("Input/output error");
		assertThat(spool.read(lane, 1)).isNotNull();
		int steps = disk.steps;
		spool.close();
		assertThat(disk.steps).as("a force is never tried again").isEqualTo(steps);
		SegmentSpool again = SegmentSpool.open(disk.restart(null), OPTIONS);
		assertThat(again.positions(again.lane("main", "orders", 0))).contains(1L);
	}

	@Test
	void flushTellsWhenThereIsNoRoomForWhatIsResolved() throws IOException {
		CrashDisk disk = new CrashDisk();
		SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
		disk.usable = 0;
		SpoolLane lane = spool.lane("main", "orders", 0);
		SpoolRecord record = new SpoolRecord(-1, 1, 1, null, new byte[10], List.of());
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> {
			while (true) {
				spool.append(lane, record, 0, null);
			}
		});
		assertThat(spool.flush()).isTrue();
		// All but the first, so that each has a mark of its own.
		List<Long> gone = new ArrayList<>();
		long position = 2;
		spool.resolve(lane, position);
		while (spool.flush()) {
			gone.add(position++);
			assertThat(spool.holds(lane, position)).isTrue();
			spool.resolve(lane, position);
		}
		assertThat(gone).hasSizeGreaterThan(100);
		long last = position;
		SegmentSpool crashed = SegmentSpool.open(disk.restart(null), OPTIONS);
		SpoolLane left = crashed.lane("main", "orders", 0);
		assertThat(gone).noneMatch((each) -> crashed.holds(left, each));
		assertThat(crashed.holds(left, last)).isTrue();
		disk.usable = Long.MAX_VALUE;
		assertThat(spool.flush()).isTrue();
		SegmentSpool again = SegmentSpool.open(disk.restart(null), OPTIONS);
		assertThat(again.holds(again.lane("main", "orders", 0), last)).isFalse();
	}

	@Test
	void filesAreMadeAgainWhenThereIsMemoryAgain() throws IOException {
		CrashDisk disk = new CrashDisk();
		disk.outOfMemory = true;
		SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
		SpoolLane lane = spool.lane("main", "orders", 0);
		SpoolRecord record = new SpoolRecord(-1, 1, 1, null, new byte[10], List.of());
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> spool.append(lane, record, 0, null))
			.withMessageContaining("OutOfMemoryError");
		disk.outOfMemory = false;
		assertThat(spool.append(lane, record, TimeUnit.SECONDS.toNanos(5), null)).isPositive();
		assertThat(spool.flush()).isTrue();
	}

	@Test
	void whoeverAppendedIsToldOnceWhereverTheDiskFails() throws IOException {
		int failed = 0;
		for (int steps = 1; steps < 30; steps++) {
			CrashDisk disk = new CrashDisk();
			SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
			SpoolLane lane = spool.lane("main", "orders", 0);
			Map<Integer, Integer> told = new HashMap<>();
			int[] failures = new int[1];
			// More than one file takes, so that groups end in the middle of what was
			// taken.
			int count = 18;
			for (int i = 0; i < count; i++) {
				int number = i;
				spool.append(lane, new SpoolRecord(-1, 1, 1, null, new byte[9000], List.of()), 0,
						new SpoolStore.Confirmation() {

							@Override
							public void durable() {
								told.merge(number, 1, Integer::sum);
							}

							@Override
							public void failed(SpoolException failure) {
								told.merge(number, 1, Integer::sum);
								failures[0]++;
							}

						});
			}
			disk.dieAtStep(disk.steps + steps);
			spool.flush();
			assertThat(told).as("failed at step %d", steps).hasSize(count);
			assertThat(told.values()).containsOnly(1);
			failed += (failures[0] > 0 && failures[0] < count) ? 1 : 0;
		}
		assertThat(failed).as("in the middle").isGreaterThan(1);
	}

	private static boolean isZeroFrom(byte[] bytes, int offset) {
		for (int i = offset / 8 * 8; i < bytes.length; i++) {
			if (bytes[i] != 0) {
				return false;
			}
		}
		return true;
	}

	private static long workload(CrashDisk disk, SpoolModel model, int steps) {
		try {
			SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
			for (int i = 0; i < steps && !disk.dead; i++) {
				model.step(spool);
			}
		}
		catch (IOException ex) {
			assertThat(disk.dead).isTrue();
		}
		return disk.bytesWritten;
	}

}
