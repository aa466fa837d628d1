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

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.producer.TopicLook.Found;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolTopics;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Finds out that topics were deleted, or have fewer partitions, while the client of a
 * relay has records for them: it would keep these, and the memory that they take, until
 * somebody creates the topic again. The records are taken back, and wait as those of a
 * topic that was missing before. That takes another client; before it is closed, all
 * others have a moment to get their outcome, as the rest is sent twice.
 * <p>
 * The topics of dead letters are created again, so that nothing has to be taken back, or
 * what was waits no longer.
 * <p>
 * Used by the thread of the relay, which waits for no answer here.
 */
final class GoneTopics {

	/**
	 * A record that the client has for longer without an outcome is asked about.
	 */
	static final long HELD = TimeUnit.SECONDS.toNanos(5);

	/**
	 * The longest pause between two questions, or two clients.
	 */
	static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(30);

	/**
	 * After so long without another one the pauses between clients begin anew.
	 */
	private static final long FORGIVEN = 10 * LONGEST_PAUSE;

	/**
	 * How long others may take to get their outcome before it is taken from them.
	 */
	static final long SETTLE = TimeUnit.SECONDS.toNanos(2);

	private static final long INTERVAL = TimeUnit.SECONDS.toNanos(1);

	private final RelayClient client;

	private final MissingTopics missing;

	private final Function<Map<String, String>, Future<Map<String, Found>>> look;

	private final Supplier<@Nullable SpoolTopics> creators;

	private final SpoolNotices notices;

	private final LongSupplier clock;

	/**
	 * The record for whose outcome a lane waits, as far as that was seen.
	 */
	private final Map<SpooledLane, Held> held = new HashMap<>();

	/**
	 * When the cluster may be asked about a topic again.
	 */
	private final Map<String, LanePause> pauses = new HashMap<>();

	/**
	 * Topics that are to be created again, each with the one after which it is made.
	 */
	private final Map<String, String> letters = new ConcurrentHashMap<>();

	/**
	 * Those of them that the cluster refuses.
	 */
	private final Set<String> refused = ConcurrentHashMap.newKeySet();

	private final Set<SpooledLane> gone = new HashSet<>();

	private @Nullable Future<Map<String, Found>> answer;

	private long lookedAt;

	private long goneAt;

	private long takenBackAt;

	/**
	 * How often records were taken back.
	 */
	private int times;

	/**
	 * Create for one relay.
	 * @param client of the relay
	 * @param missing topics of which it need not be told
	 * @param look begins to ask the cluster about topics, see
	 * {@link TopicLook#begin(Map)}
	 * @param creators knows which topics are created again; {@code null} for none
	 * @param notices tell people
	 * @param clock in nanoseconds
	 */
	GoneTopics(RelayClient client, MissingTopics missing,
			Function<Map<String, String>, Future<Map<String, Found>>> look, Supplier<@Nullable SpoolTopics> creators,
			SpoolNotices notices, LongSupplier clock) {
		this.client = client;
		this.missing = missing;
		this.look = look;
		this.creators = creators;
		this.notices = notices;
		this.clock = clock;
		this.lookedAt = clock.getAsLong();
	}

	/**
	 * The topic of a record is missing. If it is that of a dead letter, have it created
	 * again. Safe for use by many threads.
	 * @param lane the lane of the record
	 * @param item the record
	 * @param failure why it is not sent
	 * @return whether the topic may be there soon, so that nothing is decided about the
	 * record
	 */
	boolean isAwaited(SpooledLane lane, Item item, Exception failure) {
		if (Rejections.reason(failure, false) != RejectionReason.TOPIC_NOT_FOUND
				|| !this.missing.isGone(lane.topic())) {
			return false;
		}
		String model = modelOf(lane, item);
		if (model.isEmpty()) {
			return false;
		}
		this.letters.put(lane.topic(), model);
		if (this.refused.contains(lane.topic())) {
			return false;
		}
		lane.accepted();
		return true;
	}

	private String modelOf(SpooledLane lane, @Nullable Item item) {
		try {
			SpoolTopics present = this.creators.get();
			if (present == null || item == null) {
				return "";
			}
			// Not kept since it was sent: all that the client has would be there twice.
			SpoolRecord record = lane.read(item);
			String model = (record != null) ? present.modelOf(lane.topic(), record) : null;
			return (model != null) ? model : "";
		}
		catch (RuntimeException | Error ex) {
			// The next time may be better, and until then it is a topic as any other.
			return "";
		}
	}

	/**
	 * See whether topics are gone, and take back what the client has for them. To be
	 * called again and again.
	 * @param lanes in which records wait
	 */
	void attend(Collection<SpooledLane> lanes) {
		long now = this.clock.getAsLong();
		Future<Map<String, Found>> present = this.answer;
		if (!this.gone.isEmpty()) {
			takeBack(now);
		}
		else if (present != null) {
			if (present.isDone()) {
				this.answer = null;
				decide(lanes, resultOf(present), now);
			}
			else if (now - this.lookedAt >= LONGEST_PAUSE) {
				// Longer than it takes: another one may come to an end.
				boolean unused = present.cancel(true);
				this.answer = null;
			}
		}
		else if (now - this.lookedAt >= INTERVAL) {
			this.lookedAt = now;
			ask(lanes, now);
		}
	}

	private void ask(Collection<SpooledLane> lanes, long now) {
		this.held.keySet().retainAll(lanes);
		Set<String> present = new HashSet<>();
		Set<String> concerned = new HashSet<>();
		Map<String, String> models = new HashMap<>();
		for (SpooledLane lane : lanes) {
			if (lane.partition() < 0) {
				continue;
			}
			String topic = lane.topic();
			present.add(topic);
			Item stuck = stuck(lane, now);
			String model = this.letters.get(topic);
			if (stuck == null && model == null) {
				continue;
			}
			concerned.add(topic);
			boolean due = model != null || mayTakeBack(now);
			if (due && !this.pauses.computeIfAbsent(topic, (name) -> new LanePause()).isOn(now)) {
				models.computeIfAbsent(topic, (name) -> (model != null) ? model : modelOf(lane, stuck));
			}
		}
		this.letters.keySet().retainAll(present);
		this.refused.retainAll(present);
		this.pauses.keySet().retainAll(concerned);
		if (!models.isEmpty()) {
			this.pauses.forEach((topic, pause) -> {
				if (models.containsKey(topic)) {
					pause.begin(now, GoneTopics::pause);
				}
			});
			this.answer = this.look.apply(models);
		}
	}

	/**
	 * The record for whose outcome a lane waits for long.
	 * @param lane the lane
	 * @param now in nanoseconds
	 * @return {@code null} if it does not
	 */
	private @Nullable Item stuck(SpooledLane lane, long now) {
		Item oldest = lane.oldestRelaying();
		if (oldest == null) {
			this.held.remove(lane);
			return null;
		}
		Held known = this.held.get(lane);
		if (known == null || known.order != oldest.order()) {
			this.held.put(lane, new Held(oldest.order(), now));
			return null;
		}
		return (now - known.since >= HELD) ? oldest : null;
	}

	private void decide(Collection<SpooledLane> lanes, Map<String, Found> answers, long now) {
		Set<String> there = new HashSet<>();
		answers.forEach((topic, found) -> {
			if (found.created() == SpoolTopics.Answer.REFUSED) {
				this.refused.add(topic);
			}
			else if (found.created() != null || found.isThere()) {
				this.refused.remove(topic);
			}
			if (found.isThere() && this.letters.remove(topic) != null) {
				there.add(topic);
				this.missing.remove(topic);
			}
		});
		Map<String, Integer> records = new HashMap<>();
		for (SpooledLane lane : lanes) {
			Found found = answers.get(lane.topic());
			if (found == null || lane.partition() < 0) {
				continue;
			}
			if (there.contains(lane.topic())) {
				lane.hurry();
			}
			if (mayTakeBack(now) && found.isWithout(lane.partition()) && stuck(lane, now) != null) {
				this.gone.add(lane);
				records.merge(lane.topic(), lane.relaying(), Integer::sum);
			}
		}
		answers.forEach((topic, found) -> {
			Integer count = records.get(topic);
			if (count != null) {
				this.missing.add(topic, found.partitions(), failure(topic, found.partitions()));
				this.notices.gone(topic, found.partitions(), count);
			}
		});
		if (!this.gone.isEmpty()) {
			this.goneAt = now;
			this.client.holdBack();
		}
	}

	private void takeBack(long now) {
		int records = this.gone.stream().mapToInt(SpooledLane::relaying).sum();
		boolean settled = this.client.inFlight() <= records || now - this.goneAt >= SETTLE;
		if (!this.client.isHeldBack()) {
			// They have got an outcome.
			this.gone.clear();
		}
		else if (settled) {
			this.gone.clear();
			this.times = (this.times > 0 && now - this.takenBackAt >= FORGIVEN) ? 1 : this.times + 1;
			this.takenBackAt = now;
			this.client.takeBack();
		}
	}

	private boolean mayTakeBack(long now) {
		return this.times == 0 || now - this.takenBackAt >= pause(this.times - 1);
	}

	private static long pause(int failures) {
		return Math.min(LONGEST_PAUSE, HELD << Math.min(failures, 10));
	}

	private static TimeoutException failure(String topic, int partitions) {
		if (partitions > 0) {
			return RelayClient.noSuchPartition(topic, partitions);
		}
		String message = "Topic '%s' was deleted".formatted(topic);
		return new TimeoutException(message, new UnknownTopicOrPartitionException(message));
	}

	private Map<String, Found> resultOf(Future<Map<String, Found>> answer) {
		try {
			return answer.get();
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		catch (CancellationException ex) {
			// Everything ends.
		}
		catch (ExecutionException ex) {
			this.notices.notLookedFor(ex);
		}
		return Map.of();
	}

	/**
	 * What a lane waits for.
	 *
	 * @param order which record
	 * @param since since when that was seen, in nanoseconds
	 */
	private record Held(long order, long since) {

	}

}
