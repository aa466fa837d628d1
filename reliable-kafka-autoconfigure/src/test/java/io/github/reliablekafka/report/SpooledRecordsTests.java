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

package io.github.reliablekafka.report;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

import io.github.reliablekafka.report.LostRecordSource.LostRecord;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.spool.RetainedRecords;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.common.header.Header;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SpooledRecords}.
 */
class SpooledRecordsTests {

	private static final Lane LANE = new Lane("orders", 1);

	private final List<SpoolRecord> kept = new ArrayList<>();

	private boolean retaining = true;

	private final SpooledRecords records = new SpooledRecords(() -> List.of(new RetainedRecords() {

		@Override
		public boolean isRetaining() {
			return SpooledRecordsTests.this.retaining;
		}

		@Override
		public Duration period() {
			return SpooledRecordsTests.this.retaining ? Duration.ofMinutes(10) : Duration.ZERO;
		}

		@Override
		public long opened() {
			return 1;
		}

		@Override
		public void search(String topic, int partition, String clusterId, Predicate<SpoolRecord> visitor) {
			assertThat(clusterId).isEqualTo("here");
			assertThat(topic).isEqualTo("orders");
			assertThat(partition).isEqualTo(1);
			for (SpoolRecord record : SpooledRecordsTests.this.kept) {
				if (!visitor.test(record)) {
					return;
				}
			}
		}

	}));

	@Test
	void onlyWhatIsMissingIsFound() {
		keep(Findings.SESSION, 1, 10);
		keep(Findings.SESSION, 2, 10);
		keep(Findings.SESSION + 1, 2, 10);
		keep(Findings.SESSION, 3, 10);
		this.kept.add(new SpoolRecord(-1, 1, 1, null, null, List.of()));
		this.kept.add(new SpoolRecord(-1, 1, 1, null, null, List.of(new SpoolRecord.Field("rk", new byte[] { 1 }))));
		SpooledRecords.Portion portion = find(NumberRanges.of(2, 7));
		assertThat(portion.of(Findings.SESSION)).containsOnlyKeys(2L, 3L);
		assertThat(portion.isPart()).isFalse();
		LostRecord second = portion.of(Findings.SESSION).get(2L);
		assertThat(second.number()).isEqualTo(2);
		assertThat(second.timestamp()).isEqualTo(1_000_002);
		assertThat(second.value()).hasSize(10);
		assertThat(second.headers()).extracting(Header::key).containsExactly("trace", "rk");
	}

	@Test
	void manyAreFoundInPortions() {
		for (long number = 1; number <= 40; number++) {
			keep(Findings.SESSION, number, 1 << 20);
		}
		NumberRanges wanted = NumberRanges.of(1, 40);
		int portions = 0;
		SpooledRecords.Portion portion;
		do {
			portion = find(wanted);
			assertThat(portion.of(Findings.SESSION)).hasSizeLessThan(40);
			for (long number : portion.of(Findings.SESSION).keySet()) {
				wanted = wanted.remove(number, number);
			}
			portions++;
		}
		while (portion.isPart());
		assertThat(wanted.isEmpty()).isTrue();
		assertThat(portions).isEqualTo(2);
	}

	@Test
	void headersCountAsWell() {
		for (long number = 1; number <= 40; number++) {
			keep(Findings.SESSION, number, 10);
			SpoolRecord record = this.kept.get(this.kept.size() - 1);
			List<SpoolRecord.Field> headers = new ArrayList<>(record.headers());
			headers.add(new SpoolRecord.Field("large", new byte[1 << 20]));
			this.kept.set(this.kept.size() - 1, new SpoolRecord(-1, 1, 1, null, null, headers));
		}
		SpooledRecords.Portion portion = find(NumberRanges.of(1, 40));
		assertThat(portion.isPart()).isTrue();
		assertThat(portion.of(Findings.SESSION)).hasSize(32);
	}

	@Test
	void nobodyIsAskedWhoRetainsNothing() {
		keep(Findings.SESSION, 2, 10);
		assertThat(this.records.isRetaining()).isTrue();
		this.retaining = false;
		assertThat(this.records.isRetaining()).isFalse();
		assertThat(find(NumberRanges.of(2, 7)).records()).isEmpty();
	}

	private SpooledRecords.Portion find(NumberRanges wanted) {
		return this.records.find(LANE, Map.of(Findings.SESSION, wanted), "here", () -> false);
	}

	private void keep(long session, long number, int size) {
		byte[] header = new Stamp(session, number, 0, false, false, null).encode(LANE);
		this.kept.add(new SpoolRecord(-1, 1_000_000 + number, 1, null, new byte[size],
				List.of(new SpoolRecord.Field("trace", new byte[] { 7 }), new SpoolRecord.Field("rk", header))));
	}

}
