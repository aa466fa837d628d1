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
 * The state of one reader outside of its group's offsets: for states that do not fit
 * there, and for finding out that somebody moved the offset. For use by one thread.
 */
final class Checkpoints {

	private static final long INTERVAL = Duration.ofSeconds(30).toNanos();

	/**
	 * Shorter if a restart has to read again from the checkpoint on.
	 */
	private static final long POINTED_INTERVAL = Duration.ofSeconds(5).toNanos();

	private static final long PATIENCE = Duration.ofMinutes(5).toNanos();

	private static final long RETRY = Duration.ofSeconds(5).toNanos();

	private final String group;

	private final Lane lane;

	private final boolean readCommitted;

	private final SequenceBoard board;

	private final Replay replay;

	private @Nullable Restore restore;

	private @Nullable Saving saving;

	/**
	 * Up to which offset what is saved goes; -1 as long as nothing is.
	 */
	private long saved = -1;

	/**
	 * Up to which offset what may be saved goes. A save that has failed may have been
	 * written nevertheless, until a later one is confirmed.
	 */
	private long furthest = -1;

	/**
	 * When it was saved last, if it was.
	 */
	private long savedAt;

	private boolean begun;

	private boolean pointed;

	Checkpoints(String group, Lane lane, boolean readCommitted, SequenceBoard board, Replay replay) {
		this.group = group;
		this.lane = lane;
		this.readCommitted = readCommitted;
		this.board = board;
		this.replay = replay;
	}

	/**
	 * Begin to compute a state from a checkpoint.
	 * @param pointer to the checkpoint
	 * @param position up to where
	 * @param now the time in nanoseconds
	 * @return {@code false} if there is no way
	 */
	boolean restore(LaneStateCodec.Pointer pointer, long position, long now) {
		return begin(new Restore(pointer, position, null), now);
	}

	/**
	 * Begin to look whether the group had been elsewhere.
	 * @param beginning where the group's offset is, and what to call it if it was moved
	 * @param now the time in nanoseconds
	 * @return {@code false} if there is no way
	 */
	boolean compare(LaneState.Beginning beginning, long now) {
		return begin(new Restore(null, beginning.offset(), beginning.cause()), now);
	}

	private boolean begin(Restore restore, long now) {
		LogAccess logAccess = this.board.logAccess();
		if (logAccess == null || this.group.isEmpty()) {
			return false;
		}
		restore.deadline = now + PATIENCE;
		restore.ask(logAccess, now);
		this.restore = restore;
		return true;
	}

	boolean isRestoring() {
		return this.restore != null;
	}

	/**
	 * Note that the log was cut off. What was saved is of another log, and cannot be
	 * brought up to date by reading this one.
	 * @param offset the first offset that differs
	 * @param highest up to where the other log had been read
	 */
	void cutOff(long offset, long highest) {
		this.saved = -1;
		this.saving = null;
		this.begun = false;
		if (this.restore != null) {
			this.restore.cutOff(offset, highest);
		}
	}

	/**
	 * Note that the group went back. What is saved from further on does not have what may
	 * be read now for the first time.
	 * @param offset where it went to
	 */
	void rewind(long offset) {
		if (this.furthest > offset) {
			this.saved = -1;
			this.saving = null;
		}
		if (this.restore != null) {
			this.restore.wentBackTo = Math.min(this.restore.wentBackTo, offset);
		}
	}

	/**
	 * Note that the group has passed over something. What is there cannot be added to
	 * what was saved.
	 */
	void passOver() {
		this.begun &= !this.pointed;
	}

	/**
	 * Note that what is in front of the position may be other than it was read, after the
	 * log was found to be cut off there. It is for a past on its way to say so.
	 * @param offset the position
	 * @param cause how it came to be there
	 */
	void passOverAnew(long offset, Cause cause) {
		if (this.restore != null) {
			this.restore.passOverAnew(offset, cause);
		}
	}

	/**
	 * See whether the past is known.
	 * @param now the time in nanoseconds
	 * @return what was read in front of the beginning; a state that knows nothing if that
	 * cannot be had; {@code null} as long as nobody knows
	 */
	@Nullable LaneState poll(long now) {
		Restore restore = this.restore;
		if (restore == null) {
			return null;
		}
		LaneState past = restore.step(now);
		if (past != null) {
			this.restore = null;
			restore.change(past);
		}
		return past;
	}

	/**
	 * Write a state as metadata.
	 * @param state the state
	 * @param now the time in nanoseconds
	 * @return at most as long as a commit may be
	 */
	String metadata(LaneState state, long now) {
		if (this.group.isEmpty()) {
			return "";
		}
		Restore restore = this.restore;
		if (restore != null && restore.pointer != null) {
			return LaneStateCodec.metadata(restore.withChanges(restore.pointer.with(state)));
		}
		String metadata = LaneStateCodec.metadata(state);
		this.pointed = metadata == null;
		if (metadata != null) {
			return metadata;
		}
		settle();
		if (this.saved >= 0 && this.saved <= state.next()) {
			return LaneStateCodec.metadata(LaneStateCodec.Pointer.to(this.saved, state));
		}
		if (this.saving == null) {
			save(state, now);
		}
		return LaneStateCodec.cutMetadata(state);
	}

	/**
	 * Save the state now and then.
	 * @param state the state
	 * @param now the time in nanoseconds
	 * @return {@code false} if it was not the time to
	 */
	boolean keep(LaneState state, long now) {
		settle();
		boolean due = this.saving == null && !this.group.isEmpty()
				&& (!this.begun || now - this.savedAt >= (this.pointed ? POINTED_INTERVAL : INTERVAL));
		return due && save(state, now);
	}

	/**
	 * Save the state for the next one who gets the partition.
	 * @param state the state
	 * @param now the time in nanoseconds
	 */
	void end(LaneState state, long now) {
		if (!this.group.isEmpty()) {
			save(state, now);
		}
	}

	private boolean save(LaneState state, long now) {
		LogAccess logAccess = this.board.logAccess();
		// What is there may still be needed.
		if (logAccess == null || this.restore != null) {
			return false;
		}
		this.begun = true;
		this.savedAt = now;
		this.furthest = Math.max(this.furthest, state.next());
		this.saving = new Saving(state.next(), logAccess.save(this.group, this.lane, LaneStateCodec.bytes(state)));
		return true;
	}

	private void settle() {
		Saving saving = this.saving;
		if (saving != null && saving.done.isDone()) {
			this.saving = null;
			if (!saving.done.isCompletedExceptionally()) {
				this.saved = saving.offset;
				this.furthest = saving.offset;
			}
		}
	}

	/**
	 * Passes records that were read again.
	 */
	interface Replay {

		void pass(LaneState state, LogAccess.Entry entry);

	}

	/**
	 * A save on its way.
	 *
	 * @param offset up to where what is saved goes
	 * @param done completes when it is
	 */
	private record Saving(long offset, CompletableFuture<Void> done) {

	}

	/**
	 * A past on its way.
	 */
	private final class Restore {

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

		Restore(LaneStateCodec.@Nullable Pointer pointer, long position, @Nullable Cause cause) {
			this.pointer = pointer;
			this.position = position;
			this.cause = cause;
		}

		private void cutOff(long offset, long highest) {
			this.cutOff = Math.min(this.cutOff, offset);
			this.passedOver = Math.min(this.passedOver, offset);
			if (this.pointer != null) {
				this.pointer = this.pointer.cutOff(offset, highest);
			}
		}

		private void passOverAnew(long offset, Cause cause) {
			this.passedOver = offset;
			this.passedOverBy = cause;
			if (this.pointer != null) {
				// Who begins with it anew does not know where the log differs.
				this.pointer = this.pointer.cutOff(0, 0);
			}
		}

		// What the checkpoint says was passed over may have been read since.
		private LaneStateCodec.Pointer withChanges(LaneStateCodec.Pointer pointer) {
			return (this.wentBackTo < this.position) ? pointer.doubted(this.wentBackTo) : pointer;
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
			this.checkpoint = logAccess.checkpoint(Checkpoints.this.group, Checkpoints.this.lane);
			this.end = (this.pointer == null) ? logAccess.end(Checkpoints.this.lane) : null;
		}

		private boolean hasFailed() {
			return this.checkpoint.isCompletedExceptionally()
					|| (this.end != null && this.end.isCompletedExceptionally())
					|| (this.reading != null && this.reading.isCompletedExceptionally());
		}

		@Nullable LaneState step(long now) {
			LogAccess logAccess = Checkpoints.this.board.logAccess();
			if (now - this.deadline > 0 || logAccess == null) {
				return unknown();
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
			if (saved == null || saved.isReadCommitted() != Checkpoints.this.readCommitted) {
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
			this.reading = logAccess.read(Checkpoints.this.lane, saved.next(), to(saved),
					Checkpoints.this.readCommitted);
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
					Checkpoints.this.replay.pass(past, entry);
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

		// What the checkpoint says was read was read; of what is behind it nobody knows.
		private LaneState doubted(LaneState saved, long to) {
			long reach = to;
			if (this.pointer != null) {
				saved.cutOff(this.pointer.offset());
				reach = Math.max(to, this.pointer.reach());
			}
			saved.skip(new Hole(saved.next(), to, Cause.STATE_LOST, false));
			// Nor of what was read further behind before the log was cut off.
			saved.holes().add(new Hole(to, reach, Cause.STATE_LOST, false));
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

		private @Nullable LaneState saved() {
			return this.checkpoint.join().map(LaneStateCodec::checkpoint).orElse(null);
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

	}

}
