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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;

import io.github.reliablekafka.sequence.ChildProcess;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for an application that is killed while it sends, with the cluster there or away.
 * What it had a receipt for is in the cluster in the end.
 */
class SpoolKillIntegrationTests extends SpoolSetup {

	private static final int RUN = 1_000_000;

	private final Set<Integer> safe = ConcurrentHashMap.newKeySet();

	private final Set<Integer> spooled = ConcurrentHashMap.newKeySet();

	@Test
	void whatHadAReceiptArrivesAlthoughTheProcessIsKilled() {
		kill(10);
	}

	@Test
	@Tag("chaos")
	void whatHadAReceiptArrivesHoweverOftenTheProcessIsKilled() {
		kill(Integer.getInteger("chaos.kills", 100));
	}

	@Test
	@Tag("chaos")
	void whatIsSentWhileTheWholeClusterIsAwayArrivesInOrderAndOnce() {
		Duration outage = Duration.ofSeconds(Integer.getInteger("chaos.outage.seconds", 120));
		this.runner.withPropertyValues("reliable.kafka.spool.max-size=1GB").run((context) -> {
			ReliableKafkaTemplate<Object, Object> template = template(context);
			List<CompletableFuture<DeliveryReceipt>> receipts = deliver(template, 0, 1000, Duration.ofSeconds(4));
			await().atMost(Duration.ofMinutes(1)).until(() -> ledger(context).totals().delivered() == 1000);
			away();
			long end = System.nanoTime() + outage.toNanos();
			int sent = 1000;
			while (System.nanoTime() < end) {
				receipts.addAll(deliver(template, sent, sent + 100, Duration.ofSeconds(4)));
				sent += 100;
				pause(50);
			}
			int accepted = sent;
			for (CompletableFuture<DeliveryReceipt> receipt : receipts) {
				assertThat(receipt).succeedsWithin(Duration.ofSeconds(10));
			}
			back();
			await().atMost(Duration.ofMinutes(2)).until(() -> ledger(context).totals().delivered() > 1000);
			long first = System.nanoTime();
			long before = ledger(context).totals().delivered();
			await().atMost(Duration.ofMinutes(2))
				.pollInterval(Duration.ofMillis(5))
				.until(() -> ledger(context).totals().delivered() == accepted);
			double drained = (accepted - before) * 1e9 / (System.nanoTime() - first);
			System.out.printf("%d records in %s without a cluster; drained %.0f a second, a producer sends %.0f%n",
					accepted - 1000, outage, drained, sentByAProducer(accepted - 1000));
			List<ConsumerRecord<String, String>> log = read();
			assertThat(log).hasSize(accepted);
			assertCompleteAndInOrder(log, accepted);
		});
	}

	// Records a second, with the same settings.
	private static double sentByAProducer(int records) {
		String other = "raw-" + UUID.randomUUID();
		cluster.createTopic(other, 3);
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, cluster.bootstrapServers(),
				ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, "1", ProducerConfig.BUFFER_MEMORY_CONFIG,
				"262144");
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings, new StringSerializer(),
				new StringSerializer())) {
			producer.partitionsFor(other);
			long start = System.nanoTime();
			for (int i = 0; i < records; i++) {
				Future<RecordMetadata> unused = producer
					.send(new ProducerRecord<>(other, "key-" + i % 20, i + "-" + "x".repeat(200)));
			}
			producer.flush();
			return records * 1e9 / (System.nanoTime() - start);
		}
	}

	private void kill(int kills) {
		Random random = new Random(kills);
		for (int run = 1; run <= kills; run++) {
			int before = this.safe.size();
			if (run % 2 == 0) {
				away();
			}
			try (ChildProcess process = ChildProcess.start(SpoolMain.class, settings(run), this::said)) {
				await().atMost(Duration.ofMinutes(1)).until(() -> this.safe.size() >= before + 300);
				pause(random.nextInt(500));
				if (run % 4 == 2) {
					back();
					pause(random.nextInt(700));
				}
				process.kill();
			}
			back();
		}
		assertThat(this.spooled).isNotEmpty();
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(template(context).deliver(this.topic, "key-0", (kills + 1) * RUN + "-"))
				.succeedsWithin(Duration.ofMinutes(1));
			await().atMost(Duration.ofMinutes(1))
				.until(() -> ledger(context).totals().spooled() == 0 && ledger(context).totals().inFlight() == 0);
		});
		List<ConsumerRecord<String, String>> log = read();
		Set<Integer> missing = new HashSet<>(this.safe);
		Map<String, Integer> last = new HashMap<>();
		Set<Integer> seen = new HashSet<>();
		List<String> wrong = new ArrayList<>();
		for (ConsumerRecord<String, String> record : log) {
			int number = number(record);
			missing.remove(number);
			if (!seen.add(number)) {
				if (!stamp(record).replay()) {
					wrong.add("second copy of " + number);
				}
			}
			else if (number < last.getOrDefault(record.key(), 0)) {
				wrong.add(number + " after " + last.get(record.key()));
			}
			else {
				last.put(record.key(), number);
			}
		}
		System.out.printf("%d kills, %d records with a receipt, %d of them spooled, %d in the log, %d copies%n", kills,
				this.safe.size(), this.spooled.size(), log.size(), log.size() - seen.size());
		assertThat(missing).isEmpty();
		assertThat(wrong).isEmpty();
	}

	private Map<String, String> settings(int run) {
		return Map.of("spring.application.name", "shop", "spring.kafka.bootstrap-servers", cluster.bootstrapServers(),
				"spring.kafka.producer.buffer-memory", "256KB", "reliable.kafka.spool.mode", "write-ahead",
				"reliable.kafka.spool.directory", this.directory.toString(), "reliable.kafka.producer.max-block", "1s",
				"topic", this.topic, "from", String.valueOf(run * RUN), "reliable.kafka.sequence.watermarks", "none");
	}

	private void said(List<String> words) {
		int number = Integer.parseInt(words.get(1));
		if (words.get(2).equals("SPOOLED")) {
			this.spooled.add(number);
		}
		this.safe.add(number);
	}

	private static void pause(int millis) {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
