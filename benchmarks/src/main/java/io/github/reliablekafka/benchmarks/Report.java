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

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * The measurements as tables for people and as a file for programs.
 */
final class Report {

	private static final List<String> THROUGHPUT = List.of(Figures.RECORDS_PER_SECOND, Figures.CPU_NANOS_PER_RECORD,
			Figures.BYTES_PER_RECORD);

	private static final List<String> START = List.of(Figures.REFRESH_MILLIS, Figures.START_MILLIS, Figures.CPU_MILLIS,
			Figures.ALLOCATED_KIB, Figures.CLASSES, Figures.BEANS);

	private final List<Mode> modes;

	private final Measurements measurements;

	Report(List<Mode> modes, Measurements measurements) {
		this.modes = modes;
		this.measurements = measurements;
	}

	String tables() {
		List<String> tables = new ArrayList<>();
		List<Mode> throughput = this.modes.stream().filter((mode) -> mode.workload() != Workload.START).toList();
		List<Mode> start = this.modes.stream().filter((mode) -> mode.workload() == Workload.START).toList();
		if (!throughput.isEmpty()) {
			tables.add(table(throughput, THROUGHPUT));
		}
		if (!start.isEmpty()) {
			tables.add(table(start, START));
		}
		List<Mode> numbered = this.modes.stream()
			.filter((mode) -> mode.unnumbered().filter(this.modes::contains).isPresent())
			.toList();
		if (!numbered.isEmpty()) {
			tables.add(numbersTable(numbered));
		}
		List<Mode> spooled = this.modes.stream()
			.filter((mode) -> mode.unspooled().filter(this.modes::contains).isPresent())
			.toList();
		if (!spooled.isEmpty()) {
			tables.add(spoolTable(spooled));
		}
		return String.join("\n", tables);
	}

	/**
	 * The targets that are missed.
	 * @return one line for each, empty if all are met
	 */
	List<String> missed() {
		List<String> missed = new ArrayList<>();
		for (Mode mode : this.modes) {
			if (mode.isSpooled()) {
				mode.unspooled().ifPresent((unspooled) -> addMissed(mode, unspooled, missed));
			}
			else if (mode.isCovered() && !mode.isWithHeader() && mode.workload() != Workload.START) {
				addMissed(mode, mode.plain(), missed);
				mode.unnumbered().ifPresent((unnumbered) -> addMissed(mode, unnumbered, missed));
			}
		}
		return missed;
	}

	private void addMissed(Mode mode, Mode baseline, List<String> missed) {
		if (!this.modes.contains(baseline)) {
			return;
		}
		for (String figure : THROUGHPUT) {
			Spread ratio = this.measurements.ratio(mode, baseline, figure);
			Target.of(mode, baseline, figure)
				.filter((target) -> !target.isMetBy(ratio.median()))
				.ifPresent((target) -> missed
					.add("%s: %s, is %s".formatted(mode.label(), target.describe(), describe(ratio))));
		}
	}

	void write(Path file) throws IOException {
		List<String> lines = new ArrayList<>();
		lines.add("mode,measurement,figure,value");
		for (Mode mode : this.modes) {
			int measurement = 1;
			for (Figures figures : this.measurements.of(mode)) {
				String prefix = mode.label() + "," + measurement++ + ",";
				figures.values().forEach((name, value) -> lines.add(prefix + name + "," + value));
			}
		}
		Files.write(file, lines);
	}

	private String table(List<Mode> modes, List<String> figures) {
		StringBuilder table = new StringBuilder("| mode |");
		figures.forEach((figure) -> table.append(' ').append(figure).append(" | of plain |"));
		table.append("\n|---|").append("---:|---|".repeat(figures.size())).append('\n');
		for (Mode mode : modes) {
			table.append("| ").append(mode.label()).append(" | ");
			table.append(figures.stream().map((figure) -> cells(mode, figure)).collect(Collectors.joining(" | ")));
			table.append(" |\n");
		}
		return table.toString();
	}

	private String numbersTable(List<Mode> modes) {
		StringBuilder table = new StringBuilder("| of unnumbered |");
		THROUGHPUT.forEach((figure) -> table.append(' ').append(figure).append(" |"));
		table.append(" more topic B/record |\n|---|").append("---|".repeat(THROUGHPUT.size())).append("---:|\n");
		for (Mode mode : modes) {
			Mode unnumbered = mode.unnumbered().orElseThrow();
			table.append("| ").append(mode.label()).append(" | ");
			THROUGHPUT.forEach((figure) -> table.append(describe(this.measurements.ratio(mode, unnumbered, figure)))
				.append(" | "));
			if (mode.workload().isSending()) {
				table.append(
						String.format(Locale.ROOT, "%.1f", this.measurements.spread(mode, Figures.TOPIC_BYTES).median()
								- this.measurements.spread(unnumbered, Figures.TOPIC_BYTES).median()));
			}
			table.append(" |\n");
		}
		return table.toString();
	}

	private String spoolTable(List<Mode> modes) {
		StringBuilder table = new StringBuilder("| of the starter without the spool |");
		THROUGHPUT.forEach((figure) -> table.append(' ').append(figure).append(" |"));
		table.append("\n|---|").append("---|".repeat(THROUGHPUT.size())).append('\n');
		for (Mode mode : modes) {
			table.append("| ").append(mode.label()).append(" | ");
			THROUGHPUT.forEach((figure) -> table
				.append(describe(this.measurements.ratio(mode, mode.unspooled().orElseThrow(), figure)))
				.append(" | "));
			table.append('\n');
		}
		return table.toString();
	}

	private String cells(Mode mode, String figure) {
		String value = String.format(Locale.ROOT, "%,.0f", this.measurements.spread(mode, figure).median());
		return value + " | " + ((mode.isCovered() && this.modes.contains(mode.plain()))
				? describe(this.measurements.ratio(mode, figure)) : "");
	}

	private static String describe(Spread ratio) {
		return String.format(Locale.ROOT, "%.3f (%.3f to %.3f)", ratio.median(), ratio.least(), ratio.most());
	}

}
