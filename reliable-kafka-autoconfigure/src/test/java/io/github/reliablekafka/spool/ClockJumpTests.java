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
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a wall clock that jumps by a year, to and fro, while records wait, are
 * retained, and are written again.
 */
class ClockJumpTests {

	private static final Duration YEAR = Duration.ofDays(365);

	private static final Duration[] JUMPS = { Duration.ZERO, YEAR, YEAR.negated(), Duration.ZERO, YEAR.negated(),
			YEAR };

	private Duration jump = Duration.ZERO;

	private final InstantSource clock = () -> Instant.now().plus(this.jump);

	private final SpoolOptions options = new SpoolOptions("shop", 64 * 64 * 1024, 64 * 1024, 0, false,
			Duration.ofHours(1))
		.timedBy(this.clock);

	@Test
	void nothingIsLostAndTheOrderStays() throws Exception {
		CrashDisk disk = new CrashDisk();
		List<Long> waiting = new ArrayList<>();
		Random random = new Random(1);
		long number = 0;
		for (int round = 0; round < 3; round++) {
			for (Duration by : JUMPS) {
				this.jump = by;
				SegmentSpool spool = SegmentSpool.open(disk, this.options);
				SpoolLane lane = spool.lane("main", "orders", 0);
				assertThat(numbers(spool, lane)).isEqualTo(waiting);
				for (int i = 0; i < 60; i++) {
					this.jump = JUMPS[random.nextInt(JUMPS.length)];
					spool.append(lane, record(++number, this.clock.millis()), 0, null);
					waiting.add(number);
					if (i % 3 == 0) {
						int which = random.nextInt(waiting.size());
						spool.resolve(lane, spool.positions(lane)[which]);
						waiting.remove(which);
					}
					assertThat(spool.flush()).isTrue();
				}
				assertThat(numbers(spool, lane)).isEqualTo(waiting);
				if (random.nextBoolean()) {
					spool.close();
				}
				else {
					disk = disk.restart(random);
				}
			}
		}
		assertThat(waiting).hasSizeGreaterThan(300);
	}

	@Test
	void whatIsRetainedCanBeReadWhileTheProcessRuns() throws Exception {
		SegmentSpool spool = SegmentSpool.open(new CrashDisk(), this.options);
		SpoolLane lane = spool.lane("main", "orders", 0);
		for (int i = 1; i <= 100; i++) {
			this.jump = JUMPS[i % JUMPS.length];
			spool.resolve(lane, append(spool, lane, i));
		}
		List<Long> found = new ArrayList<>();
		spool.search("orders", 0, (destination) -> true, (record) -> found.add(record.timestamp()));
		assertThat(found.stream().distinct()).hasSize(100);
		spool.close();
	}

	@Test
	void whatIsRetainedIsKeptOverAStartByAClockThatWentBack() throws Exception {
		CrashDisk disk = new CrashDisk();
		SegmentSpool spool = SegmentSpool.open(disk, this.options);
		SpoolLane lane = spool.lane("main", "orders", 0);
		spool.resolve(lane, append(spool, lane, 1));
		this.jump = YEAR.negated();
		spool.close();
		spool = SegmentSpool.open(disk, this.options);
		List<Long> found = new ArrayList<>();
		spool.search("orders", 0, (destination) -> true, (record) -> found.add(record.timestamp()));
		assertThat(found).containsExactly(1L);
		assertThat(spool.occupied()).isEmpty();
		spool.close();
	}

	@Test
	void whatIsRetainedIsKeptAtTheEndByAClockThatWentAhead() throws Exception {
		CrashDisk disk = new CrashDisk();
		SegmentSpool spool = SegmentSpool.open(disk, this.options);
		SpoolLane lane = spool.lane("main", "orders", 0);
		for (int i = 1; i <= 100; i++) {
			spool.resolve(lane, append(spool, lane, i));
		}
		this.jump = YEAR;
		spool.close();
		this.jump = Duration.ZERO;
		spool = SegmentSpool.open(disk, this.options);
		List<Long> found = new ArrayList<>();
		spool.search("orders", 0, (destination) -> true, (record) -> found.add(record.timestamp()));
		assertThat(found.stream().distinct()).hasSize(100);
		spool.close();
	}

	private long append(SegmentSpool spool, SpoolLane lane, long number) {
		long position = spool.append(lane, record(number, this.clock.millis()), 0, null);
		assertThat(spool.flush()).isTrue();
		return position;
	}

	private static SpoolRecord record(long number, long enqueuedAt) {
		return new SpoolRecord(-1, number, enqueuedAt, null,
				("x".repeat(900) + number).getBytes(StandardCharsets.UTF_8), List.of());
	}

	private static List<Long> numbers(SegmentSpool spool, SpoolLane lane) {
		List<Long> numbers = new ArrayList<>();
		for (long position : spool.positions(lane)) {
			numbers.add(spool.read(lane, position).timestamp());
		}
		return numbers;
	}

}
