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

import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Knows what became of each record of a partition, and says which findings are wrong and
 * which are missing.
 */
final class Oracle {

	final Tally.Lane tally = new Tally.Lane();

	private final Schedule schedule;

	private final SimulatedConsumer consumer;

	private final SimulatedLog log;

	/**
	 * Everything that any commit of the group ever covered. The group has it, whatever
	 * becomes of the state that knew so.
	 */
	private final BitSet everDelivered = new BitSet();

	/**
	 * What the commit covers that is being made, and its offset: it is looked at in
	 * order.
	 */
	private final Map<Integer, Long> justDelivered = new HashMap<>();

	/** Whose records the present member has passed, claims included. */
	private final BitSet passed = new BitSet();

	private final Map<Verdict, BitSet> found = new EnumMap<>(Verdict.class);

	/** What anything but that they have come was said of, safe or not. */
	private final BitSet named = new BitSet();

	private final Map<Cause, BitSet> unverified = new EnumMap<>(Cause.class);

	private final Map<Long, Set<Long>> naiveNumbers = new HashMap<>();

	private final Set<Long> naiveOffsets = new HashSet<>();

	private NaiveCheckers naive = new NaiveCheckers(this.naiveNumbers, this.naiveOffsets);

	Oracle(Schedule schedule, SimulatedConsumer consumer, SimulatedLog log) {
		this.schedule = schedule;
		this.consumer = consumer;
		this.log = log;
	}

	/** A member of the group begins, with numbers of the other kind or not. */
	void assigned(boolean otherNumbers) {
		this.passed.clear();
		if (otherNumbers) {
			this.naiveNumbers.clear();
		}
		this.naive = new NaiveCheckers(this.naiveNumbers, this.naiveOffsets);
	}

	void read(SimulatedLog.Entry entry) {
		this.naive.read(entry.offset, entry.sent, this.consumer.readCommitted);
	}

	/** A commit is about to be made that covers a record. */
	void covers(SimulatedLog.Entry entry) {
		BitSet delivered = this.consumer.lineage.delivered;
		if (entry.sent != null && !entry.replay) {
			this.passed.set(entry.sent.index);
		}
		if (entry.sent != null && !delivered.get(entry.sent.index)) {
			delivered.set(entry.sent.index);
			this.justDelivered.put(entry.sent.index, entry.offset);
		}
	}

	/** The commit is made as far as the reader is concerned. */
	void covered() {
		this.justDelivered.clear();
	}

	/** The cluster has the commit. */
	void committed() {
		this.everDelivered.or(this.consumer.lineage.delivered);
	}

	private Sent find(long session, long number) {
		boolean rc = this.consumer.readCommitted;
		Sent last = null;
		for (Sent sent : this.log.sent) {
			if (sent.session == session && sent.number(rc) == number) {
				if (sent.acknowledged(rc)) {
					return sent;
				}
				last = sent;
			}
		}
		return last;
	}

	/**
	 * The records that a finding names.
	 * @param finding whose numbers were all given
	 * @return by their index
	 */
	BitSet records(Finding finding) {
		BitSet records = new BitSet();
		if (finding.numbers().count() > 10_000) {
			this.schedule.violation("a finding of " + finding.numbers().count() + " numbers");
			return records;
		}
		for (int range = 0; range < finding.numbers().size(); range++) {
			for (long number = finding.numbers().first(range); number <= finding.numbers().last(range); number++) {
				Sent sent = find(finding.session(), number);
				if (sent == null) {
					this.schedule
						.violation(finding.verdict() + " " + finding.session() + ":" + number + " was never sent");
				}
				else {
					records.set(sent.index);
				}
			}
		}
		return records;
	}

	/** A finding is made, and judged as things are now. */
	void judge(Finding finding) {
		this.schedule.trace("%s: FOUND %s %s %04x:%s holes %d..%d position %d: %s", this.log.lane, finding.verdict(),
				finding.cause(), finding.session() & 0xffff, finding.numbers(), finding.skippedFrom(),
				finding.skippedTo(), finding.position(), finding.evidence());
		boolean forgotten = this.schedule.forgetful && finding.verdict() == Verdict.UNVERIFIED;
		if (!forgotten && (finding.verdict() != Verdict.FAILED_KNOWN || this.consumer.readCommitted
				|| !this.schedule.faults.contains(Faults.ABORT))) {
			// What was not yet sent when its transaction was aborted did fail.
			this.tally.findings++;
		}
		if (!this.schedule.isLoose() && !Faults.explain(finding.cause(), this.schedule.faults)) {
			this.schedule.violation(finding.cause() + " cannot have been");
		}
		records(finding).stream().forEach((index) -> judge(finding, this.log.sent.get(index)));
	}

	private void judge(Finding finding, Sent sent) {
		Verdict verdict = finding.verdict();
		boolean delivered = this.consumer.lineage.delivered.get(sent.index)
				&& this.justDelivered.getOrDefault(sent.index, -1L) < finding.position();
		if (verdict == Verdict.RECOVERED) {
			if (!delivered || !this.named.get(sent.index)) {
				wrong(finding, sent, delivered ? "was not missing" : "did not come");
			}
			return;
		}
		this.named.set(sent.index);
		if (delivered && this.schedule.forgetful && mayBeForgotten(verdict, sent)) {
			this.tally.needless++;
		}
		else if (delivered) {
			wrong(finding, sent, "was delivered");
		}
		else if (verdict == Verdict.FAILED_KNOWN && sent.fate != Sent.Fate.FAILED) {
			wrong(finding, sent, "did not fail");
		}
		if (verdict == Verdict.INDETERMINATE_AT_CRASH && !this.consumer.lineage.mixed && !this.schedule.forgetful
				&& this.passed.stream().anyMatch((index) -> isClaimedBy(this.log.sent.get(index), sent))) {
			wrong(finding, sent, "is claimed by what was read");
		}
		if (verdict.isLoss()) {
			this.tally.confirmed++;
			if (!delivered) {
				loss(finding, sent);
			}
		}
	}

	private boolean isClaimedBy(Sent other, Sent sent) {
		return other.session == sent.session && other.anchor != null
				&& (this.consumer.readCommitted || other.transaction == null)
				&& SimulatedControlTopic.covers(other.anchor, sent, this.consumer);
	}

	// What was read and is forgotten is a number like any other that has not come. That
	// nothing was promised of it is no alarm, but has to be true.
	private static boolean mayBeForgotten(Verdict verdict, Sent sent) {
		return switch (verdict) {
			case UNVERIFIED, INDETERMINATE_AT_CRASH -> true;
			case FAILED_KNOWN -> sent.fate == Sent.Fate.FAILED;
			default -> false;
		};
	}

	private void loss(Finding finding, Sent sent) {
		boolean rc = this.consumer.readCommitted;
		Lineage lineage = this.consumer.lineage;
		if (!sent.acknowledged(rc)) {
			wrong(finding, sent, "was not acknowledged");
		}
		else if (this.everDelivered.get(sent.index) && !found(finding.verdict(), sent) && sent.copies.stream()
			.allMatch((copy) -> copy.offset < lineage.began && copy.offset >= lineage.restoredTo)) {
			// Above the place the new state answers for it: the log does not have it. If
			// one before answered for it and said so, this is the same report.
			wrong(finding, sent, "was delivered before state was lost");
		}
		else if (sent.copies.stream()
			.anyMatch((copy) -> copy.removed == null && !copy.replay && isAhead(copy)
					&& !Boolean.FALSE.equals((copy.part != null && rc) ? copy.part.committed : null))) {
			// A replay that is still to come makes it recovered.
			wrong(finding, sent, "is still to come");
		}
		else if (!lineage.mixed && !answerable(sent, lineage.baseline)) {
			wrong(finding, sent, "is from before the group began at " + lineage.baseline);
		}
		else if (finding.verdict() == Verdict.LOST_ACKED) {
			lost(finding, sent);
		}
	}

	// What was written anew behind its back it does not see unless it is moved, or has
	// yet
	// to notice.
	private boolean isAhead(SimulatedLog.Entry copy) {
		return copy.offset >= (copy.behindReader ? this.consumer.ownPosition() : this.consumer.lastCommit);
	}

	// What nobody could notice is a log that was written anew where the position is known
	// without its epoch. Reading the log again tells.
	private void lost(Finding finding, Sent sent) {
		SimulatedLog.Entry there = sent.copies.stream()
			.filter((copy) -> copy.removed == null && !copy.replay && copy.visible(this.consumer.readCommitted))
			.findFirst()
			.orElse(null);
		if (there == null) {
			return;
		}
		this.tally.misattributed++;
		if (this.consumer.lineage.mixed || this.schedule.isLoose()) {
			return;
		}
		if (this.consumer.lineage.passedOver.get(sent.index)) {
			if (this.log.sent.stream().anyMatch((other) -> overtook(sent, there, other))) {
				// Where numbers are not in the order of offsets, a gap tells no place.
				return;
			}
			wrong(finding, sent, "is there, where the group knows that it did not read");
		}
		else if (!there.behindReader) {
			wrong(finding, sent, "is there, and was before the group came to its place");
		}
	}

	private static boolean overtook(Sent sent, SimulatedLog.Entry there, Sent other) {
		return other.session == sent.session && other.appendNumber < sent.appendNumber
				&& other.copies.stream().anyMatch((copy) -> copy.offset > there.offset);
	}

	private void wrong(Finding finding, Sent sent, String why) {
		this.tally.wrong++;
		if (this.schedule.isLoose()) {
			this.tally.wrongLoose++;
		}
		else {
			this.schedule.violation("wrong " + finding.verdict() + " " + finding.cause() + ": " + sent + " at "
					+ describe(sent) + " " + why);
		}
	}

	private static String describe(Sent sent) {
		StringBuilder text = new StringBuilder();
		sent.copies.forEach((copy) -> text.append(copy.offset)
			.append((copy.removed != null) ? " " + copy.removed : "")
			.append((copy.part != null) ? " committed=" + copy.part.committed : "")
			.append(' '));
		return text.toString();
	}

	private boolean answerable(Sent sent, long baseline) {
		return sent.copies.stream()
			.anyMatch((copy) -> copy.offset >= baseline && copy.incarnation == this.log.incarnation);
	}

	/** The report of a finding is safe. */
	void published(Finding finding, BitSet records) {
		this.found.computeIfAbsent(finding.verdict(), (key) -> new BitSet()).or(records);
		if (finding.verdict() == Verdict.UNVERIFIED) {
			this.unverified.computeIfAbsent(finding.cause(), (key) -> new BitSet()).or(records);
		}
	}

	private boolean found(Verdict verdict, Sent sent) {
		return this.found.getOrDefault(verdict, new BitSet()).get(sent.index);
	}

	/** At the end, when everything that can be known is known. */
	void settle(Map<Long, Watermark> known) {
		boolean rc = this.consumer.readCommitted;
		Set<Long> lostOffsets = new HashSet<>();
		Map<Long, Set<Long>> lostNumbers = new HashMap<>();
		for (Sent sent : this.log.sent) {
			if (!isMissing(sent)) {
				continue;
			}
			this.tally.losses++;
			lostNumbers.computeIfAbsent(sent.session, (key) -> new HashSet<>()).add(sent.number(rc));
			sent.copies.forEach((copy) -> lostOffsets.add(copy.offset));
			if (!this.naiveNumbers.getOrDefault(sent.session, Set.of()).contains(sent.number(rc))) {
				this.tally.naiveMissed++;
			}
			if (sent.copies.stream().noneMatch((copy) -> this.naiveOffsets.contains(copy.offset))) {
				this.tally.gapMissed++;
			}
			settle(sent, known.get(sent.session));
		}
		this.naiveNumbers.forEach((session, numbers) -> numbers.forEach((number) -> {
			if (!lostNumbers.getOrDefault(session, Set.of()).contains(number)) {
				this.tally.naiveFalse++;
			}
		}));
		this.naiveOffsets.forEach((offset) -> {
			if (!lostOffsets.contains(offset)) {
				this.tally.gapFalse++;
			}
		});
	}

	private boolean isMissing(Sent sent) {
		SimulatedLog.Entry acknowledged = sent.acknowledged;
		Lineage lineage = this.consumer.lineage;
		return sent.acknowledged(this.consumer.readCommitted) && acknowledged != null
		// A copy that was cut off and written again, before anybody was told, was
		// elsewhere.
				&& acknowledged.offset >= lineage.chosenBaseline && acknowledged.incarnation == this.log.incarnation
				&& acknowledged.removed != SimulatedLog.Removal.COMPACTED && !lineage.delivered.get(sent.index)
				&& !lineage.inherited.get(sent.index) && !this.everDelivered.get(sent.index);
	}

	// The reader knows that it does not know, until it forgets a session that is over.
	private boolean isBelowFirst(Sent sent, Watermark watermark) {
		boolean rc = this.consumer.readCommitted;
		SessionState known = this.consumer.known().session(sent.session);
		if (known != null && known.unknown().contains(sent.number(rc))) {
			return true;
		}
		if (watermark == null || !watermark.closed()) {
			return false;
		}
		Claim claim = rc ? watermark.claim() : watermark.appendClaim();
		return claim.firstOffset() < this.consumer.lineage.chosenBaseline && this.log.sent.stream()
			.noneMatch((other) -> other.session == sent.session && other.number(rc) < sent.number(rc)
					&& this.consumer.lineage.delivered.get(other.index));
	}

	// Nobody can tell a session of which nothing is kept from one that is complete: to
	// call all of them undecided would be an alarm for each session that ever was.
	private boolean isForgotten(Sent sent) {
		LaneState known = this.consumer.known();
		return known.session(sent.session) == null
				&& (sent.acknowledged.offset < known.sessions().baseline() || isInFrontOfFirst(sent));
	}

	private boolean isInFrontOfFirst(Sent sent) {
		boolean rc = this.consumer.readCommitted;
		List<Sent> delivered = this.log.sent.stream()
			.filter((other) -> other.session == sent.session && this.consumer.lineage.delivered.get(other.index))
			.toList();
		return !delivered.isEmpty() && delivered.stream().allMatch((other) -> other.number(rc) > sent.number(rc));
	}

	private void settle(Sent sent, Watermark watermark) {
		if (found(Verdict.LOST_ACKED, sent) || found(Verdict.MISSED, sent)) {
			this.tally.reported++;
			return;
		}
		for (Map.Entry<Cause, BitSet> cause : this.unverified.entrySet()) {
			if (cause.getValue().get(sent.index)) {
				this.tally.unverified++;
				this.tally.unverifiedFor.merge(cause.getKey(), 1L, Long::sum);
				return;
			}
		}
		boolean claimed = this.schedule.controlTopic.claimed(sent, watermark, this.consumer);
		if (found(Verdict.INDETERMINATE_AT_CRASH, sent)) {
			this.tally.indeterminate++;
		}
		else if (isBelowFirst(sent, watermark)) {
			this.tally.belowFirst++;
		}
		else if (this.consumer.lineage.perhaps.get(sent.index)) {
			this.tally.cutOff++;
		}
		else if (!sent.abandoned && !this.schedule.faults.contains(Faults.FORK)
				&& !this.schedule.faults.contains(Faults.NO_WATERMARKS) && sent.incarnation == this.log.incarnation
				&& !claimed) {
			this.schedule.violation("not claimed by its producer: " + sent + " at " + describe(sent) + " " + watermark);
		}
		else if (!claimed) {
			this.tally.unclaimed++;
		}
		else if (this.consumer.lineage.mixed) {
			this.tally.silentMixed++;
		}
		else if (this.schedule.isLoose()) {
			this.tally.silentLoose++;
		}
		else if (this.schedule.forgetful && isForgotten(sent)) {
			this.tally.forgotten++;
		}
		else {
			this.tally.silent++;
			this.schedule.violation("silent: " + sent + " at " + describe(sent) + " baseline "
					+ this.consumer.lineage.chosenBaseline + " watermark " + watermark);
		}
	}

}
