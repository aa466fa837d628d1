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

import org.jspecify.annotations.Nullable;

/**
 * What one group has read of one partition, and what it should have read. Checks numbers
 * up to the group's committed offset: what was polled and is not committed may be polled
 * again. Its state is a function of the log up to that offset, and is committed with it.
 * For use by one thread.
 *
 * @since 0.1.0
 */
public final class LaneReader {

	private final Lane lane;

	/**
	 * Create a reader that knows nothing.
	 * @param group the group; empty if it has none
	 * @param lane the partition
	 * @param readCommitted whether records of aborted transactions are left out
	 * @param board has claims and facts
	 * @param ledger gets findings
	 */
	public LaneReader(String group, Lane lane, boolean readCommitted, SequenceBoard board, LossLedger ledger) {
		this.lane = lane;
	}

	/**
	 * The partition.
	 * @return its topic and index
	 */
	public Lane lane() {
		return this.lane;
	}

	/**
	 * Begin to read, once after the partition was assigned and before anything else.
	 * @param position where reading begins: the committed offset; if there is none, where
	 * the reset policy says
	 * @param committed whether the position is a committed offset
	 * @param metadata what was committed with it; {@code null} or empty for nothing
	 * @param generation of the group, as far as it is known; -1 if not
	 */
	public void begin(long position, boolean committed, @Nullable String metadata, int generation) {
	}

	/**
	 * A record was polled, at the position or behind it.
	 * @param offset its offset
	 * @param leaderEpoch its leader epoch; -1 if unknown
	 * @param timestamp its timestamp in milliseconds since 1970
	 * @param header the value of its header {@value Stamp#HEADER}, if it has one
	 */
	public void read(long offset, int leaderEpoch, long timestamp, byte @Nullable [] header) {
	}

	/**
	 * Everything in front of an offset was polled: there was nothing else to be had.
	 * @param position the next offset to be polled
	 */
	public void advance(long position) {
	}

	/**
	 * The position was moved, in whatever direction.
	 * @param position the next offset to be polled
	 * @param cause who moved it
	 */
	public void move(long position, Cause cause) {
	}

	/**
	 * The log was found to be cut off at an offset that was polled before, and the
	 * position was set to it.
	 * @param position the first offset at which the log differs from what was polled
	 */
	public void truncate(long position) {
	}

	/**
	 * An offset is about to be committed.
	 * @param offset the next offset that the group wants to process
	 * @return what to commit
	 */
	public Commit commit(long offset) {
		return new Commit(offset, -1, "");
	}

	/**
	 * Judge what is missing by what has become known. To be called with each poll.
	 * @return whether something was reported that the next commit should remember, even
	 * if it commits the same offset again
	 */
	public boolean check() {
		return false;
	}

	/**
	 * End: the partition is no longer assigned.
	 * @param generation of the group; -1 if it is not known, or if another member may
	 * have the partition already
	 */
	public void end(int generation) {
	}

	/**
	 * What to commit.
	 *
	 * @param offset the offset
	 * @param leaderEpoch of the record in front of it; -1 if unknown
	 * @param metadata the state
	 */
	public record Commit(long offset, int leaderEpoch, String metadata) {

	}

}
