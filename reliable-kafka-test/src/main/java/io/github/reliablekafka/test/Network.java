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
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * All the ways between the clients and the nodes of a cluster, and among the nodes.
 * <p>
 * Every node has a listener each for clients, for brokers, for controllers, and for the
 * requests of this module itself. The last is reached only while the broker's view of the
 * cluster can be trusted: neither a paused broker, which would hang, nor one that the
 * others have cut off, which would tell what was true before, is ever asked. Nodes
 * address each other by name ({@code node-1}), and each node's process has a hosts file
 * of its own in which the names of the others lead to a loopback address that is only its
 * own, {@code 127.1.0.x}. So the link by which a connection arrives tells who opened it,
 * and one node can be cut off from all others without a change to Kafka.
 */
final class Network implements AutoCloseable {

	private static final String LOCAL = "127.0.0.1";

	private static final int PORTS_PER_NODE = 6;

	static final int MAX_NODES = PortBlock.SIZE / PORTS_PER_NODE;

	private final List<Integer> nodes;

	private final List<Integer> brokers;

	private final PortBlock ports;

	private final boolean linked;

	private final Map<Integer, Link> clientLinks = new TreeMap<>();

	private final Map<Integer, Link> adminLinks = new TreeMap<>();

	private final List<NodeLink> nodeLinks = new ArrayList<>();

	/** Nodes without a process. */
	private final Set<Integer> down = new HashSet<>();

	/** Nodes that do not serve clients yet or any more. */
	private final Set<Integer> unready = new HashSet<>();

	private final Set<Integer> paused = new HashSet<>();

	/** Nodes back from a pause or a cut, until the others see them in the cluster. */
	private final Set<Integer> outdated = new HashSet<>();

	private final Set<Integer> cutFromClients = new HashSet<>();

	private final Set<Integer> cutFromNodes = new HashSet<>();

	Network(List<Integer> nodes, List<Integer> brokers, PortBlock ports, boolean linked) {
		this.nodes = nodes;
		this.brokers = brokers;
		this.unready.addAll(nodes);
		this.down.addAll(nodes);
		this.ports = ports;
		this.linked = linked && canLink(nodes.size());
		if (this.linked) {
			linkAll();
		}
	}

	private void linkAll() {
		for (int broker : this.brokers) {
			this.clientLinks.put(broker,
					new Link(address(LOCAL, clientPort(broker)), address(LOCAL, clientListenerPort(broker))));
			this.adminLinks.put(broker,
					new Link(address(LOCAL, adminPort(broker)), address(LOCAL, adminListenerPort(broker))));
		}
		for (int target : this.nodes) {
			for (int source : this.nodes) {
				if (source != target) {
					link(source, target, nodePort(target));
					link(source, target, controllerPort(target));
				}
			}
		}
	}

	private void link(int source, int target, int port) {
		Link link = new Link(address(sourceAddress(source), port), address(LOCAL, port));
		this.nodeLinks.add(new NodeLink(source, target, link));
	}

	private boolean canLink(int count) {
		for (int index = 1; index <= count; index++) {
			try (ServerSocket socket = new ServerSocket()) {
				socket.bind(new InetSocketAddress("127.1.0." + index, 0));
			}
			catch (IOException ex) {
				return false;
			}
		}
		return true;
	}

	int clientPort(int node) {
		return this.ports.port(index(node) * PORTS_PER_NODE);
	}

	int clientListenerPort(int node) {
		return this.linked ? this.ports.port(index(node) * PORTS_PER_NODE + 1) : clientPort(node);
	}

	int nodePort(int node) {
		return this.ports.port(index(node) * PORTS_PER_NODE + 2);
	}

	int controllerPort(int node) {
		return this.ports.port(index(node) * PORTS_PER_NODE + 3);
	}

	int adminPort(int node) {
		return this.ports.port(index(node) * PORTS_PER_NODE + 4);
	}

	int adminListenerPort(int node) {
		return this.linked ? this.ports.port(index(node) * PORTS_PER_NODE + 5) : adminPort(node);
	}

	static String host(int node) {
		return "node-" + node;
	}

	/**
	 * The names of all nodes as one of them is to resolve them.
	 * @param node the node
	 * @return the lines of a hosts file
	 */
	List<String> hosts(int node) {
		List<String> lines = new ArrayList<>();
		lines.add(LOCAL + " localhost " + host(node) + ownHostName());
		for (int target : this.nodes) {
			if (target != node) {
				lines.add((this.linked ? sourceAddress(node) : LOCAL) + " " + host(target));
			}
		}
		return lines;
	}

	/**
	 * A node's process is about to start. Other nodes can connect to it.
	 * @param node the node
	 */
	synchronized void starting(int node) {
		this.down.remove(node);
		this.unready.add(node);
		apply();
	}

	/**
	 * A node takes requests.
	 * @param node the node
	 */
	synchronized void ready(int node) {
		this.unready.remove(node);
		this.outdated.remove(node);
		apply();
	}

	/**
	 * A node's process is gone. All its ports refuse connections.
	 * @param node the node
	 */
	synchronized void down(int node) {
		this.down.add(node);
		this.unready.add(node);
		this.paused.remove(node);
		this.outdated.remove(node);
		apply();
	}

	synchronized void paused(int node, boolean value) {
		if (!value && this.paused.contains(node)) {
			this.outdated.add(node);
		}
		change(this.paused, node, value);
		apply();
	}

	synchronized boolean isOutdated(int node) {
		return this.outdated.contains(node);
	}

	/**
	 * Brokers that others see in the cluster know what the others know.
	 * @param brokers the brokers
	 */
	synchronized void seenLive(Set<Integer> brokers) {
		if (this.outdated.removeAll(brokers)) {
			apply();
		}
	}

	boolean isLinked() {
		return this.linked;
	}

	synchronized void cut(int node, boolean fromClients, boolean fromNodes) {
		if (!this.linked) {
			throw new UnsupportedOperationException("Without links nothing can be cut off: they were switched off, "
					+ "or the loopback addresses 127.1.0.1 to 127.1.0." + this.nodes.size() + " are not there");
		}
		if (fromClients) {
			this.cutFromClients.add(node);
		}
		if (fromNodes) {
			this.cutFromNodes.add(node);
		}
		apply();
	}

	synchronized void heal(int node) {
		this.cutFromClients.remove(node);
		if (this.cutFromNodes.remove(node)) {
			this.outdated.add(node);
		}
		apply();
	}

	synchronized boolean answers(int node) {
		return !this.unready.contains(node) && !this.paused.contains(node) && !this.cutFromNodes.contains(node);
	}

	private void apply() {
		this.clientLinks
			.forEach((node, link) -> set(link, !this.unready.contains(node) && !this.cutFromClients.contains(node)));
		boolean anyTrusted = this.brokers.stream().anyMatch((node) -> answers(node) && !this.outdated.contains(node));
		this.adminLinks
			.forEach((node, link) -> set(link, answers(node) && !(anyTrusted && this.outdated.contains(node))));
		for (NodeLink way : this.nodeLinks) {
			set(way.link(), !this.down.contains(way.target()) && !this.cutFromNodes.contains(way.target())
					&& !this.cutFromNodes.contains(way.source()));
		}
	}

	private static void set(Link link, boolean open) {
		if (open) {
			link.open();
		}
		else {
			link.shut();
		}
	}

	private static void change(Set<Integer> set, int node, boolean member) {
		if (member) {
			set.add(node);
		}
		else {
			set.remove(node);
		}
	}

	private int index(int node) {
		return this.nodes.indexOf(node);
	}

	private String sourceAddress(int node) {
		return "127.1.0." + (index(node) + 1);
	}

	private static InetSocketAddress address(String host, int port) {
		return new InetSocketAddress(host, port);
	}

	// With a hosts file of its own a process finds no other name, and not its host's.
	private static String ownHostName() {
		try {
			return " " + InetAddress.getLocalHost().getHostName();
		}
		catch (UnknownHostException ex) {
			return "";
		}
	}

	@Override
	public synchronized void close() {
		this.clientLinks.values().forEach(Link::close);
		this.adminLinks.values().forEach(Link::close);
		this.nodeLinks.forEach((way) -> way.link().close());
		this.ports.close();
	}

	private record NodeLink(int source, int target, Link link) {

	}

}
