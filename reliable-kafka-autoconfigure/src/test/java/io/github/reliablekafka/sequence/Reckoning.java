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

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Acknowledged;
import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;

/**
 * What a group of committed reads should have been told, by what was acknowledged, what
 * is in the log and what its listeners got, held against what was reported to it.
 */
final class Reckoning {

	private final String group;

	/** Acknowledged, and the group does not have it and never will. */
	final Set<Numbered> missing;

	/** Reported as lost or missed, and never as recovered. */
	final Set<Numbered> lost;

	/** Reported as undecided only. */
	final Set<Numbered> undecided;

	/** Missing, reported as undecided, and nobody can say more. */
	final Set<Numbered> excused;

	/** Missing, and nothing that is left anywhere tells that they were acknowledged. */
	final Set<Numbered> unclaimed;

	/** Reported as lost, though the group has them or nobody was promised anything. */
	final Set<Numbered> falseAlarms;

	/** Undecided, though the group has them. */
	final Set<Numbered> needless;

	/** Missing, and nothing was said, or only that it is undecided though it is not. */
	final Set<Numbered> silent;

	/** Of the false, what might have been acknowledged to a process that was killed. */
	final Set<Numbered> inFlight = new HashSet<>();

	/** Of the false, what was cut off while nobody knows whether it was committed. */
	final Set<Numbered> cutOff;

	private final Map<Numbered, Acknowledged> records = new HashMap<>();

	private final Map<String, Integer> causes = new TreeMap<>();

	/**
	 * Do the sum.
	 * @param group the group
	 * @param acknowledged what was acknowledged
	 * @param claims what is left
	 * @param got what the group got
	 * @param reports what was reported to it
	 * @param killed sessions of processes that were killed
	 * @param moved what the group was moved over from outside, or what was gone by then
	 */
	Reckoning(String group, Collection<Acknowledged> acknowledged, SurvivingClaims claims, Deliveries got,
			List<Reported> reports, Set<Long> killed, Set<Numbered> moved) {
		this.group = group;
		acknowledged.forEach((record) -> this.records
			.put(new Numbered(record.session(), record.partition(), record.number()), record));
		Set<Numbered> all = AcknowledgedRecords.numbers(acknowledged, true);
		this.missing = numbers(acknowledged.stream().filter((record) -> !got.values.contains(record.value())).toList());
		this.lost = reported(reports, Set.of(Verdict.LOST_ACKED, Verdict.MISSED, Verdict.PROCESSING_LOSS));
		this.lost.removeAll(reported(reports, Set.of(Verdict.RECOVERED)));
		this.undecided = reported(reports, Set.of(Verdict.UNVERIFIED, Verdict.INDETERMINATE_AT_CRASH));
		this.undecided.removeAll(this.lost);
		this.unclaimed = both(this.missing,
				this.missing.stream()
					.filter((record) -> killed.contains(record.session()) && !claims.isClaimed(record))
					.collect(Collectors.toSet()));
		this.unclaimed.removeAll(this.lost);
		this.excused = both(both(this.missing, this.undecided), moved);
		this.needless = both(all, this.undecided);
		this.needless.removeAll(this.missing);
		this.silent = new HashSet<>(this.missing);
		List.of(this.lost, this.excused, this.unclaimed).forEach(this.silent::removeAll);
		this.falseAlarms = new HashSet<>(this.lost);
		this.falseAlarms.removeAll(this.missing);
		this.cutOff = both(this.falseAlarms,
				numbers(acknowledged.stream().filter((record) -> got.cutOff.contains(record.value())).toList()));
		this.falseAlarms.removeAll(this.cutOff);
		Map<List<Long>, Long> last = new HashMap<>();
		all.forEach((record) -> last.merge(List.of(record.session(), (long) record.partition()), record.number(),
				Math::max));
		for (Numbered record : this.falseAlarms) {
			long said = last.getOrDefault(List.of(record.session(), (long) record.partition()), 0L);
			if (killed.contains(record.session()) && record.number() > said) {
				this.inFlight.add(record);
			}
		}
		this.falseAlarms.removeAll(this.inFlight);
		reports.forEach((report) -> this.causes.merge(report.verdict() + "/" + report.cause(), report.numbers().size(),
				Integer::sum));
	}

	private static Set<Numbered> numbers(Collection<Acknowledged> records) {
		return AcknowledgedRecords.numbers(records, true);
	}

	private static Set<Numbered> reported(List<Reported> reports, Set<Verdict> verdicts) {
		return reports.stream()
			.filter((report) -> verdicts.contains(report.verdict()))
			.flatMap((report) -> report.numbers().stream())
			.collect(Collectors.toSet());
	}

	private static Set<Numbered> both(Set<Numbered> some, Set<Numbered> others) {
		Set<Numbered> both = new HashSet<>(some);
		both.retainAll(others);
		return both;
	}

	String group() {
		return this.group;
	}

	boolean isEven() {
		return this.falseAlarms.isEmpty() && this.needless.isEmpty() && this.silent.isEmpty();
	}

	@Override
	public String toString() {
		return "%s: missing=%d reported=%d excused=%d unclaimed=%d inFlight=%d cutOff=%d false=%s needless=%s silent=%s %s"
			.formatted(this.group, this.missing.size(), this.lost.size(), this.excused.size(), this.unclaimed.size(),
					this.inFlight.size(), this.cutOff.size(), some(this.falseAlarms), some(this.needless),
					some(this.silent), this.causes);
	}

	private String some(Set<Numbered> some) {
		return some.size() + (some.isEmpty() ? ""
				: some.stream()
					.limit(30)
					.map((record) -> this.records.containsKey(record) ? this.records.get(record) : record)
					.toList()
					.toString());
	}

}
