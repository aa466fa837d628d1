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
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Acknowledged;
import io.github.reliablekafka.test.KafkaCluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * {@link SendingMain}: a process that is killed, stopped and started again. What it says
 * was acknowledged is written down.
 */
final class SendingApplication implements AutoCloseable {

	private final Map<String, String> properties;

	private final String topic;

	private final AcknowledgedRecords acknowledged;

	/** The sessions of processes that were killed. */
	final Set<Long> killed = ConcurrentHashMap.newKeySet();

	private final Set<Long> sessions = ConcurrentHashMap.newKeySet();

	private final AtomicInteger count = new AtomicInteger();

	private ChildProcess process;

	private int runs;

	SendingApplication(KafkaCluster cluster, String topic, AcknowledgedRecords acknowledged) {
		this.properties = new HashMap<>(CheckedApplication.settings(cluster));
		this.properties.put("topic", topic);
		this.topic = topic;
		this.acknowledged = acknowledged;
	}

	/**
	 * Set a property of the processes to come.
	 * @param name its name
	 * @param value its value
	 * @return this
	 */
	SendingApplication with(String name, String value) {
		this.properties.put(name, value);
		return this;
	}

	void start() {
		this.sessions.clear();
		this.count.set(0);
		this.properties.put("prefix", "run" + ++this.runs);
		this.process = ChildProcess.start(SendingMain.class, this.properties, this::said);
	}

	private void said(List<String> words) {
		assertThat(words).hasSize(7);
		Acknowledged record = new Acknowledged(this.topic, Integer.parseInt(words.get(1)), Long.parseLong(words.get(2)),
				words.get(3), Long.parseLong(words.get(4)), Long.parseLong(words.get(5)), Long.parseLong(words.get(6)));
		this.acknowledged.add(record);
		this.sessions.add(record.session());
		this.count.incrementAndGet();
	}

	/**
	 * Wait until the running process has sent this many.
	 * @param records how many were acknowledged
	 */
	void awaitAcknowledged(int records) {
		await().atMost(Duration.ofMinutes(2)).until(() -> this.count.get() >= records);
	}

	void kill() {
		this.process.kill();
		this.killed.addAll(this.sessions);
	}

	void stop() {
		this.process.stop();
	}

	@Override
	public void close() {
		if (this.process != null) {
			this.process.close();
		}
	}

}
