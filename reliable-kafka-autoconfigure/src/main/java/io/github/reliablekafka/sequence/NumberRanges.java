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

import java.util.Arrays;
import java.util.StringJoiner;

/**
 * A set of numbers as sorted, disjoint, closed ranges that do not touch. Immutable. Costs
 * 16 bytes for each range, however many numbers it has.
 *
 * @since 0.1.0
 */
public final class NumberRanges {

	/**
	 * No number.
	 */
	public static final NumberRanges EMPTY = new NumberRanges(new long[0]);

	/**
	 * First and last of each range, alternating.
	 */
	private final long[] bounds;

	private NumberRanges(long[] bounds) {
		this.bounds = bounds;
	}

	/**
	 * Ranges that are known to be right.
	 * @param bounds first and last of each range, alternating; sorted, disjoint, not
	 * touching; is not copied
	 * @return the set
	 */
	static NumberRanges ofBounds(long[] bounds) {
		return (bounds.length == 0) ? EMPTY : new NumberRanges(bounds);
	}

	/**
	 * One range.
	 * @param first the lowest number
	 * @param last the highest number
	 * @return empty if {@code last} is below {@code first}
	 */
	public static NumberRanges of(long first, long last) {
		return (last < first) ? EMPTY : new NumberRanges(new long[] { first, last });
	}

	/**
	 * Whether there is no number.
	 * @return {@code true} for the empty set
	 */
	public boolean isEmpty() {
		return this.bounds.length == 0;
	}

	/**
	 * How many ranges there are.
	 * @return their count
	 */
	public int size() {
		return this.bounds.length / 2;
	}

	/**
	 * The lowest number of a range.
	 * @param range its index, from 0
	 * @return the number
	 */
	public long first(int range) {
		return this.bounds[2 * range];
	}

	/**
	 * The highest number of a range.
	 * @param range its index, from 0
	 * @return the number
	 */
	public long last(int range) {
		return this.bounds[2 * range + 1];
	}

	/**
	 * How many numbers there are.
	 * @return their count
	 */
	public long count() {
		long count = 0;
		for (int i = 0; i < size(); i++) {
			count += last(i) - first(i) + 1;
		}
		return count;
	}

	/**
	 * Whether a number is in the set.
	 * @param number the number
	 * @return {@code true} if it is
	 */
	public boolean contains(long number) {
		int index = Arrays.binarySearch(this.bounds, number);
		return index >= 0 || (-index - 1) % 2 == 1;
	}

	/**
	 * Whether the sets have a number in common.
	 * @param first the lowest number of a range
	 * @param last the highest number of a range
	 * @return {@code true} if one of them is in this set
	 */
	public boolean intersects(long first, long last) {
		return !intersect(first, last).isEmpty();
	}

	/**
	 * The set with a range added.
	 * @param first the lowest number
	 * @param last the highest number
	 * @return the union
	 */
	public NumberRanges add(long first, long last) {
		if (last < first) {
			return this;
		}
		long[] union = new long[this.bounds.length + 2];
		long low = first;
		long high = last;
		int length = 0;
		int i = 0;
		while (i < this.bounds.length && this.bounds[i + 1] < low - 1) {
			union[length++] = this.bounds[i++];
			union[length++] = this.bounds[i++];
		}
		while (i < this.bounds.length && this.bounds[i] <= high + 1) {
			low = Math.min(low, this.bounds[i++]);
			high = Math.max(high, this.bounds[i++]);
		}
		union[length++] = low;
		union[length++] = high;
		while (i < this.bounds.length) {
			union[length++] = this.bounds[i++];
		}
		return new NumberRanges((length == union.length) ? union : Arrays.copyOf(union, length));
	}

	/**
	 * The set with another added.
	 * @param other the other
	 * @return the union
	 */
	public NumberRanges add(NumberRanges other) {
		NumberRanges union = this;
		for (int i = 0; i < other.size(); i++) {
			union = union.add(other.first(i), other.last(i));
		}
		return union;
	}

	/**
	 * The set without a range.
	 * @param first the lowest number
	 * @param last the highest number
	 * @return the difference
	 */
	public NumberRanges remove(long first, long last) {
		if (last < first || isEmpty()) {
			return this;
		}
		long[] rest = new long[this.bounds.length + 2];
		int length = 0;
		for (int i = 0; i < this.bounds.length; i += 2) {
			long low = this.bounds[i];
			long high = this.bounds[i + 1];
			if (low < first) {
				rest[length++] = low;
				rest[length++] = Math.min(high, first - 1);
			}
			if (high > last) {
				rest[length++] = Math.max(low, last + 1);
				rest[length++] = high;
			}
		}
		return (length == 0) ? EMPTY : new NumberRanges(Arrays.copyOf(rest, length));
	}

	/**
	 * The set without the numbers of another.
	 * @param other the other
	 * @return the difference
	 */
	public NumberRanges remove(NumberRanges other) {
		NumberRanges rest = this;
		for (int i = 0; i < other.size(); i++) {
			rest = rest.remove(other.first(i), other.last(i));
		}
		return rest;
	}

	/**
	 * The numbers that are in both sets.
	 * @param other the other
	 * @return the intersection
	 */
	public NumberRanges intersect(NumberRanges other) {
		return remove(remove(other));
	}

	/**
	 * The numbers of this set that are in a range.
	 * @param first the lowest number
	 * @param last the highest number
	 * @return the intersection
	 */
	public NumberRanges intersect(long first, long last) {
		if (last < first || isEmpty()) {
			return EMPTY;
		}
		long[] common = new long[this.bounds.length];
		int length = 0;
		for (int i = 0; i < this.bounds.length; i += 2) {
			long low = Math.max(first, this.bounds[i]);
			long high = Math.min(last, this.bounds[i + 1]);
			if (low <= high) {
				common[length++] = low;
				common[length++] = high;
			}
		}
		return (length == 0) ? EMPTY : new NumberRanges(Arrays.copyOf(common, length));
	}

	@Override
	public boolean equals(Object other) {
		return other instanceof NumberRanges ranges && Arrays.equals(this.bounds, ranges.bounds);
	}

	@Override
	public int hashCode() {
		return Arrays.hashCode(this.bounds);
	}

	/**
	 * The ranges as people write them.
	 * @return for example {@code 3,7..9}; empty for no number
	 */
	@Override
	public String toString() {
		StringJoiner text = new StringJoiner(",");
		for (int i = 0; i < size(); i++) {
			text.add((first(i) == last(i)) ? String.valueOf(first(i)) : first(i) + ".." + last(i));
		}
		return text.toString();
	}

}
