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
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.spool.SpoolEntrance;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolWatch;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import io.github.reliablekafka.testing.KafkaProbe;
import io.github.reliablekafka.testing.RelayMemory;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that come into the spool as dead letters do, while the leader of
 * their partition is away: if their topic is deleted they hold up nobody, and nothing
 * overtakes them.
 */
@ExtendWith(OutputCaptureExtension.class)
@KafkaClusterTest(shared = true)
class SpoolDeletedTopicsIntegrationTests {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	/**
	 * So large that a batch has room for one, and 256 KB for a sixth of them.
	 */
	private static final int LARGE = 10_000;

	private static final int RECORDS = 100;

	private static final int MEMORY = 256 << 10;

	private final String gone = "gone-" + UUID.randomUUID();

	private final String other = "other-" + UUID.randomUUID();

	@TempDir
	private Path directory;

	private KafkaCluster cluster;

	private KafkaProbe probe;

	private int away;

	private String clusterId;

	@BeforeEach
	void prepare(KafkaCluster started) throws Exception {
		this.cluster = started;
		this.probe = new KafkaProbe(started.bootstrapServers());
		this.away = started.brokerIds().get(0);
		this.clusterId = started.admin().describeCluster().clusterId().get();
		create(this.gone, this.away);
		create(this.other, started.brokerIds().get(1));
	}

	@AfterEach
	void end() {
		this.cluster.restore();
		this.probe.close();
	}

	@Test
	void whatTheClientHasOfADeletedTopicHoldsUpNobodyAndArrivesInOrderWhenTheTopicIsThereAgain(CapturedOutput output) {
		run((context) -> {
			assertThat(put(context, this.other, "first")).isNull();
			assertThat(put(context, this.gone, "deleted with it")).isNull();
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 2);
			// One that is cut off does not hear of the deletion, and takes some when it
			// is back.
			this.cluster.kill(this.away);
			for (int i = 0; i < RECORDS; i++) {
				assertThat(put(context, this.gone, text(i))).isNull();
			}
			await().atMost(PATIENCE)
				.untilAsserted(() -> assertThat(RelayMemory.taken()).isGreaterThan(MEMORY - 16_384));
			this.cluster.admin().deleteTopics(List.of(this.gone)).all().get();
			assertThat(put(context, this.other, "second")).isNull();
			await().atMost(PATIENCE).until(() -> ledger(context).deliveries(this.other).delivered() == 2);
			assertThat(output).contains("Topic '" + this.gone + "' is gone: ");
			assertThat(context.getBean(SpoolWatch.class).backlog().waiting()).isEqualTo(RECORDS);
			this.cluster.restart(this.away);
			create(this.gone, this.away);
			await().atMost(PATIENCE).until(() -> ledger(context).deliveries(this.gone).delivered() == RECORDS + 1);
			assertThat(ledger(context).totals().isBalanced()).isTrue();
			assertThat(context.getBean(SpoolWatch.class).backlog().parked()).isZero();
		});
		assertThat(this.probe.values(this.gone)).containsExactlyElementsOf(
				IntStream.range(0, RECORDS).mapToObj(SpoolDeletedTopicsIntegrationTests::text).toList());
		assertThat(this.probe.values(this.other)).containsExactly("first", "second");
	}

	@Test
	void firstRecordWithAPartitionOfItsOwnOvertakesNothing() {
		run((context) -> {
			assertThat(put(context, this.gone, "first")).isNull();
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 1);
			this.cluster.kill(this.away);
			for (int i = 0; i < RECORDS; i++) {
				assertThat(put(context, this.gone, text(i))).isNull();
			}
			CompletableFuture<?> last = SpoolSetup.template(context)
				.send(new ProducerRecord<>(this.gone, 0, null, "last"));
			this.cluster.restart(this.away);
			assertThat(last).succeedsWithin(PATIENCE);
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == RECORDS + 2);
		});
		List<String> values = this.probe.values(this.gone);
		assertThat(values).hasSize(RECORDS + 2);
		assertThat(values.indexOf("last")).isEqualTo(RECORDS + 1);
	}

	private void run(ThrowingConsumer<ApplicationContext> test) {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(KafkaAutoConfiguration.class, DurabilityAutoConfiguration.class,
					ReliableProducerAutoConfiguration.class, ReliableKafkaTemplateAutoConfiguration.class))
			.withPropertyValues("spring.kafka.bootstrap-servers=" + this.cluster.bootstrapServers(),
					"spring.application.name=shop", "spring.kafka.producer.buffer-memory=256KB",
					"spring.kafka.producer.properties.request.timeout.ms=5000", "reliable.kafka.producer.max-block=1s",
					"reliable.kafka.producer.shutdown-timeout=1s", "reliable.kafka.spool.directory=" + this.directory)
			.run((context) -> {
				assertThat(context).hasNotFailed();
				test.accept(context);
			});
	}

	private static String text(int number) {
		return number + "-" + "x".repeat(LARGE);
	}

	private String put(ApplicationContext context, String topic, String value) {
		ProducerFactory<?, ?> factory = context.getBean(ProducerFactory.class);
		Map<String, Object> settings = factory.getConfigurationProperties();
		return context.getBean(SpoolEntrance.class)
			.put(ConnectionSettings.of(settings), this.clusterId, topic, new SpoolRecord(0, 1L,
					System.currentTimeMillis(), null, value.getBytes(StandardCharsets.UTF_8), List.of()), null,
					PATIENCE);
	}

	private static DeliveryLedger ledger(ApplicationContext context) {
		return context.getBean(DeliveryLedger.class);
	}

	private void create(String topic, int broker) {
		await().atMost(PATIENCE).ignoreExceptions().until(() -> {
			this.cluster.admin()
				.createTopics(List
					.of(new NewTopic(topic, Map.of(0, List.of(broker))).configs(Map.of("min.insync.replicas", "1"))))
				.all()
				.get();
			return true;
		});
		await().atMost(PATIENCE).ignoreExceptions().until(() -> this.cluster.leaderOf(topic, 0) == broker);
	}

}
