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

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import java.util.function.IntToLongFunction;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;

import org.jspecify.annotations.Nullable;

/**
 * The topics that the cluster did not know when a record was sent, and those that have
 * fewer partitions than they had, as they were created again. To find that out takes a
 * second, during which nothing else is sent; so the first record that finds it out does
 * so for all partitions that are missing, and then there is a pause that grows. Safe for
 * use by many threads.
 */
final class MissingTopics {

	/**
	 * For so long the cluster is not asked again. What it says decides what becomes of
	 * records, so it must not be old.
	 */
	private static final long FRESH = TimeUnit.SECONDS.toNanos(1);

	private final ToIntFunction<String> counts;

	private final IntToLongFunction pauses;

	private final LongSupplier clock;

	private final Map<String, Missing> topics = new ConcurrentHashMap<>();

	/**
	 * Create an empty set.
	 * @param counts asks the cluster how many partitions a topic has: 0 if it really has
	 * no such topic, {@link Integer#MAX_VALUE} if that is in doubt
	 * @param pauses how long to believe that a record cannot be sent, in nanoseconds, by
	 * how often it was found
	 * @param clock in nanoseconds
	 */
	MissingTopics(ToIntFunction<String> counts, IntToLongFunction pauses, LongSupplier clock) {
		this.counts = counts;
		this.pauses = pauses;
		this.clock = clock;
	}

	/**
	 * Why a record need not be sent now.
	 * @param topic its topic
	 * @param partition its partition
	 * @return what the last one failed with; {@code null} if it may be sent
	 */
	@Nullable Exception failure(String topic, int partition) {
		Missing missing = this.topics.get(topic);
		return (missing != null && partition >= missing.count) ? missing.failure(this.clock.getAsLong()) : null;
	}

	/**
	 * The cluster did not know a topic, or the last partitions of it.
	 * @param topic its name
	 * @param count how many partitions it has; 0 if it is not there
	 * @param failure what a record failed with
	 */
	void add(String topic, int count, Exception failure) {
		this.topics.computeIfAbsent(topic, (name) -> new Missing())
			.found(count, failure, this.clock.getAsLong(), this.pauses);
	}

	/**
	 * A partition is there.
	 * @param topic its topic
	 * @param partition the partition
	 */
	void remove(String topic, int partition) {
		Missing missing = this.topics.get(topic);
		if (missing != null && partition >= missing.count) {
			this.topics.remove(topic, missing);
		}
	}

	/**
	 * Somebody wants to know whether a topic is there.
	 * @param topic its name
	 */
	void remove(String topic) {
		this.topics.remove(topic);
	}

	/**
	 * Whether a topic was missing as a whole when it was last found.
	 * @param topic its name
	 * @return {@code false} also if it is there again
	 */
	boolean isGone(String topic) {
		Missing missing = this.topics.get(topic);
		return missing != null && missing.count == 0;
	}

	/**
	 * Whether the cluster really has no such partition. Takes seconds, but not for each
	 * record.
	 * @param topic its topic
	 * @param partition the partition; a negative number for any
	 * @return {@code false} if that is in doubt
	 */
	boolean isCertain(String topic, int partition) {
		Missing missing = this.topics.get(topic);
		int count = (missing != null) ? missing.ask(() -> this.counts.applyAsInt(topic), this.clock)
				: this.counts.applyAsInt(topic);
		return Math.max(0, partition) >= count;
	}

	/**
	 * A topic of which something is missing.
	 */
	private static final class Missing {

		private final LanePause pause = new LanePause();

		/**
		 * How many partitions were found. Read also while somebody asks.
		 */
		private volatile int count;

		private @Nullable Exception failure;

		private @Nullable Integer answer;

		private long answeredAt;

		private synchronized @Nullable Exception failure(long now) {
			return this.pause.isOn(now) ? this.failure : null;
		}

		private synchronized void found(int count, Exception failure, long now, IntToLongFunction pauses) {
			this.count = count;
			this.failure = failure;
			this.answer = null;
			this.pause.begin(now, pauses);
		}

		private synchronized int ask(IntSupplier counts, LongSupplier clock) {
			Integer known = this.answer;
			// A cluster that does not answer takes longest to ask, and nothing is
			// decided.
			if (known == null || (known != Integer.MAX_VALUE && clock.getAsLong() - this.answeredAt >= FRESH)) {
				known = counts.getAsInt();
				this.answer = known;
				this.answeredAt = clock.getAsLong();
			}
			return known;
		}

	}

}
