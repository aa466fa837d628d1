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
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * How long a spool takes to open that a process has left full of records when it was
 * killed, how much memory that takes, and how long a look for lost records takes. Two
 * processes, of which the first one ends without closing anything: <pre>
 * SpoolOpenBenchmark fill DIRECTORY MEBIBYTES
 * SpoolOpenBenchmark open DIRECTORY MEBIBYTES
 * </pre>
 *
 * @since 0.1.0
 */
public final class SpoolOpenBenchmark {

	private static final int RECORD = 1024;

	private SpoolOpenBenchmark() {
	}

	/**
	 * Fill a spool, or open it.
	 * @param args what to do, the directory, and how much is in it
	 * @throws Exception if that fails
	 */
	public static void main(String[] args) throws Exception {
		Path directory = Path.of(args[1]);
		long bytes = Long.parseLong(args[2]) << 20;
		SpoolOptions options = SpoolOptions.of("benchmark", 2 * bytes, 0, false);
		if (args[0].equals("fill")) {
			fill(SpoolDirectory.open(directory, options), bytes / RECORD);
		}
		else {
			open(directory, options);
		}
	}

	private static void fill(SegmentSpool spool, long count) {
		byte[] value = new byte[RECORD];
		for (long i = 0; i < count; i++) {
			SpoolLane lane = spool.lane("main", "orders", (int) (i % 12));
			spool.append(lane, new SpoolRecord(-1, i, 1, null, value, List.of()), TimeUnit.SECONDS.toNanos(60), null);
		}
		spool.flush();
		System.out.printf(Locale.ROOT, "%d records%n", count);
		Runtime.getRuntime().halt(0);
	}

	private static void open(Path directory, SpoolOptions options) throws IOException {
		long before = heap();
		long start = System.nanoTime();
		SegmentSpool spool = SpoolDirectory.open(directory, options);
		double seconds = (System.nanoTime() - start) / 1e9;
		long collections = ManagementFactory.getGarbageCollectorMXBeans()
			.stream()
			.mapToLong((collector) -> collector.getCollectionTime())
			.sum();
		System.out.printf(Locale.ROOT, "%d records in %.2f s, %d ms of it collections; heap %.1f MiB more%n",
				spool.status().records(), seconds, collections, (heap() - before) / (double) (1 << 20));
		start = System.nanoTime();
		long[] found = new long[1];
		spool.search("orders", 3, (destination) -> true, (record) -> ++found[0] > 0);
		System.out.printf(Locale.ROOT, "search: %d records of one of 12 partitions in %.2f s%n", found[0],
				(System.nanoTime() - start) / 1e9);
		Runtime.getRuntime().halt(0);
	}

	private static long heap() {
		System.gc();
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

}
