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

package io.github.reliablekafka.idempotency;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;

import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import io.github.reliablekafka.testing.KafkaProbe;
import io.github.reliablekafka.testing.ListeningFaults;
import io.github.reliablekafka.testing.ListeningInstances;
import io.github.reliablekafka.testing.SaidRebalances;
import io.github.reliablekafka.testing.SteadyRecords;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.kafka.core.KafkaTemplate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Faults in an order that nobody thought of, while listeners write to a real PostgreSQL
 * and throw, hang and return futures that fail: each record has one effect, or is
 * dead-lettered. Runs with {@code -Pchaos}, for {@code -Dchaos.minutes};
 * {@code -Dchaos.seed} has the same faults again, though not the same moments. What each
 * build runs is {@link OneEffectIntegrationTests}.
 */
@Tag("chaos")
@KafkaClusterTest(shared = true,
		properties = { "group.consumer.min.session.timeout.ms=6000", "group.consumer.session.timeout.ms=6000",
				"group.consumer.min.heartbeat.interval.ms=1000", "group.consumer.heartbeat.interval.ms=1000" })
class OneEffectChaosIntegrationTests {

	private static final List<String> GROUPS = List.of("classic", "newer", "static", "future");

	private static final int PARTITIONS = 4;

	private final long seed = Long.getLong("chaos.seed", System.nanoTime());

	private final Random random = new Random(this.seed);

	private final String topic = "effects-" + Long.toHexString(this.seed);

	private final Map<String, Integer> words = new ConcurrentHashMap<>();

	private final Map<String, Integer> assignments = new ConcurrentHashMap<>();

	@Test
	void campaign(KafkaCluster cluster) throws Exception {
		System.out.println("Campaign with -Dchaos.seed=" + this.seed);
		long end = System.nanoTime() + Duration.ofMinutes(Long.getLong("chaos.minutes", 5)).toNanos();
		cluster.createTopic(this.topic, PARTITIONS, 3, Map.of());
		try (EmbeddedPostgres postgres = EmbeddedPostgres.start();
				KafkaProbe probe = new KafkaProbe(cluster.bootstrapServers());
				ConfigurableApplicationContext sending = sending(cluster);
				ListeningInstances instances = instances(cluster, postgres)) {
			JdbcTemplate jdbc = new JdbcTemplate(postgres.getPostgresDatabase());
			jdbc.execute("CREATE TABLE EFFECTS (CONSUMER_GROUP VARCHAR(100), NAME VARCHAR(100))");
			instances.start("first", Map.of());
			instances.start("second", Map.of());
			ListeningFaults faults = new ListeningFaults(cluster, this.topic, instances, this.random);
			SteadyRecords records = new SteadyRecords(PARTITIONS, Duration.ofMillis(10), this.random,
					(number) -> ((number % 100 == 17) ? "poison-" : "record-") + number, sender(sending));
			awaitWords();
			while (System.nanoTime() < end) {
				faults.injectNext();
				awaitWords();
			}
			records.end();
			cluster.restore();
			awaitCommitted(cluster, records);
			assertEffects(jdbc, probe, records, faults);
		}
	}

	private ConfigurableApplicationContext sending(KafkaCluster cluster) {
		return new SpringApplicationBuilder(Sending.class).web(WebApplicationType.NONE)
			.run("--spring.kafka.bootstrap-servers=" + cluster.bootstrapServers(),
					"--spring.kafka.properties[request.timeout.ms]=3000",
					"--spring.kafka.properties[metadata.max.age.ms]=1000", "--reliable.kafka.producer.max-block=60s");
	}

	@SuppressWarnings("unchecked")
	private SteadyRecords.Sender sender(ConfigurableApplicationContext sending) {
		KafkaTemplate<String, String> template = sending.getBean(KafkaTemplate.class);
		return (partition, value,
				callback) -> template.send(this.topic, partition, "key", value)
					.whenComplete((result, failure) -> callback.onCompletion(
							(result != null) ? result.getRecordMetadata() : null,
							(failure != null) ? new IllegalStateException(failure) : null));
	}

	private ListeningInstances instances(KafkaCluster cluster, EmbeddedPostgres postgres) {
		return new ListeningInstances(EffectsCampaignMain.class,
				Map.ofEntries(Map.entry("topic", this.topic), Map.entry("seed", String.valueOf(this.seed)),
						Map.entry("logging.level.root", "off"), Map.entry("logging.level.org.apache.kafka", "off"),
						Map.entry("logging.level.org.springframework.kafka", "off"),
						Map.entry("logging.level.io.github.reliablekafka", "off"),
						Map.entry("spring.kafka.bootstrap-servers", cluster.bootstrapServers()),
						Map.entry("spring.kafka.properties[request.timeout.ms]", "3000"),
						Map.entry("spring.kafka.properties[metadata.max.age.ms]", "1000"),
						Map.entry("spring.kafka.consumer.properties[default.api.timeout.ms]", "5000"),
						Map.entry("spring.kafka.consumer.max-poll-records", "50"),
						Map.entry("spring.datasource.url", postgres.getJdbcUrl("postgres", "postgres")),
						Map.entry("reliable.kafka.idempotency.store", "jdbc"),
						Map.entry("reliable.kafka.idempotency.jdbc.initialize-schema", "always"),
						Map.entry("reliable.kafka.idempotency.jdbc.claim-timeout", "3s"),
						Map.entry("reliable.kafka.consumer.retry.initial-interval", "50ms"),
						Map.entry("reliable.kafka.consumer.retry.max-attempts", "3"),
						Map.entry("reliable.kafka.dead-letter.publish-timeout", "5s")),
				this::heard);
	}

	private void heard(List<String> line) {
		switch (line.get(0)) {
			case SaidRebalances.ASSIGNED ->
				this.assignments.merge(line.get(1).substring(this.topic.length() + 1), 1, Integer::sum);
			case "HANGS" -> this.words.merge("HANGS", 1, Integer::sum);
			default -> this.words.merge(line.get(1), 1, Integer::sum);
		}
	}

	private void awaitWords() {
		Map<String, Integer> before = Map.copyOf(this.words);
		await().atMost(Duration.ofMinutes(2))
			.until(() -> GROUPS.stream()
				.allMatch((group) -> this.words.getOrDefault(group, 0) > before.getOrDefault(group, 0)));
	}

	private void awaitCommitted(KafkaCluster cluster, SteadyRecords records) {
		Map<TopicPartition, Long> ends = new HashMap<>();
		records.acknowledged().keySet().forEach((partition) -> ends.put(partition, cluster.endOffset(partition)));
		Map<String, Map<TopicPartition, Long>> all = new HashMap<>();
		GROUPS.forEach((group) -> all.put(group, ends));
		Map<String, Map<TopicPartition, Long>> committed = new HashMap<>();
		// How long that takes is up to the machine: each record has two transactions.
		for (long last = -1, sum = 0; sum != last;) {
			last = sum;
			try {
				await().atMost(Duration.ofMinutes(3)).ignoreExceptions().until(() -> {
					GROUPS.forEach((group) -> committed.put(group, committed(cluster, group)));
					return committed.equals(all);
				});
				return;
			}
			catch (ConditionTimeoutException ex) {
				sum = committed.values().stream().flatMap((each) -> each.values().stream()).mapToLong((i) -> i).sum();
			}
		}
		assertThat(committed).as("seed %d, 3 minutes without a commit", this.seed).isEqualTo(all);
	}

	private Map<TopicPartition, Long> committed(KafkaCluster cluster, String group) {
		Map<TopicPartition, Long> committed = new HashMap<>();
		try {
			cluster.admin()
				.listConsumerGroupOffsets(this.topic + "-" + group)
				.partitionsToOffsetAndMetadata()
				.get()
				.forEach((partition, offset) -> committed.put(partition, offset.offset()));
		}
		catch (InterruptedException | ExecutionException ex) {
			throw new IllegalStateException(ex);
		}
		return committed;
	}

	private void assertEffects(JdbcTemplate jdbc, KafkaProbe probe, SteadyRecords records, ListeningFaults faults) {
		Set<String> values = new HashSet<>();
		records.acknowledged().values().forEach((each) -> values.addAll(each.values()));
		Map<String, Set<String>> deadLettered = deadLettered(probe);
		System.out.println("%d records, attempts %s, assignments %s, %s".formatted(values.size(), this.words,
				this.assignments, faults));
		for (String group : GROUPS) {
			Map<String, Integer> effects = new HashMap<>();
			jdbc.queryForList("SELECT NAME FROM EFFECTS WHERE CONSUMER_GROUP = ?", String.class, group)
				.forEach((name) -> effects.merge(name, 1, Integer::sum));
			Set<String> letters = deadLettered.getOrDefault(group, Set.of());
			System.out.println("%s: %d effects, %d dead-lettered".formatted(group, effects.size(), letters.size()));
			Map<String, Integer> wrong = new HashMap<>();
			for (String value : values) {
				int count = effects.getOrDefault(value, 0);
				boolean right = value.startsWith("poison") ? count == 0 && letters.contains(value)
						: count == 1 || (count == 0 && letters.contains(value));
				if (!right) {
					wrong.put(value, count);
				}
			}
			assertThat(wrong).as("seed %d, group %s: %s", this.seed, group, faults).isEmpty();
			assertThat(values).containsAll(effects.keySet()).containsAll(letters);
		}
	}

	private Map<String, Set<String>> deadLettered(KafkaProbe probe) {
		Map<String, Set<String>> deadLettered = new HashMap<>();
		for (ConsumerRecord<byte[], byte[]> record : probe.records(this.topic + "-dlt")) {
			String group = new String(record.headers().lastHeader("kafka_dlt-original-consumer-group").value(),
					StandardCharsets.UTF_8);
			deadLettered.computeIfAbsent(group.substring(this.topic.length() + 1), (key) -> new HashSet<>())
				.add(new String(record.value(), StandardCharsets.UTF_8));
		}
		return deadLettered;
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ DurabilityAutoConfiguration.class, ReliableProducerAutoConfiguration.class,
			KafkaAutoConfiguration.class })
	static class Sending {

		@Bean
		DeliveryLedger ledger() {
			return new DeliveryLedger();
		}

	}

}
