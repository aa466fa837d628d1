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
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What is measured and how much of it.
 *
 * @param modes the modes
 * @param rounds how often each mode is measured
 * @param turns how often in each round, if more than once: then in one JVM for all modes
 * of a workload, turn and turn about
 * @param starts how often, in each round, an application is started
 * @param records how many records each sending mode sends while measured
 * @param passes how often each consuming mode reads as many records while measured
 * @param recordSize the size of a value, in bytes
 * @param reuseValues whether the values are made once and sent again and again, instead
 * of one for each record
 * @param json whether values are orders as JSON, written by senders and read by listeners
 * @param header whether senders without numbers give each record a header of the same
 * size, so that what any header costs is not counted as the numbers'
 * @param warmUp how long each JVM works before it is measured, at least
 * @param warmUpRecords and on how many records, at least
 * @param brokers how many brokers
 * @param partitions how many partitions each topic has
 * @param jvm the arguments of each JVM that measures
 * @param compression how sending modes have batches compressed
 * @param check whether a missed target is an error
 * @param profile whether to make a flight recording of each JVM, which disturbs what is
 * measured
 * @param micro whether to measure single steps without brokers instead
 * @param directory where files are written
 */
record Options(List<Mode> modes, int rounds, int turns, int starts, long records, int passes, int recordSize,
		boolean reuseValues, boolean json, boolean header, Duration warmUp, long warmUpRecords, int brokers,
		int partitions, List<String> jvm, String compression, boolean check, boolean profile, boolean micro,
		Path directory) {

	private static final Pattern ARGUMENT = Pattern.compile("--([a-z-]+)(?:=(.*))?");

	private static final Pattern COMMA = Pattern.compile(",");

	private static final String ALL = "all";

	private static final Map<String, String> DEFAULTS = Map.ofEntries(Map.entry("modes", ALL), Map.entry("rounds", "5"),
			Map.entry("turns", "1"), Map.entry("starts", "3"), Map.entry("records", "500000"), Map.entry("passes", "6"),
			Map.entry("record-size", "1024"), Map.entry("reuse-values", "false"), Map.entry("json", "false"),
			Map.entry("header", "false"), Map.entry("warm-up", "PT15S"), Map.entry("warm-up-records", "300000"),
			Map.entry("brokers", "3"), Map.entry("partitions", "12"),
			Map.entry("jvm", "-Xms512m,-Xmx512m,-XX:+UseParallelGC"), Map.entry("compression", "none"),
			Map.entry("check", "false"), Map.entry("profile", "false"), Map.entry("micro", "false"),
			Map.entry("directory", "target"));

	Options {
		modes = List.copyOf(modes);
		jvm = List.copyOf(jvm);
	}

	static Options of(String... args) {
		Values values = new Values(new HashMap<>(DEFAULTS));
		for (String arg : args) {
			values.replace(arg);
		}
		String modes = values.get("modes");
		return new Options(
				ALL.equals(modes) ? List.of(Mode.values()) : COMMA.splitAsStream(modes).map(Mode::of).toList(),
				values.number("rounds"), values.number("turns"), values.number("starts"), values.number("records"),
				values.number("passes"), values.number("record-size"), values.flag("reuse-values"), values.flag("json"),
				values.flag("header"), Duration.parse(values.get("warm-up")), values.number("warm-up-records"),
				values.number("brokers"), values.number("partitions"), values.list("jvm"), values.get("compression"),
				values.flag("check"), values.flag("profile"), values.flag("micro"), Path.of(values.get("directory")));
	}

	/**
	 * The arguments by name.
	 */
	private record Values(Map<String, String> map) {

		void replace(String arg) {
			Matcher matcher = ARGUMENT.matcher(arg);
			if (!matcher.matches() || !this.map.containsKey(matcher.group(1))) {
				throw new IllegalArgumentException(
						"Argument '%s', expected=--name=value with one of %s".formatted(arg, this.map.keySet()));
			}
			this.map.put(matcher.group(1), (matcher.group(2) != null) ? matcher.group(2) : "true");
		}

		String get(String name) {
			return this.map.getOrDefault(name, "");
		}

		List<String> list(String name) {
			return COMMA.splitAsStream(get(name)).toList();
		}

		boolean flag(String name) {
			return Boolean.parseBoolean(get(name));
		}

		int number(String name) {
			int number = Integer.parseInt(get(name));
			if (number < 1) {
				throw new IllegalArgumentException("--%s=%d, expected at least 1".formatted(name, number));
			}
			return number;
		}

	}

}
