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

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.CRC32C;

import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SegmentSpool} in real directories.
 */
class SegmentSpoolTests {

	private static final SpoolOptions OPTIONS = SpoolOptions.of("shop", 32 << 20, 0, false);

	@TempDir
	Path directory;

	@Test
	void lackOfDiskSpaceThatIsOverKeepsNothingAway() throws Exception {
		Disk real = Objects.requireNonNull(DirectoryDisk.take(this.directory));
		AtomicBoolean full = new AtomicBoolean();
		Disk disk = (Disk) Proxy.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Disk.class },
				(proxy, method, arguments) -> {
					if (method.getName().equals("open") && full.get()) {
						throw new IOException("No space left on device");
					}
					return method.invoke(real, arguments);
				});
		try (SegmentSpool spool = SegmentSpool.open(disk, SpoolOptions.of("shop", 64 << 20, 0, false))) {
			spool.start();
			assertThat(spool.isHalfFull()).isFalse();
			full.set(true);
			spool.append(spool.lane("main", "orders", 0), new SpoolRecord(-1, 1L, 1, null, new byte[10], List.of()), 0,
					null);
			await().until(spool::isHalfFull);
			await().during(Duration.ofMillis(1500)).until(spool::isHalfFull);
			full.set(false);
			await().until(() -> !spool.isHalfFull());
		}
	}

	@Test
	void recordsAreMovedWhenTheNextFileIsMade() throws Exception {
		Disk real = Objects.requireNonNull(DirectoryDisk.take(this.directory));
		AtomicBoolean slow = new AtomicBoolean();
		CountDownLatch made = new CountDownLatch(1);
		Disk disk = proxy(Disk.class, real, (method, arguments, result) -> {
			if (method.equals("open") && slow.get()) {
				made.await();
			}
			return result;
		});
		int records = 120;
		try (SegmentSpool spool = SegmentSpool.open(disk, SpoolOptions.of("shop", 64 << 20, 0, false))) {
			spool.start();
			SpoolLane from = spool.lane("main", "orders", 0);
			fill(spool, from, records);
			CountDownLatch confirmed = new CountDownLatch(records / 2);
			SpoolException busy = null;
			// Half of them, so that no file can be used again.
			int moved = 0;
			slow.set(true);
			try {
				while (busy == null && moved < records / 2) {
					busy = move(spool, from, 2L * moved + 1, latch(confirmed));
					moved += (busy != null) ? 0 : 1;
				}
			}
			finally {
				made.countDown();
			}
			assertThat(busy).isNotNull();
			assertThat(busy.kind()).isEqualTo(SpoolException.Kind.BUSY);
			assertThat(moved).isPositive();
			for (int i = moved; i < records / 2; i++) {
				long position = 2L * i + 1;
				await().pollInterval(Duration.ofMillis(1)).until(() -> {
					SpoolException refused = move(spool, from, position, latch(confirmed));
					assertThat(refused == null || refused.kind() == SpoolException.Kind.BUSY).isTrue();
					return refused == null;
				});
			}
			assertThat(confirmed.await(20, TimeUnit.SECONDS)).isTrue();
			assertThat(spool.count(from)).isEqualTo(records / 2);
			assertThat(spool.count(spool.lane("main", "orders", SpoolLane.PARKED))).isEqualTo(records / 2);
		}
	}

	@Test
	void allFilesAreClosedThoughOneCouldNotBeBegun() throws Exception {
		Disk real = Objects.requireNonNull(DirectoryDisk.take(this.directory));
		AtomicBoolean broken = new AtomicBoolean();
		AtomicInteger open = new AtomicInteger();
		Disk disk = proxy(Disk.class, real, (method, arguments, result) -> {
			if (!method.equals("open")) {
				return result;
			}
			open.incrementAndGet();
			return proxy(Disk.DiskFile.class, (Disk.DiskFile) result, (of, given, done) -> {
				if (of.equals("write") && broken.get() && given[1].equals((long) SegmentLabel.BYTES)) {
					throw new IOException("broken");
				}
				open.addAndGet(of.equals("close") ? -1 : 0);
				return done;
			});
		});
		SegmentSpool spool = SegmentSpool.open(disk, SpoolOptions.of("shop", 64 << 20, 0, false));
		spool.start();
		SpoolLane lane = spool.lane("main", "orders", 0);
		fill(spool, lane, 1);
		broken.set(true);
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> {
			while (true) {
				spool.append(lane, record(2, 100_000), TimeUnit.SECONDS.toNanos(20), null);
			}
		});
		assertThat(open).hasPositiveValue();
		spool.close();
		assertThat(open).hasValue(0);
	}

	private static <T> T proxy(Class<T> type, T target, After after) {
		return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] { type }, (proxy, method,
				arguments) -> after.call(method.getName(), arguments, method.invoke(target, arguments))));
	}

	@Test
	void movesForWhichNoFileCanBeMadeAreRefusedAsTheSpoolIsFull() throws IOException {
		CrashDisk disk = new CrashDisk();
		try (SegmentSpool spool = SegmentSpool.open(disk, SpoolOptions.of("shop", 64 << 20, 0, false))) {
			SpoolLane from = spool.lane("main", "orders", 0);
			fill(spool, from, 1);
			disk.usable = 0;
			SpoolException refused = null;
			while (refused == null) {
				refused = move(spool, from, 1, null);
			}
			assertThat(refused.kind()).as("nobody has tried").isEqualTo(SpoolException.Kind.BUSY);
			// For longer than it takes until the file is tried again.
			await().during(Duration.ofMillis(1500)).untilAsserted(() -> {
				SpoolException again = move(spool, from, 1, null);
				assertThat(again.kind()).isEqualTo(SpoolException.Kind.FULL);
				assertThat(again).hasMessageContaining("shall stay free");
			});
			disk.usable = Long.MAX_VALUE;
			await().until(() -> move(spool, from, 1, null) == null);
			assertThat(spool.flush()).isTrue();
		}
	}

	private static void fill(SegmentSpool spool, SpoolLane lane, int records) {
		for (int i = 0; i < records; i++) {
			spool.append(lane, record(i, 100_000), TimeUnit.SECONDS.toNanos(20), null);
		}
		assertThat(spool.flush()).isTrue();
	}

	// Returns why not.
	private static SpoolException move(SegmentSpool spool, SpoolLane from, long position,
			SpoolStore.Confirmation confirmation) {
		SpoolLane to = spool.lane("main", "orders", SpoolLane.PARKED);
		return catchThrowableOfType(SpoolException.class,
				() -> spool.move(to, record(position, 100_000), from, position, confirmation));
	}

	@Test
	void whatManyThreadsAppendIsFoundAgainInTheOrderOfTheCalls() throws Exception {
		int threads = 16;
		int each = 500;
		CountDownLatch confirmed = new CountDownLatch(threads * each);
		Map<String, List<Long>> calls = new HashMap<>();
		SegmentSpool spool = SpoolDirectory.open(this.directory, OPTIONS);
		List<Thread> appenders = new ArrayList<>();
		for (int i = 0; i < threads; i++) {
			long appender = i;
			appenders.add(new Thread(() -> {
				SpoolLane lane = spool.lane("main", "orders", (int) appender % 4);
				for (int j = 0; j < each; j++) {
					synchronized (lane) {
						long number = appender * each + j;
						calls(calls, lane).add(number);
						spool.append(lane, record(number, 700), TimeUnit.SECONDS.toNanos(10), latch(confirmed));
					}
				}
			}));
		}
		appenders.forEach(Thread::start);
		assertThat(confirmed.await(30, TimeUnit.SECONDS)).isTrue();
		SpoolStatus status = spool.status();
		assertThat(status.records()).isEqualTo(8000);
		assertThat(status.forces()).isLessThan(4000);
		spool.close();
		SegmentSpool again = SpoolDirectory.open(this.directory, OPTIONS);
		assertThat(again.findings()).isEmpty();
		assertThat(again.occupied()).hasSize(4);
		for (SpoolLane lane : again.occupied()) {
			List<Long> found = new ArrayList<>();
			for (long position : again.positions(lane)) {
				found.add(again.read(lane, position).timestamp());
				again.resolve(lane, position);
			}
			assertThat(found).isEqualTo(calls.get(lane.toString()));
		}
		again.close();
		assertThat(this.directory.resolve("0")).isDirectoryNotContaining("glob:**.segment");
	}

	@Test
	void filesAreUsedAgainAndNotMoreThanAreNeeded() {
		SegmentSpool spool = open();
		SpoolLane lane = spool.lane("main", "orders", 0);
		Set<Long> live = ConcurrentHashMap.newKeySet();
		for (int i = 0; i < 40_000; i++) {
			live.add(spool.append(lane, record(i, 1000), TimeUnit.SECONDS.toNanos(10), null));
			if (live.size() > 100) {
				live.removeIf((position) -> {
					spool.resolve(lane, position);
					return true;
				});
			}
		}
		assertThat(spool.status().segments()).as("of 512 KiB, for 40 MB").isLessThan(20);
		spool.close();
	}

	@Test
	void flushDoesNotWaitForWhatComesMeanwhile() throws Exception {
		SegmentSpool spool = open();
		AtomicBoolean over = new AtomicBoolean();
		Thread appender = new Thread(() -> {
			SpoolLane lane = spool.lane("main", "orders", 0);
			while (!over.get()) {
				long position = spool.append(lane, record(1, 100), TimeUnit.SECONDS.toNanos(10), null);
				spool.resolve(lane, position - 1000);
			}
		});
		appender.start();
		try {
			await().until(() -> spool.status().appended() > 5000);
			for (int i = 0; i < 5; i++) {
				SpoolLane lane = spool.lane("main", "payments", i);
				long position = spool.append(lane, record(i, 100), TimeUnit.SECONDS.toNanos(10), null);
				assertThat(CompletableFuture.supplyAsync(spool::flush)).succeedsWithin(Duration.ofSeconds(20))
					.isEqualTo(true);
				assertThat(spool.read(lane, position)).isNotNull();
			}
		}
		finally {
			over.set(true);
			appender.join();
		}
		spool.close();
	}

	@Test
	void noMoreRecordsWaitThanThereIsMemoryFor() throws Exception {
		SegmentSpool spool = SpoolDirectory.open(this.directory, OPTIONS.limitedTo(100));
		SpoolLane lane = spool.lane("main", "orders", 0);
		for (int i = 0; i < 100; i++) {
			spool.append(lane, record(i, 10), 0, null);
		}
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> spool.append(lane, record(100, 10), 0, null))
			.satisfies((ex) -> assertThat(ex.kind()).isEqualTo(SpoolException.Kind.FULL))
			.withMessageContaining("100 records wait");
		CompletableFuture<Long> waiting = CompletableFuture
			.supplyAsync(() -> spool.append(lane, record(100, 10), TimeUnit.SECONDS.toNanos(20), null));
		assertThat(waiting).isNotDone();
		spool.resolve(lane, 7);
		assertThat(waiting).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(101L);
		assertThat(spool.count(lane)).isEqualTo(100);
		assertThat(spool.flush()).isTrue();
		assertThat(spool.first(lane).timestamp()).isEqualTo(spool.read(lane, 1).timestamp());
		spool.close();
		SegmentSpool again = SpoolDirectory.open(this.directory, OPTIONS.limitedTo(100));
		assertThatExceptionOfType(SpoolException.class)
			.isThrownBy(() -> again.append(again.lane("main", "other", 0), record(1, 10), 0, null));
		assertThat(again.status().records()).isEqualTo(100);
		again.close();
	}

	@Test
	void eachInstanceHasADirectoryAndSendsWhatOthersLeft() throws IOException {
		SegmentSpool first = open();
		SegmentSpool second = open();
		assertThat(first.location()).endsWith("0");
		assertThat(second.location()).endsWith("1");
		second.append(second.lane("main", "orders", 0), record(7, 10), 0, null);
		assertThat(adopt()).isEmpty();
		second.close();
		List<SegmentSpool> adopted = adopt();
		assertThat(adopted).singleElement()
			.satisfies((spool) -> assertThat(spool.read(spool.occupied().get(0), 1).timestamp()).isEqualTo(7));
		adopted.forEach(SegmentSpool::close);
		first.close();
	}

	@Test
	void whatIsNotOursIsRefused() throws IOException {
		SegmentSpool spool = open();
		spool.append(spool.lane("main", "orders", 0), record(7, 10), 0, null);
		spool.close();
		assertThatExceptionOfType(SpoolException.class)
			.isThrownBy(() -> SpoolDirectory.open(this.directory, SpoolOptions.of("bank", 32 << 20, 0, false)))
			.withMessageContainingAll("'shop'", "'bank'", "segment");
		Path slot = this.directory.resolve("0");
		Path foreign = Files.writeString(slot.resolve("notes.txt"), "mine");
		assertThatExceptionOfType(SpoolException.class).isThrownBy(this::open)
			.withMessageContaining("'notes.txt'")
			.satisfies((failure) -> assertThat(failure.action()).contains("reliable.kafka.spool.directory"));
		Files.delete(foreign);
		Path segment = slot.resolve("00000001.segment");
		ByteBuffer content = ByteBuffer.wrap(Files.readAllBytes(segment));
		for (int copy = 0; copy < Segment.START; copy += SegmentLabel.BYTES) {
			content.putInt(copy + 8, 2);
			CRC32C crc = new CRC32C();
			crc.update(content.duplicate().position(copy).limit(copy + SegmentLabel.BYTES - 4));
			content.putInt(copy + SegmentLabel.BYTES - 4, (int) crc.getValue());
		}
		Files.write(segment, content.array());
		assertThatExceptionOfType(SpoolException.class).isThrownBy(this::open)
			.withMessageContaining("format 2, and this version reads format 1");
	}

	@Test
	void aDirectoryThatCannotBeMadeIsAnError() throws IOException {
		Path file = Files.writeString(this.directory.resolve("file"), "");
		assertThatIOException().isThrownBy(() -> SpoolDirectory.open(file, OPTIONS));
	}

	@Test
	void spaceThatShallStayFreeIsNotTaken() throws IOException {
		SegmentSpool spool = SpoolDirectory.open(this.directory,
				SpoolOptions.of("shop", 32 << 20, Long.MAX_VALUE, false));
		assertThatExceptionOfType(SpoolException.class)
			.isThrownBy(() -> spool.append(spool.lane("main", "orders", 0), record(7, 10),
					TimeUnit.MILLISECONDS.toNanos(50), null))
			.withMessageContaining("shall stay free")
			.satisfies((failure) -> assertThat(failure.kind()).isEqualTo(SpoolException.Kind.FULL));
		spool.close();
	}

	@Test
	void aFullDiskRefusesAndLosesNothing() throws Exception {
		Path disk = Files.createDirectory(this.directory.resolve("disk"));
		Assumptions.assumeTrue(run("mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", disk.toString()),
				"Only root can mount a small disk");
		try {
			Path base = disk.resolve("spool");
			SegmentSpool spool = SpoolDirectory.open(base, OPTIONS);
			SpoolLane lane = spool.lane("main", "orders", 0);
			Set<Long> confirmed = ConcurrentHashMap.newKeySet();
			List<Long> accepted = new ArrayList<>();
			SpoolException refused = null;
			for (int i = 0; refused == null; i++) {
				long number = i;
				try {
					accepted.add(spool.append(lane, record(number, 1000), TimeUnit.MILLISECONDS.toNanos(1500),
							confirmation(() -> confirmed.add(number + 1))));
				}
				catch (SpoolException ex) {
					refused = ex;
				}
			}
			assertThat(refused.kind()).isIn(SpoolException.Kind.FULL, SpoolException.Kind.BUSY);
			await().until(() -> confirmed.size() == accepted.size());
			assertThat(accepted).hasSizeGreaterThan(2000);
			for (long position : accepted.subList(0, 1500)) {
				spool.resolve(lane, position);
			}
			assertThat(spool.append(lane, record(1, 1000), TimeUnit.SECONDS.toNanos(5), null)).isPositive();
			spool.close();
			SegmentSpool again = SpoolDirectory.open(base, OPTIONS);
			assertThat(again.findings()).isEmpty();
			assertThat(again.positions(again.occupied().get(0))).hasSize(accepted.size() - 1500 + 1);
			again.close();
		}
		finally {
			assertThat(run("umount", disk.toString())).isTrue();
		}
	}

	@Test
	void aRecordThatChangesOnDiskIsNeverReturned() throws IOException {
		SegmentSpool spool = open();
		SpoolLane lane = spool.lane("main", "orders", 0);
		long position = spool.append(lane, record(7, 1000), 0, null);
		assertThat(spool.flush()).isTrue();
		Path segment = this.directory.resolve("0").resolve("00000001.segment");
		byte[] bytes = Files.readAllBytes(segment);
		bytes[Segment.START + 400] ^= 4;
		Files.write(segment, bytes);
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> spool.read(lane, position))
			.satisfies((failure) -> assertThat(failure.kind()).isEqualTo(SpoolException.Kind.CORRUPT));
		spool.close();
	}

	@Test
	void aDamagedSpoolCanBeLookedInto() throws IOException {
		SegmentSpool spool = open();
		SpoolLane lane = spool.lane("main", "orders", 3);
		for (int i = 0; i < 10; i++) {
			spool.append(lane, record(i, 100), 0, null);
			spool.flush();
		}
		spool.resolve(lane, 1);
		spool.append(spool.lane("main", "carts", SpoolLane.UNPLACED), record(1, 100), 0, null);
		spool.append(spool.lane("main", "carts", SpoolLane.PARKED), record(2, 100), 0, null);
		spool.close();
		assertThat(tool("verify")).startsWith("0 ").contains("application 'shop'");
		assertThat(tool("describe")).contains("orders-3 of main: 9 records,",
				"topic 'carts' (partition not known yet) of main: 1 record,",
				"topic 'carts' (parked) of main: 1 record,");
		assertThat(tool("export").lines().filter((line) -> line.contains("\"topic\":\"orders\""))).hasSize(9);
		Path segment = this.directory.resolve("0").resolve("00000001.segment");
		byte[] bytes = Files.readAllBytes(segment);
		bytes[Segment.START + 1000] ^= 1;
		Files.write(segment, bytes);
		assertThat(tool("verify")).startsWith("1 ").contains("DAMAGED at offset");
		assertThat(tool("export").lines().filter((line) -> line.contains("\"topic\":\"orders\"")))
			.hasSizeGreaterThanOrEqualTo(8);
		assertThat(Files.readAllBytes(segment)).isEqualTo(bytes);
		assertThat(tool("look")).startsWith("2 ").contains("Usage");
	}

	private String tool(String command) throws IOException {
		ByteArrayOutputStream bytes = new ByteArrayOutputStream();
		int status = SpoolTool.run(new PrintStream(bytes, true, StandardCharsets.UTF_8), command,
				this.directory.toString());
		return status + " " + bytes.toString(StandardCharsets.UTF_8);
	}

	private List<SegmentSpool> adopt() throws IOException {
		return SpoolDirectory.adopt(this.directory, OPTIONS, (slot, ex) -> {
			throw new AssertionError(slot.toString(), ex);
		});
	}

	private SegmentSpool open() {
		try {
			return SpoolDirectory.open(this.directory, OPTIONS);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static boolean run(String... command) throws IOException, InterruptedException {
		return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
	}

	private static synchronized List<Long> calls(Map<String, List<Long>> calls, SpoolLane lane) {
		return calls.computeIfAbsent(lane.toString(), (key) -> new ArrayList<>());
	}

	private static SpoolStore.Confirmation latch(CountDownLatch latch) {
		return confirmation(latch::countDown);
	}

	private static SpoolStore.Confirmation confirmation(Runnable action) {
		return new SpoolStore.Confirmation() {

			@Override
			public void durable() {
				action.run();
			}

			@Override
			public void failed(SpoolException failure) {
			}

		};
	}

	private static SpoolRecord record(long number, int size) {
		return new SpoolRecord(-1, number, 1, null, new byte[size], List.of());
	}

	private interface After {

		Object call(String method, Object[] arguments, Object result) throws Exception;

	}

}
