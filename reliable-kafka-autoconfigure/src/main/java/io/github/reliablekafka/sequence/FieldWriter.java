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

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Writes the fields of {@code docs/wire-format.md} one behind the other. Not thread-safe.
 */
final class FieldWriter {

	/**
	 * The highest number or offset that is written: differences of two of them then fit
	 * into 63 bits, whatever their sign.
	 */
	static final long HIGHEST = (1L << 62) - 1;

	private static final VarHandle INT = MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

	private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

	private byte[] bytes;

	private int length;

	FieldWriter(int expectedLength) {
		this.bytes = new byte[expectedLength];
	}

	void clear() {
		this.length = 0;
	}

	void truncate(int length) {
		this.length = length;
	}

	void octet(int value) {
		reserve(1);
		this.bytes[this.length++] = (byte) value;
	}

	void fixed32(int value) {
		reserve(4);
		INT.set(this.bytes, this.length, value);
		this.length += 4;
	}

	void fixed64(long value) {
		reserve(8);
		LONG.set(this.bytes, this.length, value);
		this.length += 8;
	}

	/**
	 * Write seven bits to a byte, lowest first, with the top bit on all but the last.
	 * @param value not negative
	 */
	void unsigned(long value) {
		reserve(9);
		long rest = value;
		while (rest >= 0x80) {
			this.bytes[this.length++] = (byte) (rest | 0x80);
			rest >>>= 7;
		}
		this.bytes[this.length++] = (byte) rest;
	}

	/**
	 * Write a number that may be negative, so that small ones of either sign are short.
	 * @param value the difference of two numbers
	 */
	void signed(long value) {
		unsigned((value << 1) ^ (value >> 63));
	}

	/**
	 * Write ranges as distances.
	 * @param ranges at least at {@code base}
	 * @param base what the first distance is counted from
	 */
	void ranges(NumberRanges ranges, long base) {
		unsigned(ranges.size());
		long lowest = base;
		for (int i = 0; i < ranges.size(); i++) {
			unsigned(ranges.first(i) - lowest);
			unsigned(ranges.last(i) - ranges.first(i));
			// Ranges do not touch.
			lowest = ranges.last(i) + 2;
		}
	}

	void string(byte[] utf8) {
		unsigned(utf8.length);
		raw(utf8);
	}

	void raw(byte[] value) {
		reserve(value.length);
		System.arraycopy(value, 0, this.bytes, this.length, value.length);
		this.length += value.length;
	}

	int length() {
		return this.length;
	}

	/**
	 * What was written so far, for a checksum.
	 * @return the buffer itself
	 */
	byte[] buffer() {
		return this.bytes;
	}

	byte[] toByteArray() {
		return Arrays.copyOf(this.bytes, this.length);
	}

	private void reserve(int more) {
		if (this.bytes.length - this.length < more) {
			this.bytes = Arrays.copyOf(this.bytes, Math.max(this.length + more, 2 * this.bytes.length));
		}
	}

}
