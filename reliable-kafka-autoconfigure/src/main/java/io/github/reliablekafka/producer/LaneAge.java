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

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.spool.SpoolRecord;

/**
 * For how long the records of a lane have waited. Of those of this process that is known
 * without a wall clock, which may jump: from time to time it is noted which ones are
 * there. What an earlier process left is as old as it says when it is found, and never
 * younger than the time since then. Used by one thread.
 */
final class LaneAge {

	/**
	 * How many notes there are at most, and so how exact ages are.
	 */
	private static final int NOTES = 64;

	private final long limit;

	private final long foundAt;

	private final long foundAtMillis;

	private final Deque<Note> notes = new ArrayDeque<>();

	private long due;

	/**
	 * A lane was found.
	 * @param limit how long its records may wait, in nanoseconds
	 * @param now in nanoseconds
	 * @param nowMillis the time of day, in milliseconds since 1970
	 */
	LaneAge(long limit, long now, long nowMillis) {
		this.limit = limit;
		this.foundAt = now;
		this.foundAtMillis = nowMillis;
	}

	/**
	 * How often to ask, so that ages are as exact as they can be.
	 * @param limit in nanoseconds
	 * @return in nanoseconds
	 */
	static long interval(long limit) {
		return Math.max(TimeUnit.MILLISECONDS.toNanos(10), Math.min(TimeUnit.SECONDS.toNanos(1), limit / NOTES));
	}

	/**
	 * Note which records are there.
	 * @param now in nanoseconds
	 * @param admitted the number of the last one
	 * @return the number of the last one that came too long ago
	 */
	long dueUpTo(long now, long admitted) {
		Note last = this.notes.peekLast();
		boolean news = admitted > ((last != null) ? last.admitted() : this.due);
		if (news && (last == null || now - last.at() >= this.limit / NOTES)) {
			this.notes.add(new Note(now, admitted));
		}
		for (Note first = this.notes.peek(); first != null
				&& now - first.at() >= this.limit; first = this.notes.peek()) {
			this.due = first.admitted();
			this.notes.remove();
		}
		return this.due;
	}

	/**
	 * What {@link #dueUpTo} has returned last.
	 * @return a number
	 */
	long due() {
		return this.due;
	}

	/**
	 * Whether what an earlier process left has waited for too long.
	 * @param now in nanoseconds
	 * @param record was left
	 * @return {@code false} if it may go on waiting
	 */
	boolean isDue(long now, SpoolRecord record) {
		long before = TimeUnit.MILLISECONDS.toNanos(Math.max(0, this.foundAtMillis - record.enqueuedAt()));
		return before >= this.limit - (now - this.foundAt);
	}

	/**
	 * What was there.
	 *
	 * @param at when, in nanoseconds
	 * @param admitted the number of the last record
	 */
	private record Note(long at, long admitted) {

	}

}
