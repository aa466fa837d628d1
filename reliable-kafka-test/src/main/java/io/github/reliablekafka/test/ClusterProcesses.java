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
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.apache.kafka.common.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * The processes of one cluster with their directory, ports and links. What is started
 * here ends here: in {@link #close()}, and, when this JVM has ended or was killed, by
 * what the processes themselves watch.
 * <p>
 * Thread-safe: one fault at a time.
 */
final class ClusterProcesses implements AutoCloseable {

	private final ClusterSettings settings;

	private final Path directory;

	private final Network network;

	private final Map<Integer, KafkaNode> nodes = new TreeMap<>();

	private final String clusterId = Uuid.randomUuid().toString();

	private final String classPath;

	private final @Nullable List<String> options;

	private boolean keepDirectory;

	private boolean closed;

	ClusterProcesses(ClusterSettings settings) {
		this(settings, null);
	}

	/**
	 * Create the processes with options of their JVMs.
	 * @param settings what the cluster is made of
	 * @param options more options, or null for those that make the start faster
	 */
	ClusterProcesses(ClusterSettings settings, @Nullable List<String> options) {
		this.settings = settings;
		this.options = options;
		this.classPath = settings.brokerClassPath().isEmpty() ? BrokerClassPath.find()
				: BrokerClassPath.of(settings.brokerClassPath());
		this.directory = createDirectory(settings);
		this.network = new Network(settings.nodeIds(), settings.brokerIds(), PortBlock.reserve(), settings.links());
		for (int node : settings.nodeIds()) {
			this.nodes.put(node, new KafkaNode(node, this.directory.resolve(Network.host(node))));
		}
	}

	private static Path createDirectory(ClusterSettings settings) {
		try {
			Path given = settings.directory();
			return (given != null) ? Files.createDirectories(given.toAbsolutePath())
					: Files.createTempDirectory("kafka-cluster-");
		}
		catch (IOException ex) {
			throw new KafkaClusterException("Cannot create the directory of the cluster", ex);
		}
	}

	Path directory() {
		return this.directory;
	}

	String bootstrapServers() {
		return servers(this.network::clientPort);
	}

	private String servers(IntUnaryOperator port) {
		return this.settings.brokerIds()
			.stream()
			.map((id) -> "127.0.0.1:" + port.applyAsInt(id))
			.collect(Collectors.joining(","));
	}

	String adminServers() {
		return servers(this.network::adminPort);
	}

	boolean isOutdated(int broker) {
		return this.network.isOutdated(broker);
	}

	void seenLive(Set<Integer> brokers) {
		this.network.seenLive(brokers);
	}

	void start() {
		try {
			for (KafkaNode node : this.nodes.values()) {
				node.prepare(this.settings.nodeProperties(node.id(), this.network, node.data()),
						this.network.hosts(node.id()));
				launch(node);
			}
			Await.until(this.settings.startTimeout(), () -> "all nodes started;" + tails(),
					() -> this.nodes.values().stream().allMatch(KafkaNode::isStarted));
			this.settings.brokerIds().forEach(this.network::ready);
		}
		catch (IOException ex) {
			throw failed(ex);
		}
		catch (KafkaClusterException ex) {
			throw failed(ex);
		}
	}

	private KafkaClusterException failed(Exception ex) {
		keepDirectory();
		close();
		return new KafkaClusterException(
				"The cluster did not start; its directory is kept: " + this.directory + "\n" + ex.getMessage(), ex);
	}

	private String tails() {
		return this.nodes.values()
			.stream()
			.filter((node) -> !node.isStarted())
			.map((node) -> "\nnode " + node.id() + ": " + node.tail())
			.collect(Collectors.joining());
	}

	private void launch(KafkaNode node) throws IOException {
		List<String> given = this.options;
		this.network.starting(node.id());
		node.start(this.clusterId, this.classPath, this.settings.heap(),
				(given != null) ? given : ClassArchive.options(this.settings, this.classPath));
	}

	synchronized long pid(int broker) {
		return node(broker).pid();
	}

	List<Long> pids() {
		return this.nodes.values().stream().filter(KafkaNode::isAlive).map(KafkaNode::pid).toList();
	}

	synchronized boolean isRunning(int broker) {
		KafkaNode node = node(broker);
		return node.isAlive() && this.network.answers(broker);
	}

	synchronized void kill(int broker) {
		KafkaNode node = node(broker);
		node.kill();
		this.network.down(broker);
	}

	synchronized void stop(int broker) {
		KafkaNode node = node(broker);
		if (node.isPaused()) {
			throw new IllegalStateException("Broker " + broker + " is paused and cannot stop; resume it first");
		}
		node.stop(this.settings.startTimeout());
		this.network.down(broker);
	}

	synchronized void restart(int broker) {
		KafkaNode node = node(broker);
		resume(broker);
		if (node.isAlive()) {
			stop(broker);
		}
		startAll(List.of(broker));
	}

	/**
	 * Start brokers that do not run, side by side: none of them may be able to start
	 * alone.
	 * @param brokers the brokers
	 */
	synchronized void startAll(Collection<Integer> brokers) {
		for (int broker : brokers) {
			try {
				launch(node(broker));
			}
			catch (IOException ex) {
				throw new KafkaClusterException("Broker " + broker + " cannot be started", ex);
			}
		}
		for (int broker : brokers) {
			KafkaNode node = node(broker);
			Await.until(this.settings.startTimeout(),
					() -> "broker " + broker + " started; the end of its log:\n" + node.tail(), node::isStarted);
			this.network.ready(broker);
		}
	}

	synchronized void pause(int broker) {
		node(broker).pause();
		this.network.paused(broker, true);
	}

	synchronized void resume(int broker) {
		node(broker).resume();
		this.network.paused(broker, false);
	}

	boolean isLinked() {
		return this.network.isLinked();
	}

	synchronized void cut(int broker, boolean fromClients, boolean fromNodes) {
		node(broker);
		this.network.cut(broker, fromClients, fromNodes);
	}

	synchronized void heal(int broker) {
		node(broker);
		this.network.heal(broker);
	}

	/**
	 * Undo all faults.
	 */
	synchronized void restore() {
		for (int broker : this.settings.brokerIds()) {
			this.network.heal(broker);
			resume(broker);
		}
		startAll(this.settings.brokerIds().stream().filter((broker) -> !node(broker).isAlive()).toList());
	}

	private KafkaNode node(int broker) {
		if (this.closed) {
			throw new IllegalStateException("The cluster is closed");
		}
		KafkaNode node = this.settings.brokerIds().contains(broker) ? this.nodes.get(broker) : null;
		if (node == null) {
			throw new IllegalArgumentException("broker=" + broker + ", expected=" + this.settings.brokerIds());
		}
		return node;
	}

	synchronized void keepDirectory() {
		this.keepDirectory = true;
	}

	@Override
	public synchronized void close() {
		if (this.closed) {
			return;
		}
		this.closed = true;
		this.network.close();
		endProcesses();
	}

	private void endProcesses() {
		List<RuntimeException> failures = new ArrayList<>();
		for (KafkaNode node : this.nodes.values()) {
			try {
				node.kill();
			}
			catch (RuntimeException ex) {
				failures.add(ex);
			}
		}
		if (!failures.isEmpty()) {
			throw failures.get(0);
		}
		if (!this.keepDirectory) {
			delete();
		}
	}

	private void delete() {
		try {
			// A directory that the user gave is theirs; the nodes in it are ours.
			List<Path> roots = (this.settings.directory() != null)
					? this.nodes.keySet().stream().map((id) -> this.directory.resolve(Network.host(id))).toList()
					: List.of(this.directory);
			for (Path root : roots) {
				deleteTree(root);
			}
		}
		catch (IOException | UncheckedIOException ex) {
			throw new KafkaClusterException("Cannot delete the directory of the cluster: " + this.directory, ex);
		}
	}

	static void deleteTree(Path root) throws IOException {
		if (Files.exists(root)) {
			try (Stream<Path> paths = Files.walk(root)) {
				for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
					Files.deleteIfExists(path);
				}
			}
		}
	}

}
