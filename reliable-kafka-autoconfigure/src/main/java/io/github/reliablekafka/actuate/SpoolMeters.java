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

import java.util.function.ToDoubleFunction;

import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;

/**
 * Shows how full the spool is. While it is not open, everything is zero.
 */
final class SpoolMeters implements MeterBinder {

	private static final String PREFIX = "reliable.kafka.spool.";

	private final SpoolWatch spool;

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
		FunctionCounter.builder(PREFIX + "appended", this.spool, of(SpoolStatus::appended))
			.description("Records that were appended")
			.register(registry);
		FunctionCounter.builder(PREFIX + "forces", this.spool, of(SpoolStatus::forces))
			.description("How often the disk was asked to make bytes durable")
			.register(registry);
	}

	private static ToDoubleFunction<SpoolWatch> of(ToDoubleFunction<SpoolStatus> value) {
		return (spool) -> {
			SpoolStatus status = spool.status();
			return (status != null) ? value.applyAsDouble(status) : 0;
		};
	}

}
