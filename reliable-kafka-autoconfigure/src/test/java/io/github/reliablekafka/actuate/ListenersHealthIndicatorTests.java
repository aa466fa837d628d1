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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerBoard;
import io.github.reliablekafka.ledger.ListenerState;
import io.github.reliablekafka.ledger.UnfinishedRecord;
import org.junit.jupiter.api.Test;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ListenersHealthIndicator}.
 */
class ListenersHealthIndicatorTests {

	private final AtomicLong seconds = new AtomicLong();

	private final ListenerBoard board = new ListenerBoard();

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final ListenersHealthIndicator indicator = new ListenersHealthIndicator(this.board, this.ledger,
			Duration.ofMinutes(5),
			() -> new Settled(Duration.ofSeconds(30), () -> Duration.ofSeconds(this.seconds.get()).toNanos()));

	@Test
	void onlyAContainerThatHasStoppedIsDown() {
		post(false, Duration.ofMinutes(4));
		assertThat(health().getStatus()).isEqualTo(Status.UP);
		post(false, Duration.ofMinutes(6));
		assertThat(health().getStatus().getCode()).isEqualTo("WARNING");
		assertThat(health().getDetails().get("listeners")).asString().contains("has not got on for PT6M");
		post(true, Duration.ZERO);
		assertThat(health().getStatus()).isEqualTo(Status.DOWN);
		assertThat(health().getDetails().get("listeners")).asString().contains("Has stopped after a failure");
	}

	@Test
	void whatIsGoodAgainSettlesAsWhatItWas() {
		post(true, Duration.ZERO);
		assertThat(health().getStatus()).isEqualTo(Status.DOWN);
		post(false, Duration.ofMinutes(6));
		assertThat(health().getStatus()).isEqualTo(Status.DOWN);
		this.seconds.addAndGet(31);
		assertThat(health().getStatus().getCode()).isEqualTo("WARNING");
		post(false, Duration.ZERO);
		assertThat(health().getStatus().getCode()).isEqualTo("WARNING");
		this.seconds.addAndGet(31);
		assertThat(health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void recordThatIsNotFinishedIsAWarning() {
		post(false, Duration.ZERO);
		this.ledger.unfinished(List.of(new UnfinishedRecord("orders", 3, 7, "billing", Duration.ofMinutes(2), true)));
		assertThat(health().getStatus().getCode()).isEqualTo("WARNING");
		assertThat(health().getDetails().get("unfinished")).asString()
			.contains("orders-3@7 in group 'billing' for PT2M");
		this.ledger.unfinished(List.of());
		this.seconds.addAndGet(31);
		assertThat(health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void partitionThatWaitsForADeadLetterIsAWarningAsLongAsThatIsSaid() {
		post(false, Duration.ZERO);
		this.ledger.waits("orders-3 in group 'billing'", "too large", Duration.ofMinutes(1));
		assertThat(health().getStatus().getCode()).isEqualTo("WARNING");
		assertThat(health().getDetails().get("waiting")).isEqualTo(Map.of("orders-3 in group 'billing'", "too large"));
		this.ledger.goesOn("orders-3 in group 'billing'");
		this.seconds.addAndGet(31);
		assertThat(health().getStatus()).isEqualTo(Status.UP);
		this.ledger.waits("orders-4", "too large", Duration.ofSeconds(-1));
		assertThat(health().getStatus()).isEqualTo(Status.UP);
	}

	@Test
	void listsAreShortHoweverMuchThereIs() {
		post(false, Duration.ZERO);
		List<UnfinishedRecord> records = new ArrayList<>();
		for (int partition = 0; partition < 500; partition++) {
			records.add(new UnfinishedRecord("orders", partition, 7, "billing", Duration.ofMinutes(2), false));
			this.ledger.waits("orders-%03d".formatted(partition), "too large", Duration.ofMinutes(1));
		}
		this.ledger.unfinished(records);
		Map<String, Object> details = health().getDetails();
		assertThat((List<?>) details.get("unfinished")).hasSize(10);
		assertThat(((Map<?, ?>) details.get("waiting")).keySet()).hasSize(10).first().isEqualTo("orders-000");
		assertThat(details).containsEntry("unfinishedCount", 500).containsEntry("waitingCount", 500);
	}

	@Test
	void listenerThatIsGoneIsForgotten() {
		post(true, Duration.ZERO);
		assertThat(health().getStatus()).isEqualTo(Status.DOWN);
		this.board.askAt(List::of);
		assertThat(health().getStatus()).isEqualTo(Status.UP);
		post(false, Duration.ZERO);
		assertThat(health().getStatus()).isEqualTo(Status.UP);
	}

	private Health health() {
		return this.indicator.health();
	}

	private void post(boolean failed, Duration idle) {
		this.board.askAt(() -> List
			.of(new ListenerState("orders", "billing", Set.of("orders"), !failed, failed, false, 1, 7, idle)));
	}

}
