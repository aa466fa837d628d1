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
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;

/**
 * One cluster as the place where dead letters come from and go to. Its producer is none
 * of the application's: it gives up after a bounded time, because a record that could not
 * be published stays where it is and comes again, whereas the application's never give
 * up. Safe for use by many threads.
 */
final class DeadLetterCluster implements AutoCloseable {

	private static final Set<Class<? extends ApiException>> OF_RECORD = Set.of(RecordTooLargeException.class,
			RecordBatchTooLargeException.class, InvalidRecordException.class, InvalidTimestampException.class,
			InvalidTopicException.class, TopicAuthorizationException.class, UnknownTopicOrPartitionException.class,
			PolicyViolationException.class, NotEnoughReplicasException.class);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);

	private final OriginalRecords originals;

	private final DeadLetterTopics topics;

	private final Map<String, Object> settings;

	private final Duration timeout;

	private final ReentrantLock lock = new ReentrantLock();

	private @Nullable Producer<byte[], byte[]> producer;

	private boolean closed;

	/**
	 * Create a cluster; nothing is connected before the first dead letter.
	 * @param readConnection how consumers reach it
	 * @param writeConnection how producers reach it
	 * @param timeout longest time that reading, creating the topic and publishing take
	 * together
	 */
	DeadLetterCluster(Map<String, Object> readConnection, Map<String, Object> writeConnection, Duration timeout) {
		this.originals = new OriginalRecords(readConnection);
		this.topics = new DeadLetterTopics(writeConnection);
		this.timeout = timeout;
		this.settings = new HashMap<>(writeConnection);
		long third = share().toMillis();
		this.settings.put(ProducerConfig.CLIENT_ID_CONFIG, "reliable-kafka-dead-letter");
		this.settings.put(ProducerConfig.ACKS_CONFIG, "all");
		this.settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true");
		this.settings.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, "1");
		this.settings.put(ProducerConfig.LINGER_MS_CONFIG, "0");
		this.settings.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, String.valueOf(timeout.toMillis()));
		this.settings.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, String.valueOf(third));
		this.settings.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, String.valueOf(third));
		// The broker knows what is too large, and the record was not for the topic it
		// comes from.
		this.settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, String.valueOf(Integer.MAX_VALUE));
	}

	/**
	 * Read a record as it is in Kafka.
	 * @param record where it is
	 * @return {@code null} if it is no longer there
	 */
	@Nullable ConsumerRecord<byte[], byte[]> original(ConsumerRecord<?, ?> record) {
		return this.originals.read(record, share());
	}

	/**
	 * Publish a dead letter and wait for its acknowledgement.
	 * @param deadLetterTopic the topic it goes to, created if need be
	 * @param origin the partition it comes from; a dead letter keeps the number
	 * @param key the key
	 * @param value the value
	 * @param headers the headers
	 * @throws KafkaException if it is not acknowledged in time
	 */
	void publish(String deadLetterTopic, TopicPartition origin, byte @Nullable [] key, byte @Nullable [] value,
			Headers headers) {
		long deadline = System.nanoTime() + this.timeout.minus(share()).toNanos();
		this.topics.provide(deadLetterTopic, origin.topic(), share());
		Producer<byte[], byte[]> producer = producer();
		try {
			Integer partition = producer.partitionsFor(deadLetterTopic)
				.stream()
				.map(PartitionInfo::partition)
				.filter((number) -> number == origin.partition())
				.findFirst()
				.orElse(null);
			Future<RecordMetadata> acknowledgement = producer
				.send(new ProducerRecord<>(deadLetterTopic, partition, key, value, headers));
			acknowledgement.get(Math.max(share().toNanos(), deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptException(ex);
		}
		catch (KafkaException ex) {
			giveUp(producer, deadLetterTopic, ex);
			throw ex;
		}
		catch (ExecutionException ex) {
			giveUp(producer, deadLetterTopic, ex.getCause());
			throw new KafkaException("Dead letter topic '%s' did not take the record".formatted(deadLetterTopic),
					ex.getCause());
		}
		catch (TimeoutException ex) {
			giveUp(producer, deadLetterTopic, ex);
			throw new KafkaException("Dead letter topic '%s' did not acknowledge the record within %s"
				.formatted(deadLetterTopic, this.timeout), ex);
		}
	}

	private Duration share() {
		return Duration.ofMillis(Math.max(1, this.timeout.toMillis() / 3));
	}

	private Producer<byte[], byte[]> producer() {
		this.lock.lock();
		try {
			if (this.closed) {
				throw new IllegalStateException("The application is shutting down");
			}
			if (this.producer == null) {
				this.producer = new KafkaProducer<>(this.settings, new ByteArraySerializer(),
						new ByteArraySerializer());
			}
			return this.producer;
		}
		finally {
			this.lock.unlock();
		}
	}

	// Some failures of a producer are for good, and what is still in its buffer comes
	// again. If only this record is refused, the dead letters of others go on.
	private void giveUp(Producer<byte[], byte[]> failed, String deadLetterTopic, @Nullable Throwable failure) {
		this.topics.forget(deadLetterTopic);
		if (failure != null && isOfRecord(failure)) {
			return;
		}
		this.lock.lock();
		try {
			if (this.producer == failed) {
				this.producer = null;
			}
		}
		finally {
			this.lock.unlock();
		}
		failed.close(Duration.ZERO);
	}

	/**
	 * Whether a failure says something about the record or its topic, and nothing about
	 * the producer.
	 * @param failure why a dead letter was not published
	 * @return {@code false} if in doubt
	 */
	static boolean isOfRecord(Throwable failure) {
		return OF_RECORD.stream().anyMatch((type) -> type.isInstance(failure));
	}

	@Override
	public void close() {
		this.originals.close();
		Producer<byte[], byte[]> last;
		this.lock.lock();
		try {
			this.closed = true;
			last = this.producer;
			this.producer = null;
		}
		finally {
			this.lock.unlock();
		}
		if (last != null) {
			last.close(CLOSE_TIMEOUT);
		}
	}

}
