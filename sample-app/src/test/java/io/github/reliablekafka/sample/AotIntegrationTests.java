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

package io.github.reliablekafka.sample;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringApplicationAotProcessor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

/**
 * Processes the sample ahead of time, as a build of a native image does, and runs what
 * came out under load, with virtual threads where there is a JVM that has them. What
 * Spring wires by reflection and what it generates code for must agree.
 */
class AotIntegrationTests {

	private static final Duration LONGEST = Duration.ofMinutes(2);

	private static final Pattern VERSION = Pattern.compile("JAVA_VERSION=\"(\\d+)");

	@TempDir
	private static Path directory;

	private static Path java;

	private static String processed;

	private static String output;

	@BeforeAll
	static void processAndRun() throws Exception {
		java = newestJava();
		Path sources = directory.resolve("sources");
		Path resources = directory.resolve("resources");
		Path classes = Files.createDirectories(directory.resolve("classes"));
		String classPath = System.getProperty("java.class.path");
		// Conditions are decided when the application is processed, not when it runs.
		List<String> arguments = List.of("--sample.load=3s", "--sample.rate=200", "--server.port=0",
				"--spring.threads.virtual.enabled=true",
				"--reliable.kafka.spool.directory=" + directory.resolve("spool"),
				"--logging.pattern.console=%thread - %msg%n");
		List<String> process = new ArrayList<>(List.of(java.toString(), "-XX:TieredStopAtLevel=1", "-cp", classPath,
				SpringApplicationAotProcessor.class.getName(), SampleApplication.class.getName(), sources.toString(),
				resources.toString(), classes.toString(), "io.github.reliablekafka", "sample-app"));
		process.addAll(arguments);
		execute(process);
		compile(sources, classes, classPath);
		processed = hints(resources);

		List<String> run = new ArrayList<>(
				List.of(java.toString(), "-Xmx512m", "-XX:TieredStopAtLevel=1", "-Dspring.aot.enabled=true", "-cp",
						String.join(File.pathSeparator, classes.toString(), resources.toString(), classPath),
						SampleApplication.class.getName()));
		run.addAll(arguments);
		output = execute(run);
	}

	@Test
	void sampleRunsProcessedAheadOfTime() {
		assertThat(processed).contains("ConsumerSettingsVeto").contains("StampingPartitioner");

		assertThat(output).contains("AOT-processed")
			.containsPattern("accepted=600 delivered=600 processed=597 duplicates=\\d+ dead-lettered=3 lost=0");
	}

	@Test
	void listenersRunOnVirtualThreads() {
		assumeTrue(version(java.getParent().getParent()) >= 21, "no JVM beside this one has virtual threads");
		assertThat(output).containsPattern("(?m)^kafka-\\d+ - ");
	}

	private static String execute(List<String> command) throws Exception {
		Path log = Files.createTempFile(directory, "output", ".log");
		Process process = new ProcessBuilder(command).directory(directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(log.toFile())
			.start();
		try {
			assertThat(process.waitFor(LONGEST.toSeconds(), TimeUnit.SECONDS)).as("%s", command).isTrue();
			assertThat(process.exitValue()).as(() -> read(log)).isZero();
			return read(log);
		}
		finally {
			process.destroyForcibly();
		}
	}

	private static String read(Path log) {
		try {
			return Files.readString(log);
		}
		catch (IOException ex) {
			return ex.toString();
		}
	}

	private static String hints(Path resources) throws IOException {
		try (Stream<Path> files = Files.walk(resources)) {
			return read(
					files.filter((file) -> file.getFileName().toString().endsWith(".json")).findFirst().orElseThrow());
		}
	}

	private static void compile(Path sources, Path classes, String classPath) throws IOException {
		JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
		try (StandardJavaFileManager files = compiler.getStandardFileManager(null, Locale.ROOT, null);
				Stream<Path> generated = Files.walk(sources)) {
			List<Path> java = generated.filter((file) -> file.toString().endsWith(".java")).toList();
			assertThat(java).anyMatch((file) -> file.toString().contains("reliablekafka"));
			assertThat(
					compiler.getTask(null, files, null,
							List.of("-d", classes.toString(), "-cp", classes + File.pathSeparator + classPath,
									"-proc:none", "-nowarn"),
							null, files.getJavaFileObjectsFromPaths(java))
						.call())
				.isTrue();
		}
	}

	// Virtual threads need a later one than the build.
	private static Path newestJava() throws IOException {
		Path own = Path.of(System.getProperty("java.home"));
		try (Stream<Path> others = Files.list(own.toRealPath().getParent())) {
			Optional<Path> newest = others
				.filter((home) -> version(home) >= 21 && Files.isExecutable(home.resolve("bin").resolve("java")))
				.max(Comparator.comparingInt(AotIntegrationTests::version));
			return newest.orElse(own).resolve("bin").resolve("java");
		}
	}

	private static int version(Path home) {
		Path release = home.resolve("release");
		Matcher matcher = VERSION.matcher(Files.isReadable(release) ? read(release) : "");
		return matcher.find() ? Integer.parseInt(matcher.group(1)) : 0;
	}

}
