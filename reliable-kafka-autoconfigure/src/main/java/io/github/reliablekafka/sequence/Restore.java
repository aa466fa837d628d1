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
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * A past on its way: what was read in front of where a reader begins, by a checkpoint and
 * what is read again behind it, and what was done to the log meanwhile. For use by one
 * thread.
 */
final class Restore {

	private static final long PATIENCE = Duration.ofMinutes(5).toNanos();

	private static final long RETRY = Duration.ofSeconds(5).toNanos();

	private final Source source;

	/**
	 * What it is computed from; {@code null} if any checkpoint will do.
	 */
	private LaneStateCodec.@Nullable Pointer pointer;

	private final long position;

	private final @Nullable Cause cause;

	private CompletableFuture<Optional<byte[]>> checkpoint = new CompletableFuture<>();

	private @Nullable CompletableFuture<LogAccess.LogEnd> end;

	private @Nullable CompletableFuture<LogAccess.Reading> reading;

	private @Nullable LaneState past;

	private long deadline;

	private long askedAt;

	private long cutOff = Long.MAX_VALUE;

	/**
	 * What is in front of this offset is other than it was read, by this cause.
	 */
	private long passedOver;

	private @Nullable Cause passedOverBy;

	private long wentBackTo = Long.MAX_VALUE;

	private Restore(Source source, LaneStateCodec.@Nullable Pointer pointer, long position, @Nullable Cause cause) {
		this.source = source;
		this.pointer = pointer;
		this.position = position;
		this.cause = cause;
	}

	/**
	 * What was read up to a place, by a checkpoint.
	 * @param source where it is from
	 * @param pointer to the checkpoint
	 * @param position up to where
	 * @return not begun
	 */
	static Restore from(Source source, LaneStateCodec.Pointer pointer, long position) {
		return new Restore(source, pointer, position, null);
	}

	/**
	 * What was read before somebody moved the group's offset, if somebody did.
	 * @param source where it is from
	 * @param beginning where the offset is, and what to call it if it was moved
	 * @return not begun
	 */
	static Restore before(Source source, LaneState.Beginning beginning) {
		return new Restore(source, null, beginning.offset(), beginning.cause());
	}

	/**
	 * Begin to look.
	 * @param logAccess whom to ask
	 * @param now the time in nanoseconds
	 */
	void begin(LogAccess logAccess, long now) {
		this.deadline = now + PATIENCE;
		ask(logAccess, now);
	}

	/**
	 * Note that the log was cut off.
	 * @param offset the first offset that differs
	 * @param highest up to where the other log had been read
	 */
	void cutOff(long offset, long highest) {
		this.cutOff = Math.min(this.cutOff, offset);
		this.passedOver = Math.min(this.passedOver, offset);
		if (this.pointer != null) {
			this.pointer = this.pointer.cutOff(offset, highest);
		}
	}

	/**
	 * Note that the group went back.
	 * @param offset where it went to
	 */
	void rewind(long offset) {
		this.wentBackTo = Math.min(this.wentBackTo, offset);
	}

	/**
	 * Note that what is in front of the position may be other than it was read.
	 * @param offset the position
	 * @param cause how it came to be there
	 */
	void passOverAnew(long offset, Cause cause) {
		this.passedOver = offset;
		this.passedOverBy = cause;
		if (this.pointer != null) {
			// Who begins with it anew does not know where the log differs.
			this.pointer = this.pointer.cutOff(0, 0);
		}
	}

	/**
	 * What is to be committed as long as the past is on its way.
	 * @param state what was read since
	 * @return {@code null} if the past is not what the state is computed from
	 */
	LaneStateCodec.@Nullable Pointer pointer(LaneState state) {
		if (this.pointer == null) {
			return null;
		}
		LaneStateCodec.Pointer pointer = this.pointer.with(state);
		// What the checkpoint says was passed over may have been read since.
		return (this.wentBackTo < this.position) ? pointer.doubted(this.wentBackTo) : pointer;
	}

	/**
	 * See whether the past is known.
	 * @param now the time in nanoseconds
	 * @return what was read; a state that knows nothing if that cannot be had;
	 * {@code null} as long as nobody knows
	 */
	@Nullable LaneState poll(long now) {
		LaneState past = step(now);
		if (past != null) {
			change(past);
		}
		return past;
	}

	// Do to what was read what was done to the log since.
	private void change(LaneState past) {
		if (this.cutOff < this.position) {
			past.cutOff(this.cutOff);
		}
		if (this.passedOverBy != null) {
			past.passOverAnew(this.passedOver, this.passedOverBy);
			if (this.pointer == null) {
				// Others of the group may have read it.
				past.holes().doubt();
			}
		}
	}

	private void ask(LogAccess logAccess, long now) {
		this.askedAt = now;
		this.past = null;
		this.reading = null;
		this.checkpoint = logAccess.checkpoint(this.source.group(), this.source.lane());
		this.end = (this.pointer == null) ? logAccess.end(this.source.lane()) : null;
	}

	private boolean hasFailed() {
		return this.checkpoint.isCompletedExceptionally() || (this.end != null && this.end.isCompletedExceptionally())
				|| (this.reading != null && this.reading.isCompletedExceptionally());
	}

	private @Nullable LaneState step(long now) {
		LogAccess logAccess = this.source.board().logAccess();
		if (now - this.deadline > 0 || logAccess == null) {
			return givenUp();
		}
		if (hasFailed()) {
			if (now - this.askedAt < RETRY) {
				return null;
			}
			ask(logAccess, now);
		}
		if (!this.checkpoint.isDone() || hasFailed()) {
			return null;
		}
		if (this.reading != null) {
			return read(this.reading);
		}
		// That nothing was saved does not say that nobody has read: it may have
		// failed.
		LaneState saved = saved();
		if (saved == null) {
			return unknown();
		}
		if (this.end != null) {
			return moved(saved, this.end);
		}
		if (saved.next() > this.position) {
			return doubted(saved, Math.max(to(saved), saved.highest()));
		}
		if (this.pointer != null && saved.next() < this.pointer.offset()) {
			// That of a former member came late, perhaps from before the group was
			// moved.
			return doubted(saved, to(saved));
		}
		this.past = saved;
		this.reading = logAccess.read(this.source.lane(), saved.next(), to(saved), this.source.readCommitted());
		return hasFailed() ? null : read(this.reading);
	}

	private @Nullable LaneState read(CompletableFuture<LogAccess.Reading> reading) {
		LaneState past = this.past;
		if (past == null || this.pointer == null || !reading.isDone()) {
			return null;
		}
		LogAccess.Reading part = reading.join();
		long from = past.highest();
		long to = to(past);
		for (LogAccess.Entry entry : part.records()) {
			if (entry.offset() >= past.next() && entry.offset() < to) {
				this.source.replay().pass(past, entry);
			}
		}
		if (past.digest() != this.pointer.digest()) {
			// Other records are there than were read: some are gone, or were never
			// read.
			return doubted(Objects.requireNonNull(saved()), to);
		}
		// Nothing that was read is gone, so nothing was read in front of it.
		past.holes().add(new Hole(from, Math.min(part.logStart(), to), Cause.RETENTION, true));
		past.passTo(to);
		past.rewind(this.position);
		return past;
	}

	// What is behind the checkpoint cannot be read.
	private LaneState givenUp() {
		boolean found = this.checkpoint.isDone() && !this.checkpoint.isCompletedExceptionally();
		LaneState saved = (this.pointer != null && found) ? saved() : null;
		return (saved != null) ? doubted(saved, Math.max(to(saved), saved.highest())) : unknown();
	}

	// What the checkpoint says was read was read; of what is behind it nobody knows, and
	// what was missing may have come there.
	private LaneState doubted(LaneState saved, long to) {
		long reach = to;
		if (this.pointer != null) {
			saved.cutOff(this.pointer.offset());
			reach = Math.max(to, this.pointer.reach());
		}
		saved.skip(new Hole(saved.next(), to, Cause.STATE_LOST, false));
		// Nor of what was read further behind before the log was cut off.
		saved.holes().add(new Hole(0, reach, Cause.STATE_LOST, false));
		saved.passTo(to);
		saved.rewind(this.position);
		return saved;
	}

	// What was read may reach beyond the position if the log was cut off.
	private LaneState unknown() {
		long known = (this.pointer != null) ? Math.max(this.pointer.reach(), this.position) : this.position;
		LaneState unknown = new LaneState(known);
		unknown.rewind(this.position);
		return unknown;
	}

	// What was read before the group went back may not be in the checkpoint yet.
	private long to(LaneState saved) {
		LaneStateCodec.Pointer pointer = this.pointer;
		if (pointer == null || pointer.highest() <= saved.highest()) {
			return this.position;
		}
		return Math.max(pointer.highest(), this.position);
	}

	// Nothing if it counts other numbers.
	private @Nullable LaneState saved() {
		return this.checkpoint.join()
			.map(LaneStateCodec::checkpoint)
			.filter((saved) -> saved.isReadCommitted() == this.source.readCommitted())
			.orElse(null);
	}

	private @Nullable LaneState moved(LaneState saved, CompletableFuture<LogAccess.LogEnd> end) {
		if (!end.isDone()) {
			return null;
		}
		// Others of the group may have been anywhere since, without saying so.
		long to = Math.max(end.join().offset(), this.position);
		if (this.cause == Cause.OUT_OF_RANGE) {
			saved.passOverAnew(this.position, this.cause);
		}
		if (this.cause != null) {
			saved.holes().add(new Hole(saved.next(), to, this.cause, false));
			saved.holes().doubt();
		}
		if (this.position < saved.next()) {
			saved.rewind(this.position);
		}
		else {
			saved.passTo(this.position);
		}
		return saved;
	}

	/**
	 * Passes records that were read again.
	 */
	interface Replay {

		void pass(LaneState state, LogAccess.Entry entry);

	}

	/**
	 * Where a past is from.
	 *
	 * @param group whose it is
	 * @param lane the partition
	 * @param readCommitted whether records of aborted transactions are left out
	 * @param board knows who answers
	 * @param replay passes what is read again
	 */
	record Source(String group, Lane lane, boolean readCommitted, SequenceBoard board, Replay replay) {

	}

}
