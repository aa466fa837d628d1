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
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolEntrance;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolWatch;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.KafkaException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RelayEntrance} without a broker.
 */
class RelayEntranceTests {

	private static final Map<String, Object> CONNECTION = Map.of("bootstrap.servers", "localhost:1",
			"security.protocol", "PLAINTEXT");

	@TempDir
	private Path directory;

	private ApplicationContextRunner runner = new ApplicationContextRunner()
		.withConfiguration(
				AutoConfigurations.of(DurabilityAutoConfiguration.class, ReliableProducerAutoConfiguration.class,
						ReliableKafkaTemplateAutoConfiguration.class, KafkaAutoConfiguration.class))
		.withPropertyValues("spring.kafka.bootstrap-servers=localhost:1", "spring.application.name=shop",
				"spring.kafka.security.protocol=PLAINTEXT", "reliable.kafka.producer.shutdown-timeout=100ms",
				"reliable.kafka.producer.max-block=100ms", "reliable.kafka.spool.mode=on-failure");

	@Test
	void recordIsOnDiskBehindOthersAndStaysThereForTheNextProcess() {
		run((context) -> {
			assertThat(isWaiting(context, "cluster", 0)).isFalse();
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
			assertThat(isWaiting(context, "cluster", 0)).isTrue();
			assertThat(isWaiting(context, "cluster", 1)).isFalse();
			assertThat(isWaiting(context, "another", 0)).isFalse();
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
			assertThat(lanes(context)).containsExactly(new SpoolBacklog.OfLane("orders-dlt", 0, 2));
			assertThat(context.getBean(DeliveryLedger.class).deliveries("orders-dlt").spooled()).isEqualTo(2);
		});
		run((context) -> {
			assertThat(lanes(context)).containsExactly(new SpoolBacklog.OfLane("orders-dlt", 0, 2));
			// The cluster has not answered, but whoever comes knows it.
			assertThat(isWaiting(context, "cluster", 0)).isTrue();
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
			assertThat(lanes(context)).containsExactly(new SpoolBacklog.OfLane("orders-dlt", 0, 3));
		});
	}

	@Test
	void nothingIsTakenForAnotherClusterThanTheFirst() {
		run((context) -> {
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
			assertThat(put(context, CONNECTION, "another", 100)).contains("another cluster");
			assertThat(lanes(context)).containsExactly(new SpoolBacklog.OfLane("orders-dlt", 0, 1));
		});
	}

	@Test
	void nothingIsTakenThatOthersWouldSend() {
		run((context) -> {
			Map<String, Object> secured = new HashMap<>(CONNECTION);
			secured.put("security.protocol", "SASL_PLAINTEXT");
			assertThat(put(context, secured, "cluster", 100)).contains("no producer factory");
			assertThat(put(context, Map.of("bootstrap.servers", "localhost:2", "security.protocol", "PLAINTEXT"),
					"cluster", 100))
				.contains("no producer factory");
			assertThat(context.getBean(SpoolWatch.class).status()).isNull();
		});
	}

	@Test
	void nothingIsTakenOnceTheRelayHasOtherCredentials() {
		run((context) -> {
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
			@SuppressWarnings("unchecked")
			ProducerFactory<Object, Object> factory = context.getBean(ProducerFactory.class);
			KafkaTemplate<Object, Object> other = new KafkaTemplate<>(factory,
					Map.of("ssl.endpoint.identification.algorithm", ""));
			other.getProducerFactory().createProducer().close();
			assertThat(put(context, CONNECTION, "cluster", 100)).contains("with other credentials");
		});
	}

	@Test
	void nothingIsTakenThatTheClientOfTheRelayWouldRefuse() {
		this.runner = this.runner.withPropertyValues("spring.kafka.producer.properties[max.request.size]=1000");
		run((context) -> {
			assertThat(put(context, CONNECTION, "cluster", 1000)).contains("max.request.size");
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
		});
	}

	@Test
	void nothingIsTakenThatTheRelayOfATemplateWithOverridesWouldRefuse() {
		run((context) -> {
			@SuppressWarnings("unchecked")
			ProducerFactory<Object, Object> factory = context.getBean(ProducerFactory.class);
			new KafkaTemplate<>(factory, Map.of("max.request.size", 1000)).getProducerFactory()
				.createProducer()
				.close();
			assertThat(put(context, CONNECTION, "cluster", 1000)).contains("max.request.size");
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
		});
	}

	@Test
	void templateBeanWithOverridesChangesNothing() {
		this.runner = this.runner.withUserConfiguration(SecondTemplate.class);
		run((context) -> {
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
			assertThat(isWaiting(context, "cluster", 0)).isTrue();
		});
		run((context) -> {
			assertThat(isWaiting(context, "cluster", 0)).isTrue();
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
			assertThat(lanes(context)).containsExactly(new SpoolBacklog.OfLane("orders-dlt", 0, 2));
		});
	}

	@Test
	void whatWaitsIsNotOvertakenByOtherCredentials() {
		run((context) -> {
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
			Map<String, Object> rotated = new HashMap<>(CONNECTION);
			rotated.put("ssl.keystore.password", "newer");
			SpoolEntrance entrance = context.getBean(SpoolEntrance.class);
			assertThat(entrance.isWaiting(rotated, "cluster", "orders-dlt", 0)).isTrue();
			assertThat(entrance.isWaiting(rotated, "cluster", "orders-dlt", 1)).isFalse();
			assertThat(entrance.isWaiting(rotated, "another", "orders-dlt", 0)).isFalse();
			assertThat(put(context, rotated, "cluster", 100)).contains("no producer factory");
		});
	}

	@Test
	void nothingIsTakenWhileOthersWaitForAnotherFactory() {
		run((context) -> {
			Map<String, Object> settings = new HashMap<>(CONNECTION);
			ClusterIdentity identity = new ClusterIdentity();
			identity.found("cluster");
			Spools spools = context.getBean(Spools.class);
			assertThat(spools.open("another", settings, identity, new MockProducer<>())).isNotNull();
			Relay other = spools.relay("another", settings);
			other.lanes().found("cluster");
			SpooledLane lane = other.lanes().lane("orders-dlt", 0);
			SpooledLetter waiting = new SpooledLetter(lane, new DeliveryLedger(), new DeliveryLedger());
			assertThat(waiting.admit(new SpoolRecord(0, 1, 1, null, new byte[1], List.of()),
					System.nanoTime() + Duration.ofSeconds(10).toNanos()))
				.isNull();
			assertThat(isWaiting(context, "cluster", 0)).isTrue();
			assertThat(put(context, CONNECTION, "cluster", 100)).contains("for another producer factory");
			lane.store().resolve(lane.lane(), waiting.position());
			lane.relayed(lane.poll(System.nanoTime(), 1));
			assertThat(put(context, CONNECTION, "cluster", 100)).isNull();
		});
	}

	@Test
	void nothingIsTakenWithoutTime() {
		run((context) -> {
			assertThat(put(context, CONNECTION, "cluster", 100, Duration.ZERO)).contains("too long");
			assertThat(lanes(context)).isEmpty();
		});
	}

	@Test
	void nothingIsTakenWithTransactionsOnly() {
		this.runner = this.runner.withPropertyValues("spring.kafka.producer.transaction-id-prefix=tx-");
		run((context) -> assertThat(put(context, CONNECTION, "cluster", 100)).contains("without transactions"));
	}

	@Test
	void nothingIsTakenWithoutASpool() {
		this.runner = this.runner.withPropertyValues("reliable.kafka.spool.mode=off");
		run((context) -> {
			assertThat(context.getBean(SpoolEntrance.class).isOpen()).isFalse();
			assertThat(isWaiting(context, "cluster", 0)).isFalse();
			assertThat(put(context, CONNECTION, "cluster", 100)).isNotNull();
		});
	}

	private void run(org.springframework.boot.test.context.runner.ContextConsumer<ApplicationContext> test) {
		this.runner.withPropertyValues("reliable.kafka.spool.directory=" + this.directory).run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context);
		});
	}

	private static String put(ApplicationContext context, Map<String, Object> connection, String clusterId, int bytes) {
		return put(context, connection, clusterId, bytes, Duration.ofSeconds(10));
	}

	private static String put(ApplicationContext context, Map<String, Object> connection, String clusterId, int bytes,
			Duration patience) {
		return context.getBean(SpoolEntrance.class)
			.put(ConnectionSettings.of(connection), clusterId, "orders-dlt",
					new SpoolRecord(0, 1, System.currentTimeMillis(), null, new byte[bytes], List.of()),
					new KafkaException("not now"), patience);
	}

	private static boolean isWaiting(ApplicationContext context, String clusterId, int partition) {
		return context.getBean(SpoolEntrance.class).isWaiting(CONNECTION, clusterId, "orders-dlt", partition);
	}

	private static List<SpoolBacklog.OfLane> lanes(ApplicationContext context) {
		return context.getBean(SpoolWatch.class).lanes();
	}

	@Configuration(proxyBeanMethods = false)
	static class SecondTemplate {

		@Bean
		KafkaTemplate<Object, Object> second(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory, Map.of("linger.ms", "3"));
		}

	}

}
