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
import java.util.List;

/**
 * Records that were polled from a part of the log that is no longer there. Whether the
 * group has processed them it says with its next commits. For use by one thread.
 */
final class Orphans {

	private final List<Orphan> orphans = new ArrayList<>(0);

	private long end = -1;

	/**
	 * The log was cut off.
	 * @param polled what waits for its commit
	 * @param from the first offset that differs
	 * @param position up to where the log had been polled
	 */
	void add(PolledRecords polled, long from, long position) {
		this.orphans.replaceAll((orphan) -> orphan.cutOff(from));
		for (int i = 0; i < polled.size(); i++) {
			if (polled.offset(i) >= from && polled.session(i) != 0) {
				this.orphans.add(new Orphan(polled.session(i), new Finding.Place(polled.offset(i), polled.timestamp(i),
						polled.leaderEpoch(i), polled.number(i)), from));
			}
		}
		reachTo(position);
	}

	/**
	 * The log was cut off, nobody knows where.
	 * @param position up to where it had been polled
	 */
	void reachTo(long position) {
		this.end = Math.max(this.end, position);
	}

	/**
	 * Forget what is of no use any more: who has come to the end of what was polled
	 * before commits nothing of it.
	 * @param position up to where the log that is there now was polled
	 */
	void forget(long position) {
		if (position >= this.end) {
			this.orphans.clear();
			this.end = -1;
		}
	}

	/**
	 * Whether an offset behind the position may have been reached in what was cut off.
	 * @param offset the offset
	 * @return {@code false} if nobody has polled so far
	 */
	boolean reach(long offset) {
		return offset <= this.end;
	}

	/**
	 * The group has processed what was in front of an offset. Only one behind the end of
	 * what is there now is surely of before.
	 * @param state remembers the records
	 * @param offset the offset
	 * @param now the time in nanoseconds
	 */
	void pass(LaneState state, long offset, long now) {
		this.orphans.removeIf((orphan) -> {
			Finding.Place place = orphan.place();
			boolean processed = place.offset() < offset;
			if (processed) {
				state.arrive(orphan.session(), place.number(), place.offset(), place.leaderEpoch(), place.timestamp(),
						false, now);
				state.cutOff(orphan.session(), orphan.from());
			}
			return processed;
		});
	}

	/**
	 * One of them.
	 *
	 * @param session of the record
	 * @param place where it was, with its number
	 * @param from the first offset that differs
	 */
	private record Orphan(long session, Finding.Place place, long from) {

		Orphan cutOff(long from) {
			return new Orphan(this.session, this.place, Math.min(this.from, from));
		}

	}

}
