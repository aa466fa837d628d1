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

/**
 * Claims of one session that were read in the partition itself and did not decide
 * everything: there may never be others. Those of several topics of the same name are
 * kept side by side, as nobody may know yet which of them the partition is. Not part of
 * what is saved. For use by one thread.
 */
final class KeptClaims implements Iterable<KeptClaims.Kept> {

	/**
	 * A session has more only if its topic is created again and again, or if records fail
	 * by the hundred.
	 */
	private static final int MOST = 4;

	private List<Kept> claims = List.of();

	boolean isEmpty() {
		return this.claims.isEmpty();
	}

	@Override
	public Iterator<Kept> iterator() {
		return this.claims.iterator();
	}

	/**
	 * Keep a claim instead of those that say less; for nothing if one says as much.
	 * @param claim the claim
	 * @param provesTruncation whether its record is in front of what it claims
	 * @param now the time in nanoseconds
	 */
	void keep(Claim claim, boolean provesTruncation, long now) {
		keep(new Kept(claim, provesTruncation, now));
	}

	private void keep(Kept newer) {
		List<Kept> rest = new ArrayList<>(this.claims.size() + 1);
		long since = newer.since();
		for (Kept kept : this.claims) {
			if (newer.claim().covers(kept.claim())) {
				since = Math.min(since, kept.since());
			}
			else if (kept.claim().covers(newer.claim())) {
				// That of a copy is older.
				return;
			}
			else {
				rest.add(kept);
			}
		}
		if (rest.size() == MOST) {
			rest.remove(0);
		}
		rest.add(new Kept(newer.claim(), newer.provesTruncation(), since));
		this.claims = List.copyOf(rest);
	}

	/**
	 * Keep what others keep as well.
	 * @param others of the same session
	 */
	void keepAll(KeptClaims others) {
		others.forEach(this::keep);
	}

	/**
	 * Note that records may not be where they were, so that where they were proves
	 * nothing. What they claim may come.
	 */
	void doubt() {
		if (!isEmpty()) {
			this.claims = this.claims.stream().map((kept) -> new Kept(kept.claim(), false, kept.since())).toList();
		}
	}

	void forget() {
		this.claims = List.of();
	}

	void forget(Kept claim) {
		this.claims = this.claims.stream().filter((kept) -> !kept.equals(claim)).toList();
	}

	/**
	 * Forget what is not about a topic.
	 * @param topicIdHash of the topic
	 */
	void forgetOthers(int topicIdHash) {
		this.claims = this.claims.stream().filter((kept) -> kept.claim().topicIdHash() == topicIdHash).toList();
	}

	/**
	 * One of them.
	 *
	 * @param claim the claim
	 * @param provesTruncation whether its record is in front of what it claims
	 * @param since since when there is a claim that did not decide everything, in
	 * nanoseconds
	 */
	record Kept(Claim claim, boolean provesTruncation, long since) {

	}

}
