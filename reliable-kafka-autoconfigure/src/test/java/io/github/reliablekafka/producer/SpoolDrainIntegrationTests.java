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
import java.util.Arrays;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

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
 * How fast the spool is emptied when the cluster is back, beside a producer alone that
 * sends as many records of the same size. Turn and turn about, so that both see the same
 * machine.
 */
@Tag("chaos")
class SpoolDrainIntegrationTests extends SpoolSetup {

	private static final int RECORDS = Integer.getInteger("chaos.drain.records", 60_000);

	private static final int BYTES = Integer.getInteger("chaos.drain.bytes", 200);

	private static final int ROUNDS = Integer.getInteger("chaos.drain.rounds", 5);

	@Test
	void theSpoolIsEmptiedNearlyAsFastAsAProducerSends() {
		this.runner.withPropertyValues("reliable.kafka.spool.max-size=1GB", "spring.kafka.producer.buffer-memory=2MB")
			.run((context) -> {
				ReliableKafkaTemplate<Object, Object> template = template(context);
				assertThat(template.deliver(this.topic, "key", "first")).succeedsWithin(Duration.ofSeconds(30));
				double[] ratios = new double[ROUNDS];
				for (int round = -1; round < ROUNDS; round++) {
					double drained = drained(context.getBean(Spools.class), template);
					double sent = sentByAProducer();
					System.out.printf("drained %.0f a second, a producer sends %.0f: %.2f%n", drained, sent,
							drained / sent);
					if (round >= 0) {
						ratios[round] = drained / sent;
					}
				}
				Arrays.sort(ratios);
				System.out.printf("median %.2f (%.2f to %.2f)%n", ratios[ROUNDS / 2], ratios[0], ratios[ROUNDS - 1]);
			});
	}

	private double drained(Spools spools, ReliableKafkaTemplate<Object, Object> template) {
		away();
		String value = "x".repeat(BYTES);
		CompletableFuture<DeliveryReceipt> last = null;
		for (int i = 0; i < RECORDS; i++) {
			last = template.deliver(this.topic, "key-" + i % 20, value);
		}
		assertThat(last).succeedsWithin(Duration.ofSeconds(60));
		long all = waiting(spools);
		back();
		await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(1)).until(() -> waiting(spools) < all);
		long before = waiting(spools);
		long start = System.nanoTime();
		await().atMost(Duration.ofMinutes(2)).pollInterval(Duration.ofMillis(1)).until(() -> waiting(spools) == 0);
		return before * 1e9 / (System.nanoTime() - start);
	}

	private static long waiting(Spools spools) {
		return spools.stores().status().records();
	}

	private static double sentByAProducer() {
		String other = "raw-" + UUID.randomUUID();
		cluster.createTopic(other, 3);
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, cluster.bootstrapServers(),
				ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, "1", ProducerConfig.BUFFER_MEMORY_CONFIG,
				String.valueOf(2 << 20));
		String value = "x".repeat(BYTES);
		try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings, new StringSerializer(),
				new StringSerializer())) {
			producer.partitionsFor(other);
			long start = System.nanoTime();
			for (int i = 0; i < RECORDS; i++) {
				Future<RecordMetadata> unused = producer.send(new ProducerRecord<>(other, "key-" + i % 20, value));
			}
			producer.flush();
			return RECORDS * 1e9 / (System.nanoTime() - start);
		}
	}

}
