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

package io.github.reliablekafka.benchmarks;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * One reading of a whole topic: from the first record that the listener is given until
 * the offsets of all are committed. All but the waiting happens on the one thread that
 * polls, calls the listener and commits.
 */
final class Pass {

	private static final long PATIENCE_MINUTES = 10;

	private final long expected;

	private final Map<TopicPartition, Long> committed = new HashMap<>();

	private final CountDownLatch done = new CountDownLatch(1);

	private JvmUsage before = JvmUsage.NONE;

	private JvmUsage after = JvmUsage.NONE;

	private long processed;

	private long results;

	Pass(long expected) {
		this.expected = expected;
	}

	void processed(int result) {
		if (this.processed++ == 0) {
			this.before = JvmUsage.now();
		}
		this.results += result;
	}

	void committed(Map<TopicPartition, OffsetAndMetadata> offsets) {
		offsets.forEach((partition, offset) -> this.committed.put(partition, offset.offset()));
		if (this.committed.values().stream().mapToLong(Long::longValue).sum() >= this.expected
				&& this.done.getCount() > 0) {
			this.after = JvmUsage.now();
			this.done.countDown();
		}
	}

	JvmUsage await() throws InterruptedException {
		boolean inTime = this.done.await(PATIENCE_MINUTES, TimeUnit.MINUTES);
		if (!inTime || this.processed != this.expected || this.results == 0) {
			throw new IllegalStateException("Records processed: expected=%d, actual=%d, results=%d, all committed=%s"
				.formatted(this.expected, this.processed, this.results, inTime));
		}
		return this.after.minus(this.before);
	}

}
