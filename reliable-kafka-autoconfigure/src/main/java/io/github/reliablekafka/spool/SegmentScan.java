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
import java.util.function.IntConsumer;

import org.jspecify.annotations.Nullable;

/**
 * Reads the frames of a segment, group by group: a group counts when its commit is there.
 * Tells apart the two ways in which a segment can end early. A group that was being
 * written when the power went is torn, and nobody was told that it is safe. If a later
 * group is there, the bytes were right once: a group is begun when the one before is
 * safe.
 */
final class SegmentScan {

	private final ByteBuffer content;

	private final Frame.Checksums checksums;

	private final IntConsumer visitor;

	private int end = Segment.START;

	private boolean ended;

	private @Nullable Damage damage;

	private int frames;

	private SegmentScan(ByteBuffer content, Frame.Checksums checksums, IntConsumer visitor) {
		this.content = content;
		this.checksums = checksums;
		this.visitor = visitor;
	}

	/**
	 * Read a segment up to its end, or to where it is damaged.
	 * @param content its bytes
	 * @param checksums of the segment
	 * @param last whether it is the newest one
	 * @param visitor is told where each frame begins that counts, in order
	 * @return what was found
	 */
	static SegmentScan read(ByteBuffer content, Frame.Checksums checksums, boolean last, IntConsumer visitor) {
		SegmentScan scan = new SegmentScan(content, checksums, visitor);
		int stop = scan.groups();
		if (!scan.ended && (!last || scan.hasLaterGroup(stop))) {
			scan.damage = scan.damageAt(stop);
		}
		return scan;
	}

	/**
	 * Where the last group that counts ends.
	 * @return an offset
	 */
	int end() {
		return this.end;
	}

	/**
	 * Where bytes are not what they were.
	 * @return {@code null} if there is no such place
	 */
	@Nullable Damage damage() {
		return this.damage;
	}

	/**
	 * How many bytes behind the end look as if they had been about to be a group.
	 * @return 0 for a clean end
	 */
	int tornBytes() {
		return (!this.ended && Frame.isPlausible(this.content, this.end)) ? Frame.length(this.content, this.end) : 0;
	}

	/**
	 * Whether the segment says itself where it ends.
	 * @return {@code false} for one that was being written when the process ended
	 */
	boolean isEnded() {
		return this.ended;
	}

	int frames() {
		return this.frames;
	}

	/**
	 * Go on behind a damage with each frame that is right for itself, whether or not its
	 * group is complete.
	 * @return how many bytes were skipped
	 */
	int salvage() {
		int skipped = 0;
		int at = this.end;
		while (at + Frame.HEADER <= this.content.limit()) {
			if (isFrame(at)) {
				this.frames++;
				this.visitor.accept(at);
				at += Frame.length(this.content, at);
			}
			else {
				skipped += (this.content.getLong(at) != 0) ? 8 : 0;
				at += 8;
			}
		}
		return skipped;
	}

	private int groups() {
		int at = this.end;
		while (isFrame(at)) {
			int type = Frame.type(this.content, at);
			int next = at + Frame.length(this.content, at);
			if (type == Frame.COMMIT) {
				if (Frame.number(this.content, at) != at - this.end) {
					return at;
				}
				deliver(at);
				this.end = next;
			}
			at = next;
		}
		return at;
	}

	private void deliver(int commit) {
		for (int at = this.end; at < commit; at += Frame.length(this.content, at)) {
			this.frames++;
			this.ended |= Frame.type(this.content, at) == Frame.END;
			this.visitor.accept(at);
		}
	}

	private boolean isFrame(int at) {
		return Frame.isPlausible(this.content, at) && this.checksums.isRight(this.content, at);
	}

	private boolean hasLaterGroup(int stop) {
		for (int at = stop; at + Frame.HEADER <= this.content.limit(); at += 8) {
			if (this.content.getInt(at) == Frame.HEADER && Frame.type(this.content, at) == Frame.COMMIT && isFrame(at)
					&& at - Frame.number(this.content, at) > this.end) {
				return true;
			}
		}
		return false;
	}

	private Damage damageAt(int stop) {
		boolean readable = Frame.isPlausible(this.content, stop);
		int expected = (stop + Frame.HEADER <= this.content.limit()) ? this.content.getInt(stop + 4) : 0;
		int actual = readable ? this.checksums.of(this.content, stop, Frame.length(this.content, stop), stop) : 0;
		return new Damage(stop, expected, actual, readable);
	}

	/**
	 * A place that is not what it was.
	 *
	 * @param offset where in the file
	 * @param expected the checksum that is written there
	 * @param actual the checksum of what is written there
	 * @param readable whether there is a length that makes sense
	 */
	record Damage(int offset, int expected, int actual, boolean readable) {

		@Override
		public String toString() {
			return this.readable
					? "offset %d, checksum %08x, expected %08x".formatted(this.offset, this.actual, this.expected)
					: "offset %d, where a frame should begin".formatted(this.offset);
		}

	}

}
