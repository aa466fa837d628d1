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
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Deserializer;
import org.jspecify.annotations.Nullable;

/**
 * Clients of one cluster that are none of the application's: whatever they do ends within
 * half a minute, and nothing of them is numbered, checked or measured. Safe for use by
 * many threads.
 */
final class AuditClients {

	/**
	 * Longest time that an answer of the cluster may take.
	 */
	static final Duration TIMEOUT = Duration.ofSeconds(30);

	private static final String REQUEST_TIMEOUT_MS = "10000";

	private static final AtomicInteger count = new AtomicInteger();

	private final Map<String, Object> connection;

	private @Nullable Admin admin;

	private boolean closed;

	/**
	 * Create no client yet.
	 * @param connection how to reach the cluster
	 */
	AuditClients(Map<String, Object> connection) {
		this.connection = connection;
	}

	/**
	 * The one admin client, created when it is asked for first.
	 * @return not to be closed by the caller
	 */
	synchronized Admin admin() {
		requireOpen();
		if (this.admin == null) {
			Map<String, Object> settings = settings("admin");
			settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) TIMEOUT.toMillis());
			this.admin = Admin.create(settings);
		}
		return this.admin;
	}

	/**
	 * A producer that gives up.
	 * @return to be closed by the caller
	 */
	Producer<byte[], byte[]> producer() {
		synchronized (this) {
			requireOpen();
		}
		Map<String, Object> settings = settings("producer");
		settings.put(ProducerConfig.ACKS_CONFIG, "all");
		settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
		settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) TIMEOUT.toMillis());
		settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, "5000");
		settings.put(ProducerConfig.LINGER_MS_CONFIG, "5");
		// The only one that needs no library.
		settings.put(ProducerConfig.COMPRESSION_TYPE_CONFIG, "gzip");
		return new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer());
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
		synchronized (this) {
			requireOpen();
		}
		Map<String, Object> settings = settings("consumer");
		settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) TIMEOUT.toMillis());
		settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, reset);
		settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation.toString().toLowerCase(Locale.ROOT));
		settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
		settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "5000");
		return new KafkaConsumer<>(settings, deserializer, deserializer);
	}

	private Map<String, Object> settings(String kind) {
		Map<String, Object> settings = new HashMap<>(this.connection);
		settings.put(AdminClientConfig.CLIENT_ID_CONFIG,
				"reliable-kafka-audit-%s-%d".formatted(kind, count.incrementAndGet()));
		settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, REQUEST_TIMEOUT_MS);
		settings.put(AdminClientConfig.ENABLE_METRICS_PUSH_CONFIG, "false");
		return settings;
	}

	private void requireOpen() {
		if (this.closed) {
			throw new IllegalStateException("The application is shutting down");
		}
	}

	/**
	 * Close the admin client without waiting; there will be no further client.
	 */
	synchronized void close() {
		this.closed = true;
		if (this.admin != null) {
			this.admin.close(Duration.ZERO);
		}
	}

}
