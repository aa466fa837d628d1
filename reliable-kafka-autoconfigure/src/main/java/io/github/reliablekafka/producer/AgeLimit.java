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
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Ends the waiting of records in the spool after a time: what was promised is parked, and
 * who waits for the rest is told. What the disk does not take goes on waiting as if there
 * was no limit, and is tried again. Used by one thread, which is the relay's, or that
 * which attends to what nobody has claimed.
 */
final class AgeLimit {

	/**
	 * So many records of a lane at a time, as others wait.
	 */
	static final int MOST = 1000;

	/**
	 * So many bytes at a time, as they are in memory until they are on disk.
	 */
	private static final int MOST_BYTES = 4 << 20;

	/**
	 * How long a lane is left alone after the disk did not take a record of it.
	 */
	private static final long LONGEST_REST = TimeUnit.SECONDS.toNanos(10);

	private final Spools spools;

	private final Decision decision;

	private final Consumer<Runnable> teller;

	private final LongSupplier clock;

	private final Duration limit;

	private final Map<SpooledLane, LaneAge> ages = new HashMap<>();

	/**
	 * When the disk did not take a record, in nanoseconds.
	 */
	private final Map<SpooledLane, Long> refusedAt = new ConcurrentHashMap<>();

	/**
	 * How many have got their outcome since somebody was told.
	 */
	private final Map<SpooledLane, Integer> expired = new ConcurrentHashMap<>();

	private long lookedAt;

	/**
	 * Whether there is more to do than could be done at once.
	 */
	private boolean more;

	private int bytes;

	/**
	 * Create a limit.
	 * @param spools know how long records may wait
	 * @param decision what becomes of those that have waited for too long
	 * @param teller runs what tells an application of them
	 * @param clock the time in nanoseconds
	 */
	AgeLimit(Spools spools, Decision decision, Consumer<Runnable> teller, LongSupplier clock) {
		this.spools = spools;
		this.decision = decision;
		this.teller = teller;
		this.clock = clock;
		this.limit = spools.maxAge();
		this.lookedAt = clock.getAsLong();
	}

	/**
	 * Let a client give records up in time: what it has cannot be judged.
	 * @param settings all of a producer
	 * @param limit how long records may wait; zero for any time
	 * @return with a shorter {@code delivery.timeout.ms} if the limit is below it, as far
	 * as the client permits that
	 */
	static Map<String, Object> bounded(Map<String, Object> settings, Duration limit) {
		if (limit.isZero()) {
			return settings;
		}
		int given = (int) ProducerRules.effective(settings, ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG);
		int request = (int) ProducerRules.effective(settings, ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG);
		long linger = (long) ProducerRules.effective(settings, ProducerConfig.LINGER_MS_CONFIG);
		Map<String, Object> bounded = new HashMap<>(settings);
		bounded.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
				(int) Math.min(given, Math.max(limit.toMillis(), request + linger)));
		return bounded;
	}

	private static TimeoutException failure(Duration limit, boolean replay) {
		return new TimeoutException("The record has waited for longer than reliable.kafka.spool.max-age=%s%s"
			.formatted(limit, replay ? ", and may have been written" : ""));
	}

	/**
	 * See what has waited for too long.
	 * @param lanes in which records wait
	 * @return whether some of it is on its way to the disk, so that it makes sense to
	 * look again
	 */
	boolean enforce(Collection<SpooledLane> lanes) {
		tell();
		long now = this.clock.getAsLong();
		if (this.limit.isZero() || (now - this.lookedAt < LaneAge.interval(this.limit.toNanos()) && !this.more)) {
			return false;
		}
		this.lookedAt = now;
		this.more = false;
		this.bytes = 0;
		this.ages.keySet().retainAll(lanes);
		this.refusedAt.keySet().retainAll(lanes);
		boolean busy = false;
		for (SpooledLane lane : lanes) {
			LaneAge age = this.ages.computeIfAbsent(lane, (key) -> age(key, now));
			long due = age.dueUpTo(now, lane.admitted());
			if (lane.isHeld()) {
				// More would be in memory until the disk has it.
				this.more = true;
			}
			else if (!isResting(lane, now)) {
				busy |= expire(lane, age, due, now);
			}
		}
		return busy;
	}

	private LaneAge age(SpooledLane lane, long now) {
		LaneAge found = lane.age();
		return (found != null) ? found : new LaneAge(this.limit.toNanos(), now, this.spools.now());
	}

	/**
	 * Tell of those that have got their outcome.
	 */
	void tell() {
		if (this.expired.isEmpty()) {
			return;
		}
		for (SpooledLane lane : Set.copyOf(this.expired.keySet())) {
			Integer records = this.expired.remove(lane);
			if (records != null) {
				this.teller.accept(() -> this.spools.expired(lane, records));
			}
		}
	}

	/**
	 * Whether a record should not be sent any more. If so, it is looked at next.
	 * @param lane its lane
	 * @param item the record
	 * @param record its bytes
	 * @return {@code false} if it may be sent
	 */
	boolean isOver(SpooledLane lane, Item item, SpoolRecord record) {
		if (this.limit.isZero()) {
			return false;
		}
		long now = this.clock.getAsLong();
		LaneAge age = this.ages.computeIfAbsent(lane, (key) -> age(key, now));
		boolean over = isDue(item, record, age, age.due(), now) && !isResting(lane, now);
		this.more |= over;
		return over;
	}

	private static boolean isDue(Item item, SpoolRecord record, LaneAge age, long due, long now) {
		return (item.order() < 1) ? age.isDue(now, record) : item.order() <= due;
	}

	private boolean isResting(SpooledLane lane, long now) {
		Long refused = this.refusedAt.get(lane);
		return refused != null && now - refused < Math.min(LONGEST_REST, this.limit.toNanos() / 4);
	}

	// Returns whether there was something to do.
	private boolean expire(SpooledLane lane, LaneAge age, long due, long now) {
		for (int i = 0; i < MOST && this.bytes < MOST_BYTES; i++) {
			Item item = lane.pollUpTo(due);
			if (item == null || !isExpired(lane, item, age, due, now)) {
				return i > 0;
			}
		}
		this.more = true;
		return true;
	}

	private boolean isExpired(SpooledLane lane, Item item, LaneAge age, long due, long now) {
		try {
			SpoolRecord record = lane.read(item);
			if (record == null && lane.isOver(item)) {
				lane.settled(item);
				return true;
			}
			if (record == null || !isDue(item, record, age, due, now)) {
				lane.putBack(item, false);
				return false;
			}
			this.bytes += Spooling.sizeOf(record);
			this.decision.expire(lane, item, record, failure(this.limit, item.replay()),
					() -> this.expired.merge(lane, 1, Integer::sum), (ex) -> refused(lane, item, ex));
			return true;
		}
		catch (SpoolException ex) {
			refused(lane, item, ex);
			return false;
		}
		catch (RuntimeException | Error ex) {
			lane.putBack(item, false);
			throw ex;
		}
	}

	private void refused(SpooledLane lane, Item item, SpoolException failure) {
		// First, so that it may be sent as soon as it is back.
		this.refusedAt.put(lane, this.clock.getAsLong());
		lane.putBack(item, false);
		this.spools.notices().notParked(lane, failure);
	}

	/**
	 * What becomes of a record that has waited for too long.
	 */
	@FunctionalInterface
	interface Decision {

		/**
		 * Give a record up.
		 * @param lane its lane
		 * @param item the record, which was taken from the lane
		 * @param record its bytes
		 * @param failure says that it has waited for too long
		 * @param done to be run when it has its outcome, by any thread
		 * @param refused to be told if the disk does not take it after all, by any thread
		 * @throws SpoolException if the disk does not take it
		 */
		void expire(SpooledLane lane, Item item, SpoolRecord record, Exception failure, Runnable done,
				Consumer<SpoolException> refused);

	}

}
