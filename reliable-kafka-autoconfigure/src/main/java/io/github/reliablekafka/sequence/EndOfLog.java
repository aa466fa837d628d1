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

package io.github.reliablekafka.sequence;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * Finds out whether a log ends where a reader is, twice, because a leader that was
 * replaced without knowing it yet may answer the first time. For use by one thread.
 */
final class EndOfLog {

	/**
	 * Long enough for a leader that was replaced to notice: more than its session timeout
	 * of 9 s and its replicas' lag time of 30 s.
	 */
	private static final long APART = Duration.ofSeconds(35).toNanos();

	private @Nullable CompletableFuture<LogAccess.LogEnd> question;

	private LogAccess.@Nullable LogEnd first;

	private long firstAt;

	private long claimedAtFirst;

	private long proven = -1;

	/**
	 * Ask, or see what was answered.
	 * @param logAccess whom to ask
	 * @param lane the partition
	 * @param position where the reader is, with everything in front processed
	 * @param claimed the highest offset that is claimed behind it
	 * @param now the time in nanoseconds
	 */
	void watch(LogAccess logAccess, Lane lane, long position, long claimed, long now) {
		if (this.question == null) {
			if (this.first == null || now - this.firstAt >= APART) {
				this.question = logAccess.end(lane);
			}
			return;
		}
		if (!this.question.isDone()) {
			return;
		}
		LogAccess.LogEnd end = this.question.isCompletedExceptionally() ? null : this.question.join();
		this.question = null;
		if (end == null || end.offset() != position) {
			reset();
		}
		else if (this.first == null || this.first.offset() != position) {
			this.first = end;
			this.firstAt = now;
			this.claimedAtFirst = claimed;
		}
		else if (end.leaderEpoch() >= this.first.leaderEpoch()) {
			this.proven = this.claimedAtFirst;
			if (claimed > this.claimedAtFirst) {
				// What was claimed since needs a second look of its own.
				this.first = end;
				this.firstAt = now;
				this.claimedAtFirst = claimed;
			}
		}
	}

	/**
	 * Whether a record that was acknowledged behind the end of the log is gone.
	 * @param offset at which it was acknowledged
	 * @return {@code true} if the log has ended in front of it for long enough
	 */
	boolean proves(long offset) {
		return offset <= this.proven;
	}

	void reset() {
		this.question = null;
		this.first = null;
		this.proven = -1;
	}

}
