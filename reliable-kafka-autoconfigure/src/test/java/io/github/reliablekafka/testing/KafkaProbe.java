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

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;

import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.awaitility.Awaitility;

/**
 * Looks at a cluster from outside the application under test, with plain clients.
 */
public final class KafkaProbe implements AutoCloseable {

	private final String bootstrapServers;

	private final Admin admin;

	private final KafkaProducer<byte[], byte[]> producer;

	public KafkaProbe(String bootstrapServers) {
		this.bootstrapServers = bootstrapServers;
		this.admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers));
		this.producer = new KafkaProducer<>(Map.of("bootstrap.servers", bootstrapServers), new ByteArraySerializer(),
				new ByteArraySerializer());
	}

	public String bootstrapServers() {
		return this.bootstrapServers;
	}

	public void createTopic(String name, int partitions) {
		createTopic(name, partitions, Map.of());
	}

	public void createTopic(String name, int partitions, Map<String, String> configs) {
		await(() -> this.admin.createTopics(List.of(new NewTopic(name, partitions, (short) 1).configs(configs)))
			.all()
			.get());
		// The controller has answered: the broker itself hears of it a little later.
		Awaitility.await()
			.ignoreExceptionsInstanceOf(ExecutionException.class)
			.until(() -> this.admin.describeTopics(List.of(name)).allTopicNames().get().containsKey(name));
	}

	public void alterTopic(String name, String config, String value) {
		await(() -> this.admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, name),
				List.of(new AlterConfigOp(new ConfigEntry(config, value), AlterConfigOp.OpType.SET))))
			.all()
			.get());
	}

	public String topicConfig(String name, String config) {
		ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, name);
		return awaitKnown(() -> this.admin.describeConfigs(List.of(resource)).all().get().get(resource)).get(config)
			.value();
	}

	public int partitions(String topic) {
		return awaitKnown(() -> this.admin.describeTopics(List.of(topic)).allTopicNames().get()).get(topic)
			.partitions()
			.size();
	}

	public void send(String topic, int partition, String key, String value) {
		send(topic, partition, bytes(key), bytes(value));
	}

	public void send(String topic, int partition, byte[] key, byte[] value, Header... headers) {
		ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, partition, key, value,
				List.of(new RecordHeader("origin", bytes("probe"))));
		List.of(headers).forEach(record.headers()::add);
		await(() -> this.producer.send(record).get());
	}

	public static byte[] bytes(String text) {
		return (text != null) ? text.getBytes(StandardCharsets.UTF_8) : null;
	}

	/**
	 * All records of a topic, as they are now.
	 * @param topic the topic
	 * @return in the order of partitions and offsets, empty if there is no such topic
	 */
	public List<ConsumerRecord<byte[], byte[]>> records(String topic) {
		if (!await(() -> this.admin.listTopics().names().get()).contains(topic)) {
			return List.of();
		}
		try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
				// To close waits for a request that is on its way.
				Map.of("bootstrap.servers", this.bootstrapServers, "isolation.level", "read_committed",
						"fetch.max.wait.ms", 50),
				new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
			List<TopicPartition> partitions = consumer.partitionsFor(topic)
				.stream()
				.map((info) -> new TopicPartition(topic, info.partition()))
				.sorted((a, b) -> a.partition() - b.partition())
				.toList();
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
			Map<Integer, List<ConsumerRecord<byte[], byte[]>>> found = new HashMap<>();
			while (partitions.stream().anyMatch((partition) -> consumer.position(partition) < ends.get(partition))) {
				consumer.poll(Duration.ofMillis(100))
					.forEach((record) -> found.computeIfAbsent(record.partition(), (key) -> new ArrayList<>())
						.add(record));
			}
			return found.values().stream().flatMap(List::stream).toList();
		}
	}

	public List<String> values(String topic) {
		return records(topic).stream()
			.map((record) -> (record.value() != null) ? new String(record.value(), StandardCharsets.UTF_8) : null)
			.toList();
	}

	/**
	 * The committed offset of a group.
	 * @param group the group
	 * @param topic the topic
	 * @param partition the partition
	 * @return -1 if nothing is committed
	 */
	public long committed(String group, String topic, int partition) {
		OffsetAndMetadata committed = committedOffset(group, topic, partition);
		return (committed != null) ? committed.offset() : -1;
	}

	/**
	 * What a group has committed.
	 * @param group the group
	 * @param topic the topic
	 * @param partition the partition
	 * @return {@code null} if nothing is committed
	 */
	public OffsetAndMetadata committedOffset(String group, String topic, int partition) {
		return await(() -> this.admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get())
			.get(new TopicPartition(topic, partition));
	}

	public void deleteRecords(String topic, int partition, long before) {
		await(() -> this.admin
			.deleteRecords(Map.of(new TopicPartition(topic, partition), RecordsToDelete.beforeOffset(before)))
			.all()
			.get());
	}

	public void addPartitions(String topic, int total) {
		await(() -> this.admin.createPartitions(Map.of(topic, NewPartitions.increaseTo(total))).all().get());
	}

	@Override
	public void close() {
		this.producer.close();
		this.admin.close();
	}

	// Any broker may be asked, and hears of a topic later than the controller.
	private static <T> T awaitKnown(java.util.concurrent.Callable<T> action) {
		return Awaitility.await().ignoreExceptionsInstanceOf(ExecutionException.class).until(action, Objects::nonNull);
	}

	private static <T> T await(java.util.concurrent.Callable<T> action) {
		try {
			return action.call();
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

}
