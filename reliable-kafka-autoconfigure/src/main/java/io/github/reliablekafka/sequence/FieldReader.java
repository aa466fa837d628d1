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

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads what a {@link FieldWriter} wrote, or anything else. Does not throw: what cannot
 * be read is 0 or empty, and {@link #isBroken()} says so at the end. Not thread-safe.
 */
final class FieldReader {

	private byte[] bytes;

	private int end;

	private int position;

	private boolean broken;

	/**
	 * Read part of an array.
	 * @param bytes is not copied
	 * @param end where to stop
	 */
	FieldReader(byte[] bytes, int end) {
		this.bytes = bytes;
		this.end = end;
		this.broken = end < 0;
	}

	/**
	 * Read another part of an array, as if this reader was new.
	 * @param bytes is not copied
	 * @param end where to stop
	 */
	void reset(byte[] bytes, int end) {
		this.bytes = bytes;
		this.end = end;
		this.position = 0;
		this.broken = end < 0;
	}

	/**
	 * Read four bytes, wherever they are.
	 * @param bytes an array
	 * @param position where the first is
	 * @return what {@link FieldWriter#fixed32} wrote
	 */
	static int fixed32(byte[] bytes, int position) {
		return (bytes[position] << 24) | ((bytes[position + 1] & 0xFF) << 16) | ((bytes[position + 2] & 0xFF) << 8)
				| (bytes[position + 3] & 0xFF);
	}

	int octet() {
		return has(1) ? this.bytes[this.position++] & 0xFF : 0;
	}

	int fixed32() {
		if (!has(4)) {
			return 0;
		}
		this.position += 4;
		return fixed32(this.bytes, this.position - 4);
	}

	long fixed64() {
		return has(8) ? ((long) fixed32() << 32) | (fixed32() & 0xFFFFFFFFL) : 0;
	}

	/**
	 * Read a number of at most 63 bits in its shortest form.
	 * @return not negative
	 */
	long unsigned() {
		long value = 0;
		for (int shift = 0; shift < 63; shift += 7) {
			int next = octet();
			value |= (long) (next & 0x7F) << shift;
			if (next < 0x80) {
				this.broken |= next == 0 && shift > 0;
				return this.broken ? 0 : value;
			}
		}
		this.broken = true;
		return 0;
	}

	long signed() {
		long value = unsigned();
		return (value >>> 1) ^ -(value & 1);
	}

	/**
	 * Read a number or an offset.
	 * @param lowest the lowest that is right
	 * @return within the limits
	 */
	long number(long lowest) {
		return check(unsigned(), lowest, FieldWriter.HIGHEST);
	}

	/**
	 * Check a value that was computed from what was read.
	 * @param value the value
	 * @param lowest the lowest that is right
	 * @param highest the highest that is right
	 * @return the value, or {@code lowest} if it is not right
	 */
	long check(long value, long lowest, long highest) {
		if (value < lowest || value > highest) {
			this.broken = true;
		}
		return this.broken ? lowest : value;
	}

	/**
	 * Read ranges.
	 * @param base what the first distance is counted from
	 * @param most how many there may be
	 * @return sorted and disjoint
	 */
	NumberRanges ranges(long base, int most) {
		// Each takes two bytes at least.
		int size = (int) check(unsigned(), 0, Math.min(most, (this.end - this.position) / 2));
		long[] bounds = new long[2 * size];
		long lowest = base;
		for (int i = 0; i < bounds.length && !this.broken; i += 2) {
			bounds[i] = check(lowest + number(0), lowest, FieldWriter.HIGHEST);
			bounds[i + 1] = check(bounds[i] + number(0), bounds[i], FieldWriter.HIGHEST);
			lowest = bounds[i + 1] + 2;
		}
		return this.broken ? NumberRanges.EMPTY : NumberRanges.ofBounds(bounds);
	}

	/**
	 * Read a string.
	 * @param longest how many bytes it may have
	 * @return the string
	 */
	String string(int longest) {
		int size = (int) check(unsigned(), 0, longest);
		if (!has(size)) {
			return "";
		}
		byte[] utf8 = Arrays.copyOfRange(this.bytes, this.position, this.position + size);
		this.position += size;
		try {
			return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
		}
		catch (CharacterCodingException ex) {
			this.broken = true;
			return "";
		}
	}

	void fail() {
		this.broken = true;
	}

	/**
	 * Whether something that was read so far is not right.
	 * @return {@code true} if there is no use in going on
	 */
	boolean hasFailed() {
		return this.broken;
	}

	/**
	 * Whether something was missing, out of range or not in its shortest form, or whether
	 * something is left.
	 * @return {@code true} if the fields are not to be used
	 */
	boolean isBroken() {
		return this.broken || this.position != this.end;
	}

	private boolean has(int more) {
		if (this.broken || this.end - this.position < more) {
			this.broken = true;
		}
		return !this.broken;
	}

}
