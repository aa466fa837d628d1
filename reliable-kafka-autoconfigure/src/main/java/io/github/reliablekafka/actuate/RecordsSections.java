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
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerBoard;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Integrity;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;

/**
 * What became of records, as the ledgers have it, for the endpoint. Each method builds a
 * map in the order in which it is to be read.
 */
final class RecordsSections {

	private static final int MOST_FINDINGS = 100;

	private RecordsSections() {
	}

	static Map<String, Object> producers(DeliveryLedger ledger) {
		Map<String, Object> section = new LinkedHashMap<>();
		section.put("oldestUnacknowledgedAge", ledger.oldestUnacknowledgedAge().toString());
		section.put("totals", counts(ledger.totals()));
		Map<String, Object> topics = new TreeMap<>();
		ledger.deliveries().forEach((topic, counts) -> topics.put(topic, counts(counts)));
		section.put("topics", topics);
		// Not the messages: an exception may quote a record.
		section.put("recentRejections",
				ledger.recentRejections()
					.stream()
					.map((rejection) -> Map.of("at", rejection.time().toString(), "topic", rejection.topic(), "reason",
							rejection.reason().label()))
					.toList());
		return section;
	}

	private static Map<String, Object> counts(DeliveryCounts counts) {
		Map<String, Object> map = new LinkedHashMap<>();
		map.put("accepted", counts.accepted());
		map.put("delivered", counts.delivered());
		map.put("spooled", counts.spooled());
		map.put("inFlight", counts.inFlight());
		Map<String, Long> rejected = new TreeMap<>();
		counts.rejected().forEach((reason, count) -> rejected.put(reason.label(), count));
		map.put("rejected", rejected);
		return map;
	}

	static Map<String, Object> listeners(DeliveryLedger ledger, ListenerBoard board) {
		List<Map<String, Object>> listeners = new ArrayList<>();
		board.listeners().forEach((listener) -> {
			Map<String, Object> map = new LinkedHashMap<>();
			map.put("id", listener.listener());
			map.put("group", listener.group());
			map.put("topics", listener.topics().stream().sorted().toList());
			map.put("running", listener.running());
			map.put("failed", listener.failed());
			map.put("paused", listener.paused());
			map.put("partitions", listener.partitions());
			map.put("lag", listener.lag());
			map.put("idle", listener.idle().toString());
			listeners.add(map);
		});
		List<Map<String, Object>> records = new ArrayList<>();
		ledger.consumptions().forEach((consumption) -> {
			Map<String, Object> map = new LinkedHashMap<>();
			map.put("topic", consumption.topic());
			map.put("group", consumption.group());
			for (ConsumptionOutcome outcome : ConsumptionOutcome.values()) {
				map.put(outcome.label(), consumption.count(outcome));
			}
			records.add(map);
		});
		Map<String, Object> section = new LinkedHashMap<>();
		section.put("listeners", listeners);
		section.put("records", records);
		return section;
	}

	static Map<String, Object> sequences(SequenceBoards boards, LossLedger ledger) {
		Map<String, Object> section = new LinkedHashMap<>();
		section.put("sessions",
				boards.all()
					.stream()
					.flatMap((board) -> board.sessions().stream())
					.map((session) -> Map.of("producer", session.identity().toString(), "closed", session.isClosed()))
					.toList());
		section.put("watchedPartitions",
				boards.all()
					.stream()
					.flatMap((board) -> board.watched().stream())
					.map(String::valueOf)
					.distinct()
					.sorted()
					.toList());
		List<Map<String, Object>> streams = new ArrayList<>();
		ledger.coverages().forEach((coverage) -> {
			Map<String, Object> map = new LinkedHashMap<>();
			map.put("topic", coverage.topic());
			map.put("group", coverage.group());
			map.put("numbered", coverage.stamped());
			map.put("notNumbered", coverage.unstamped());
			map.put("suspects", coverage.suspects());
			Map<String, Long> anomalies = new TreeMap<>();
			for (Integrity kind : Integrity.values()) {
				anomalies.put(label(kind), coverage.counted(kind));
			}
			map.put("anomalies", anomalies);
			streams.add(map);
		});
		section.put("streams", streams);
		return section;
	}

	static Map<String, Object> losses(LossLedger ledger) {
		List<Finding> findings = ledger.findings();
		List<Map<String, Object>> newest = new ArrayList<>();
		for (Finding finding : findings.subList(Math.max(0, findings.size() - MOST_FINDINGS), findings.size())) {
			Map<String, Object> map = new LinkedHashMap<>();
			map.put("id", finding.id());
			map.put("verdict", finding.verdict().name());
			map.put("cause", finding.cause().name());
			map.put("loss", finding.verdict().isLoss());
			map.put("group", finding.group());
			map.put("readCommitted", finding.readCommitted());
			map.put("partition", finding.lane().toString());
			map.put("numbers", finding.numbers().toString());
			map.put("records", finding.numbers().count());
			map.put("evidence", finding.evidence());
			newest.add(map);
		}
		Map<String, Object> section = new LinkedHashMap<>();
		section.put("count", findings.size());
		section.put("newest", newest);
		return section;
	}

	static Map<String, Object> spool(SpoolWatch spool) {
		SpoolStatus status = spool.status();
		Map<String, Object> section = new LinkedHashMap<>();
		section.put("open", status != null);
		if (status != null) {
			section.put("records", status.records());
			section.put("bytes", status.bytes());
			section.put("limitBytes", status.limitBytes());
			section.put("files", status.segments());
			section.put("appended", status.appended());
			section.put("relocated", status.relocated());
			section.put("forces", status.forces());
			section.put("failure", Objects.requireNonNullElse(status.failure(), ""));
		}
		SpoolBacklog backlog = spool.backlog();
		if (backlog != null) {
			section.put("waiting", backlog.waiting());
			section.put("oldestAge", ageOf(backlog).toString());
			section.put("parked", backlog.parked());
			section.put("bypassed", backlog.bypassed());
			section.put("expired", backlog.expired());
			section.put("blocked", blocked(backlog));
		}
		return section;
	}

	static List<Map<String, Object>> blocked(SpoolBacklog backlog) {
		return backlog.blocked().stream().map((each) -> {
			Map<String, Object> map = new LinkedHashMap<>();
			map.put("id", each.id());
			map.put("topic", each.topic());
			map.put("partition", each.partition());
			map.put("since", each.since().toString());
			map.put("reason", each.reason());
			map.put("waiting", each.waiting());
			return map;
		}).toList();
	}

	static Duration ageOf(SpoolBacklog backlog) {
		Instant oldest = backlog.oldest();
		Duration age = (oldest != null) ? Duration.between(oldest, Instant.now()) : Duration.ZERO;
		return age.isNegative() ? Duration.ZERO : age;
	}

	private static String label(Enum<?> value) {
		return value.name().toLowerCase(Locale.ROOT).replace('_', '-');
	}

}
