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

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.github.reliablekafka.producer.ReliableKafkaTemplate;

/**
 * A JVM that measures one mode, or some in turns. All have the same arguments. In a JVM
 * of its own, the class path of a mode without the starter does not contain it; in turns,
 * it is switched off.
 */
final class ModeProcess {

	private final Path log;

	private final List<String> jvmArguments;

	ModeProcess(Path directory, String name, List<String> jvmArguments) {
		this.jvmArguments = new ArrayList<>(jvmArguments);
		this.log = directory.resolve(name + ".log");
	}

	ModeProcess withRecording() {
		String recording = this.log.toString().replace(".log", ".jfr");
		this.jvmArguments.add("-XX:StartFlightRecording=settings=profile,dumponexit=true,filename=" + recording);
		this.jvmArguments.add("-Xlog:jfr*=off");
		// Without, samples are attributed to the nearest loop or call.
		this.jvmArguments.addAll(List.of("-XX:+UnlockDiagnosticVMOptions", "-XX:+DebugNonSafepoints"));
		return this;
	}

	/**
	 * Measure a mode, once.
	 * @param mode the mode
	 * @param properties the properties of the application
	 * @return what it measured
	 * @throws IOException if it cannot be started
	 * @throws InterruptedException if interrupted; the process is ended
	 */
	Figures run(Mode mode, Map<String, ?> properties) throws IOException, InterruptedException {
		List<String> arguments = new ArrayList<>(List.of(mode.label()));
		arguments.addAll(arguments(mode, properties));
		return run(mode.isCovered() ? classPath() : classPathWithoutStarter(), ModeMain.class, arguments).stream()
			.flatMap((line) -> Figures.ofLine(line).stream())
			.findFirst()
			.orElseThrow(() -> new IllegalStateException("Mode %s printed no figures".formatted(mode.label())));
	}

	/**
	 * Measure modes turn and turn about.
	 * @param turns how often each
	 * @param properties the properties of the application of each mode
	 * @return the figures of each mode, in the order of the turns
	 * @throws IOException if it cannot be started
	 * @throws InterruptedException if interrupted; the process is ended
	 */
	Map<Mode, List<Figures>> runInTurns(int turns, Map<Mode, Map<String, Object>> properties)
			throws IOException, InterruptedException {
		Map<Mode, List<String>> arguments = new LinkedHashMap<>();
		properties.forEach((mode, ofMode) -> {
			List<String> all = arguments(mode, ofMode);
			if (!mode.isCovered()) {
				all.add("--reliable.kafka.enabled=false");
			}
			arguments.put(mode, all);
		});
		Map<Mode, List<Figures>> figures = new LinkedHashMap<>();
		for (String line : run(classPath(), TurnsMain.class, TurnsMain.arguments(turns, arguments))) {
			int space = line.indexOf(' ');
			Figures.ofLine(line.substring(space + 1))
				.ifPresent((turn) -> figures
					.computeIfAbsent(Mode.of(line.substring(0, space)), (mode) -> new ArrayList<>())
					.add(turn));
		}
		properties.keySet().forEach((mode) -> {
			int measured = figures.getOrDefault(mode, List.of()).size();
			if (measured != turns) {
				throw new IllegalStateException(
						"Turns of mode %s: expected=%d, actual=%d".formatted(mode.label(), turns, measured));
			}
		});
		return figures;
	}

	private List<String> arguments(Mode mode, Map<String, ?> properties) {
		List<String> arguments = new ArrayList<>();
		if (mode.isCovered()) {
			arguments.add("--reliable.kafka.sequence.enabled=" + mode.isNumbered());
			arguments.add("--reliable.kafka.spool.mode=" + (mode.isSpooled() ? "write-ahead" : "off"));
			arguments.add("--reliable.kafka.spool.directory=" + this.log.resolveSibling("spool-" + mode.label()));
		}
		properties.forEach((name, value) -> arguments.add("--" + name + "=" + value));
		return arguments;
	}

	private List<String> run(String classPath, Class<?> main, List<String> arguments)
			throws IOException, InterruptedException {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(this.jvmArguments);
		command.addAll(List.of("-classpath", classPath, main.getName()));
		command.addAll(arguments);
		Process process = new ProcessBuilder(command).redirectError(this.log.toFile()).start();
		// Without the cluster it would try to reach it for ever.
		Thread end = new Thread(process::destroyForcibly);
		Runtime.getRuntime().addShutdownHook(end);
		try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
			List<String> lines = output.lines().toList();
			int exit = process.waitFor();
			Runtime.getRuntime().removeShutdownHook(end);
			Files.write(this.log, lines, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
			if (exit != 0) {
				throw new IllegalStateException("%s failed: exit=%d, log=%s%n%s".formatted(main.getSimpleName(), exit,
						this.log, Files.readString(this.log)));
			}
			return lines;
		}
		finally {
			process.destroyForcibly();
		}
	}

	private static String classPath() {
		return System.getProperty("java.class.path");
	}

	private static String classPathWithoutStarter() {
		Path starter = starter();
		return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
			.splitAsStream(classPath())
			.filter((entry) -> !Path.of(entry).toAbsolutePath().normalize().equals(starter))
			.collect(Collectors.joining(File.pathSeparator));
	}

	private static Path starter() {
		try {
			return Path.of(ReliableKafkaTemplate.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		}
		catch (URISyntaxException ex) {
			throw new IllegalStateException("The starter is not in a jar or a directory", ex);
		}
	}

}
