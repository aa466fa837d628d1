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

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;

/**
 * Lets records into the spool as far as there is room for them, so that what was let in
 * can be written. Each method is to be called with the lock.
 */
final class Admission {

	private static final long LONGEST_WAIT = TimeUnit.SECONDS.toNanos(1);

	/**
	 * Signalled when there may be room.
	 */
	private final Condition room;

	private final Disk disk;

	private final SpoolOptions options;

	private final SegmentFiles files;

	private final LaneDirectory lanes;

	private final WriteQueue queue;

	private final SegmentGrowth growth;

	private final Relocation relocation;

	/**
	 * Whether files are made and emptied in the background.
	 */
	private boolean inBackground;

	Admission(Condition room, Disk disk, SpoolOptions options, SegmentFiles files, LaneDirectory lanes,
			WriteQueue queue, SegmentGrowth growth, Relocation relocation) {
		this.room = room;
		this.disk = disk;
		this.options = options;
		this.files = files;
		this.lanes = lanes;
		this.queue = queue;
		this.growth = growth;
		this.relocation = relocation;
	}

	void inBackground(boolean background) {
		this.inBackground = background;
	}

	/**
	 * Refuse what would not find room in any file. Needs no lock.
	 * @param frame a record
	 */
	void requireFits(byte[] frame) {
		int most = (this.options.segmentBytes() - Segment.START) / 4;
		if (frame.length > most) {
			throw new SpoolException(SpoolException.Kind.TOO_LARGE,
					"A record takes %d bytes, and the most is %d".formatted(frame.length, most));
		}
	}

	/**
	 * Wait for room.
	 * @param length of the record
	 * @param patience longest time, in nanoseconds
	 * @param requireOpen throws an exception if the spool takes nothing any more
	 * @param wake has files emptied in the background
	 * @throws SpoolException if there is none
	 */
	void await(int length, long patience, Runnable requireOpen, Runnable wake) {
		long left = patience;
		while (true) {
			requireOpen.run();
			boolean mayQueue = this.queue.takes(length);
			long room = this.files.room() - this.relocation.reserved();
			boolean mayFollow = this.lanes.records() < this.options.maxRecords();
			if (mayFollow && mayQueue && this.queue.bytes() + length + 2L * Frame.HEADER <= room) {
				return;
			}
			boolean grows = mayFollow && this.growth.isPossible();
			boolean soon = mayFollow && (!mayQueue || grows || this.relocation.isPossible());
			if (mayQueue && grows) {
				grow();
			}
			else if (mayQueue && soon) {
				wake.run();
			}
			if (left <= 0 && !(grows && mayQueue && !this.inBackground)) {
				throw full(soon, mayQueue);
			}
			try {
				// Short, because a file may be refused now and granted later.
				long step = Math.min(Math.max(left, TimeUnit.MILLISECONDS.toNanos(1)), LONGEST_WAIT);
				long unused = this.room.awaitNanos(step);
				left -= step - Math.max(0, unused);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw full(soon, mayQueue);
			}
		}
	}

	private void grow() {
		if (this.inBackground) {
			this.growth.request();
		}
		else {
			this.growth.grow(true);
		}
	}

	/**
	 * Refuse what finds no room although it makes room. Waits for no file: callers are
	 * threads that must not.
	 * @param length of the record
	 * @throws SpoolException if there is no room
	 */
	void requireRoomToMove(int length) {
		long spare = this.files.hasSpare() ? this.options.segmentBytes() / 2 : 0;
		if (this.queue.bytes() + length <= this.files.room() + spare) {
			return;
		}
		if (!this.growth.isPossible()) {
			throw full();
		}
		// What was in the way is so until a file is there.
		SpoolException refusal = (this.growth.obstacle() != null) ? full()
				: new SpoolException(SpoolException.Kind.BUSY,
						"The spool in %s has no room yet: another file is being made".formatted(this.disk));
		grow();
		throw refusal;
	}

	/**
	 * What to say to those for whom there is no room at all.
	 * @return an exception
	 */
	SpoolException full() {
		return full(false, true);
	}

	private SpoolException full(boolean soon, boolean mayQueue) {
		String reason = (this.lanes.records() >= this.options.maxRecords())
				? "%d records wait, and an eighth of the heap is enough for no more".formatted(this.lanes.records())
				: !mayQueue ? "the disk does not keep up, %d bytes wait for it".formatted(this.queue.bytes())
						: (this.growth.obstacle() != null) ? this.growth.obstacle()
								: "%d bytes are in use, and the limit is %d".formatted(this.files.usedBytes(),
										this.options.maxBytes());
		return new SpoolException(soon ? SpoolException.Kind.BUSY : SpoolException.Kind.FULL,
				"The spool in %s is full: %s".formatted(this.disk, reason));
	}

}
