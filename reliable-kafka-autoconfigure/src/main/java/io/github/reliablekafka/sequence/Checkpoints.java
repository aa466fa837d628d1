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

	private long savedAt;

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
	 * @param checkpoint up to which offset it goes at least
	 * @param position up to where
	 * @param metadata what to commit in the meantime
	 * @param now the time in nanoseconds
	 * @return {@code false} if there is no way
	 */
	boolean restore(long checkpoint, long position, String metadata, long now) {
		return begin(new Restore(checkpoint, position, metadata, null), now);
	}

	/**
	 * Begin to look whether the group had been elsewhere.
	 * @param beginning where the group's offset is, and what to call it if it was moved
	 * @param now the time in nanoseconds
	 * @return {@code false} if there is no way
	 */
	boolean compare(LaneState.Beginning beginning, long now) {
		return begin(new Restore(-1, beginning.offset(), "", beginning.cause()), now);
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
	 * Note that the log was cut off.
	 * @param offset the first offset that differs
	 */
	void cutOff(long offset) {
		if (this.restore != null) {
			this.restore.cutOff = Math.min(this.restore.cutOff, offset);
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
			if (restore.cutOff < restore.position) {
				past.cutOff(restore.cutOff);
			}
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
		if (restore != null && restore.pointer >= 0 && restore.pointer <= state.next()) {
			return restore.metadata;
		}
		String metadata = LaneStateCodec.metadata(state);
		this.pointed = metadata == null;
		if (metadata != null) {
			return metadata;
		}
		settle();
		if (this.saved >= 0 && this.saved <= state.next()) {
			return LaneStateCodec.pointer(this.saved);
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
	 */
	void keep(LaneState state, long now) {
		settle();
		if (this.saving == null && !this.group.isEmpty()
				&& now - this.savedAt >= (this.pointed ? POINTED_INTERVAL : INTERVAL)) {
			save(state, now);
		}
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

	private void save(LaneState state, long now) {
		LogAccess logAccess = this.board.logAccess();
		// What is there may still be needed.
		if (logAccess != null && this.restore == null) {
			this.savedAt = now;
			this.saving = new Saving(state.next(), logAccess.save(this.group, this.lane, LaneStateCodec.bytes(state)));
		}
	}

	private void settle() {
		Saving saving = this.saving;
		if (saving != null && saving.done.isDone()) {
			this.saving = null;
			if (!saving.done.isCompletedExceptionally()) {
				this.saved = saving.offset;
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
		 * Which checkpoint it is computed from; -1 if any will do.
		 */
		private final long pointer;

		private final long position;

		private final String metadata;

		private final @Nullable Cause cause;

		private CompletableFuture<Optional<byte[]>> checkpoint = new CompletableFuture<>();

		private @Nullable CompletableFuture<LogAccess.LogEnd> end;

		private @Nullable CompletableFuture<LogAccess.Reading> reading;

		private @Nullable LaneState past;

		private long deadline;

		private long askedAt;

		private long cutOff = Long.MAX_VALUE;

		Restore(long pointer, long position, String metadata, @Nullable Cause cause) {
			this.pointer = pointer;
			this.position = position;
			this.metadata = metadata;
			this.cause = cause;
		}

		private void ask(LogAccess logAccess, long now) {
			this.askedAt = now;
			this.past = null;
			this.reading = null;
			this.checkpoint = logAccess.checkpoint(Checkpoints.this.group, Checkpoints.this.lane);
			this.end = (this.pointer < 0) ? logAccess.end(Checkpoints.this.lane) : null;
		}

		private boolean hasFailed() {
			return this.checkpoint.isCompletedExceptionally()
					|| (this.end != null && this.end.isCompletedExceptionally())
					|| (this.reading != null && this.reading.isCompletedExceptionally());
		}

		@Nullable LaneState step(long now) {
			LogAccess logAccess = Checkpoints.this.board.logAccess();
			if (now - this.deadline > 0 || logAccess == null) {
				return new LaneState(this.position);
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
			byte[] bytes = this.checkpoint.join().orElse(null);
			// That nothing was saved does not say that nobody has read: it may have
			// failed.
			LaneState saved = (bytes != null) ? LaneStateCodec.checkpoint(bytes) : null;
			if (saved == null || saved.isReadCommitted() != Checkpoints.this.readCommitted) {
				return new LaneState(this.position);
			}
			if (this.end != null) {
				return moved(saved, this.end);
			}
			if (saved.next() > this.position) {
				return new LaneState(this.position);
			}
			this.past = saved;
			this.reading = logAccess.read(Checkpoints.this.lane, saved.next(), this.position,
					Checkpoints.this.readCommitted);
			return hasFailed() ? null : read(this.reading);
		}

		private @Nullable LaneState read(CompletableFuture<LogAccess.Reading> reading) {
			LaneState past = this.past;
			if (past == null || !reading.isDone()) {
				return null;
			}
			LogAccess.Reading part = reading.join();
			if (part.logStart() > past.next()) {
				past.skip(new Hole(past.next(), Math.min(part.logStart(), this.position), Cause.STATE_LOST, false));
			}
			for (LogAccess.Entry entry : part.records()) {
				if (entry.offset() >= past.next() && entry.offset() < this.position) {
					Checkpoints.this.replay.pass(past, entry);
				}
			}
			past.passTo(this.position);
			return past;
		}

		private @Nullable LaneState moved(LaneState saved, CompletableFuture<LogAccess.LogEnd> end) {
			if (!end.isDone()) {
				return null;
			}
			// Others of the group may have been anywhere since, without saying so.
			long to = Math.max(end.join().offset(), this.position);
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
