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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the benchmarks of everything but what sends, in turns.
 */
class ListeningBenchmarksIntegrationTests extends BenchmarksSetup {

	private static final String MODES = "plain-record-listener,reliable-record-listener,unnumbered-batch-listener,"
			+ "reliable-batch-listener,reliable-manual-listener,plain-start,reliable-start";

	@Test
	void eachWorkloadYieldsFigures() throws Exception {
		Report report = run(EnumSet.complementOf(EnumSet.copyOf(SENDING)), MODES, 2);
		Path csv = this.directory.resolve("benchmarks.csv");
		report.write(csv);
		assertThat(csv).content().contains("reliable-batch-listener,2,records/s,", "plain-start,1,");
		assertThat(report.tables()).contains("| reliable-batch-listener |", "| of unnumbered |");
	}

}
