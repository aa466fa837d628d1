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

package io.github.reliablekafka.sequence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import io.github.reliablekafka.test.KafkaCluster;
import io.github.reliablekafka.test.KafkaClusterTest;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Faults in an order that nobody thought of, while records are sent and processed: what
 * is reported is true, and nothing is missing without a word. The short campaign is part
 * of each build; the long one runs with {@code -Pchaos}, for {@code -Dchaos.minutes}.
 * {@code -Dchaos.seed} has the same faults again, though not the same moments.
 */
@KafkaClusterTest(shared = true)
class LossDetectionChaosIntegrationTests {

	private static Acceptance acceptance;

	private static KafkaCluster cluster;

	private final long seed = Long.getLong("chaos.seed", System.nanoTime());

	private final Random random = new Random(this.seed);

	private final List<String> history = new ArrayList<>();

	private CheckedApplication application;

	private ListeningGroup live;

	private ListeningGroup lagging;

	private boolean laggingRuns;

	private String topic;

	@BeforeAll
	static void connect(KafkaCluster started) {
		cluster = started;
		acceptance = new Acceptance(started);
	}

	@AfterAll
	static void disconnect() {
		Acceptance.printComparison();
		acceptance.close();
	}

	@AfterEach
	void close() {
		cluster.restore();
		this.application.close();
	}

	@Test
	void shortCampaign() {
		run("short", Duration.ofSeconds(30));
	}

	@Test
	@Tag("chaos")
	void longCampaign() {
		run("long", Duration.ofMinutes(Long.getLong("chaos.minutes", 10)));
	}

	private void run(String name, Duration duration) {
		System.out.println("Campaign with -Dchaos.seed=" + this.seed);
		this.topic = name + "-campaign";
		cluster.createTopic(this.topic, 3, 3, Map.of("min.insync.replicas", "1"));
		this.application = new CheckedApplication(cluster, acceptance.acknowledged);
		this.live = this.application.group(this.topic, "live").start(3);
		this.lagging = this.application.group(this.topic, "lagging").start(3);
		this.laggingRuns = true;
		long end = System.nanoTime() + duration.toNanos();
		try (SteadySender sender = new SteadySender(this.application, this.topic)) {
			// One election at least, with the one group behind it.
			stopOrStartLagging();
			electUnclean();
			List<Runnable> faults = new ArrayList<>();
			while (System.nanoTime() < end) {
				if (faults.isEmpty()) {
					faults.addAll(List.of(this::kill, this::pause, this::cutOff, this::electUnclean,
							this::stopOrStartLagging, this::stopOrStartLagging, this::rebalance, this::deleteRecords));
					Collections.shuffle(faults, this.random);
				}
				int before = sender.sent();
				faults.remove(faults.size() - 1).run();
				assertThat(sender.sent()).isGreaterThan(before);
			}
			cluster.restore();
			cluster.awaitInSync(this.topic);
			pauseFor(1000);
		}
		if (!this.laggingRuns) {
			stopOrStartLagging();
		}
		// The last record of each partition, so that what was missing before has an end.
		for (int partition = 0; partition < 3; partition++) {
			this.application.send(this.topic, partition, "last-" + partition, 5);
		}
		System.out.println(this.history);
		for (ListeningGroup group : List.of(this.live, this.lagging)) {
			assertTrue(group);
			acceptance.compare(name + " random campaign, group " + group.name(), this.application, group);
		}
		assertThat(acceptance.gone(this.topic)).isNotEmpty();
		assertThat(Acceptance.losses(this.application.findings(this.lagging))).isNotEmpty();
	}

	private void assertTrue(ListeningGroup group) {
		Set<String> log = acceptance.reread(this.topic);
		group.awaitProcessed(lastValues());
		await().atMost(Duration.ofMinutes(2)).untilAsserted(() -> {
			Set<Numbered> silent = missing(group);
			silent.removeAll(AcknowledgedRecords.numbers(this.application.findings(group)));
			assertThat(silent).as("missing in silence, seed %d: %s", this.seed, this.history).isEmpty();
		});
		Set<Numbered> wrong = new HashSet<>(Acceptance.losses(this.application.findings(group)));
		wrong.removeAll(missing(group));
		assertThat(wrong).as("reported and not missing, seed %d: %s", this.seed, this.history).isEmpty();
		assertThat(log).isNotEmpty();
	}

	private static Set<String> lastValues() {
		Set<String> values = new HashSet<>();
		for (int partition = 0; partition < 3; partition++) {
			for (int i = 0; i < 5; i++) {
				values.add("last-" + partition + "-" + i);
			}
		}
		return values;
	}

	private Set<Numbered> missing(ListeningGroup group) {
		return AcknowledgedRecords.numbers(acceptance.acknowledged.missing(this.topic, group.processed), true);
	}

	private int broker() {
		List<Integer> brokers = cluster.brokerIds();
		return brokers.get(this.random.nextInt(brokers.size()));
	}

	private void kill() {
		int broker = broker();
		note("kill " + broker);
		cluster.kill(broker);
		pauseFor(this.random.nextInt(5000));
		cluster.restart(broker);
		cluster.awaitInSync(this.topic);
	}

	private void pause() {
		int broker = broker();
		note("pause " + broker);
		cluster.pause(broker);
		pauseFor(this.random.nextInt(8000));
		cluster.resume(broker);
		cluster.awaitInSync(this.topic);
	}

	private void cutOff() {
		int broker = broker();
		note("cut off " + broker);
		if (this.random.nextBoolean()) {
			cluster.cutOff(broker);
		}
		else {
			cluster.cutOffFromNodes(broker);
		}
		pauseFor(this.random.nextInt(8000));
		cluster.reconnect(broker);
		cluster.awaitInSync(this.topic);
	}

	private void electUnclean() {
		TopicPartition partition = new TopicPartition(this.topic, this.random.nextInt(3));
		note("unclean election of " + partition);
		cluster.awaitInSync(this.topic);
		cluster.uncleanElection(partition, () -> pauseFor(2000));
	}

	private void stopOrStartLagging() {
		note(this.laggingRuns ? "stop lagging" : "start lagging");
		if (this.laggingRuns) {
			this.lagging.stop();
		}
		else {
			this.lagging.start(3);
		}
		this.laggingRuns = !this.laggingRuns;
		pauseFor(2000);
	}

	private void rebalance() {
		note("rebalance");
		this.live.join();
		pauseFor(3000);
		this.live.leave();
	}

	private void deleteRecords() {
		TopicPartition partition = new TopicPartition(this.topic, this.random.nextInt(3));
		long start = cluster.beginningOffset(partition);
		long before = start + (cluster.endOffset(partition) - start) / 2;
		note("delete " + partition + " before " + before);
		cluster.deleteRecords(partition, before);
		pauseFor(1000);
	}

	private void note(String fault) {
		this.history.add(fault);
	}

	private static void pauseFor(long millis) {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
