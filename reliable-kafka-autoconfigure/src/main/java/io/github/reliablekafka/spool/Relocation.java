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

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

/**
 * Writes records again at the head of the log so that the file that they were in can be
 * used for others. When there is no free file and none can be had, it empties the one of
 * whose records the smallest share is left, as long as that is at most three quarters: so
 * no more is ever written again than three times what was resolved. A record keeps its
 * lane and its position; its file is free only when the copy is on disk, and until then
 * whichever of the two is found counts.
 * <p>
 * Whoever calls {@link #step()} is the one who writes. So no record is in a group that is
 * being written meanwhile, and what resolves or moves it comes behind the copy.
 */
final class Relocation {

	/**
	 * How much is written again before others have their turn.
	 */
	private static final long STEP_BYTES = 1 << 20;

	private static final int STEP_RECORDS = 4096;

	private static final long PAUSE = TimeUnit.SECONDS.toNanos(1);

	private final ReentrantLock lock;

	/**
	 * Signalled when there may be room.
	 */
	private final Condition room;

	private final SegmentFiles files;

	private final LaneDirectory lanes;

	private final GroupWriter writer;

	private final FrameReader reader;

	private final SegmentGrowth growth;

	/**
	 * The ids of segments that stay as they are, since they cannot be read.
	 */
	private final Set<Long> unmovable = new HashSet<>();

	/**
	 * The one that is being emptied.
	 */
	private @Nullable Segment current;

	private long relocated;

	private boolean paused;

	private long pausedUntil;

	Relocation(ReentrantLock lock, Condition room, SegmentFiles files, LaneDirectory lanes, GroupWriter writer,
			FrameReader reader, SegmentGrowth growth) {
		this.lock = lock;
		this.room = room;
		this.files = files;
		this.lanes = lanes;
		this.writer = writer;
		this.reader = reader;
		this.growth = growth;
	}

	/**
	 * Whether there would be more room if somebody saw to it. With the lock.
	 * @return {@code false} while there is a file to be had without, or nothing to gain
	 */
	boolean isPossible() {
		return victim() != null;
	}

	/**
	 * How much of the room is needed for what is being written again. With the lock.
	 * @return in bytes
	 */
	long reserved() {
		Segment present = this.current;
		return (present != null && present.live() > 0) ? this.files.emptied() : 0;
	}

	/**
	 * How many records were written again. With the lock.
	 * @return since the spool was opened
	 */
	long relocated() {
		return this.relocated;
	}

	private @Nullable Segment victim() {
		if (this.paused && System.nanoTime() - this.pausedUntil < 0) {
			return null;
		}
		Segment present = this.current;
		if (present != null && present.live() > 0 && present != this.files.active()) {
			return present;
		}
		// Its file may be in use again, for others.
		this.current = null;
		if (this.files.hasCommon() || this.growth.isPossible() || !this.files.hasSpare()) {
			return null;
		}
		return this.files.sparsest(this.unmovable);
	}

	/**
	 * Write some records again, if there is need. For the thread that writes, between
	 * groups, without the lock.
	 * @return whether there may be more to do
	 * @throws IOException if the disk fails
	 */
	boolean step() throws IOException {
		Segment victim;
		this.lock.lock();
		try {
			victim = victim();
			this.current = victim;
		}
		finally {
			this.lock.unlock();
		}
		return victim != null && move(victim);
	}

	/**
	 * Empty a segment that cannot stay, and delete its file.
	 * @param segment not the one that is written
	 * @throws IOException if the disk fails
	 */
	void empty(Segment segment) throws IOException {
		boolean more = true;
		while (segment.live() > 0 && more) {
			more = move(segment);
		}
		if (segment.live() == 0) {
			this.files.discard(segment);
		}
	}

	private boolean move(Segment segment) throws IOException {
		List<Located> located = locate(segment);
		List<GroupWriter.Unit> units = read(located);
		if (units == null || located.isEmpty()) {
			giveUp(segment);
			return false;
		}
		List<GroupWriter.Unit> left = this.writer.write(units, (written) -> {
		});
		this.lock.lock();
		try {
			this.relocated += units.size() - left.size();
			if (!left.isEmpty()) {
				this.paused = true;
				this.pausedUntil = System.nanoTime() + PAUSE;
				this.current = null;
			}
			this.room.signalAll();
		}
		finally {
			this.lock.unlock();
		}
		return left.isEmpty();
	}

	private void giveUp(Segment segment) {
		this.lock.lock();
		try {
			if (segment.live() > 0) {
				this.unmovable.add(segment.id());
			}
			this.current = null;
		}
		finally {
			this.lock.unlock();
		}
	}

	private List<Located> locate(Segment segment) {
		List<Located> located = new ArrayList<>();
		this.lock.lock();
		try {
			for (SpoolLane lane : this.lanes.all()) {
				if (lane.live() > 0 && located.size() < STEP_RECORDS) {
					lane.forEachLive((position) -> {
						long place = lane.place(position);
						if (located.size() < STEP_RECORDS && this.files.segment(place) == segment) {
							located.add(new Located(lane, position, place));
						}
					});
				}
			}
		}
		finally {
			this.lock.unlock();
		}
		return located;
	}

	// Returns null if one of them cannot be read.
	private @Nullable List<GroupWriter.Unit> read(List<Located> located) {
		List<GroupWriter.Unit> units = new ArrayList<>();
		long bytes = 0;
		for (Located each : located) {
			ByteBuffer frame;
			try {
				frame = this.reader.read(each.lane, each.position);
			}
			catch (SpoolException ex) {
				// Whoever reads the record to send it is told.
				return null;
			}
			if (frame != null) {
				byte[] copy = new byte[Frame.length(frame, 0)];
				frame.get(copy);
				units.add(new GroupWriter.Unit(copy, null, each.lane, each.position, each.place, GroupWriter.NOTHING,
						GroupWriter.Unconfirmed.NOBODY));
				bytes += copy.length;
			}
			if (bytes >= STEP_BYTES) {
				break;
			}
		}
		return units;
	}

	/**
	 * Where a record is.
	 *
	 * @param lane its lane
	 * @param position its position
	 * @param place its place
	 */
	private record Located(SpoolLane lane, long position, long place) {

	}

}
