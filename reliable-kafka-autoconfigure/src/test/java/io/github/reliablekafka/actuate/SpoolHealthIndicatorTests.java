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
import java.time.Instant;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SpoolHealthIndicator}.
 */
class SpoolHealthIndicatorTests {

	private @Nullable SpoolStatus status;

	private @Nullable SpoolBacklog backlog;

	private final AtomicLong seconds = new AtomicLong();

	private final SpoolHealthIndicator indicator = new SpoolHealthIndicator(new SpoolWatch() {

		@Override
		public @Nullable SpoolStatus status() {
			return SpoolHealthIndicatorTests.this.status;
		}

		@Override
		public @Nullable SpoolBacklog backlog() {
			return SpoolHealthIndicatorTests.this.backlog;
		}

	}, Duration.ofMinutes(1),
			() -> new Settled(Duration.ofSeconds(30), () -> Duration.ofSeconds(this.seconds.get()).toNanos()));

	@Test
	void spoolThatIsOffOrHasRoomIsUp() {
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
		assertThat(this.indicator.health().getDetails()).containsEntry("open", false);
		bytes(700, null);
		this.backlog = new SpoolBacklog(7, Instant.now().minusSeconds(30), 0, 0, 0, List.of());
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
		assertThat(this.indicator.health().getDetails()).containsEntry("records", 7L).containsEntry("waiting", 7L);
	}

	@Test
	void spoolThatIsNearlyFullIsAWarningUntilItHasHadRoomForAWhile() {
		bytes(800, null);
		assertWarning("nearly full. When it is, sends are rejected");
		bytes(100, null);
		assertWarning("a moment ago");
		this.seconds.set(30);
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void recordThatWaitsTooLongIsAWarning() {
		bytes(100, null);
		this.backlog = new SpoolBacklog(7, Instant.now().minusSeconds(90), 0, 0, 0, List.of());
		assertWarning("A record has waited on disk for longer than PT1M");
		this.backlog = new SpoolBacklog(0, null, 0, 0, 0, List.of());
		assertWarning("a moment ago");
		this.seconds.set(30);
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void recordThatIsParkedIsAWarningUntilSomebodyDecides() {
		bytes(100, null);
		this.backlog = new SpoolBacklog(0, null, 2, 0, 0, List.of());
		assertWarning("2 records that were promised are parked");
		this.backlog = new SpoolBacklog(0, null, 0, 0, 0, List.of());
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void partitionThatStandsStillIsAWarningWithItsRecordAndWhatToDo() {
		bytes(100, null);
		this.backlog = new SpoolBacklog(3, Instant.now(), 0, 0, 0,
				List.of(new SpoolBacklog.Blocked("7f-orders-2-5", "orders", 2, Instant.EPOCH, "too large", 3)));
		assertWarning("orders-2 stands still since 1970-01-01T00:00:00Z behind a record that was promised, and 3 "
				+ "records wait: too large. It goes on when that is mended");
		assertWarning("parkedrecords/7f-orders-2-5");
		assertThat(this.indicator.health().getDetails()).containsEntry("blocked", 1);
		this.backlog = new SpoolBacklog(0, null, 0, 0, 0, List.of());
		assertThat(this.indicator.health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void failedDiskIsAWarning() {
		bytes(100, "Input/output error");
		assertWarning("The disk has failed: records that wait are in memory only");
		assertWarning("Input/output error");
	}

	private void assertWarning(String reason) {
		Health health = this.indicator.health();
		assertThat(health.getStatus().getCode()).isEqualTo("WARNING");
		assertThat(health.getDetails().get("reasons")).asString().contains(reason);
	}

	private void bytes(long bytes, @Nullable String failure) {
		this.status = new SpoolStatus(7, bytes, 1000, 2, 3, 20, 0, failure);
	}

}
