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
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerBoard;
import io.github.reliablekafka.ledger.ListenerState;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * Down while a listener container has stopped though nobody asked it to, or is behind and
 * does not get on. To start the application again helps against both.
 */
final class ListenersHealthIndicator extends AbstractHealthIndicator {

	private final ListenerBoard board;

	private final DeliveryLedger deliveries;

	private final Duration limit;

	private final Supplier<Settled> settled;

	private final Map<String, Settled> byListener = new ConcurrentHashMap<>();

	ListenersHealthIndicator(ListenerBoard board, DeliveryLedger deliveries, Duration limit,
			Supplier<Settled> settled) {
		super("The listener containers could not be looked at");
		this.board = board;
		this.deliveries = deliveries;
		this.limit = limit;
		this.settled = settled;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		Map<String, String> bad = new LinkedHashMap<>();
		List<ListenerState> listeners = this.board.listeners();
		for (ListenerState listener : listeners) {
			String reason = reason(listener);
			boolean isBad = this.byListener.computeIfAbsent(listener.listener(), (key) -> this.settled.get())
				.isBad(!reason.isEmpty());
			if (isBad) {
				bad.put(listener.listener(), reason.isEmpty() ? "Was behind and did not get on a moment ago" : reason);
			}
		}
		if (bad.isEmpty()) {
			builder.up();
		}
		else {
			builder.down().withDetail("listeners", bad);
		}
		builder.withDetail("count", listeners.size());
		List<String> unfinished = this.deliveries.unfinished()
			.stream()
			.map((record) -> "%s-%d@%d in group '%s' for %s".formatted(record.topic(), record.partition(),
					record.offset(), record.group(), Duration.ofSeconds(record.age().toSeconds())))
			.toList();
		if (!unfinished.isEmpty()) {
			builder.withDetail("unfinished", unfinished);
		}
	}

	private String reason(ListenerState listener) {
		if (listener.failed()) {
			return "Has stopped after a failure and reads nothing from %s in group '%s'; the log has the reason. Start the application again when it is mended"
				.formatted(listener.topics(), listener.group());
		}
		if (listener.idle().compareTo(this.limit) > 0) {
			return "Is %d records behind in a partition of %s in group '%s' and has not got on for %s. It may be stuck in the listener's code, or a record may fail again and again"
				.formatted(listener.lag(), listener.topics(), listener.group(),
						Duration.ofSeconds(listener.idle().toSeconds()));
		}
		return "";
	}

}
