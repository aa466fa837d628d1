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
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Relocation}: records that stay keep no more room than they need, and
 * are there wherever the machine dies while they are written again.
 */
class RelocationTests {

	private static final SpoolOptions OPTIONS = new SpoolOptions("shop", 6 * 64 * 1024, 64 * 1024, 0, false);

	@TempDir
	Path directory;

	@Test
	void recordsThatStayDoNotKeepWholeFiles() throws IOException {
		CrashDisk disk = new CrashDisk();
		SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
		SpoolLane busy = spool.lane("main", "orders", 0);
		SpoolLane parked = spool.lane("main", "orders", -2);
		List<Long> staying = new ArrayList<>();
		// One of each file stays, of a hundred files where there is room for six.
		for (int i = 0; i < 100; i++) {
			staying.add(spool.append(parked, record(i, 1000), 0, null));
			for (int j = 0; j < 50; j++) {
				long position = spool.append(busy, record(j, 1000), 0, null);
				assertThat(spool.flush()).isTrue();
				spool.resolve(busy, position);
			}
		}
		assertThat(spool.relocated()).isBetween(50L, 2000L);
		assertThat(disk.list()).hasSizeLessThanOrEqualTo(6 + GroupWriter.OVERSHOOT);
		assertStay(spool, staying);
		SegmentSpool again = SegmentSpool.open(disk.restart(new Random(1)), OPTIONS);
		assertStay(again, staying);
		assertThat(again.positions(again.lane("main", "orders", 0))).hasSizeLessThanOrEqualTo(1);
	}

	private static void assertStay(SegmentSpool spool, List<Long> positions) {
		SpoolLane parked = spool.lane("main", "orders", -2);
		assertThat(spool.positions(parked)).containsExactly(positions.stream().mapToLong(Long::longValue).toArray());
		for (int i = 0; i < positions.size(); i++) {
			assertThat(spool.read(parked, positions.get(i)).timestamp()).isEqualTo(i);
		}
	}

	@Test
	void fileThatWasEmptiedAndIsUsedAgainStaysAsItIs() throws IOException {
		SegmentSpool spool = SegmentSpool.open(new CrashDisk(), OPTIONS);
		SpoolLane busy = spool.lane("main", "orders", 0);
		SpoolLane parked = spool.lane("main", "orders", -2);
		Deque<Long> staying = new ArrayDeque<>();
		for (int round = 0; round < 4; round++) {
			for (int i = 0; i < 40; i++) {
				staying.add(spool.append(parked, record(i, 1000), 0, null));
				for (int j = 0; j < 50; j++) {
					long position = spool.append(busy, record(j, 1000), 0, null);
					assertThat(spool.flush()).isTrue();
					spool.resolve(busy, position);
				}
			}
			while (!staying.isEmpty()) {
				spool.resolve(parked, staying.remove());
			}
			assertThat(spool.flush()).isTrue();
			long before = spool.relocated();
			// There is room for all of these without writing any again.
			List<Long> positions = new ArrayList<>();
			for (int i = 0; i < 150; i++) {
				positions.add(spool.append(busy, record(i, 1000), 0, null));
				assertThat(spool.flush()).isTrue();
			}
			assertThat(spool.relocated()).isEqualTo(before);
			positions.forEach((position) -> spool.resolve(busy, position));
		}
	}

	@Test
	void aSpoolThatIsFullOfWhatWaitsIsFull() throws IOException {
		CrashDisk disk = new CrashDisk();
		SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
		SpoolLane lane = spool.lane("main", "orders", 0);
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> {
			for (int i = 0; i < 1000; i++) {
				spool.append(lane, record(i, 1000), 0, null);
				spool.flush();
			}
		}).satisfies((failure) -> assertThat(failure.kind()).isEqualTo(SpoolException.Kind.FULL));
		assertThat(spool.relocated()).isZero();
	}

	@Test
	void randomOperationsAgreeWithTheModel() throws IOException {
		long relocated = 0;
		for (int seed = 0; seed < 30; seed++) {
			CrashDisk disk = new CrashDisk();
			SpoolModel model = new SpoolModel(seed, 3000, 9);
			for (int life = 0; life < 4; life++) {
				SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
				model.check(spool, life > 0);
				for (int i = 0; i < 400; i++) {
					model.step(spool);
				}
				spool.flush();
				relocated += spool.relocated();
				if (life % 2 == 0) {
					spool.close();
				}
				disk = disk.restart((life % 2 == 0) ? new Random(seed) : null);
			}
		}
		assertThat(relocated).isGreaterThan(1000);
	}

	@Test
	void nothingIsLostOrTwiceWhereverThePowerIsCut() throws IOException {
		CrashDisk whole = new CrashDisk();
		Moments moments = workload(whole, new SpoolModel(17, 3000, 9));
		assertThat(moments.steps).hasSizeGreaterThan(10);
		for (int step : moments.around()) {
			CrashDisk disk = new CrashDisk();
			disk.dieAtStep(step);
			SpoolModel model = new SpoolModel(17, 3000, 9);
			workload(disk, model);
			CrashDisk left = disk.restart(new Random(step));
			SegmentSpool spool = SegmentSpool.open(left, OPTIONS);
			model.check(spool, true);
			for (int i = 0; i < 60; i++) {
				model.step(spool);
			}
			spool.flush();
			model.check(spool, false);
			model.check(SegmentSpool.open(left.restart(new Random(step)), OPTIONS), true);
		}
	}

	@Test
	void nothingIsLostOrTwiceWhereverAWriteIsCut() throws IOException {
		CrashDisk whole = new CrashDisk();
		Moments moments = workload(whole, new SpoolModel(19, 3000, 9));
		Random cuts = new Random(19);
		for (int i = 0; i < 150; i++) {
			// In a group that writes records again, or just behind it.
			int moment = cuts.nextInt(moments.bytes.size());
			CrashDisk disk = new CrashDisk();
			disk.dieAtByte(moments.bytes.get(moment)[0] + cuts.nextLong(moments.bytes.get(moment)[1] + 3000));
			SpoolModel model = new SpoolModel(19, 3000, 9);
			workload(disk, model);
			model.check(SegmentSpool.open(disk.restart((i % 2 == 0) ? cuts : null), OPTIONS), true);
		}
	}

	@Test
	void readersAndWritersDoNotNoticeThatRecordsMove() throws Exception {
		SpoolOptions small = SpoolOptions.of("shop", 2 << 20, 0, false);
		SegmentSpool spool = SpoolDirectory.open(this.directory, small);
		Map<Long, Long> staying = new ConcurrentHashMap<>();
		List<Throwable> failures = new ArrayList<>();
		SpoolLane parked = spool.lane("main", "parked", 0);
		long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(3);
		List<Thread> threads = new ArrayList<>();
		for (int i = 0; i < 3; i++) {
			int thread = i;
			threads.add(new Thread(() -> appendAndResolve(spool, thread, staying, end)));
		}
		threads.add(new Thread(() -> {
			while (System.nanoTime() - end < 0) {
				staying.forEach((number, position) -> {
					SpoolRecord read = spool.read(parked, position);
					// Not on disk yet, as it was appended just now.
					assertThat((read != null) ? read.timestamp() : number).isEqualTo(number);
				});
			}
		}));
		threads.forEach((thread) -> {
			thread.setUncaughtExceptionHandler((which, failure) -> failures.add(failure));
			thread.start();
		});
		for (Thread thread : threads) {
			thread.join();
		}
		assertThat(failures).isEmpty();
		assertThat(spool.relocated()).isPositive();
		spool.close();
		SegmentSpool again = SpoolDirectory.open(this.directory, small);
		SpoolLane lane = again.lane("main", "parked", 0);
		assertThat(again.positions(lane)).hasSize(staying.size());
		staying
			.forEach((number, position) -> assertThat(again.read(lane, position).timestamp()).isEqualTo((long) number));
		again.close();
	}

	private static void appendAndResolve(SegmentSpool spool, int thread, Map<Long, Long> staying, long end) {
		SpoolLane lane = spool.lane("main", "busy", thread);
		SpoolLane parked = spool.lane("main", "parked", 0);
		List<Long> open = new ArrayList<>();
		for (long i = 0; System.nanoTime() - end < 0; i++) {
			long number = thread + 3 * i;
			if (i % 200 == 0 && staying.size() < 300) {
				staying.put(number, spool.append(parked, record(number, 2000), TimeUnit.SECONDS.toNanos(10), null));
			}
			open.add(spool.append(lane, record(i, 2000), TimeUnit.SECONDS.toNanos(10), null));
			if (open.size() > 20) {
				open.forEach((position) -> spool.resolve(lane, position));
				open.clear();
			}
		}
		open.forEach((position) -> spool.resolve(lane, position));
	}

	// Stops when the disk dies.
	private static Moments workload(CrashDisk disk, SpoolModel model) {
		Moments moments = new Moments(new ArrayList<>(), new ArrayList<>());
		try {
			SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
			for (int i = 0; i < 2000 && !disk.dead; i++) {
				long relocated = spool.relocated();
				long bytes = disk.bytesWritten;
				model.step(spool);
				if (spool.relocated() > relocated) {
					moments.steps.add(disk.steps);
					moments.bytes.add(new long[] { bytes, disk.bytesWritten - bytes });
				}
			}
		}
		catch (IOException ex) {
			assertThat(disk.dead).isTrue();
		}
		return moments;
	}

	private static SpoolRecord record(long number, int size) {
		return new SpoolRecord(-1, number, 1, null, new byte[size], List.of());
	}

	/**
	 * When records were written again.
	 *
	 * @param steps the count of forces after each time
	 * @param bytes how many bytes were written before, and how many then
	 */
	private record Moments(List<Integer> steps, List<long[]> bytes) {

		Set<Integer> around() {
			Set<Integer> around = new TreeSet<>();
			this.steps.forEach((step) -> IntStream.rangeClosed(step - 4, step + 2).forEach(around::add));
			return around;
		}

	}

}
