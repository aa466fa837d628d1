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

import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * The producer sessions that were read in one partition, and from where on it is known
 * which there were. Those that find no room are forgotten. For use by one thread.
 */
final class KnownSessions implements Iterable<SessionState> {

	/**
	 * About 12 bytes each in a checkpoint, 300 in memory.
	 */
	static final int MOST = 20_000;

	static final int MOST_REPORTED = 64;

	private final Map<Long, SessionState> sessions = new LinkedHashMap<>();

	/**
	 * The one that was asked for last: batches are of one session.
	 */
	private @Nullable SessionState latest;

	private long baseline;

	/**
	 * What the baseline was before anything was forgotten.
	 */
	private long begun;

	/**
	 * No sessions.
	 * @param baseline in front of this offset there may be some
	 */
	KnownSessions(long baseline) {
		this.baseline = baseline;
		this.begun = baseline;
	}

	/**
	 * Where knowledge begins: the beginnings of all sessions that begin at or above this
	 * offset are known. Those of sessions that were met before others were forgotten may
	 * be known from further down on.
	 * @return an offset
	 */
	long baseline() {
		return this.baseline;
	}

	/**
	 * Where knowledge of any session begins.
	 * @return an offset, at most the baseline
	 */
	long lowestBaseline() {
		long lowest = this.baseline;
		for (SessionState session : this) {
			lowest = Math.min(lowest, session.baseline());
		}
		return lowest;
	}

	int size() {
		return this.sessions.size();
	}

	@Override
	public Iterator<SessionState> iterator() {
		return this.sessions.values().iterator();
	}

	@Nullable SessionState find(long session) {
		SessionState found = this.latest;
		if (found == null || found.session() != session) {
			found = this.sessions.get(session);
			this.latest = found;
		}
		return found;
	}

	void add(SessionState session) {
		this.sessions.put(session.session(), session);
		this.latest = session;
	}

	/**
	 * Add a session of which a record is read for the first time.
	 * @param session its id
	 * @param number of the record
	 * @param offset of the record
	 * @param leaderEpoch of the record
	 * @param timestamp of the record
	 * @param replay whether the record may have been there before
	 * @return its state
	 */
	SessionState begin(long session, long number, long offset, int leaderEpoch, long timestamp, boolean replay) {
		SessionState state = SessionState.beginning(session, number, offset, leaderEpoch, timestamp);
		state.replayedOnly(replay);
		state.partlyForgotten(offset < this.baseline);
		state.baseline(this.baseline);
		add(state);
		return state;
	}

	/**
	 * The log was cut off.
	 * @param offset the first offset that differs
	 */
	void cutOff(long offset) {
		forEach((session) -> session.cutOff(offset));
	}

	/**
	 * The topic is another one of the same name, and all of it is the group's.
	 * @param topicIdHash of the one there is
	 */
	void recreated(int topicIdHash) {
		this.baseline = 0;
		this.begun = 0;
		forEach((session) -> {
			session.forgetPlaces(topicIdHash);
			session.baseline(0);
		});
	}

	/**
	 * Put together what was read in two parts of the partition.
	 * @param past what was read in front of where this part began
	 * @param began where this part began
	 */
	void precededBy(KnownSessions past, long began) {
		boolean forgotten = this.baseline > began;
		long forgottenUpTo = Math.max(this.baseline, past.baseline);
		for (SessionState then : past) {
			SessionState now = this.sessions.get(then.session());
			if ((now != null) ? now.baseline() > began : forgotten) {
				// It may have been read and forgotten since.
				then.partlyForgotten(true);
				then.baseline(forgottenUpTo);
			}
		}
		for (SessionState now : this) {
			if (now.baseline() <= began) {
				// It was met before anything was forgotten.
				now.baseline(past.baseline);
			}
		}
		this.baseline = forgotten ? forgottenUpTo : past.baseline;
		this.begun = this.baseline;
		past.forEach((session) -> this.sessions.merge(session.session(), session, SessionState::precededBy));
		this.latest = null;
	}

	long openNumbers() {
		long numbers = 0;
		for (SessionState session : this) {
			numbers += session.gaps().openNumbers();
		}
		return numbers;
	}

	/**
	 * Forget what has been said if it is too much.
	 */
	void shrinkReported() {
		long reported = 0;
		for (SessionState session : this) {
			reported += session.gaps().reported();
		}
		if (reported > MOST_REPORTED) {
			for (SessionState session : oldestFirst()) {
				reported -= session.gaps().reported();
				session.gaps().forgetReported();
				if (reported <= MOST_REPORTED) {
					break;
				}
			}
		}
	}

	/**
	 * The sessions that find no room.
	 * @param most how many do
	 * @return those to forget first come first
	 */
	List<SessionState> excess(int most) {
		return (size() > most) ? oldestFirst().subList(0, size() - most) : List.of();
	}

	/**
	 * The order in which they are forgotten.
	 * @return those with open gaps last, of others those first that were read longest ago
	 */
	List<SessionState> oldestFirst() {
		return this.sessions.values()
			.stream()
			.sorted(Comparator.comparing((SessionState session) -> session.gaps().hasOpen())
				.thenComparingLong(SessionState::lastOffset))
			.toList();
	}

	/**
	 * Forget a session. If it is met again, nothing is concluded from where it began.
	 * @param session the session
	 * @param offset the highest at which any of its records may be
	 */
	void forget(SessionState session, long offset) {
		this.sessions.remove(session.session());
		this.latest = null;
		this.baseline = baselineBehind(this.baseline, Math.max(offset, session.highestOffset()));
	}

	/**
	 * Where knowledge begins if a session is forgotten.
	 * @param present where it begins with the session
	 * @param offset the highest at which any of the session's records may be
	 * @return above where this began even if the group had gone back, as a past that
	 * comes later must not take it for nothing forgotten
	 */
	long baselineBehind(long present, long offset) {
		return Math.max(present, Math.max(offset, this.begun) + 1);
	}

}
