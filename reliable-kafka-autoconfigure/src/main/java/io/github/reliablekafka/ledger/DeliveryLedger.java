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

package io.github.reliablekafka.ledger;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The books of one application: every record it handed over for sending and every record
 * its listeners were given, with what became of them. Capabilities post, everybody else
 * reads.
 * <p>
 * The identity {@code accepted = delivered + spooled + in flight + rejected} holds for
 * each topic and for their sum whenever no record is on its way through the producer; see
 * {@link DeliveryCounts#isBalanced()}.
 * <p>
 * Counts live in memory and start at zero with the application. Safe for use by many
 * threads; posting takes no lock. The first 1,000 topics that records are sent to have
 * counters of their own, all others share the name {@code (other)}.
 *
 * @since 0.1.0
 */
public final class DeliveryLedger {

	/**
	 * How many rejections are kept for looking at, the newest ones.
	 */
	private static final int KEPT_REJECTIONS = 100;

	/**
	 * How many topics have counters of their own, so that an application which sends to
	 * names that come from outside cannot fill its memory with them.
	 */
	static final int MAX_TOPICS = 1000;

	/**
	 * The name under which all further topics are counted; no topic can be called that.
	 */
	static final String OTHER_TOPICS = "(other)";

	private final InFlightAges ages;

	private final Map<String, TopicDeliveries> deliveries = new ConcurrentHashMap<>();

	private final Map<String, Map<String, Consumption>> consumptions = new ConcurrentHashMap<>();

	private final Map<IdempotencyOutcome, LongAdder> idempotency = new EnumMap<>(IdempotencyOutcome.class);

	private final DeadLetterCounts deadLetters = new DeadLetterCounts();

	private final Deque<Rejection> rejections = new ArrayDeque<>();

	private final List<Consumer<String>> topicListeners = new CopyOnWriteArrayList<>();

	private final List<BiConsumer<String, RejectionReason>> rejectionListeners = new CopyOnWriteArrayList<>();

	private final List<Consumer<Consumption>> consumptionListeners = new CopyOnWriteArrayList<>();

	private volatile List<UnfinishedRecord> unfinished = List.of();

	private final Map<String, Waiting> waiting = new ConcurrentHashMap<>();

	private final LongSupplier nanoClock;

	/**
	 * Create empty books.
	 */
	public DeliveryLedger() {
		this(System::nanoTime);
	}

	DeliveryLedger(LongSupplier nanoClock) {
		this.ages = new InFlightAges(nanoClock);
		this.nanoClock = nanoClock;
		for (IdempotencyOutcome outcome : IdempotencyOutcome.values()) {
			this.idempotency.put(outcome, new LongAdder());
		}
	}

	/**
	 * Note that a record was handed to a producer.
	 * @param topic the topic it is meant for
	 * @return the handle on which its outcome is posted
	 */
	public Delivery accept(String topic) {
		return new Delivery(this, topic);
	}

	/**
	 * Records that an earlier process accepted are on this machine's disk: they count as
	 * accepted and spooled.
	 * @param topic the topic they are meant for
	 * @param count how many
	 */
	public void adopt(String topic, long count) {
		TopicDeliveries counters = countersOf(topic);
		counters.accepted.add(count);
		counters.spooled.add(count);
	}

	/**
	 * One of the records that an earlier process accepted is delivered.
	 * @param topic its topic
	 */
	public void deliveredAdopted(String topic) {
		TopicDeliveries counters = countersOf(topic);
		counters.spooled.decrement();
		counters.delivered.increment();
	}

	/**
	 * One of the records that an earlier process accepted will not be delivered.
	 * @param topic its topic
	 * @param reason why
	 * @param message what the client said
	 */
	public void rejectedAdopted(String topic, RejectionReason reason, String message) {
		TopicDeliveries counters = countersOf(topic);
		counters.spooled.decrement();
		counters.rejected(reason, message);
	}

	TopicDeliveries countersOf(String topic) {
		TopicDeliveries counters = this.deliveries.get(topic);
		return (counters != null) ? counters : open(topic);
	}

	InFlightAges.Bucket enter() {
		return this.ages.enter();
	}

	/**
	 * What went into dead letter topics and out of them.
	 * @return always the same
	 */
	public DeadLetterCounts deadLetters() {
		return this.deadLetters;
	}

	/**
	 * The counts of each topic that a record was handed over for.
	 * @return an unmodifiable snapshot, by topic name
	 */
	public Map<String, DeliveryCounts> deliveries() {
		Map<String, DeliveryCounts> snapshot = new TreeMap<>();
		this.deliveries.forEach((topic, counters) -> snapshot.put(topic, counters.counts()));
		return Collections.unmodifiableMap(snapshot);
	}

	/**
	 * The counts of one topic.
	 * @param topic the topic
	 * @return its counts, all zero if no record was handed over for it
	 */
	public DeliveryCounts deliveries(String topic) {
		TopicDeliveries counters = this.deliveries.get(topic);
		return (counters != null) ? counters.counts() : new DeliveryCounts(0, 0, 0, 0, Map.of());
	}

	/**
	 * The counts over all topics.
	 * @return the sums
	 */
	public DeliveryCounts totals() {
		Map<RejectionReason, Long> rejected = new EnumMap<>(RejectionReason.class);
		long accepted = 0;
		long delivered = 0;
		long spooled = 0;
		long inFlight = 0;
		for (DeliveryCounts counts : deliveries().values()) {
			accepted += counts.accepted();
			delivered += counts.delivered();
			spooled += counts.spooled();
			inFlight += counts.inFlight();
			counts.rejected().forEach((reason, count) -> rejected.merge(reason, count, Long::sum));
		}
		return new DeliveryCounts(accepted, delivered, spooled, inFlight, rejected);
	}

	/**
	 * How long the oldest record without an outcome has been waiting for it.
	 * @return right to a second; zero if no record is in flight
	 */
	public Duration oldestUnacknowledgedAge() {
		return Duration.ofNanos(this.ages.oldestNanos());
	}

	/**
	 * The newest rejections, at most 100, oldest first.
	 * @return an unmodifiable snapshot
	 */
	public List<Rejection> recentRejections() {
		synchronized (this.rejections) {
			return List.copyOf(this.rejections);
		}
	}

	/**
	 * The counters of one topic as one consumer group reads it. Callers on a hot path
	 * keep the result.
	 * @param topic the topic
	 * @param group the consumer group, empty for none
	 * @return the same object for the same arguments
	 */
	public Consumption consumption(String topic, String group) {
		Map<String, Consumption> groups = this.consumptions.computeIfAbsent(topic, (name) -> new ConcurrentHashMap<>());
		Consumption consumption = groups.get(group);
		if (consumption != null) {
			return consumption;
		}
		Consumption created = new Consumption(topic, group);
		consumption = groups.putIfAbsent(group, created);
		if (consumption != null) {
			return consumption;
		}
		this.consumptionListeners.forEach((listener) -> listener.accept(created));
		return created;
	}

	/**
	 * The counters of every topic and group so far.
	 * @return a snapshot of the list; the counters themselves are live
	 */
	public Collection<Consumption> consumptions() {
		return this.consumptions.values().stream().flatMap((groups) -> groups.values().stream()).toList();
	}

	/**
	 * Note what has no outcome for too long.
	 * @param records of each partition the first; instead of those before
	 */
	public void unfinished(List<UnfinishedRecord> records) {
		this.unfinished = List.copyOf(records);
	}

	/**
	 * The records that have no outcome for longer than
	 * {@code reliable.kafka.consumer.max-processing-age}, as looked up some seconds ago.
	 * @return of each partition the first; mostly empty
	 */
	public List<UnfinishedRecord> unfinished() {
		return this.unfinished;
	}

	/**
	 * Note that a partition is not read on because a record cannot be kept, or a listener
	 * reads nothing because the group refuses it.
	 * @param partition the partition, and of which group; or the listener
	 * @param reason why, as health shows it: nothing that quotes a record
	 * @param atMost how long this holds unless it is noted again: the partition may have
	 * gone to another instance
	 */
	public void waits(String partition, String reason, Duration atMost) {
		this.waiting.put(partition, new Waiting(reason, this.nanoClock.getAsLong() + atMost.toNanos()));
	}

	/**
	 * Note that a partition or listener is read on.
	 * @param partition the partition, and of which group; or the listener
	 */
	public void goesOn(String partition) {
		this.waiting.remove(partition);
	}

	/**
	 * The partitions that are not read on because a record cannot be kept, and the
	 * listeners that read nothing because the group refuses them.
	 * @return reasons by partition and group, or listener; mostly empty
	 */
	public Map<String, String> waiting() {
		if (this.waiting.isEmpty()) {
			return Map.of();
		}
		long now = this.nanoClock.getAsLong();
		this.waiting.values().removeIf((each) -> each.until() - now < 0);
		Map<String, String> reasons = new TreeMap<>();
		this.waiting.forEach((partition, each) -> reasons.put(partition, each.reason()));
		return reasons;
	}

	/**
	 * Count a record of a listener that gets each record once.
	 * @param outcome what became of it
	 */
	public void post(IdempotencyOutcome outcome) {
		Objects.requireNonNull(this.idempotency.get(outcome)).increment();
	}

	/**
	 * How often something became of a record of a listener that gets each record once.
	 * @param outcome what
	 * @return the count
	 */
	public long count(IdempotencyOutcome outcome) {
		return Objects.requireNonNull(this.idempotency.get(outcome)).sum();
	}

	/**
	 * Be told of each topic that a record is handed over for, those so far and those to
	 * come. The listener may be told of one topic twice and must not block.
	 * @param listener is given the topic's name
	 */
	public void onTopic(Consumer<String> listener) {
		this.topicListeners.add(listener);
		this.deliveries.keySet().forEach(listener);
	}

	/**
	 * Be told of each reason for which a record of a topic is rejected for the first
	 * time, those so far and those to come. The listener may be told of one twice and
	 * must not block.
	 * @param listener is given the topic's name and the reason
	 */
	public void onRejection(BiConsumer<String, RejectionReason> listener) {
		this.rejectionListeners.add(listener);
		this.deliveries
			.forEach((topic, counters) -> counters.reasons().forEach((reason) -> listener.accept(topic, reason)));
	}

	/**
	 * Be told of each topic and group that a listener consumes, those so far and those to
	 * come. The listener may be told of one twice and must not block.
	 * @param listener is given the counters
	 */
	public void onConsumption(Consumer<Consumption> listener) {
		this.consumptionListeners.add(listener);
		consumptions().forEach(listener);
	}

	private TopicDeliveries open(String name) {
		TopicDeliveries others = this.deliveries.get(OTHER_TOPICS);
		if (others != null) {
			return others;
		}
		String topic = (this.deliveries.size() < MAX_TOPICS) ? name : OTHER_TOPICS;
		TopicDeliveries created = new TopicDeliveries(topic, this);
		TopicDeliveries present = this.deliveries.putIfAbsent(topic, created);
		if (present != null) {
			return present;
		}
		this.topicListeners.forEach((listener) -> listener.accept(topic));
		return created;
	}

	void rejectedFirst(String topic, RejectionReason reason) {
		this.rejectionListeners.forEach((listener) -> listener.accept(topic, reason));
	}

	void keep(Rejection rejection) {
		synchronized (this.rejections) {
			if (this.rejections.size() == KEPT_REJECTIONS) {
				this.rejections.removeFirst();
			}
			this.rejections.addLast(rejection);
		}
	}

	private record Waiting(String reason, long until) {

	}

}
