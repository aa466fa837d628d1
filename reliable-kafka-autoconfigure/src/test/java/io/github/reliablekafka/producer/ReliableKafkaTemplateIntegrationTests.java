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
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.awaitility.Awaitility.await;

/**
 * Integration tests for {@link ReliableKafkaTemplate} on three real brokers.
 */
@ExtendWith(OutputCaptureExtension.class)
class ReliableKafkaTemplateIntegrationTests extends ReliableKafkaTemplateSetup {

	@Test
	void deliverCompletesWithTheReceipt() {
		run((template, ledger) -> {
			DeliveryReceipt receipt = template.deliver(new ProducerRecord<>(this.topic, 2, "key", "value"),
					Duration.ofSeconds(30));
			assertThat(receipt.topic()).isEqualTo(this.topic);
			assertThat(receipt.partition()).isEqualTo(2);
			assertThat(receipt.offset()).hasValue(0);
			assertThat(receipt.timestamp()).isNotNull();
			assertThat(template.deliver(this.topic, "value")).succeedsWithin(Duration.ofSeconds(30));
			assertThat(template.deliver(this.topic, "key", null)).succeedsWithin(Duration.ofSeconds(30));
			assertThat(ledger.deliveries(this.topic).delivered()).isEqualTo(3);
		});
		assertThat(read()).hasSize(3);
	}

	@Test
	void everyRecordArrivesOnceAndInOrderWhenItsLeaderIsKilled() {
		int records = 3000;
		run((template, ledger) -> {
			List<CompletableFuture<DeliveryReceipt>> receipts = new ArrayList<>();
			int leader = cluster.leaderOf(this.topic, 0);
			for (int i = 0; i < records; i++) {
				receipts.add(template.deliver(new ProducerRecord<>(this.topic, 0, "key", "value-" + i)));
				if (i == records / 3) {
					cluster.kill(leader);
				}
				if (i == records / 2) {
					cluster.restart(leader);
				}
			}
			assertThat(receipts).allSatisfy((receipt) -> assertThat(receipt).succeedsWithin(Duration.ofMinutes(1)));
			assertBalanced(ledger, records);
			assertThat(ledger.deliveries(this.topic).delivered()).isEqualTo(records);
		});
		List<String> values = read();
		assertThat(values).hasSize(records);
		for (int i = 0; i < records; i++) {
			assertThat(values.get(i)).isEqualTo("value-" + i);
		}
	}

	@Test
	void recordTooLargeForTheClientIsRejected() {
		run((template, ledger) -> {
			assertRejected(template.deliver(this.topic, "x".repeat(2_000_000)), RejectionReason.RECORD_TOO_LARGE);
			assertThat(ledger.deliveries(this.topic).rejected())
				.containsExactly(Map.entry(RejectionReason.RECORD_TOO_LARGE, 1L));
		});
	}

	@Test
	void recordTooLargeForTheTopicIsRejected() {
		String small = "small-" + UUID.randomUUID();
		cluster.createTopic(small, 1, 3, Map.of("max.message.bytes", "1000"));
		run((template, ledger) -> {
			assertRejected(template.deliver(small, "x".repeat(2_000)), RejectionReason.RECORD_TOO_LARGE);
			assertThat(template.deliver(small, "fits")).succeedsWithin(Duration.ofSeconds(30));
			assertBalanced(ledger, 2);
		});
	}

	@Test
	void valueThatCannotBeSerializedIsRejected() {
		run((template, ledger) -> {
			assertRejected(template.deliver(this.topic, List.of()), RejectionReason.NOT_SERIALIZABLE);
			assertThatExceptionOfType(SerializationException.class)
				.isThrownBy(() -> template.send(this.topic, List.of()));
			assertThat(ledger.deliveries(this.topic).rejected())
				.containsExactly(Map.entry(RejectionReason.NOT_SERIALIZABLE, 2L));
			assertThat(ledger.recentRejections()).hasSize(2);
		});
	}

	@Test
	void recordForATopicThatDoesNotExistIsRejected() {
		run((template, ledger) -> assertRejected(template.deliver("missing-topic", "value"),
				RejectionReason.TOPIC_NOT_FOUND));
	}

	@Test
	void recordForATopicWithAnIllegalNameIsRejected() {
		run((template, ledger) -> assertRejected(template.deliver("not a name", "value"),
				RejectionReason.INVALID_TOPIC));
	}

	@Test
	void recordThatMustNotBeWrittenIsRejected() throws Exception {
		String forbidden = "forbidden-" + UUID.randomUUID();
		cluster.createTopic(forbidden, 1);
		cluster.admin()
			.createAcls(List.of(new AclBinding(new ResourcePattern(ResourceType.TOPIC, forbidden, PatternType.LITERAL),
					new AccessControlEntry("User:ANONYMOUS", "*", AclOperation.WRITE, AclPermissionType.DENY))))
			.all()
			.get(30, TimeUnit.SECONDS);
		run((template, ledger) -> await().atMost(Duration.ofSeconds(30))
			.untilAsserted(() -> assertRejected(template.deliver(forbidden, "value"), RejectionReason.NOT_AUTHORIZED)));
	}

	@Test
	void failureNobodyLooksAtIsLoggedOnceAndCounted(CapturedOutput output) {
		run((template, ledger) -> {
			for (int i = 0; i < 20; i++) {
				try {
					template.send(this.topic, "x".repeat(2_000_000));
				}
				catch (org.springframework.kafka.KafkaException ex) {
					assertThat(ex).hasRootCauseInstanceOf(org.apache.kafka.common.errors.RecordTooLargeException.class);
				}
			}
			assertThat(ledger.deliveries(this.topic).rejectedTotal()).isEqualTo(20);
		});
		assertThat(output.getAll().split("Record for topic '%s' rejected".formatted(this.topic), -1)).hasSize(2);
	}

	@Test
	void pendingRecordIsDeliveredWhenTheClusterIsBack() {
		run((template, ledger) -> {
			template.deliver(new ProducerRecord<>(this.topic, 0, "key", "first"), Duration.ofSeconds(30));
			cluster.brokerIds().forEach(cluster::pause);
			assertThatExceptionOfType(DeliveryPendingException.class).isThrownBy(() -> template
				.deliver(new ProducerRecord<>(this.topic, 0, "key", "second"), Duration.ofSeconds(2)));
			assertThat(ledger.deliveries(this.topic).inFlight()).isOne();
			assertThat(ledger.oldestUnacknowledgedAge()).isGreaterThan(Duration.ofSeconds(1));
			cluster.brokerIds().forEach(cluster::resume);
			await().atMost(Duration.ofMinutes(1)).until(() -> ledger.deliveries(this.topic).delivered() == 2);
			assertThat(ledger.oldestUnacknowledgedAge()).isZero();
		});
		assertThat(read()).containsExactly("first", "second");
	}

	@Test
	void applicationStartsWithoutACluster() {
		this.contextRunner
			.withPropertyValues("spring.kafka.bootstrap-servers=127.0.0.1:1", "reliable.kafka.producer.max-block=1s")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				@SuppressWarnings("unchecked")
				ReliableKafkaTemplate<Object, Object> template = context.getBean(ReliableKafkaTemplate.class);
				long start = System.nanoTime();
				assertRejected(template.deliver(this.topic, "value"), RejectionReason.UNREACHABLE);
				assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(900),
						Duration.ofSeconds(9));
			});
	}

	@Test
	void shutdownIsBoundedForAllProducersTogetherAndReportsWhatWasNotAcknowledged(CapturedOutput output) {
		long[] start = new long[1];
		DeliveryLedger[] books = new DeliveryLedger[1];
		this.contextRunner.withPropertyValues("reliable.kafka.producer.shutdown-timeout=10s")
			.withUserConfiguration(TwoProducers.class)
			.run((context) -> {
				Map<String, KafkaTemplate<Object, Object>> templates = templates(context);
				assertThat(templates).hasSize(2);
				for (KafkaTemplate<Object, Object> template : templates.values()) {
					assertThat(template.send(this.topic, 0, "key", "first")).succeedsWithin(Duration.ofSeconds(30));
				}
				cluster.brokerIds().forEach(cluster::pause);
				templates.values().forEach((template) -> template.send(this.topic, 0, "key", "late"));
				books[0] = context.getBean(DeliveryLedger.class);
				start[0] = System.nanoTime();
			});
		assertThat(Duration.ofNanos(System.nanoTime() - start[0])).isBetween(Duration.ofSeconds(10),
				Duration.ofSeconds(18));
		assertThat(output).contains("Producers stopping: flushed 0, spooled 0, rejected 0, in flight 2");
		assertThat(output.getAll().split("Producer closed with 1 records that were not acknowledged", -1)).hasSize(3);
		assertThat(books[0].totals().rejected()).containsExactly(Map.entry(RejectionReason.CLOSED, 2L));
		assertBalanced(books[0], 4);
	}

	@Test
	void shutdownFlushesWhatIsOnItsWay(CapturedOutput output) {
		this.contextRunner.withPropertyValues("spring.kafka.producer.properties[linger.ms]=10000").run((context) -> {
			@SuppressWarnings("unchecked")
			ReliableKafkaTemplate<Object, Object> template = context.getBean(ReliableKafkaTemplate.class);
			for (int i = 0; i < 10; i++) {
				template.send(new ProducerRecord<>(this.topic, 0, "key", "value-" + i));
			}
		});
		assertThat(output).contains("Producers stopping: flushed 10, spooled 0, rejected 0, in flight 0");
		assertThat(read()).hasSize(10);
	}

	@Test
	void committedTransactionIsDeliveredAndAbortedOneRejected() {
		this.contextRunner.withPropertyValues("spring.kafka.producer.transaction-id-prefix=tx-" + this.topic,
				// The first transaction of a cluster has its topic made.
				"reliable.kafka.producer.max-block=30s")
			.run((context) -> {
				@SuppressWarnings("unchecked")
				ReliableKafkaTemplate<Object, Object> template = context.getBean(ReliableKafkaTemplate.class);
				DeliveryLedger ledger = context.getBean(DeliveryLedger.class);
				template.executeInTransaction((operations) -> {
					operations.send(this.topic, "key", "committed-1");
					return operations.send(this.topic, "key", "committed-2");
				});
				assertThat(ledger.deliveries(this.topic).delivered()).isEqualTo(2);
				assertThatException().isThrownBy(() -> template.executeInTransaction((operations) -> {
					operations.send(this.topic, "key", "aborted").join();
					throw new IllegalArgumentException("no");
				}));
				assertThat(ledger.deliveries(this.topic).rejected())
					.containsExactly(Map.entry(RejectionReason.ABORTED, 1L));
				assertThatIllegalStateException()
					.isThrownBy(() -> template
						.executeInTransaction((operations) -> template.deliver(this.topic, "key", "refused")))
					.withMessageContaining("use send");
				assertBalanced(ledger, 3);
			});
		assertThat(read()).containsExactly("committed-1", "committed-2");
	}

	@Test
	void templateOfTheUserIsCounted() {
		this.contextRunner.run((context) -> {
			@SuppressWarnings("unchecked")
			ReliableKafkaTemplate<Object, Object> reliable = context.getBean(ReliableKafkaTemplate.class);
			KafkaTemplate<Object, Object> own = new KafkaTemplate<>(reliable.getProducerFactory(),
					Map.of("compression.type", "lz4"));
			own.setApplicationContext(context);
			try {
				assertThat(own.send(this.topic, "key", "value")).succeedsWithin(Duration.ofSeconds(30));
			}
			finally {
				own.destroy();
			}
			assertBalanced(context.getBean(DeliveryLedger.class), 1);
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class TwoProducers {

		@Bean
		KafkaTemplate<Object, Object> first(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory);
		}

		@Bean
		KafkaTemplate<Object, Object> second(ProducerFactory<Object, Object> factory) {
			return new KafkaTemplate<>(factory, Map.of("compression.type", "lz4"));
		}

	}

}
