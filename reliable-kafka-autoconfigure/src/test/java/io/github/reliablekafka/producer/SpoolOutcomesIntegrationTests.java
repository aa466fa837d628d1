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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.ParkedRecord;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolWatch;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationListener;
import org.springframework.context.PayloadApplicationEvent;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.support.SendResult;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for where records in the spool go, and what becomes of those that the cluster
 * does not take, against a broker.
 */
@ExtendWith(OutputCaptureExtension.class)
class SpoolOutcomesIntegrationTests extends SpoolSetup {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	private static final String SUBJECT = "producer factory 'kafkaProducerFactory'";

	private final List<SpoolEvent> events = new CopyOnWriteArrayList<>();

	@BeforeEach
	void listen() {
		this.runner = this.runner.withInitializer((context) -> context
			.addApplicationListener((ApplicationListener<PayloadApplicationEvent<?>>) (event) -> {
				if (event.getPayload() instanceof SpoolEvent spooled) {
					this.events.add(spooled);
				}
			}));
	}

	@Test
	void promisedRecordThatTheClusterNeverTakesIsParked(CapturedOutput output) throws Exception {
		String small = "small-" + UUID.randomUUID();
		cluster.createTopic(small, 1, 1, Map.of("max.message.bytes", "1000"));
		this.runner.run((context) -> {
			ReliableKafkaTemplate<Object, Object> template = template(context);
			assertThat(template.deliver(small, "fits")).succeedsWithin(PATIENCE);
			away();
			assertThat(template.deliver(small, "x".repeat(5000))).succeedsWithin(PATIENCE);
			CompletableFuture<SendResult<Object, Object>> sent = template.send(small, "y".repeat(5000));
			assertThat(template.deliver(small, "fits as well")).succeedsWithin(PATIENCE);
			back();
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 2);
			assertThat(sent).failsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().rejectedTotal() == 2);
			assertThat(ledger(context).totals().rejected()).containsOnlyKeys(RejectionReason.RECORD_TOO_LARGE);
		});
		assertThat(output).contains("is parked there");
		assertThat(read(small)).extracting(ConsumerRecord::value).containsExactly("fits", "fits as well");
		assertThat(this.events).filteredOn((event) -> event.kind() == SpoolEvent.Kind.PARKED)
			.singleElement()
			.satisfies((event) -> assertThat(event.topic()).isEqualTo(small));
		cluster.admin()
			.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, small),
					List.of(new AlterConfigOp(new ConfigEntry("max.message.bytes", "10000"),
							AlterConfigOp.OpType.SET))))
			.all()
			.get();
		this.runner.run((context) -> {
			SpoolWatch spool = context.getBean(SpoolWatch.class);
			assertThat(template(context).deliver(small, "later")).succeedsWithin(PATIENCE);
			assertThat(spool.backlog().parked()).isOne();
			ParkedRecord parked = spool.parked(10).get(0);
			assertThat(parked.reason()).contains("RecordTooLarge");
			assertThat(parked.topic()).isEqualTo(small);
			assertThat(parked.value()).hasSize(5000);
			assertThat(spool.sendAgain("unknown")).isFalse();
			assertThat(spool.sendAgain(parked.id())).isTrue();
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 2);
			assertThat(ledger(context).totals().isBalanced()).isTrue();
			assertThat(spool.backlog().parked()).isZero();
			assertThat(spool.sendAgain(parked.id())).isFalse();
		});
		List<ConsumerRecord<String, String>> log = read(small);
		assertThat(log).extracting(ConsumerRecord::value)
			.containsExactly("fits", "fits as well", "later", "x".repeat(5000));
		assertThat(stamp(log.get(3)).replay()).isTrue();
		assertThat(log.get(3).headers().lastHeader("rk-parked")).isNull();
	}

	@Test
	void recordsOfATopicThatDoesNotExistHaveAnOutcome() {
		String nowhere = "nowhere-" + UUID.randomUUID();
		this.runner.withPropertyValues("reliable.kafka.spool.give-up-after=1s").run((context) -> {
			away();
			ReliableKafkaTemplate<Object, Object> template = template(context);
			assertThat(template.deliver(nowhere, "promised")).succeedsWithin(PATIENCE)
				.satisfies((safe) -> assertThat(safe.outcome()).isEqualTo(DeliveryReceipt.Outcome.SPOOLED));
			CompletableFuture<SendResult<Object, Object>> sent = template.send(nowhere, "awaited");
			assertThat(template.deliver(this.topic, "key-0", "0-")).succeedsWithin(PATIENCE);
			assertThat(sent).isNotDone();
			back();
			assertThat(sent).failsWithin(PATIENCE);
			template.flush();
			await().atMost(PATIENCE)
				.until(() -> ledger(context).totals().rejectedTotal() == 2
						&& ledger(context).totals().delivered() == 1);
			assertThat(ledger(context).totals().rejected()).containsOnlyKeys(RejectionReason.TOPIC_NOT_FOUND);
			assertThat(ledger(context).totals().isBalanced()).isTrue();
			SpoolWatch spool = context.getBean(SpoolWatch.class);
			assertThat(spool.parked(10)).extracting((parked) -> new String(parked.value(), StandardCharsets.UTF_8))
				.containsExactly("promised");
			cluster.createTopic(nowhere, 1);
			assertThat(spool.sendAgain(spool.parked(1).get(0).id())).isTrue();
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 2);
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(this.events).extracting(SpoolEvent::kind)
					.contains(SpoolEvent.Kind.WAITING, SpoolEvent.Kind.PARKED, SpoolEvent.Kind.DRAINED));
		});
		assertThat(read(nowhere)).extracting(ConsumerRecord::value).containsExactly("promised");
	}

	@Test
	void partitionStandsStillBehindARecordUntilSomebodyDecidesOrTheFaultIsOver() {
		String small = "small-" + UUID.randomUUID();
		cluster.createTopic(small, 1, 1, Map.of("max.message.bytes", "1000"));
		this.runner.withPropertyValues("reliable.kafka.spool.on-refusal=block").run((context) -> {
			away();
			ReliableKafkaTemplate<Object, Object> template = template(context);
			for (String value : List.of("0", "x".repeat(5000), "1", "y".repeat(5000), "2")) {
				assertThat(template.deliver(small, value)).succeedsWithin(PATIENCE);
			}
			back();
			SpoolWatch spool = context.getBean(SpoolWatch.class);
			await().atMost(PATIENCE).until(() -> spool.backlog().blocked().size() == 1);
			SpoolBacklog.Blocked blocked = spool.backlog().blocked().get(0);
			assertThat(blocked.topic()).isEqualTo(small);
			assertThat(blocked.partition()).isZero();
			assertThat(blocked.reason()).contains("RecordTooLarge");
			await().atMost(PATIENCE).until(() -> spool.backlog().waiting() == 4);
			assertThat(template.deliver(small, "3")).succeedsWithin(PATIENCE);
			assertThat(template.deliver(this.topic, "key-0", "0-")).succeedsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 2);
			assertThat(read(small)).extracting(ConsumerRecord::value).containsExactly("0");
			assertThat(spool.park("unknown")).isFalse();
			assertThat(spool.park(blocked.id())).isTrue();
			await().atMost(PATIENCE)
				.until(() -> spool.backlog().parked() == 1
						&& spool.backlog().blocked().stream().anyMatch((next) -> !next.id().equals(blocked.id())));
			assertThat(read(small)).extracting(ConsumerRecord::value).containsExactly("0", "1");
			cluster.admin()
				.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.TOPIC, small),
						List.of(new AlterConfigOp(new ConfigEntry("max.message.bytes", "10000"),
								AlterConfigOp.OpType.SET))))
				.all()
				.get();
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 6);
			assertThat(spool.backlog().blocked()).isEmpty();
			assertThat(ledger(context).totals().isBalanced()).isTrue();
		});
		assertThat(read(small)).extracting(ConsumerRecord::value).containsExactly("0", "1", "y".repeat(5000), "2", "3");
		assertThat(this.events).filteredOn((event) -> event.kind() == SpoolEvent.Kind.BLOCKED).hasSize(2);
	}

	@ParameterizedTest
	@ValueSource(strings = { "park", "block" })
	void recordsOfPartitionsThatAreGoneHaveAnOutcome(String onRefusal) throws Exception {
		String shrunk = "shrunk-" + UUID.randomUUID();
		cluster.createTopic(shrunk, 6);
		ApplicationContextRunner patient = this.runner.withPropertyValues("reliable.kafka.spool.give-up-after=2s",
				"reliable.kafka.spool.on-refusal=" + onRefusal);
		patient.run((context) -> {
			assertThat(template(context).deliver(new ProducerRecord<>(shrunk, 0, null, "first")))
				.succeedsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 1);
			away();
			for (int partition = 0; partition < 6; partition++) {
				assertThat(template(context).deliver(new ProducerRecord<>(shrunk, partition, null, "for " + partition)))
					.succeedsWithin(PATIENCE);
			}
		});
		back();
		cluster.admin().deleteTopics(List.of(shrunk)).all().get();
		await().atMost(PATIENCE).ignoreExceptions().until(() -> {
			cluster.createTopic(shrunk, 2);
			return true;
		});
		patient.run((context) -> {
			SpoolWatch spool = context.getBean(SpoolWatch.class);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 2);
			if (onRefusal.equals("park")) {
				await().atMost(PATIENCE).until(() -> spool.backlog().parked() == 4);
				assertThat(spool.parked(10)).extracting(ParkedRecord::partition).containsExactlyInAnyOrder(2, 3, 4, 5);
				assertThat(spool.parked(10)).extracting(ParkedRecord::reason)
					.allMatch((reason) -> reason.contains("has 2 partitions"));
				return;
			}
			await().atMost(PATIENCE).until(() -> spool.backlog().blocked().size() == 4);
			assertThat(spool.backlog().parked()).isZero();
			cluster.admin().createPartitions(Map.of(shrunk, NewPartitions.increaseTo(6))).all().get();
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 6);
			assertThat(spool.backlog().blocked()).isEmpty();
		});
		assertThat(read(shrunk)).hasSize(onRefusal.equals("park") ? 2 : 6)
			.allSatisfy((record) -> assertThat(record.value()).isEqualTo("for " + record.partition()));
	}

	@Test
	void leftoversBelongToTheClusterAndNotToItsAddress(CapturedOutput output) throws Exception {
		this.runner.run((context) -> {
			assertThat(template(context).deliver(this.topic, "key-0", "0-")).succeedsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 1);
			away();
			deliver(template(context), 1, 20, Duration.ofSeconds(4))
				.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
		});
		back();
		try (SegmentSpool spool = SpoolDirectory.open(this.directory.resolve("shop"),
				SpoolOptions.of("shop", 1 << 30, 0, false))) {
			assertThat(spool.occupied())
				.allSatisfy((lane) -> assertThat(lane.destination()).startsWith(SUBJECT + " in "));
			spool.append(spool.lane(SUBJECT + " in another-cluster", this.topic, 0),
					new SpoolRecord(-1, 1, 1, null, "elsewhere".getBytes(StandardCharsets.UTF_8), List.of()), 0, null);
			assertThat(spool.flush()).isTrue();
		}
		String otherName = cluster.bootstrapServers().replace("127.0.0.1", "localhost");
		this.runner.withPropertyValues("spring.kafka.bootstrap-servers=" + otherName).run((context) -> {
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 19);
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(output)
					.contains("wait for " + SUBJECT + " in another-cluster, and are sent nowhere else"));
			assertThat(template(context).deliver(this.topic, "key-0", "20-")).succeedsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 20);
			assertThat(context.getBean(SpoolWatch.class).backlog().waiting()).as("of another cluster").isOne();
		});
		List<ConsumerRecord<String, String>> log = read();
		assertThat(log).extracting(ConsumerRecord::value).doesNotContain("elsewhere");
		assertCompleteAndInOrder(log, 21);
	}

	@Test
	void whatAnInstanceThatIsGoneLeftComesBeforeWhatIsSentNow() {
		this.runner.run((first) -> {
			// Takes the first place in the directory, and the other one the second.
			assertThat(template(first).deliver(this.topic, "other", "0-")).succeedsWithin(PATIENCE);
			this.runner.run((second) -> {
				deliver(template(second), 0, 20, PATIENCE)
					.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
				await().atMost(PATIENCE).until(() -> ledger(second).totals().delivered() == 20);
				away();
				deliver(template(second), 20, 1000, Duration.ofSeconds(4))
					.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
			});
		});
		back();
		assertThat(this.directory.resolve("shop").resolve("1")).isDirectoryContaining("glob:**.segment");
		this.runner.run((context) -> {
			deliver(template(context), 1000, 1500, PATIENCE)
				.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 1480);
		});
		List<ConsumerRecord<String, String>> log = new ArrayList<>(read());
		log.removeIf((record) -> record.key().equals("other"));
		assertCompleteAndInOrder(log, 1500);
	}

	@Test
	void whatWasMeantForOneClusterNeverGetsIntoAnother(CapturedOutput output) {
		this.runner.withPropertyValues("spring.kafka.bootstrap-servers=localhost:1")
			.run((context) -> assertThat(template(context).deliver(this.topic, "key-0", "elsewhere"))
				.succeedsWithin(PATIENCE)
				.satisfies((safe) -> assertThat(safe.outcome()).isEqualTo(DeliveryReceipt.Outcome.SPOOLED)));
		assertThat(output).contains("1 record stays in the spool");
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output).contains("at localhost:1, and are sent nowhere else");
			assertThat(template(context).deliver(this.topic, "key-0", "0-")).succeedsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 1);
			KafkaTemplate<Object, Object> other = new KafkaTemplate<>(template(context).getProducerFactory(),
					Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1"));
			assertThat(other.send(this.topic, "key-0", "elsewhere")).isNotDone();
			assertThat(template(context).deliver(this.topic, "key-0", "1-")).succeedsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 2);
		});
		assertThat(read()).extracting(ConsumerRecord::value).containsExactly("0-", "1-");
	}

}
