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
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link SegmentSpool} with a machine that loses its power under load: files
 * are filled, emptied, used again and made anew while the disk is copied as it is at that
 * moment, without what the file system has in memory. More cuts with
 * {@code -Dchaos.cuts=25}.
 */
class PowerCutTests {

	private static final SpoolOptions OPTIONS = SpoolOptions.of("shop", 4 << 20, 0, false);

	private static final int THREADS = 4;

	@TempDir
	Path directory;

	private final Set<Long> appended = ConcurrentHashMap.newKeySet();

	private final Set<Long> confirmed = ConcurrentHashMap.newKeySet();

	private final Set<Long> resolving = ConcurrentHashMap.newKeySet();

	private final List<Throwable> failures = new CopyOnWriteArrayList<>();

	private volatile boolean over;

	@Test
	void whatWasConfirmedIsThereAfterEachCut() throws Exception {
		assertThat(cut(Integer.getInteger("chaos.cuts", 3), true)).isZero();
	}

	@Test
	void aDiskWithoutForcesLosesRecords() throws Exception {
		assertThat(cut(1, false)).isPositive();
	}

	// Returns how many confirmed records are missing after all cuts together.
	private int cut(int cuts, boolean forcing) throws Exception {
		int missing = 0;
		long checked = 0;
		Random random = new Random(3);
		try (BlockImage image = BlockImage.create(this.directory, 48)) {
			Gate gate = new Gate(DirectoryDisk.take(image.mountPoint().resolve("spool")), forcing);
			SegmentSpool spool = SegmentSpool.open(gate, OPTIONS);
			spool.start();
			List<Thread> appenders = start(spool);
			for (int cut = 0; cut < cuts; cut++) {
				int before = this.confirmed.size();
				TimeUnit.MILLISECONDS.sleep(100 + random.nextInt(400));
				await().until(() -> this.confirmed.size() > before + 100 || !this.failures.isEmpty());
				Set<Long> expected = new HashSet<>(this.confirmed);
				gate.close(true);
				try (BlockImage left = image.copy(this.directory, "cut-" + cut)) {
					expected.removeAll(this.resolving);
					checked += expected.size();
					missing += missing(left.mountPoint().resolve("spool"), expected);
				}
				finally {
					gate.close(false);
				}
				Files.delete(this.directory.resolve("cut-" + cut + ".image"));
			}
			this.over = true;
			for (Thread appender : appenders) {
				appender.join();
			}
			assertThat(this.failures).isEmpty();
			System.out.printf("%d power cuts: %d of %d confirmed records missing; %d appended, %d written again%n",
					cuts, missing, checked, this.appended.size(), spool.relocated());
			spool.close();
		}
		assertThat(checked).isPositive();
		return missing;
	}

	private int missing(Path directory, Set<Long> expected) throws IOException {
		SegmentSpool spool = SegmentSpool.open(DirectoryDisk.take(directory), OPTIONS);
		Set<Long> found = new HashSet<>();
		for (SpoolLane lane : spool.occupied()) {
			long last = -1;
			for (long position : spool.positions(lane)) {
				SpoolRecord record = spool.read(lane, position);
				assertThat(record.timestamp()).isGreaterThan(last);
				last = record.timestamp();
				assertThat(ByteBuffer.wrap(record.value()).getLong()).isEqualTo(last);
				assertThat(found.add(last)).isTrue();
			}
		}
		spool.close();
		assertThat(this.appended.containsAll(found)).isTrue();
		Set<Long> missing = new HashSet<>(expected);
		missing.removeAll(found);
		return missing.size();
	}

	private List<Thread> start(SegmentSpool spool) {
		List<Thread> appenders = new ArrayList<>();
		for (int i = 0; i < THREADS; i++) {
			int thread = i;
			Thread appender = new Thread(() -> append(spool, thread));
			appender.setUncaughtExceptionHandler((which, failure) -> this.failures.add(failure));
			appender.start();
			appenders.add(appender);
		}
		return appenders;
	}

	private void append(SegmentSpool spool, int thread) {
		SpoolLane lane = spool.lane("main", "orders", thread);
		Deque<long[]> open = new ArrayDeque<>();
		for (long i = 0; !this.over; i++) {
			long number = i * THREADS + thread;
			this.appended.add(number);
			SpoolRecord record = new SpoolRecord(-1, number, 1, null, ByteBuffer.allocate(2000).putLong(number).array(),
					List.of());
			long position = spool.append(lane, record, TimeUnit.SECONDS.toNanos(60), confirmation(number));
			// A few stay, so that they have to be written again.
			if (i % 50 != 0 || i > 5000) {
				open.add(new long[] { number, position });
			}
			if (open.size() > 50) {
				long[] oldest = open.remove();
				this.resolving.add(oldest[0]);
				spool.resolve(lane, oldest[1]);
			}
		}
	}

	private SpoolStore.Confirmation confirmation(long number) {
		return new SpoolStore.Confirmation() {

			@Override
			public void durable() {
				PowerCutTests.this.confirmed.add(number);
			}

			@Override
			public void failed(SpoolException failure) {
				PowerCutTests.this.failures.add(failure);
			}

		};
	}

	/**
	 * A disk that begins nothing new while it is closed. What has begun goes on.
	 */
	private static final class Gate implements Disk {

		private final Disk disk;

		private final boolean forcing;

		private boolean closed;

		Gate(Disk disk, boolean forcing) {
			this.disk = disk;
			this.forcing = forcing;
		}

		synchronized void close(boolean close) {
			this.closed = close;
			notifyAll();
		}

		private synchronized void pass() {
			try {
				while (this.closed) {
					wait();
				}
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
		}

		@Override
		public List<String> list() throws IOException {
			return this.disk.list();
		}

		@Override
		public DiskFile open(String name) throws IOException {
			pass();
			DiskFile file = this.disk.open(name);
			return new DiskFile() {

				@Override
				public long size() throws IOException {
					return file.size();
				}

				@Override
				public void read(ByteBuffer target, long position) throws IOException {
					file.read(target, position);
				}

				@Override
				public void write(ByteBuffer source, long position) throws IOException {
					pass();
					file.write(source, position);
				}

				@Override
				public void force() throws IOException {
					pass();
					if (Gate.this.forcing) {
						file.force();
					}
				}

				@Override
				public boolean isThere() throws IOException {
					return file.isThere();
				}

				@Override
				public void close() throws IOException {
					file.close();
				}

			};
		}

		@Override
		public void delete(String name) throws IOException {
			pass();
			this.disk.delete(name);
		}

		@Override
		public String quarantine(String name) throws IOException {
			return this.disk.quarantine(name);
		}

		@Override
		public void forceNames() throws IOException {
			pass();
			if (this.forcing) {
				this.disk.forceNames();
			}
		}

		@Override
		public long usableBytes() throws IOException {
			return this.disk.usableBytes();
		}

		@Override
		public void close() throws IOException {
			this.disk.close();
		}

		@Override
		public String toString() {
			return this.disk.toString();
		}

	}

}
