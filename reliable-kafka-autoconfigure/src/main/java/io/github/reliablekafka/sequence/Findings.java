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

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;

/**
 * Finds what is missing in one partition, has it reported, and only then lets the state
 * say so. For use by one thread.
 */
final class Findings {

	/**
	 * How long nothing has to be heard of a session until its numbers that were never
	 * claimed are said to be undecided. Not a proof, and not a loss.
	 */
	private static final long SILENCE = Duration.ofMinutes(10).toNanos();

	/**
	 * With more sessions, those that are over and complete are forgotten. Claims of them
	 * are then in front of where the beginnings of sessions are known.
	 */
	private static final int KEPT_SESSIONS = 32;

	private final Lane lane;

	private final boolean readCommitted;

	private final SequenceBoard board;

	private final LossLedger.Coverage coverage;

	private final Judge judge;

	private final EndOfLog endOfLog = new EndOfLog();

	private final Divergence divergence;

	private final Publications publications;

	private long truncationClaimed = -1;

	/**
	 * The session whose claim was asked for last, as batches are of one, and the claim.
	 */
	private long askedSession;

	private long askedVersion = -1;

	private @Nullable Claim askedClaim;

	Findings(String group, Lane lane, boolean readCommitted, SequenceBoard board, LossLedger ledger) {
		this.lane = lane;
		this.readCommitted = readCommitted;
		this.board = board;
		this.coverage = ledger.coverage(lane.topic(), group);
		this.judge = new Judge(group, lane, readCommitted);
		this.divergence = new Divergence(lane, readCommitted, board);
		this.publications = new Publications(ledger);
	}

	/**
	 * Whether a record is behind the place where it was acknowledged, and so is one that
	 * somebody wrote a second time.
	 * @param session of the record
	 * @param number of the record
	 * @param offset of the record
	 * @return {@code false} as well if its claim is not known
	 */
	boolean isCopy(long session, long number, long offset) {
		long version = this.board.version();
		if (this.askedSession != session || this.askedVersion != version) {
			this.askedSession = session;
			this.askedVersion = version;
			this.askedClaim = knownClaim(session);
		}
		Claim claim = this.askedClaim;
		return claim != null && number <= claim.acknowledged() && claim.offset() < offset
				&& !claim.failed().contains(number);
	}

	private @Nullable Claim knownClaim(long session) {
		Watermark watermark = this.board.watermarks(this.lane).get(session);
		TopicFacts facts = this.board.facts(this.lane.topic());
		if (watermark == null || facts == null) {
			return null;
		}
		Claim claim = watermark.claim(this.readCommitted);
		return (claim.topicIdHash() == facts.topicIdHash()) ? claim : null;
	}

	/**
	 * Take a record's number and claim into account.
	 * @param state that has passed the record
	 * @param stamp of the record
	 * @param number of the record, aborted ones included if they are visible
	 * @param offset of the record
	 * @param arrival what its number means
	 * @param now the time in nanoseconds
	 */
	void arrived(LaneState state, Stamp stamp, long number, long offset, SessionState.Arrival arrival, long now) {
		if (arrival != SessionState.Arrival.NEXT) {
			late(state, stamp, number, offset, arrival);
		}
		Claim anchor = stamp.anchor();
		if (anchor != null && isOfReader(stamp)) {
			anchored(state, stamp.session(), anchor, offset, now);
		}
	}

	/**
	 * Take a record's claim into account that is read again to find out what was known of
	 * it. Nothing is judged before that is certain.
	 * @param state that has passed the record
	 * @param stamp of the record
	 * @param offset of the record
	 * @param now the time in nanoseconds
	 */
	void arrivedAgain(LaneState state, Stamp stamp, long offset, long now) {
		Claim anchor = stamp.anchor();
		SessionState session = state.session(stamp.session());
		if (anchor != null && session != null && isOfReader(stamp)) {
			session.claims().keep(anchor, anchor.offset() >= offset, now);
		}
	}

	// Anchors of transactions claim no numbers of aborted ones.
	private boolean isOfReader(Stamp stamp) {
		return this.readCommitted || !stamp.transactional();
	}

	private void late(LaneState state, Stamp stamp, long number, long offset, SessionState.Arrival arrival) {
		switch (arrival) {
			case RECOVERED -> tell(this.judge.finding(state,
					new Judge.Missing(stamp.session(), NumberRanges.of(number, number), null,
							new Finding.Place(offset, -1, -1, number), offset),
					null, Verdict.RECOVERED, Cause.LATE, null));
			case LATE -> {
				if (this.publications.isMissing(stamp.session(), number)) {
					// Sent again before the report was everywhere.
					late(state, stamp, number, offset, SessionState.Arrival.RECOVERED);
				}
				else if (!stamp.replay() && offset >= state.highest()) {
					this.coverage.count(Integrity.REORDER);
				}
			}
			case AGAIN -> {
				if (offset >= state.highest()) {
					Watermark watermark = this.board.watermarks(this.lane).get(stamp.session());
					boolean failed = watermark != null && watermark.claim(this.readCommitted).failed().contains(number);
					this.coverage.count(failed ? Integrity.GHOST : Integrity.DUPLICATE);
				}
			}
			case NEXT, EARLIER -> {
			}
		}
	}

	private void anchored(LaneState state, long id, Claim anchor, long offset, long now) {
		SessionState session = state.session(id);
		boolean truncated = anchor.offset() >= offset;
		// The past may tell what is missing.
		boolean pending = state.isPartial() || state.beginning() != null;
		if (session == null || (!truncated && !isIncomplete(session) && !pending)) {
			return;
		}
		TopicFacts facts = this.board.facts(this.lane.topic());
		if (facts == null || state.isPartial()) {
			session.claims().keep(anchor, truncated, now);
			return;
		}
		if (truncated && facts.topicIdHash() == anchor.topicIdHash() && anchor.offset() > this.truncationClaimed) {
			this.truncationClaimed = anchor.offset();
			this.coverage.count(Integrity.TRUNCATION);
		}
		judge(state, session, Judge.Evidence.of(anchor, truncated ? Cause.TRUNCATED : null, false), facts);
		boolean undecided = isIncomplete(session)
				&& !isCovered(anchor, this.board.watermarks(this.lane).get(id), state, facts);
		if (pending || undecided) {
			// A watermark says where the session began, if there will be one. That the
			// topic was created again may not be known yet, and a report may fail.
			session.claims().keep(anchor, truncated, now);
		}
	}

	// The watermark says what is left, perhaps with a proof, as soon as it can be judged.
	private boolean isCovered(Claim claim, @Nullable Watermark watermark, LaneState state, TopicFacts facts) {
		return watermark != null && watermark.claim(this.readCommitted).covers(claim)
				&& Judge.canJudge(state, evidence(watermark, state), facts);
	}

	private Judge.Evidence evidence(Watermark watermark, LaneState state) {
		Claim claim = watermark.claim(this.readCommitted);
		return Judge.Evidence.of(watermark, claim, this.endOfLog.proves(watermark.session(), claim, state.next()));
	}

	private static boolean isIncomplete(SessionState session) {
		return session.gaps().hasOpen() || (session.baseline() == 0 && !session.unknown().isEmpty());
	}

	private void judge(LaneState state, SessionState session, Judge.Evidence evidence, TopicFacts facts) {
		excuse(state, session, evidence);
		Claim claim = evidence.claim();
		if (claim.offset() < session.baseline() && claim.topicIdHash() == facts.topicIdHash()
				&& !session.isPartlyForgotten()) {
			// Nor is what comes behind the numbers that were read, if the log was
			// written anew below.
			session.disown(claim.acknowledged());
			return;
		}
		post(session.session(), session, evidence,
				(pending, findings) -> this.judge.judge(state, session, evidence, facts, pending, findings));
	}

	private void post(long id, @Nullable SessionState session, Judge.Evidence evidence,
			BiConsumer<NumberRanges, List<Finding>> judge) {
		NumberRanges pending = this.publications.pending(id);
		List<Finding> findings = new ArrayList<>(0);
		judge.accept(pending, findings);
		NumberRanges doubtful = doubtful(id, evidence, findings);
		if (!doubtful.isEmpty()) {
			findings.clear();
			judge.accept(pending.add(doubtful), findings);
		}
		findings.forEach((finding) -> post(finding, session));
	}

	// What a record claims is in the log in which it was read.
	private NumberRanges doubtful(long id, Judge.Evidence evidence, List<Finding> findings) {
		boolean certain = evidence.watermark() == null && evidence.proof() != Cause.TAIL;
		if (certain || this.board.logAccess() == null) {
			return NumberRanges.EMPTY;
		}
		NumberRanges lost = NumberRanges.EMPTY;
		for (Finding finding : findings) {
			lost = finding.verdict().isLoss() ? lost.add(finding.numbers()) : lost;
		}
		return lost.isEmpty() ? lost : this.divergence.doubtful(id, lost, evidence.claim());
	}

	private void excuse(LaneState state, SessionState session, Judge.Evidence evidence) {
		NumberRanges excused = session.excuse(evidence.claim().failed());
		if (!excused.isEmpty()) {
			tell(this.judge.finding(state, new Judge.Missing(session.session(), excused, null, null, -1), evidence,
					Verdict.FAILED_KNOWN, Cause.SEND_FAILED, null));
		}
	}

	private void post(Finding finding, @Nullable SessionState session) {
		this.publications.post(named(finding), session);
	}

	private void tell(Finding finding) {
		this.publications.tell(named(finding));
	}

	// A record tells its session only, a watermark whose that is.
	private Finding named(Finding finding) {
		Watermark watermark = this.board.watermarks(this.lane).get(finding.session());
		return (finding.producer() == null && watermark != null) ? finding.of(watermark.producer()) : finding;
	}

	/**
	 * Note that the position was set.
	 */
	void moved() {
		this.divergence.moved();
	}

	/**
	 * Begin with another state, of which nothing was reported.
	 */
	void begin() {
		this.publications.forget();
	}

	/**
	 * Have the state remember what was reported.
	 * @param state the state
	 * @return whether there was anything
	 */
	boolean settle(LaneState state) {
		return this.publications.settle(state);
	}

	/**
	 * Judge what is missing by what is on the board.
	 * @param state what was read
	 * @param atPosition whether everything that was polled is processed
	 * @param position where the consumer is
	 * @param positionLeaderEpoch the leader epoch in front of the position; -1 if unknown
	 * @param now the time in nanoseconds
	 * @return whether to look again even if nothing changes
	 */
	boolean evaluate(LaneState state, boolean atPosition, long position, int positionLeaderEpoch, long now) {
		TopicFacts facts = this.board.facts(this.lane.topic());
		if (facts == null) {
			return true;
		}
		if (state.topicIdHash() != 0 && state.topicIdHash() != facts.topicIdHash()) {
			this.coverage.count(Integrity.TOPIC_RECREATED);
			state.recreated(facts.topicIdHash());
			this.endOfLog.reset();
			this.divergence.reset();
		}
		state.topicIdHash(facts.topicIdHash());
		if (state.isPartial()) {
			return true;
		}
		this.divergence.answer(position, positionLeaderEpoch, now);
		boolean again = judgeAll(state, facts, atPosition, now);
		LogAccess logAccess = this.board.logAccess();
		boolean inDoubt = logAccess != null && this.divergence.ask(logAccess, state, now);
		state.sessions().shrinkReported();
		return inDoubt || makeRoom(state, KnownSessions.MOST) || again;
	}

	private boolean judgeAll(LaneState state, TopicFacts facts, boolean atPosition, long now) {
		boolean behind = false;
		Map<SessionState, Long> over = new HashMap<>();
		Map<Long, Watermark> watermarks = this.board.watermarks(this.lane);
		for (Watermark watermark : watermarks.values()) {
			Claim claim = watermark.claim(this.readCommitted);
			SessionState session = state.session(watermark.session());
			Judge.Evidence evidence = evidence(watermark, state);
			if (session == null) {
				post(watermark.session(), null, evidence,
						(pending, findings) -> this.judge.judgeUnseen(state, evidence, facts, pending, findings));
			}
			else {
				session.heard(now, watermark.sequence());
				if (session.gaps().hasOpen() || claim.acknowledged() > session.last() || !session.unknown().isEmpty()) {
					judge(state, session, evidence, facts);
				}
			}
			if (session != null && isOver(session, watermark, now)) {
				over.put(session, claim.offset());
			}
			behind |= isBehind(claim, state, facts);
		}
		// What has to be said of others is found again only as long as they may have
		// begun above the ones that are forgotten.
		if (state.sessions().size() > KEPT_SESSIONS && this.publications.isEmpty() && !this.divergence.isInDoubt()) {
			over.forEach(state.sessions()::forget);
		}
		boolean open = undecided(state, watermarks, facts, now);
		boolean watched = atPosition && (behind || !keptBehind(state, facts).isEmpty());
		// A report on its way may fail, and has to be made again.
		return watchEnd(state, facts, watched, now) || open || !this.publications.isEmpty();
	}

	private boolean isOver(SessionState session, Watermark watermark, long now) {
		return watermark.closed() && watermark.claim(this.readCommitted).acknowledged() <= session.last()
				&& !session.gaps().hasOpen() && now - session.heardAt() > SILENCE
				&& this.publications.pending(session.session()).isEmpty();
	}

	private boolean undecided(LaneState state, Map<Long, Watermark> watermarks, TopicFacts facts, long now) {
		boolean open = false;
		for (SessionState session : state.sessions()) {
			if (!isIncomplete(session) && state.beginning() == null) {
				session.claims().forget();
			}
			if (!session.gaps().hasOpen() && (session.claims().isEmpty() || !isIncomplete(session))) {
				continue;
			}
			open = true;
			Watermark watermark = watermarks.get(session.session());
			long kept = judgeKept(state, session, watermark, facts, now);
			if (session.heardAt() == 0) {
				session.heard(now, 0);
			}
			if ((watermark != null && watermark.closed()) || now - session.heardAt() > SILENCE) {
				long acknowledged = Math.max(kept,
						(watermark != null) ? watermark.claim(this.readCommitted).acknowledged() : 0);
				for (Gap gap : session.gaps()) {
					NumberRanges numbers = gap.numbers()
						.intersect(acknowledged + 1, Long.MAX_VALUE)
						.remove(this.publications.pending(session.session()));
					if (gap.isOpen() && !numbers.isEmpty()) {
						post(this.judge.finding(state,
								new Judge.Missing(session.session(), numbers, gap.before(), gap.after(), -1), null,
								Verdict.INDETERMINATE_AT_CRASH, Cause.SENDER_ENDED, null), session);
					}
				}
			}
		}
		return open;
	}

	// Gives the highest number of which more may be known later.
	private long judgeKept(LaneState state, SessionState session, @Nullable Watermark watermark, TopicFacts facts,
			long now) {
		long highest = 0;
		for (KeptClaims.Kept kept : session.claims()) {
			Claim claim = kept.claim();
			boolean covered = isCovered(claim, watermark, state, facts);
			boolean last = !covered && now - kept.since() > SILENCE;
			Judge.Evidence evidence = Judge.Evidence.of(claim, proof(session, kept, state), last);
			judge(state, session, evidence, facts);
			boolean other = Judge.isOther(claim, facts);
			boolean decided = (covered || last) && (other || Judge.canJudge(state, evidence, facts));
			// A report on its way may fail, and has to be made again.
			if (decided && this.publications.pending(session.session()).isEmpty() && !this.divergence.isInDoubt()) {
				session.claims().forget(kept);
			}
			else if (!other) {
				highest = Math.max(highest, claim.acknowledged());
			}
		}
		return highest;
	}

	private @Nullable Cause proof(SessionState session, KeptClaims.Kept kept, LaneState state) {
		if (kept.provesTruncation()) {
			return Cause.TRUNCATED;
		}
		boolean gone = this.endOfLog.proves(session.session(), kept.claim(), state.next());
		return gone ? Cause.TAIL : null;
	}

	private boolean watchEnd(LaneState state, TopicFacts facts, boolean watched, long now) {
		LogAccess logAccess = this.board.logAccess();
		if (logAccess == null || !watched) {
			this.endOfLog.reset();
			return false;
		}
		this.endOfLog.watch(logAccess, this.lane, state.next(), () -> claimedBehind(state, facts), now);
		return true;
	}

	private Map<Long, Long> claimedBehind(LaneState state, TopicFacts facts) {
		Map<Long, Long> claimed = keptBehind(state, facts);
		for (Watermark watermark : this.board.watermarks(this.lane).values()) {
			Claim claim = watermark.claim(this.readCommitted);
			if (isBehind(claim, state, facts)) {
				claimed.merge(watermark.session(), claim.acknowledged(), Math::max);
			}
		}
		return claimed;
	}

	// The records with these claims were read once, but the group may have gone back.
	private static Map<Long, Long> keptBehind(LaneState state, TopicFacts facts) {
		Map<Long, Long> claimed = new HashMap<>(0);
		for (SessionState session : state.sessions()) {
			for (KeptClaims.Kept kept : session.claims()) {
				if (!kept.provesTruncation() && isBehind(kept.claim(), state, facts)) {
					claimed.merge(session.session(), kept.claim().acknowledged(), Math::max);
				}
			}
		}
		return claimed;
	}

	private static boolean isBehind(Claim claim, LaneState state, TopicFacts facts) {
		return claim.offset() >= state.next() && !Judge.isOther(claim, facts);
	}

	// A session of which something is missing is kept until that is reported.
	private boolean makeRoom(LaneState state, int most) {
		boolean waiting = false;
		for (SessionState session : state.sessions().excess(most)) {
			NumberRanges pending = this.publications.pending(session.session());
			for (Gap gap : session.gaps()) {
				NumberRanges numbers = gap.numbers().remove(pending);
				if (gap.isOpen() && !numbers.isEmpty()) {
					post(this.judge.finding(state,
							new Judge.Missing(session.session(), numbers, gap.before(), gap.after(), -1), null,
							Verdict.UNVERIFIED, Cause.STATE_LOST, null), session);
				}
			}
			if (session.gaps().hasOpen() || !pending.isEmpty()) {
				waiting = true;
			}
			else {
				state.sessions().forget(session, session.highestOffset());
			}
		}
		return waiting;
	}

}
