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
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Counts. */
final class Tally {

	long schedules;

	long faultFree;

	long violations;

	final Lane sum = new Lane();

	/** Of schedules in which no group loses its state or is moved from outside. */
	final Lane steady = new Lane();

	/** Of all schedules in which a fault may happen. */
	private final Map<Faults, Lane> withFault = new EnumMap<>(Faults.class);

	void add(Tally other) {
		this.schedules += other.schedules;
		this.faultFree += other.faultFree;
		this.violations += other.violations;
		this.sum.add(other.sum);
		this.steady.add(other.steady);
		other.withFault.forEach((fault, lane) -> lane(fault).add(lane));
	}

	void add(Set<Faults> faults, Lane lane) {
		this.sum.add(lane);
		if (faults.stream().noneMatch(Faults::isLossOfState)) {
			this.steady.add(lane);
		}
		faults.forEach((fault) -> lane(fault).add(lane));
	}

	private Lane lane(Faults fault) {
		return this.withFault.computeIfAbsent(fault, (key) -> new Lane());
	}

	String table() {
		StringBuilder table = new StringBuilder();
		row(table, "schedules", this.schedules);
		row(table, "  of them without a fault", this.faultFree);
		table.append(String.format("%nAll schedules%n"));
		rows(table, this.sum);
		table.append(String.format("%nSchedules in which no state is lost, no offset moved, no topic re-created%n"));
		rows(table, this.steady);
		table.append(String.format("%nSchedules in which this may happen: losses, found UNVERIFIED%n"));
		this.withFault
			.forEach((fault, lane) -> table.append(String.format(Locale.ROOT, "  %-20s %,13d %,13d %6.2f %%%n", fault,
					lane.losses, lane.unverified, share(lane.unverified, lane.losses))));
		return table.toString();
	}

	private static void rows(StringBuilder table, Lane s) {
		row(table, "records", s.records);
		row(table, "losses (acknowledged, answerable, not delivered)", s.losses);
		row(table, "  found LOST_ACKED or MISSED", s.reported, s.losses);
		row(table, "  found UNVERIFIED", s.unverified, s.losses);
		s.unverifiedFor.forEach((cause, losses) -> row(table, "    " + cause, losses, s.losses));
		row(table, "  found INDETERMINATE_AT_CRASH", s.indeterminate, s.losses);
		row(table, "  of ended sessions, never claimed, nothing found", s.unclaimed, s.losses);
		row(table, "  below the first number that was read, nothing found", s.belowFirst, s.losses);
		row(table, "  of sessions that found no room, nothing found", s.forgotten, s.losses);
		row(table, "  polled, cut off, and perhaps covered by a commit, nothing found", s.cutOff, s.losses);
		row(table, "  after state was lost or topic re-created, nothing found", s.silentMixed, s.losses);
		row(table, "  silent, records or producer copied, or not idempotent", s.silentLoose);
		row(table, "  silent", s.silent);
		row(table, "confirmed verdicts", s.confirmed);
		row(table, "  wrong", s.wrong);
		row(table, "    of them records or producer copied, or not idempotent", s.wrongLoose);
		row(table, "delivered, forgotten, and found UNVERIFIED", s.needless);
		row(table, "  LOST_ACKED, but passed over un-noticed", s.misattributed);
		row(table, "longest metadata (characters)", s.longestMetadata);
		row(table, "next number must be previous + 1: false", s.naiveFalse);
		row(table, "next number must be previous + 1: not found", s.naiveMissed, s.losses);
		row(table, "offset gap: false", s.gapFalse);
		row(table, "offset gap: not found", s.gapMissed, s.losses);
	}

	private static double share(long value, long of) {
		return (of != 0) ? 100.0 * value / of : 0;
	}

	private static void row(StringBuilder table, String name, long value) {
		table.append(String.format(Locale.ROOT, "%-62s %,15d%n", name, value));
	}

	private static void row(StringBuilder table, String name, long value, long of) {
		table.append(String.format(Locale.ROOT, "%-62s %,15d  %5.2f %%%n", name, value, share(value, of)));
	}

	/** Counts of one partition. */
	static final class Lane {

		long records;

		long losses;

		long reported;

		long unverified;

		/** By the cause of the finding. */
		final Map<Cause, Long> unverifiedFor = new EnumMap<>(Cause.class);

		long indeterminate;

		long unclaimed;

		long belowFirst;

		long forgotten;

		long cutOff;

		long silentMixed;

		long silentLoose;

		long silent;

		long findings;

		long confirmed;

		long wrong;

		long wrongLoose;

		long needless;

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
					if (field.getType() == long.class) {
						field.setLong(this, field.getLong(this) + field.getLong(other));
					}
				}
				other.unverifiedFor.forEach((cause, losses) -> this.unverifiedFor.merge(cause, losses, Long::sum));
			}
			catch (IllegalAccessException ex) {
				throw new IllegalStateException(ex);
			}
			this.longestMetadata = longest;
		}

	}

}
