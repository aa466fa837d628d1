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

package io.github.reliablekafka.producer;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application with a spool, and a broker that can be away.
 */
@KafkaClusterTest(brokers = 1, combined = true, shared = true)
abstract class SpoolSetup {

	static KafkaCluster cluster;

	final String topic = "orders-" + UUID.randomUUID();

	@TempDir
	Path directory;

	ApplicationContextRunner runner;

	@BeforeAll
	static void connect(KafkaCluster started) {
		cluster = started;
	}

	@BeforeEach
	void prepare() {
		cluster.createTopic(this.topic, 3);
		this.runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, DurabilityAutoConfiguration.class,
					ReliableProducerAutoConfiguration.class, ReliableKafkaTemplateAutoConfiguration.class))
			.withPropertyValues("spring.kafka.bootstrap-servers=" + cluster.bootstrapServers(),
					"spring.application.name=shop", "reliable.kafka.producer.max-block=1s",
					"reliable.kafka.producer.shutdown-timeout=1s", "spring.kafka.producer.buffer-memory=256KB",
					"reliable.kafka.spool.mode=write-ahead", "reliable.kafka.spool.directory=" + this.directory);
	}

	static void away() {
		cluster.brokerIds().forEach(cluster::pause);
	}

	static void back() {
		cluster.brokerIds().forEach(cluster::resume);
	}

	@SuppressWarnings("unchecked")
	static ReliableKafkaTemplate<Object, Object> template(ApplicationContext context) {
		return context.getBean(ReliableKafkaTemplate.class);
	}

	static DeliveryLedger ledger(ApplicationContext context) {
		return context.getBean(DeliveryLedger.class);
	}

	/**
	 * Send records of twenty keys, each with a number that grows for the key.
	 */
	List<CompletableFuture<DeliveryReceipt>> deliver(ReliableKafkaTemplate<Object, Object> template, int from, int to,
			Duration longest) {
		List<CompletableFuture<DeliveryReceipt>> receipts = new ArrayList<>();
		for (int i = from; i < to; i++) {
			long start = System.nanoTime();
			receipts.add(template.deliver(this.topic, "key-" + i % 20, i + "-" + "x".repeat(200)));
			assertThat(Duration.ofNanos(System.nanoTime() - start)).as("record %d", i).isLessThan(longest);
		}
		return receipts;
	}

	static int number(ConsumerRecord<String, String> record) {
		return Integer.parseInt(record.value().substring(0, record.value().indexOf('-')));
	}

	static Stamp stamp(ConsumerRecord<String, String> record) {
		Stamp stamp = Stamp.decode(new Lane(record.topic(), record.partition()),
				record.headers().lastHeader(Stamp.HEADER).value());
		assertThat(stamp).isNotNull();
		return stamp;
	}

	/**
	 * Each record is there, each after those of its key that were sent before, and twice
	 * only if it says so.
	 */
	static void assertCompleteAndInOrder(List<ConsumerRecord<String, String>> log, int count) {
		Map<String, Integer> last = new HashMap<>();
		boolean[] seen = new boolean[count];
		for (ConsumerRecord<String, String> record : log) {
			int number = number(record);
			if (seen[number]) {
				assertThat(stamp(record).replay()).as("second copy of %d", number).isTrue();
			}
			else {
				assertThat(number).as(record.key()).isGreaterThan(last.getOrDefault(record.key(), -1));
				last.put(record.key(), number);
			}
			seen[number] = true;
		}
		List<Integer> missing = new ArrayList<>();
		for (int i = 0; i < count; i++) {
			if (!seen[i]) {
				missing.add(i);
			}
		}
		assertThat(missing).isEmpty();
	}

	List<ConsumerRecord<String, String>> read() {
		return read(this.topic);
	}

	static List<ConsumerRecord<String, String>> read(String topic) {
		Map<String, Object> settings = Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, cluster.bootstrapServers());
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings, new StringDeserializer(),
				new StringDeserializer())) {
			List<TopicPartition> partitions = consumer.partitionsFor(topic)
				.stream()
				.map((info) -> new TopicPartition(info.topic(), info.partition()))
				.toList();
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			Map<TopicPartition, Long> end = consumer.endOffsets(partitions);
			List<ConsumerRecord<String, String>> records = new ArrayList<>();
			long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
			while (partitions.stream().anyMatch((partition) -> consumer.position(partition) < end.get(partition))) {
				assertThat(System.nanoTime()).isLessThan(deadline);
				consumer.poll(Duration.ofMillis(200)).forEach(records::add);
			}
			return records;
		}
	}

}
