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

import io.github.reliablekafka.ledger.DeliveryLedger;
import org.junit.jupiter.api.Test;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ProducersHealthIndicator}.
 */
class ProducersHealthIndicatorTests {

	@Test
	void recordThatWaitsTooLongIsAWarning() {
		DeliveryLedger ledger = new DeliveryLedger();
		ProducersHealthIndicator indicator = new ProducersHealthIndicator(ledger, Duration.ofMillis(1),
				new Settled(Duration.ofSeconds(30), System::nanoTime));
		assertThat(indicator.health().getStatus()).isEqualTo(Status.UP);
		ledger.accept("orders");
		await().until(() -> !indicator.health().getStatus().equals(Status.UP));
		Health health = indicator.health();
		assertThat(health.getStatus().getCode()).isEqualTo("WARNING");
		assertThat(health.getDetails().get("reason")).asString().contains("do not restart for it");
	}

}
