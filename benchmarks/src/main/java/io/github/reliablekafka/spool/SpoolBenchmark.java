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
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntConsumer;

/**
 * How many records of 1 KiB a second are made durable by a spool, and by a bare loop that
 * writes what has come since it last wrote to a preallocated file and forces it. Each
 * thread waits for each of its records, or has 1,024 on their way. Rounds alternate, so
 * that both see the same machine.
 *
 * @since 0.1.0
 */
public final class SpoolBenchmark {

	private static final int RECORD = 1024;

	private static final int GROUP = 1024;

	/**
	 * How many records are not resolved at a time.
	 */
	static final int KEPT = 2000;

	private static final int ROUNDS = 3;

	private static final long ROUND = TimeUnit.SECONDS.toNanos(1);

	private SpoolBenchmark() {
	}

	/**
	 * Measure.
	 * @param args a directory on the disk to measure
	 * @throws Exception if that fails
	 */
	public static void main(String[] args) throws Exception {
		Path directory = Files.createTempDirectory(Path.of(args[0]), "spool");
		byte[] value = new byte[RECORD];
		new Random(1).nextBytes(value);
		for (int[] load : new int[][] { { 1, 1 }, { 8, 1 }, { 64, 1 }, { 1, 1024 } }) {
			SegmentSpool store = open(directory);
			double[] ours = new double[ROUNDS];
			double[] bare = new double[ROUNDS];
			double[] ratio = new double[ROUNDS];
			for (int round = -1; round < ROUNDS; round++) {
				double spool;
				double loop;
				if (round % 2 == 0) {
					spool = spool(store, value, load[0], load[1]);
					loop = loop(directory, value, load[0], load[1]);
				}
				else {
					loop = loop(directory, value, load[0], load[1]);
					spool = spool(store, value, load[0], load[1]);
				}
				if (round >= 0) {
					ours[round] = spool;
					bare[round] = loop;
					ratio[round] = spool / loop;
				}
			}
			close(store);
			System.out.printf(
					"%d threads, %d on their way: spool %.0f/s, bare loop %.0f/s, ratio %.2f (%.2f to %.2f)%n", load[0],
					load[1], median(ours), median(bare), median(ratio), ratio[0], ratio[ROUNDS - 1]);
		}
	}

	private static double median(double[] values) {
		Arrays.sort(values);
		return values[values.length / 2];
	}

	/**
	 * Open a spool that is used for all rounds, so that its files are used again as they
	 * are after a while.
	 * @param directory where
	 * @return the spool
	 * @throws IOException if that fails
	 */
	static SegmentSpool open(Path directory) throws IOException {
		return SpoolDirectory.open(directory.resolve("spool"), SpoolOptions.of("benchmark", 1L << 30, 0, false));
	}

	static double spool(SegmentSpool spool, byte[] value, int threads, int window) throws Exception {
		SpoolRecord record = new SpoolRecord(-1, 1, 1, null, value, List.of());
		return run(threads, window, (thread, done) -> {
			SpoolLane lane = spool.lane("main", "orders", thread);
			long position = spool.append(lane, record, TimeUnit.SECONDS.toNanos(10), new SpoolStore.Confirmation() {

				@Override
				public void durable() {
					done.run();
				}

				@Override
				public void failed(SpoolException failure) {
					throw failure;
				}

			});
			spool.resolve(lane, position - Math.max(window, KEPT / threads));
		});
	}

	/**
	 * Resolve what is left, and close the spool.
	 * @param spool the spool
	 */
	static void close(SegmentSpool spool) {
		for (SpoolLane lane : spool.occupied()) {
			for (long position : spool.positions(lane)) {
				spool.resolve(lane, position);
			}
		}
		spool.close();
	}

	static double loop(Path directory, byte[] value, int threads, int window) throws Exception {
		Path file = directory.resolve("bare");
		try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
			int size = 64 << 20;
			ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
			for (int at = 0; at < size; at += buffer.capacity()) {
				channel.write(buffer.clear(), at);
			}
			channel.force(true);
			long[] at = new long[1];
			return grouped(threads, window, (count) -> write(channel, size, at, buffer, value, count));
		}
		finally {
			Files.delete(file);
		}
	}

	private static void write(FileChannel channel, int size, long[] at, ByteBuffer buffer, byte[] value, int count) {
		try {
			buffer.clear();
			for (int i = 0; i < count; i++) {
				buffer.put(value);
			}
			at[0] = (at[0] + buffer.position() > size) ? 0 : at[0];
			at[0] += channel.write(buffer.flip(), at[0]);
			channel.force(false);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Have one thread write all that waits at a time.
	 * @param threads how many append
	 * @param window how many records of each may be on their way
	 * @param group writes so many records and forces them
	 * @return records a second
	 * @throws InterruptedException if the thread is interrupted
	 */
	static double grouped(int threads, int window, IntConsumer group) throws InterruptedException {
		List<Runnable> waiting = new ArrayList<>();
		boolean[] over = new boolean[1];
		Thread writer = new Thread(() -> writeGroups(waiting, over, group));
		writer.start();
		double rate = run(threads, window, (thread, done) -> {
			synchronized (waiting) {
				waiting.add(done);
				waiting.notify();
			}
		});
		synchronized (waiting) {
			over[0] = true;
			waiting.notify();
		}
		writer.join();
		return rate;
	}

	private static void writeGroups(List<Runnable> waiting, boolean[] over, IntConsumer group) {
		try {
			while (true) {
				List<Runnable> taken;
				synchronized (waiting) {
					while (waiting.isEmpty() && !over[0]) {
						waiting.wait();
					}
					if (over[0]) {
						return;
					}
					taken = new ArrayList<>(waiting.subList(0, Math.min(waiting.size(), GROUP)));
					waiting.subList(0, taken.size()).clear();
				}
				group.accept(taken.size());
				taken.forEach(Runnable::run);
			}
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static double run(int threads, int window, Append append) throws InterruptedException {
		LongAdder count = new LongAdder();
		long start = System.nanoTime();
		List<Thread> appenders = new ArrayList<>();
		for (int i = 0; i < threads; i++) {
			int thread = i;
			appenders.add(new Thread(() -> {
				Semaphore room = new Semaphore(window);
				while (System.nanoTime() - start < ROUND) {
					room.acquireUninterruptibly();
					append.append(thread, () -> {
						count.increment();
						room.release();
					});
				}
				room.acquireUninterruptibly(window);
			}));
		}
		appenders.forEach(Thread::start);
		for (Thread appender : appenders) {
			appender.join();
		}
		return count.sum() / ((System.nanoTime() - start) / 1e9);
	}

	@FunctionalInterface
	private interface Append {

		void append(int thread, Runnable done);

	}

}
