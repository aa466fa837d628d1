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

package io.github.reliablekafka.spool;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * What is to be written next: records in the order of their calls, and marks, which can
 * wait for the next record or a moment. Guarded by the lock of the store.
 */
final class WriteQueue {

	private static final long MAX_BYTES = 16 << 20;

	private static final long MAX_GROUP_BYTES = 4 << 20;

	private static final long MARK_DELAY = TimeUnit.MILLISECONDS.toNanos(50);

	private final Deque<GroupWriter.Unit> units = new ArrayDeque<>();

	/**
	 * Lanes in which more is resolved than is written.
	 */
	private final List<SpoolLane> dirty = new ArrayList<>();

	/**
	 * By lane without a partition, the positions of those that were to be moved out of it
	 * and were refused. None behind the first is moved before that is written or needs no
	 * move any more: more may have been on their way before anybody heard of it, and
	 * would be in front of it in the lane of their partition.
	 */
	private final Map<SpoolLane, TreeSet<Long>> refusedMoves = new HashMap<>();

	/**
	 * Of what is waiting and of what is being written.
	 */
	private long bytes;

	/**
	 * How many units have come.
	 */
	private long added;

	/**
	 * How many of them were taken.
	 */
	private long taken;

	/**
	 * Whether there was no room for marks.
	 */
	private boolean refused;

	/**
	 * Whether the last group had records, and nothing says yet that it is safe.
	 */
	private boolean afterRecords;

	private long markedAt;

	boolean isEmpty() {
		return this.units.isEmpty();
	}

	/**
	 * Whether what is resolved could not be written.
	 * @return {@code false} if that was tried again meanwhile, with success
	 */
	boolean hasRefused() {
		return this.refused;
	}

	/**
	 * How many units have come so far.
	 * @return what {@link #isWaiting(long)} can be asked for
	 */
	long added() {
		return this.added;
	}

	/**
	 * Whether one of the first units was not taken yet.
	 * @param first how many units
	 * @return {@code false} if others wait at most
	 */
	boolean isWaiting(long first) {
		return this.taken < first;
	}

	long bytes() {
		return this.bytes;
	}

	/**
	 * Whether the disk keeps up.
	 * @param length of what is to come
	 * @return {@code false} if that has to wait
	 */
	boolean takes(int length) {
		return this.bytes == 0 || this.bytes + length <= MAX_BYTES;
	}

	void add(GroupWriter.Unit unit) {
		this.units.add(unit);
		this.added++;
		this.bytes += unit.length();
	}

	/**
	 * More of a lane is resolved.
	 * @param lane the lane
	 * @return whether this is the first mark since marks were written
	 */
	boolean mark(SpoolLane lane) {
		if (lane.isDirty()) {
			return false;
		}
		lane.dirty(true);
		boolean first = this.dirty.isEmpty() && !this.afterRecords;
		if (first) {
			this.markedAt = System.nanoTime();
		}
		this.dirty.add(lane);
		return first;
	}

	/**
	 * How long until marks are to be written even if there is nothing else.
	 * @return in nanoseconds; at most 0 if they are due
	 */
	long untilMarks() {
		return (this.dirty.isEmpty() && !this.afterRecords) ? TimeUnit.SECONDS.toNanos(10)
				: MARK_DELAY - (System.nanoTime() - this.markedAt);
	}

	/**
	 * Take what is to be written next.
	 * @param marks whether there is a group for marks alone
	 * @return empty for nothing; at its end those that are held
	 */
	List<GroupWriter.Unit> take(boolean marks) {
		List<GroupWriter.Unit> group = new ArrayList<>();
		List<GroupWriter.Unit> held = new ArrayList<>(0);
		if (marks || !this.units.isEmpty()) {
			for (SpoolLane lane : this.dirty) {
				lane.dirty(false);
				group.add(GroupWriter.Unit.mark(Frame.RESOLVE, lane, lane.base() - 1));
			}
			this.dirty.clear();
			this.refused = false;
		}
		this.markedAt = System.nanoTime();
		long length = 0;
		while (!this.units.isEmpty() && length < MAX_GROUP_BYTES) {
			GroupWriter.Unit unit = this.units.remove();
			this.taken++;
			length += unit.length();
			if (isBehindRefused(unit)) {
				unit.hold();
				held.add(unit);
			}
			else if (unit.isWanted()) {
				group.add(unit);
			}
			else {
				this.bytes -= unit.length();
			}
		}
		if (group.isEmpty() && this.afterRecords && marks) {
			// Says that the group before was safe.
			group.add(GroupWriter.Unit.nothing());
		}
		this.afterRecords = group.stream().anyMatch(GroupWriter.Unit::isRecord);
		group.addAll(held);
		return group;
	}

	private boolean isBehindRefused(GroupWriter.Unit unit) {
		GroupWriter.Origin origin = unit.origin();
		TreeSet<Long> refused = (origin != null) ? this.refusedMoves.get(origin.lane()) : null;
		if (origin == null || refused == null) {
			return false;
		}
		while (!refused.isEmpty() && origin.lane().place(refused.first()) == SpoolLane.RESOLVED) {
			refused.remove(refused.first());
		}
		if (!refused.isEmpty() && refused.first() < origin.position()) {
			// Now, as the first may be the next one in the group.
			refused.add(origin.position());
			return true;
		}
		refused.remove(origin.position());
		if (refused.isEmpty()) {
			this.refusedMoves.remove(origin.lane());
		}
		return false;
	}

	void written(Collection<GroupWriter.Unit> group) {
		group.forEach(this::forget);
	}

	/**
	 * There was no room. Marks are tried again. For one of a single record that is done
	 * with its lane: there is room when there is another segment, and that begins with
	 * all that is resolved.
	 * @param group what was not written, held or not
	 */
	void refused(Collection<GroupWriter.Unit> group) {
		for (GroupWriter.Unit unit : group) {
			forget(unit);
			if (unit.isRecord()) {
				unit.lane().resolve(unit.position());
				GroupWriter.Origin origin = unit.origin();
				if (origin != null && origin.lane().partition() == SpoolLane.UNPLACED) {
					this.refusedMoves.computeIfAbsent(origin.lane(), (lane) -> new TreeSet<>()).add(origin.position());
				}
			}
			else if (!unit.isNothing()) {
				this.refused = true;
				if (!unit.lane().isDirty()) {
					unit.lane().dirty(true);
					this.dirty.add(unit.lane());
				}
			}
		}
	}

	/**
	 * Nothing will be written any more.
	 * @return what was waiting
	 */
	List<GroupWriter.Unit> clear() {
		List<GroupWriter.Unit> waiting = new ArrayList<>(this.units);
		this.units.clear();
		this.taken = this.added;
		this.bytes = 0;
		return waiting;
	}

	private void forget(GroupWriter.Unit unit) {
		if (!unit.isMark()) {
			this.bytes -= unit.length();
		}
	}

}
