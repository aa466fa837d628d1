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

import java.util.List;
import java.util.Map;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

class ReportTests {

	private final Measurements measurements = new Measurements();

	@Test
	void ratioIsTheMedianOfPairs() {
		add(Mode.PLAIN_SEND, 100, 10, 1000);
		add(Mode.PLAIN_SEND, 50, 20, 1000);
		add(Mode.PLAIN_SEND, 80, 10, 1000);
		add(Mode.RELIABLE_SEND, 90, 10, 1100);
		add(Mode.RELIABLE_SEND, 50, 24, 1050);
		add(Mode.RELIABLE_SEND, 88, 11, 1200);
		assertThat(this.measurements.ratio(Mode.RELIABLE_SEND, Figures.RECORDS_PER_SECOND))
			.isEqualTo(new Spread(1.0, 0.9, 1.1));
		assertThat(this.measurements.ratio(Mode.RELIABLE_SEND, Figures.CPU_NANOS_PER_RECORD))
			.isEqualTo(new Spread(1.1, 1.0, 1.2));
	}

	@Test
	void missedNamesModeFigureAndBound() {
		add(Mode.PLAIN_SEND, 100, 10, 1000);
		add(Mode.RELIABLE_SEND, 94, 11, 1101);
		List<String> missed = new Report(List.of(Mode.PLAIN_SEND, Mode.RELIABLE_SEND), this.measurements).missed();
		assertThat(missed).containsExactly(
				"reliable-send: records/s of plain: at least 0.95, is 0.940 (0.940 to 0.940)",
				"reliable-send: allocated B/record of plain: at most 1.10, is 1.101 (1.101 to 1.101)");
	}

	@Test
	void numbersAreComparedToTheStarterWithoutThem() {
		add(Mode.UNNUMBERED_RECORD_LISTENER, 100, 10, 1000);
		add(Mode.RELIABLE_RECORD_LISTENER, 96, 11, 1500);
		Report report = new Report(List.of(Mode.RELIABLE_RECORD_LISTENER, Mode.UNNUMBERED_RECORD_LISTENER),
				this.measurements);
		assertThat(report.missed()).containsExactly(
				"reliable-record-listener: records/s of unnumbered: at least 0.97, is 0.960 (0.960 to 0.960)",
				"reliable-record-listener: CPU ns/record of unnumbered: at most 1.05, is 1.100 (1.100 to 1.100)");
		assertThat(report.tables())
			.contains("| reliable-record-listener | 0.960 (0.960 to 0.960) | 1.100 (1.100 to 1.100) | 1.500");
	}

	@Test
	void guardAloneHasTargetsOfItsOwn() {
		add(Mode.PLAIN_BATCH_LISTENER, 100, 100, 1000);
		add(Mode.UNNUMBERED_BATCH_LISTENER, 96, 106, 1000);
		add(Mode.RELIABLE_BATCH_LISTENER, 96, 106, 1000);
		Report report = new Report(List.of(Mode.PLAIN_BATCH_LISTENER, Mode.UNNUMBERED_BATCH_LISTENER),
				this.measurements);
		assertThat(report.missed()).containsExactly(
				"unnumbered-batch-listener: records/s of plain: at least 0.97, is 0.960 (0.960 to 0.960)",
				"unnumbered-batch-listener: CPU ns/record of plain: at most 1.05, is 1.060 (1.060 to 1.060)");
		assertThat(new Report(List.of(Mode.PLAIN_BATCH_LISTENER, Mode.RELIABLE_BATCH_LISTENER), this.measurements)
			.missed()).isEmpty();
	}

	@Test
	void figuresSurviveTheWayBetweenProcesses() {
		Figures figures = Figures.of(3, new JvmUsage(7, 11, 2, 3, 13, 1)).with(Figures.SENT, 42);
		assertThat(Figures.ofLine(figures.toLine())).contains(figures);
		assertThat(Figures.ofLine("something else")).isEmpty();
	}

	private void add(Mode mode, double recordsPerSecond, double cpuNanos, double bytes) {
		this.measurements.add(mode, new Figures(Map.of(Figures.RECORDS_PER_SECOND, recordsPerSecond,
				Figures.CPU_NANOS_PER_RECORD, cpuNanos, Figures.BYTES_PER_RECORD, bytes)));
	}

}
