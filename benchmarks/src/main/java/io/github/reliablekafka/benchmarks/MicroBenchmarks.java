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

import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.sequence.ManySessionsBenchmark;
import io.github.reliablekafka.sequence.ReadingBenchmark;
import io.github.reliablekafka.sequence.SequenceFootprint;
import io.github.reliablekafka.sequence.StampingBenchmark;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * What sequence numbers cost without a broker: time and memory of single steps.
 */
final class MicroBenchmarks {

	private static final int[] SESSIONS = { 1, 100, 1_000, 10_000, 50_000 };

	private MicroBenchmarks() {
	}

	static void run(Options options) throws RunnerException {
		String tables = SequenceFootprint.table(SESSIONS);
		TimeValue step = TimeValue.milliseconds(options.warmUp().toMillis() / 10);
		new Runner(new OptionsBuilder().include(StampingBenchmark.class.getSimpleName())
			.include(ReadingBenchmark.class.getSimpleName())
			.include(ManySessionsBenchmark.class.getSimpleName())
			.mode(Mode.AverageTime)
			.timeUnit(TimeUnit.NANOSECONDS)
			.addProfiler(GCProfiler.class)
			.jvmArgs("-Xms512m", "-Xmx512m", "-XX:+UseParallelGC")
			.forks(options.rounds())
			.warmupIterations(5)
			.warmupTime(step)
			.measurementIterations(5)
			.measurementTime(step)
			.result(options.directory().resolve("micro.csv").toString())
			.build()).run();
		System.out.printf("%n%s%n", tables);
	}

}
