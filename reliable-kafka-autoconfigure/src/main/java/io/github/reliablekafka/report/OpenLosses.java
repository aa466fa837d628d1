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
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

import io.github.reliablekafka.report.SentAgain.Stream;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import org.jspecify.annotations.Nullable;

/**
 * Losses that were read and are not answered: those that nobody has looked for yet, and
 * those whose records are there and cannot be sent for now. A partition that does not
 * take them waits, longer each time, and comes behind those that do, which come in turn.
 * A loss is forgotten when it is older than records are kept, and the oldest one when
 * {@value #MOST} are exceeded, or {@value #MOST_RANGES} ranges of numbers. For use by one
 * thread.
 */
final class OpenLosses {

	/**
	 * So many losses are enough: what is there should be answered before more is read.
	 */
	static final int ENOUGH = 1000;

	static final int MOST = 2000;

	static final int MOST_RANGES = 700_000;

	private static final int ENOUGH_RANGES = 100_000;

	private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);

	private static final Duration LAST_BACKOFF = Duration.ofMinutes(5);

	private final Map<Stream, Loss> losses = new LinkedHashMap<>();

	private final Map<Lane, Backoff> waiting = new HashMap<>();

	private final Duration period;

	private final LongSupplier nanoTime;

	private long ranges;

	/**
	 * Create an empty set.
	 * @param period how long to try
	 * @param nanoTime the time in nanoseconds
	 */
	OpenLosses(Duration period, LongSupplier nanoTime) {
		this.period = period;
		this.nanoTime = nanoTime;
	}

	/**
	 * Add a loss.
	 * @param stream whose records are lost
	 * @param numbers which ones
	 * @param logEnd where the log ended afterwards; -1 if unknown
	 * @return {@code false} if another one was dropped for it
	 */
	boolean add(Stream stream, NumberRanges numbers, long logEnd) {
		if (numbers.isEmpty()) {
			return true;
		}
		Loss known = this.losses.get(stream);
		NumberRanges all = (known != null) ? known.numbers().add(numbers) : numbers;
		long end = (known != null) ? Math.min(known.logEnd(), logEnd) : logEnd;
		put(stream, new Loss(all, end, this.nanoTime.getAsLong() + this.period.toNanos()));
		boolean fits = true;
		while (this.losses.size() > MOST || (this.ranges > MOST_RANGES && this.losses.size() > 1)) {
			fits = false;
			forget(this.losses.keySet().iterator().next());
		}
		return fits;
	}

	private void put(Stream stream, Loss loss) {
		forget(stream);
		this.losses.put(stream, loss);
		this.ranges += loss.numbers().size();
	}

	private void forget(Stream stream) {
		Loss loss = this.losses.remove(stream);
		this.ranges -= (loss != null) ? loss.numbers().size() : 0;
	}

	/**
	 * Records need not be sent any more, or cannot.
	 * @param stream whose they are
	 * @param numbers which ones
	 */
	void remove(Stream stream, NumberRanges numbers) {
		Loss loss = this.losses.get(stream);
		if (loss == null) {
			return;
		}
		NumberRanges rest = loss.numbers().remove(numbers);
		if (rest.isEmpty()) {
			forget(stream);
		}
		else {
			put(stream, new Loss(rest, loss.logEnd(), loss.until()));
		}
	}

	/**
	 * Whether more need not be read now.
	 * @return {@code false} if there is room
	 */
	boolean isFull() {
		return this.losses.size() >= ENOUGH || this.ranges >= ENOUGH_RANGES;
	}

	/**
	 * Whether there is something to do now.
	 * @return {@code false} if every loss waits for its partition
	 */
	boolean isDue() {
		long now = this.nanoTime.getAsLong();
		return this.losses.keySet().stream().anyMatch((stream) -> isDue(stream, now));
	}

	private boolean isDue(Stream stream, long now) {
		Backoff backoff = this.waiting.get(stream.lane());
		return backoff == null || now - backoff.until() >= 0;
	}

	/**
	 * Take the losses of the partition whose turn it is. They stay until they are
	 * removed.
	 * @return {@code null} if nothing is due
	 */
	@Nullable Batch next() {
		long now = this.nanoTime.getAsLong();
		expire(now);
		List<Lane> due = this.losses.keySet()
			.stream()
			.filter((stream) -> isDue(stream, now))
			.map(Stream::lane)
			.toList();
		if (due.isEmpty()) {
			return null;
		}
		// Another attempt where the last one failed may take long.
		Lane lane = due.stream().filter((each) -> !this.waiting.containsKey(each)).findFirst().orElse(due.get(0));
		Map<Stream, Loss> batch = new LinkedHashMap<>();
		for (Map.Entry<Stream, Loss> each : this.losses.entrySet()) {
			if (each.getKey().lane().equals(lane)) {
				batch.put(each.getKey(), each.getValue());
			}
		}
		// The others come first the next time.
		batch.forEach(this::put);
		return new Batch(lane, batch);
	}

	private void expire(long now) {
		List<Stream> over = new ArrayList<>();
		Set<Lane> lanes = new HashSet<>();
		this.losses.forEach((stream, loss) -> {
			if (now - loss.until() >= 0) {
				over.add(stream);
			}
			else {
				lanes.add(stream.lane());
			}
		});
		over.forEach(this::forget);
		this.waiting.keySet().retainAll(lanes);
	}

	/**
	 * A partition does not take its records now.
	 * @param lane the partition
	 * @return {@code true} if no partition of its topic has failed yet
	 */
	boolean failed(Lane lane) {
		boolean first = this.waiting.entrySet()
			.stream()
			.noneMatch((other) -> other.getValue().failed() && other.getKey().topic().equals(lane.topic()));
		backOff(lane, true);
		return first;
	}

	/**
	 * Somebody else is about to send records of a partition.
	 * @param lane the partition
	 */
	void postpone(Lane lane) {
		Backoff last = this.waiting.get(lane);
		backOff(lane, last != null && last.failed());
	}

	private void backOff(Lane lane, boolean failed) {
		Backoff last = this.waiting.get(lane);
		Duration delay = (last != null) ? last.delay().multipliedBy(2) : FIRST_BACKOFF;
		if (delay.compareTo(LAST_BACKOFF) > 0) {
			delay = LAST_BACKOFF;
		}
		this.waiting.put(lane, new Backoff(this.nanoTime.getAsLong() + delay.toNanos(), delay, failed));
	}

	/**
	 * A partition takes its records again.
	 * @param lane the partition
	 */
	void worked(Lane lane) {
		this.waiting.remove(lane);
	}

	/**
	 * What is lost of one session in one partition.
	 *
	 * @param numbers its numbers
	 * @param logEnd where the log ended when somebody looked; -1 if unknown
	 * @param until when to forget it, in nanoseconds
	 */
	record Loss(NumberRanges numbers, long logEnd, long until) {

	}

	/**
	 * What is lost of one partition.
	 *
	 * @param lane the partition
	 * @param losses by session
	 */
	record Batch(Lane lane, Map<Stream, Loss> losses) {

	}

	private record Backoff(long until, Duration delay, boolean failed) {

	}

}
