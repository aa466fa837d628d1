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

package io.github.reliablekafka.producer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

import io.github.reliablekafka.spool.ParkedRecord;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.core.ProducerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link ParkedRecords} that another instance left.
 */
class ParkedRecordsTests extends SpoolingSetup {

	private static final SpoolOptions OPTIONS = SpoolOptions.of("shop", 32 << 20, 0, false);

	@Test
	void parkedRecordsOfAnotherInstanceDoNotKeepItsDirectory() throws Exception {
		Path base = this.directory.resolve("shop");
		try (SegmentSpool first = SpoolDirectory.open(base, OPTIONS);
				SegmentSpool second = SpoolDirectory.open(base, OPTIONS)) {
			assertThat(second.location()).isNotEqualTo(first.location());
			SpoolLane lane = second.lane("nobody", "orders", RefusedRecords.PARKED);
			for (int i = 0; i < 3; i++) {
				second.append(lane, parked(i), 0, null);
			}
			assertThat(second.flush()).isTrue();
		}
		assertThat(base.resolve("1")).isDirectoryContaining("glob:**.segment");
		this.spools.known("other", mock(ProducerFactory.class));
		this.spools.start();
		try {
			assertThat(this.spools.parked(10)).hasSize(3);
			await().untilAsserted(() -> assertThat(base.resolve("1")).isDirectoryNotContaining("glob:**.segment"));
			assertThat(this.spools.parked(10)).extracting(ParkedRecord::partition).containsExactly(0, 1, 2);
			assertThat(this.spools.parked(10)).extracting(ParkedRecord::reason).containsOnly("too large");
			assertThat(this.spools.discard(this.spools.parked(1).get(0).id())).isTrue();
		}
		finally {
			this.spools.stop();
			this.spools.close();
		}
		try (SegmentSpool next = SpoolDirectory.open(base, OPTIONS)) {
			assertThat(next.positions(next.lane("nobody", "orders", RefusedRecords.PARKED))).hasSize(2);
		}
	}

	private static SpoolRecord parked(int partition) {
		return new SpoolRecord(partition, 1, 1, null, new byte[10], List
			.of(new SpoolRecord.Field(RelayClient.PARKED_HEADER, "too large".getBytes(StandardCharsets.UTF_8))));
	}

}
