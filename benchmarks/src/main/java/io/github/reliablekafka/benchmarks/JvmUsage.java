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

package io.github.reliablekafka.benchmarks;

import java.io.File;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;

/**
 * What the whole JVM has used: all its threads and the collector. Allocation is summed
 * over the threads that are alive, so a thread that allocates must stay until the second
 * snapshot; those of the Kafka clients and the listener containers do. The same goes for
 * the compiler.
 * <p>
 * The JDK counts a process's time in ticks and the kernel a thread's in nanoseconds, so
 * what is left of the one without the other is wrong by up to {@link #CPU_STEP_NANOS}: a
 * pass must take far longer than that to say anything, and a very short one may come out
 * below zero.
 *
 * @param nanos wall clock time
 * @param cpuNanos processor time, on Linux without that of the compiler
 * @param compilerNanos processor time of the compiler, on Linux
 * @param collectorNanos processor time of the collector, on Linux; part of the whole
 * @param allocatedBytes bytes allocated
 * @param collections garbage collections
 */
record JvmUsage(long nanos, long cpuNanos, long compilerNanos, long collectorNanos, long allocatedBytes,
		long collections) {

	private static final Path TASKS = Path.of("/proc/self/task");

	private static final Pattern COMPILER = Pattern.compile("C[12] Compiler.*");

	private static final Pattern COLLECTOR = Pattern.compile("(GC Thread|VM Thread|G1 ).*");

	private static final OperatingSystemMXBean SYSTEM = ManagementFactory
		.getPlatformMXBean(OperatingSystemMXBean.class);

	private static final ThreadMXBean THREADS = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

	/** A tick of Linux as programs see it, which is a hundredth of a second. */
	static final long CPU_STEP_NANOS = 10_000_000;

	static final JvmUsage NONE = new JvmUsage(0, 0, 0, 0, 0, 0);

	static JvmUsage now() {
		long allocated = 0;
		for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
			allocated += Math.max(0, bytes);
		}
		long collections = 0;
		for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
			collections += collector.getCollectionCount();
		}
		long compiler = nanosOf(COMPILER);
		return new JvmUsage(System.nanoTime(), SYSTEM.getProcessCpuTime() - compiler, compiler, nanosOf(COLLECTOR),
				allocated, collections);
	}

	JvmUsage minus(JvmUsage before) {
		return new JvmUsage(this.nanos - before.nanos, this.cpuNanos - before.cpuNanos,
				this.compilerNanos - before.compilerNanos, this.collectorNanos - before.collectorNanos,
				this.allocatedBytes - before.allocatedBytes, this.collections - before.collections);
	}

	JvmUsage plus(JvmUsage other) {
		return new JvmUsage(this.nanos + other.nanos, this.cpuNanos + other.cpuNanos,
				this.compilerNanos + other.compilerNanos, this.collectorNanos + other.collectorNanos,
				this.allocatedBytes + other.allocatedBytes, this.collections + other.collections);
	}

	// How long threads have run, which no bean tells of those of the JVM itself.
	private static long nanosOf(Pattern name) {
		long nanos = 0;
		File[] tasks = TASKS.toFile().listFiles();
		for (File task : (tasks != null) ? tasks : new File[0]) {
			try {
				if (name.matcher(Files.readString(task.toPath().resolve("comm")).trim()).matches()) {
					String ran = Files.readString(task.toPath().resolve("schedstat"));
					nanos += Long.parseLong(ran.substring(0, ran.indexOf(' ')));
				}
			}
			catch (IOException ex) {
				// It has ended meanwhile, or this kernel does not tell.
			}
		}
		return nanos;
	}

}
