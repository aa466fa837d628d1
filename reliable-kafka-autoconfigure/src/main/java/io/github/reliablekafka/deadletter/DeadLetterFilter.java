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

package io.github.reliablekafka.deadletter;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;

/**
 * Which dead letters are meant: those for which everything that is set holds.
 * <pre class="code">
 * DeadLetterFilter.all().exception("PaymentTimeout").originalOffsets(1000, 1999)
 * </pre>
 *
 * @param exception part of the name of the failure's class
 * @param from not written to the dead letter topic before that
 * @param until written to the dead letter topic before that
 * @param group the group whose listener failed
 * @param originalPartition the partition that the record came from
 * @param firstOriginalOffset the lowest offset that the record had there
 * @param lastOriginalOffset the highest offset that the record had there
 * @param key the key, as text in UTF-8
 * @param partition the partition of the dead letter topic
 * @param offsets the offsets in the dead letter topic; empty for all
 * @since 0.1.0
 */
public record DeadLetterFilter(@Nullable String exception, @Nullable Instant from, @Nullable Instant until,
		@Nullable String group, @Nullable Integer originalPartition, @Nullable Long firstOriginalOffset,
		@Nullable Long lastOriginalOffset, @Nullable String key, @Nullable Integer partition, Set<Long> offsets) {

	private static final DeadLetterFilter ALL = new DeadLetterFilter(null, null, null, null, null, null, null, null,
			null, Set.of());

	public DeadLetterFilter {
		offsets = Set.copyOf(offsets);
	}

	/**
	 * Every dead letter.
	 * @return a filter that lets everything through
	 */
	public static DeadLetterFilter all() {
		return ALL;
	}

	/**
	 * Only failures of a kind.
	 * @param exception part of the name of the exception's class
	 * @return a new filter
	 */
	public DeadLetterFilter exception(@Nullable String exception) {
		return new DeadLetterFilter(exception, this.from, this.until, this.group, this.originalPartition,
				this.firstOriginalOffset, this.lastOriginalOffset, this.key, this.partition, this.offsets);
	}

	/**
	 * Only what was dead-lettered in a time.
	 * @param from its begin; {@code null} for any
	 * @param until its end, which is not in it; {@code null} for any
	 * @return a new filter
	 */
	public DeadLetterFilter written(@Nullable Instant from, @Nullable Instant until) {
		return new DeadLetterFilter(this.exception, from, until, this.group, this.originalPartition,
				this.firstOriginalOffset, this.lastOriginalOffset, this.key, this.partition, this.offsets);
	}

	/**
	 * Only what a group could not process.
	 * @param group the group's id
	 * @return a new filter
	 */
	public DeadLetterFilter group(@Nullable String group) {
		return new DeadLetterFilter(this.exception, this.from, this.until, group, this.originalPartition,
				this.firstOriginalOffset, this.lastOriginalOffset, this.key, this.partition, this.offsets);
	}

	/**
	 * Only what comes from a partition.
	 * @param partition of the original topic
	 * @return a new filter
	 */
	public DeadLetterFilter originalPartition(@Nullable Integer partition) {
		return new DeadLetterFilter(this.exception, this.from, this.until, this.group, partition,
				this.firstOriginalOffset, this.lastOriginalOffset, this.key, this.partition, this.offsets);
	}

	/**
	 * Only what comes from a range of offsets.
	 * @param first the lowest in the original topic; {@code null} for any
	 * @param last the highest in the original topic; {@code null} for any
	 * @return a new filter
	 */
	public DeadLetterFilter originalOffsets(@Nullable Long first, @Nullable Long last) {
		return new DeadLetterFilter(this.exception, this.from, this.until, this.group, this.originalPartition, first,
				last, this.key, this.partition, this.offsets);
	}

	/**
	 * Only records of a key.
	 * @param key the key as text
	 * @return a new filter
	 */
	public DeadLetterFilter key(@Nullable String key) {
		return new DeadLetterFilter(this.exception, this.from, this.until, this.group, this.originalPartition,
				this.firstOriginalOffset, this.lastOriginalOffset, key, this.partition, this.offsets);
	}

	/**
	 * Only dead letters that somebody has picked.
	 * @param partition of the dead letter topic
	 * @param offsets in it; none for the whole partition
	 * @return a new filter
	 */
	public DeadLetterFilter at(int partition, long... offsets) {
		return new DeadLetterFilter(this.exception, this.from, this.until, this.group, this.originalPartition,
				this.firstOriginalOffset, this.lastOriginalOffset, this.key, partition,
				LongStream.of(offsets).boxed().collect(Collectors.toSet()));
	}

	/**
	 * Whether a partition of the dead letter topic may have what is meant.
	 * @param number its number
	 * @return {@code false} if it need not be read
	 */
	boolean includesPartition(int number) {
		return this.partition == null || this.partition == number;
	}

	boolean matches(ConsumerRecord<byte[], byte[]> letter) {
		if (!includesPartition(letter.partition())
				|| !(this.offsets.isEmpty() || this.offsets.contains(letter.offset()))) {
			return false;
		}
		if ((this.from != null && letter.timestamp() < this.from.toEpochMilli())
				|| (this.until != null && letter.timestamp() >= this.until.toEpochMilli())) {
			return false;
		}
		if (this.key != null && !Arrays.equals(this.key.getBytes(StandardCharsets.UTF_8), letter.key())) {
			return false;
		}
		return matches(new DeadLetterHeaders(letter.headers()));
	}

	private boolean matches(DeadLetterHeaders headers) {
		if (this.exception != null) {
			String failure = headers.exception();
			if (failure == null || !failure.contains(this.exception)) {
				return false;
			}
		}
		if (this.group != null && !this.group.equals(headers.group())) {
			return false;
		}
		if (this.originalPartition != null && this.originalPartition != headers.originalPartition()) {
			return false;
		}
		long offset = headers.originalOffset();
		return (this.firstOriginalOffset == null || offset >= this.firstOriginalOffset)
				&& (this.lastOriginalOffset == null || (offset >= 0 && offset <= this.lastOriginalOffset));
	}

	/**
	 * What is set.
	 * @return for a log; {@code all} if nothing is
	 */
	@Override
	public String toString() {
		StringJoiner text = new StringJoiner(" ").setEmptyValue("all");
		append(text, "exception", this.exception);
		append(text, "from", this.from);
		append(text, "until", this.until);
		append(text, "group", this.group);
		append(text, "originalPartition", this.originalPartition);
		append(text, "firstOriginalOffset", this.firstOriginalOffset);
		append(text, "lastOriginalOffset", this.lastOriginalOffset);
		// Keys may be secret.
		append(text, "key", (this.key != null) ? "(set)" : null);
		append(text, "partition", this.partition);
		append(text, "offsets", this.offsets.isEmpty() ? null : new TreeSet<>(this.offsets));
		return text.toString();
	}

	private static void append(StringJoiner text, String name, @Nullable Object value) {
		if (value != null) {
			text.add(name + "=" + value);
		}
	}

}
