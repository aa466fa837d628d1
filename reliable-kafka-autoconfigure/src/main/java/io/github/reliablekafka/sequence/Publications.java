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
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * Findings on their way to a safe place. The state remembers what was reported only when
 * it is there: until then the same is found again. For use by one thread.
 */
final class Publications {

	private final LossLedger ledger;

	private final List<Publication> publications = new ArrayList<>(0);

	Publications(LossLedger ledger) {
		this.ledger = ledger;
	}

	/**
	 * Report what the state is to remember.
	 * @param finding the finding
	 * @param session what is known of its session; {@code null} if nothing
	 */
	void post(Finding finding, @Nullable SessionState session) {
		this.publications.add(new Publication(finding, this.ledger.post(finding), true, session));
	}

	/**
	 * Report something that the state has no part in any more.
	 * @param finding the finding
	 */
	void tell(Finding finding) {
		this.publications.add(new Publication(finding, this.ledger.post(finding), false, null));
	}

	/**
	 * Have no state remember what is on its way.
	 */
	void forget() {
		this.publications.clear();
	}

	boolean isEmpty() {
		return this.publications.isEmpty();
	}

	/**
	 * Numbers that a finding is on its way for.
	 * @param session of the numbers
	 * @return not to be reported again
	 */
	NumberRanges pending(long session) {
		NumberRanges pending = NumberRanges.EMPTY;
		for (Publication publication : this.publications) {
			if (publication.finding().session() == session) {
				pending = pending.add(publication.finding().numbers());
			}
		}
		return pending;
	}

	/**
	 * Whether a number is being reported as missing.
	 * @param session of the number
	 * @param number the number
	 * @return {@code false} as well if the state has remembered it by now
	 */
	boolean isMissing(long session, long number) {
		return this.publications.stream()
			.anyMatch((publication) -> publication.isRemembered() && publication.finding().session() == session
					&& publication.finding().numbers().contains(number));
	}

	/**
	 * Have the state remember what was reported.
	 * @param state the state
	 * @return whether there was anything
	 */
	boolean settle(LaneState state) {
		boolean settled = false;
		for (Iterator<Publication> iterator = this.publications.iterator(); iterator.hasNext();) {
			Publication publication = iterator.next();
			if (publication.published().isDone()) {
				iterator.remove();
				if (publication.isRemembered() && !publication.published().isCompletedExceptionally()) {
					remember(state.sessions(), publication);
					settled = true;
				}
			}
		}
		return settled;
	}

	private static void remember(KnownSessions sessions, Publication publication) {
		Finding finding = publication.finding();
		SessionState session = sessions.find(finding.session());
		if (session == null) {
			if (publication.session() != null || sessions.baseline() > finding.position()) {
				// Forgotten since, with what was read of it.
				return;
			}
			session = new SessionState(finding.session(), 1, 0,
					new Finding.Place(Math.max(0, sessions.baseline()) - 1, -1, -1, 0), NumberRanges.EMPTY);
			session.baseline(sessions.baseline());
			sessions.add(session);
		}
		session.reported(finding.numbers(), finding.verdict());
	}

	/**
	 * A finding on its way.
	 *
	 * @param finding the finding
	 * @param published completes when it is in a safe place
	 * @param isRemembered whether the state is to remember it
	 * @param session what was known of the session; {@code null} if nothing
	 */
	private record Publication(Finding finding, CompletableFuture<Void> published, boolean isRemembered,
			@Nullable SessionState session) {

	}

}
