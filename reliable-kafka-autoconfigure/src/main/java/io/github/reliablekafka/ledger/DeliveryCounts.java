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

import java.util.Map;

/**
 * How many records of a topic (or of all topics) an application handed over for sending,
 * and what became of them. Taken while records are being sent, the numbers are each right
 * but not of one instant.
 *
 * @param accepted handed to a covered producer
 * @param delivered acknowledged by every in-sync replica and, in a transaction, committed
 * @param spooled on this machine's disk on their way to the cluster
 * @param inFlight without an outcome yet
 * @param rejected not delivered, by reason; reasons that did not occur are absent
 * @since 0.1.0
 */
public record DeliveryCounts(long accepted, long delivered, long spooled, long inFlight,
		Map<RejectionReason, Long> rejected) {

	public DeliveryCounts {
		rejected = Map.copyOf(rejected);
	}

	/**
	 * The number of rejected records, whatever the reason.
	 * @return the sum over all reasons
	 */
	public long rejectedTotal() {
		return this.rejected.values().stream().mapToLong(Long::longValue).sum();
	}

	/**
	 * Whether each accepted record is accounted for exactly once: accepted = delivered +
	 * spooled + in flight + rejected. Always {@code true} while no record is being sent.
	 * @return {@code false} if a record was counted twice or forgotten
	 */
	public boolean isBalanced() {
		return this.accepted == this.delivered + this.spooled + this.inFlight + rejectedTotal();
	}

}
