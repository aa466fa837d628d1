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
import java.util.function.LongSupplier;

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

	/**
	 * How many records may wait for their commit: 2 MB or so.
	 */
	private static final int MOST_POLLED = 20_000;

	private static final long EVALUATION_INTERVAL = Duration.ofSeconds(1).toNanos();

	private final Lane lane;

	private final boolean readCommitted;

	private final SequenceBoard board;

	private final LongSupplier nanoClock;

	private final StampReader stamps;

	private final LossLedger.Coverage coverage;

	private final PolledRecords polled = new PolledRecords();

	private final Orphans orphans = new Orphans();

	private final Findings findings;

	private final Checkpoints checkpoints;

	private long position;

	private int positionLeaderEpoch = -1;

	private long committed;

	/**
	 * Where the state began whose past is asked for.
	 */
	private long began;

	/**
	 * Whether the group had no offset and has passed nothing yet.
	 */
	private boolean unused;

	private LaneState state = new LaneState(0);

	private boolean changed = true;

	private boolean unsaved;

	private long evaluatedVersion = -1;

	private long evaluatedAt;

	/**
	 * Create a reader that knows nothing.
	 * @param group the group; empty if it has none
	 * @param lane the partition
	 * @param readCommitted whether records of aborted transactions are left out
	 * @param board has claims and facts
	 * @param ledger gets findings
	 */
	public LaneReader(String group, Lane lane, boolean readCommitted, SequenceBoard board, LossLedger ledger) {
		this(group, lane, readCommitted, board, ledger, System::nanoTime);
	}

	LaneReader(String group, Lane lane, boolean readCommitted, SequenceBoard board, LossLedger ledger,
			LongSupplier nanoClock) {
		this.lane = lane;
		this.readCommitted = readCommitted;
		this.board = board;
		this.nanoClock = nanoClock;
		this.coverage = ledger.coverage(lane.topic(), group);
		this.stamps = new StampReader(lane, readCommitted, this.coverage);
		this.findings = new Findings(group, lane, readCommitted, board, ledger);
		this.checkpoints = new Checkpoints(group, lane, readCommitted, board, this::passAgain);
		this.evaluatedAt = nanoClock.getAsLong() - EVALUATION_INTERVAL;
		board.watch(lane);
	}

	/**
	 * Whether what was committed with an offset is the state of a reader, of whatever
	 * version.
	 * @param metadata what was committed
	 * @return {@code false} if it is the application's, or nothing
	 */
	public static boolean isState(String metadata) {
		return LaneStateCodec.isOurs(metadata);
	}

	/**
	 * Begin to read, once after the partition was assigned and before anything else.
	 * @param position where reading begins: the committed offset; if there is none, where
	 * the reset policy says
	 * @param committed whether the position is a committed offset
	 * @param metadata what was committed with it; {@code null} or empty for nothing
	 */
	public void begin(long position, boolean committed, @Nullable String metadata) {
		long now = this.nanoClock.getAsLong();
		this.findings.begin();
		this.position = position;
		this.committed = position;
		this.began = position;
		this.unused = !committed;
		this.state = new LaneState(position);
		this.state.readCommitted(this.readCommitted);
		LaneState.Beginning beginning = new LaneState.Beginning(position,
				committed ? Cause.EXTERNAL_RESET : Cause.RESET_LATEST);
		if (committed && metadata != null && LaneStateCodec.isOurs(metadata)) {
			LaneState saved = LaneStateCodec.state(metadata);
			if (saved != null && saved.next() == position && saved.isReadCommitted() == this.readCommitted) {
				this.state = saved;
				beginning = saved.beginning();
				// What is still to be found out is about where that began.
				this.began = (beginning != null) ? beginning.offset() : position;
			}
			else {
				LaneStateCodec.Pointer pointer = LaneStateCodec.pointer(metadata);
				if (pointer != null && pointer.offset() <= position
						&& this.checkpoints.restore(pointer, position, now)) {
					this.state.resume(pointer);
					return;
				}
				this.coverage.count(Integrity.UNREADABLE_STATE);
			}
		}
		if (beginning != null && this.checkpoints.compare(beginning, now)) {
			this.began = beginning.offset();
			this.state.beginning(beginning);
		}
	}

	/**
	 * A record was polled, at the position or behind it.
	 * @param offset its offset
	 * @param leaderEpoch its leader epoch; -1 if unknown
	 * @param timestamp its timestamp in milliseconds since 1970
	 * @param header the value of its header {@value Stamp#HEADER}, if it has one
	 */
	public void read(long offset, int leaderEpoch, long timestamp, byte @Nullable [] header) {
		if (offset < this.position) {
			move(offset, Cause.SEEK);
		}
		this.unused = false;
		StampReader stamps = this.stamps;
		if (stamps.read(header)) {
			this.polled.add(offset, leaderEpoch, timestamp, stamps.session(), stamps.number(), stamps.details());
		}
		else {
			this.polled.add(offset, leaderEpoch, timestamp, 0, 0, null);
		}
		this.position = offset + 1;
		this.positionLeaderEpoch = leaderEpoch;
		if (this.polled.size() > MOST_POLLED) {
			overflow();
		}
	}

	// Nobody seems to commit. A commit in front of it would be a step back.
	private void overflow() {
		int half = this.polled.size() / 2;
		this.committed = this.polled.offset(half);
		// Who never commits may come back to what it has passed over.
		this.polled.doubt(half);
		fold(this.committed, this.nanoClock.getAsLong());
	}

	/**
	 * Everything in front of an offset was polled: there was nothing else to be had.
	 * @param position the next offset to be polled
	 * @param leaderEpoch of what is in front of it, transaction markers included; -1 if
	 * unknown
	 */
	public void advance(long position, int leaderEpoch) {
		this.stamps.count();
		// Of a fetch that had nothing a consumer tells no epoch, and keeps the one it
		// has.
		if (position > this.position || (position == this.position && leaderEpoch != -1)) {
			this.unused &= position == this.position;
			this.position = position;
			this.positionLeaderEpoch = leaderEpoch;
		}
	}

	/**
	 * The position was moved, in whatever direction.
	 * @param position the next offset to be polled
	 * @param cause who moved it
	 */
	public void move(long position, Cause cause) {
		this.findings.moved();
		if (position == this.position) {
			this.positionLeaderEpoch = -1;
			return;
		}
		if (this.unused) {
			// This is where it begins.
			begin(position, false, null);
			return;
		}
		if (position > this.position) {
			this.polled.add(new Hole(this.position, position, cause, true));
		}
		else if (position < this.position) {
			this.polled.dropFrom(position);
			if (cause == Cause.OUT_OF_RANGE) {
				// The log is shorter than it was: nobody knows from where on it differs.
				this.coverage.count(Integrity.TRUNCATION);
				this.orphans.reachTo(this.position);
				cutOff(position);
				this.state.passOverAnew(position, cause);
				this.checkpoints.passOverAnew(position, cause);
				if (this.polled.size() > 0) {
					// Where that was is not known either, once it is committed.
					this.polled.add(new Hole(position - 1, position - 1, cause, true));
				}
			}
			else if (position < this.committed) {
				rewind(position);
			}
		}
		this.position = position;
		this.positionLeaderEpoch = -1;
	}

	private void rewind(long offset) {
		this.state.rewind(offset);
		this.checkpoints.rewind(offset);
		this.committed = offset;
	}

	/**
	 * The log was found to be cut off at an offset that was polled before, and the
	 * position was set to it.
	 * @param position the first offset at which the log differs from what was polled
	 */
	public void truncate(long position) {
		this.findings.moved();
		this.coverage.count(Integrity.TRUNCATION);
		this.orphans.add(this.polled, position, this.position);
		this.polled.dropFrom(position);
		cutOff(position);
		this.position = position;
		this.positionLeaderEpoch = -1;
	}

	private void cutOff(long offset) {
		// What was polled may yet turn out to have been processed.
		this.checkpoints.cutOff(offset, Math.max(this.state.highest(), this.position));
		this.state.cutOff(offset);
		this.committed = Math.min(this.committed, offset);
		this.changed = true;
	}

	/**
	 * An offset is about to be committed.
	 * @param offset the next offset that the group wants to process
	 * @return what to commit
	 */
	public Commit commit(long offset) {
		long now = this.nanoClock.getAsLong();
		long to = offset;
		this.orphans.forget(this.position);
		if (offset > this.position) {
			if (this.orphans.reach(offset)) {
				this.orphans.pass(this.state, offset, now);
				to = this.position;
			}
			else {
				move(offset, Cause.SEEK);
			}
		}
		adopt(now);
		if (to < this.committed) {
			rewind(to);
		}
		this.committed = to;
		this.unused = false;
		fold(to, now);
		if (to == this.position && this.positionLeaderEpoch != -1) {
			this.state.leaderEpoch(this.positionLeaderEpoch);
		}
		return new Commit(to, this.state.leaderEpoch(), this.checkpoints.metadata(this.state, now));
	}

	private void fold(long to, long now) {
		LaneState state = this.state;
		PolledRecords polled = this.polled;
		while (polled.size() > 0 && polled.offset(0) < to) {
			Hole hole = polled.hole(0);
			if (hole != null && hole.to() > to) {
				skip(polled.cutFirst(to));
				break;
			}
			if (hole != null) {
				skip(hole);
			}
			else {
				pass(state, polled.offset(0), polled.leaderEpoch(0), polled.timestamp(0), polled.session(0),
						polled.number(0), polled.stamp(0), now);
			}
			polled.removeFirst();
		}
		state.passTo(to);
		this.changed = true;
	}

	private void skip(Hole hole) {
		if (hole.from() == hole.to()) {
			this.state.passOverAnew(hole.to() + 1, hole.cause());
		}
		else {
			this.state.skip(hole);
		}
		this.checkpoints.passOver();
	}

	private void pass(LaneState state, long offset, int leaderEpoch, long timestamp, long session, long number,
			@Nullable Stamp stamp, long now) {
		state.pass(offset, leaderEpoch);
		if (session != 0) {
			SessionState.Arrival arrival = arrive(state, offset, leaderEpoch, timestamp, session, number, stamp, now);
			if (arrival != SessionState.Arrival.NEXT || stamp != null) {
				this.findings.arrived(state, (stamp != null) ? stamp : Stamp.plain(session, number), number, offset,
						arrival, now);
			}
		}
	}

	private SessionState.Arrival arrive(LaneState state, long offset, int leaderEpoch, long timestamp, long session,
			long number, @Nullable Stamp stamp, long now) {
		boolean again = (stamp != null && stamp.replay()) || this.findings.isCopy(session, number, offset);
		return state.arrive(session, number, offset, leaderEpoch, timestamp, again, now);
	}

	private void passAgain(LaneState state, LogAccess.Entry entry) {
		state.pass(entry.offset(), entry.leaderEpoch());
		if (this.stamps.readAgain(entry.header())) {
			long now = this.nanoClock.getAsLong();
			Stamp stamp = this.stamps.details();
			arrive(state, entry.offset(), entry.leaderEpoch(), entry.timestamp(), this.stamps.session(),
					this.stamps.number(), stamp, now);
			if (stamp != null) {
				this.findings.arrivedAgain(state, stamp, entry.offset(), now);
			}
		}
	}

	private void adopt(long now) {
		if (this.checkpoints.isRestoring()) {
			LaneState past = this.checkpoints.poll(now);
			if (past != null) {
				this.state.beginning(null);
				this.state.precededBy(past, this.began);
				this.changed = true;
			}
		}
	}

	/**
	 * Judge what is missing by what has become known. To be called with each poll.
	 * @return whether something was reported that the next commit should remember, even
	 * if it commits the same offset again
	 */
	public boolean check() {
		long now = this.nanoClock.getAsLong();
		this.stamps.count();
		adopt(now);
		boolean settled = this.findings.settle(this.state);
		this.changed |= settled;
		boolean due = now - this.evaluatedAt >= EVALUATION_INTERVAL;
		if (due) {
			this.evaluatedAt = now;
			long version = this.board.version();
			if (this.changed || version != this.evaluatedVersion) {
				this.evaluatedVersion = version;
				evaluate(now);
				settled |= this.findings.settle(this.state);
			}
			keep(now);
		}
		if (due || settled) {
			this.coverage.suspects(this.lane, this.state.sessions().openNumbers());
		}
		return settled;
	}

	private void keep(long now) {
		if (this.unsaved) {
			long passed = this.state.next();
			// Markers behind the last record are not committed, and a later reader begins
			// in front of them.
			this.state.rewind(this.committed);
			this.unsaved = !this.checkpoints.keep(this.state, now);
			this.state.passTo(passed);
		}
	}

	private void evaluate(long now) {
		LaneState state = this.state;
		boolean atPosition = this.polled.size() == 0;
		if (atPosition) {
			state.passTo(this.position);
		}
		this.changed = this.findings.evaluate(state, atPosition, this.position, this.positionLeaderEpoch, now);
		// Else it may begin elsewhere, and would take what it has saved for a past.
		this.unsaved |= !this.unused;
	}

	/**
	 * End: the partition is no longer assigned.
	 */
	public void end() {
		this.stamps.count();
		this.state.rewind(this.committed);
		this.checkpoints.end(this.state, this.nanoClock.getAsLong());
		this.coverage.suspects(this.lane, 0);
		this.board.unwatch(this.lane);
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
