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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

	private final StampCodec codec;

	private final LossLedger.Coverage coverage;

	private final PolledRecords polled = new PolledRecords();

	private final List<Orphan> orphans = new ArrayList<>(0);

	private final Findings findings;

	private final Checkpoints checkpoints;

	private long position;

	private int positionLeaderEpoch = -1;

	private long committed;

	private long began;

	/**
	 * Whether the group had no offset and has read nothing yet.
	 */
	private boolean unused;

	/**
	 * Up to where the log was read that was cut off since.
	 */
	private long truncatedFrom = -1;

	private LaneState state = new LaneState(0);

	private boolean changed = true;

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
		this.codec = new StampCodec(lane.topic(), lane.partition());
		this.coverage = ledger.coverage(lane.topic(), group);
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
	 */
	public void begin(long position, boolean committed, @Nullable String metadata) {
		long now = this.nanoClock.getAsLong();
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
			}
			else {
				LaneStateCodec.Pointer pointer = LaneStateCodec.pointer(metadata);
				if (pointer != null && pointer.offset() <= position
						&& this.checkpoints.restore(pointer, position, metadata, now)) {
					return;
				}
				this.coverage.count(Integrity.UNREADABLE_STATE);
			}
		}
		if (beginning != null && this.checkpoints.compare(beginning, now)) {
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
		Stamp stamp = stampOf(header);
		this.coverage.count(stamp != null);
		if (offset < this.position) {
			move(offset, Cause.SEEK);
		}
		this.unused = false;
		this.polled.add(offset, leaderEpoch, timestamp, stamp);
		this.position = offset + 1;
		this.positionLeaderEpoch = leaderEpoch;
		if (this.polled.size() > MOST_POLLED) {
			overflow();
		}
	}

	private @Nullable Stamp stampOf(byte @Nullable [] header) {
		if (header == null) {
			return null;
		}
		Stamp stamp = this.codec.decode(header);
		if (stamp == null) {
			this.coverage.count(this.codec.problem());
		}
		return stamp;
	}

	// Nobody seems to commit. A commit in front of it would be a step back.
	private void overflow() {
		this.committed = this.polled.offset(this.polled.size() / 2);
		fold(this.committed, this.nanoClock.getAsLong());
	}

	/**
	 * Everything in front of an offset was polled: there was nothing else to be had.
	 * @param position the next offset to be polled
	 * @param leaderEpoch of what is in front of it, transaction markers included; -1 if
	 * unknown
	 */
	public void advance(long position, int leaderEpoch) {
		if (position >= this.position) {
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
		if (this.unused) {
			// This is where it begins.
			begin(position, false, null);
			return;
		}
		if (position > this.position) {
			this.polled.add(this.position, -1, -1, new Hole(this.position, position, cause, true));
		}
		else if (position < this.position) {
			dropPolledFrom(position);
			if (cause == Cause.OUT_OF_RANGE) {
				// The log is shorter than it was: nobody knows from where on it differs.
				this.coverage.count(Integrity.TRUNCATION);
				cutOff(position);
				this.state.passOverAnew(position, cause);
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
		this.committed = offset;
	}

	private void dropPolledFrom(long offset) {
		while (this.polled.size() > 0) {
			int last = this.polled.size() - 1;
			if (this.polled.content(last) instanceof Hole hole && hole.to() > offset && hole.from() < offset) {
				this.polled.removeLast();
				this.polled.add(hole.from(), -1, -1, new Hole(hole.from(), offset, hole.cause(), hole.proven()));
				return;
			}
			if (this.polled.offset(last) < offset) {
				return;
			}
			this.polled.removeLast();
		}
	}

	/**
	 * The log was found to be cut off at an offset that was polled before, and the
	 * position was set to it.
	 * @param position the first offset at which the log differs from what was polled
	 */
	public void truncate(long position) {
		this.coverage.count(Integrity.TRUNCATION);
		for (int i = 0; i < this.polled.size(); i++) {
			if (this.polled.offset(i) >= position && this.polled.content(i) instanceof Stamp stamp) {
				this.orphans.add(new Orphan(new Finding.Place(this.polled.offset(i), this.polled.timestamp(i),
						this.polled.leaderEpoch(i), numberOf(stamp)), stamp.session()));
			}
		}
		dropPolledFrom(position);
		cutOff(position);
		this.position = position;
		this.positionLeaderEpoch = -1;
	}

	private void cutOff(long offset) {
		this.state.cutOff(offset);
		this.checkpoints.cutOff(offset);
		this.truncatedFrom = Math.max(this.truncatedFrom, this.position);
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
		if (offset > this.position) {
			if (offset <= this.truncatedFrom) {
				rememberOrphans(offset);
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

	// Only an offset behind the end of what is there now is surely one of before.
	private void rememberOrphans(long offset) {
		this.orphans.removeIf((orphan) -> {
			boolean processed = orphan.place().offset() < offset;
			if (processed) {
				this.state.arrive(orphan.session(), orphan.place().number(), orphan.place().offset(),
						orphan.place().leaderEpoch(), orphan.place().timestamp(), false);
			}
			return processed;
		});
	}

	private void fold(long to, long now) {
		LaneState state = this.state;
		while (this.polled.size() > 0 && this.polled.offset(0) < to) {
			Object content = this.polled.content(0);
			if (content instanceof Hole hole) {
				if (hole.to() > to) {
					state.skip(new Hole(hole.from(), to, hole.cause(), hole.proven()));
					this.polled.replaceFirst(to, new Hole(to, hole.to(), hole.cause(), hole.proven()));
					break;
				}
				state.skip(hole);
			}
			else {
				pass(state, this.polled.offset(0), this.polled.leaderEpoch(0), this.polled.timestamp(0),
						(Stamp) content, now);
			}
			this.polled.removeFirst();
		}
		state.passTo(to);
		this.changed = true;
	}

	private void pass(LaneState state, long offset, int leaderEpoch, long timestamp, @Nullable Stamp stamp, long now) {
		state.pass(offset, leaderEpoch);
		if (stamp != null) {
			long number = numberOf(stamp);
			boolean again = stamp.replay() || this.findings.isCopy(stamp.session(), number, offset);
			SessionState.Arrival arrival = state.arrive(stamp.session(), number, offset, leaderEpoch, timestamp, again);
			this.findings.arrived(state, stamp, offset, arrival, now);
		}
	}

	private void passAgain(LaneState state, LogAccess.Entry entry) {
		pass(state, entry.offset(), entry.leaderEpoch(), entry.timestamp(), stampOf(entry.header()),
				this.nanoClock.getAsLong());
	}

	private long numberOf(Stamp stamp) {
		return this.readCommitted ? stamp.number() : stamp.appendNumber();
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
		}
		if (due || settled) {
			this.coverage.suspects(this.lane, this.state.openNumbers());
		}
		return settled;
	}

	private void evaluate(long now) {
		LaneState state = this.state;
		TopicFacts facts = this.board.facts(this.lane.topic());
		if (facts == null) {
			return;
		}
		if (state.topicIdHash() != 0 && state.topicIdHash() != facts.topicIdHash()) {
			this.coverage.count(Integrity.TOPIC_RECREATED);
			state.recreated(facts.topicIdHash());
		}
		state.topicIdHash(facts.topicIdHash());
		boolean atPosition = this.polled.size() == 0;
		if (atPosition) {
			state.passTo(this.position);
		}
		this.changed = this.findings.evaluate(state, facts, atPosition, now);
		this.findings.forgotten(state, state.shrink(LaneState.MOST_SESSIONS));
		this.checkpoints.keep(state, now);
	}

	/**
	 * The numbers below the first of each session that was read, of which nobody can say
	 * whether the group should have read them.
	 * @return by session; a snapshot
	 */
	public Map<Long, NumberRanges> unverified() {
		Map<Long, NumberRanges> unverified = new HashMap<>();
		this.state.sessions().forEach((session) -> {
			if (!session.unknown().isEmpty()) {
				unverified.put(session.session(), session.unknown());
			}
		});
		return unverified;
	}

	/**
	 * End: the partition is no longer assigned.
	 */
	public void end() {
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

	/**
	 * A record that was polled from a part of the log that is no longer there.
	 *
	 * @param place where it was, with its number
	 * @param session of the record
	 */
	private record Orphan(Finding.Place place, long session) {

	}

}
