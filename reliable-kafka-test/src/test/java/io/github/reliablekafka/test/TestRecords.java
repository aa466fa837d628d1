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

package io.github.reliablekafka.test;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Sends and reads by plain clients.
 */
final class TestRecords {

	private TestRecords() {
	}

	static KafkaProducer<String, String> producer(String bootstrapServers, Map<String, Object> settings) {
		Properties properties = new Properties();
		properties.put("bootstrap.servers", bootstrapServers);
		properties.put("max.block.ms", 10_000);
		properties.put("request.timeout.ms", 3000);
		properties.putAll(settings);
		return new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer());
	}

	static List<RecordMetadata> send(KafkaCluster cluster, TopicPartition partition, int from, int to) {
		List<RecordMetadata> sent = new ArrayList<>();
		try (KafkaProducer<String, String> producer = producer(cluster.bootstrapServers(), Map.of("acks", "all"))) {
			for (int number = from; number < to; number++) {
				sent.add(send(producer, partition, "value-" + number));
			}
		}
		return sent;
	}

	static RecordMetadata send(KafkaProducer<String, String> producer, TopicPartition partition, String value) {
		try {
			return producer.send(new ProducerRecord<>(partition.topic(), partition.partition(), null, value))
				.get(60, TimeUnit.SECONDS);
		}
		catch (InterruptedException | ExecutionException | TimeoutException ex) {
			throw new IllegalStateException(ex);
		}
	}

	static List<String> read(KafkaCluster cluster, TopicPartition partition) {
		Properties properties = new Properties();
		properties.put("bootstrap.servers", cluster.bootstrapServers());
		properties.put("auto.offset.reset", "earliest");
		long end = cluster.endOffset(partition);
		List<String> values = new ArrayList<>();
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(properties, new StringDeserializer(),
				new StringDeserializer())) {
			consumer.assign(List.of(partition));
			consumer.seekToBeginning(List.of(partition));
			while (consumer.position(partition) < end) {
				consumer.poll(Duration.ofMillis(200)).forEach((consumed) -> values.add(consumed.value()));
			}
		}
		return values;
	}

}
