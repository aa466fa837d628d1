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

package io.github.reliablekafka.watermark;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.BoundedProducer;
import io.github.reliablekafka.durability.ConnectionSettings;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Clients of one cluster that are none of the application's: whatever they do ends within
 * a timeout, and nothing of them is numbered, checked or measured. Safe for use by many
 * threads.
 */
final class AuditClients {

	/**
	 * Longest time that an answer of an application's cluster may take.
	 */
	static final Duration TIMEOUT = Duration.ofSeconds(30);

	private final Map<String, Object> connection;

	private final Duration timeout;

	private final BoundedAdmin admin;

	private final BoundedProducer producer;

	private final BoundedProducer stateProducer;

	private volatile boolean closed;

	/**
	 * Create clients that are not connected.
	 * @param connection how to reach the cluster
	 * @param timeout longest time that an answer may take; a request, a third of it
	 */
	AuditClients(Map<String, Object> connection, Duration timeout) {
		this.connection = connection;
		this.timeout = timeout;
		this.admin = new BoundedAdmin(connection, "reliable-kafka-audit-admin", timeout);
		this.producer = new BoundedProducer(connection, "reliable-kafka-audit-producer", timeout);
		this.stateProducer = new BoundedProducer(connection, "reliable-kafka-audit-state-producer", timeout);
	}

	Duration timeout() {
		return this.timeout;
	}

	/**
	 * Until when an answer to what is asked now may come.
	 * @return by {@link System#nanoTime()}
	 */
	long deadline() {
		return System.nanoTime() + this.timeout.toNanos();
	}

	/**
	 * Wait for an answer.
	 * @param <T> its type
	 * @param future the answer
	 * @return the answer
	 * @throws KafkaException if it is a failure, or does not come
	 */
	<T> T get(@Nullable KafkaFuture<T> future) {
		return BoundedAdmin.get(future, deadline());
	}

	/**
	 * The one admin client.
	 * @return not to be closed by the caller
	 */
	BoundedAdmin admin() {
		return this.admin;
	}

	/**
	 * The producer of watermarks.
	 * @return not to be closed by the caller
	 */
	BoundedProducer producer() {
		return this.producer;
	}

	/**
	 * The producer of states, which may be late without holding up watermarks.
	 * @return not to be closed by the caller
	 */
	BoundedProducer stateProducer() {
		return this.stateProducer;
	}

	/**
	 * A consumer of whole records without a group.
	 * @return to be closed by the caller
	 */
	Consumer<byte[], byte[]> consumer() {
		return consumer("earliest", IsolationLevel.READ_UNCOMMITTED, new ByteArrayDeserializer());
	}

	/**
	 * A consumer of anything but contents, without a group and with an exception for an
	 * offset that is not there.
	 * @param isolation which records are visible
	 * @return to be closed by the caller; its records have neither key nor value
	 */
	Consumer<byte[], byte[]> headersConsumer(IsolationLevel isolation) {
		return consumer("none", isolation, (topic, data) -> null);
	}

	private Consumer<byte[], byte[]> consumer(String reset, IsolationLevel isolation,
			Deserializer<byte[]> deserializer) {
		if (this.closed) {
			throw new IllegalStateException("The application is shutting down");
		}
		Map<String, Object> settings = ConnectionSettings.ofOwnClient(this.connection, "reliable-kafka-audit-consumer");
		settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) this.timeout.toMillis() / 3);
		settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) this.timeout.toMillis());
		settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, reset);
		settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation.toString().toLowerCase(Locale.ROOT));
		settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
		settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "5000");
		return new KafkaConsumer<>(settings, deserializer, deserializer);
	}

	/**
	 * Close the admin client and the producers without waiting; there will be no further
	 * client.
	 */
	void close() {
		this.closed = true;
		this.producer.close(Duration.ZERO);
		this.stateProducer.close(Duration.ZERO);
		this.admin.close();
	}

}
