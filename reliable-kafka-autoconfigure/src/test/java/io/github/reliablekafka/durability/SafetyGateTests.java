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
import java.util.Set;

import org.junit.jupiter.api.Test;

import org.springframework.boot.diagnostics.FailureAnalysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link SafetyGate} and {@link UnsafeSettingsFailureAnalyzer}.
 */
class SafetyGateTests {

	private final SafetyGate gate = new SafetyGate(Set.of("producer.retries"));

	@Test
	void openWhenNothingWasReported() {
		assertThatNoException().isThrownBy(this.gate::open);
	}

	@Test
	void openThrowsAllViolationsTogether() {
		this.gate.report(List.of(violation("producer.acks", "1")));
		this.gate.report(List.of(violation("consumer.auto-commit", "true")));
		assertThatExceptionOfType(UnsafeSettingsException.class).isThrownBy(this.gate::open)
			.satisfies((ex) -> assertThat(ex.violations()).extracting(Violation::risk)
				.containsExactly("producer.acks", "consumer.auto-commit"));
	}

	@Test
	void acceptedRiskOpensTheGateAndStaysVisible() {
		this.gate.report(List.of(violation("producer.retries", "3")));
		assertThatNoException().isThrownBy(this.gate::open);
		assertThat(this.gate.acceptedViolations()).extracting(Violation::risk).containsExactly("producer.retries");
	}

	@Test
	void reportThrowsAtOnceWhenTheApplicationHasStarted() {
		this.gate.open();
		assertThatExceptionOfType(UnsafeSettingsException.class)
			.isThrownBy(() -> this.gate.report(List.of(violation("producer.acks", "1"))));
		assertThatNoException().isThrownBy(() -> this.gate.report(List.of(violation("producer.retries", "1"))));
	}

	@Test
	void refuseThrowsBeforeTheStartWithWhatWasFoundSoFar() {
		this.gate.report(List.of(violation("consumer.auto-commit", "true")));
		assertThatExceptionOfType(UnsafeSettingsException.class)
			.isThrownBy(() -> this.gate.refuse(List.of(violation("producer.acks", "0"))))
			.satisfies((ex) -> assertThat(ex.violations()).extracting(Violation::risk)
				.containsExactlyInAnyOrder("producer.acks", "consumer.auto-commit"));
		assertThatNoException().isThrownBy(() -> this.gate.refuse(List.of(violation("producer.retries", "0"))));
	}

	@Test
	void analysisNamesSettingOriginReasonRemedyAndRisk() {
		UnsafeSettingsException exception = new UnsafeSettingsException(
				List.of(violation("producer.acks", "1"), violation("consumer.auto-commit", "true")));
		FailureAnalysis analysis = new UnsafeSettingsFailureAnalyzer()
			.analyze(new IllegalStateException("outer", exception));
		assertThat(analysis).isNotNull();
		assertThat(analysis.getDescription()).contains("producer factory 'orders': setting is '1'")
			.contains("application.yml:12")
			.contains("required 'safe', because records are lost")
			.contains("is 'true'");
		assertThat(analysis.getAction()).contains("Write it safely.")
			.contains("reliable.kafka.durability.accept=producer.acks, consumer.auto-commit");
	}

	private static Violation violation(String risk, String actual) {
		return new Violation(risk, "producer factory 'orders'", "setting", actual, "'safe'", "records are lost",
				"Write it safely.", "application.yml:12");
	}

}
