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

import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * A warning while the spool is nearly full, or its disk has failed. Never down: what is
 * in the spool waits for the cluster, and a restart brings neither room nor cluster.
 */
final class SpoolHealthIndicator extends AbstractHealthIndicator {

	/**
	 * Share of the room from which on somebody should look, while there is time to.
	 */
	private static final double NEARLY_FULL = 0.8;

	private final SpoolWatch spool;

	private final Settled settled;

	SpoolHealthIndicator(SpoolWatch spool, Settled settled) {
		super("The spool could not be looked at");
		this.spool = spool;
		this.settled = settled;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		SpoolStatus status = this.spool.status();
		String failure = (status != null) ? status.failure() : null;
		boolean full = status != null && status.bytes() >= NEARLY_FULL * status.limitBytes();
		boolean bad = this.settled.isBad(full);
		if (failure != null) {
			builder.status(DurabilityHealthIndicator.WARNING)
				.withDetail("reason",
						"The disk has failed: records that wait are in memory only. Mend it, and start the application again once the cluster has taken what waits: "
								+ failure);
		}
		else if (bad) {
			builder.status(DurabilityHealthIndicator.WARNING)
				.withDetail("reason", full
						? "The spool is nearly full. When it is, sends are rejected. See why the cluster does not take what waits, or give the spool more room"
						: "The spool was nearly full a moment ago");
		}
		else {
			builder.up();
		}
		builder.withDetail("open", status != null);
		if (status != null) {
			builder.withDetail("records", status.records())
				.withDetail("bytes", status.bytes())
				.withDetail("limitBytes", status.limitBytes());
		}
	}

}
