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

import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Sends records at a steady rate, from a thread of its own, and writes down where each of
 * them is.
 */
public final class SteadyRecords implements AutoCloseable {

	private final Map<TopicPartition, Map<Long, String>> acknowledged = new ConcurrentHashMap<>();

	private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();

	private final AtomicInteger sent = new AtomicInteger();

	private final AtomicInteger settled = new AtomicInteger();

	private final Sender sender;

	private final Thread thread;

	private volatile boolean ended;

	/**
	 * Begin to send.
	 * @param partitions how many the topic has
	 * @param pause between two records
	 * @param random chooses partitions
	 * @param values the value of each record, by its number
	 * @param sender sends them
	 */
	public SteadyRecords(int partitions, Duration pause, Random random, IntFunction<String> values, Sender sender) {
		this.sender = sender;
		this.thread = new Thread(() -> {
			while (!this.ended) {
				send(random.nextInt(partitions), values.apply(this.sent.get()));
				sleep(pause);
			}
		}, "steady-records");
		this.thread.setDaemon(true);
		this.thread.start();
	}

	/**
	 * Send one more.
	 * @param partition its partition
	 * @param value its value
	 */
	public void send(int partition, String value) {
		this.sent.incrementAndGet();
		try {
			this.sender.send(partition, value, (metadata, failure) -> settle(value, metadata, failure));
		}
		catch (RuntimeException ex) {
			settle(value, null, ex);
		}
	}

	private void settle(String value, RecordMetadata metadata, Exception failure) {
		if (failure != null) {
			this.failures.add(failure);
		}
		else {
			this.acknowledged
				.computeIfAbsent(new TopicPartition(metadata.topic(), metadata.partition()),
						(key) -> new ConcurrentHashMap<>())
				.put(metadata.offset(), value);
		}
		this.settled.incrementAndGet();
	}

	/**
	 * What was acknowledged.
	 * @return values by partition and offset
	 */
	public Map<TopicPartition, Map<Long, String>> acknowledged() {
		return this.acknowledged;
	}

	/**
	 * Send nothing more, and see that everything was acknowledged.
	 */
	public void end() {
		close();
		await().atMost(Duration.ofMinutes(2)).until(() -> !this.thread.isAlive());
		awaitAcknowledged();
	}

	/**
	 * See that everything that was sent is acknowledged.
	 */
	public void awaitAcknowledged() {
		await().atMost(Duration.ofMinutes(2)).until(() -> this.settled.get() == this.sent.get());
		assertThat(this.failures).isEmpty();
	}

	@Override
	public void close() {
		this.ended = true;
	}

	private static void sleep(Duration pause) {
		try {
			Thread.sleep(pause.toMillis());
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/**
	 * Sends one record.
	 */
	@FunctionalInterface
	public interface Sender {

		/**
		 * Send a record.
		 * @param partition its partition
		 * @param value its value
		 * @param callback is told what has become of it
		 */
		void send(int partition, String value, Callback callback);

	}

}
