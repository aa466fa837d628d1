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

package io.github.reliablekafka.producer;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Ends the waiting of records in the spool after a time: what was promised is parked, and
 * who waits for the rest is told. What the client of the relay has is taken back first,
 * if the cluster takes nothing. Used by the thread of the relay.
 */
final class AgeLimit {

	/**
	 * So many records of a lane at a time, as others wait.
	 */
	private static final int MOST = 1000;

	private final Relay relay;

	private final Spools spools;

	private final Duration limit;

	private final Map<SpooledLane, LaneAge> ages = new HashMap<>();

	private long lookedAt = System.nanoTime();

	AgeLimit(Relay relay, Spools spools) {
		this.relay = relay;
		this.spools = spools;
		this.limit = spools.maxAge();
	}

	static TimeoutException failure(Duration limit, boolean replay) {
		return new TimeoutException("The record has waited for longer than reliable.kafka.spool.max-age=%s%s"
			.formatted(limit, replay ? ", and may have been written" : ""));
	}

	/**
	 * See what has waited for too long although nobody has claimed it.
	 * @param spools the spools
	 * @param leftovers what earlier processes left
	 */
	static void enforce(Spools spools, Leftovers leftovers) {
		if (!spools.maxAge().isZero()) {
			leftovers.removeFirst((left) -> expire(spools, left));
		}
	}

	// Returns how many need not be sent any more.
	private static int expire(Spools spools, Leftovers.Left left) {
		SpooledLane lane = new SpooledLane(left.store(), left.lane(), new long[0]);
		TimeoutException failure = failure(spools.maxAge(), true);
		int gone = 0;
		int expired = 0;
		try {
			for (long position : left.positions()) {
				SpoolRecord record = left.store().read(left.lane(), position);
				if (record != null && !left.age().isDue(System.nanoTime(), record)) {
					break;
				}
				if (record != null) {
					RefusedRecords.keep(lane, position, record, failure,
							() -> spools.notices().notParked(lane, failure));
					expired++;
				}
				gone++;
			}
		}
		catch (SpoolException ex) {
			spools.notices().notParked(lane, ex);
		}
		if (expired > 0) {
			spools.expired(lane, expired);
		}
		return gone;
	}

	/**
	 * See what has waited for too long.
	 * @param lanes in which records wait
	 */
	void enforce(Set<SpooledLane> lanes) {
		long now = System.nanoTime();
		if (this.limit.isZero() || now - this.lookedAt < LaneAge.interval(this.limit.toNanos())) {
			return;
		}
		this.lookedAt = now;
		this.ages.keySet().retainAll(lanes);
		if (isStuck(lanes, now) && !this.relay.isAlive()) {
			this.relay.takeBack();
			// Before any of it is sent again.
			boolean unused = isStuck(lanes, now);
		}
	}

	// Returns whether the client has what should not wait any more.
	private boolean isStuck(Set<SpooledLane> lanes, long now) {
		boolean stuck = false;
		for (SpooledLane lane : lanes) {
			LaneAge age = this.ages.computeIfAbsent(lane,
					(key) -> new LaneAge(this.limit.toNanos(), now, this.spools.now()));
			long due = age.dueUpTo(now, lane.admitted());
			enforce(lane, age, due, now);
			stuck |= lane.isRelaying(age.isDue(now), due);
		}
		return stuck;
	}

	private void enforce(SpooledLane lane, LaneAge age, long due, long now) {
		int expired = 0;
		try {
			for (int i = 0; i < MOST && isExpired(lane, age, due, now); i++) {
				expired++;
			}
		}
		catch (SpoolException ex) {
			this.spools.notices().notParked(lane, ex);
		}
		if (expired > 0) {
			int records = expired;
			this.relay.tell(() -> this.spools.expired(lane, records));
		}
	}

	private boolean isExpired(SpooledLane lane, LaneAge age, long due, long now) {
		Item item = lane.pollUpTo(due);
		if (item == null) {
			return false;
		}
		try {
			SpoolRecord record = Relay.read(lane, item);
			if (record == null && Relay.isOver(lane, item)) {
				lane.settled(item);
				return false;
			}
			if (record == null || (item.order() < 1 && !age.isDue(now, record))) {
				lane.putBack(item, false);
				return false;
			}
			this.relay.refused().expire(lane, item, failure(this.limit, item.replay()));
			return true;
		}
		catch (RuntimeException | Error ex) {
			lane.putBack(item, false);
			throw ex;
		}
	}

}
