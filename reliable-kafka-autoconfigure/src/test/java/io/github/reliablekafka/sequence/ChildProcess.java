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

package io.github.reliablekafka.sequence;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A JVM of its own, which can be killed, and the lines that it says to the test.
 */
public final class ChildProcess implements AutoCloseable {

	private static final String MARK = "@@";

	private final Process process;

	private final Consumer<List<String>> lines;

	private final Thread reading;

	private ChildProcess(Process process, Consumer<List<String>> lines) {
		this.process = process;
		this.lines = lines;
		this.reading = new Thread(this::read);
		this.reading.setDaemon(true);
		this.reading.start();
	}

	/**
	 * Start one.
	 * @param main what to run
	 * @param properties its arguments
	 * @param lines is given the words of each line that it says, one after the other
	 * @return the process
	 */
	public static ChildProcess start(Class<?> main, Map<String, String> properties, Consumer<List<String>> lines) {
		return start(main, properties, Map.of(), lines);
	}

	/**
	 * Start one in another environment.
	 * @param main what to run
	 * @param properties its arguments
	 * @param environment variables that it has besides those of this process
	 * @param lines is given the words of each line that it says, one after the other
	 * @return the process
	 */
	public static ChildProcess start(Class<?> main, Map<String, String> properties, Map<String, String> environment,
			Consumer<List<String>> lines) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
						"-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-cp",
						System.getProperty("java.class.path"), main.getName()));
		properties.forEach((name, value) -> command.add("--" + name + "=" + value));
		try {
			ProcessBuilder builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT);
			builder.environment().putAll(environment);
			return new ChildProcess(builder.start(), lines);
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Say a line to the test that started this process.
	 * @param words without blanks
	 */
	public static void say(Object... words) {
		String line = MARK + " " + Arrays.stream(words).map(String::valueOf).collect(Collectors.joining(" ")) + " "
				+ MARK;
		synchronized (System.out) {
			System.out.println(line);
			System.out.flush();
		}
	}

	private void read() {
		try (BufferedReader output = this.process.inputReader()) {
			for (String line = output.readLine(); line != null; line = output.readLine()) {
				List<String> words = List.of(line.split(" "));
				// The last line of a process that is killed may not be a whole one.
				if (words.get(0).equals(MARK) && words.get(words.size() - 1).equals(MARK)) {
					this.lines.accept(words.subList(1, words.size() - 1));
				}
				else {
					System.out.println(line);
				}
			}
		}
		catch (IOException ex) {
			// It was killed in the middle of a line.
		}
	}

	/**
	 * Kill the process, and see that it was alive until then. When this returns, all that
	 * it has said is heard.
	 */
	public void kill() {
		assertThat(this.process.isAlive()).isTrue();
		this.process.toHandle().destroyForcibly();
		awaitEnd(9);
	}

	/**
	 * Stop the process where it is, by {@code SIGSTOP}.
	 */
	public void pause() {
		signal("-STOP");
	}

	/**
	 * Let a paused process go on. It acts on what it believed when it was paused.
	 */
	public void resume() {
		signal("-CONT");
	}

	/**
	 * Have the process print what its threads are doing, by {@code SIGQUIT}.
	 */
	public void dumpThreads() {
		signal("-QUIT");
	}

	/**
	 * Say a line to the process, which it can read from its standard input.
	 * @param line what to say
	 */
	public void tell(String line) {
		try {
			BufferedWriter input = this.process.outputWriter();
			input.write(line + "\n");
			input.flush();
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private void signal(String signal) {
		try {
			Process kill = new ProcessBuilder("kill", signal, Long.toString(this.process.pid())).inheritIO().start();
			assertThat(kill.waitFor()).isZero();
		}
		catch (IOException | InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Have the process end by itself.
	 */
	public void stop() {
		assertThat(this.process.isAlive()).isTrue();
		this.process.toHandle().destroy();
		awaitEnd(15);
	}

	// The signal went through the handle, as the process would forget what is not read
	// yet.
	private void awaitEnd(int signal) {
		try {
			assertThat(this.process.waitFor(90, TimeUnit.SECONDS)).isTrue();
			assertThat(this.process.exitValue()).isEqualTo(128 + signal);
			this.reading.join(60_000);
			assertThat(this.reading.isAlive()).isFalse();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public void close() {
		this.process.destroyForcibly();
	}

}
