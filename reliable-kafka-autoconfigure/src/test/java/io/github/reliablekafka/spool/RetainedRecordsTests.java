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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that can be found although they are resolved.
 */
class RetainedRecordsTests {

	private static final SpoolOptions OPTIONS = new SpoolOptions("shop", 6 * 64 * 1024, 64 * 1024, 0, false,
			Duration.ofHours(1));

	@TempDir
	Path directory;

	@Test
	void whatIsResolvedIsFoundAsLongAsThereIsRoom() throws IOException {
		SegmentSpool spool = SpoolDirectory.open(this.directory, OPTIONS);
		// Twice as much as there is room for.
		appendAndResolve(spool, 600, System.currentTimeMillis());
		List<Long> found = found(spool, 0);
		assertThat(found).hasSizeBetween(120, 300).isSorted().contains(599L);
		assertThat(found.get(0)).isEqualTo(600 - found.size());
		assertThat(found(spool, 1)).isEmpty();
		assertThat(spool.occupied()).isEmpty();
		assertThat(spool.status().segments()).isEqualTo(6);
		spool.close();
	}

	@Test
	void retainedRecordsNeverKeepOthersOut() throws IOException {
		SegmentSpool spool = SegmentSpool.open(new CrashDisk(), OPTIONS);
		SegmentSpool plain = SegmentSpool.open(new CrashDisk(),
				new SpoolOptions("shop", 6 * 64 * 1024, 64 * 1024, 0, false));
		appendAndResolve(spool, 600, System.currentTimeMillis());
		appendAndResolve(plain, 600, System.currentTimeMillis());
		assertThat(appendUntilFull(spool)).isCloseTo(appendUntilFull(plain), within(60));
		assertThat(spool.relocated()).isZero();
	}

	@Test
	void withoutRetentionFilesAreUsedAgainAtOnce() throws IOException {
		CrashDisk disk = new CrashDisk();
		SegmentSpool spool = SegmentSpool.open(disk, new SpoolOptions("shop", 6 * 64 * 1024, 64 * 1024, 0, false));
		appendAndResolve(spool, 600, System.currentTimeMillis());
		assertThat(disk.list()).hasSizeLessThanOrEqualTo(3);
		spool.close();
		assertThat(disk.list()).isEmpty();
	}

	@Test
	void whatIsResolvedIsFoundAfterARestartAndAfterACrashAndDoesNotComeBack() throws IOException {
		for (boolean crash : new boolean[] { false, true }) {
			CrashDisk disk = new CrashDisk();
			SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
			appendAndResolve(spool, 40, System.currentTimeMillis());
			spool.flush();
			if (!crash) {
				spool.close();
			}
			for (int life = 0; life < 3; life++) {
				disk = disk.restart(crash ? new Random(life) : null);
				spool = SegmentSpool.open(disk, OPTIONS);
				assertThat(spool.occupied()).isEmpty();
				assertThat(found(spool, 0)).hasSize(40 + life);
				appendAndResolve(spool, 1, System.currentTimeMillis());
				spool.flush();
				if (!crash) {
					spool.close();
				}
			}
		}
	}

	@Test
	void whatIsOldIsGoneWithTheSpoolThatIsClosed() throws IOException {
		CrashDisk disk = new CrashDisk();
		SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
		long old = System.currentTimeMillis() - Duration.ofHours(2).toMillis();
		appendAndResolve(spool, 150, old);
		spool.close();
		assertThat(disk.list()).as("appended just now").isNotEmpty();
		// What it says itself counts when it is opened.
		SegmentSpool again = SegmentSpool.open(disk, OPTIONS);
		again.close();
		assertThat(disk.list()).isEmpty();
	}

	@Test
	void whatIsGivenUpIsGoneWithTheSpoolThatIsClosed() throws IOException {
		CrashDisk disk = new CrashDisk();
		SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
		appendAndResolve(spool, 150, System.currentTimeMillis());
		assertThat(spool.isKeeping()).isTrue();
		spool.retainNoLonger();
		spool.close();
		assertThat(disk.list()).isEmpty();
	}

	@Test
	void whatIsFoundIsRightWhileFilesAreUsedAgain() throws Exception {
		SegmentSpool spool = SpoolDirectory.open(this.directory,
				SpoolOptions.of("shop", 2 << 20, 0, false).retaining(Duration.ofHours(1)));
		List<Throwable> failures = new ArrayList<>();
		AtomicBoolean over = new AtomicBoolean();
		Thread appender = new Thread(() -> {
			SpoolLane lane = spool.lane("main", "orders", 0);
			for (int i = 0; !over.get(); i++) {
				long position = spool.append(lane, record(i, 1), TimeUnit.SECONDS.toNanos(10), null);
				// What is resolved at once is never written.
				spool.resolve(lane, position - 500);
			}
		});
		appender.setUncaughtExceptionHandler((thread, failure) -> failures.add(failure));
		appender.start();
		await().until(() -> spool.status().appended() > 5000);
		for (int search = 0; search < 10; search++) {
			assertThat(found(spool, 0)).isSorted().doesNotHaveDuplicates().isNotEmpty();
		}
		over.set(true);
		appender.join();
		assertThat(failures).isEmpty();
		spool.close();
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> found(spool, 0));
	}

	@Test
	void modelsAgreeWithASpoolThatRetains() throws IOException {
		for (int seed = 0; seed < 20; seed++) {
			CrashDisk disk = new CrashDisk();
			SpoolModel model = new SpoolModel(seed, 3000, (seed % 2 == 0) ? 9 : 0);
			for (int life = 0; life < 4; life++) {
				SegmentSpool spool = SegmentSpool.open(disk, OPTIONS);
				model.check(spool, life > 0);
				for (int i = 0; i < 300; i++) {
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

	private static int appendUntilFull(SegmentSpool spool) {
		SpoolLane lane = spool.lane("main", "payments", 0);
		int[] count = new int[1];
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> {
			while (true) {
				spool.append(lane, record(1, 1), 0, null);
				spool.flush();
				count[0]++;
			}
		});
		return count[0];
	}

	private static void appendAndResolve(SegmentSpool spool, int count, long appendedAt) {
		SpoolLane lane = spool.lane("main", "orders", 0);
		for (int i = 0; i < count; i++) {
			long position = spool.append(lane, record(i, appendedAt), TimeUnit.SECONDS.toNanos(10), null);
			spool.flush();
			spool.resolve(lane, position);
		}
	}

	private static List<Long> found(SegmentSpool spool, int partition) {
		List<Long> found = new ArrayList<>();
		spool.search("orders", partition, (destination) -> true, (record) -> {
			assertThat(record.value()).hasSize(1000);
			found.add(record.timestamp());
			return true;
		});
		return found;
	}

	private static SpoolRecord record(long number, long appendedAt) {
		return new SpoolRecord(-1, number, appendedAt, null, new byte[1000], List.of());
	}

}
