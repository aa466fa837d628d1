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

package io.github.reliablekafka.actuate;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerBoard;
import io.github.reliablekafka.ledger.ListenerState;
import io.github.reliablekafka.ledger.UnfinishedRecord;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * Down while a listener container has stopped though nobody asked it to, because to start
 * the application again helps against that. A warning while one is behind and does not
 * get on, does not finish a record, or cannot dead-letter one: what it needs may be away,
 * and a restart would not bring it back but lose what producers still hold in memory.
 */
final class ListenersHealthIndicator extends AbstractHealthIndicator {

	private static final int MOST_LINES = 10;

	private final ListenerBoard board;

	private final DeliveryLedger deliveries;

	private final Duration limit;

	private final Supplier<Settled> settled;

	private final Map<String, Settled> idle = new ConcurrentHashMap<>();

	private final Map<String, Settled> failed = new ConcurrentHashMap<>();

	private final Settled unfinished;

	private final Settled waiting;

	ListenersHealthIndicator(ListenerBoard board, DeliveryLedger deliveries, Duration limit,
			Supplier<Settled> settled) {
		super("The listener containers could not be looked at");
		this.board = board;
		this.deliveries = deliveries;
		this.limit = limit;
		this.settled = settled;
		this.unfinished = settled.get();
		this.waiting = settled.get();
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		Map<String, String> bad = new LinkedHashMap<>();
		Status status = Status.UP;
		List<ListenerState> listeners = this.board.listeners();
		Set<String> names = listeners.stream().map(ListenerState::listener).collect(Collectors.toSet());
		this.idle.keySet().retainAll(names);
		this.failed.keySet().retainAll(names);
		for (ListenerState listener : listeners) {
			boolean idle = !listener.failed() && listener.idle().compareTo(this.limit) > 0;
			if (isBad(this.idle, listener, idle)) {
				bad.put(listener.listener(),
						idle ? idleReason(listener) : "Was behind and did not get on a moment ago");
				status = status.equals(Status.DOWN) ? status : DurabilityHealthIndicator.WARNING;
			}
			if (isBad(this.failed, listener, listener.failed())) {
				bad.put(listener.listener(),
						listener.failed() ? failedReason(listener) : "Had stopped after a failure a moment ago");
				status = Status.DOWN;
			}
		}
		List<UnfinishedRecord> unfinished = this.deliveries.unfinished();
		if (this.unfinished.isBad(!unfinished.isEmpty()) && !status.equals(Status.DOWN)) {
			status = DurabilityHealthIndicator.WARNING;
		}
		Map<String, String> waiting = this.deliveries.waiting();
		if (this.waiting.isBad(!waiting.isEmpty()) && !status.equals(Status.DOWN)) {
			status = DurabilityHealthIndicator.WARNING;
		}
		builder.status(status);
		if (!bad.isEmpty()) {
			builder.withDetail("listeners", bad);
		}
		builder.withDetail("count", listeners.size());
		List<String> records = unfinished.stream()
			.limit(MOST_LINES)
			.map((record) -> "%s-%d@%d in group '%s' for %s%s".formatted(record.topic(), record.partition(),
					record.offset(), record.group(), Duration.ofSeconds(record.age().toSeconds()),
					record.holdsUp() ? "; nothing behind it is read, as there is too much already" : ""))
			.toList();
		if (!records.isEmpty()) {
			builder.withDetail("unfinished", records).withDetail("unfinishedCount", unfinished.size());
		}
		if (!waiting.isEmpty()) {
			Map<String, String> some = new LinkedHashMap<>();
			waiting.entrySet()
				.stream()
				.limit(MOST_LINES)
				.forEach((partition) -> some.put(partition.getKey(), partition.getValue()));
			builder.withDetail("waiting", some).withDetail("waitingCount", waiting.size());
		}
	}

	private boolean isBad(Map<String, Settled> ofListeners, ListenerState listener, boolean badNow) {
		return ofListeners.computeIfAbsent(listener.listener(), (key) -> this.settled.get()).isBad(badNow);
	}

	private static String failedReason(ListenerState listener) {
		return "Has stopped after a failure and reads nothing from %s in group '%s'; the log has the reason. Start the application again when it is mended"
			.formatted(listener.topics(), listener.group());
	}

	private static String idleReason(ListenerState listener) {
		return "Is %d records behind in a partition of %s in group '%s' and has not got on for %s. It may be stuck in the listener's code, or the cluster may be away. A restart helps against the first only"
			.formatted(listener.lag(), listener.topics(), listener.group(),
					Duration.ofSeconds(listener.idle().toSeconds()));
	}

}
