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

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What one JVM measured, by name and in a fixed order; crosses from the JVM to the
 * coordinator as one line of text.
 *
 * @param values the figures
 */
record Figures(Map<String, Double> values) {

	static final String RECORDS_PER_SECOND = "records/s";

	static final String CPU_NANOS_PER_RECORD = "CPU ns/record";

	/**
	 * Not among those of the CPU.
	 */
	static final String COMPILER_NANOS_PER_RECORD = "compiler ns/record";

	static final String COLLECTOR_NANOS_PER_RECORD = "collector ns/record";

	static final String BYTES_PER_RECORD = "allocated B/record";

	static final String RECORDS = "records";

	static final String SECONDS = "seconds";

	static final String COLLECTIONS = "collections";

	static final String REFRESH_MILLIS = "refresh ms";

	static final String START_MILLIS = "start ms";

	static final String CPU_MILLIS = "CPU ms";

	static final String ALLOCATED_KIB = "allocated KiB";

	static final String CLASSES = "classes";

	static final String BEANS = "beans";

	/**
	 * How many records the measured topic must hold afterwards.
	 */
	static final String SENT = "sent";

	/**
	 * The size of the measured topic on one broker's disk.
	 */
	static final String TOPIC_BYTES = "topic B/record";

	private static final String MARK = "figures;";

	private static final Pattern SEPARATOR = Pattern.compile("[;=]");

	Figures {
		values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
	}

	/**
	 * The figures of work on records.
	 * @param records how many
	 * @param usage what the JVM used for all of them
	 * @return the figures
	 */
	static Figures of(long records, JvmUsage usage) {
		Map<String, Double> values = new LinkedHashMap<>();
		values.put(RECORDS_PER_SECOND, records * 1e9 / usage.nanos());
		values.put(CPU_NANOS_PER_RECORD, (double) usage.cpuNanos() / records);
		values.put(COMPILER_NANOS_PER_RECORD, (double) usage.compilerNanos() / records);
		values.put(COLLECTOR_NANOS_PER_RECORD, (double) usage.collectorNanos() / records);
		values.put(BYTES_PER_RECORD, (double) usage.allocatedBytes() / records);
		values.put(COLLECTIONS, (double) usage.collections());
		values.put(RECORDS, (double) records);
		values.put(SECONDS, usage.nanos() / 1e9);
		return new Figures(values);
	}

	Figures with(String name, double value) {
		Map<String, Double> more = new LinkedHashMap<>(this.values);
		more.put(name, value);
		return new Figures(more);
	}

	double get(String name) {
		Double value = this.values.get(name);
		if (value == null) {
			throw new IllegalArgumentException("No figure '%s' among %s".formatted(name, this.values));
		}
		return value;
	}

	String toLine() {
		StringBuilder line = new StringBuilder(MARK);
		this.values.forEach((name, value) -> line.append(name).append('=').append(value).append(';'));
		return line.toString();
	}

	static Optional<Figures> ofLine(String line) {
		if (!line.startsWith(MARK)) {
			return Optional.empty();
		}
		Map<String, Double> values = new LinkedHashMap<>();
		String[] parts = SEPARATOR.split(line.substring(MARK.length()), 0);
		for (int i = 0; i < parts.length; i += 2) {
			values.put(parts[i], Double.valueOf(parts[i + 1]));
		}
		return Optional.of(new Figures(values));
	}

}
