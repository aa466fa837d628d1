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

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;

import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

import org.springframework.beans.BeanUtils;
import org.springframework.boot.kafka.autoconfigure.KafkaProperties;
import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.core.RoutingKafkaTemplate;
import org.springframework.util.ReflectionUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for what this package assumes of Kafka, Spring Kafka and Spring Boot. One that
 * fails after an upgrade names the code to look at.
 */
class UpstreamDefaultsTests {

	@Test
	void kafkaDefaultsThatTheRulesReplace() {
		Map<String, Object> defaults = ProducerConfig.configDef().defaultValues();
		assertThat(defaults).containsEntry("acks", "all")
			.containsEntry("enable.idempotence", true)
			.containsEntry("retries", Integer.MAX_VALUE)
			.containsEntry("max.in.flight.requests.per.connection", 5)
			.containsEntry("delivery.timeout.ms", 120_000);
	}

	@Test
	void copyOfAFactoryCarriesPostProcessorsAndSettings() {
		DefaultKafkaProducerFactory<Object, Object> factory = new DefaultKafkaProducerFactory<>(Map.of("a", "b"));
		factory.addPostProcessor((producer) -> producer);
		ProducerFactory<Object, Object> copy = factory.copyWithConfigurationOverride(Map.of("c", "d"));
		assertThat(copy.getPostProcessors()).isEqualTo(factory.getPostProcessors());
		assertThat(copy.getConfigurationProperties()).containsEntry("a", "b").containsEntry("c", "d");
	}

	@Test
	void routingTemplateHoldsItsFactoriesInAMap() {
		assertThat(ReflectionUtils.findField(RoutingKafkaTemplate.class, "factoryMatchers", Map.class)).isNotNull();
	}

	@Test
	void templatePropertiesOfSpringBootAreAllApplied() {
		assertThat(Arrays.stream(BeanUtils.getPropertyDescriptors(KafkaProperties.Template.class))
			.map((descriptor) -> descriptor.getName())
			.filter((name) -> !name.equals("class")))
			.containsExactlyInAnyOrderElementsOf(new TreeSet<>(List.of("allowNonTransactional", "closeTimeout",
					"defaultTopic", "observationEnabled", "transactionIdPrefix")));
	}

	@Test
	void clientShowsWhatRecordsOfUnknownTopicsNeed() {
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1",
				ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, List.of(ProducerSettingsVeto.class));
		try (KafkaProducer<String, byte[]> client = new KafkaProducer<>(settings, new StringSerializer(),
				new ByteArraySerializer())) {
			ClientInternals internals = ClientInternals.of(client);
			assertThat(internals)
				.as("KafkaProducer has no fields interceptors, keySerializerPlugin and valueSerializerPlugin any more, or "
						+ "others than before: see ClientInternals, without which records of topics that were never seen "
						+ "cannot wait in the spool")
				.isNotNull();
			ProducerRecord<String, byte[]> record = new ProducerRecord<>("orders", "key", new byte[] { 1 });
			assertThat(internals.intercept(record)).isEqualTo(record);
			assertThat(internals.key(record)).isEqualTo("key".getBytes(StandardCharsets.UTF_8));
			assertThat(internals.value(record, record.headers())).isEqualTo(new byte[] { 1 });
			assertThat(client.metrics().keySet()).as("see ClientLimits.available")
				.anyMatch((metric) -> metric.name().equals("buffer-available-bytes"));
		}
	}

	@Test
	void clientTellsAnUnknownTopicByTheseWords() {
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1",
				ProducerConfig.MAX_BLOCK_MS_CONFIG, "10");
		try (KafkaProducer<byte[], byte[]> client = new KafkaProducer<>(settings, new ByteArraySerializer(),
				new ByteArraySerializer())) {
			assertThat(client.send(new ProducerRecord<>("orders", new byte[0])))
				.as("see UnplacedRecords.isTopicUnknown")
				.failsWithin(Duration.ofSeconds(10))
				.withThrowableOfType(ExecutionException.class)
				.havingCause()
				.withMessageStartingWith("Topic ")
				.withMessageContaining("not present in metadata");
		}
	}

	@Test
	void clientThatIsClosedInACallbackIsKnownByTheNameOfItsThread() {
		assertThat(KafkaProducer.NETWORK_THREAD_PREFIX).isEqualTo("kafka-producer-network-thread");
	}

}
