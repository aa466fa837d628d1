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
import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * Reads frames, and what is behind them as well, as a lane is mostly read in its order.
 * How much that is depends on how much of the last was of use: little where the next
 * record of a lane is far away. A frame counts only if its checksum is that of its place,
 * so it does no harm that a file is written meanwhile, or used again. Up to 2 MiB of
 * memory. Safe for use by many threads.
 */
final class ReadAhead {

	private static final int WINDOWS = 16;

	private static final int SMALLEST = 4096;

	private static final int LARGEST = 128 << 10;

	/**
	 * So many frames of a window are of use if more would be.
	 */
	private static final int USEFUL = 4;

	private final UUID spool;

	private final @Nullable Window[] windows = new Window[WINDOWS];

	private long clock;

	ReadAhead(UUID spool) {
		this.spool = spool;
	}

	/**
	 * Read a frame.
	 * @param segment where it is
	 * @param offset where it begins
	 * @return a copy; {@code null} if its bytes are not those that were written
	 * @throws IOException if they cannot be read
	 */
	synchronized @Nullable ByteBuffer read(Segment segment, int offset) throws IOException {
		int length = SMALLEST;
		int oldest = 0;
		for (int i = 0; i < WINDOWS; i++) {
			Window window = this.windows[i];
			if (window == null || window.segment != segment || window.id != segment.id()) {
				oldest = isOlder(window, this.windows[oldest]) ? i : oldest;
				continue;
			}
			ByteBuffer frame = window.frame(offset);
			if (frame != null) {
				window.hits++;
				window.usedAt = ++this.clock;
				return frame;
			}
			if (window.isFollowedBy(offset)) {
				// The next of the same lane, or it was not written yet.
				length = window.next();
				oldest = i;
				break;
			}
			oldest = isOlder(window, this.windows[oldest]) ? i : oldest;
		}
		return read(segment, offset, length, oldest);
	}

	private static boolean isOlder(@Nullable Window window, @Nullable Window other) {
		return other != null && (window == null || window.usedAt < other.usedAt);
	}

	private @Nullable ByteBuffer read(Segment segment, int offset, int ahead, int index) throws IOException {
		Window last = this.windows[index];
		this.windows[index] = null;
		int wanted = Math.min(ahead, segment.size() - offset);
		ByteBuffer content = (last != null && last.content.capacity() >= wanted && last.content.capacity() <= 2 * ahead)
				? last.content.clear().limit(wanted) : ByteBuffer.allocate(wanted);
		segment.read(content, offset);
		int length = (content.limit() >= Frame.HEADER) ? Frame.length(content, 0) : 0;
		if (length > content.limit() && length <= segment.size() - offset) {
			content = ByteBuffer.allocate(length);
			segment.read(content, offset);
		}
		Window window = new Window(segment, segment.id(), offset, content, this.spool, ++this.clock);
		ByteBuffer frame = window.frame(offset);
		if (content.capacity() <= LARGEST) {
			this.windows[index] = window;
		}
		return frame;
	}

	/**
	 * A part of a file.
	 */
	private static final class Window {

		private final Segment segment;

		private final long id;

		private final int from;

		private final ByteBuffer content;

		private final Frame.Checksums checksums;

		private long usedAt;

		private int hits;

		Window(Segment segment, long id, int from, ByteBuffer content, UUID spool, long usedAt) {
			this.segment = segment;
			this.id = id;
			this.from = from;
			this.content = content;
			this.checksums = new Frame.Checksums(spool, id);
			this.usedAt = usedAt;
		}

		@Nullable ByteBuffer frame(int offset) {
			int at = offset - this.from;
			if (at < 0 || !Frame.isPlausible(this.content, at) || !this.checksums.isRight(this.content, at, offset)) {
				return null;
			}
			byte[] frame = new byte[Frame.length(this.content, at)];
			this.content.get(at, frame);
			return ByteBuffer.wrap(frame);
		}

		boolean isFollowedBy(int offset) {
			return offset >= this.from && offset - this.from <= 2 * LARGEST;
		}

		int next() {
			return (this.hits >= USEFUL) ? Math.min(LARGEST, 2 * Math.max(SMALLEST, this.content.limit()))
					: Math.max(SMALLEST, this.content.limit() / 2);
		}

	}

}
