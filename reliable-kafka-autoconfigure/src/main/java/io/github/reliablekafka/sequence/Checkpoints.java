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
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

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

	private static final long PATIENCE = Duration.ofMinutes(1).toNanos();

	/**
	 * By how much the generation of a group has grown when its last member has left and
	 * its first has come: Kafka counts both.
	 */
	private static final int NOBODY_BETWEEN = 2;

	private final String group;

	private final Lane lane;

	private final boolean readCommitted;

	private final SequenceBoard board;

	private final Replay replay;

	private @Nullable Restore restore;

	private @Nullable Saving saving;

	private LaneStateCodec.@Nullable Pointer saved;

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
	 * @param pointer which checkpoint
	 * @param position up to where
	 * @param metadata what to commit in the meantime
	 * @param now the time in nanoseconds
	 * @return {@code false} if there is no way
	 */
	boolean restore(LaneStateCodec.Pointer pointer, long position, String metadata, long now) {
		LogAccess logAccess = this.board.logAccess();
		if (logAccess == null || this.group.isEmpty()) {
			return false;
		}
		this.restore = new Restore(pointer, position, metadata, null, -1, now + PATIENCE,
				logAccess.checkpoint(this.group, this.lane));
		return true;
	}

	/**
	 * Begin to look whether somebody moved the offset.
	 * @param position where the group's offset is
	 * @param cause what to call it if it was moved
	 * @param generation of the group
	 * @param now the time in nanoseconds
	 * @return {@code false} if there is no way
	 */
	boolean compare(long position, Cause cause, int generation, long now) {
		LogAccess logAccess = this.board.logAccess();
		if (logAccess == null || this.group.isEmpty()) {
			return false;
		}
		this.restore = new Restore(null, position, "", cause, generation, now + PATIENCE,
				logAccess.checkpoint(this.group, this.lane));
		return true;
	}

	/**
	 * What to commit as long as there is no state.
	 * @param offset that is committed
	 * @return a pointer to the checkpoint that the state will be computed from, or a
	 * state that knows nothing: nothing at all would look like somebody else's commit
	 */
	String metadataMeanwhile(long offset) {
		Restore restore = this.restore;
		return (restore != null && restore.pointer != null && restore.pointer.offset() <= offset) ? restore.metadata
				: Objects.requireNonNullElse(LaneStateCodec.metadata(new LaneState(offset)), "");
	}

	void giveUp() {
		this.restore = null;
	}

	/**
	 * Have something done to the state as soon as there is one.
	 * @param step what to do
	 */
	void then(Consumer<LaneState> step) {
		if (this.restore != null) {
			this.restore.steps.add(step);
		}
	}

	/**
	 * See whether the state is there.
	 * @param now the time in nanoseconds
	 * @return a state that knows nothing if it cannot be had; {@code null} as long as
	 * nobody knows
	 */
	@Nullable LaneState poll(long now) {
		Restore restore = this.restore;
		if (restore == null) {
			return null;
		}
		LaneState state = restore.step(now);
		if (state != null) {
			this.restore = null;
			restore.steps.forEach((step) -> step.accept(state));
		}
		return state;
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
		String metadata = LaneStateCodec.metadata(state);
		this.pointed = metadata == null;
		if (metadata != null) {
			return metadata;
		}
		settle();
		if (this.saved != null && this.saved.offset() <= state.next()) {
			return LaneStateCodec.metadata(this.saved);
		}
		if (this.saving == null) {
			save(state, -1, now);
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
			save(state, -1, now);
		}
	}

	/**
	 * Save the state for the next one who gets the partition.
	 * @param state the state
	 * @param generation of the group; -1 if it is not known
	 * @param now the time in nanoseconds
	 */
	void end(LaneState state, int generation, long now) {
		if (!this.group.isEmpty()) {
			save(state, generation, now);
		}
	}

	private void save(LaneState state, int generation, long now) {
		LogAccess logAccess = this.board.logAccess();
		this.savedAt = now;
		if (logAccess != null) {
			byte[] bytes = LaneStateCodec.bytes(state, generation);
			this.saving = new Saving(
					new LaneStateCodec.Pointer(state.next(), LaneStateCodec.checksum(bytes, bytes.length)),
					logAccess.save(this.group, this.lane, bytes));
		}
	}

	private void settle() {
		Saving saving = this.saving;
		if (saving != null && saving.done.isDone()) {
			this.saving = null;
			if (!saving.done.isCompletedExceptionally()) {
				this.saved = saving.pointer;
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
	 * @param pointer to what is saved
	 * @param done completes when it is
	 */
	private record Saving(LaneStateCodec.Pointer pointer, CompletableFuture<Void> done) {

	}

	/**
	 * A state on its way.
	 */
	private final class Restore {

		private final LaneStateCodec.@Nullable Pointer pointer;

		private final long position;

		private final String metadata;

		private final @Nullable Cause cause;

		private final int generation;

		private final long deadline;

		private final CompletableFuture<Optional<byte[]>> checkpoint;

		private @Nullable CompletableFuture<LogAccess.Reading> reading;

		private @Nullable LaneState state;

		private final List<Consumer<LaneState>> steps = new ArrayList<>(0);

		Restore(LaneStateCodec.@Nullable Pointer pointer, long position, String metadata, @Nullable Cause cause,
				int generation, long deadline, CompletableFuture<Optional<byte[]>> checkpoint) {
			this.pointer = pointer;
			this.position = position;
			this.metadata = metadata;
			this.cause = cause;
			this.generation = generation;
			this.deadline = deadline;
			this.checkpoint = checkpoint;
		}

		@Nullable LaneState step(long now) {
			if (now - this.deadline > 0 || this.checkpoint.isCompletedExceptionally()) {
				return new LaneState(this.position);
			}
			if (!this.checkpoint.isDone()) {
				return null;
			}
			if (this.reading != null) {
				return read(this.reading);
			}
			byte[] bytes = this.checkpoint.join().orElse(null);
			LaneStateCodec.Checkpoint saved = (bytes != null) ? LaneStateCodec.checkpoint(bytes) : null;
			if (bytes == null || saved == null) {
				return new LaneState(this.position);
			}
			if (this.pointer == null) {
				return moved(saved);
			}
			LogAccess logAccess = Checkpoints.this.board.logAccess();
			if (saved.state().next() > this.position || logAccess == null) {
				return new LaneState(this.position);
			}
			this.state = saved.state();
			this.reading = logAccess.read(Checkpoints.this.lane, this.state.next(), this.position,
					Checkpoints.this.readCommitted);
			return null;
		}

		private @Nullable LaneState read(CompletableFuture<LogAccess.Reading> reading) {
			LaneState state = this.state;
			if (state == null || reading.isCompletedExceptionally()) {
				return new LaneState(this.position);
			}
			if (!reading.isDone()) {
				return null;
			}
			LogAccess.Reading part = reading.join();
			if (part.logStart() > state.next()) {
				state.skip(new Hole(state.next(), Math.min(part.logStart(), this.position), Cause.STATE_LOST, false));
			}
			for (LogAccess.Entry entry : part.records()) {
				if (entry.offset() >= state.next() && entry.offset() < this.position) {
					Checkpoints.this.replay.pass(state, entry);
				}
			}
			state.passTo(this.position);
			return state;
		}

		private LaneState moved(LaneStateCodec.Checkpoint saved) {
			LaneState state = saved.state();
			if (this.position < state.next()) {
				state.rewind(this.position);
			}
			else if (this.position > state.next() && this.cause != null) {
				boolean proven = saved.generation() >= 0 && this.generation == saved.generation() + NOBODY_BETWEEN;
				state.skip(new Hole(state.next(), this.position, this.cause, proven));
			}
			return state;
		}

	}

}
