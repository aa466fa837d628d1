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

package io.github.reliablekafka.ledger;

import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * The counters of one topic. In flight is counted for itself, not derived, so that a
 * record that is forgotten or counted twice breaks the balance.
 */
final class TopicDeliveries {

	private final String topic;

	private final DeliveryLedger ledger;

	final LongAdder accepted = new LongAdder();

	final LongAdder delivered = new LongAdder();

	final LongAdder inFlight = new LongAdder();

	final LongAdder spooled = new LongAdder();

	private final Map<RejectionReason, LongAdder> rejected = new ConcurrentHashMap<>();

	TopicDeliveries(String topic, DeliveryLedger ledger) {
		this.topic = topic;
		this.ledger = ledger;
	}

	String topic() {
		return this.topic;
	}

	void rejected(RejectionReason reason, String message) {
		LongAdder counter = this.rejected.get(reason);
		if (counter == null) {
			counter = this.rejected.computeIfAbsent(reason, (key) -> new LongAdder());
			this.ledger.rejectedFirst(this.topic, reason);
		}
		counter.increment();
		this.ledger.keep(new Rejection(Instant.now(), this.topic, reason, message));
	}

	Set<RejectionReason> reasons() {
		return this.rejected.keySet();
	}

	DeliveryCounts counts() {
		Map<RejectionReason, Long> rejectedCounts = new EnumMap<>(RejectionReason.class);
		this.rejected.forEach((reason, counter) -> rejectedCounts.put(reason, counter.sum()));
		return new DeliveryCounts(this.accepted.sum(), this.delivered.sum(), this.spooled.sum(), this.inFlight.sum(),
				rejectedCounts);
	}

}
