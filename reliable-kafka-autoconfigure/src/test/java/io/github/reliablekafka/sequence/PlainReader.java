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

import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A group without the starter, with what others do to find losses: it expects the next
 * number of each session and partition, and the next offset of each partition. What it
 * remembers survives that it is stopped, which is more than they can do.
 */
final class PlainReader {

	private final String servers;

	private final String topic;

	private final String group;

	private final boolean readCommitted;

	private final String reset;

	private final Map<String, Long> lastNumbers = new HashMap<>();

	private final Map<Integer, Long> nextOffsets = new HashMap<>();

	final Set<String> values = ConcurrentHashMap.newKeySet();

	/** What the checker of numbers called lost. */
	final Set<Numbered> lostNumbers = ConcurrentHashMap.newKeySet();

	/** What the checker of offsets called lost; its number is the offset. */
	final Set<Numbered> lostOffsets = ConcurrentHashMap.newKeySet();

	private final Map<Integer, Long> positions = new ConcurrentHashMap<>();

	private volatile boolean stopped;

	private Thread thread;

	PlainReader(String servers, String topic, String group, boolean readCommitted, String reset) {
		this.servers = servers;
		this.topic = topic;
		this.group = group;
		this.readCommitted = readCommitted;
		this.reset = reset;
	}

	String group() {
		return this.group;
	}

	boolean readCommitted() {
		return this.readCommitted;
	}

	void start() {
		this.stopped = false;
		this.positions.clear();
		this.thread = new Thread(this::run, this.group);
		this.thread.setDaemon(true);
		this.thread.start();
	}

	void stop() {
		this.stopped = true;
		try {
			this.thread.join(30_000);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Where it will read on.
	 * @param partition the partition
	 * @return -1 if unknown
	 */
	long position(int partition) {
		return this.positions.getOrDefault(partition, -1L);
	}

	private void run() {
		Map<String, Object> settings = Map.of("bootstrap.servers", this.servers, "group.id", this.group,
				"isolation.level", this.readCommitted ? "read_committed" : "read_uncommitted", "auto.offset.reset",
				this.reset, "enable.auto.commit", false, "metadata.max.age.ms", 1000, "request.timeout.ms", 3000,
				"default.api.timeout.ms", 5000, "session.timeout.ms", 6000);
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings, new StringDeserializer(),
				new StringDeserializer())) {
			consumer.subscribe(List.of(this.topic));
			while (!this.stopped) {
				try {
					poll(consumer);
				}
				catch (KafkaException ex) {
					// The cluster has its faults.
				}
			}
		}
		catch (KafkaException ex) {
			// Nor can it leave the group in time.
		}
	}

	private void poll(KafkaConsumer<String, String> consumer) {
		ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(100));
		records.forEach(this::check);
		if (!records.isEmpty()) {
			consumer.commitSync();
		}
		for (TopicPartition partition : consumer.assignment()) {
			this.positions.put(partition.partition(), consumer.position(partition, Duration.ofMillis(200)));
		}
	}

	private void check(ConsumerRecord<String, String> record) {
		this.values.add(record.value());
		int partition = record.partition();
		long expected = this.nextOffsets.getOrDefault(partition, record.offset());
		for (long lost = expected; lost < record.offset(); lost++) {
			this.lostOffsets.add(new Numbered(0, partition, lost));
		}
		this.nextOffsets.put(partition, record.offset() + 1);
		Header header = record.headers().lastHeader(Stamp.HEADER);
		Stamp stamp = (header != null) ? Stamp.decode(new Lane(this.topic, partition), header.value()) : null;
		if (stamp != null) {
			long number = this.readCommitted ? stamp.number() : stamp.appendNumber();
			Long last = this.lastNumbers.put(stamp.session() + "-" + partition, number);
			for (long lost = (last != null) ? last + 1 : number; lost < number; lost++) {
				this.lostNumbers.add(new Numbered(stamp.session(), partition, lost));
			}
		}
	}

}
