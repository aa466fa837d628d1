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

package io.github.reliablekafka.durability;

import java.util.List;
import java.util.stream.Collectors;

import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;

/**
 * Turns an {@link UnsafeSettingsException} into what is wrong, where it comes from and
 * what to write.
 */
final class UnsafeSettingsFailureAnalyzer extends AbstractFailureAnalyzer<UnsafeSettingsException> {

	@Override
	protected FailureAnalysis analyze(Throwable rootFailure, UnsafeSettingsException cause) {
		List<Violation> violations = cause.violations();
		String description = violations.stream()
			.map((violation) -> "    - " + violation.describe() + ".")
			.collect(Collectors.joining("%n".formatted(),
					"With %d of the application's settings Kafka records can be lost in silence:%n%n"
						.formatted(violations.size()),
					""));
		String action = violations.stream()
			.map(Violation::remedy)
			.distinct()
			.map((remedy) -> "    - " + remedy)
			.collect(Collectors.joining("%n".formatted(), "%n".formatted(), ""));
		String accept = violations.stream().map(Violation::risk).distinct().collect(Collectors.joining(", "));
		return new FailureAnalysis(description,
				action + "%n%nOr accept the loss by name, with reliable.kafka.durability.accept=%s".formatted(accept),
				cause);
	}

}
