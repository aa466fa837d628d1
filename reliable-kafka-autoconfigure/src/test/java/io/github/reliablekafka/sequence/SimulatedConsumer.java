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

import java.util.ArrayList;
import java.util.List;

/**
 * One group's reading of one partition through all its members. Keeps from outside what
 * each line of commits has delivered.
 */
final class SimulatedConsumer {

	final SimulatedLog log;

	final Oracle oracle;

	private final Schedule schedule;

	ConsumerProcess process;

	Checker reader;

	long position;

	private int positionEpoch;

	private int generation;

	private Stored stored;

	private String metadata = "";

	Saved saved;

	Lineage lineage = new Lineage();

	private final List<SimulatedLog.Entry> polled = new ArrayList<>();

	/** What was polled in this assignment and then cut off before a commit. */
	private final List<SimulatedLog.Entry> cutOff = new ArrayList<>();

	/** The offset of the last attempt to commit in this assignment. */
	long lastCommit;

	private int incarnation;

	/** Whether the group had no offset, and has passed nothing and committed nothing. */
	private boolean unused;

	/** As the member has it that reads, or has read last. */
	boolean readCommitted;

	SimulatedConsumer(Schedule schedule, SimulatedLog log) {
		this.schedule = schedule;
		this.log = log;
		this.readCommitted = schedule.readCommitted;
		this.oracle = new Oracle(schedule, this, log);
	}

	void assign(ConsumerProcess to) {
		this.process = to;
		this.generation++;
		this.polled.clear();
		this.cutOff.clear();
		boolean otherIsolation = this.schedule.happens(Faults.ISOLATION, 40);
		this.readCommitted ^= otherIsolation;
		this.oracle.assigned(otherIsolation);
		this.incarnation = this.log.incarnation;
		boolean committed = this.stored != null;
		if (committed) {
			this.position = this.stored.offset;
			this.positionEpoch = this.stored.epoch;
		}
		else {
			this.position = this.schedule.resetToLatest ? this.log.limit(this.readCommitted) : this.log.start;
			this.positionEpoch = -1;
		}
		this.unused = !committed;
		boolean intact = committed && this.stored.intact && this.stored.readCommitted == this.readCommitted;
		this.lineage = intact ? this.stored.lineage.copy() : new Lineage();
		if (this.generation > 1 && !intact) {
			this.lineage.began = this.position;
		}
		this.lineage.baseline = Math.min(this.lineage.baseline, this.position);
		if (!intact) {
			// Else it is where somebody chose to be, or was thrown back to.
			this.lineage.chosenBaseline = this.position;
			this.lineage.highest = this.position;
		}
		this.lastCommit = this.position;
		this.process.board.watch(this.log.lane);
		this.schedule.controlTopic.watched(this.log.lane, this.process);
		String metadata = committed ? this.stored.metadata : null;
		this.schedule.trace("%s: assigned at %d committed=%s epoch=%d generation=%d state=%s", this.log.lane,
				this.position, committed, this.positionEpoch, this.generation, intact ? "intact" : "none");
		this.reader = this.schedule.factory.create("group", this.log.lane, this.readCommitted, this.process.board,
				this.process.ledger, () -> this.schedule.clock * 1_000_000);
		this.reader.begin(this.position, committed, metadata);
		if (committed) {
			this.reader.advance(this.position, this.positionEpoch);
		}
		if (!committed && this.schedule.isHarmless()) {
			// Else the next one may begin further behind, which is a loss by itself.
			commit(this.position, false);
		}
	}

	void unassign() {
		if (this.reader != null) {
			this.schedule.trace("%s: revoked", this.log.lane);
			this.reader.end();
			this.process.board.unwatch(this.log.lane);
			this.reader = null;
		}
	}

	void crash() {
		this.schedule.trace("%s: crash", this.log.lane);
		this.reader = null;
	}

	void poll(int records) {
		if (!validate()) {
			this.reader.check();
			return;
		}
		long limit = this.log.limit(this.readCommitted);
		int left = records;
		long from = this.position;
		for (SimulatedLog.Entry entry : this.log.entries.tailMap(this.position).values()) {
			if (left == 0 || entry.offset >= limit) {
				break;
			}
			if (entry.visible(this.readCommitted)) {
				if (this.schedule.happens(Faults.POISON, 2)) {
					advanced(from);
					this.schedule.trace("%s: polled %d..%d and cannot read what comes", this.log.lane, from,
							this.position);
					move(entry.offset + 1, Cause.DESERIALIZATION_SKIP);
					return;
				}
				this.unused = false;
				this.reader.read(entry.offset, this.schedule.epochOf(entry), entry.timestamp, entry.header);
				this.schedule.story.read(this, entry);
				this.oracle.read(entry);
				this.polled.add(entry);
				left--;
			}
			this.position = entry.offset + 1;
			this.positionEpoch = this.schedule.epochOf(entry);
		}
		if (left > 0 && limit > this.position) {
			this.position = limit;
		}
		advanced(from);
		this.schedule.trace("%s: polled %d..%d", this.log.lane, from, this.position);
		if (this.reader.check() && this.lastCommit <= this.position && this.schedule.random.chance(70)) {
			commit(this.lastCommit);
		}
	}

	private void advanced(long from) {
		this.unused &= this.position == from;
		if (this.polled.isEmpty()) {
			this.lineage.highest = Math.max(this.lineage.highest, this.position);
		}
		// A fetch that had nothing may tell no epoch.
		this.reader.advance(this.position,
				(this.position == from && this.schedule.isCutOff()) ? -1 : this.positionEpoch);
	}

	/** What a client does before it fetches. */
	private boolean validate() {
		if (this.incarnation != this.log.incarnation) {
			this.incarnation = this.log.incarnation;
			this.positionEpoch = -1;
			this.lineage.mixed = true;
		}
		long divergence = this.log.divergence(this.position, this.positionEpoch);
		if (divergence >= 0) {
			if (this.schedule.isCutOff()) {
				// It learns of new leaders when it reaches one of them.
				this.schedule.trace("%s: does not reach the cluster", this.log.lane);
				return false;
			}
			this.schedule.trace("%s: truncation noticed at %d, position was %d", this.log.lane, divergence,
					this.position);
			cutOff(Math.max(divergence, this.log.start));
			return false;
		}
		if (this.position < this.log.start || this.position > this.log.highWatermark) {
			boolean below = this.position < this.log.start;
			long to = this.schedule.resetToLatest ? this.log.limit(this.readCommitted) : this.log.start;
			move(to, below ? Cause.RETENTION : Cause.OUT_OF_RANGE);
			return false;
		}
		return true;
	}

	/** Up to where the log is what the member has read. */
	long ownPosition() {
		long divergence = (this.incarnation == this.log.incarnation)
				? this.log.divergence(this.position, this.positionEpoch) : -1;
		return (divergence >= 0) ? divergence : this.position;
	}

	private void cutOff(long divergence) {
		List<SimulatedLog.Entry> processed = this.polled.stream()
			.filter((entry) -> entry.offset >= divergence)
			.toList();
		long to = this.position;
		rewind(divergence);
		this.cutOff.addAll(processed);
		this.lineage.highest = Math.min(this.lineage.highest, divergence);
		this.reader.truncate(divergence);
		if (!this.schedule.isHarmless() && this.schedule.random.chance(30)) {
			// The container commits what the listener had done with before.
			processed.stream()
				.filter((entry) -> entry.sent != null)
				.forEach((entry) -> this.lineage.delivered.set(entry.sent.index));
			this.cutOff.stream()
				.filter((entry) -> entry.sent != null && entry.offset < to)
				.forEach((entry) -> this.lineage.perhaps.set(entry.sent.index));
			commit(to, this.schedule.happens(Faults.COMMIT_FAILS, 20));
		}
	}

	void move(long to, Cause cause) {
		this.schedule.trace("%s: moves %d -> %d %s", this.log.lane, this.position, to, cause);
		boolean knowingly = to > this.position || cause == Cause.OUT_OF_RANGE;
		if (knowingly) {
			long from = (cause == Cause.OUT_OF_RANGE) ? this.lineage.baseline : this.position;
			this.log.entries.subMap(Math.min(from, to), to)
				.values()
				.stream()
				.filter((entry) -> entry.sent != null)
				.filter((entry) -> cause == Cause.OUT_OF_RANGE || !isTakenForRead(entry))
				.forEach((entry) -> this.lineage.passedOver.set(entry.sent.index));
		}
		if (to < this.position) {
			rewind(to);
		}
		if (this.unused) {
			// That is where it begins. To go back later makes nobody answer for more.
			this.lineage.baseline = to;
			this.lineage.chosenBaseline = to;
			this.lineage.began = (this.lineage.began < 0) ? -1 : to;
		}
		if (cause == Cause.OUT_OF_RANGE) {
			this.lineage.highest = Math.min(this.lineage.highest, to);
		}
		this.position = to;
		this.positionEpoch = -1;
		this.reader.move(to, cause);
	}

	// Who goes back over what was read, and forward again without a look at it, passes
	// over
	// nothing as far as anybody can know. The position has no epoch then, so nobody
	// notices
	// if other records have been written there meanwhile. To count what was read as
	// passed
	// over would have the application's moves to blame for what the cluster has lost.
	private boolean isTakenForRead(SimulatedLog.Entry entry) {
		return entry.behindReader && entry.offset < this.lineage.highest;
	}

	private void rewind(long to) {
		this.position = to;
		this.positionEpoch = -1;
		this.polled.removeIf((entry) -> entry.offset >= to);
		this.lineage.baseline = Math.min(this.lineage.baseline, to);
	}

	void commit(long offset) {
		commit(offset, this.schedule.happens(Faults.COMMIT_FAILS, 20));
	}

	private void commit(long offset, boolean fails) {
		this.unused = false;
		this.polled.stream().filter((entry) -> entry.offset < offset).forEach(this.oracle::covers);
		this.polled.removeIf((entry) -> entry.offset < offset);
		this.lastCommit = Math.min(offset, this.position);
		this.lineage.highest = Math.max(this.lineage.highest, this.lastCommit);
		LaneReader.Commit commit = this.reader.commit(offset);
		this.oracle.covered();
		this.metadata = commit.metadata();
		if (commit.metadata().length() > 3500 || commit.offset() != this.lastCommit) {
			this.schedule.violation("the metadata has " + commit.metadata().length() + " characters, offset "
					+ commit.offset() + " for " + offset);
		}
		this.oracle.tally.longestMetadata = Math.max(this.oracle.tally.longestMetadata, commit.metadata().length());
		this.schedule.trace("%s: commit %d%s", this.log.lane, offset, fails ? " fails" : "");
		this.schedule.story.odd(this);
		if (!fails) {
			this.oracle.committed();
			int epoch = this.schedule.happens(Faults.EPOCH_LOST, 50) ? -1 : commit.leaderEpoch();
			this.stored = new Stored(commit.offset(), epoch, commit.metadata(), this.lineage.copy(), true,
					this.readCommitted);
		}
	}

	/** What the reader has committed last, beside the offset or in a checkpoint. */
	LaneState known() {
		LaneState state = LaneStateCodec.state(this.metadata);
		if (state == null && this.saved != null) {
			state = LaneStateCodec.checkpoint(this.saved.state());
		}
		return (state != null) ? state : new LaneState(0);
	}

	/** Commit somewhere between the last commit and the position. */
	void commitSomewhere(boolean all) {
		commit(all ? this.position
				: this.schedule.random.between(Math.min(this.lastCommit, this.position), this.position));
	}

	/** While no member has it, somebody changes the group's offset. */
	void tamper(Faults fault) {
		if (this.stored == null) {
			return;
		}
		this.schedule.trace("%s: %s", this.log.lane, fault);
		if (fault == Faults.OFFSETS_EXPIRE) {
			this.stored = null;
		}
		else if (fault == Faults.METADATA_LOST) {
			this.stored = new Stored(this.stored.offset, -1, this.schedule.random.chance(70) ? "" : "somebody's own",
					null, false, this.readCommitted);
		}
		else {
			long to = this.schedule.random.between(this.log.start, this.log.highWatermark);
			this.schedule.trace("%s: offset set from outside %d -> %d", this.log.lane, this.stored.offset, to);
			this.stored = new Stored(to, -1, "", null, false, this.readCommitted);
		}
	}

	/** A reader without state is about to be given one from outside of the offsets. */
	void restored(Saved state) {
		if (state.readCommitted != this.readCommitted) {
			return;
		}
		if (this.lineage.began < 0) {
			// It may know of more than was committed: of what was processed all the same.
			if (state.incarnation == this.log.incarnation) {
				this.lineage.inherited.or(state.lineage.delivered);
				this.lineage.inherited.or(state.lineage.inherited);
			}
			return;
		}
		this.lineage.mixed = true;
		if (state.incarnation == this.log.incarnation) {
			this.lineage.restoredTo = state.committed;
			this.lineage.inherited.or(state.lineage.delivered);
			this.lineage.inherited.or(state.lineage.inherited);
			this.lineage.baseline = Math.min(this.lineage.baseline, state.lineage.baseline);
			this.lineage.chosenBaseline = Math.min(this.lineage.chosenBaseline, state.lineage.chosenBaseline);
		}
	}

	/** Whether the group is or was beyond an offset, or will be after a crash. */
	boolean isBeyond(long offset) {
		return (this.reader != null && offset < Math.max(this.position, this.lineage.highest))
				|| (this.stored != null && offset < this.stored.offset);
	}

	boolean delivered(Sent sent) {
		return this.lineage.delivered.get(sent.index);
	}

	private record Stored(long offset, int epoch, String metadata, Lineage lineage, boolean intact,
			boolean readCommitted) {

	}

	/**
	 * What the checkpoint topic has.
	 *
	 * @param state the bytes
	 * @param lineage what had been delivered when they were made
	 * @param incarnation of the topic
	 * @param committed up to which offset
	 * @param readCommitted which numbers it is about
	 */
	@SuppressWarnings("ArrayRecordComponent")
	record Saved(byte[] state, Lineage lineage, int incarnation, long committed, boolean readCommitted) {

	}

}
