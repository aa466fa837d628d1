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

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The lanes of a spool, by name and by id, and what is known of lanes that are over but
 * whose bytes are still there. Guarded by the lock of the store.
 */
final class LaneDirectory {

	private final Map<Name, SpoolLane> byName = new HashMap<>();

	private final Map<Integer, SpoolLane> byId = new HashMap<>();

	/**
	 * Up to where lanes were resolved, as far as files say.
	 */
	private final Map<Integer, Long> resolved = new HashMap<>();

	/**
	 * Lanes of which files have records, resolved or not.
	 */
	private final Set<Integer> found = new HashSet<>();

	private final SpoolLane.Count count = new SpoolLane.Count();

	private int nextId = 1;

	SpoolLane lane(String destination, String topic, int partition) {
		return this.byName.computeIfAbsent(new Name(destination, topic, partition), (name) -> {
			SpoolLane lane = new SpoolLane(this.nextId++, destination, topic, partition, this.count);
			this.byId.put(lane.id(), lane);
			return lane;
		});
	}

	Collection<SpoolLane> all() {
		return this.byId.values();
	}

	/**
	 * How many records are not resolved.
	 * @return of all lanes
	 */
	long records() {
		return this.count.records();
	}

	/**
	 * A frame was read.
	 * @param content bytes of a segment
	 * @param offset where it begins
	 * @param segment which one
	 * @param files of the spool
	 */
	void restore(ByteBuffer content, int offset, Segment segment, SegmentFiles files) {
		int id = Frame.lane(content, offset);
		long number = Frame.number(content, offset);
		switch (Frame.type(content, offset)) {
			case Frame.DATA -> {
				this.nextId = Math.max(this.nextId, id + 1);
				this.found.add(id);
				segment.newest(Frame.appendedAt(content, offset));
				segment.written();
				if (number > this.resolved.getOrDefault(id, 0L)) {
					SpoolLane lane = this.byId.computeIfAbsent(id, (key) -> Frame.laneOf(content, offset, this.count));
					segment.added();
					forget(lane.restore(number, SegmentFiles.place(segment, offset)), files);
				}
			}
			case Frame.RESOLVE -> resolve(new Frame.Mark(id, 0, number), files);
			case Frame.REMOVE -> resolve(new Frame.Mark(id, number, number), files);
			case Frame.CHECKPOINT -> {
				this.nextId = Math.max(this.nextId, id);
				Frame.marks(content, offset).forEach((mark) -> resolve(mark, files));
			}
			default -> {
			}
		}
	}

	private void resolve(Frame.Mark mark, SegmentFiles files) {
		// Its records may never have been written, as they were resolved before.
		this.nextId = Math.max(this.nextId, mark.lane() + 1);
		SpoolLane lane = this.byId.get(mark.lane());
		if (mark.first() == 0) {
			this.resolved.merge(mark.lane(), mark.last(), Math::max);
			if (lane != null) {
				lane.resolveUpTo(mark.last(), (place) -> forget(place, files));
			}
		}
		else if (lane != null) {
			for (long position = mark.first(); position <= mark.last(); position++) {
				forget(lane.resolve(position), files);
			}
		}
	}

	private static void forget(long place, SegmentFiles files) {
		Segment segment = (place != SpoolLane.RESOLVED) ? files.segment(place) : null;
		if (segment != null) {
			segment.removed();
		}
	}

	/**
	 * All frames were read. Lanes without records are over: who comes next gets a lane of
	 * a new id. Marks are needed as long as there are records of the lane in any file.
	 */
	void restored() {
		this.resolved.keySet().retainAll(this.found);
		this.found.clear();
		this.byId.values().removeIf((lane) -> {
			if (lane.live() == 0) {
				this.resolved.merge(lane.id(), lane.next() - 1, Math::max);
				return true;
			}
			SpoolLane other = this.byName.putIfAbsent(new Name(lane.destination(), lane.topic(), lane.partition()),
					lane);
			if (other != null) {
				throw new IllegalStateException("%s is there twice".formatted(lane));
			}
			return false;
		});
	}

	/**
	 * What is to be known at the begin of a segment.
	 * @param nothing whether no file has anything of interest, so that lanes that are
	 * over can be forgotten
	 * @return a frame
	 */
	byte[] checkpoint(boolean nothing) {
		if (nothing) {
			this.resolved.keySet().retainAll(this.byId.keySet());
		}
		List<Frame.Mark> marks = new ArrayList<>();
		this.resolved.forEach((id, last) -> {
			if (!this.byId.containsKey(id)) {
				marks.add(new Frame.Mark(id, 0, last));
			}
		});
		for (SpoolLane lane : this.byId.values()) {
			if (lane.base() > 1) {
				marks.add(new Frame.Mark(lane.id(), 0, lane.base() - 1));
			}
			Gap gap = new Gap(lane.base());
			lane.forEachLive((position) -> {
				if (position > gap.next) {
					marks.add(new Frame.Mark(lane.id(), gap.next, position - 1));
				}
				gap.next = position + 1;
			});
			if (gap.next < lane.next()) {
				marks.add(new Frame.Mark(lane.id(), gap.next, lane.next() - 1));
			}
		}
		return Frame.checkpoint(this.nextId, marks);
	}

	private record Name(String destination, String topic, int partition) {

	}

	/**
	 * Where resolved positions may begin.
	 */
	private static final class Gap {

		private long next;

		Gap(long next) {
			this.next = next;
		}

	}

}
