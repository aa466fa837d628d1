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

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.github.reliablekafka.test.KafkaCluster;

import static org.awaitility.Awaitility.await;

/**
 * {@link ListeningMain} as one instance of an application: a process that is killed,
 * stopped and started again.
 */
final class ListeningApplication implements AutoCloseable {

	private final Map<String, String> properties;

	private final Map<String, Deliveries> deliveries;

	private final Map<String, Long> suspects = new ConcurrentHashMap<>();

	private final Map<String, Long> got = new ConcurrentHashMap<>();

	private final Queue<List<String>> findings = new ConcurrentLinkedQueue<>();

	private ChildProcess process;

	/**
	 * Create an instance that does not run.
	 * @param cluster where to read
	 * @param topic what to read
	 * @param deliveries gets what its groups got, by the last part of their names
	 */
	ListeningApplication(KafkaCluster cluster, String topic, Map<String, Deliveries> deliveries) {
		this.properties = new HashMap<>(CheckedApplication.settings(cluster));
		this.properties.put("topic", topic);
		this.deliveries = deliveries;
	}

	static Map<String, Deliveries> groups() {
		return Map.of("classic", new Deliveries(), "newer", new Deliveries(), "batch", new Deliveries());
	}

	void start() {
		this.suspects.clear();
		this.got.clear();
		this.process = ChildProcess.start(ListeningMain.class, this.properties, this::said);
	}

	private void said(List<String> words) {
		switch (words.get(0)) {
			case "GOT" -> {
				this.deliveries.get(words.get(1))
					.got(Integer.parseInt(words.get(2)), Long.parseLong(words.get(3)), words.get(4));
				this.got.merge(words.get(1), 1L, Long::sum);
			}
			case "SUSPECTS" -> this.suspects.put(words.get(1), Long.parseLong(words.get(2)));
			default -> this.findings.add(words);
		}
	}

	/**
	 * Wait until each of its groups has given it something.
	 */
	void awaitDeliveries() {
		await().atMost(Duration.ofMinutes(2))
			.until(() -> this.deliveries.keySet().stream().allMatch((group) -> this.got.getOrDefault(group, 0L) > 0));
	}

	void kill() {
		this.process.kill();
	}

	void stop() {
		this.process.stop();
	}

	List<List<String>> findings() {
		return List.copyOf(this.findings);
	}

	boolean isWithoutSuspects() {
		return this.deliveries.keySet().stream().allMatch((group) -> this.suspects.getOrDefault(group, -1L) == 0);
	}

	@Override
	public void close() {
		if (this.process != null) {
			this.process.close();
		}
	}

}
