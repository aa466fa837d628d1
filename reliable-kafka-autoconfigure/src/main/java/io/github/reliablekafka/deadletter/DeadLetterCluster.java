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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.BoundedProducer;
import io.github.reliablekafka.durability.ConnectionSettings;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * One cluster as the place where dead letters come from and go to. A dead letter that
 * could not be published in time goes into the spool if there is one; if not, its record
 * stays where it is and comes again. Safe for use by many threads.
 */
final class DeadLetterCluster implements AutoCloseable {

	private final OriginalRecords originals;

	private final DeadLetterTopics topics;

	private final BoundedProducer producer;

	private final SpooledLetters spooled;

	private final Duration timeout;

	private final Map<String, Object> readConnection;

	private final Map<String, Object> writeConnection;

	/**
	 * Create a cluster; nothing is connected before the first dead letter.
	 * @param readConnection how consumers reach it
	 * @param writeConnection how producers reach it
	 * @param timeout longest time that reading, creating the topic and publishing take
	 * together; looking at the topic again and the spool take a third of it more at most
	 * @param spooled what is not published
	 */
	DeadLetterCluster(Map<String, Object> readConnection, Map<String, Object> writeConnection, Duration timeout,
			SpooledLetters spooled) {
		this.originals = new OriginalRecords(readConnection);
		this.topics = new DeadLetterTopics(writeConnection);
		this.timeout = timeout;
		this.spooled = spooled;
		this.readConnection = readConnection;
		this.writeConnection = writeConnection;
		this.producer = new BoundedProducer(writeConnection, "reliable-kafka-dead-letter", timeout);
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
	 * Publish a record to a retry topic or dead letter topic and wait for its
	 * acknowledgement. What is for a dead letter topic whose partition takes nothing now
	 * goes into the spool.
	 * @param deadLetterTopic the topic it goes to, created if need be
	 * @param origin the partition it comes from; a dead letter keeps the number
	 * @param key the key
	 * @param value the value
	 * @param headers the headers
	 * @param longestStay the longest time that records stay in the topic on purpose;
	 * {@code null} for a dead letter topic, which never deletes anything
	 * @return {@code false} if it is in the spool, on disk
	 * @throws KafkaException if it is not acknowledged in time, and not in the spool
	 */
	boolean publish(String deadLetterTopic, TopicPartition origin, byte @Nullable [] key, byte @Nullable [] value,
			Headers headers, @Nullable Duration longestStay) {
		long deadline = System.nanoTime() + this.timeout.minus(share()).toNanos();
		this.topics.provide(deadLetterTopic, origin.topic(), longestStay, share());
		int partitions = countPartitions(deadLetterTopic);
		ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(deadLetterTopic,
				partition(origin.partition(), partitions, key), key, value, headers);
		if (longestStay == null && this.spooled.isBehind(letter, this.producer.clusterId())) {
			String refusal = tooLarge(letter);
			if (refusal != null) {
				throw new KafkaException("Dead letters for %s-%s wait in the spool, and this one cannot: %s"
					.formatted(deadLetterTopic, letter.partition(), refusal));
			}
			this.spooled.put(letter, this.producer.clusterId(), share());
			return false;
		}
		try {
			publish(letter, deadline);
			return true;
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (KafkaException ex) {
			this.topics.forget(deadLetterTopic);
			if (longestStay == null && this.spooled.isOpenFor(ex) && isSpooled(letter, origin, partitions, ex)) {
				return false;
			}
			throw ex;
		}
	}

	// Within the share of the spool. The topic is there first, and again if it was
	// deleted: what waits for one that does not exist is parked.
	private boolean isSpooled(ProducerRecord<byte[], byte[]> letter, TopicPartition origin, int partitions,
			KafkaException failure) {
		long deadline = System.nanoTime() + share().toNanos();
		boolean provided = this.topics.provide(letter.topic(), origin.topic(), null, share().dividedBy(2));
		String refusal = provided ? tooLarge(letter) : "nobody knows whether its topic still exists";
		if (refusal != null) {
			this.spooled.refused(letter, refusal);
			return false;
		}
		Duration left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
		return this.spooled.isTaken(letter, origin.partition() % partitions, this.producer.clusterId(), failure, left);
	}

	// What is in the spool is written as the application's producers write, which may
	// not compress.
	private @Nullable String tooLarge(ProducerRecord<byte[], byte[]> letter) {
		return this.topics.isSmallEnough(letter) ? null
				: "it is larger than max.message.bytes of its topic, unless it is compressed";
	}

	private void publish(ProducerRecord<byte[], byte[]> letter, long deadline) {
		try {
			this.producer.send(letter)
				.get(Math.max(share().toNanos(), deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptException(ex);
		}
		catch (ExecutionException ex) {
			throw new KafkaException("Dead letter topic '%s' did not take the record".formatted(letter.topic()),
					ex.getCause());
		}
		catch (TimeoutException ex) {
			// It comes again, or goes through the spool, and should not be there twice.
			this.producer.abandon();
			throw new KafkaException("Dead letter topic '%s' did not acknowledge the record within %s"
				.formatted(letter.topic(), this.timeout), ex);
		}
	}

	private int countPartitions(String deadLetterTopic) {
		try {
			return this.producer.partitionsFor(deadLetterTopic).size();
		}
		catch (KafkaException ex) {
			this.topics.forget(deadLetterTopic);
			throw ex;
		}
	}

	// Where there are fewer, as Kafka does it: by the key, or anywhere.
	private static @Nullable Integer partition(int origin, int partitions, byte @Nullable [] key) {
		if (origin < partitions) {
			return origin;
		}
		return (key != null) ? Utils.toPositive(Utils.murmur2(key)) % partitions : null;
	}

	/**
	 * Longest time for one dead letter.
	 * @return the timeout
	 */
	Duration timeout() {
		return this.timeout;
	}

	/**
	 * A consumer of bytes that commits nothing and is no member of a group, unless it is
	 * told otherwise.
	 * @param settings what it has besides
	 * @return to be closed by the caller
	 */
	Consumer<byte[], byte[]> reader(Map<String, Object> settings) {
		Map<String, Object> all = ConnectionSettings.ofOwnClient(this.readConnection,
				"reliable-kafka-dead-letter-reader");
		all.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		all.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
		all.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
		all.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
		// What is read has an end, at which nobody should wait for more.
		all.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, "10");
		all.putAll(settings);
		return new KafkaConsumer<>(all, new ByteArrayDeserializer(), new ByteArrayDeserializer());
	}

	/**
	 * An admin client with the credentials that write.
	 * @param timeout longest time for one call
	 * @return to be closed by the caller
	 */
	BoundedAdmin admin(Duration timeout) {
		return new BoundedAdmin(this.writeConnection, "reliable-kafka-dead-letter-admin", timeout);
	}

	/**
	 * See to it that a topic exists that is as safe as another one.
	 * @param topic its name
	 * @param model the other
	 * @param longestStay the longest time that records stay in it on purpose;
	 * {@code null} for a topic that never deletes anything
	 * @return whether it exists
	 */
	boolean provide(String topic, String model, @Nullable Duration longestStay) {
		return this.topics.provide(topic, model, longestStay, share());
	}

	/**
	 * The partitions of a topic that exists.
	 * @param topic the topic
	 * @return in no order
	 */
	List<PartitionInfo> partitionsFor(String topic) {
		return this.producer.partitionsFor(topic);
	}

	/**
	 * Send a record.
	 * @param record the record
	 * @return completes when it is acknowledged
	 */
	CompletableFuture<Void> send(ProducerRecord<byte[], byte[]> record) {
		return this.producer.send(record);
	}

	private Duration share() {
		return Duration.ofMillis(Math.max(1, this.timeout.toMillis() / 3));
	}

	@Override
	public void close() {
		this.originals.close();
		this.producer.close();
	}

}
