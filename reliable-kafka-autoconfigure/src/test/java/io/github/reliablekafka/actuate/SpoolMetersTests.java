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

import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;

import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SpoolMeters}.
 */
class SpoolMetersTests {

	@Test
	void metersFollowTheSpool() {
		AtomicReference<SpoolStatus> status = new AtomicReference<>();
		SimpleMeterRegistry registry = new SimpleMeterRegistry();
		AtomicReference<SpoolBacklog> backlog = new AtomicReference<>(
				new SpoolBacklog(7, Instant.now().minusSeconds(90), 2, 0, 3,
						List.of(new SpoolBacklog.Blocked("7f", "orders", 0, Instant.EPOCH, "too large", 3))));
		AtomicInteger reads = new AtomicInteger();
		new SpoolMeters(new SpoolWatch() {

			@Override
			public SpoolStatus status() {
				return status.get();
			}

			@Override
			public SpoolBacklog backlog() {
				reads.incrementAndGet();
				return backlog.get();
			}

		}).bindTo(registry);
		assertThat(registry.get("reliable.kafka.spool.parked").gauge().value()).isEqualTo(2);
		assertThat(registry.get("reliable.kafka.spool.oldest.age").timeGauge().value(TimeUnit.SECONDS)).isBetween(90.0,
				120.0);
		assertThat(registry.get("reliable.kafka.spool.expired").functionCounter().count()).isEqualTo(3);
		assertThat(registry.get("reliable.kafka.spool.blocked").gauge().value()).isOne();
		assertThat(reads).hasValue(1);
		assertThat(registry.get("reliable.kafka.spool.records").gauge().value()).isZero();
		status.set(new SpoolStatus(7, 4096, 8192, 2, 3, 20, 4, "Input/output error"));
		assertThat(registry.get("reliable.kafka.spool.records").gauge().value()).isEqualTo(7);
		assertThat(registry.get("reliable.kafka.spool.bytes").gauge().value()).isEqualTo(4096);
		assertThat(registry.get("reliable.kafka.spool.limit").gauge().value()).isEqualTo(8192);
		assertThat(registry.get("reliable.kafka.spool.failed").gauge().value()).isOne();
		assertThat(registry.get("reliable.kafka.spool.appended").functionCounter().count()).isEqualTo(20);
		assertThat(registry.get("reliable.kafka.spool.relocated").functionCounter().count()).isEqualTo(4);
		assertThat(registry.get("reliable.kafka.spool.forces").functionCounter().count()).isEqualTo(3);
	}

}
