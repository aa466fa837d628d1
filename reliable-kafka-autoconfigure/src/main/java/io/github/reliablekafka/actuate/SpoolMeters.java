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
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import org.jspecify.annotations.Nullable;

/**
 * Shows how full the spool is. While it is not open, everything is zero.
 */
final class SpoolMeters implements MeterBinder {

	private static final String PREFIX = "reliable.kafka.spool.";

	// Reads from disk, and a scrape asks several times.
	private static final Duration BACKLOG_KEPT = Duration.ofSeconds(5);

	private final SpoolWatch spool;

	private @Nullable SpoolBacklog backlog;

	private long backlogUntilNanos = System.nanoTime();

	SpoolMeters(SpoolWatch spool) {
		this.spool = spool;
	}

	@Override
	public void bindTo(MeterRegistry registry) {
		Gauge.builder(PREFIX + "records", this.spool, of(SpoolStatus::records))
			.description("Records on disk that the cluster has not acknowledged")
			.register(registry);
		Gauge.builder(PREFIX + "bytes", this.spool, of(SpoolStatus::bytes))
			.description("Bytes of the files with such records")
			.baseUnit("bytes")
			.register(registry);
		Gauge.builder(PREFIX + "limit", this.spool, of(SpoolStatus::limitBytes))
			.description("Bytes that all files may have together")
			.baseUnit("bytes")
			.register(registry);
		Gauge.builder(PREFIX + "failed", this.spool, of((status) -> (status.failure() != null) ? 1 : 0))
			.description("1 if the disk has failed and nothing is written any more")
			.register(registry);
		Gauge.builder(PREFIX + "parked", this, (meters) -> meters.backlog((backlog) -> backlog.parked()))
			.description("Records that were promised and that the cluster did not take")
			.register(registry);
		Gauge.builder(PREFIX + "blocked", this, (meters) -> meters.backlog((backlog) -> backlog.blocked().size()))
			.description("Partitions that stand still behind a record that the cluster does not take")
			.register(registry);
		FunctionCounter.builder(PREFIX + "expired", this, (meters) -> meters.backlog((backlog) -> backlog.expired()))
			.description("Records that have waited for longer than they may, and were parked or rejected")
			.register(registry);
		TimeGauge
			.builder(PREFIX + "oldest.age", this, TimeUnit.MILLISECONDS,
					(meters) -> meters.backlog((backlog) -> RecordsSections.ageOf(backlog).toMillis()))
			.description("Age of the oldest record on disk that waits for the cluster")
			.register(registry);
		FunctionCounter.builder(PREFIX + "appended", this.spool, of(SpoolStatus::appended))
			.description("Records that were appended")
			.register(registry);
		FunctionCounter.builder(PREFIX + "relocated", this.spool, of(SpoolStatus::relocated))
			.description("Records that were written again so that files could be used again")
			.register(registry);
		FunctionCounter.builder(PREFIX + "forces", this.spool, of(SpoolStatus::forces))
			.description("How often the disk was asked to make bytes durable")
			.register(registry);
	}

	private synchronized double backlog(ToDoubleFunction<SpoolBacklog> value) {
		if (System.nanoTime() - this.backlogUntilNanos >= 0) {
			this.backlog = this.spool.backlog();
			this.backlogUntilNanos = System.nanoTime() + BACKLOG_KEPT.toNanos();
		}
		return (this.backlog != null) ? value.applyAsDouble(this.backlog) : 0;
	}

	private static ToDoubleFunction<SpoolWatch> of(ToDoubleFunction<SpoolStatus> value) {
		return (spool) -> {
			SpoolStatus status = spool.status();
			return (status != null) ? value.applyAsDouble(status) : 0;
		};
	}

}
