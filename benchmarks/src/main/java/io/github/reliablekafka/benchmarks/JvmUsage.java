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

import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;

/**
 * What the whole JVM has used: all its threads, the collector and the compiler.
 * Allocation is summed over the threads that are alive, so a thread that allocates must
 * stay until the second snapshot; those of the Kafka clients and the listener containers
 * do.
 *
 * @param nanos wall clock time
 * @param cpuNanos processor time
 * @param allocatedBytes bytes allocated
 * @param collections garbage collections
 */
record JvmUsage(long nanos, long cpuNanos, long allocatedBytes, long collections) {

	private static final OperatingSystemMXBean SYSTEM = ManagementFactory
		.getPlatformMXBean(OperatingSystemMXBean.class);

	private static final ThreadMXBean THREADS = ManagementFactory.getPlatformMXBean(ThreadMXBean.class);

	static final JvmUsage NONE = new JvmUsage(0, 0, 0, 0);

	static JvmUsage now() {
		long allocated = 0;
		for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
			allocated += Math.max(0, bytes);
		}
		long collections = 0;
		for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
			collections += collector.getCollectionCount();
		}
		return new JvmUsage(System.nanoTime(), SYSTEM.getProcessCpuTime(), allocated, collections);
	}

	JvmUsage minus(JvmUsage before) {
		return new JvmUsage(this.nanos - before.nanos, this.cpuNanos - before.cpuNanos,
				this.allocatedBytes - before.allocatedBytes, this.collections - before.collections);
	}

	JvmUsage plus(JvmUsage other) {
		return new JvmUsage(this.nanos + other.nanos, this.cpuNanos + other.cpuNanos,
				this.allocatedBytes + other.allocatedBytes, this.collections + other.collections);
	}

}
