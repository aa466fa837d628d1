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

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * The numbers of one session that are missing between others, with or without a verdict.
 * No number is in two gaps. For use by one thread.
 */
final class Gaps implements Iterable<Gap> {

	private final List<Gap> gaps = new ArrayList<>(0);

	int size() {
		return this.gaps.size();
	}

	@Override
	public Iterator<Gap> iterator() {
		return this.gaps.iterator();
	}

	/**
	 * Add a gap.
	 * @param gap ignored if it has no numbers
	 */
	void add(Gap gap) {
		if (!gap.numbers().isEmpty()) {
			this.gaps.add(gap);
		}
	}

	/**
	 * Add a gap in front of the others.
	 * @param gap ignored if it has no numbers
	 */
	void addFirst(Gap gap) {
		if (!gap.numbers().isEmpty()) {
			this.gaps.add(0, gap);
		}
	}

	boolean hasOpen() {
		for (Gap gap : this.gaps) {
			if (gap.isOpen()) {
				return true;
			}
		}
		return false;
	}

	/**
	 * How many have a verdict.
	 * @return gaps, not numbers
	 */
	long reported() {
		long reported = 0;
		for (Gap gap : this.gaps) {
			reported += gap.isOpen() ? 0 : 1;
		}
		return reported;
	}

	/**
	 * How many numbers have no verdict.
	 * @return numbers, not gaps
	 */
	long openNumbers() {
		long numbers = 0;
		for (Gap gap : this.gaps) {
			numbers += gap.isOpen() ? gap.numbers().count() : 0;
		}
		return numbers;
	}

	/**
	 * All numbers.
	 * @return with and without a verdict
	 */
	NumberRanges numbers() {
		NumberRanges numbers = NumberRanges.EMPTY;
		for (Gap gap : this.gaps) {
			numbers = numbers.add(gap.numbers());
		}
		return numbers;
	}

	/**
	 * The numbers that have a verdict.
	 * @return without the others
	 */
	NumberRanges reportedNumbers() {
		NumberRanges numbers = NumberRanges.EMPTY;
		for (Gap gap : this.gaps) {
			numbers = gap.isOpen() ? numbers : numbers.add(gap.numbers());
		}
		return numbers;
	}

	/**
	 * Take out a number that has come.
	 * @param number the number
	 * @return the gap that it was in; {@code null} if it was in none
	 */
	@Nullable Gap take(long number) {
		for (int i = 0; i < this.gaps.size(); i++) {
			Gap gap = this.gaps.get(i);
			if (gap.numbers().contains(number)) {
				replace(i, gap.with(gap.numbers().remove(number, number)));
				return gap;
			}
		}
		return null;
	}

	private void replace(int index, Gap gap) {
		if (gap.numbers().isEmpty()) {
			this.gaps.remove(index);
		}
		else {
			this.gaps.set(index, gap);
		}
	}

	/**
	 * Take out numbers whose sender knows that they failed, unless they have a verdict.
	 * @param failed the numbers
	 * @return those that were missing
	 */
	NumberRanges excuse(NumberRanges failed) {
		NumberRanges excused = NumberRanges.EMPTY;
		for (int i = this.gaps.size() - 1; i >= 0; i--) {
			Gap gap = this.gaps.get(i);
			if (gap.isOpen()) {
				NumberRanges rest = gap.numbers().remove(failed);
				if (!rest.equals(gap.numbers())) {
					excused = excused.add(gap.numbers().remove(rest));
					replace(i, gap.with(rest));
				}
			}
		}
		return excused;
	}

	/**
	 * Remember a verdict on numbers that have no final one.
	 * @param numbers the numbers
	 * @param verdict what was reported
	 * @return those that are in none of these gaps
	 */
	NumberRanges report(NumberRanges numbers, Verdict verdict) {
		NumberRanges rest = numbers;
		for (int i = this.gaps.size() - 1; i >= 0; i--) {
			Gap gap = this.gaps.get(i);
			NumberRanges others = gap.numbers().remove(numbers);
			if (gap.isUndecided() && !others.equals(gap.numbers())) {
				NumberRanges common = gap.numbers().intersect(numbers);
				rest = rest.remove(common);
				this.gaps.set(i, gap.with(common, verdict));
				if (!others.isEmpty()) {
					this.gaps.add(i, gap.with(others));
				}
			}
		}
		return rest;
	}

	void forgetReported() {
		this.gaps.removeIf((gap) -> !gap.isOpen());
	}

	/**
	 * The log was cut off: what was in front of a gap behind that place is there no
	 * longer.
	 * @param offset the first offset that differs
	 */
	void cutOff(long offset) {
		this.gaps.replaceAll((gap) -> {
			Finding.Place before = gap.before();
			return (before != null && before.offset() >= offset) ? new Gap(gap.numbers(),
					new Finding.Place(offset - 1, before.timestamp(), before.leaderEpoch(), before.number()),
					gap.after(), gap.reported()) : gap;
		});
	}

	void forgetPlaces() {
		this.gaps.replaceAll((gap) -> new Gap(gap.numbers(), null, null, gap.reported()));
	}

}
