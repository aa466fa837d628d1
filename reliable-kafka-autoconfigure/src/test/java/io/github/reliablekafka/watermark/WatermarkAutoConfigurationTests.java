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

package io.github.reliablekafka.watermark;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.sequence.Ticket;
import io.github.reliablekafka.sequence.Watermark;
import io.github.reliablekafka.sequence.WatermarkCodec;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.LazyInitializationBeanFactoryPostProcessor;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.context.EmbeddedKafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link WatermarkAutoConfiguration}.
 */
@EmbeddedKafka(partitions = 1)
@ExtendWith(OutputCaptureExtension.class)
class WatermarkAutoConfigurationTests {

	private static final String TOPIC = "orders";

	private final String control = "audit-" + UUID.randomUUID();

	private final ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(DurabilityAutoConfiguration.class, WatermarkAutoConfiguration.class,
				KafkaAutoConfiguration.class))
		.withPropertyValues("reliable.kafka.sequence.topic=" + this.control);

	@Test
	void everyProducerIsClosedBeforeItsEndIsTold(EmbeddedKafkaBroker broker) {
		this.runner.withUserConfiguration(Producers.class)
			.withPropertyValues("spring.kafka.bootstrap-servers=" + broker.getBrokersAsString())
			.run((context) -> {
				for (ProducerFactory<?, ?> factory : context.getBeansOfType(ProducerFactory.class).values()) {
					factory.createProducer();
				}
				for (KafkaTemplate<?, ?> template : context.getBeansOfType(KafkaTemplate.class).values()) {
					template.getProducerFactory().createProducer();
				}
				assertThat(context.getBean(Sessions.class).board.sessions()).hasSize(3);
			});
		try (KafkaProbe probe = new KafkaProbe(broker.getBrokersAsString())) {
			Map<Long, Watermark> last = new ConcurrentHashMap<>();
			probe.records(this.control)
				.stream()
				.map((record) -> WatermarkCodec.decode(record.key(), record.value()))
				.forEach((watermark) -> last.put(watermark.session(), watermark));
			assertThat(last.values()).hasSize(3).allMatch(Watermark::closed);
		}
	}

	@Test
	@SuppressWarnings("unchecked")
	void whatAProducerHadAcknowledgedIsToldWhenTheApplicationEnds(EmbeddedKafkaBroker broker, CapturedOutput output) {
		String topic = "orders-" + UUID.randomUUID();
		this.runner.withConfiguration(AutoConfigurations.of(ReliableProducerAutoConfiguration.class))
			.withBean(DeliveryLedger.class)
			.withPropertyValues("spring.kafka.bootstrap-servers=" + broker.getBrokersAsString(),
					"spring.application.name=shop")
			.run((context) -> {
				KafkaTemplate<Object, Object> template = context.getBean(KafkaTemplate.class);
				template.send(topic, "first").get();
				template.send(topic, "second").get();
			});
		try (KafkaProbe probe = new KafkaProbe(broker.getBrokersAsString())) {
			List<ConsumerRecord<byte[], byte[]>> records = probe.records(this.control);
			ConsumerRecord<byte[], byte[]> last = records.get(records.size() - 1);
			Watermark watermark = WatermarkCodec.decode(last.key(), last.value());
			assertThat(watermark.closed()).isTrue();
			assertThat(watermark.lane()).isEqualTo(new Lane(topic, 0));
			assertThat(watermark.producer().application()).isEqualTo("shop");
			assertThat(watermark.claim().acknowledged()).isEqualTo(2);
			assertThat(watermark.claim().offset()).isEqualTo(1);
			assertThat(probe.topicConfig(this.control, "cleanup.policy")).isEqualTo("compact,delete");
			assertThat(probe.topicConfig(this.control, "retention.ms")).isEqualTo("2592000000");
			assertThat(output).contains("Topic '%s' has 1 replica for good".formatted(this.control));
			assertThat(last.partition()).isEqualTo(AuditTopic.partition(new Lane(topic, 0), AuditTopic.PARTITIONS));
		}
	}

	@Test
	void partitionOfAWatermarkIsTheSameForEver() {
		assertThat(AuditTopic.partition(new Lane("orders", 0), 8)).isEqualTo(0);
		assertThat(AuditTopic.partition(new Lane("orders", 12), 8)).isEqualTo(5);
		assertThat(AuditTopic.partition(new Lane("orders", 12), 1)).isZero();
	}

	@Test
	void clustersAreAttendedToWhenBeansAreLazy() {
		this.runner
			.withInitializer(
					(context) -> context.addBeanFactoryPostProcessor(new LazyInitializationBeanFactoryPostProcessor()))
			.run((context) -> assertThat(context.getBean(SequenceBoards.class)
				.board(Set.of("localhost:1"), Map.of("bootstrap.servers", "localhost:1"))
				.logAccess()).isNotNull());
	}

	@Test
	void applicationWhenThereIsNoBrokerStartsAndEndsInTime() throws Exception {
		int port;
		try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			port = socket.getLocalPort();
		}
		long begun = System.nanoTime();
		AtomicLong ending = new AtomicLong();
		this.runner.withUserConfiguration(Producers.class)
			.withPropertyValues("spring.kafka.bootstrap-servers=127.0.0.1:" + port)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(context.getBeansOfType(KafkaTemplate.class)).isNotEmpty();
				context.getBean("factory", ProducerFactory.class).createProducer();
				context.getBean(Sessions.class).board.watch(new Lane(TOPIC, 0));
				// By then it tries to connect.
				await().until(() -> clients() > 0);
				ending.set(System.nanoTime());
				assertThat(Duration.ofNanos(ending.get() - begun)).isLessThan(Duration.ofSeconds(20));
			});
		assertThat(Duration.ofNanos(System.nanoTime() - ending.get())).isLessThan(Duration.ofSeconds(15));
	}

	private static long clients() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> thread.getName().contains("reliable-kafka-audit-admin"))
			.count();
	}

	@Test
	void boardsHaveAccessToTheirLogs() {
		this.runner.run((context) -> {
			SequenceBoard board = context.getBean(SequenceBoards.class)
				.board(Set.of("localhost:1"), Map.of("bootstrap.servers", "localhost:1"));
			assertThat(board.logAccess()).isNotNull();
			context.close();
			assertThat(board.logAccess()).isNull();
		});
	}

	@Test
	void roomIsEmptyWhenSwitchedOff() {
		this.runner.withPropertyValues("reliable.kafka.sequence.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(AuditClusters.class)
				.doesNotHaveBean(SequenceBoards.class));
		this.runner.withPropertyValues("reliable.kafka.enabled=false")
			.run((context) -> assertThat(context).doesNotHaveBean(AuditClusters.class));
		this.runner.withClassLoader(new FilteredClassLoader(KafkaTemplate.class))
			.run((context) -> assertThat(context).hasNotFailed().doesNotHaveBean(AuditClusters.class));
	}

	@Test
	void propertiesThatMakeNoSenseAreRefused() {
		for (String property : List.of("interval=0s", "idle-after=-1s", "topic=", "state-topic=" + this.control,
				"retention=47h")) {
			this.runner.withPropertyValues("reliable.kafka.sequence." + property)
				.run((context) -> assertThat(context.getStartupFailure()).rootCause()
					.hasMessageContaining("reliable.kafka.sequence." + property.substring(0, property.indexOf('='))));
		}
	}

	/**
	 * A factory, one that only a template has, and one whose producers are closed with
	 * the bean only.
	 */
	@Configuration(proxyBeanMethods = false)
	static class Producers {

		private static final Map<String, Object> SETTINGS = Map.of("bootstrap.servers", "localhost:1");

		@Bean
		DefaultKafkaProducerFactory<String, String> factory(ObjectProvider<Sessions> sessions) {
			DefaultKafkaProducerFactory<String, String> factory = new DefaultKafkaProducerFactory<>(SETTINGS,
					new StringSerializer(), new StringSerializer());
			factory.addPostProcessor((producer) -> open(producer, sessions));
			return factory;
		}

		@Bean
		KafkaTemplate<String, String> template(DefaultKafkaProducerFactory<String, String> factory) {
			return new KafkaTemplate<>(factory, Map.of(ProducerConfig.LINGER_MS_CONFIG, "7"));
		}

		@Bean
		ProducerFactory<String, String> another(ObjectProvider<Sessions> sessions) {
			DefaultKafkaProducerFactory<String, String> factory = new DefaultKafkaProducerFactory<>(SETTINGS,
					new StringSerializer(), new StringSerializer()) {

				@Override
				public void stop() {
					// Closes its producers when it is destroyed.
				}

			};
			factory.addPostProcessor((producer) -> open(producer, sessions));
			return factory;
		}

		@Bean
		Sessions sessions(SequenceBoards boards, KafkaProperties properties) {
			String servers = String.join(",", properties.getBootstrapServers());
			return new Sessions(boards.board(Set.of(servers), Map.of("bootstrap.servers", servers)));
		}

		private static Producer<String, String> open(Producer<String, String> producer,
				ObjectProvider<Sessions> sessions) {
			producer.close(Duration.ZERO);
			return sessions.getObject().open();
		}

	}

	/**
	 * Producers that number and acknowledge one record.
	 */
	static class Sessions {

		private final SequenceBoard board;

		Sessions(SequenceBoard board) {
			this.board = board;
		}

		Producer<String, String> open() {
			ProducerSession session = new ProducerSession(new ProducerIdentity("", "", "", 1), System::nanoTime,
					ProducerSession.randomIds(), false);
			this.board.open(session);
			try {
				Ticket ticket = session.stamp(TOPIC, 0, 7, 1);
				ticket.appended();
				ticket.acknowledged(0);
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
			return new MockProducer<>(true, null, new StringSerializer(), new StringSerializer()) {

				@Override
				public void close(Duration timeout) {
					super.close(timeout);
					session.close();
				}

			};
		}

	}

}
