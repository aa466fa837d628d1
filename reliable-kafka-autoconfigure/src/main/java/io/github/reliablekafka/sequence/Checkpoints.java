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
 * The state of one reader outside of its group's offsets: for states that do not fit
 * there, and for finding out that somebody moved the offset. For use by one thread.
 */
final class Checkpoints {

	private static final long INTERVAL = Duration.ofSeconds(30).toNanos();

	/**
	 * Shorter if a restart has to read again from the checkpoint on.
	 */
	private static final long POINTED_INTERVAL = Duration.ofSeconds(5).toNanos();

	private final String group;

	private final Lane lane;

	private final SequenceBoard board;

	private final Restore.Source source;

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

	Checkpoints(String group, Lane lane, boolean readCommitted, SequenceBoard board, Restore.Replay replay) {
		this.group = group;
		this.lane = lane;
		this.board = board;
		this.source = new Restore.Source(group, lane, readCommitted, board, replay);
	}

	/**
	 * Begin to compute a state from a checkpoint.
	 * @param pointer to the checkpoint
	 * @param position up to where
	 * @param now the time in nanoseconds
	 * @return {@code false} if there is no way
	 */
	boolean restore(LaneStateCodec.Pointer pointer, long position, long now) {
		return begin(Restore.from(this.source, pointer, position), now);
	}

	/**
	 * Begin to look whether the group had been elsewhere.
	 * @param beginning where the group's offset is, and what to call it if it was moved
	 * @param now the time in nanoseconds
	 * @return {@code false} if there is no way
	 */
	boolean compare(LaneState.Beginning beginning, long now) {
		return begin(Restore.before(this.source, beginning), now);
	}

	private boolean begin(Restore restore, long now) {
		LogAccess logAccess = this.board.logAccess();
		if (logAccess == null || this.group.isEmpty()) {
			return false;
		}
		restore.begin(logAccess, now);
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
			this.restore.rewind(offset);
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
		LaneState past = restore.poll(now);
		if (past != null) {
			this.restore = null;
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
		LaneStateCodec.Pointer pointer = (this.restore != null) ? this.restore.pointer(state) : null;
		if (pointer != null) {
			return LaneStateCodec.metadata(pointer);
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
	 * A save on its way.
	 *
	 * @param offset up to where what is saved goes
	 * @param done completes when it is
	 */
	private record Saving(long offset, CompletableFuture<Void> done) {

	}

}
