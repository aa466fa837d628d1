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
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A JVM of its own, which can be killed, and the lines that it says to the test.
 */
final class ChildProcess implements AutoCloseable {

	private static final String MARK = "@@";

	private final Process process;

	private final Queue<List<String>> said = new ConcurrentLinkedQueue<>();

	private final Thread reading;

	private ChildProcess(Process process) {
		this.process = process;
		this.reading = new Thread(this::read);
		this.reading.setDaemon(true);
		this.reading.start();
	}

	static ChildProcess start(Class<?> main, Map<String, String> properties) {
		List<String> command = new ArrayList<>(
				List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx256m",
						"-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"), main.getName()));
		properties.forEach((name, value) -> command.add("--" + name + "=" + value));
		try {
			return new ChildProcess(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Say a line to the test that started this process.
	 * @param words without blanks
	 */
	static void say(Object... words) {
		String line = MARK + " " + Arrays.stream(words).map(String::valueOf).collect(Collectors.joining(" "));
		synchronized (System.out) {
			System.out.println(line);
			System.out.flush();
		}
	}

	private void read() {
		try (BufferedReader output = this.process.inputReader()) {
			for (String line = output.readLine(); line != null; line = output.readLine()) {
				List<String> words = List.of(line.split(" "));
				if (words.get(0).equals(MARK)) {
					this.said.add(words.subList(1, words.size()));
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

	List<List<String>> said(String what) {
		return this.said.stream().filter((words) -> words.get(0).equals(what)).toList();
	}

	/**
	 * Kill the process, and see that it was alive until then.
	 */
	void kill() {
		assertThat(this.process.isAlive()).isTrue();
		this.process.destroyForcibly();
		try {
			assertThat(this.process.waitFor()).isEqualTo(128 + 9);
			this.reading.join(10_000);
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
