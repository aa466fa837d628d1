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
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Acknowledged;
import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Faults in an order that nobody thought of, while records are sent and processed: what
 * is reported as lost to each group is what it lacks of what was acknowledged, no record
 * more and no record less. The short campaign is part of each build; the long one runs
 * with {@code -Pchaos}, for {@code -Dchaos.minutes}. {@code -Dchaos.seed} has the same
 * faults again, though not the same moments.
 */
class LossDetectionChaosIntegrationTests extends ClusterAcceptance {

	private static final int MOST_PARTITIONS = 5;

	private final long seed = Long.getLong("chaos.seed", System.nanoTime());

	private final Random random = new Random(this.seed);

	private final List<String> history = new ArrayList<>();

	private final Map<String, Integer> faults = new TreeMap<>();

	private final Map<String, Deliveries> deliveries = new HashMap<>(ListeningApplication.groups());

	private final Set<Numbered> movedOver = new HashSet<>();

	private CheckedApplication transactional;

	private TransactionalSender transactions;

	private ListeningGroup live;

	private ListeningGroup lagging;

	private ListeningGroup moved;

	private ListeningApplication listening;

	private SendingApplication sending;

	private SteadySender steady;

	private boolean laggingRuns = true;

	private int partitions = 3;

	@AfterEach
	void end() {
		this.transactional.close();
		this.listening.close();
		this.sending.close();
	}

	@Test
	void shortCampaign() {
		run(() -> List
			.<Runnable>of(this::stopOrStartLagging, this::deleteRecords, this::electUncleanAndKill, this::moveGroup)
			.forEach(this::inject));
	}

	@Test
	@Tag("chaos")
	void longCampaign() {
		long end = System.nanoTime() + Duration.ofMinutes(Long.getLong("chaos.minutes", 10)).toNanos();
		run(() -> {
			// One election at least, with the one group behind it.
			inject(this::stopOrStartLagging);
			inject(this::electUnclean);
			List<Runnable> next = new ArrayList<>();
			while (System.nanoTime() < end) {
				if (next.isEmpty()) {
					next.addAll(List.<Runnable>of(this::kill, this::pause, this::cutOff, this::electUnclean,
							this::electUncleanAndKill, this::stopOrStartLagging, this::stopOrStartLagging,
							this::rebalance, this::deleteRecords, this::moveGroup, this::killListening,
							this::killSending, this::transact, this::addPartition));
					Collections.shuffle(next, this.random);
				}
				inject(next.remove(next.size() - 1));
			}
		});
	}

	private void inject(Runnable fault) {
		lookAtCommits();
		int before = this.steady.sent();
		fault.run();
		await().atMost(Duration.ofSeconds(90)).until(() -> this.steady.sent() > before);
		Set<String> gone = new HashSet<>();
		this.deliveries.values().forEach((got) -> gone.addAll(got.uncommitted()));
		gone.removeAll(acceptance.reread(this.topic));
		this.deliveries.values().forEach((got) -> got.cutOff(gone));
	}

	private void lookAtCommits() {
		this.deliveries.forEach((group, got) -> got.committed(acceptance.committed(name(group), this.topic)));
	}

	private void run(Runnable campaign) {
		System.out.println("Campaign with -Dchaos.seed=" + this.seed);
		long start = System.nanoTime();
		cluster.createTopic(this.topic, this.partitions, 3, Map.of("min.insync.replicas", "1"));
		this.transactional = new CheckedApplication(cluster, acceptance.acknowledged,
				"spring.kafka.producer.transaction-id-prefix=tx-" + this.topic);
		this.transactions = new TransactionalSender(this.transactional, acceptance.acknowledged, this.topic,
				this.partitions);
		this.listening = new ListeningApplication(cluster, this.topic, Map.copyOf(this.deliveries));
		this.listening.start();
		this.sending = new SendingApplication(cluster, this.topic, acceptance.acknowledged);
		this.sending.start();
		this.live = group("live");
		this.lagging = group("lagging");
		this.moved = group("moved");
		try (SteadySender sender = new SteadySender(this.application, this.topic)) {
			this.steady = sender;
			this.listening.awaitDeliveries();
			campaign.run();
			cluster.restore();
			cluster.awaitInSync(this.topic);
			if (!this.laggingRuns) {
				stopOrStartLagging();
			}
			sender.awaitAcknowledged(50);
		}
		this.sending.awaitAcknowledged(1);
		this.sending.stop();
		// The last record of each partition, so that what was missing before has an end.
		for (int partition = 0; partition < this.partitions; partition++) {
			this.application.send(this.topic, partition, "last-" + partition, 5);
		}
		acceptance.awaitCommitted(this.topic, this.deliveries.keySet().stream().map(this::name).toList());
		System.out.println("Faults after %d s: %s %s".formatted(Duration.ofNanos(System.nanoTime() - start).toSeconds(),
				this.faults, this.history));
		reckon();
		for (ListeningGroup group : List.of(this.live, this.lagging)) {
			acceptance.compare("random campaign, group " + group.name(), this.application, group);
		}
		System.out.println("Campaign took %d s".formatted(Duration.ofNanos(System.nanoTime() - start).toSeconds()));
	}

	private ListeningGroup group(String name) {
		ListeningGroup group = this.application.group(this.topic, name).start(this.partitions);
		this.deliveries.put(name, group.got);
		return group;
	}

	private String name(String group) {
		return this.topic + "-" + group;
	}

	private void reckon() {
		SurvivingClaims claims = new SurvivingClaims(acceptance.probe, this.topic);
		AtomicReference<List<Reckoning>> last = new AtomicReference<>(List.of());
		List<Acknowledged> gone = acceptance.acknowledged.missing(this.topic, claims.values);
		try {
			await().atMost(Duration.ofMinutes(4)).pollInterval(Duration.ofSeconds(1)).until(() -> {
				last.set(reckonings(claims));
				return last.get().stream().allMatch((reckoning) -> reckoning.silent.isEmpty());
			});
			// The last reports may be false as well as the first ones.
			await().atMost(Duration.ofMinutes(2)).during(Acceptance.EVALUATED).until(() -> {
				last.set(reckonings(claims));
				return last.get().stream().allMatch(Reckoning::isEven);
			});
		}
		finally {
			System.out.println("Acknowledged %d, gone from the log %d"
				.formatted(acceptance.acknowledged.of(this.topic).size(), gone.size()));
			last.get().forEach(System.out::println);
		}
		assertThat(last.get()).as("seed %d: %s", this.seed, this.history).allMatch(Reckoning::isEven);
		assertThat(gone).isNotEmpty();
		assertThat(last.get()).filteredOn((reckoning) -> reckoning.group().equals("lagging"))
			.singleElement()
			.satisfies((reckoning) -> assertThat(reckoning.lost).isNotEmpty());
	}

	private List<Reckoning> reckonings(SurvivingClaims claims) {
		Map<String, List<Reported>> reports = acceptance.reports(this.topic);
		List<Acknowledged> acknowledged = acceptance.acknowledged.of(this.topic);
		return this.deliveries.entrySet()
			.stream()
			.map((group) -> new Reckoning(group.getKey(), acknowledged, claims, group.getValue(),
					reports.getOrDefault(group.getKey(), List.of()), this.sending.killed,
					group.getKey().equals("moved") ? this.movedOver : Set.of()))
			.toList();
	}

	private int broker() {
		List<Integer> brokers = cluster.brokerIds();
		return brokers.get(this.random.nextInt(brokers.size()));
	}

	private void kill() {
		int broker = broker();
		note("kill", broker);
		cluster.kill(broker);
		last(this.random.nextInt(5000));
		cluster.restart(broker);
		cluster.awaitInSync(this.topic);
	}

	private void pause() {
		int broker = broker();
		note("pause", broker);
		cluster.pause(broker);
		last(this.random.nextInt(8000));
		cluster.resume(broker);
		cluster.awaitInSync(this.topic);
	}

	private void cutOff() {
		int broker = broker();
		note("cut off", broker);
		if (this.random.nextBoolean()) {
			cluster.cutOff(broker);
		}
		else {
			cluster.cutOffFromNodes(broker);
		}
		last(this.random.nextInt(8000));
		cluster.reconnect(broker);
		cluster.awaitInSync(this.topic);
	}

	private void electUnclean() {
		TopicPartition partition = partition();
		note("unclean election", partition.partition());
		cluster.awaitInSync(this.topic);
		cluster.uncleanElection(partition, () -> sendToBeLost(partition));
	}

	private void sendToBeLost(TopicPartition partition) {
		this.application.send(this.topic, partition.partition(), "lost" + this.history.size(), 50);
		this.steady.awaitAcknowledged(50);
		lookAtCommits();
	}

	// What they have acknowledged and processed last is among what is lost.
	private void electUncleanAndKill() {
		TopicPartition partition = partition();
		note("unclean election, processes killed", partition.partition());
		cluster.awaitInSync(this.topic);
		this.sending.awaitAcknowledged(50);
		cluster.uncleanElection(partition, () -> {
			sendToBeLost(partition);
			this.sending.kill();
			this.listening.kill();
			listeningEnded((value) -> true);
		});
		this.sending.start();
		this.listening.start();
	}

	private void killSending() {
		note("kill sender", "");
		this.sending.awaitAcknowledged(50);
		this.sending.kill();
		this.sending.start();
	}

	private void killListening() {
		note("kill listener", "");
		this.listening.kill();
		Set<String> log = acceptance.reread(this.topic);
		listeningEnded(log::contains);
		this.listening.start();
	}

	private void listeningEnded(Predicate<String> log) {
		ListeningApplication.groups()
			.keySet()
			.forEach((group) -> this.deliveries.get(group).ended(acceptance.committed(name(group), this.topic), log));
	}

	private void stop(ListeningGroup group) {
		group.stop();
		Set<String> log = acceptance.reread(this.topic);
		group.got.ended(acceptance.committed(group.name(), this.topic), log::contains);
	}

	private void stopOrStartLagging() {
		note(this.laggingRuns ? "stop lagging" : "start lagging", "");
		if (this.laggingRuns) {
			stop(this.lagging);
		}
		else {
			this.lagging.start(this.partitions);
		}
		this.laggingRuns = !this.laggingRuns;
		this.steady.awaitAcknowledged(200);
	}

	private void rebalance() {
		note("rebalance", "");
		this.live.join();
		this.live.awaitAssigned(this.partitions);
		this.live.leave();
		this.live.awaitAssigned(this.partitions);
	}

	private void deleteRecords() {
		TopicPartition partition = partition();
		long start = cluster.beginningOffset(partition);
		if (!this.laggingRuns) {
			start = Math.max(start,
					acceptance.committed(this.lagging.name(), this.topic).getOrDefault(partition.partition(), 0L));
		}
		long before = start + (cluster.endOffset(partition) - start) / 2;
		note("delete records", partition.partition() + " before " + before);
		cluster.deleteRecords(partition, before);
		this.steady.awaitAcknowledged(200);
	}

	private void moveGroup() {
		TopicPartition partition = partition();
		stop(this.moved);
		long from = acceptance.committed(this.moved.name(), this.topic).getOrDefault(partition.partition(), 0L);
		this.steady.awaitAcknowledged(200);
		boolean forward = this.random.nextBoolean();
		long to = forward ? from + (cluster.endOffset(partition) - from) / 2
				: Math.max(cluster.beginningOffset(partition), from - 1 - this.random.nextInt(100));
		note("move group", "%d from %d to %d".formatted(partition.partition(), from, to));
		Set<String> log = acceptance.reread(this.topic);
		acceptance.moveGroups(partition, to, this.moved.name(), this.moved.plain().group());
		this.moved.start(this.partitions);
		this.steady.awaitAcknowledged(200);
		List<Acknowledged> unread = acceptance.acknowledged.missing(this.topic, this.moved.processed);
		Set<String> since = acceptance.reread(this.topic);
		// What the log had lost by then might have been in front of where it is now.
		List<Acknowledged> over = unread.stream()
			.filter((record) -> record.partition() == partition.partition() && record.offset() >= Math.min(from, to))
			.filter((record) -> (record.offset() < to && log.contains(record.value()))
					|| !(log.contains(record.value()) || since.contains(record.value())))
			.toList();
		this.movedOver.addAll(AcknowledgedRecords.numbers(over, true));
	}

	private void transact() {
		note("transactions", "");
		this.transactions.transact(this.history.size(), 10);
	}

	private void addPartition() {
		if (this.partitions < MOST_PARTITIONS) {
			this.partitions++;
			note("add partition", this.partitions - 1);
			try {
				cluster.admin()
					.createPartitions(Map.of(this.topic, NewPartitions.increaseTo(this.partitions)))
					.all()
					.get();
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
			cluster.awaitInSync(this.topic);
			this.live.awaitAssigned(this.partitions);
		}
	}

	private TopicPartition partition() {
		return new TopicPartition(this.topic, this.random.nextInt(this.partitions));
	}

	private void note(String fault, Object where) {
		this.faults.merge(fault, 1, Integer::sum);
		this.history.add(fault + " " + where);
	}

	// How long a fault lasts is part of the fault.
	private static void last(long millis) {
		try {
			Thread.sleep(millis);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
