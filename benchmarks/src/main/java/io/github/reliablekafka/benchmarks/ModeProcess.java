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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.github.reliablekafka.producer.ReliableKafkaTemplate;

/**
 * A JVM that measures one mode. All have the same heap and collector; the class path of
 * those without the starter does not contain it.
 */
final class ModeProcess {

	private static final List<String> JVM_ARGUMENTS = List.of("-Xms512m", "-Xmx512m", "-XX:+UseParallelGC");

	private final Mode mode;

	private final Path log;

	private final List<String> jvmArguments = new ArrayList<>(JVM_ARGUMENTS);

	ModeProcess(Mode mode, Path directory, String name) {
		this.mode = mode;
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
	 * Run it to its end.
	 * @param properties the properties of the application
	 * @return what it measured
	 * @throws IOException if it cannot be started
	 * @throws InterruptedException if interrupted; the process is ended
	 */
	Figures run(Map<String, ?> properties) throws IOException, InterruptedException {
		List<String> command = new ArrayList<>();
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(this.jvmArguments);
		command.addAll(List.of("-classpath", classPath(), ModeMain.class.getName(), this.mode.label()));
		if (this.mode.isCovered()) {
			command.add("--reliable.kafka.sequence.enabled=" + this.mode.isNumbered());
			command.add("--reliable.kafka.spool.mode=" + (this.mode.isSpooled() ? "write-ahead" : "off"));
			command.add("--reliable.kafka.spool.directory=" + this.log.resolveSibling("spool"));
		}
		properties.forEach((name, value) -> command.add("--" + name + "=" + value));
		Process process = new ProcessBuilder(command).redirectError(this.log.toFile()).start();
		// Without the cluster it would try to reach it for ever.
		Thread end = new Thread(process::destroyForcibly);
		Runtime.getRuntime().addShutdownHook(end);
		Optional<Figures> figures;
		int exit;
		try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
			List<String> lines = output.lines().toList();
			figures = lines.stream().flatMap((line) -> Figures.ofLine(line).stream()).findFirst();
			exit = process.waitFor();
			Runtime.getRuntime().removeShutdownHook(end);
			Files.write(this.log, lines, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
		}
		finally {
			process.destroyForcibly();
		}
		if (exit != 0 || figures.isEmpty()) {
			throw new IllegalStateException("Mode %s failed: exit=%d, log=%s%n%s".formatted(this.mode.label(), exit,
					this.log, Files.readString(this.log)));
		}
		return figures.get();
	}

	private String classPath() {
		String all = System.getProperty("java.class.path");
		if (this.mode.isCovered()) {
			return all;
		}
		Path starter = starter();
		return Pattern.compile(File.pathSeparator, Pattern.LITERAL)
			.splitAsStream(all)
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
