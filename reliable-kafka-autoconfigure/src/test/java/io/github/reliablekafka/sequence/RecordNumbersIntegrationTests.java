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
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.producer.ReliableKafkaTemplateAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.producer.StampingPartitioner;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Utils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.context.EmbeddedKafka;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Integration tests for the numbers of records, from the producer into the log.
 */
@EmbeddedKafka(partitions = 1)
class RecordNumbersIntegrationTests {

	private static EmbeddedKafkaBroker broker;

	private static KafkaProbe probe;

	private final String topic = "orders-" + UUID.randomUUID();

	private final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, DurabilityAutoConfiguration.class,
				ReliableProducerAutoConfiguration.class, ReliableKafkaTemplateAutoConfiguration.class))
		.withPropertyValues("spring.kafka.bootstrap-servers=" + broker.getBrokersAsString(),
				"spring.application.name=shop");

	@BeforeAll
	static void connect(EmbeddedKafkaBroker embedded) {
		broker = embedded;
		probe = new KafkaProbe(embedded.getBrokersAsString());
	}

	@AfterAll
	static void disconnect() {
		probe.close();
	}

	@Test
	void numbersAreDenseAndInTheOrderOfTheLog() {
		// A fifth of the callbacks send, on the network thread.
		assertNumbers(5, 2, "spring.kafka.producer.buffer-memory=32MB",
				"spring.kafka.producer.properties[max.block.ms]=60000");
	}

	@Test
	void numbersAreDenseWhereMostOfTheTimeThereIsNoRoom() {
		// A callback that sends has the network thread wait for room that it alone makes.
		assertNumbers(1000, 1, "spring.kafka.producer.buffer-memory=64KB",
				"spring.kafka.producer.properties[max.block.ms]=100");
	}

	private void assertNumbers(int callbacksPerSend, int leastSessions, String... properties) {
		int threads = 64;
		int perThread = 400;
		probe.createTopic(this.topic, 4);
		AtomicLong acknowledged = new AtomicLong();
		AtomicLong refused = new AtomicLong();
		AtomicReference<Exception> unexpected = new AtomicReference<>();
		this.contextRunner.withPropertyValues(properties)
			.withPropertyValues("spring.kafka.producer.batch-size=4KB",
					"spring.kafka.producer.properties[max.request.size]=3000")
			.run((context) -> {
				ProducerFactory<Object, Object> factory = factory(context);
				Producer<Object, Object> producer = factory.createProducer();
				sendFromManyThreads(producer, threads, perThread, callbacksPerSend,
						(exception) -> count(exception, acknowledged, refused, unexpected));
				producer.flush();
				// What callbacks have sent meanwhile.
				producer.flush();
				ProducerSession session = session(context);
				factory.reset();
				assertThat(unexpected).hasNullValue();
				assertThat(refused).hasValueGreaterThan(100);
				List<ConsumerRecord<byte[], byte[]>> log = read("read_uncommitted");
				assertThat(log).hasSize((int) acknowledged.get());
				Map<String, Long> last = assertDense(log, true);
				assertThat(last.keySet().stream().map((stream) -> stream.substring(0, 16)).distinct())
					.hasSizeBetween(leastSessions, 2);
				assertThat(session.isClosed()).isTrue();
				List<Watermark> watermarks = session.takeWatermarks();
				assertThat(watermarks).hasSize(last.size()).allSatisfy((watermark) -> {
					assertThat(watermark.closed()).isTrue();
					assertThat(watermark.number())
						.isEqualTo(last.get(stream(watermark.session(), watermark.lane().partition())));
					assertThat(watermark.claim().acknowledged()).isEqualTo(watermark.number());
					assertThat(watermark.claim().failed().isEmpty()).isTrue();
					assertThat(watermark.claim().inverted()).isZero();
					assertThat(watermark.claim().topicIdHash()).isNotZero();
					assertThat(watermark.producer().application()).isEqualTo("shop");
				});
				assertClaimsAreTrue(watermarks, log);
			});
	}

	@Test
	void transactionsNumberWhatBecomesVisible() {
		probe.createTopic(this.topic, 2);
		this.contextRunner.withPropertyValues("spring.kafka.producer.transaction-id-prefix=tx-" + UUID.randomUUID())
			.run((context) -> {
				Producer<Object, Object> producer = factory(context).createProducer();
				Random random = new Random(1);
				long committed = 0;
				for (int i = 0; i < 60; i++) {
					producer.beginTransaction();
					int records = 1 + random.nextInt(20);
					for (int r = 0; r < records; r++) {
						producer.send((r % 3 == 0) ? new ProducerRecord<>(this.topic, r % 2, null, "v")
								: new ProducerRecord<>(this.topic, "k" + r, "v"));
					}
					if (random.nextInt(3) == 0) {
						if (random.nextBoolean()) {
							producer.flush();
						}
						producer.abortTransaction();
					}
					else {
						producer.commitTransaction();
						committed += records;
					}
				}
				List<Watermark> watermarks = session(context).takeWatermarks();
				List<ConsumerRecord<byte[], byte[]>> visible = read("read_committed");
				assertThat(visible).hasSize((int) committed);
				Map<String, Long> last = assertDense(visible, true);
				assertThat(watermarks).hasSize(2).allSatisfy((watermark) -> {
					assertThat(watermark.claim().acknowledged()).isEqualTo(watermark.number())
						.isEqualTo(last.get(stream(watermark.session(), watermark.lane().partition())));
					assertThat(watermark.appendClaim().acknowledged()).isEqualTo(watermark.appendNumber())
						.isGreaterThan(watermark.number());
				});
				assertClaimsAreTrue(watermarks, visible);
				assertAppendedInOrder(watermarks, read("read_uncommitted"));
				producer.close();
			});
	}

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
				// The first with a partition of its own is numbered before it is
				// serialized.
				assertThat(Seen.serializedWithStamp).hasValue(1);
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
		this.contextRunner.withPropertyValues("reliable.kafka.sequence.enabled=false").run((context) -> {
			ProducerFactory<Object, Object> factory = factory(context);
			assertThat(factory.getConfigurationProperties()).doesNotContainKey("partitioner.class");
			factory.createProducer().send(new ProducerRecord<>(this.topic, "k", "v")).get();
			assertThat(context.getBean(SequenceBoards.class).all()).isEmpty();
			assertThat(read("read_uncommitted")).hasSize(1).allSatisfy((read) -> assertThat(read.headers()).isEmpty());
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
		double with = recordsPerBatch(true);
		double without = recordsPerBatch(false);
		assertThat(with).isGreaterThan(0.9 * without);
	}

	private void sendFromManyThreads(Producer<Object, Object> producer, int threads, int perThread,
			int callbacksPerSend, Consumer<Exception> outcome) throws InterruptedException {
		CountDownLatch done = new CountDownLatch(threads);
		for (int t = 0; t < threads; t++) {
			Random random = new Random(t);
			Thread sender = new Thread(() -> {
				try {
					for (int i = 0; i < perThread; i++) {
						boolean again = random.nextInt(callbacksPerSend) == 0;
						ProducerRecord<Object, Object> second = record(random);
						producer.send(record(random), (metadata, exception) -> {
							outcome.accept(exception);
							if (again || exception instanceof RecordTooLargeException) {
								// On the network thread, or on this one if it is too
								// large.
								producer.send(second, (nested, failure) -> outcome.accept(failure));
							}
						});
					}
				}
				catch (RuntimeException ex) {
					outcome.accept(ex);
				}
				done.countDown();
			});
			sender.setDaemon(true);
			sender.start();
		}
		assertThat(done.await(120, TimeUnit.SECONDS)).isTrue();
	}

	private double recordsPerBatch(boolean enabled) {
		String batchTopic = this.topic + enabled;
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

	private ProducerRecord<Object, Object> record(Random random) {
		String value = "v".repeat((random.nextInt(30) == 0) ? 4000 : random.nextInt(300));
		return switch (random.nextInt(3)) {
			case 0 -> new ProducerRecord<>(this.topic, "k" + random.nextInt(100), value);
			case 1 -> new ProducerRecord<>(this.topic, random.nextInt(4), "k", value);
			default -> new ProducerRecord<>(this.topic, value);
		};
	}

	private static void count(Exception exception, AtomicLong acknowledged, AtomicLong refused,
			AtomicReference<Exception> unexpected) {
		if (exception == null) {
			acknowledged.incrementAndGet();
		}
		else if (exception instanceof RecordTooLargeException || exception instanceof TimeoutException) {
			refused.incrementAndGet();
		}
		else {
			unexpected.set(exception);
		}
	}

	@SuppressWarnings("unchecked")
	private static ProducerFactory<Object, Object> factory(ApplicationContext context) {
		return context.getBean(ProducerFactory.class);
	}

	private static ProducerSession session(ApplicationContext context) {
		return context.getBean(SequenceBoards.class).all().iterator().next().sessions().iterator().next();
	}

	private static String stream(long session, int partition) {
		return "%016x-%d".formatted(session, partition);
	}

	private static Stamp stamp(ConsumerRecord<byte[], byte[]> record) {
		assertThat(record.headers().headers(Stamp.HEADER)).hasSize(1);
		Stamp stamp = new StampCodec(record.topic(), record.partition())
			.decode(record.headers().lastHeader(Stamp.HEADER).value());
		return Objects.requireNonNull(stamp);
	}

	// Every record of a stream has the number behind that of the record in front of it.
	private static Map<String, Long> assertDense(List<ConsumerRecord<byte[], byte[]>> log, boolean visible) {
		Map<String, Long> last = new TreeMap<>();
		for (ConsumerRecord<byte[], byte[]> record : log) {
			Stamp stamp = stamp(record);
			long number = visible ? stamp.number() : stamp.appendNumber();
			String stream = stream(stamp.session(), record.partition());
			assertThat(number).as("%s@%d", stream, record.offset()).isEqualTo(last.getOrDefault(stream, 0L) + 1);
			last.put(stream, number);
		}
		return last;
	}

	private static void assertAppendedInOrder(List<Watermark> watermarks, List<ConsumerRecord<byte[], byte[]>> log) {
		for (Watermark watermark : watermarks) {
			long next = 1;
			NumberRanges failed = watermark.appendClaim().failed();
			for (ConsumerRecord<byte[], byte[]> record : log) {
				if (record.partition() != watermark.lane().partition()) {
					continue;
				}
				while (failed.contains(next)) {
					next++;
				}
				assertThat(stamp(record).appendNumber()).isEqualTo(next++);
			}
			assertThat(failed.isEmpty() ? next - 1 : Math.max(next - 1, failed.last(failed.size() - 1)))
				.isEqualTo(watermark.appendNumber());
		}
	}

	private static void assertClaimsAreTrue(List<Watermark> watermarks, List<ConsumerRecord<byte[], byte[]>> log) {
		for (Watermark watermark : watermarks) {
			List<Long> offsets = log.stream()
				.filter((record) -> record.partition() == watermark.lane().partition()
						&& stamp(record).session() == watermark.session()
						&& stamp(record).number() <= watermark.claim().acknowledged())
				.map(ConsumerRecord::offset)
				.toList();
			assertThat(offsets.get(0)).isGreaterThanOrEqualTo(watermark.claim().firstOffset());
			assertThat(offsets.get(offsets.size() - 1)).isLessThanOrEqualTo(watermark.claim().offset());
		}
		for (ConsumerRecord<byte[], byte[]> record : log) {
			Claim anchor = stamp(record).anchor();
			if (anchor != null && anchor.acknowledged() > 0) {
				assertThat(anchor.offset()).isLessThan(record.offset());
				assertThat(anchor.acknowledged()).isLessThan(stamp(record).number());
			}
		}
	}

	private List<ConsumerRecord<byte[], byte[]>> read(String isolation) {
		try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
				Map.of("bootstrap.servers", broker.getBrokersAsString(), "isolation.level", isolation),
				new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
			List<TopicPartition> partitions = consumer.partitionsFor(this.topic)
				.stream()
				.map((info) -> new TopicPartition(this.topic, info.partition()))
				.toList();
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
			List<ConsumerRecord<byte[], byte[]>> log = new ArrayList<>();
			while (partitions.stream().anyMatch((partition) -> consumer.position(partition) < ends.get(partition))) {
				consumer.poll(Duration.ofMillis(100)).forEach(log::add);
			}
			return log;
		}
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
