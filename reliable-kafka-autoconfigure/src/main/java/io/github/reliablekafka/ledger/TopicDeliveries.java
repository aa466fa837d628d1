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
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;

/**
 * The counters of one topic. In flight is counted for itself, not derived, so that a
 * record that is forgotten or counted twice breaks the balance.
 */
final class TopicDeliveries {

	private final String topic;

	private final Consumer<Rejection> rejections;

	final LongAdder accepted = new LongAdder();

	final LongAdder delivered = new LongAdder();

	final LongAdder inFlight = new LongAdder();

	private final Map<RejectionReason, LongAdder> rejected = new EnumMap<>(RejectionReason.class);

	TopicDeliveries(String topic, Consumer<Rejection> rejections) {
		this.topic = topic;
		this.rejections = rejections;
		for (RejectionReason reason : RejectionReason.values()) {
			this.rejected.put(reason, new LongAdder());
		}
	}

	String topic() {
		return this.topic;
	}

	void rejected(RejectionReason reason, String message) {
		LongAdder counter = this.rejected.get(reason);
		if (counter == null) {
			throw new IllegalStateException("No counter for " + reason);
		}
		counter.increment();
		this.rejections.accept(new Rejection(Instant.now(), this.topic, reason, message));
	}

	DeliveryCounts counts() {
		Map<RejectionReason, Long> rejectedCounts = new EnumMap<>(RejectionReason.class);
		this.rejected.forEach((reason, counter) -> {
			long count = counter.sum();
			if (count > 0) {
				rejectedCounts.put(reason, count);
			}
		});
		return new DeliveryCounts(this.accepted.sum(), this.delivered.sum(), 0, this.inFlight.sum(), rejectedCounts);
	}

}
