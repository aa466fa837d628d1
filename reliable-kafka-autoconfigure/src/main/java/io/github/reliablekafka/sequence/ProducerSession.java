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

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

import org.jspecify.annotations.Nullable;

/**
 * Numbers the records of one physical producer, and knows what may be claimed of them.
 * Numbers live in memory: a producer that starts again begins a new session. Safe for use
 * by many threads. Needs about 500 bytes for each partition that was written to, and 16
 * bytes for each range of numbers that failed, of which there are at most 1,000 and those
 * in flight for each partition: then its records are numbered under a new session id.
 *
 * @since 0.1.0
 */
public final class ProducerSession {

	private final ProducerIdentity identity;

	private final LongSupplier nanoClock;

	private final LongSupplier sessionIds;

	private final boolean transactional;

	private final long session;

	private final LaneTable lanes = new LaneTable();

	/**
	 * For the network thread alone, which must not wait for others.
	 */
	private final LaneTable callbackLanes = new LaneTable();

	private volatile long callbackSession;

	/**
	 * Streams whose partition has another by now, until they have said so.
	 */
	private final Queue<LaneStream> replaced = new ConcurrentLinkedQueue<>();

	/**
	 * Last words of streams that are no longer kept.
	 */
	private final Queue<Watermark> unsaid = new ConcurrentLinkedQueue<>();

	private final Set<LaneStream> inTransaction = ConcurrentHashMap.newKeySet();

	private volatile long transaction;

	private volatile boolean commitUndecided;

	private volatile boolean closed;

	/**
	 * Begin to number.
	 * @param identity who numbers
	 * @param nanoClock the time in nanoseconds, from any point on
	 * @param sessionIds unpredictable numbers of 64 bits, never 0 and never one twice
	 * @param transactional whether records are sent in transactions
	 */
	public ProducerSession(ProducerIdentity identity, LongSupplier nanoClock, LongSupplier sessionIds,
			boolean transactional) {
		this.identity = identity;
		this.nanoClock = nanoClock;
		this.sessionIds = sessionIds;
		this.transactional = transactional;
		this.session = sessionIds.getAsLong();
	}

	/**
	 * Session ids that are unique in practice, in this process and all others.
	 * @return a source that is safe for use by many threads
	 */
	public static LongSupplier randomIds() {
		SecureRandom random = new SecureRandom();
		return () -> {
			long id = 0;
			while (id == 0) {
				id = random.nextLong();
			}
			return id;
		};
	}

	/**
	 * Who numbers.
	 * @return application, host and client
	 */
	public ProducerIdentity identity() {
		return this.identity;
	}

	/**
	 * Number a record whose partition is known, and keep others out of the partition
	 * until the ticket says that it is appended.
	 * @param topic the topic
	 * @param partition the partition's index
	 * @param topicIdHash see {@link Stamp#topicIdHash}; 0 if unknown
	 * @param patience how long to wait for others, in nanoseconds
	 * @return {@code null} if the record gets no number: the session is closed, or the
	 * thread is about to append another record to the same partition
	 * @throws InterruptedException if the thread is interrupted while it waits
	 * @throws TimeoutException if it has waited too long
	 */
	public @Nullable Ticket stamp(String topic, int partition, int topicIdHash, long patience)
			throws InterruptedException, TimeoutException {
		return stamp(topic, partition, topicIdHash, patience, now());
	}

	/**
	 * The same for those who have just looked at the clock.
	 * @param topic the topic
	 * @param partition the partition's index
	 * @param topicIdHash see {@link Stamp#topicIdHash}; 0 if unknown
	 * @param patience how long to wait for others, in nanoseconds
	 * @param now the time of the session's clock, or up to a second before; for records
	 * that need not wait
	 * @return {@code null} if the record gets no number: the session is closed, or the
	 * thread is about to append another record to the same partition
	 * @throws InterruptedException if the thread is interrupted while it waits
	 * @throws TimeoutException if it has waited too long
	 */
	public @Nullable Ticket stamp(String topic, int partition, int topicIdHash, long patience, long now)
			throws InterruptedException, TimeoutException {
		if (this.closed) {
			return null;
		}
		NumberedLane lane = this.lanes.lane(topic, partition);
		if (lane.enter(0)) {
			return give(lane, this.session, topicIdHash, now);
		}
		return lane.enter(Math.max(1, patience)) ? give(lane, this.session, topicIdHash, now()) : null;
	}

	/**
	 * Number a record that is sent by the thread that calls back. It waits for nobody,
	 * because others may wait for it: its records have a session id of their own.
	 * @param topic the topic
	 * @param partition the partition's index
	 * @param topicIdHash see {@link Stamp#topicIdHash}; 0 if unknown
	 * @return {@code null} if the record gets no number
	 */
	public @Nullable Ticket stampInCallback(String topic, int partition, int topicIdHash) {
		if (this.closed) {
			return null;
		}
		NumberedLane lane = this.callbackLanes.lane(topic, partition);
		try {
			return lane.enter(0) ? give(lane, callbackSession(), topicIdHash, now()) : null;
		}
		catch (InterruptedException | TimeoutException ex) {
			throw new IllegalStateException("Did not wait", ex);
		}
	}

	/**
	 * A transaction begins. What was numbered since the last one ended is not part of
	 * any.
	 */
	public synchronized void beginTransaction() {
		abortTransaction();
		this.transaction++;
	}

	/**
	 * The transaction is about to be committed: from now on it is undecided.
	 */
	public void committing() {
		this.commitUndecided = true;
	}

	/**
	 * The transaction is committed. What was acknowledged in it is claimed from now on.
	 */
	public void commitTransaction() {
		this.commitUndecided = false;
		endTransaction(true);
	}

	/**
	 * The transaction is aborted. Its records' numbers are given again; their append
	 * numbers are not.
	 */
	public void abortTransaction() {
		this.commitUndecided = false;
		endTransaction(false);
	}

	/**
	 * Give no further number. Outcomes may still come. A transaction that was not about
	 * to be committed is aborted.
	 */
	public synchronized void close() {
		if (this.closed) {
			return;
		}
		if (!this.commitUndecided) {
			forEachStream(LaneStream::abort);
			this.inTransaction.clear();
		}
		this.closed = true;
		forEachStream(LaneStream::seal);
	}

	/**
	 * Whether no further number will be given.
	 * @return {@code true} after the producer was closed
	 */
	public boolean isClosed() {
		return this.closed;
	}

	/**
	 * What to make known of the partitions whose numbers or claims have changed since the
	 * last call. Whoever takes it and cannot make it known has to {@link #restore} it.
	 * @return one for each session id and partition
	 */
	public List<Watermark> takeWatermarks() {
		return takeWatermarks(LaneStream.Pace.ANY);
	}

	/**
	 * The same, but only what is due. Everything is due after the end.
	 * @param idle how long a partition has to be quiet
	 * @param busy how long after the last time a partition is due that is never quiet
	 * @return one for each session id and partition
	 */
	public List<Watermark> takeWatermarks(Duration idle, Duration busy) {
		return takeWatermarks(new LaneStream.Pace(idle.toNanos(), busy.toNanos()));
	}

	/**
	 * A watermark could not be made known: the next call has it again, or a later one.
	 * @param watermark what was taken
	 */
	public void restore(Watermark watermark) {
		boolean[] kept = new boolean[1];
		forEachStream((stream) -> {
			if (stream.session() == watermark.session() && stream.lane().equals(watermark.lane())) {
				stream.restore();
				kept[0] = true;
			}
		});
		if (!kept[0]) {
			this.unsaid.add(watermark);
		}
	}

	/**
	 * The same for several.
	 * @param watermarks what was taken
	 */
	public void restore(Collection<Watermark> watermarks) {
		watermarks.forEach(this::restore);
	}

	/**
	 * How the partitions are doing to which records are sent.
	 * @return one for each partition, and one more while numbers of another session id
	 * have no outcome; in no order
	 */
	public List<LaneStatus> lanes() {
		List<LaneStatus> lanes = new ArrayList<>();
		forEachStream((stream) -> lanes.add(stream.status(this.identity.clientId())));
		return lanes;
	}

	/**
	 * Whether there is something that was not taken.
	 * @return {@code false} if a closed session may be forgotten
	 */
	public boolean hasChanges() {
		boolean[] found = { !this.unsaid.isEmpty() };
		forEachStream((stream) -> found[0] |= stream.isChanged());
		return found[0];
	}

	long now() {
		return this.nanoClock.getAsLong();
	}

	private List<Watermark> takeWatermarks(LaneStream.Pace pace) {
		List<Watermark> watermarks = new ArrayList<>();
		for (Watermark last = this.unsaid.poll(); last != null; last = this.unsaid.poll()) {
			watermarks.add(last);
		}
		// First: the end must not be missed by what is read after it.
		boolean over = this.closed;
		long now = now();
		forEachStream((stream) -> {
			Watermark watermark = stream.isChanged() ? stream.take(this.identity, now, pace, over) : null;
			if (watermark != null) {
				watermarks.add(watermark);
				if (watermark.closed() && !over) {
					this.replaced.remove(stream);
				}
			}
		});
		return watermarks;
	}

	private Ticket give(NumberedLane lane, long session, int topicIdHash, long now) {
		Ticket ticket = null;
		try {
			LaneStream stream = lane.stream();
			ticket = (stream != null) ? next(stream, topicIdHash, now) : null;
			if (ticket == null) {
				ticket = next(replace(lane, session, topicIdHash, now), topicIdHash, now);
			}
			return Objects.requireNonNull(ticket);
		}
		finally {
			if (ticket == null) {
				lane.leave();
			}
		}
	}

	private @Nullable Ticket next(LaneStream stream, int topicIdHash, long now) {
		if (this.transactional) {
			this.inTransaction.add(stream);
		}
		return stream.next(topicIdHash, this.transaction, now);
	}

	private LaneStream replace(NumberedLane lane, long session, int topicIdHash, long now) {
		LaneStream before = lane.stream();
		long id = session;
		if (before != null) {
			this.replaced.add(before);
			before.seal();
			id = this.sessionIds.getAsLong();
		}
		LaneStream stream = new LaneStream(lane, id, this.transactional, topicIdHash, now);
		lane.use(stream);
		return stream;
	}

	// Only the network thread comes here.
	private long callbackSession() {
		long id = this.callbackSession;
		if (id == 0) {
			id = this.sessionIds.getAsLong();
			this.callbackSession = id;
		}
		return id;
	}

	private void endTransaction(boolean committed) {
		for (Iterator<LaneStream> streams = this.inTransaction.iterator(); streams.hasNext();) {
			LaneStream stream = streams.next();
			streams.remove();
			if (committed) {
				stream.commit();
			}
			else {
				stream.abort();
			}
		}
	}

	private void forEachStream(Consumer<LaneStream> action) {
		Consumer<NumberedLane> ofLane = (lane) -> {
			LaneStream stream = lane.stream();
			if (stream != null) {
				action.accept(stream);
			}
		};
		this.lanes.forEach(ofLane);
		this.callbackLanes.forEach(ofLane);
		this.replaced.forEach(action);
	}

	/**
	 * How a partition is doing to which a producer sends.
	 *
	 * @param lane the partition
	 * @param clientId the producer's {@code client.id}
	 * @param lastNumber the number that was given last, 0 for none
	 * @param lastOffset the highest offset that was acknowledged, -1 for none
	 * @param withoutOutcome how many records are neither acknowledged nor failed
	 * @since 0.1.0
	 */
	public record LaneStatus(Lane lane, String clientId, long lastNumber, long lastOffset, long withoutOutcome) {

	}

}
