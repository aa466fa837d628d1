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

import io.github.reliablekafka.ledger.DeliveryCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * A warning while a record waits too long for its acknowledgement. Never down: the record
 * is in memory, and whoever takes the application away for it loses it.
 */
final class ProducersHealthIndicator extends AbstractHealthIndicator {

	private final DeliveryLedger ledger;

	private final Duration limit;

	private final Settled settled;

	ProducersHealthIndicator(DeliveryLedger ledger, Duration limit, Settled settled) {
		super("The ledger of deliveries could not be read");
		this.ledger = ledger;
		this.limit = limit;
		this.settled = settled;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		Duration age = this.ledger.oldestUnacknowledgedAge();
		DeliveryCounts counts = this.ledger.totals();
		boolean over = age.compareTo(this.limit) > 0;
		if (this.settled.isBad(over)) {
			builder.status(DurabilityHealthIndicator.WARNING)
				.withDetail("reason", over
						? "The oldest record without an acknowledgement is older than %s. The cluster is away or does not accept it; see the log of the producer, and the durability of the topics. Unless the spool has it, it is in memory only: do not restart for it"
							.formatted(this.limit)
						: "A moment ago a record without an acknowledgement was older than %s".formatted(this.limit));
		}
		else {
			builder.up();
		}
		builder.withDetail("oldestUnacknowledgedAge", age.toString())
			.withDetail("inFlight", counts.inFlight())
			.withDetail("delivered", counts.delivered())
			.withDetail("rejected", counts.rejectedTotal());
	}

}
