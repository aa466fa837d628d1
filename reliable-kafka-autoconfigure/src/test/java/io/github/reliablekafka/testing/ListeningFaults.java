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

package io.github.reliablekafka.testing;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

import io.github.reliablekafka.test.KafkaCluster;

/**
 * What happens to brokers and to the instances of a listening application in a campaign:
 * none of it loses a record that the cluster has acknowledged. Each method injects a
 * fault, and has undone it when it returns.
 */
public final class ListeningFaults {

	private static final String GUEST = "guest";

	private final KafkaCluster cluster;

	private final String topic;

	private final ListeningInstances instances;

	private final Random random;

	private final Map<String, Integer> counts = new TreeMap<>();

	private final List<String> history = new ArrayList<>();

	private final List<Runnable> next = new ArrayList<>();

	/**
	 * Create faults.
	 * @param cluster where they happen
	 * @param topic is in sync in between
	 * @param instances where they happen
	 * @param random decides
	 */
	public ListeningFaults(KafkaCluster cluster, String topic, ListeningInstances instances, Random random) {
		this.cluster = cluster;
		this.topic = topic;
		this.instances = instances;
		this.random = random;
	}

	/**
	 * Inject the next fault: all of them, in an order of their own, and then again.
	 */
	public void injectNext() {
		if (this.next.isEmpty()) {
			this.next.addAll(List.<Runnable>of(this::killBroker, this::pauseBroker, this::killInstance,
					this::killInstanceAndBroker, this::killAllInstances, this::stopInstance, this::pauseInstance,
					this::joinAndLeave));
			Collections.shuffle(this.next, this.random);
		}
		this.next.remove(this.next.size() - 1).run();
	}

	public void killBroker() {
		int broker = broker();
		note("kill broker", broker);
		this.cluster.kill(broker);
		last(4000);
		this.cluster.restart(broker);
		this.cluster.awaitInSync(this.topic);
	}

	public void pauseBroker() {
		int broker = broker();
		note("pause broker", broker);
		this.cluster.pause(broker);
		last(8000);
		this.cluster.resume(broker);
		this.cluster.awaitInSync(this.topic);
	}

	/** A static member that is back soon has the same partitions again. */
	public void killInstance() {
		String instance = instance();
		note("kill instance", instance);
		this.instances.kill(instance);
		last(8000);
		this.instances.start(instance, Map.of());
	}

	public void killInstanceAndBroker() {
		int broker = broker();
		String instance = instance();
		note("kill instance and broker", instance + "/" + broker);
		this.cluster.kill(broker);
		last(1000);
		this.instances.kill(instance);
		this.instances.start(instance, Map.of());
		last(2000);
		this.cluster.restart(broker);
		this.cluster.awaitInSync(this.topic);
	}

	public void killAllInstances() {
		note("kill all instances", "");
		List<String> all = this.instances.running();
		all.forEach(this.instances::kill);
		all.forEach((instance) -> this.instances.start(instance, Map.of()));
	}

	public void stopInstance() {
		String instance = instance();
		note("stop instance", instance);
		this.instances.stop(instance);
		last(3000);
		this.instances.start(instance, Map.of());
	}

	/** Longer than its sessions last: others have its partitions when it goes on. */
	public void pauseInstance() {
		String instance = instance();
		note("pause instance", instance);
		this.instances.pause(instance);
		sleep(7000 + this.random.nextInt(4000));
		this.instances.resume(instance);
	}

	public void joinAndLeave() {
		note("join and leave", GUEST);
		this.instances.start(GUEST, Map.of());
		sleep(8000);
		last(6000);
		if (this.random.nextBoolean()) {
			this.instances.kill(GUEST);
		}
		else {
			this.instances.stop(GUEST);
		}
	}

	private int broker() {
		List<Integer> brokers = this.cluster.brokerIds();
		return brokers.get(this.random.nextInt(brokers.size()));
	}

	private String instance() {
		List<String> running = this.instances.running();
		return running.get(this.random.nextInt(running.size()));
	}

	private void note(String fault, Object where) {
		this.counts.merge(fault, 1, Integer::sum);
		this.history.add((fault + " " + where).trim());
	}

	// How long a fault lasts is part of the fault.
	private void last(int mostMillis) {
		sleep(this.random.nextInt(mostMillis));
	}

	private static void sleep(long millis) {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	@Override
	public String toString() {
		return this.counts + " " + this.history;
	}

}
