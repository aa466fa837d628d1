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

package io.github.reliablekafka.durability;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.UnaryOperator;

import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * One physical consumer as seen from the thread that polls it: its settings, how long it
 * may stay away from {@code poll} before the group expels it, which records of a failed
 * batch are dead-lettered, what has to be committed with its offsets, and the partitions
 * whose records must not be delivered for a while. Holding a partition back keeps the
 * consumer polling, so that a long wait for the next attempt neither costs the membership
 * nor stops other partitions.
 * <p>
 * Found through {@link #current()}, because error handlers are not always given the
 * consumer. Confined to the polling thread, except for the settings.
 *
 * @since 0.1.0
 */
public final class ConsumerSession implements ConfiguredClient {

	private static final ThreadLocal<ConsumerSession> CURRENT = new ThreadLocal<>();

	private static final int MOST_REMEMBERED = 10_000;

	private final Map<String, Object> settings;

	private final Duration maxPollInterval;

	private final LongSupplier nanoClock;

	private final Map<TopicPartition, Long> releases = new HashMap<>();

	private final Map<TopicPartition, Map<Long, Long>> deadLettered = new HashMap<>();

	private @Nullable UnaryOperator<Map<TopicPartition, OffsetAndMetadata>> enricher;

	private @Nullable Consumer<RuntimeException> refusal;

	private @Nullable Consumer<ConsumerRecord<?, ?>> abandonment;

	private @Nullable Consumer<ConsumerRecord<?, ?>> keeping;

	private @Nullable Runnable failing;

	private @Nullable Runnable confirmation;

	/**
	 * Whose listener polls this consumer on its own thread.
	 */
	private @Nullable ConsumerSession outer;

	private boolean attended;

	private int deadLetters;

	private int deadLettersAtPoll;

	private @Nullable Long releaseOfAll;

	private long polledAt;

	/**
	 * Create a session.
	 * @param settings what the consumer was created with, after every override
	 */
	public ConsumerSession(Map<String, Object> settings) {
		this(settings, System::nanoTime);
	}

	ConsumerSession(Map<String, Object> settings, LongSupplier nanoClock) {
		Map<String, Object> known = new HashMap<>(settings);
		known.values().removeIf((value) -> value == null);
		this.settings = Map.copyOf(known);
		this.maxPollInterval = Duration
			.ofMillis(milliseconds(settings.get(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG)));
		this.nanoClock = nanoClock;
		this.polledAt = nanoClock.getAsLong();
	}

	/**
	 * The session of the consumer that this thread polls.
	 * @return {@code null} if this thread polls none
	 */
	public static @Nullable ConsumerSession current() {
		return CURRENT.get();
	}

	/**
	 * Add to offsets what the consumer that this thread polls wants to be committed with
	 * them. For producers that commit them in a transaction; of another thread they stay
	 * as they are.
	 * @param offsets what the application commits
	 * @param group of which group
	 * @return what to commit instead
	 */
	public static Map<TopicPartition, OffsetAndMetadata> enrich(Map<TopicPartition, OffsetAndMetadata> offsets,
			String group) {
		ConsumerSession session = current();
		return (session != null && session.enricher != null && session.group().equals(group))
				? session.enricher.apply(offsets) : offsets;
	}

	/**
	 * Tell the consumer that this thread polls that what {@link #enrich} returned could
	 * not be sent.
	 * @param failure of the producer
	 * @param group of which group
	 */
	public static void refused(RuntimeException failure, String group) {
		ConsumerSession session = current();
		if (session != null && session.refusal != null && session.group().equals(group)) {
			session.refusal.accept(failure);
		}
	}

	/**
	 * Tell the consumer that this thread polls that the offsets that {@link #enrich}
	 * returned are committed.
	 */
	public static void committed() {
		ConsumerSession session = current();
		if (session != null && session.confirmation != null) {
			session.confirmation.run();
		}
	}

	/**
	 * Set who is told of {@link #committed}.
	 * @param confirmation is called after each transaction of the polling thread
	 */
	public void onCommitted(Runnable confirmation) {
		this.confirmation = confirmation;
	}

	/**
	 * Set who is told of {@link #refused}.
	 * @param refusal is told of each failure
	 */
	public void onRefused(Consumer<RuntimeException> refusal) {
		this.refusal = refusal;
	}

	/**
	 * Set what is asked by {@link #enrich}.
	 * @param enricher returns what to commit instead of what it is given
	 */
	public void enrichWith(UnaryOperator<Map<TopicPartition, OffsetAndMetadata>> enricher) {
		this.enricher = enricher;
	}

	/**
	 * Note that a listener container polls this consumer, so that its session stays the
	 * {@link #current} one while a listener polls another consumer.
	 */
	public void attend() {
		this.attended = true;
	}

	/**
	 * Note that this thread enters {@code poll}.
	 */
	public void enterPoll() {
		ConsumerSession before = CURRENT.get();
		this.outer = (before != null && before != this && before.attended && !this.attended) ? before : null;
		this.polledAt = this.nanoClock.getAsLong();
		this.deadLettersAtPoll = this.deadLetters;
		CURRENT.set(this);
	}

	/**
	 * Note that this thread leaves {@code poll}.
	 */
	public void leavePoll() {
		if (this.outer != null) {
			CURRENT.set(this.outer);
			this.outer = null;
		}
	}

	/**
	 * Note that this thread closes the consumer.
	 */
	public void exit() {
		if (CURRENT.get() == this) {
			CURRENT.remove();
		}
	}

	@Override
	public Map<String, Object> effectiveSettings() {
		return this.settings;
	}

	/**
	 * The consumer group.
	 * @return its id, empty for none
	 */
	public String group() {
		Object group = this.settings.get(ConsumerConfig.GROUP_ID_CONFIG);
		return (group != null) ? group.toString() : "";
	}

	/**
	 * How long a consumer may stay away from {@code poll}.
	 * @return {@code max.poll.interval.ms}
	 */
	public Duration maxPollInterval() {
		return this.maxPollInterval;
	}

	/**
	 * How long the consumer may still stay away from {@code poll} before its group expels
	 * it.
	 * @return counted from the start of the last poll; negative if it is too late
	 */
	public Duration untilPollOverdue() {
		return this.maxPollInterval.minusNanos(this.nanoClock.getAsLong() - this.polledAt);
	}

	/**
	 * Remember that a dead letter of a record was acknowledged, for the case that those
	 * of other records of its batch are not and the batch comes again.
	 * @param record the record
	 */
	public void deadLettered(ConsumerRecord<?, ?> record) {
		this.deadLetters++;
		Map<Long, Long> offsets = this.deadLettered.computeIfAbsent(partitionOf(record), (key) -> new HashMap<>());
		if (offsets.size() < MOST_REMEMBERED) {
			offsets.put(record.offset(), record.timestamp());
		}
	}

	/**
	 * Set who is told of {@link #abandoned}.
	 * @param abandonment is told of each record
	 */
	public void onAbandoned(Consumer<ConsumerRecord<?, ?>> abandonment) {
		this.abandonment = abandonment;
	}

	/**
	 * Note that an error handler has given up a record, nobody has kept it, and it will
	 * be committed.
	 * @param record the record
	 */
	public void abandoned(ConsumerRecord<?, ?> record) {
		if (this.abandonment != null) {
			this.abandonment.accept(record);
		}
	}

	/**
	 * Set who is told of {@link #failing} and {@link #kept}.
	 * @param failing is called when an error handler has got records
	 * @param keeping is told of each record that it has kept
	 */
	public void onKept(Runnable failing, Consumer<ConsumerRecord<?, ?>> keeping) {
		this.failing = failing;
		this.keeping = keeping;
	}

	/**
	 * Note that an error handler has got what has failed, and will say what it has kept.
	 */
	public void failing() {
		if (this.failing != null) {
			this.failing.run();
		}
	}

	/**
	 * Note that an error handler has kept a record somewhere, so that it may be
	 * committed.
	 * @param record the record
	 */
	public void kept(ConsumerRecord<?, ?> record) {
		if (this.keeping != null) {
			this.keeping.accept(record);
		}
	}

	/**
	 * Whether a dead letter of a record is remembered.
	 * @param record the record
	 * @return {@code true} if it was acknowledged
	 */
	public boolean isDeadLettered(ConsumerRecord<?, ?> record) {
		Long timestamp = this.deadLettered.getOrDefault(partitionOf(record), Map.of()).get(record.offset());
		return timestamp != null && timestamp == record.timestamp();
	}

	/**
	 * Whether any dead letter was acknowledged since the last poll.
	 * @return {@code true} if giving up now loses time, but not all of it
	 */
	public boolean hasDeadLetteredSincePoll() {
		return this.deadLetters != this.deadLettersAtPoll;
	}

	/**
	 * Forget about the dead letters of partitions whose failed records are all kept.
	 * @param partitions the partitions
	 */
	public void passed(Collection<TopicPartition> partitions) {
		this.deadLettered.keySet().removeAll(Set.copyOf(partitions));
	}

	/**
	 * Deliver no record of a partition for some time.
	 * @param partition the partition
	 * @param duration how long
	 */
	public void holdBack(TopicPartition partition, Duration duration) {
		this.releases.put(partition, this.nanoClock.getAsLong() + duration.toNanos());
	}

	/**
	 * The same, unless it is held back for longer already.
	 * @param partition the partition
	 * @param duration how long
	 */
	public void holdBackAtLeast(TopicPartition partition, Duration duration) {
		this.releases.merge(partition, this.nanoClock.getAsLong() + duration.toNanos(),
				(before, now) -> (before - now > 0) ? before : now);
	}

	/**
	 * Deliver no record at all for some time, or as long as was said before.
	 * @param duration how long
	 */
	public void holdBackAll(Duration duration) {
		long release = this.nanoClock.getAsLong() + duration.toNanos();
		Long before = this.releaseOfAll;
		this.releaseOfAll = (before != null && before - release > 0) ? before : Long.valueOf(release);
	}

	/**
	 * The partitions that are held back now. Forgets those whose time is over, and those
	 * that are no longer assigned.
	 * @param assigned the partitions that are assigned
	 * @return a modifiable copy
	 */
	public Set<TopicPartition> heldBack(Collection<TopicPartition> assigned) {
		if (this.releaseOfAll == null && this.releases.isEmpty()) {
			return new HashSet<>();
		}
		long now = this.nanoClock.getAsLong();
		if (this.releaseOfAll != null) {
			if (this.releaseOfAll - now > 0) {
				return new HashSet<>(assigned);
			}
			this.releaseOfAll = null;
		}
		this.releases.values().removeIf((release) -> release - now <= 0);
		this.releases.keySet().retainAll(assigned);
		return new HashSet<>(this.releases.keySet());
	}

	/**
	 * How long until the first partition is no longer held back.
	 * @param atMost the answer if none is
	 * @return at least zero
	 */
	public Duration untilRelease(Duration atMost) {
		long now = this.nanoClock.getAsLong();
		long nanos = atMost.toNanos();
		if (this.releaseOfAll != null) {
			nanos = Math.min(nanos, this.releaseOfAll - now);
		}
		else {
			for (long release : this.releases.values()) {
				nanos = Math.min(nanos, release - now);
			}
		}
		return Duration.ofNanos(Math.max(0, nanos));
	}

	private static TopicPartition partitionOf(ConsumerRecord<?, ?> record) {
		return new TopicPartition(record.topic(), record.partition());
	}

	private static long milliseconds(@Nullable Object setting) {
		Object value = (setting != null) ? setting
				: ConsumerConfig.configDef().defaultValues().get(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG);
		return Long.parseLong(String.valueOf(value).trim());
	}

}
