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

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.LossLedger;

import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/**
 * A warning once records were found lost, until the application starts again. Never down:
 * what is lost does not come back when the application goes away, too.
 */
final class LossesHealthIndicator extends AbstractHealthIndicator {

	private final LossLedger ledger;

	LossesHealthIndicator(LossLedger ledger) {
		super("The ledger of losses could not be read");
		this.ledger = ledger;
	}

	@Override
	protected void doHealthCheck(Health.Builder builder) {
		List<Finding> losses = this.ledger.findings().stream().filter((finding) -> finding.verdict().isLoss()).toList();
		if (losses.isEmpty()) {
			builder.up();
			return;
		}
		Map<String, Long> records = new LinkedHashMap<>();
		losses.forEach((finding) -> records.merge(
				"%s in %s for group '%s'".formatted(finding.verdict(), finding.lane().topic(), finding.group()),
				finding.numbers().count(), Long::sum));
		builder.status(DurabilityHealthIndicator.WARNING)
			.withDetail("reason",
					"Records were found missing since the application started; the log and the reports topic name them")
			.withDetail("records", records);
	}

}
