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

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the benchmarks of what sends.
 */
class SendingBenchmarksIntegrationTests extends BenchmarksSetup {

	private static final String MODES = "plain-send,unnumbered-send,reliable-deliver,spooled-deliver,reliable-send-by-4";

	@Test
	void eachWorkloadYieldsFigures() throws Exception {
		Report report = run(SENDING, MODES, 1);
		Path csv = this.directory.resolve("benchmarks.csv");
		report.write(csv);
		assertThat(csv).content().contains("reliable-deliver,1,records/s,");
		assertThat(report.tables()).contains("| spooled-deliver |", "| of the starter without the spool |");
	}

}
