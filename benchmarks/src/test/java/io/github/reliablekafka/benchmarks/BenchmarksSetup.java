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

import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Runs workloads with each cover that they have of their own on very little, so that the
 * benchmarks still work when somebody needs them. What comes out here says nothing about
 * the starter.
 */
abstract class BenchmarksSetup {

	static final Set<Workload> SENDING = EnumSet.of(Workload.SENDING, Workload.SENDING_BY_4);

	private static final int RECORDS = 500;

	@TempDir
	Path directory;

	Report run(Set<Workload> workloads, String modes, int turns) throws Exception {
		Options options = Options.of("--rounds=1", "--turns=" + turns, "--starts=1", "--records=" + RECORDS,
				"--passes=1", "--warm-up=PT0S", "--warm-up-records=1", "--brokers=1", "--partitions=2",
				"--modes=" + modes, "--directory=" + this.directory);
		Measurements measurements = Benchmarks.run(options);
		assertThat(options.modes()).extracting(Mode::workload).containsAll(workloads);
		for (Mode mode : options.modes()) {
			int times = (mode.workload() != Workload.START) ? turns : 1;
			assertThat(measurements.of(mode)).as(mode.label()).hasSize(times).allSatisfy((figures) -> {
				assertThat(figures.values()).isNotEmpty();
				figures.values().forEach((name, value) -> assertThat(value).as(name).isGreaterThan(least(name)));
			});
			if (mode.workload() != Workload.START) {
				assertThat(measurements.of(mode).get(0).get(Figures.BYTES_PER_RECORD)).as(mode.label()).isPositive();
			}
		}
		return new Report(options.modes(), measurements);
	}

	// So few records take less than the step of the clock of the process.
	private static double least(String figure) {
		return Figures.CPU_NANOS_PER_RECORD.equals(figure) ? -2.0 * JvmUsage.CPU_STEP_NANOS / RECORDS : -1e-9;
	}

}
