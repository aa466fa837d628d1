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
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

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

	private Map<Long, Long> claimedAtFirst = Map.of();

	/**
	 * By session, up to which number all that is claimed behind the end is gone: not up
	 * to which offset, as the log may go on meanwhile and use that again.
	 */
	private Map<Long, Long> proven = Map.of();

	private long provenAt;

	/**
	 * Ask, or see what was answered.
	 * @param logAccess whom to ask
	 * @param lane the partition
	 * @param position where the reader is, with everything in front processed
	 * @param claimed gives the highest number of each session that claims offsets behind
	 * it
	 * @param now the time in nanoseconds
	 */
	void watch(LogAccess logAccess, Lane lane, long position, Supplier<Map<Long, Long>> claimed, long now) {
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
			begin(end, claimed.get(), now);
		}
		else if (end.leaderEpoch() >= this.first.leaderEpoch()) {
			this.proven = this.claimedAtFirst;
			this.provenAt = position;
			Map<Long, Long> since = claimed.get();
			if (!since.equals(this.claimedAtFirst)) {
				// What was claimed since needs a second look of its own.
				begin(end, since, now);
			}
		}
	}

	private void begin(LogAccess.LogEnd end, Map<Long, Long> claimed, long now) {
		this.first = end;
		this.firstAt = now;
		this.claimedAtFirst = claimed;
	}

	/**
	 * Whether records that were acknowledged behind the end of the log are gone.
	 * @param session that claims them
	 * @param claim which ones
	 * @param position where the reader is
	 * @return {@code true} if the log has ended there for long enough after they were
	 * claimed
	 */
	boolean proves(long session, Claim claim, long position) {
		if (position != this.provenAt) {
			return false;
		}
		long from = this.proven.getOrDefault(session, 0L) + 1;
		// What has only failed since changes nothing.
		return from > claim.acknowledged()
				|| NumberRanges.of(from, claim.acknowledged()).remove(claim.failed()).isEmpty();
	}

	void reset() {
		this.question = null;
		this.first = null;
		this.proven = Map.of();
	}

}
