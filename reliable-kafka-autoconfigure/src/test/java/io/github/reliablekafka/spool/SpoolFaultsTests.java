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
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.sequence.ChildProcess;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SegmentSpool} on disks that really fail. Those that need root, or a
 * compiler, are skipped without.
 */
class SpoolFaultsTests {

	private static final SpoolOptions OPTIONS = SpoolOptions.of("shop", 8 << 20, 0, false);

	@TempDir
	Path directory;

	private final Set<Long> confirmed = ConcurrentHashMap.newKeySet();

	private final List<SpoolException> failures = new CopyOnWriteArrayList<>();

	@Test
	void aForceThatFailsInTheKernelEndsTheSpoolAndLosesNothing() throws Exception {
		Path shim = compile("failing-force.c");
		Path trigger = this.directory.resolve("fail");
		Path base = this.directory.resolve("spool");
		List<String> end = new CopyOnWriteArrayList<>();
		try (ChildProcess child = ChildProcess.start(ForcedSpool.class, Map.of("base", base.toString()),
				Map.of("LD_PRELOAD", shim.toString(), "FAIL_FORCES_WHILE", trigger.toString()), (words) -> {
					if (words.get(0).equals("CONFIRMED")) {
						this.confirmed.add(Long.valueOf(words.get(1)));
					}
					else {
						end.addAll(words);
					}
				})) {
			await().atMost(Duration.ofSeconds(30)).until(() -> this.confirmed.size() > 200);
			Files.createFile(trigger);
			await().atMost(Duration.ofSeconds(30)).until(() -> !end.isEmpty());
			// The disk works again, and nobody believes it.
			Files.delete(trigger);
			assertThat(end).startsWith("FAILED");
			assertThat(String.join(" ", end)).contains("Input/output_error");
			child.kill();
		}
		assertConfirmedAreThere(base, OPTIONS);
	}

	@Test
	void aFileSystemThatBecomesReadOnlyEndsTheSpoolAndLosesNothing() throws Exception {
		try (BlockImage image = BlockImage.create(this.directory, 32)) {
			Path base = image.mountPoint().resolve("spool");
			SegmentSpool spool = SpoolDirectory.open(base, OPTIONS);
			Thread appender = appendUntilItFails(spool);
			await().atMost(Duration.ofSeconds(30)).until(() -> this.confirmed.size() > 200);
			// As the kernel does when it finds its journal damaged.
			Assumptions.assumeTrue(BlockImage.run("mount", "-o", "remount,abort", image.mountPoint().toString()),
					"This kernel has no option 'abort'");
			appender.join(30_000);
			assertThat(this.failures).isNotEmpty();
			assertThat(this.failures.get(0).kind()).isEqualTo(SpoolException.Kind.FAILED);
			assertThat(this.failures.get(0).action()).contains("Check the disk");
			closeQuietly(spool);
			image.remount();
			assertConfirmedAreThere(base, OPTIONS);
		}
	}

	@Test
	void aDirectoryThatVanishesEndsTheSpool() throws Exception {
		Path base = this.directory.resolve("spool");
		SegmentSpool spool = SpoolDirectory.open(base, OPTIONS);
		Thread appender = appendUntilItFails(spool);
		await().atMost(Duration.ofSeconds(30)).until(() -> this.confirmed.size() > 200);
		Path elsewhere = Files.move(base, this.directory.resolve("elsewhere"));
		appender.join(30_000);
		assertThat(this.failures).isNotEmpty();
		assertThat(this.failures.get(0).kind()).isEqualTo(SpoolException.Kind.FAILED);
		assertThat(this.failures.get(0)).hasMessageContaining("deleted or replaced");
		closeQuietly(spool);
		assertConfirmedAreThere(elsewhere, OPTIONS);
	}

	@Test
	void aFullDiskOfBlocksRefusesAndLosesNothing() throws Exception {
		try (BlockImage image = BlockImage.create(this.directory, 8)) {
			Path base = image.mountPoint().resolve("spool");
			SpoolOptions larger = SpoolOptions.of("shop", 64 << 20, 0, false);
			SegmentSpool spool = SpoolDirectory.open(base, larger);
			appendUntilItFails(spool).join(60_000);
			await().during(Duration.ofMillis(300)).until(() -> spool.flush());
			assertThat(spool.status().failure()).isNull();
			spool.close();
			assertConfirmedAreThere(base, larger);
		}
	}

	@Test
	void aThreadThatIsInterruptedWhileItReadsDisturbsNobody() throws IOException {
		SegmentSpool spool = SpoolDirectory.open(this.directory, OPTIONS);
		SpoolLane lane = spool.lane("main", "orders", 0);
		long position = spool.append(lane, record(1), 0, null);
		spool.flush();
		Thread.currentThread().interrupt();
		assertThat(spool.read(lane, position)).isNotNull();
		assertThat(Thread.interrupted()).isTrue();
		spool.append(lane, record(2), 0, confirmation(2));
		assertThat(spool.flush()).isTrue();
		await().until(() -> this.confirmed.contains(2L));
		spool.close();
	}

	@Test
	void eachFlippedBitOfARecordIsReported() throws Exception {
		SegmentSpool spool = SpoolDirectory.open(this.directory, OPTIONS);
		SpoolLane lane = spool.lane("main", "orders", 0);
		for (long i = 0; i < 300; i++) {
			spool.append(lane, record(i), TimeUnit.SECONDS.toNanos(5), null);
			spool.flush();
		}
		spool.close();
		Path segment = this.directory.resolve("0").resolve("00000001.segment");
		Random random = new Random(23);
		for (int trial = 0; trial < 100; trial++) {
			// The file is full of records, but for its headers and its end.
			long offset = Segment.START + 100L + random.nextInt(200 << 10);
			flip(segment, offset, trial % 8);
			assertThatExceptionOfType(SpoolException.class).as("bit %d at %d", trial % 8, offset)
				.isThrownBy(() -> SpoolDirectory.open(this.directory, OPTIONS))
				.withMessageContaining("00000001.segment")
				.withMessageContaining("is damaged at offset")
				.satisfies((failure) -> assertThat(failure.kind()).isEqualTo(SpoolException.Kind.CORRUPT));
			flip(segment, offset, trial % 8);
		}
		SegmentSpool again = SpoolDirectory.open(this.directory, OPTIONS);
		assertThat(again.positions(again.lane("main", "orders", 0))).hasSize(300);
		again.close();
	}

	private static void flip(Path file, long offset, int bit) throws IOException {
		try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
			ByteBuffer one = ByteBuffer.allocate(1);
			channel.read(one, offset);
			one.put(0, (byte) (one.get(0) ^ 1 << bit)).clear();
			channel.write(one, offset);
		}
	}

	private Thread appendUntilItFails(SegmentSpool spool) {
		Thread appender = new Thread(() -> {
			SpoolLane lane = spool.lane("main", "orders", 0);
			for (long number = 0; this.failures.isEmpty(); number++) {
				try {
					spool.append(lane, record(number), TimeUnit.SECONDS.toNanos(2), confirmation(number));
					if (number % 10 == 0) {
						TimeUnit.MILLISECONDS.sleep(1);
					}
				}
				catch (SpoolException ex) {
					this.failures.add(ex);
				}
				catch (InterruptedException ex) {
					return;
				}
			}
		});
		appender.start();
		return appender;
	}

	private SpoolStore.Confirmation confirmation(long number) {
		return new SpoolStore.Confirmation() {

			@Override
			public void durable() {
				SpoolFaultsTests.this.confirmed.add(number);
			}

			@Override
			public void failed(SpoolException failure) {
				SpoolFaultsTests.this.failures.add(failure);
			}

		};
	}

	private void assertConfirmedAreThere(Path base, SpoolOptions options) throws IOException {
		SegmentSpool spool = SpoolDirectory.open(base, options);
		SpoolLane lane = spool.lane("main", "orders", 0);
		Set<Long> found = new HashSet<>();
		List<Long> order = new ArrayList<>();
		for (long position : spool.positions(lane)) {
			long number = spool.read(lane, position).timestamp();
			assertThat(found.add(number)).isTrue();
			order.add(number);
		}
		assertThat(this.confirmed).hasSizeGreaterThan(200);
		assertThat(found.containsAll(this.confirmed)).isTrue();
		assertThat(order).isSorted();
		spool.close();
	}

	private static void closeQuietly(SegmentSpool spool) {
		try {
			spool.close();
		}
		catch (SpoolException ex) {
			assertThat(ex.kind()).isEqualTo(SpoolException.Kind.FAILED);
		}
	}

	private Path compile(String source) throws IOException {
		Path file = this.directory.resolve(source);
		try (InputStream content = getClass().getResourceAsStream(source)) {
			Files.copy(content, file);
		}
		Path library = this.directory.resolve(source + ".so");
		Assumptions.assumeTrue(
				BlockImage.run("gcc", "-shared", "-fPIC", "-o", library.toString(), file.toString(), "-ldl"),
				"No C compiler");
		return library;
	}

	private static SpoolRecord record(long number) {
		return new SpoolRecord(-1, number, 1, null, new byte[1000], List.of());
	}

}
