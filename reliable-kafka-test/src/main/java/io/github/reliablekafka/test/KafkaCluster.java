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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.jspecify.annotations.Nullable;

/**
 * A real Kafka cluster on this machine: each node is a process of its own, run from the
 * Kafka jars on the class path, so that a broker can be killed, paused or cut off as in
 * production. It needs neither Docker nor a network.
 * <p>
 * Brokers have the ids 1 to n. By default a further node is the only controller, and no
 * fault here touches it, so any number of brokers may be down. Failures are noticed fast:
 * a dead or paused broker is fenced after 3 seconds, and a follower that does not follow
 * leaves the in-sync replicas after 4. Topics are not created by themselves, and default
 * to three replicas (or as many as there are brokers) of which all but one must be in
 * sync. Any of this can be changed by
 * {@link KafkaClusterBuilder#property(String, String)}.
 * <p>
 * The nodes end with {@link #close()} or with this JVM, even when this JVM is killed, and
 * not before: an application that shuts down still has its cluster. Without a close the
 * directory remains. Closing deletes it, unless the start failed or
 * {@link #keepDirectory()} was called. All addresses are loopback addresses, and a broker
 * keeps its port for the life of the cluster.
 * <p>
 * Connections pass through this JVM, by links that can be cut. So a JVM that stands still
 * at a breakpoint stops the cluster's traffic as well;
 * {@link KafkaClusterBuilder#links(boolean)} switches them off.
 * <p>
 * A build that starts dozens of brokers can name a file in the system property
 * {@code reliable.kafka.test.class-archive}: the first cluster writes there what the
 * brokers' JVMs have loaded, which takes some seconds and 46 MB, and from then on a
 * broker starts in half the time.
 * <p>
 * Thread-safe. Faults happen one at a time: a call waits for the one before. Methods that
 * wait for a state throw {@link KafkaClusterException} when it is not reached within 60
 * seconds, those that start or stop a process within the start timeout; those that only
 * ask the brokers do within 30 seconds. Methods that take a broker throw
 * {@link IllegalArgumentException} when there is none with that id. Signals need a POSIX
 * system.
 *
 * @since 0.1.0
 */
public final class KafkaCluster implements AutoCloseable {

	/** What {@link #leaderOf(String, int)} returns for a partition without a leader. */
	public static final int NO_LEADER = -1;

	private final ClusterSettings settings;

	private final ClusterProcesses processes;

	private @Nullable ClusterAdmin admin;

	KafkaCluster(ClusterSettings settings) {
		this.settings = settings;
		this.processes = new ClusterProcesses(settings);
	}

	/**
	 * Describe a cluster of three brokers and one controller, and change what is to be
	 * different.
	 * @return a new builder
	 */
	public static KafkaClusterBuilder builder() {
		return new KafkaClusterBuilder();
	}

	/**
	 * Start all nodes. When this returns, every broker is registered and takes requests.
	 * @return this cluster
	 * @throws KafkaClusterException if a node ends or is not up within the start timeout;
	 * all are stopped then, and the message has the end of the node's log and the
	 * directory that is kept
	 * @throws IllegalStateException if it was started before
	 */
	public synchronized KafkaCluster start() {
		if (this.admin != null) {
			throw new IllegalStateException("The cluster was started before");
		}
		this.processes.start();
		ClusterAdmin created = new ClusterAdmin(this.processes.adminServers(), this.processes::seenLive);
		this.admin = created;
		try {
			created.awaitLive(brokerIds());
			return this;
		}
		catch (KafkaClusterException ex) {
			keepDirectory();
			close();
			throw new KafkaClusterException("The cluster started, but was not reached; its directory is kept: "
					+ directory() + "\n" + ex.getMessage(), ex);
		}
	}

	/**
	 * End all nodes at once, as by {@code kill -9}, and delete the directory. To close a
	 * closed cluster does nothing.
	 */
	@Override
	public synchronized void close() {
		ClusterAdmin created = this.admin;
		if (created != null) {
			created.close();
		}
		this.processes.close();
	}

	/**
	 * The brokers' addresses for clients.
	 * @return as {@code 127.0.0.1:20001,127.0.0.1:20005}; fixed from before the start
	 */
	public String bootstrapServers() {
		return this.processes.bootstrapServers();
	}

	/**
	 * The ids of all brokers, whatever state they are in.
	 * @return 1 to n
	 */
	public List<Integer> brokerIds() {
		return this.settings.brokerIds();
	}

	/**
	 * The brokers that take part in the cluster, as the controller sees it: a dead or
	 * paused broker is still among them until it is fenced.
	 * @return a sorted set of ids
	 */
	public Set<Integer> liveBrokers() {
		return requests().liveBrokers();
	}

	/**
	 * Where the nodes keep data, configuration and logs, each in a directory of its own
	 * such as {@code node-1}; the log is {@code server.log}.
	 * @return an absolute path
	 */
	public Path directory() {
		return this.processes.directory();
	}

	/**
	 * Do not delete the directory on close.
	 */
	public void keepDirectory() {
		this.processes.keepDirectory();
	}

	/**
	 * An admin client whose requests take at most 3 seconds each and 15 together. It has
	 * its own way to the brokers: it reaches those that clients are cut off from, and
	 * never asks one that is paused or cut off from the other nodes, which would hang or
	 * tell what was true before. Without links it is a client like any other.
	 * @return the one client of this cluster, closed with it
	 * @throws IllegalStateException if the cluster was not started
	 */
	public Admin admin() {
		return requests().admin();
	}

	/**
	 * The process of a broker.
	 * @param broker the broker's id
	 * @return the process id
	 * @throws IllegalStateException if it is not running
	 */
	public long pid(int broker) {
		return this.processes.pid(broker);
	}

	/**
	 * Kill a broker's process by {@code SIGKILL}. When this returns, the process is gone
	 * and its port refuses connections; the controller fences it about 3 seconds later.
	 * What it had not flushed is still in the operating system's cache: this is the death
	 * of a process, not of a machine. Does nothing to a broker that is not running.
	 * @param broker the broker's id
	 */
	public void kill(int broker) {
		this.processes.kill(broker);
	}

	/**
	 * Stop a broker cleanly by {@code SIGTERM}. It hands over its leaderships first. When
	 * this returns, the process is gone.
	 * @param broker the broker's id
	 * @throws IllegalStateException if it is not running, or is paused
	 */
	public void stop(int broker) {
		this.processes.stop(broker);
	}

	/**
	 * Start a broker that was killed or stopped, with its data and on its port; one that
	 * runs is stopped cleanly first. When this returns, the broker takes requests and is
	 * among the {@link #liveBrokers()}; its replicas may still be catching up, see
	 * {@link #awaitInSync(String)}. Right after a kill this takes some seconds longer,
	 * because the controller refuses the newcomer until it has given up the dead process.
	 * A broker that is cut off from the other nodes cannot start.
	 * @param broker the broker's id
	 */
	public void restart(int broker) {
		this.processes.restart(broker);
		requests().awaitLive(List.of(broker));
	}

	/**
	 * Pause a broker's process by {@code SIGSTOP}. It keeps its connections and still
	 * accepts new ones, as the operating system does that, but answers nothing: clients
	 * run into their time-outs. After about 3 seconds the controller fences it. Does
	 * nothing to a paused broker.
	 * @param broker the broker's id
	 * @throws IllegalStateException if it is not running
	 */
	public void pause(int broker) {
		this.processes.pause(broker);
	}

	/**
	 * Let a paused broker go on, by {@code SIGCONT}. It acts on what it believed when it
	 * was paused until it hears otherwise, and works through the requests that wait. This
	 * returns at once. Does nothing to a broker that is not paused.
	 * @param broker the broker's id
	 */
	public void resume(int broker) {
		this.processes.resume(broker);
		lookAt(broker);
	}

	/**
	 * Cut a broker off from clients, from the other brokers and from the controllers, in
	 * both directions: its connections are reset and new ones refused. Its process goes
	 * on. What was under way is lost, so it may have appended records whose
	 * acknowledgement never arrives. The controller fences it after about 3 seconds.
	 * @param broker the broker's id
	 * @throws UnsupportedOperationException if there are no links, see
	 * {@link KafkaClusterBuilder#links(boolean)}
	 */
	public void cutOff(int broker) {
		this.processes.cut(broker, true, true);
	}

	/**
	 * Cut a broker off from clients only. It stays leader and in sync.
	 * @param broker the broker's id
	 * @throws UnsupportedOperationException if there are no links
	 */
	public void cutOffFromClients(int broker) {
		this.processes.cut(broker, true, false);
	}

	/**
	 * Cut a broker off from the other brokers and the controllers only, in both
	 * directions. Clients still reach it, and it goes on as the leader it was, while the
	 * others elect another: it acknowledges records that ask for no more than the leader
	 * ({@code acks=1}), and they are lost when it returns.
	 * @param broker the broker's id
	 * @throws UnsupportedOperationException if there are no links
	 */
	public void cutOffFromNodes(int broker) {
		this.processes.cut(broker, false, true);
	}

	/**
	 * Undo every cut of a broker. This returns at once; the broker is back among the
	 * {@link #liveBrokers()} after some hundred milliseconds.
	 * @param broker the broker's id
	 */
	public void reconnect(int broker) {
		this.processes.heal(broker);
		lookAt(broker);
	}

	/**
	 * Undo all faults: reconnect, resume and start every broker. When this returns, all
	 * are among the {@link #liveBrokers()}. Topics and records stay as they are.
	 */
	public void restore() {
		this.processes.restore();
		requests().awaitLive(brokerIds());
	}

	/**
	 * Create a topic. When this returns, each partition has its leader and all its
	 * replicas in sync.
	 * @param name the topic
	 * @param partitions the number of partitions
	 * @param replicationFactor the number of replicas of each
	 * @param configs the topic's settings, such as {@code min.insync.replicas}
	 */
	public void createTopic(String name, int partitions, int replicationFactor, Map<String, String> configs) {
		requests().createTopic(name, partitions, replicationFactor, configs);
	}

	/**
	 * Create a topic with the cluster's default settings and three replicas, or as many
	 * as there are brokers.
	 * @param name the topic
	 * @param partitions the number of partitions
	 */
	public void createTopic(String name, int partitions) {
		createTopic(name, partitions, this.settings.replicas(), Map.of());
	}

	/**
	 * Wait until every partition of a topic has a leader and all its replicas in sync.
	 * @param topic the topic
	 */
	public void awaitInSync(String topic) {
		requests().awaitInSync(topic);
	}

	/**
	 * The leader of a partition as the controller sees it: for up to 3 seconds that can
	 * be a broker which is dead.
	 * @param topic the topic
	 * @param partition the partition's number
	 * @return the broker's id, or {@link #NO_LEADER}
	 */
	public int leaderOf(String topic, int partition) {
		return ClusterAdmin.leader(requests().describe(new TopicPartition(topic, partition)));
	}

	/**
	 * The in-sync replicas of a partition as the controller sees them.
	 * @param topic the topic
	 * @param partition the partition's number
	 * @return a sorted set of broker ids; empty when none is left
	 */
	public Set<Integer> isr(String topic, int partition) {
		return ClusterAdmin.ids(requests().describe(new TopicPartition(topic, partition)).isr());
	}

	/**
	 * The first offset of a partition that is still there.
	 * @param partition the partition
	 * @return the log start offset
	 */
	public long beginningOffset(TopicPartition partition) {
		return requests().offset(partition, OffsetSpec.earliest());
	}

	/**
	 * The offset after the last record that consumers can read.
	 * @param partition the partition
	 * @return the high watermark
	 */
	public long endOffset(TopicPartition partition) {
		return requests().offset(partition, OffsetSpec.latest());
	}

	/**
	 * Delete the first records of a partition, as retention does. When this returns, the
	 * log starts at the offset.
	 * @param partition the partition
	 * @param beforeOffset the first offset to stay, or -1 for all up to the end
	 */
	public void deleteRecords(TopicPartition partition, long beforeOffset) {
		requests().deleteRecords(partition, beforeOffset);
	}

	/**
	 * Make a replica that is not in sync the leader, whatever the topic's settings say.
	 * For this every in-sync replica must be dead or cut off, and another replica live.
	 * When this returns, the partition has a live leader, and what only the others had is
	 * lost.
	 * @param partition the partition
	 * @return the id of the leader
	 */
	public int uncleanElection(TopicPartition partition) {
		Set<Integer> dead = new HashSet<>(brokerIds());
		dead.removeIf(this.processes::isRunning);
		requests().awaitUncleanElection(partition, dead);
		return leaderOf(partition.topic(), partition.partition());
	}

	/**
	 * Lose acknowledged records by an unclean election: one follower is cut off (paused,
	 * if there are no links) until it is out of sync, the action sends records, which the
	 * remaining replicas acknowledge, then these are killed, the follower becomes leader
	 * without those records, and the killed brokers are started again. When this returns,
	 * all replicas are in sync, and the partition ends where it ended before the action.
	 * Takes about 15 seconds. If it fails, {@link #restore()} brings the brokers back.
	 * @param partition a partition with at least two replicas, all in sync, and fewer
	 * required in sync than it has
	 * @param lost sends what is to be lost, and waits for the acknowledgements
	 * @return the id of the new leader
	 * @throws IllegalStateException if the cluster is combined: it would lose its
	 * controllers; or if not all replicas are in sync
	 */
	public int uncleanElection(TopicPartition partition, Runnable lost) {
		if (this.settings.combined()) {
			throw new IllegalStateException("A combined cluster would lose its controllers with its brokers");
		}
		TopicPartitionInfo before = requests().describe(partition);
		Set<Integer> others = ClusterAdmin.ids(before.replicas());
		if (others.size() < 2 || !ClusterAdmin.ids(before.isr()).equals(others)) {
			throw new IllegalStateException(
					partition + ": expected=two or more replicas, all in sync, actual=" + before);
		}
		int follower = others.stream().filter((id) -> id != ClusterAdmin.leader(before)).findFirst().orElseThrow();
		others.remove(follower);
		if (this.processes.isLinked()) {
			cutOff(follower);
		}
		else {
			pause(follower);
		}
		requests().awaitPartition(partition, "without " + follower + " in sync",
				(info) -> !ClusterAdmin.ids(info.isr()).contains(follower));
		lost.run();
		others.forEach(this::kill);
		if (this.processes.isLinked()) {
			reconnect(follower);
		}
		else {
			resume(follower);
		}
		int leader = uncleanElection(partition);
		this.processes.startAll(others);
		awaitInSync(partition.topic());
		return leader;
	}

	private void lookAt(int broker) {
		if (this.processes.isOutdated(broker)) {
			requests().lookWhile(() -> this.processes.isOutdated(broker));
		}
	}

	List<Long> pids() {
		return this.processes.pids();
	}

	private synchronized ClusterAdmin requests() {
		ClusterAdmin created = this.admin;
		if (created == null) {
			throw new IllegalStateException("The cluster was not started");
		}
		return created;
	}

}
