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

package io.github.reliablekafka.survey;

import java.time.Duration;
import java.util.Arrays;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.stream.Stream;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.ledger.Consumption;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerState;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;

import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;

/**
 * Tells how the listener containers are doing, and remembers since when one that is
 * behind has not got on. Looks when it is asked, at what is in memory. Safe for use by
 * many threads.
 */
final class ListenerProgress {

	/**
	 * What Spring Kafka calls a container that was never told its name.
	 */
	private static final String NO_ID = "noBeanNameSet";

	private final ListenerContainers containers;

	private final DeliveryLedger ledger;

	private final LongSupplier nanoClock;

	// By the containers themselves: not all of them have a name, or one of their own.
	private final Map<AbstractMessageListenerContainer<?, ?>, Seen> seen = new HashMap<>();

	ListenerProgress(ListenerContainers containers, DeliveryLedger ledger, LongSupplier nanoClock) {
		this.containers = containers;
		this.ledger = ledger;
		this.nanoClock = nanoClock;
	}

	/**
	 * Look at all containers.
	 * @return one state for each
	 */
	synchronized List<ListenerState> look() {
		List<AbstractMessageListenerContainer<?, ?>> present = this.containers.ofGroups();
		this.seen.keySet().retainAll(Set.copyOf(present));
		Map<String, Integer> names = new HashMap<>();
		return present.stream().map((container) -> look(container, names)).toList();
	}

	private static String nameOf(AbstractMessageListenerContainer<?, ?> container, Map<String, Integer> names) {
		String name = container.getListenerId();
		if (name == null || name.equals(NO_ID)) {
			ContainerProperties properties = container.getContainerProperties();
			name = "container of " + ((properties.getTopicPattern() != null) ? properties.getTopicPattern()
					: Arrays.toString((properties.getTopicPartitions() != null) ? properties.getTopicPartitions()
							: properties.getTopics()));
		}
		int times = names.getOrDefault(name, 0) + 1;
		names.put(name, times);
		return (times > 1) ? "%s (%d)".formatted(name, times) : name;
	}

	private ListenerState look(AbstractMessageListenerContainer<?, ?> container, Map<String, Integer> others) {
		String listener = nameOf(container, others);
		String group = Objects.requireNonNullElse(container.getGroupId(), "");
		Set<String> topics = new TreeSet<>();
		String[] names = container.getContainerProperties().getTopics();
		if (names != null) {
			topics.addAll(List.of(names));
		}
		int partitions = 0;
		try {
			for (TopicPartition partition : Objects.requireNonNullElse(container.getAssignedPartitions(),
					List.<TopicPartition>of())) {
				topics.add(partition.topic());
				partitions++;
			}
		}
		catch (ConcurrentModificationException ex) {
			// In a rebalance.
			partitions = 0;
		}
		boolean paused = container.isPauseRequested();
		long lag = lag(container);
		boolean waits = !container.isRunning() || paused || partitions == 0;
		Duration idle = this.seen.computeIfAbsent(container, (key) -> new Seen())
			.idle(waits ? 0 : lag, done(group, topics), commits(container), this.nanoClock.getAsLong());
		return new ListenerState(listener, group, topics, container.isRunning(), !container.isInExpectedState(), paused,
				partitions, lag, idle);
	}

	private long done(String group, Set<String> topics) {
		return this.ledger.consumptions()
			.stream()
			.filter((consumption) -> consumption.group().equals(group) && topics.contains(consumption.topic()))
			.mapToLong(ListenerProgress::done)
			.sum();
	}

	private static long done(Consumption consumption) {
		// An attempt that fails is an answer, too: the listener works, and what it needs
		// does not.
		return consumption.count(ConsumptionOutcome.PROCESSED) + consumption.count(ConsumptionOutcome.FAILED)
				+ consumption.count(ConsumptionOutcome.DEAD_LETTERED);
	}

	// All that is seen of a listener that returns before its work is done.
	private static long commits(AbstractMessageListenerContainer<?, ?> container) {
		return container.metrics()
			.values()
			.stream()
			.flatMap((metrics) -> values(metrics, "commit-total"))
			.mapToLong(Double::longValue)
			.sum();
	}

	private static long lag(AbstractMessageListenerContainer<?, ?> container) {
		return container.metrics()
			.values()
			.stream()
			.flatMap((metrics) -> values(metrics, "records-lag"))
			.mapToLong(Double::longValue)
			.max()
			.orElse(-1);
	}

	private static Stream<Double> values(Map<MetricName, ? extends Metric> metrics, String name) {
		return metrics.entrySet()
			.stream()
			.filter((metric) -> metric.getKey().name().equals(name))
			.map((metric) -> metric.getValue().metricValue())
			.filter((value) -> value instanceof Double number && !number.isNaN())
			.map(Double.class::cast);
	}

	/**
	 * What was seen of a listener.
	 */
	private static final class Seen {

		private long done = -1;

		private long commits;

		private long lag;

		private long sinceNanos;

		private Duration idle(long lagNow, long doneNow, long commitsNow, long now) {
			boolean moved = doneNow != this.done || commitsNow != this.commits || lagNow < this.lag;
			if (moved || lagNow <= 0 || this.lag <= 0) {
				this.sinceNanos = now;
			}
			this.done = doneNow;
			this.commits = commitsNow;
			this.lag = lagNow;
			return Duration.ofNanos(now - this.sinceNanos);
		}

	}

}
