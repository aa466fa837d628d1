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

package io.github.reliablekafka.sequence;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

import io.github.reliablekafka.producer.StampingPartitioner;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what applications notice of the numbers of their records, against a broker.
 */
class NumberedProducersIntegrationTests extends RecordNumbersSetup {

	@Test
	void applicationSeesWhatItAlwaysSaw() {
		probe.createTopic(this.topic, 4);
		Seen.reset();
		this.contextRunner
			.withPropertyValues("spring.kafka.producer.properties[partitioner.class]=" + ThirdPartition.class.getName(),
					"spring.kafka.producer.properties[third.partition]=yes",
					"spring.kafka.producer.properties[interceptor.classes]=" + Recorder.class.getName(),
					"spring.kafka.producer.value-serializer=" + TypedSerializer.class.getName())
			.run((context) -> {
				Producer<Object, Object> producer = factory(context).createProducer();
				ProducerRecord<Object, Object> record = new ProducerRecord<>(this.topic, "k", "v");
				record.headers().add("mine", new byte[] { 1 });
				record.headers().add(Stamp.HEADER, new byte[] { 9 });
				assertThat(producer.send(record).get().partition()).isEqualTo(3);
				assertThat(producer.send(record).get().partition()).isEqualTo(3);
				ProducerRecord<Object, Object> explicit = new ProducerRecord<>(this.topic, 1, "k", "v");
				assertThat(producer.send(explicit).get().partition()).isEqualTo(1);
				assertThat(producer.send(explicit).get().partition()).isEqualTo(1);
				assertThat(producer.send(new ProducerRecord<>(this.topic, 1, "k", "v")).get().partition()).isEqualTo(1);
				AtomicReference<RecordMetadata> place = new AtomicReference<>();
				assertThat(producer.send(new ProducerRecord<>(this.topic, 1, "k", "x".repeat(2_000_000)),
						(metadata, exception) -> place.set(metadata)))
					.failsWithin(Duration.ofSeconds(5));
				assertThat(place.get()).isNotNull().satisfies((metadata) -> {
					assertThat(metadata.partition()).isEqualTo(1);
					assertThat(metadata.topic()).isEqualTo(this.topic);
				});
				assertThat(Seen.partitionerSettings).containsEntry("third.partition", "yes")
					.containsEntry("partitioner.class", ThirdPartition.class.getName());
				assertThat(Seen.partitioned).hasValue(2);
				assertThat(Seen.sent).containsExactly("null", "null", "1", "1", "1", "1");
				assertThat(Seen.serializedWithStamp).hasValue(0);
				List<ConsumerRecord<byte[], byte[]>> log = read("read_uncommitted");
				assertThat(log).hasSize(5).allSatisfy((read) -> {
					assertThat(read.headers().headers("type")).hasSize(1);
					assertThat(read.headers().headers(Stamp.HEADER)).hasSize(1);
				});
				assertThat(log).filteredOn((read) -> read.partition() == 3)
					.allSatisfy((read) -> assertThat(read.headers().headers("mine")).hasSize(1));
				assertDense(log, true);
			});
	}

	@Test
	void offMeansOff() {
		probe.createTopic(this.topic, 2);
		this.contextRunner.withPropertyValues("reliable.kafka.sequence.enabled=false", "reliable.kafka.spool.mode=off")
			.run((context) -> {
				ProducerFactory<Object, Object> factory = factory(context);
				assertThat(factory.getConfigurationProperties()).doesNotContainKey("partitioner.class");
				factory.createProducer().send(new ProducerRecord<>(this.topic, "k", "v")).get();
				assertThat(context.getBean(SequenceBoards.class).all()).isEmpty();
				assertThat(read("read_uncommitted")).hasSize(1)
					.allSatisfy((read) -> assertThat(read.headers()).isEmpty());
			});
	}

	@Test
	void keysGoWhereKafkaHasThemGo() {
		probe.createTopic(this.topic, 7);
		this.contextRunner.run((context) -> {
			ProducerFactory<Object, Object> factory = factory(context);
			assertThat(factory.getConfigurationProperties()).containsEntry("partitioner.class",
					StampingPartitioner.class);
			Producer<Object, Object> producer = factory.createProducer();
			for (int i = 0; i < 200; i++) {
				String key = "key-" + i;
				int expected = Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8))) % 7;
				assertThat(producer.send(new ProducerRecord<>(this.topic, key, "v")).get().partition())
					.isEqualTo(expected);
			}
		});
	}

	@Test
	void numberingTimeoutAndPartitionThatDoesNotExistFailAsInKafka() {
		probe.createTopic(this.topic, 2);
		this.contextRunner.withPropertyValues("spring.kafka.producer.properties[max.block.ms]=1000").run((context) -> {
			Producer<Object, Object> producer = factory(context).createProducer();
			await().ignoreExceptions().until(() -> producer.partitionsFor(this.topic).size() == 2);
			producer.send(new ProducerRecord<>(this.topic, 0, "k", "v")).get();
			assertThat(producer.send(new ProducerRecord<>(this.topic, 5, "k", "v"))).failsWithin(Duration.ofSeconds(5))
				.withThrowableThat()
				.withCauseInstanceOf(TimeoutException.class);
			// Somebody stands in the way of the partition.
			ProducerSession session = session(context);
			CountDownLatch release = new CountDownLatch(1);
			CountDownLatch taken = new CountDownLatch(1);
			Thread other = new Thread(() -> {
				try {
					Ticket ticket = Objects.requireNonNull(session.stamp(this.topic, 0, 0, Long.MAX_VALUE));
					taken.countDown();
					release.await();
					ticket.rollBack();
				}
				catch (Exception ex) {
					throw new IllegalStateException(ex);
				}
			});
			other.start();
			taken.await();
			assertThat(producer.send(new ProducerRecord<>(this.topic, 0, "k", "v"))).failsWithin(Duration.ofSeconds(5))
				.withThrowableThat()
				.withCauseInstanceOf(TimeoutException.class)
				.withMessageContaining("waited for earlier records");
			release.countDown();
			other.join();
			producer.send(new ProducerRecord<>(this.topic, 0, "k", "v")).get();
			assertThat(assertDense(read("read_uncommitted"), true).values()).containsExactly(2L);
		});
	}

	@Test
	void batchesOfRecordsWithoutKeyAreAsFullAsKafkasOwn() {
		// What is not compiled yet sends too slowly for full batches.
		recordsPerBatch("first", false);
		double with = recordsPerBatch("with", true);
		double without = recordsPerBatch("without", false);
		assertThat(with).isGreaterThan(0.9 * without);
	}

	private double recordsPerBatch(String name, boolean enabled) {
		String batchTopic = this.topic + name;
		probe.createTopic(batchTopic, 6);
		double[] result = new double[1];
		this.contextRunner.withPropertyValues("reliable.kafka.sequence.enabled=" + enabled).run((context) -> {
			Producer<Object, Object> producer = factory(context).createProducer();
			String value = "x".repeat(500);
			List<Thread> senders = new ArrayList<>();
			for (int t = 0; t < 4; t++) {
				Thread sender = new Thread(() -> {
					for (int i = 0; i < 25_000; i++) {
						producer.send(new ProducerRecord<>(batchTopic, value));
					}
				});
				sender.start();
				senders.add(sender);
			}
			for (Thread sender : senders) {
				sender.join();
			}
			producer.flush();
			result[0] = metric(producer, "batch-size-avg") / metric(producer, "record-size-avg");
		});
		return result[0];
	}

	private static double metric(Producer<?, ?> producer, String name) {
		return producer.metrics()
			.entrySet()
			.stream()
			.filter((metric) -> metric.getKey().name().equals(name)
					&& metric.getKey().group().equals("producer-metrics"))
			.mapToDouble((metric) -> (double) metric.getValue().metricValue())
			.findFirst()
			.orElseThrow();
	}

	/**
	 * What the application's own parts were shown.
	 */
	static final class Seen {

		static final List<String> sent = Collections.synchronizedList(new ArrayList<>());

		static final AtomicLong partitioned = new AtomicLong();

		static final AtomicLong serializedWithStamp = new AtomicLong();

		static Map<String, Object> partitionerSettings = Map.of();

		private Seen() {
		}

		static void reset() {
			sent.clear();
			partitioned.set(0);
			serializedWithStamp.set(0);
		}

	}

	/**
	 * A partitioner of the application.
	 */
	public static final class ThirdPartition implements Partitioner {

		@Override
		public void configure(Map<String, ?> settings) {
			Seen.partitionerSettings = Map.copyOf(settings);
		}

		@Override
		public int partition(String topic, Object key, byte[] keyBytes, Object value, byte[] valueBytes,
				Cluster cluster) {
			Seen.partitioned.incrementAndGet();
			return 3;
		}

		@Override
		public void close() {
		}

	}

	/**
	 * An interceptor of the application.
	 */
	public static final class Recorder implements ProducerInterceptor<Object, Object> {

		@Override
		public void configure(Map<String, ?> settings) {
		}

		@Override
		public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
			Seen.sent.add(String.valueOf(record.partition()));
			return record;
		}

		@Override
		public void onAcknowledgement(RecordMetadata metadata, Exception exception) {
		}

		@Override
		public void close() {
		}

	}

	/**
	 * A serializer of the application that adds a header.
	 */
	public static final class TypedSerializer extends StringSerializer {

		@Override
		public byte[] serialize(String topic, Headers headers, String data) {
			if (headers.lastHeader(Stamp.HEADER) != null) {
				Seen.serializedWithStamp.incrementAndGet();
			}
			headers.remove("type");
			headers.add("type", new byte[] { 7 });
			return super.serialize(topic, headers, data);
		}

	}

}
