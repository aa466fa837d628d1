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

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;

import com.sun.management.ThreadMXBean;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What {@link OpenRecords} takes for each record without an outcome, up to
 * {@link CommitGuard#MOST_OPEN}. Counts what is allocated, which is no less than what is
 * kept.
 */
class OpenRecordsFootprintTests {

	private static final int MOST = CommitGuard.MOST_OPEN;

	private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

	private final OpenRecords open = new OpenRecords();

	@Test
	void recordsInARowTakeNothingButTheirBatch() {
		List<List<ConsumerRecord<?, ?>>> polls = polls(500, 1);
		long bytes = allocated(() -> polls.forEach((poll) -> this.open.add(poll, 0)));
		assertThat(this.open.size()).isEqualTo(MOST);
		// Java 25 takes 228 bytes for 500 records, Java 17 less than 150.
		assertThat(bytes / (MOST / 500)).isLessThan(300);
	}

	@Test
	void recordsThatAreProcessedOutOfOrderTakeABit() {
		List<List<ConsumerRecord<?, ?>>> polls = polls(500, 1);
		polls.forEach((poll) -> this.open.add(poll, 0));
		long bytes = allocated(() -> {
			for (int offset = 1; offset < MOST; offset++) {
				this.open.close(offset);
			}
		});
		assertThat(this.open.first(-1)).isZero();
		// A deque is iterated with an object.
		assertThat(bytes / MOST).isLessThan(64);
	}

	@Test
	void recordsWithGapsTakeTheirOffset() {
		List<List<ConsumerRecord<?, ?>>> polls = polls(500, 2);
		long bytes = allocated(() -> polls.forEach((poll) -> this.open.add(poll, 0)));
		assertThat(this.open.size()).isEqualTo(MOST);
		// Counted while they are gathered: kept are 8.
		assertThat(bytes / MOST).isLessThan(40);
	}

	@Test
	void recordsThatWerePolledAloneTakeABatchEach() {
		int count = 5000;
		List<List<ConsumerRecord<?, ?>>> polls = polls(1, 1).subList(0, count);
		long bytes = allocated(() -> polls.forEach((poll) -> this.open.add(poll, 0)));
		assertThat(this.open.size()).isEqualTo(count);
		assertThat(bytes / count).isLessThan(100);
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 3 })
	void recordsThatWerePolledAloneAreKeptTogetherWhenThereAreMany(int distance) {
		Random random = new Random(distance);
		TreeSet<Long> expected = new TreeSet<>();
		for (List<ConsumerRecord<?, ?>> poll : polls(1, distance).subList(0, 6000)) {
			long offset = poll.get(0).offset();
			this.open.add(poll, 0);
			this.open.deliver(offset);
			expected.add(offset);
			if (random.nextInt(3) == 0) {
				long closed = expected.ceiling((long) random.nextInt((int) offset + 1));
				this.open.close(closed);
				expected.remove(closed);
			}
			if (random.nextInt(1000) == 0) {
				this.open.dropFrom(offset);
				expected.remove(offset);
				this.open.add(poll, 0);
				this.open.deliver(offset);
				expected.add(offset);
			}
		}
		while (!expected.isEmpty()) {
			assertThat(this.open.first(-1)).isEqualTo(expected.first());
			this.open.close(expected.pollFirst());
		}
		assertThat(this.open.first(-1)).isEqualTo(-1);
	}

	private static List<List<ConsumerRecord<?, ?>>> polls(int size, int distance) {
		List<List<ConsumerRecord<?, ?>>> polls = new ArrayList<>();
		List<ConsumerRecord<?, ?>> poll = new ArrayList<>();
		for (int i = 0; i < MOST; i++) {
			poll.add(new ConsumerRecord<>("t", 0, (long) i * distance, null, null));
			if (poll.size() == size) {
				polls.add(poll);
				poll = new ArrayList<>();
			}
		}
		return polls;
	}

	private static long allocated(Runnable work) {
		long before = THREADS.getCurrentThreadAllocatedBytes();
		work.run();
		return THREADS.getCurrentThreadAllocatedBytes() - before;
	}

}
