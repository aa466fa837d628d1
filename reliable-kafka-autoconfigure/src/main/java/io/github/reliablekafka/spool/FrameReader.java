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
import java.util.concurrent.locks.ReentrantLock;

import org.jspecify.annotations.Nullable;

/**
 * Reads records back from the files, also while they are moved from one file to another.
 * What it returns is what was written: each frame is checked. Safe for use by many
 * threads; none of them may have the lock.
 */
final class FrameReader {

	private final ReentrantLock lock;

	private final SegmentFiles files;

	private final Disk disk;

	private final ReadAhead ahead;

	FrameReader(ReentrantLock lock, SegmentFiles files, Disk disk) {
		this.lock = lock;
		this.files = files;
		this.disk = disk;
		this.ahead = new ReadAhead(files.spool());
	}

	/**
	 * Read the frame of a record.
	 * @param lane its lane
	 * @param position its position
	 * @return {@code null} if it is not on disk yet, or is resolved
	 * @throws SpoolException if the bytes are not those that were written, or the disk
	 * fails
	 */
	@Nullable ByteBuffer read(SpoolLane lane, long position) {
		while (true) {
			long place;
			Segment segment;
			this.lock.lock();
			try {
				place = lane.place(position);
				segment = this.files.segment(place);
			}
			finally {
				this.lock.unlock();
			}
			if (place == SpoolLane.PENDING || place == SpoolLane.RESOLVED) {
				return null;
			}
			ByteBuffer frame = (segment != null) ? read(segment, SegmentFiles.offset(place)) : null;
			if (frame != null && Frame.lane(frame, 0) == lane.id() && Frame.number(frame, 0) == position) {
				return frame;
			}
			if (place(lane, position) == place) {
				throw new SpoolException(SpoolException.Kind.CORRUPT, "'%s' in %s is damaged at offset %d"
					.formatted((segment != null) ? segment.name() : "a file", this.disk, SegmentFiles.offset(place)));
			}
			// It was moved meanwhile, and the file is used for others.
		}
	}

	private @Nullable ByteBuffer read(Segment segment, int offset) {
		try {
			return this.ahead.read(segment, offset);
		}
		catch (IOException ex) {
			throw new SpoolException(SpoolException.Kind.FAILED,
					"'%s' in %s cannot be read".formatted(segment.name(), this.disk), "", ex);
		}
	}

	private long place(SpoolLane lane, long position) {
		this.lock.lock();
		try {
			return lane.place(position);
		}
		finally {
			this.lock.unlock();
		}
	}

}
