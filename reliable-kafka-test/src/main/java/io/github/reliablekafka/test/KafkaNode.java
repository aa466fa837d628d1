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

package io.github.reliablekafka.test;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.test.broker.BrokerLogging;
import io.github.reliablekafka.test.broker.BrokerMain;
import org.jspecify.annotations.Nullable;

/**
 * One node of a cluster as a process of its own, and its directory: {@code data},
 * {@code server.properties}, {@code hosts} and {@code server.log}, to which each run of
 * the process appends.
 * <p>
 * Not thread-safe; {@link ClusterProcesses} is.
 */
final class KafkaNode {

	private static final String STARTED = "Kafka Server started";

	private static final String MAIN = BrokerMain.class.getName();

	private static final int TAIL_BYTES = 6000;

	private static final Duration KILL_TIMEOUT = Duration.ofSeconds(10);

	private final int id;

	private final Path directory;

	private @Nullable Process process;

	private @Nullable Process guard;

	private long runStart;

	KafkaNode(int id, Path directory) {
		this.id = id;
		this.directory = directory;
	}

	int id() {
		return this.id;
	}

	Path data() {
		return this.directory.resolve("data");
	}

	private Path log() {
		return this.directory.resolve("server.log");
	}

	void prepare(Map<String, String> properties, List<String> hosts) throws IOException {
		Files.createDirectories(this.directory);
		Properties file = new Properties();
		file.putAll(properties);
		try (Writer writer = Files.newBufferedWriter(this.directory.resolve("server.properties"))) {
			file.store(writer, null);
		}
		Files.write(this.directory.resolve("hosts"), hosts);
	}

	void start(String clusterId, String classPath, String heap, List<String> options) throws IOException {
		// A Ctrl-C in the terminal is for the application, which may still need its
		// brokers
		// to end well; a JVM leaves a signal ignored that it finds ignored.
		List<String> command = new ArrayList<>(List.of("/bin/sh", "-c", "trap '' INT HUP; exec \"$@\"", "sh"));
		command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(options);
		command.addAll(List.of("-Xmx" + heap, "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
				"-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true",
				"-Djava.net.preferIPv4Stack=true", "-Djdk.net.hosts.file=" + this.directory.resolve("hosts"),
				"-Dslf4j.provider=" + BrokerLogging.class.getName(), "-cp", classPath, MAIN, clusterId,
				this.directory.resolve("server.properties").toString()));
		this.runStart = Files.exists(log()) ? Files.size(log()) : 0;
		ProcessBuilder builder = new ProcessBuilder(command).directory(this.directory.toFile())
			.redirectErrorStream(true)
			.redirectOutput(ProcessBuilder.Redirect.appendTo(log().toFile()));
		// Options for the JVM of the test are not meant for the brokers, an agent least
		// of all.
		builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"));
		this.process = builder.start();
	}

	boolean isAlive() {
		Process current = this.process;
		return current != null && current.isAlive();
	}

	boolean isPaused() {
		return this.guard != null;
	}

	/**
	 * Whether this run has finished starting; for a broker that is after it joined the
	 * cluster.
	 * @return whether it said so
	 * @throws KafkaClusterException if the process has ended, with the end of its log
	 */
	boolean isStarted() {
		boolean alive = isAlive();
		try (RandomAccessFile file = new RandomAccessFile(log().toFile(), "r")) {
			file.seek(this.runStart);
			byte[] bytes = new byte[(int) (file.length() - this.runStart)];
			file.readFully(bytes);
			if (alive && new String(bytes, StandardCharsets.UTF_8).contains(STARTED)) {
				return true;
			}
		}
		catch (IOException ex) {
			throw new KafkaClusterException("Cannot read the log of node " + this.id + ": " + log(), ex);
		}
		if (!alive) {
			throw new KafkaClusterException(
					"Node " + this.id + " ended while it started; the end of its log:\n" + tail());
		}
		return false;
	}

	long pid() {
		return running().pid();
	}

	void kill() {
		Process current = this.process;
		if (current == null) {
			return;
		}
		current.destroyForcibly();
		releaseGuard();
		awaitEnd(current, KILL_TIMEOUT);
	}

	void stop(Duration timeout) {
		Process current = running();
		// Not destroy() of the process: that closes its input as well, which halts it.
		current.toHandle().destroy();
		awaitEnd(current, timeout);
	}

	void pause() {
		if (this.guard == null) {
			long pid = running().pid();
			// A stopped process cannot notice the end of this JVM: a shell waits in its
			// place.
			this.guard = launch("trap '' INT HUP TERM; read -r line || kill -KILL " + pid);
			signal("STOP", pid);
		}
	}

	void resume() {
		if (this.guard != null) {
			signal("CONT", running().pid());
			releaseGuard();
		}
	}

	private void releaseGuard() {
		Process current = this.guard;
		if (current != null) {
			this.guard = null;
			current.destroyForcibly();
		}
	}

	private void signal(String name, long pid) {
		Process kill = launch("kill -" + name + " " + pid);
		awaitEnd(kill, KILL_TIMEOUT);
		if (kill.exitValue() != 0) {
			throw new KafkaClusterException("Cannot send SIG" + name + " to node " + this.id + ", pid=" + pid);
		}
	}

	private static Process launch(String script) {
		try {
			return new ProcessBuilder("/bin/sh", "-c", script).redirectErrorStream(true)
				.redirectOutput(ProcessBuilder.Redirect.DISCARD)
				.start();
		}
		catch (IOException ex) {
			throw new KafkaClusterException("Cannot run a shell, which signals need", ex);
		}
	}

	private Process running() {
		Process current = this.process;
		if (current == null || !current.isAlive()) {
			throw new IllegalStateException("Node " + this.id + " is not running");
		}
		return current;
	}

	private void awaitEnd(Process ending, Duration timeout) {
		try {
			if (!ending.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS)) {
				throw new KafkaClusterException("Process " + ending.pid() + " of node " + this.id
						+ " did not end within " + timeout.toMillis() + " ms; the end of its log:\n" + tail());
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new KafkaClusterException("Interrupted while node " + this.id + " was to end", ex);
		}
	}

	String tail() {
		try (RandomAccessFile file = new RandomAccessFile(log().toFile(), "r")) {
			long from = Math.max(this.runStart, file.length() - TAIL_BYTES);
			file.seek(from);
			byte[] bytes = new byte[(int) (file.length() - from)];
			file.readFully(bytes);
			return new String(bytes, StandardCharsets.UTF_8) + "\n(" + log() + ")";
		}
		catch (IOException ex) {
			return "(no log: " + ex.getMessage() + ")";
		}
	}

}
