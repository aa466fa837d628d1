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

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Says what became of missing records, as far as claims prove it. Knows no time: that a
 * record has not come for long proves nothing.
 */
final class Judge {

	private final String group;

	private final Lane lane;

	private final boolean readCommitted;

	Judge(String group, Lane lane, boolean readCommitted) {
		this.group = group;
		this.lane = lane;
		this.readCommitted = readCommitted;
	}

	/**
	 * Judge the missing records of a session.
	 * @param state what was read
	 * @param session of which something was read
	 * @param evidence the claim
	 * @param facts about the topic
	 * @param pending numbers that a finding is on its way for
	 * @param findings gets the findings
	 */
	void judge(LaneState state, SessionState session, Evidence evidence, TopicFacts facts, NumberRanges pending,
			List<Finding> findings) {
		Claim claim = evidence.claim();
		if (!canJudge(state, evidence, facts)) {
			return;
		}
		boolean beginningKnown = isBeginningKnown(session, claim);
		boolean ordered = beginningKnown || claim.inverted() < session.firstSeen();
		for (Gap gap : session.gaps()) {
			if (gap.isUndecided()) {
				Missing missing = new Missing(session.session(), claimed(claim, gap.numbers(), pending), gap.before(),
						gap.after(), gap.lowerBound() + 1);
				if (!isCopy(session, gap.before(), claim, beginningKnown)) {
					addOrdered(state, missing, ordered, evidence, facts, findings);
				}
				else {
					addBehindCopy(state, session, missing, beginningKnown, evidence, facts, findings);
				}
			}
		}
		Missing tail = new Missing(session.session(),
				claimed(claim, NumberRanges.of(session.last() + 1, claim.acknowledged()), pending), session.lastPlace(),
				null, session.lastOffset() + 1);
		if (!session.isReplayedOnly() && !isCopy(session, session.lastPlace(), claim, beginningKnown)) {
			addOrdered(state, tail, ordered, evidence, facts, findings);
		}
		else {
			addBehindCopy(state, session, tail, beginningKnown, evidence, facts, findings);
		}
		if (beginningKnown) {
			NumberRanges early = claimed(claim, session.unknown(), pending);
			add(state, new Missing(session.session(), early, null, null, Math.max(0, claim.firstOffset())), evidence,
					facts, findings);
		}
	}

	/**
	 * Whether a claim says anything about what was read so far.
	 * @param state what was read
	 * @param evidence the claim
	 * @param facts about the topic
	 * @return {@code false} if it is about another topic, or about what may still come
	 */
	static boolean canJudge(LaneState state, Evidence evidence, TopicFacts facts) {
		return !isOther(evidence.claim(), facts)
				&& (evidence.claim().offset() < state.next() || evidence.proof() != null);
	}

	/**
	 * Judge the records of a session of which nothing was read.
	 * @param state what was read
	 * @param evidence a watermark of the session
	 * @param facts about the topic
	 * @param pending numbers that a finding is on its way for
	 * @param findings gets the findings
	 */
	void judgeUnseen(LaneState state, Evidence evidence, TopicFacts facts, NumberRanges pending,
			List<Finding> findings) {
		Claim claim = evidence.claim();
		Watermark watermark = evidence.watermark();
		if (watermark == null || !canJudge(state, evidence, facts) || claim.offset() < state.sessions().baseline()) {
			return;
		}
		NumberRanges numbers = claimed(claim, NumberRanges.of(1, claim.acknowledged()), pending);
		Missing all = new Missing(watermark.session(), numbers, null, null, claim.firstOffset());
		if (claim.firstOffset() >= state.sessions().baseline()) {
			add(state, all, evidence, facts, findings);
		}
		else {
			addUnverified(state, all, evidence, findings);
		}
	}

	// Whoever copied a record may have done so long after, so that it does not tell where
	// those behind it were: surely if it is behind all that is claimed, and perhaps if it
	// is the first that was read.
	private static boolean isCopy(SessionState session, Finding.@Nullable Place before, Claim claim,
			boolean beginningKnown) {
		return before != null
				&& (before.offset() > claim.offset() || (!beginningKnown && before.number() == session.firstSeen()));
	}

	private void addBehindCopy(LaneState state, SessionState session, Missing missing, boolean beginningKnown,
			Evidence evidence, TopicFacts facts, List<Finding> findings) {
		Claim claim = evidence.claim();
		if (beginningKnown) {
			add(state, missing.from(Math.max(0, claim.firstOffset())), evidence, facts, findings);
		}
		else if (evidence.isLast() && (missing.after() != null || claim.offset() >= session.baseline())) {
			addUnverified(state, missing, evidence, findings);
		}
	}

	// Records that overtook each other may have been in front of where the group began.
	private void addOrdered(LaneState state, Missing missing, boolean ordered, Evidence evidence, TopicFacts facts,
			List<Finding> findings) {
		NumberRanges uncertain = ordered ? NumberRanges.EMPTY
				: missing.numbers().intersect(1, evidence.claim().inverted());
		add(state, missing.with(missing.numbers().remove(uncertain)), evidence, facts, findings);
		addUnverified(state, missing.with(uncertain), evidence, findings);
	}

	private void addUnverified(LaneState state, Missing missing, Evidence evidence, List<Finding> findings) {
		if (!missing.numbers().isEmpty()) {
			findings.add(finding(state, missing, evidence, Verdict.UNVERIFIED, Cause.BASELINE, null));
		}
	}

	// Zero is a topic that nobody can tell from one of the same name.
	static boolean isOther(Claim claim, TopicFacts facts) {
		return claim.topicIdHash() == 0 || claim.topicIdHash() != facts.topicIdHash();
	}

	private static NumberRanges claimed(Claim claim, NumberRanges numbers, NumberRanges pending) {
		return numbers.intersect(claim.from(), claim.acknowledged()).remove(claim.failed()).remove(pending);
	}

	private void add(LaneState state, Missing missing, Evidence evidence, TopicFacts facts, List<Finding> findings) {
		if (missing.numbers().isEmpty()) {
			return;
		}
		if (facts.compacted()) {
			findings.add(finding(state, missing, evidence, Verdict.UNVERIFIED, Cause.COMPACTION, null));
			return;
		}
		SessionState session = state.session(missing.session());
		if (missing.lowest() < state.holes().knownFrom()
				|| (session != null && session.isPartlyForgotten() && missing.lowest() < session.baseline())) {
			findings.add(finding(state, missing, evidence, Verdict.UNVERIFIED, Cause.STATE_LOST, null));
			return;
		}
		if (session != null && mayBeBelowBeginning(state, session, missing.before(), evidence.claim())) {
			if (evidence.isLast()) {
				addUnverified(state, missing, evidence, findings);
			}
			return;
		}
		Claim claim = evidence.claim();
		long highest = claim.offset();
		Finding.Place after = missing.after();
		// A record behind them may be in front of where they were if the log was cut off.
		// Only a claim that has that record as well tells.
		if (after != null && evidence.proof() == null && claim.acknowledged() >= after.number()
				&& claim.inverted() < missing.numbers().first(0)) {
			highest = Math.min(highest, after.offset());
		}
		Hole hole = state.holes().in(missing.lowest(), highest);
		if (hole != null) {
			findings.add(finding(state, missing, evidence, hole.proven() ? Verdict.MISSED : Verdict.UNVERIFIED,
					hole.cause(), hole));
			return;
		}
		findings.add(finding(state, missing, evidence, Verdict.LOST_ACKED, cause(state, missing, evidence), null));
	}

	// If the log was cut off there, and the group did not go back so far.
	private static boolean mayBeBelowBeginning(LaneState state, SessionState session, Finding.@Nullable Place before,
			Claim claim) {
		if (before == null || before.number() == 0 || before.offset() >= session.baseline()
				|| session.isPartlyForgotten() || isBeginningKnown(session, claim)) {
			return false;
		}
		Hole hole = state.holes().in(session.baseline() - 1, session.baseline() - 1);
		return hole != null && hole.cause() == Cause.OUT_OF_RANGE;
	}

	private static boolean isBeginningKnown(SessionState session, Claim claim) {
		return session.baseline() == 0 || (claim.firstOffset() >= 0 && claim.firstOffset() >= session.baseline());
	}

	// The first guess; whoever reads the log again can tell better.
	private static Cause cause(LaneState state, Missing missing, Evidence evidence) {
		if (evidence.proof() != null) {
			return evidence.proof();
		}
		Finding.Place before = missing.before();
		int epochBehind = (missing.after() != null) ? missing.after().leaderEpoch() : state.leaderEpoch();
		if (before != null && epochBehind != -1 && before.leaderEpoch() != epochBehind) {
			return Cause.TRUNCATED;
		}
		return Cause.VANISHED;
	}

	Finding finding(LaneState state, Missing missing, @Nullable Evidence evidence, Verdict verdict, Cause cause,
			@Nullable Hole hole) {
		Watermark watermark = (evidence != null) ? evidence.watermark() : null;
		return new Finding(verdict, cause, this.group, this.readCommitted, this.lane, missing.session(),
				(watermark != null) ? watermark.producer() : null, missing.numbers(), words(evidence), missing.before(),
				missing.after(), (hole != null) ? hole.from() : -1, (hole != null) ? hole.to() : -1, state.next());
	}

	private static String words(@Nullable Evidence evidence) {
		if (evidence == null) {
			return "no claim";
		}
		Claim claim = evidence.claim();
		StringBuilder words = new StringBuilder();
		words.append((evidence.watermark() != null) ? "watermark " + evidence.watermark().sequence()
				: "an anchor in the partition");
		words.append(" claims %d..%d acknowledged at offsets up to %d".formatted(claim.from(), claim.acknowledged(),
				claim.offset()));
		if (evidence.proof() == Cause.TRUNCATED) {
			words.append(", and is itself in front of that offset");
		}
		else if (evidence.proof() == Cause.TAIL) {
			words.append(", and the log ends in front of that offset");
		}
		return words.toString();
	}

	/**
	 * Records that are missing, and where.
	 *
	 * @param session of the records
	 * @param numbers of the records
	 * @param before the record in front of them; {@code null} if there is none
	 * @param after the record behind them; {@code null} if there is none
	 * @param lowest the lowest offset that any of them can have had
	 */
	record Missing(long session, NumberRanges numbers, Finding.@Nullable Place before, Finding.@Nullable Place after,
			long lowest) {

		Missing with(NumberRanges numbers) {
			return new Missing(this.session, numbers, this.before, this.after, this.lowest);
		}

		Missing from(long lowest) {
			return new Missing(this.session, this.numbers, null, this.after, lowest);
		}

	}

	/**
	 * One claim, and what makes it count.
	 *
	 * @param claim the claim
	 * @param watermark where it is from; {@code null} if it is from a record
	 * @param proof why the records behind the position cannot come any more:
	 * {@link Cause#TRUNCATED} or {@link Cause#TAIL}; {@code null} if nothing proves that,
	 * so that the position has to be behind the claimed offset
	 * @param isLast whether nothing is to be expected that says more
	 */
	record Evidence(Claim claim, @Nullable Watermark watermark, @Nullable Cause proof, boolean isLast) {

		static Evidence of(Watermark watermark, Claim claim, boolean provesTail) {
			return new Evidence(claim, watermark, provesTail ? Cause.TAIL : null, true);
		}

		/**
		 * From a record.
		 * @param anchor the claim
		 * @param proof see {@link #proof}
		 * @param isLast whether no watermark is to be expected
		 * @return evidence
		 */
		static Evidence of(Claim anchor, @Nullable Cause proof, boolean isLast) {
			return new Evidence(anchor, null, proof, isLast);
		}

	}

}
