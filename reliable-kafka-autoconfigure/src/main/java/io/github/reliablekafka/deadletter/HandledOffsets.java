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

package io.github.reliablekafka.deadletter;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

import org.jspecify.annotations.Nullable;

/**
 * Which dead letters of one partition are redriven or parked, as ranges of offsets. Not
 * thread-safe.
 */
final class HandledOffsets {

	/**
	 * How many ranges there may be: as text they have at most 800 KB, and a topic takes a
	 * megabyte.
	 */
	static final int MOST_RANGES = 20_000;

	private static final String VERSION = "1";

	/**
	 * The last offset of each range by its first.
	 */
	private final TreeMap<Long, Long> ranges = new TreeMap<>();

	void add(long offset) {
		add(offset, offset);
	}

	/**
	 * Add a range, which may touch or overlap others.
	 * @param first its first offset
	 * @param last its last offset; nothing is added if it is below the first
	 */
	void add(long first, long last) {
		if (last < first) {
			return;
		}
		long from = first;
		long to = last;
		Map.Entry<Long, Long> before = this.ranges.floorEntry(from);
		if (before != null && before.getValue() >= from - 1) {
			from = before.getKey();
			to = Math.max(to, before.getValue());
		}
		Map.Entry<Long, Long> next = this.ranges.ceilingEntry(from);
		while (next != null && next.getKey() <= to + 1) {
			to = Math.max(to, next.getValue());
			this.ranges.remove(next.getKey());
			next = this.ranges.higherEntry(from);
		}
		this.ranges.put(from, to);
	}

	boolean contains(long offset) {
		Map.Entry<Long, Long> range = this.ranges.floorEntry(offset);
		return range != null && range.getValue() >= offset;
	}

	/**
	 * The first offset that is not handled.
	 * @param begin where the log begins
	 * @return not below that
	 */
	long firstOpen(long begin) {
		Map.Entry<Long, Long> range = this.ranges.floorEntry(begin);
		return (range != null && range.getValue() >= begin) ? range.getValue() + 1 : begin;
	}

	/**
	 * How many offsets of a part of the log are handled.
	 * @param begin its first offset
	 * @param end the offset behind its last
	 * @return the count
	 */
	long count(long begin, long end) {
		long count = 0;
		for (Map.Entry<Long, Long> range : this.ranges.headMap(end).entrySet()) {
			count += Math.max(0, Math.min(range.getValue() + 1, end) - Math.max(range.getKey(), begin));
		}
		return count;
	}

	boolean isFull() {
		return this.ranges.size() >= MOST_RANGES;
	}

	/**
	 * Write the ranges.
	 * @return text such as {@code 1 0-41 43 50-60}
	 */
	byte[] encode() {
		StringBuilder text = new StringBuilder(VERSION);
		this.ranges.forEach((first, last) -> {
			text.append(' ').append((long) first);
			if (!first.equals(last)) {
				text.append('-').append((long) last);
			}
		});
		return text.toString().getBytes(StandardCharsets.US_ASCII);
	}

	/**
	 * Read ranges.
	 * @param encoded what {@link #encode} wrote; {@code null} for nothing
	 * @return new ranges
	 * @throws IllegalStateException if that is not understood: what was redriven is then
	 * unknown
	 */
	static HandledOffsets decode(byte @Nullable [] encoded) {
		HandledOffsets handled = new HandledOffsets();
		if (encoded == null) {
			return handled;
		}
		String[] fields = new String(encoded, StandardCharsets.US_ASCII).split(" ", -1);
		try {
			if (!fields[0].equals(VERSION)) {
				throw new IllegalStateException("Marks of redriven records have the unknown version '%s'"
					.formatted(DeadLetter.printable(fields[0])));
			}
			for (int i = 1; i < fields.length; i++) {
				int hyphen = fields[i].indexOf('-');
				long first = Long.parseLong((hyphen < 0) ? fields[i] : fields[i].substring(0, hyphen));
				handled.add(first, (hyphen < 0) ? first : Long.parseLong(fields[i].substring(hyphen + 1)));
			}
			return handled;
		}
		catch (NumberFormatException ex) {
			throw new IllegalStateException("Marks of redriven records cannot be read", ex);
		}
	}

}
