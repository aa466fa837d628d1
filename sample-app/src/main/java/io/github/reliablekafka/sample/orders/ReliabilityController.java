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

package io.github.reliablekafka.sample.orders;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.Violation;
import io.github.reliablekafka.ledger.Consumption;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;

import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * What became of every record so far.
 */
@RestController
@ConditionalOnBooleanProperty(name = "reliable.kafka.enabled", matchIfMissing = true)
class ReliabilityController {

	private final DeliveryLedger ledger;

	private final SafetyGate gate;

	ReliabilityController(DeliveryLedger ledger, SafetyGate gate) {
		this.ledger = ledger;
		this.gate = gate;
	}

	@GetMapping("/reliability")
	Reliability reliability() {
		return new Reliability(this.ledger.deliveries(), this.ledger.oldestUnacknowledgedAge(),
				consumptions(this.ledger.consumptions()),
				this.gate.acceptedViolations().stream().map(Violation::describe).toList());
	}

	private static Map<String, Map<String, Map<String, Long>>> consumptions(Collection<Consumption> consumptions) {
		Map<String, Map<String, Map<String, Long>>> topics = new TreeMap<>();
		for (Consumption consumption : consumptions) {
			Map<String, Long> counts = new TreeMap<>();
			for (ConsumptionOutcome outcome : ConsumptionOutcome.values()) {
				counts.put(outcome.label(), consumption.count(outcome));
			}
			topics.computeIfAbsent(consumption.topic(), (topic) -> new TreeMap<>()).put(consumption.group(), counts);
		}
		return topics;
	}

	/**
	 * The answer; consumptions are by topic, group and outcome.
	 */
	record Reliability(Map<String, DeliveryCounts> deliveries, Duration oldestUnacknowledgedAge,
			Map<String, Map<String, Map<String, Long>>> consumptions, List<String> acceptedRisks) {
	}

}
