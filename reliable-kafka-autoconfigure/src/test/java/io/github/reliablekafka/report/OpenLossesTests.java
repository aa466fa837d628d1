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
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

import io.github.reliablekafka.report.SentAgain.Stream;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link OpenLosses}.
 */
class OpenLossesTests {

	private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1000);

	private final OpenLosses open = new OpenLosses(Duration.ofMinutes(10), this.now::get);

	@Test
	void lossesOfOnePartitionAreTakenTogetherAndPartitionsInTurn() {
		add("a", 0, 1, NumberRanges.of(1, 5), 70);
		add("b", 0, 1, NumberRanges.of(1, 5), 70);
		add("a", 0, 2, NumberRanges.of(7, 7), -1);
		add("a", 0, 1, NumberRanges.of(9, 9), 60);
		OpenLosses.Batch first = this.open.next();
		assertThat(first.lane()).isEqualTo(new Lane("b", 0));
		OpenLosses.Batch second = this.open.next();
		assertThat(second.losses()).hasSize(2);
		assertThat(second.losses().get(stream("a", 0, 1)).numbers()).hasToString("1..5,9");
		assertThat(second.losses().get(stream("a", 0, 1)).logEnd()).isEqualTo(60);
		assertThat(this.open.next().lane()).isEqualTo(first.lane());
	}

	@Test
	void partitionThatFailsWaitsLongerEachTimeAndHoldsUpNobody() {
		add("bad", 0, 1, NumberRanges.of(1, 5), 70);
		add("bad", 1, 1, NumberRanges.of(1, 5), 70);
		add("good", 0, 1, NumberRanges.of(1, 5), 70);
		assertThat(this.open.next().lane()).isEqualTo(new Lane("bad", 0));
		assertThat(this.open.failed(new Lane("bad", 0))).isTrue();
		assertThat(this.open.next().lane()).isEqualTo(new Lane("bad", 1));
		assertThat(this.open.failed(new Lane("bad", 1))).isFalse();
		for (int i = 0; i < 3; i++) {
			assertThat(this.open.next().lane().topic()).isEqualTo("good");
		}
		this.open.remove(stream("good", 0, 1), NumberRanges.of(1, 5));
		assertThat(this.open.isDue()).isFalse();
		assertThat(this.open.next()).isNull();
		this.open.remove(stream("bad", 1, 1), NumberRanges.of(1, 5));
		List<Long> pauses = new ArrayList<>();
		for (int i = 0; i < 11; i++) {
			long begin = this.now.get();
			add("bad", 0, 1, NumberRanges.of(1, 5), 70);
			while (!this.open.isDue()) {
				this.now.addAndGet(Duration.ofSeconds(1).toNanos());
			}
			pauses.add(Duration.ofNanos(this.now.get() - begin).toSeconds());
			assertThat(this.open.failed(new Lane("bad", 0))).isFalse();
		}
		assertThat(pauses).containsExactly(1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L, 256L, 300L, 300L);
		this.open.worked(new Lane("bad", 0));
		this.open.worked(new Lane("bad", 1));
		assertThat(this.open.isDue()).isTrue();
		assertThat(this.open.failed(new Lane("bad", 0))).isTrue();
	}

	@Test
	void partitionThatHasNotFailedComesFirst() {
		add("bad", 0, 1, NumberRanges.of(1, 5), 70);
		add("bad", 1, 1, NumberRanges.of(1, 5), 70);
		this.open.failed(new Lane("bad", 0));
		this.open.failed(new Lane("bad", 1));
		this.now.addAndGet(Duration.ofSeconds(10).toNanos());
		add("good", 0, 1, NumberRanges.of(1, 5), 70);
		assertThat(this.open.next().lane()).isEqualTo(new Lane("good", 0));
		this.open.remove(stream("good", 0, 1), NumberRanges.of(1, 5));
		assertThat(this.open.next().lane().topic()).isEqualTo("bad");
	}

	@Test
	void partitionThatSomebodyElseSendsToWaitsAndHasNotFailed() {
		add("busy", 0, 1, NumberRanges.of(1, 5), 70);
		this.open.postpone(new Lane("busy", 0));
		assertThat(this.open.isDue()).isFalse();
		this.now.addAndGet(Duration.ofSeconds(1).toNanos());
		assertThat(this.open.next().lane()).isEqualTo(new Lane("busy", 0));
		assertThat(this.open.failed(new Lane("busy", 0))).isTrue();
		this.open.postpone(new Lane("busy", 0));
		assertThat(this.open.failed(new Lane("busy", 0))).isFalse();
	}

	@Test
	void lossIsForgottenWithItsPartitionWhenRecordsAreNotKeptAnyLonger() {
		add("bad", 0, 1, NumberRanges.of(1, 5), 70);
		this.open.failed(new Lane("bad", 0));
		this.now.addAndGet(Duration.ofMinutes(10).toNanos());
		assertThat(this.open.next()).isNull();
		add("bad", 0, 1, NumberRanges.of(1, 5), 70);
		assertThat(this.open.isDue()).isTrue();
		assertThat(this.open.failed(new Lane("bad", 0))).isTrue();
	}

	@Test
	void oldestIsForgottenWhenThereAreTooMany() {
		for (int session = 1; session <= OpenLosses.MOST; session++) {
			assertThat(this.open.isFull()).isEqualTo(session > OpenLosses.ENOUGH);
			assertThat(add("bad", 0, session, NumberRanges.of(1, 5), 70)).isTrue();
		}
		assertThat(add("bad", 0, 1, NumberRanges.of(1, 5), 70)).isTrue();
		assertThat(add("bad", 0, OpenLosses.MOST + 1, NumberRanges.of(1, 5), 70)).isFalse();
		OpenLosses.Batch batch = this.open.next();
		assertThat(batch.losses()).hasSize(OpenLosses.MOST)
			.containsKey(stream("bad", 0, 1))
			.doesNotContainKey(stream("bad", 0, 2));
	}

	@Test
	void rangesAreBoundedAsWell() {
		NumberRanges many = NumberRanges.EMPTY;
		for (int i = 0; i < ReportedLoss.MOST_RANGES; i++) {
			many = many.add(2L * i + 1, 2L * i + 1);
		}
		int fitting = OpenLosses.MOST_RANGES / ReportedLoss.MOST_RANGES;
		for (int session = 1; session <= fitting; session++) {
			assertThat(add("a", 0, session, many, 70)).isTrue();
			this.open.remove(stream("a", 0, session), NumberRanges.of(1, 1));
			add("a", 0, session, NumberRanges.of(1, 1), 70);
		}
		assertThat(this.open.isFull()).isTrue();
		assertThat(add("a", 0, fitting + 1, many, 70)).isFalse();
		assertThat(this.open.next().losses()).hasSize(fitting).doesNotContainKey(stream("a", 0, 1));
	}

	private boolean add(String topic, int partition, long session, NumberRanges numbers, long logEnd) {
		return this.open.add(stream(topic, partition, session), numbers, logEnd);
	}

	private static Stream stream(String topic, int partition, long session) {
		return new Stream(Set.of("kafka:9092"), new Lane(topic, partition), session);
	}

}
