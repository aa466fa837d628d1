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

package io.github.reliablekafka.deadletter;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

import io.github.reliablekafka.durability.ConnectionSettings;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * Reads single records again as they are in Kafka. What a listener holds is no longer
 * exactly what was sent: a serializer may write an equal value with other bytes, and a
 * deserializer may take headers away. Belongs to no group and commits nothing. Safe for
 * use by many threads, one at a time.
 */
final class OriginalRecords implements AutoCloseable {

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

	private final Map<String, Object> settings;

	private final ReentrantLock lock = new ReentrantLock();

	private @Nullable Consumer<byte[], byte[]> consumer;

	private boolean closed;

	OriginalRecords(Map<String, Object> connection) {
		this.settings = ConnectionSettings.ofOwnClient(connection, "reliable-kafka-dead-letter-source");
		this.settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		this.settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
		this.settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, "1");
		this.settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
		// The next record waits for a fetch that finds nothing behind the last one.
		this.settings.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "10");
	}

	/**
	 * Read a record.
	 * @param record where it is and when it was written
	 * @param timeout longest time to take
	 * @return {@code null} if it is no longer there
	 * @throws TimeoutException if it could not be read in time
	 */
	@Nullable ConsumerRecord<byte[], byte[]> read(ConsumerRecord<?, ?> record, Duration timeout) {
		long deadline = System.nanoTime() + timeout.toNanos();
		lock(record, timeout);
		try {
			Consumer<byte[], byte[]> consumer = consumer();
			TopicPartition partition = new TopicPartition(record.topic(), record.partition());
			consumer.assign(List.of(partition));
			consumer.seek(partition, record.offset());
			for (long left = deadline - System.nanoTime(); left > 0; left = deadline - System.nanoTime()) {
				for (ConsumerRecord<byte[], byte[]> found : consumer.poll(Duration.ofNanos(left))) {
					boolean same = found.offset() == record.offset() && found.timestamp() == record.timestamp();
					return same ? found : null;
				}
			}
			throw new TimeoutException(
					"Could not read %s@%d again within %s".formatted(partition, record.offset(), timeout));
		}
		catch (OffsetOutOfRangeException ex) {
			return null;
		}
		finally {
			if (this.consumer != null) {
				this.consumer.unsubscribe();
			}
			this.lock.unlock();
		}
	}

	private void lock(ConsumerRecord<?, ?> record, Duration timeout) {
		try {
			if (!this.lock.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
				throw new TimeoutException("Could not read %s-%d@%d again within %s, because others were read"
					.formatted(record.topic(), record.partition(), record.offset(), timeout));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptException(ex);
		}
	}

	private Consumer<byte[], byte[]> consumer() {
		if (this.closed) {
			throw new IllegalStateException("The application is shutting down");
		}
		if (this.consumer == null) {
			this.consumer = new KafkaConsumer<>(this.settings, new ByteArrayDeserializer(),
					new ByteArrayDeserializer());
		}
		return this.consumer;
	}

	@Override
	public void close() {
		this.lock.lock();
		try {
			this.closed = true;
			if (this.consumer != null) {
				this.consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
				this.consumer = null;
			}
		}
		finally {
			this.lock.unlock();
		}
	}

}
