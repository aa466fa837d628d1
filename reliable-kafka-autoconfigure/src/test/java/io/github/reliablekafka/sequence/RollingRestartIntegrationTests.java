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
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Everything is restarted, one after the other, while records are sent, committed and
 * aborted: each acknowledged record comes to each group, and nothing is reported. The
 * short campaign is part of each build; the long one runs with {@code -Pchaos}, for
 * {@code -Dchaos.minutes}.
 */
class RollingRestartIntegrationTests extends ClusterAcceptance {

	private static final int PARTITIONS = 6;

	/** Milliseconds from one transaction to the next. */
	private static final long PACE = 50;

	private final Map<String, Integer> restarts = new TreeMap<>();

	private final Map<String, Deliveries> deliveries = ListeningApplication.groups();

	private final AtomicInteger transacted = new AtomicInteger();

	private final AtomicInteger interrupted = new AtomicInteger();

	private CheckedApplication transactional;

	private ListeningApplication one;

	private ListeningApplication two;

	private SendingApplication sending;

	private volatile boolean over;

	@AfterEach
	void end() {
		this.over = true;
		this.transactional.close();
		this.one.close();
		this.two.close();
		this.sending.close();
	}

	@Test
	void shortRoll() {
		run(() -> {
			stopBroker(cluster.brokerIds().get(0));
			killSending();
			kill(this.one);
			stop(this.two);
		});
	}

	@Test
	@Tag("chaos")
	void longRoll() {
		long end = System.nanoTime() + Duration.ofMinutes(Long.getLong("chaos.minutes", 10)).toNanos();
		run(() -> {
			for (int round = 0; System.nanoTime() < end; round++) {
				for (int broker : cluster.brokerIds()) {
					if ((broker + round) % 2 == 0) {
						killBroker(broker);
					}
					else {
						stopBroker(broker);
					}
				}
				killSending();
				kill(this.one);
				stop(this.two);
				stopSending();
				stop(this.one);
				kill(this.two);
			}
		});
	}

	private void run(Runnable roll) {
		long start = System.nanoTime();
		cluster.createTopic(this.topic, PARTITIONS);
		this.transactional = new CheckedApplication(cluster, acceptance.acknowledged,
				"spring.kafka.producer.transaction-id-prefix=tx-" + this.topic);
		this.one = new ListeningApplication(cluster, this.topic, this.deliveries);
		this.two = new ListeningApplication(cluster, this.topic, this.deliveries);
		this.sending = new SendingApplication(cluster, this.topic, acceptance.acknowledged);
		this.one.start();
		this.two.start();
		this.sending.start();
		CompletableFuture<Void> transactions = CompletableFuture.runAsync(this::transact);
		try (SteadySender steady = new SteadySender(this.application, this.topic)) {
			this.one.awaitDeliveries();
			this.two.awaitDeliveries();
			roll.run();
			cluster.awaitInSync(this.topic);
			steady.awaitAcknowledged(50);
		}
		this.over = true;
		CheckedApplication.await(transactions, Duration.ofSeconds(90));
		this.sending.stop();
		Set<String> values = acceptance.values(this.topic);
		System.out.println("Restarts in %d s: %s, %d acknowledged, %d transactions, %d more interrupted".formatted(
				Duration.ofNanos(System.nanoTime() - start).toSeconds(), this.restarts, values.size(),
				this.transacted.get(), this.interrupted.get()));
		this.deliveries.forEach((group, got) -> await().atMost(Duration.ofSeconds(90)).untilAsserted(() -> {
			Set<String> rest = new HashSet<>(values);
			rest.removeAll(got.values);
			assertThat(rest).as(group).isEmpty();
		}));
		assertThat(acceptance.gone(this.topic)).isEmpty();
		assertNothingReported();
		System.out.println("Campaign took %d s".formatted(Duration.ofNanos(System.nanoTime() - start).toSeconds()));
	}

	private void assertNothingReported() {
		await().atMost(Duration.ofSeconds(90))
			.during(Acceptance.EVALUATED)
			.until(() -> this.one.isWithoutSuspects() && this.two.isWithoutSuspects());
		Set<Numbered> acknowledged = AcknowledgedRecords.numbers(acceptance.acknowledged.of(this.topic), true);
		List<Reported> wrong = new ArrayList<>();
		acceptance.reports(this.topic).values().forEach(wrong::addAll);
		wrong.removeIf((report) -> report.verdict() == Verdict.INDETERMINATE_AT_CRASH
				&& report.numbers().stream().noneMatch(acknowledged::contains)
				&& report.numbers().stream().allMatch((number) -> this.sending.killed.contains(number.session())));
		assertThat(wrong).isEmpty();
		assertThat(this.one.findings()).filteredOn((words) -> !words.get(1).startsWith("INDETERMINATE_AT_CRASH"))
			.isEmpty();
		assertThat(this.two.findings()).filteredOn((words) -> !words.get(1).startsWith("INDETERMINATE_AT_CRASH"))
			.isEmpty();
	}

	private void transact() {
		TransactionalSender sender = new TransactionalSender(this.transactional, acceptance.acknowledged, this.topic,
				PARTITIONS);
		for (int t = 0; !this.over; t++) {
			try {
				Thread.sleep(PACE);
				if (t % 3 == 0) {
					sender.abort("tx" + t);
				}
				else {
					sender.commit("tx" + t);
				}
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			catch (UnsupportedOperationException ex) {
				this.transacted.incrementAndGet();
				continue;
			}
			catch (RuntimeException ex) {
				// Whether it is committed is not known.
				this.interrupted.incrementAndGet();
				continue;
			}
			this.transacted.incrementAndGet();
		}
	}

	private void stopBroker(int broker) {
		count("brokers stopped");
		cluster.stop(broker);
		cluster.restart(broker);
		cluster.awaitInSync(this.topic);
	}

	private void killBroker(int broker) {
		count("brokers killed");
		cluster.kill(broker);
		cluster.restart(broker);
		cluster.awaitInSync(this.topic);
	}

	private void killSending() {
		count("sender killed");
		this.sending.awaitAcknowledged(100);
		this.sending.kill();
		this.sending.start();
	}

	private void stopSending() {
		count("sender stopped");
		this.sending.awaitAcknowledged(100);
		this.sending.stop();
		this.sending.start();
		this.sending.awaitAcknowledged(100);
	}

	private void kill(ListeningApplication listening) {
		count("listeners killed");
		listening.kill();
		listening.start();
		listening.awaitDeliveries();
	}

	private void stop(ListeningApplication listening) {
		count("listeners stopped");
		listening.stop();
		listening.start();
		listening.awaitDeliveries();
	}

	private void count(String restart) {
		this.restarts.merge(restart, 1, Integer::sum);
	}

}
