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

import java.util.List;
import java.util.Random;
import java.util.TreeMap;

import io.github.reliablekafka.spool.SpoolRecord;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LaneAge}.
 */
class LaneAgeTests {

	private static final long LIMIT = 64_000_000_000L;

	@Test
	void recordsAreDueAfterTheirTimeAndNotMuchLater() {
		Random random = new Random(1);
		LaneAge age = new LaneAge(LIMIT, 0, 0);
		TreeMap<Long, Long> cameAt = new TreeMap<>();
		long admitted = 0;
		long step = LaneAge.interval(LIMIT);
		for (long now = 0; now < 5 * LIMIT; now += step) {
			for (int i = random.nextInt(3); i > 0; i--) {
				cameAt.put(++admitted, now);
			}
			long due = age.dueUpTo(now, admitted);
			if (due > 0) {
				assertThat(now - cameAt.get(due)).as("age of the last one that is due").isGreaterThanOrEqualTo(LIMIT);
			}
			if (due < admitted) {
				assertThat(now - cameAt.get(due + 1)).as("age of the first one that is not")
					.isLessThan(LIMIT + 3 * step);
			}
		}
		assertThat(age.dueUpTo(10 * LIMIT, admitted)).isEqualTo(admitted);
	}

	@Test
	void whatAnEarlierProcessLeftIsAsOldAsItSays() {
		LaneAge age = new LaneAge(LIMIT, 0, 100_000);
		assertThat(age.isDue(0, record(36_000))).isTrue();
		assertThat(age.isDue(0, record(36_001))).isFalse();
		assertThat(age.isDue(1_000_000, record(36_001))).isTrue();
	}

	@Test
	void whatComesFromTheFutureWaitsFromNowOn() {
		LaneAge age = new LaneAge(LIMIT, 0, 100_000);
		assertThat(age.isDue(LIMIT - 1, record(Long.MAX_VALUE))).isFalse();
		assertThat(age.isDue(LIMIT, record(Long.MAX_VALUE))).isTrue();
		assertThat(age.isDue(0, record(0))).as("and from long ago").isTrue();
	}

	private static SpoolRecord record(long enqueuedAt) {
		return new SpoolRecord(-1, 1, enqueuedAt, null, null, List.of());
	}

}
