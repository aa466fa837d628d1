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

package io.github.reliablekafka.sequence;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

class SequenceFootprintTests {

	private static final int CHARACTERS_OF_A_COMMIT = 4_096;

	private static final int BYTES_OF_A_RECORD = 1_000_000;

	@ParameterizedTest
	@ValueSource(ints = { 1, 100, 200, 1_000, 10_000 })
	void everySessionIsKnownAfterRestartWithinTheLimitsOfKafka(int sessions) {
		SequenceFootprint footprint = SequenceFootprint.of(sessions);
		assertWithinLimits(footprint);
		assertThat(footprint.known()).isEqualTo(sessions);
	}

	@ParameterizedTest
	@ValueSource(ints = { 30_000, 60_000 })
	void sessionsAreForgottenWhenThereAreTooMany(int sessions) {
		SequenceFootprint footprint = SequenceFootprint.of(sessions);
		assertWithinLimits(footprint);
		assertThat(footprint.known()).isEqualTo(KnownSessions.MOST);
		assertThat(footprint.readerBytes()).isLessThan(KnownSessions.MOST * 400L);
	}

	private static void assertWithinLimits(SequenceFootprint footprint) {
		assertThat(footprint.metadataCharacters()).isPositive().isLessThan(CHARACTERS_OF_A_COMMIT);
		assertThat(footprint.checkpointBytes()).isLessThan(BYTES_OF_A_RECORD);
		assertThat(footprint.headerBytes()).isLessThan(20);
	}

}
