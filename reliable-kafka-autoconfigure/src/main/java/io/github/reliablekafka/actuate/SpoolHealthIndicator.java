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
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * A warning while the spool is nearly full, its disk has failed, a record waits in it for
 * too long, one is parked and waits for people, or a partition stands still. Never down:
 * a restart brings neither room nor cluster.
 */
final class SpoolHealthIndicator extends AbstractHealthIndicator {

	/**
	 * Share of the room from which on somebody should look, while there is time to.
	 */
	private static final double NEARLY_FULL = 0.8;

	/**
	 * So many are told of one by one.
	 */
	private static final int MOST_BLOCKED = 5;

	private final SpoolWatch spool;

	private final Duration limit;

	private final Settled full;

	private final Settled slow;

	/**
	 * Create an indicator.
	 * @param spool the spool
	 * @param limit age from which on a record waits too long
	 * @param settled makes what keeps this from flapping
	 */
	SpoolHealthIndicator(SpoolWatch spool, Duration limit, Supplier<Settled> settled) {
		super("The spool could not be looked at");
		this.spool = spool;
		this.limit = limit;
		this.full = settled.get();
		this.slow = settled.get();
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		SpoolStatus status = this.spool.status();
		SpoolBacklog backlog = this.spool.backlog();
		List<String> reasons = new ArrayList<>();
		if (status != null && status.failure() != null) {
			reasons.add("The disk has failed: records that wait are in memory only. Mend it, and start the application "
					+ "again once the cluster has taken what waits: " + status.failure());
		}
		boolean fullNow = status != null && status.bytes() >= NEARLY_FULL * status.limitBytes();
		if (this.full.isBad(fullNow)) {
			reasons.add(fullNow
					? "The spool is nearly full. When it is, sends are rejected. See why the cluster does not take what waits, or give the spool more room"
					: "The spool was nearly full a moment ago");
		}
		boolean slowNow = backlog != null && RecordsSections.ageOf(backlog).compareTo(this.limit) > 0;
		if (this.slow.isBad(slowNow)) {
			reasons.add(slowNow
					? "A record has waited on disk for longer than %s. The cluster is away or does not accept it; the log says why. A restart loses nothing of it, and does not help"
						.formatted(this.limit)
					: "A record waited on disk for longer than %s a moment ago".formatted(this.limit));
		}
		if (backlog != null && backlog.parked() > 0) {
			reasons.add(
					"%d records that were promised are parked, as the cluster did not take them, or not in time. Somebody has to decide: see the endpoint parkedrecords"
						.formatted(backlog.parked()));
		}
		if (backlog != null) {
			backlog.blocked().stream().limit(MOST_BLOCKED).forEach((each) -> reasons.add(describe(each)));
		}
		if (reasons.isEmpty()) {
			builder.up();
		}
		else {
			builder.status(DurabilityHealthIndicator.WARNING).withDetail("reasons", reasons);
		}
		describe(builder, status, backlog);
	}

	private static String describe(SpoolBacklog.Blocked blocked) {
		return ("%s-%d stands still since %s behind a record that was promised, and %d records wait: %s. It goes on when "
				+ "that is mended, or if you have the record parked: POST to the endpoint parkedrecords/%s")
			.formatted(blocked.topic(), blocked.partition(), blocked.since(), blocked.waiting(), blocked.reason(),
					blocked.id());
	}

	private static void describe(Health.Builder builder, @Nullable SpoolStatus status, @Nullable SpoolBacklog backlog) {
		builder.withDetail("open", status != null);
		if (status != null) {
			builder.withDetail("records", status.records())
				.withDetail("bytes", status.bytes())
				.withDetail("limitBytes", status.limitBytes());
		}
		if (backlog != null) {
			builder.withDetail("waiting", backlog.waiting())
				.withDetail("oldestAge", RecordsSections.ageOf(backlog).toString())
				.withDetail("parked", backlog.parked())
				.withDetail("expired", backlog.expired())
				.withDetail("blocked", backlog.blocked().size());
		}
	}

}
