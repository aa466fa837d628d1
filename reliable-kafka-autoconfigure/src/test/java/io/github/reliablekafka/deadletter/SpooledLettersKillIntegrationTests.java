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

package io.github.reliablekafka.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.IntStream;

import io.github.reliablekafka.sequence.ChildProcess;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * An application is killed with {@code kill -9} when the spool has a dead letter on disk
 * and the record's offset is not committed, or at any moment around that.
 */
class SpooledLettersKillIntegrationTests extends SpooledLettersSetup {

	private static final int PARTITIONS = 2;

	private static final int FOR_EACH_PROCESS = 6;

	private static final Duration AT_LAST = Duration.ofMinutes(5);

	private final List<String> kept = new CopyOnWriteArrayList<>();

	@Test
	@Tag("chaos")
	void letterOnDiskWhoseRecordIsNotCommittedArrivesAlthoughTheProcessIsKilled() {
		kill(1);
	}

	@Test
	@Tag("chaos")
	void lettersArriveHoweverOftenTheProcessIsKilled() {
		kill(Integer.getInteger("chaos.kills", 30));
	}

	private void kill(int kills) {
		int records = kills * FOR_EACH_PROCESS + 5;
		for (int number = 0; number < records; number++) {
			for (int partition = 0; partition < PARTITIONS; partition++) {
				this.probe.send(this.topic, partition, "k", partition + "-" + number);
			}
		}
		this.cluster.cutOff(this.away);
		Random random = new Random(kills);
		int exact = 0;
		for (int run = 0; run < kills; run++) {
			boolean standing = run % 2 == 0;
			int enough = 1 + random.nextInt(FOR_EACH_PROCESS);
			int before = this.kept.size();
			try (ChildProcess process = start(standing ? enough : 0)) {
				await().atMost(PATIENCE).until(() -> this.kept.size() >= before + enough);
				if (!standing) {
					pause(random.nextInt(20));
				}
				process.kill();
			}
			if (standing) {
				exact++;
				String last = this.kept.get(this.kept.size() - 1);
				assertThat(committed(partition(last))).as("committed when %s was on disk", last)
					.isLessThanOrEqualTo(number(last));
			}
		}
		this.cluster.reconnect(this.away);
		Map<Integer, List<String>> arrived = new HashMap<>();
		try (ChildProcess last = start(0)) {
			// Whatever was not committed is left to this one.
			await().atMost(AT_LAST).until(() -> {
				arrived.clear();
				arrived.putAll(arrived());
				return arrived.size() == PARTITIONS
						&& arrived.values().stream().allMatch((values) -> values.stream().distinct().count() == records)
						&& committed(0) == records && committed(1) == records;
			});
			last.kill();
		}
		int all = arrived.values().stream().mapToInt(List::size).sum();
		System.out.printf(
				"%d kills, %d of them between disk and commit: %d records, %d dead letters kept on disk, "
						+ "%d arrived, %d more than once%n",
				kills, exact, PARTITIONS * records, this.kept.size(), all, all - PARTITIONS * records);
		for (int partition = 0; partition < PARTITIONS; partition++) {
			int of = partition;
			assertThat(arrived.get(partition).stream().distinct()).containsExactlyElementsOf(
					IntStream.range(0, records).mapToObj((number) -> of + "-" + number).toList());
		}
		// Each record that was kept and not committed comes again.
		assertThat(all - PARTITIONS * records).isGreaterThanOrEqualTo(exact);
	}

	private Map<Integer, List<String>> arrived() {
		Map<Integer, List<String>> values = new HashMap<>();
		for (ConsumerRecord<byte[], byte[]> letter : this.probe.records(this.deadLetters)) {
			values.computeIfAbsent(letter.partition(), (key) -> new ArrayList<>())
				.add(new String(letter.value(), StandardCharsets.UTF_8));
		}
		return values;
	}

	private long committed(int partition) {
		return this.probe.committed(this.group, this.topic, partition);
	}

	private static int partition(String record) {
		return Integer.parseInt(record.substring(0, record.indexOf('-')));
	}

	private static long number(String record) {
		return Long.parseLong(record.substring(record.indexOf('-') + 1));
	}

	private ChildProcess start(int standsAfter) {
		return ChildProcess.start(SpooledLettersMain.class, Map.ofEntries(Map.entry("topic", this.topic),
				Map.entry("stands-after", String.valueOf(standsAfter)),
				Map.entry("spring.kafka.bootstrap-servers", this.cluster.bootstrapServers()),
				Map.entry("spring.application.name", "shop"), Map.entry("spring.kafka.consumer.group-id", this.group),
				// Comes back at once when it was killed.
				Map.entry("spring.kafka.consumer.properties[group.instance.id]", "one"),
				Map.entry("logging.level.root", "off"), Map.entry("reliable.kafka.consumer.retry.policy", "none"),
				Map.entry("reliable.kafka.dead-letter.publish-timeout", "3s"),
				Map.entry("reliable.kafka.spool.mode", "on-failure"),
				Map.entry("reliable.kafka.spool.directory", this.directory.toString())),
				(words) -> this.kept.add(words.get(1)));
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
