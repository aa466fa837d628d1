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

import java.lang.reflect.Field;
import java.util.Locale;

/** Counts. */
final class Tally {

	long schedules;

	long faultFree;

	long violations;

	final Lane sum = new Lane();

	void add(Tally other) {
		this.schedules += other.schedules;
		this.faultFree += other.faultFree;
		this.violations += other.violations;
		this.sum.add(other.sum);
	}

	String table() {
		Lane s = this.sum;
		StringBuilder table = new StringBuilder();
		row(table, "schedules", this.schedules);
		row(table, "  of them without a fault", this.faultFree);
		row(table, "records", s.records);
		row(table, "losses (acknowledged, answerable, not delivered)", s.losses);
		row(table, "  found LOST_ACKED or MISSED", s.reported);
		row(table, "  found UNVERIFIED", s.unverified, s.losses);
		row(table, "  found INDETERMINATE_AT_CRASH", s.indeterminate, s.losses);
		row(table, "  of ended sessions, never claimed, nothing found", s.unclaimed, s.losses);
		row(table, "  polled, and cut off before a commit, nothing found", s.cutOff, s.losses);
		row(table, "  after state was lost or topic re-created, nothing found", s.silentMixed, s.losses);
		row(table, "  silent, producer not idempotent", s.silentNotIdempotent);
		row(table, "  silent", s.silent);
		row(table, "confirmed verdicts", s.confirmed);
		row(table, "  wrong", s.wrong);
		row(table, "    of them producer not idempotent", s.wrongNotIdempotent);
		row(table, "  LOST_ACKED, but passed over un-noticed", s.misattributed);
		row(table, "longest metadata (characters)", s.longestMetadata);
		row(table, "next number must be previous + 1: false", s.naiveFalse);
		row(table, "next number must be previous + 1: not found", s.naiveMissed, s.losses);
		row(table, "offset gap: false", s.gapFalse);
		row(table, "offset gap: not found", s.gapMissed, s.losses);
		return table.toString();
	}

	private static void row(StringBuilder table, String name, long value) {
		table.append(String.format(Locale.ROOT, "%-62s %,15d%n", name, value));
	}

	private static void row(StringBuilder table, String name, long value, long of) {
		table.append(
				String.format(Locale.ROOT, "%-62s %,15d  %5.2f %%%n", name, value, (of != 0) ? 100.0 * value / of : 0));
	}

	/** Counts of one partition. */
	static final class Lane {

		long records;

		long losses;

		long reported;

		long unverified;

		long indeterminate;

		long unclaimed;

		long cutOff;

		long silentMixed;

		long silentNotIdempotent;

		long silent;

		long findings;

		long confirmed;

		long wrong;

		long wrongNotIdempotent;

		long misattributed;

		long longestMetadata;

		long naiveFalse;

		long naiveMissed;

		long gapFalse;

		long gapMissed;

		void add(Lane other) {
			long longest = Math.max(this.longestMetadata, other.longestMetadata);
			try {
				for (Field field : Lane.class.getDeclaredFields()) {
					field.setLong(this, field.getLong(this) + field.getLong(other));
				}
			}
			catch (IllegalAccessException ex) {
				throw new IllegalStateException(ex);
			}
			this.longestMetadata = longest;
		}

	}

}
