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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.producer.ReliableKafkaTemplateAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.testing.KafkaProbe;
import io.github.reliablekafka.testing.SharedBroker;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.BeforeAll;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application that numbers its records.
 */
@SharedBroker
abstract class RecordNumbersSetup {

	static KafkaProbe probe;

	final String topic = "orders-" + UUID.randomUUID();

	final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, DurabilityAutoConfiguration.class,
				ReliableProducerAutoConfiguration.class, ReliableKafkaTemplateAutoConfiguration.class))
		.withPropertyValues("spring.kafka.bootstrap-servers=" + probe.bootstrapServers(),
				"spring.application.name=shop");

	@BeforeAll
	static void connect(KafkaProbe shared) {
		probe = shared;
	}

	ProducerRecord<Object, Object> record(Random random) {
		String value = "v".repeat((random.nextInt(30) == 0) ? 4000 : random.nextInt(300));
		return switch (random.nextInt(3)) {
			case 0 -> new ProducerRecord<>(this.topic, "k" + random.nextInt(100), value);
			case 1 -> new ProducerRecord<>(this.topic, random.nextInt(4), "k", value);
			default -> new ProducerRecord<>(this.topic, value);
		};
	}

	@SuppressWarnings("unchecked")
	static ProducerFactory<Object, Object> factory(ApplicationContext context) {
		return context.getBean(ProducerFactory.class);
	}

	static ProducerSession session(ApplicationContext context) {
		return context.getBean(SequenceBoards.class).all().iterator().next().sessions().iterator().next();
	}

	static String stream(long session, int partition) {
		return "%016x-%d".formatted(session, partition);
	}

	static Stamp stamp(ConsumerRecord<byte[], byte[]> record) {
		assertThat(record.headers().headers(Stamp.HEADER)).hasSize(1);
		Stamp stamp = new StampCodec(record.topic(), record.partition())
			.decode(record.headers().lastHeader(Stamp.HEADER).value());
		return Objects.requireNonNull(stamp);
	}

	// Every record of a stream has the number behind that of the record in front of it.
	static Map<String, Long> assertDense(List<ConsumerRecord<byte[], byte[]>> log, boolean visible) {
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

	List<ConsumerRecord<byte[], byte[]>> read(String isolation) {
		try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
				Map.of("bootstrap.servers", probe.bootstrapServers(), "isolation.level", isolation),
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

}
