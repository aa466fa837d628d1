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
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * One group's reading of one partition through all its members, and the judge of what
 * they find: keeps from outside what each line of commits has delivered.
 */
final class SimulatedConsumer {

	final SimulatedLog log;

	final Tally.Lane tally = new Tally.Lane();

	private final Schedule schedule;

	ConsumerProcess process;

	Checker reader;

	long position;

	private int positionEpoch;

	private int generation;

	private Stored stored;

	Saved saved;

	Lineage lineage = new Lineage();

	/** Everything that any commit of the group ever covered. */
	private final BitSet everDelivered = new BitSet();

	private final List<SimulatedLog.Entry> polled = new ArrayList<>();

	/** The offset of the last attempt to commit in this assignment. */
	long lastCommit;

	private int incarnation;

	/**
	 * What the commit covers that is being made, and its offset: it is looked at in
	 * order.
	 */
	private final Map<Integer, Long> justDelivered = new HashMap<>();

	private final Map<Verdict, Map<Long, NumberRanges>> found = new EnumMap<>(Verdict.class);

	private final Map<Cause, Map<Long, NumberRanges>> unverified = new EnumMap<>(Cause.class);

	private NaiveCheckers naive;

	private final Map<Long, Set<Long>> naiveNumbers = new HashMap<>();

	private final Set<Long> naiveOffsets = new HashSet<>();

	/** Whether the group had no offset, and has read nothing and committed nothing. */
	private boolean unused;

	SimulatedConsumer(Schedule schedule, SimulatedLog log) {
		this.schedule = schedule;
		this.log = log;
	}

	void assign(ConsumerProcess to) {
		this.process = to;
		this.generation++;
		this.polled.clear();
		this.naive = new NaiveCheckers(this.naiveNumbers, this.naiveOffsets);
		this.incarnation = this.log.incarnation;
		boolean committed = this.stored != null;
		if (committed) {
			this.position = this.stored.offset;
			this.positionEpoch = this.stored.epoch;
		}
		else {
			this.position = this.schedule.resetToLatest ? this.log.limit(this.schedule.readCommitted) : this.log.start;
			this.positionEpoch = -1;
		}
		this.unused = !committed;
		boolean intact = committed && this.stored.intact;
		this.lineage = intact ? this.stored.lineage.copy() : new Lineage();
		if (this.generation > 1 && !intact) {
			this.lineage.began = this.position;
		}
		this.lineage.baseline = Math.min(this.lineage.baseline, this.position);
		if (!intact) {
			// Else it is where somebody chose to be, or was thrown back to.
			this.lineage.chosenBaseline = this.position;
		}
		this.lastCommit = this.position;
		this.process.board.watch(this.log.lane);
		this.schedule.watched(this.log.lane, this.process);
		String metadata = committed ? this.stored.metadata : null;
		this.schedule.trace("%s: assigned at %d committed=%s epoch=%d generation=%d state=%s", this.log.lane,
				this.position, committed, this.positionEpoch, this.generation,
				(committed && this.stored.intact) ? "intact" : "none");
		this.reader = this.schedule.factory.create("group", this.log.lane, this.schedule.readCommitted,
				this.process.board, this.process.ledger, () -> this.schedule.clock * 1_000_000);
		this.reader.begin(this.position, committed, metadata);
		if (!committed && this.schedule.harmless) {
			// Else the next one may begin further behind, which is a loss by itself.
			commit(this.position, false);
		}
	}

	void unassign() {
		if (this.reader != null) {
			this.schedule.trace("%s: revoked", this.log.lane);
			this.reader.end();
			this.process.board.unwatch(this.log.lane);
			this.reader = null;
		}
	}

	void crash() {
		this.schedule.trace("%s: crash", this.log.lane);
		this.reader = null;
	}

	void poll(int records) {
		if (!validate()) {
			this.reader.check();
			return;
		}
		long limit = this.log.limit(this.schedule.readCommitted);
		int left = records;
		long from = this.position;
		for (SimulatedLog.Entry entry : this.log.entries.tailMap(this.position).values()) {
			if (left == 0 || entry.offset >= limit) {
				break;
			}
			if (entry.visible(this.schedule.readCommitted)) {
				this.unused = false;
				this.reader.read(entry.offset, this.schedule.epochOf(entry), entry.timestamp, entry.header);
				this.schedule.traceRead(this, entry);
				this.naive.read(entry.offset, entry.sent, this.schedule.readCommitted);
				this.polled.add(entry);
				left--;
			}
			this.position = entry.offset + 1;
			this.positionEpoch = this.schedule.epochOf(entry);
		}
		if (left > 0 && limit > this.position) {
			this.position = limit;
		}
		this.reader.advance(this.position, this.positionEpoch);
		this.schedule.trace("%s: polled %d..%d", this.log.lane, from, this.position);
		if (this.reader.check() && this.lastCommit <= this.position && this.schedule.random.chance(70)) {
			commit(this.lastCommit);
		}
	}

	/** What a client does before it fetches. */
	private boolean validate() {
		if (this.incarnation != this.log.incarnation) {
			this.incarnation = this.log.incarnation;
			this.positionEpoch = -1;
			this.lineage.mixed = true;
		}
		long divergence = this.log.divergence(this.position, this.positionEpoch);
		if (divergence >= 0) {
			this.schedule.trace("%s: truncation noticed at %d, position was %d", this.log.lane, divergence,
					this.position);
			cutOff(Math.max(divergence, this.log.start));
			return false;
		}
		if (this.position < this.log.start || this.position > this.log.highWatermark) {
			boolean below = this.position < this.log.start;
			long to = this.schedule.resetToLatest ? this.log.limit(this.schedule.readCommitted) : this.log.start;
			move(to, below ? Cause.RETENTION : Cause.OUT_OF_RANGE);
			return false;
		}
		return true;
	}

	private void cutOff(long divergence) {
		List<SimulatedLog.Entry> processed = this.polled.stream()
			.filter((entry) -> entry.offset >= divergence)
			.toList();
		long to = this.position;
		rewind(divergence);
		markCutOff(processed);
		this.reader.truncate(divergence);
		if (!this.schedule.harmless && this.schedule.random.chance(30)) {
			// The container commits what the listener had done with before.
			processed.stream()
				.filter((entry) -> entry.sent != null)
				.forEach((entry) -> this.lineage.delivered.set(entry.sent.index));
			commit(to, this.schedule.happens(Faults.COMMIT_FAILS, 20));
		}
	}

	private void markCutOff(List<SimulatedLog.Entry> entries) {
		entries.stream()
			.filter((entry) -> entry.sent != null)
			.forEach((entry) -> this.lineage.cutOff.set(entry.sent.index));
	}

	void move(long to, Cause cause) {
		this.schedule.trace("%s: moves %d -> %d %s", this.log.lane, this.position, to, cause);
		boolean knowingly = to > this.position || cause == Cause.OUT_OF_RANGE;
		if (knowingly) {
			long from = (cause == Cause.OUT_OF_RANGE) ? this.lineage.baseline : this.position;
			this.log.entries.subMap(Math.min(from, to), to)
				.values()
				.stream()
				.filter((entry) -> entry.sent != null)
				.forEach((entry) -> this.lineage.passedOver.set(entry.sent.index));
		}
		if (to < this.position) {
			if (cause == Cause.OUT_OF_RANGE) {
				markCutOff(this.polled.stream().filter((entry) -> entry.offset >= to).toList());
			}
			rewind(to);
		}
		if (this.unused) {
			// That is where it begins. To go back later makes nobody answer for more.
			this.lineage.baseline = to;
			this.lineage.chosenBaseline = to;
		}
		this.position = to;
		this.positionEpoch = -1;
		this.reader.move(to, cause);
	}

	private void rewind(long to) {
		this.position = to;
		this.positionEpoch = -1;
		this.polled.removeIf((entry) -> entry.offset >= to);
		this.lineage.baseline = Math.min(this.lineage.baseline, to);
	}

	void commit(long offset) {
		commit(offset, this.schedule.happens(Faults.COMMIT_FAILS, 20));
	}

	private void commit(long offset, boolean fails) {
		this.unused = false;
		for (SimulatedLog.Entry entry : this.polled) {
			if (entry.offset < offset && entry.sent != null && !this.lineage.delivered.get(entry.sent.index)) {
				this.lineage.delivered.set(entry.sent.index);
				this.justDelivered.put(entry.sent.index, entry.offset);
			}
		}
		this.polled.removeIf((entry) -> entry.offset < offset);
		this.lastCommit = Math.min(offset, this.position);
		LaneReader.Commit commit = this.reader.commit(offset);
		this.justDelivered.clear();
		if (commit.metadata().length() > 3500 || commit.offset() != this.lastCommit) {
			this.schedule.violation("the metadata has " + commit.metadata().length() + " characters, offset "
					+ commit.offset() + " for " + offset);
		}
		this.tally.longestMetadata = Math.max(this.tally.longestMetadata, commit.metadata().length());
		this.schedule.trace("%s: commit %d%s", this.log.lane, offset, fails ? " fails" : "");
		this.schedule.traceOdd(this);
		if (!fails) {
			this.everDelivered.or(this.lineage.delivered);
			int epoch = this.schedule.happens(Faults.EPOCH_LOST, 50) ? -1 : commit.leaderEpoch();
			this.stored = new Stored(commit.offset(), epoch, commit.metadata(), this.lineage.copy(), true);
		}
	}

	/** Commit somewhere between the last commit and the position. */
	void commitSomewhere(boolean all) {
		commit(all ? this.position
				: this.schedule.random.between(Math.min(this.lastCommit, this.position), this.position));
	}

	/** While no member has it, somebody changes the group's offset. */
	void tamper(Faults fault) {
		if (this.stored == null) {
			return;
		}
		this.schedule.trace("%s: %s", this.log.lane, fault);
		if (fault == Faults.OFFSETS_EXPIRE) {
			this.stored = null;
		}
		else if (fault == Faults.METADATA_LOST) {
			this.stored = new Stored(this.stored.offset, -1, this.schedule.random.chance(70) ? "" : "somebody's own",
					null, false);
		}
		else {
			long to = this.schedule.random.between(this.log.start, this.log.highWatermark);
			this.schedule.trace("%s: offset set from outside %d -> %d", this.log.lane, this.stored.offset, to);
			this.stored = new Stored(to, -1, "", null, false);
		}
	}

	/** A reader without state is about to be given one from outside of the offsets. */
	void restored(Saved state) {
		if (this.lineage.began < 0) {
			return;
		}
		this.lineage.mixed = true;
		if (state.incarnation == this.log.incarnation) {
			this.lineage.restoredTo = state.committed;
			this.lineage.inherited.or(state.lineage.delivered);
			this.lineage.inherited.or(state.lineage.inherited);
			this.lineage.baseline = Math.min(this.lineage.baseline, state.lineage.baseline);
			this.lineage.chosenBaseline = Math.min(this.lineage.chosenBaseline, state.lineage.chosenBaseline);
		}
	}

	// What is right

	private Sent find(long session, long number) {
		Sent last = null;
		for (Sent sent : this.log.sent) {
			if (sent.session == session && sent.number(this.schedule.readCommitted) == number) {
				if (sent.acknowledged(this.schedule.readCommitted)) {
					return sent;
				}
				last = sent;
			}
		}
		return last;
	}

	void judge(Finding finding) {
		this.schedule.trace("%s: FOUND %s %s %04x:%s holes %d..%d position %d: %s", this.log.lane, finding.verdict(),
				finding.cause(), finding.session() & 0xffff, finding.numbers(), finding.skippedFrom(),
				finding.skippedTo(), finding.position(), finding.evidence());
		if (finding.verdict() != Verdict.FAILED_KNOWN || this.schedule.readCommitted
				|| !this.schedule.faults.contains(Faults.ABORT)) {
			// What was not yet sent when its transaction was aborted did fail.
			this.tally.findings++;
		}
		if (finding.numbers().count() > 10_000) {
			this.schedule.violation("a finding of " + finding.numbers().count() + " numbers");
			return;
		}
		for (int range = 0; range < finding.numbers().size(); range++) {
			for (long number = finding.numbers().first(range); number <= finding.numbers().last(range); number++) {
				judge(finding, number);
			}
		}
	}

	private void judge(Finding finding, long number) {
		Sent sent = find(finding.session(), number);
		if (sent == null) {
			if (finding.verdict() != Verdict.UNVERIFIED) {
				this.schedule.violation(finding.verdict() + " " + finding.session() + ":" + number + " was never sent");
			}
			return;
		}
		if (!finding.verdict().isLoss()) {
			return;
		}
		this.tally.confirmed++;
		boolean rc = this.schedule.readCommitted;
		if (!sent.acknowledged(rc)) {
			wrong(finding, sent, "was not acknowledged");
		}
		else if (this.lineage.delivered.get(sent.index)
				&& this.justDelivered.getOrDefault(sent.index, -1L) < finding.position()) {
			wrong(finding, sent, "was delivered");
		}
		else if (this.everDelivered.get(sent.index) && sent.copies.stream()
			.allMatch((copy) -> copy.offset < this.lineage.began && copy.offset >= this.lineage.restoredTo)) {
			wrong(finding, sent, "was delivered before state was lost");
		}
		else if (sent.copies.stream()
			.anyMatch((copy) -> copy.removed == null && !copy.replay && copy.offset >= this.lastCommit
					&& !Boolean.FALSE.equals((copy.part != null && rc) ? copy.part.committed : null))) {
			wrong(finding, sent, "is still to come");
		}
		else if (!this.lineage.mixed && !answerable(sent, this.lineage.baseline)) {
			wrong(finding, sent, "is from before the group began at " + this.lineage.baseline);
		}
		else if (finding.verdict() == Verdict.LOST_ACKED
				&& sent.copies.stream().anyMatch((copy) -> copy.removed == null && copy.visible(rc))) {
			this.tally.misattributed++;
			if (this.lineage.mixed || this.schedule.faults.contains(Faults.NOT_IDEMPOTENT)) {
				return;
			}
			if (this.lineage.passedOver.get(sent.index)) {
				misplaced(finding, sent);
			}
		}
	}

	// Where a log was written anew, a record may be elsewhere than its claim says, so
	// that
	// nobody can tell always what is lost from what was passed over. Nor is it kept what
	// was
	// not read between the place where a group began and one that it went back to. Both
	// verdicts are alarms, and reading the log again tells.
	private void misplaced(Finding finding, Sent sent) {
		this.tally.misplaced++;
		if (!this.schedule.faults.contains(Faults.TRUNCATE) && !this.schedule.faults.contains(Faults.SEEK_BACK)) {
			wrong(finding, sent, "is there, where the group knows that it did not read");
		}
	}

	private void wrong(Finding finding, Sent sent, String why) {
		this.tally.wrong++;
		if (this.schedule.faults.contains(Faults.NOT_IDEMPOTENT)) {
			this.tally.wrongNotIdempotent++;
		}
		else {
			this.schedule.violation("wrong " + finding.verdict() + " " + finding.cause() + ": " + sent + " at "
					+ describe(sent) + " " + why);
		}
	}

	private String describe(Sent sent) {
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

	// A copy that was cut off and written again, before anybody was told, was elsewhere.
	private boolean owed(Sent sent) {
		SimulatedLog.Entry acknowledged = sent.acknowledged;
		return acknowledged != null && acknowledged.offset >= this.lineage.chosenBaseline
				&& acknowledged.incarnation == this.log.incarnation;
	}

	void published(Finding finding) {
		this.found.computeIfAbsent(finding.verdict(), (key) -> new HashMap<>())
			.merge(finding.session(), finding.numbers(), NumberRanges::add);
		if (finding.verdict() == Verdict.UNVERIFIED) {
			this.unverified.computeIfAbsent(finding.cause(), (key) -> new HashMap<>())
				.merge(finding.session(), finding.numbers(), NumberRanges::add);
		}
	}

	/** For which cause a number is said not to be verified; -1 if that is not said. */
	private int unverifiedFor(Sent sent) {
		long number = sent.number(this.schedule.readCommitted);
		for (Map.Entry<Cause, Map<Long, NumberRanges>> cause : this.unverified.entrySet()) {
			if (cause.getValue().getOrDefault(sent.session, NumberRanges.EMPTY).contains(number)) {
				return List.of(Cause.values()).indexOf(cause.getKey());
			}
		}
		return this.reader.unverified().getOrDefault(sent.session, NumberRanges.EMPTY).contains(number)
				? Cause.values().length : -1;
	}

	private boolean found(Verdict verdict, Sent sent) {
		return this.found.getOrDefault(verdict, Map.of())
			.getOrDefault(sent.session, NumberRanges.EMPTY)
			.contains(sent.number(this.schedule.readCommitted));
	}

	/** At the end, when everything that can be known is known. */
	void settle(Map<Long, Watermark> known) {
		boolean rc = this.schedule.readCommitted;
		Set<Long> lostOffsets = new HashSet<>();
		Map<Long, Set<Long>> lostNumbers = new HashMap<>();
		for (Sent sent : this.log.sent) {
			boolean missing = sent.acknowledged(rc) && !this.lineage.delivered.get(sent.index)
					&& !this.lineage.inherited.get(sent.index) && owed(sent)
					// The group has it, even if what knew so is lost since.
					&& !this.everDelivered.get(sent.index);
			if (!missing || sent.copies.stream().anyMatch((copy) -> copy.removed == SimulatedLog.Removal.COMPACTED)) {
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

	private void settle(Sent sent, Watermark watermark) {
		if (found(Verdict.LOST_ACKED, sent) || found(Verdict.MISSED, sent)) {
			this.tally.reported++;
		}
		else if (unverifiedFor(sent) >= 0) {
			this.tally.unverified++;
			this.tally.unverifiedFor[unverifiedFor(sent)]++;
		}
		else if (found(Verdict.INDETERMINATE_AT_CRASH, sent)) {
			this.tally.indeterminate++;
		}
		else if (this.lineage.cutOff.get(sent.index)) {
			this.tally.cutOff++;
		}
		else if (!sent.abandoned && this.log.incarnation == 1 && !this.schedule.claimed(sent, watermark, this)) {
			this.schedule.violation("not claimed by its producer: " + sent + " at " + describe(sent) + " " + watermark);
		}
		else if (!this.schedule.claimed(sent, watermark, this)) {
			this.tally.unclaimed++;
		}
		else if (this.lineage.mixed) {
			this.tally.silentMixed++;
		}
		else if (this.schedule.faults.contains(Faults.NOT_IDEMPOTENT)) {
			this.tally.silentNotIdempotent++;
		}
		else {
			this.tally.silent++;
			this.schedule.violation("silent: " + sent + " at " + describe(sent) + " baseline "
					+ this.lineage.chosenBaseline + " watermark " + watermark);
		}
	}

	boolean delivered(Sent sent) {
		return this.lineage.delivered.get(sent.index);
	}

	/** What a line of commits has delivered. */
	static final class Lineage {

		final BitSet delivered;

		/** What a line had delivered whose state came from outside of the offsets. */
		final BitSet inherited;

		/**
		 * What was polled, and cut off before any commit covered it: perhaps processed.
		 */
		final BitSet cutOff = new BitSet();

		/**
		 * What was in the log when the position was moved over it, not by a rewritten
		 * log.
		 */
		final BitSet passedOver = new BitSet();

		/** Where it began without state; -1 if it did not. */
		long began = -1;

		/** Up to where it is known from elsewhere what was read before that. */
		long restoredTo;

		/** The lowest position it ever had. */
		long baseline = Long.MAX_VALUE;

		/** Where the group began. */
		long chosenBaseline = Long.MAX_VALUE;

		/**
		 * Whether part of it is known from elsewhere, or belongs to a topic that is gone.
		 */
		boolean mixed;

		Lineage() {
			this(new BitSet(), new BitSet());
		}

		private Lineage(BitSet delivered, BitSet inherited) {
			this.delivered = delivered;
			this.inherited = inherited;
		}

		Lineage copy() {
			Lineage copy = new Lineage((BitSet) this.delivered.clone(), (BitSet) this.inherited.clone());
			copy.cutOff.or(this.cutOff);
			copy.passedOver.or(this.passedOver);
			copy.began = this.began;
			copy.restoredTo = this.restoredTo;
			copy.baseline = this.baseline;
			copy.chosenBaseline = this.chosenBaseline;
			copy.mixed = this.mixed;
			return copy;
		}

	}

	private record Stored(long offset, int epoch, String metadata, Lineage lineage, boolean intact) {

	}

	/**
	 * What the checkpoint topic has.
	 *
	 * @param state the bytes
	 * @param lineage what had been delivered when they were made
	 * @param incarnation of the topic
	 * @param committed up to which offset
	 */
	@SuppressWarnings("ArrayRecordComponent")
	record Saved(byte[] state, Lineage lineage, int incarnation, long committed) {

	}

}
