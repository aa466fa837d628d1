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
import org.jspecify.annotations.Nullable;

/**
 * One cluster as the place where dead letters come from and go to. A record that could
 * not be published in time stays where it is and comes again. Safe for use by many
 * threads.
 */
final class DeadLetterCluster implements AutoCloseable {

	private final OriginalRecords originals;

	private final DeadLetterTopics topics;

	private final BoundedProducer producer;

	private final Duration timeout;

	private final Map<String, Object> readConnection;

	private final Map<String, Object> writeConnection;

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
	 * Publish a dead letter and wait for its acknowledgement.
	 * @param deadLetterTopic the topic it goes to, created if need be
	 * @param origin the partition it comes from; a dead letter keeps the number
	 * @param key the key
	 * @param value the value
	 * @param headers the headers
	 * @param forEver whether the topic, if it is created now, never deletes anything
	 * @throws KafkaException if it is not acknowledged in time
	 */
	void publish(String deadLetterTopic, TopicPartition origin, byte @Nullable [] key, byte @Nullable [] value,
			Headers headers, boolean forEver) {
		long deadline = System.nanoTime() + this.timeout.minus(share()).toNanos();
		this.topics.provide(deadLetterTopic, origin.topic(), forEver, share());
		try {
			Integer partition = this.producer.partitionsFor(deadLetterTopic)
				.stream()
				.map(PartitionInfo::partition)
				.filter((number) -> number == origin.partition())
				.findFirst()
				.orElse(null);
			CompletableFuture<Void> acknowledgement = this.producer
				.send(new ProducerRecord<>(deadLetterTopic, partition, key, value, headers));
			acknowledgement.get(Math.max(share().toNanos(), deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new InterruptException(ex);
		}
		catch (KafkaException ex) {
			this.topics.forget(deadLetterTopic);
			throw ex;
		}
		catch (ExecutionException ex) {
			this.topics.forget(deadLetterTopic);
			throw new KafkaException("Dead letter topic '%s' did not take the record".formatted(deadLetterTopic),
					ex.getCause());
		}
		catch (TimeoutException ex) {
			this.topics.forget(deadLetterTopic);
			// It comes again, and should not be there twice.
			this.producer.abandon();
			throw new KafkaException("Dead letter topic '%s' did not acknowledge the record within %s"
				.formatted(deadLetterTopic, this.timeout), ex);
		}
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
	 * @param forEver whether the topic, if it is created now, never deletes anything
	 * @return whether it exists
	 */
	boolean provide(String topic, String model, boolean forEver) {
		return this.topics.provide(topic, model, forEver, share());
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
