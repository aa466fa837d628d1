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

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

import org.jspecify.annotations.Nullable;

/**
 * What a cluster is made of.
 *
 * @param brokers the number of brokers
 * @param combined whether each broker is a controller too
 * @param properties the user's properties of all nodes, over the defaults
 * @param directory the directory of the nodes, or null for a temporary one
 * @param heap the heap of a node, as the JVM reads it
 * @param brokerClassPath the jars of the nodes, or empty for those of this JVM
 * @param racks the rack of each broker in the order of their ids, or empty for none
 * @param links whether connections pass through links that can be cut
 * @param startTimeout how long the whole cluster, or a single node, may take to start
 */
record ClusterSettings(int brokers, boolean combined, Map<String, String> properties, @Nullable Path directory,
		String heap, List<Path> brokerClassPath, List<String> racks, boolean links, Duration startTimeout) {

	/** Beyond the ids of all brokers. */
	static final int CONTROLLER_ID = 100;

	ClusterSettings {
		int most = combined ? Network.MAX_NODES : Network.MAX_NODES - 1;
		if (brokers < 1 || brokers > most) {
			throw new IllegalArgumentException("brokers=" + brokers + ", expected=1.." + most);
		}
		properties = Map.copyOf(properties);
		brokerClassPath = List.copyOf(brokerClassPath);
		racks = List.copyOf(racks);
		if (!racks.isEmpty() && racks.size() != brokers) {
			throw new IllegalArgumentException("racks=" + racks + ", expected=one for each of " + brokers + " brokers");
		}
	}

	List<Integer> brokerIds() {
		return IntStream.rangeClosed(1, this.brokers).boxed().toList();
	}

	List<Integer> controllerIds() {
		return this.combined ? brokerIds() : List.of(CONTROLLER_ID);
	}

	List<Integer> nodeIds() {
		return this.combined ? brokerIds()
				: IntStream.concat(IntStream.of(CONTROLLER_ID), brokerIds().stream().mapToInt(Integer::intValue))
					.boxed()
					.toList();
	}

	int replicas() {
		return Math.min(3, this.brokers);
	}

	Map<String, String> nodeProperties(int node, Network network, Path data) {
		boolean controller = controllerIds().contains(node);
		boolean broker = node != CONTROLLER_ID;
		Map<String, String> properties = new LinkedHashMap<>();
		properties.put("node.id", Integer.toString(node));
		properties.put("log.dirs", data.toString());
		properties.put("process.roles",
				(broker ? "broker" : "") + ((broker && controller) ? "," : "") + (controller ? "controller" : ""));
		String listeners = "";
		String advertised = "";
		if (broker) {
			listeners = "CLIENT://127.0.0.1:" + network.clientListenerPort(node);
			advertised = "CLIENT://127.0.0.1:" + network.clientPort(node);
			listeners += ",ADMIN://127.0.0.1:" + network.adminListenerPort(node);
			advertised += ",ADMIN://127.0.0.1:" + network.adminPort(node);
			listeners += ",NODE://127.0.0.1:" + network.nodePort(node);
			advertised += ",NODE://" + Network.host(node) + ":" + network.nodePort(node);
		}
		if (controller) {
			String separator = broker ? "," : "";
			listeners += separator + "CONTROLLER://127.0.0.1:" + network.controllerPort(node);
			advertised += separator + "CONTROLLER://" + Network.host(node) + ":" + network.controllerPort(node);
		}
		properties.put("listeners", listeners);
		properties.put("advertised.listeners", advertised);
		properties.put("listener.security.protocol.map",
				"CLIENT:PLAINTEXT,ADMIN:PLAINTEXT,NODE:PLAINTEXT,CONTROLLER:PLAINTEXT");
		properties.put("inter.broker.listener.name", "NODE");
		properties.put("controller.listener.names", "CONTROLLER");
		properties.put("controller.quorum.voters",
				controllerIds().stream()
					.map((id) -> id + "@" + Network.host(id) + ":" + network.controllerPort(id))
					.collect(Collectors.joining(",")));
		putSmall(properties);
		putSafe(properties);
		putFast(properties);
		if (broker && !this.racks.isEmpty()) {
			properties.put("broker.rack", this.racks.get(node - 1));
		}
		properties.putAll(this.properties);
		return properties;
	}

	private void putSmall(Map<String, String> properties) {
		properties.put("num.network.threads", "1");
		properties.put("num.io.threads", "2");
		properties.put("num.replica.fetchers", "1");
		properties.put("background.threads", "2");
		properties.put("num.recovery.threads.per.data.dir", "1");
		properties.put("log.cleaner.dedupe.buffer.size", "2097152");
		properties.put("log.index.size.max.bytes", "1048576");
		properties.put("offsets.topic.num.partitions", "3");
		properties.put("transaction.state.log.num.partitions", "3");
		properties.put("share.coordinator.state.topic.num.partitions", "3");
	}

	private void putSafe(Map<String, String> properties) {
		String replicas = Integer.toString(replicas());
		String minInSync = Integer.toString(Math.max(1, replicas() - 1));
		properties.put("default.replication.factor", replicas);
		properties.put("min.insync.replicas", minInSync);
		properties.put("offsets.topic.replication.factor", replicas);
		properties.put("transaction.state.log.replication.factor", replicas);
		properties.put("transaction.state.log.min.isr", minInSync);
		properties.put("share.coordinator.state.topic.replication.factor", replicas);
		properties.put("share.coordinator.state.topic.min.isr", minInSync);
		properties.put("auto.create.topics.enable", "false");
		// Leaders move when a fault moves them, not when a timer finds them unbalanced.
		properties.put("auto.leader.rebalance.enable", "false");
	}

	private void putFast(Map<String, String> properties) {
		properties.put("broker.session.timeout.ms", "3000");
		properties.put("broker.heartbeat.interval.ms", "500");
		properties.put("replica.lag.time.max.ms", "4000");
		properties.put("replica.fetch.wait.max.ms", "200");
		properties.put("replica.socket.timeout.ms", "5000");
		properties.put("controller.quorum.fetch.timeout.ms", "2000");
		properties.put("controller.quorum.election.timeout.ms", "1000");
		properties.put("group.initial.rebalance.delay.ms", "0");
		properties.put("group.min.session.timeout.ms", "1000");
		for (String protocol : List.of("consumer", "share", "streams")) {
			properties.put("group." + protocol + ".min.session.timeout.ms", "1000");
			properties.put("group." + protocol + ".session.timeout.ms", "6000");
			properties.put("group." + protocol + ".min.heartbeat.interval.ms", "200");
			properties.put("group." + protocol + ".heartbeat.interval.ms", "1000");
		}
	}

}
