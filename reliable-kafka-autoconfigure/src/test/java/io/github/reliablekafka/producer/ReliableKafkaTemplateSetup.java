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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.test.KafkaCluster;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.kafka.core.KafkaTemplate;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application that sends to three real brokers, without a spool.
 */
abstract class ReliableKafkaTemplateSetup {

	static final KafkaCluster cluster = KafkaCluster.builder()
		.brokers(3)
		.property("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer")
		.property("allow.everyone.if.no.acl.found", "true")
		.build();

	final String topic = "orders-" + UUID.randomUUID();

	final ApplicationContextRunner contextRunner = new ApplicationContextRunner()
		.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, DurabilityAutoConfiguration.class,
				ReliableProducerAutoConfiguration.class, ReliableKafkaTemplateAutoConfiguration.class))
		.withPropertyValues("spring.kafka.bootstrap-servers=" + cluster.bootstrapServers(),
				"reliable.kafka.producer.max-block=5s", "reliable.kafka.spool.mode=off",
				"spring.kafka.admin.operation-timeout=5s");

	@BeforeAll
	static void startCluster() {
		cluster.start();
	}

	@AfterAll
	static void closeCluster() {
		cluster.close();
	}

	@BeforeEach
	void createTopic() {
		cluster.createTopic(this.topic, 3);
	}

	@AfterEach
	void healCluster() {
		cluster.restore();
	}

	void run(BiConsumer<ReliableKafkaTemplate<Object, Object>, DeliveryLedger> test) {
		this.contextRunner.run((context) -> {
			assertThat(context).hasNotFailed();
			@SuppressWarnings("unchecked")
			ReliableKafkaTemplate<Object, Object> template = context.getBean(ReliableKafkaTemplate.class);
			DeliveryLedger ledger = context.getBean(DeliveryLedger.class);
			test.accept(template, ledger);
			DeliveryCounts totals = ledger.totals();
			assertThat(totals.isBalanced()).isTrue();
			assertThat(totals.inFlight()).isZero();
		});
	}

	@SuppressWarnings("unchecked")
	static Map<String, KafkaTemplate<Object, Object>> templates(ApplicationContext context) {
		return (Map<String, KafkaTemplate<Object, Object>>) (Map<String, ?>) context
			.getBeansOfType(KafkaTemplate.class);
	}

	static void assertBalanced(DeliveryLedger ledger, long accepted) {
		DeliveryCounts totals = ledger.totals();
		assertThat(totals.accepted()).isEqualTo(accepted);
		assertThat(totals.inFlight()).isZero();
		assertThat(totals.isBalanced()).isTrue();
	}

	static void assertRejected(CompletableFuture<DeliveryReceipt> receipt, RejectionReason reason) {
		assertThat(receipt).failsWithin(Duration.ofSeconds(30))
			.withThrowableOfType(ExecutionException.class)
			.havingCause()
			.isInstanceOfSatisfying(DeliveryRejectedException.class, (ex) -> assertThat(ex.reason()).isEqualTo(reason))
			.withMessageContaining(reason.label());
	}

	/**
	 * Read the topic by a plain consumer, the truth that the starter is held against.
	 */
	List<String> read() {
		Map<String, Object> settings = Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, cluster.bootstrapServers(),
				ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings, new StringDeserializer(),
				new StringDeserializer())) {
			List<TopicPartition> partitions = consumer.partitionsFor(this.topic)
				.stream()
				.map((info) -> new TopicPartition(info.topic(), info.partition()))
				.toList();
			consumer.assign(partitions);
			consumer.seekToBeginning(partitions);
			Map<TopicPartition, Long> end = consumer.endOffsets(partitions);
			List<String> values = new ArrayList<>();
			long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
			while (partitions.stream().anyMatch((partition) -> consumer.position(partition) < end.get(partition))) {
				assertThat(System.nanoTime()).isLessThan(deadline);
				for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
					values.add(record.value());
				}
			}
			return values;
		}
	}

}
