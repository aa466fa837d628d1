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

package io.github.reliablekafka.consumer;

import java.time.Duration;
import java.util.Map;
import java.util.Properties;

import org.apache.kafka.common.config.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link ResetPolicy}.
 */
class ResetPolicyTests {

	@ParameterizedTest
	@CsvSource({ "earliest,EARLIEST", "latest,LATEST", "fail,FAIL", "none,FAIL", "by_duration:PT1H,BY_DURATION" })
	void parseUnderstandsKafka(String value, ResetPolicy.Start start) {
		assertThat(ResetPolicy.parse("reset", value).start()).isEqualTo(start);
	}

	@Test
	void parseWhenByDurationHasTheAge() {
		assertThat(ResetPolicy.parse("reset", "by_duration:P2D").age()).isEqualTo(Duration.ofDays(2));
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "Latest", "by_duration", "by_duration:", "by_duration:1h", "by_duration:-PT1H" })
	void parseWhenNotUnderstoodSaysWhatIs(String value) {
		assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> ResetPolicy.parse("reset", value))
			.withMessageContaining("reset")
			.withMessageContaining("by_duration:<PnDTnHnMn.nS>");
	}

	@Test
	void movedKeepsWhatTheApplicationWrote() {
		assertThat(ResetPolicy.moved(Map.of(), "earliest")).containsEntry("auto.offset.reset", "none")
			.containsEntry(ResetPolicy.SETTING, "earliest");
		assertThat(ResetPolicy.moved(Map.of("auto.offset.reset", "latest"), "earliest"))
			.containsEntry("auto.offset.reset", "none")
			.containsEntry(ResetPolicy.SETTING, "latest");
		assertThat(ResetPolicy.of(ResetPolicy.moved(Map.of("auto.offset.reset", "none"), "earliest")).start())
			.isEqualTo(ResetPolicy.Start.FAIL);
	}

	@Test
	void movedWhenSettingsAreACopyOfMovedOnesKeepsThePolicy() {
		Map<String, Object> copy = ResetPolicy.moved(Map.of("auto.offset.reset", "latest"), "earliest");
		assertThat(ResetPolicy.moved(copy, "earliest")).isEqualTo(copy);
	}

	@Test
	void moveWhenListenerHasAPolicyPutsItFirstOnceAndAgain() {
		Properties overrides = new Properties();
		ResetPolicy.move(overrides);
		assertThat(overrides).isEmpty();
		overrides.setProperty("auto.offset.reset", "latest");
		ResetPolicy.move(overrides);
		ResetPolicy.move(overrides);
		assertThat(overrides).containsEntry("auto.offset.reset", "none").containsEntry(ResetPolicy.SETTING, "latest");
		overrides.setProperty("auto.offset.reset", "by_duration:PT1M");
		ResetPolicy.move(overrides);
		assertThat(overrides).containsEntry("auto.offset.reset", "none")
			.containsEntry(ResetPolicy.SETTING, "by_duration:PT1M");
	}

	@Test
	void ofWhenKafkaWasToldSomethingElseIsThat() {
		assertThat(ResetPolicy.of(Map.of("auto.offset.reset", "latest", ResetPolicy.SETTING, "earliest")).start())
			.isEqualTo(ResetPolicy.Start.LATEST);
		assertThat(ResetPolicy.of(Map.of()).start()).isEqualTo(ResetPolicy.Start.LATEST);
	}

}
