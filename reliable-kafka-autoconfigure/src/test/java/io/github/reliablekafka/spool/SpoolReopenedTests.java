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

package io.github.reliablekafka.spool;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a spool that is opened with another size than before.
 */
class SpoolReopenedTests {

	private static final int RECORDS = 20_000;

	@TempDir
	Path base;

	@Test
	void nothingIsLostWhenThereIsNoRoomForWhatWaits() throws Exception {
		fill();
		// Less than what waits.
		assertComplete(4 << 20);
		assertComplete(4 << 20);
		assertComplete(1 << 30);
	}

	@Test
	void nothingIsLostWhenFilesGetSmaller() throws Exception {
		fill();
		assertComplete(64 << 20);
		assertComplete(1 << 30);
	}

	private void fill() throws Exception {
		try (SegmentSpool spool = open(1 << 30)) {
			SpoolLane lane = spool.lane("main", "orders", 0);
			for (int i = 0; i < RECORDS; i++) {
				spool.append(lane, record(i), Long.MAX_VALUE, null);
			}
		}
	}

	private void assertComplete(long maxBytes) throws Exception {
		try (SegmentSpool spool = open(maxBytes)) {
			SpoolLane lane = spool.lane("main", "orders", 0);
			long[] positions = spool.positions(lane);
			assertThat(positions).hasSize(RECORDS);
			for (int i = 0; i < RECORDS; i++) {
				SpoolRecord record = spool.read(lane, positions[i]);
				assertThat(record).isNotNull();
				assertThat(record.value()).isEqualTo(record(i).value());
			}
		}
	}

	private SegmentSpool open(long maxBytes) throws Exception {
		return SpoolDirectory.open(this.base, SpoolOptions.of("shop", maxBytes, 0, false));
	}

	private static SpoolRecord record(int number) {
		byte[] value = (number + "-" + "x".repeat(500)).getBytes(StandardCharsets.UTF_8);
		return new SpoolRecord(-1, 1, 1, null, value, List.of());
	}

}
