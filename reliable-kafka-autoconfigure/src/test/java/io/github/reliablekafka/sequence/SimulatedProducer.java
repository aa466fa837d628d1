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

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One producer: what it has in flight, what the cluster does with it, and what it is
 * told.
 */
final class SimulatedProducer {

	final Numbering numbering;

	private final int index;

	final boolean transactional;

	/** Watermarks that did not get to the control topic. */
	final Map<Long, Map<Lane, Watermark>> lost = new LinkedHashMap<>();

	private final Schedule schedule;

	private final Map<SimulatedLog, Deque<Flight>> inFlight = new LinkedHashMap<>();

	private final Map<SimulatedLog, Deque<Flight>> written = new LinkedHashMap<>();

	private final List<Flight> done = new ArrayList<>();

	private final List<Sent> numbered = new ArrayList<>();

	private final List<SimulatedLog> touched = new ArrayList<>();

	private Sent.Transaction transaction;

	private boolean mustAbort;

	boolean gone;

	SimulatedProducer(Schedule schedule, int index, Numbering numbering, boolean transactional) {
		this.schedule = schedule;
		this.index = index;
		this.numbering = numbering;
		this.transactional = transactional;
	}

	void send(SimulatedLog log) {
		if (this.transactional && this.transaction == null) {
			this.transaction = new Sent.Transaction();
			this.numbering.begin();
			this.schedule.transactions.add(this.transaction);
			this.mustAbort = false;
			this.touched.clear();
		}
		Numbering.Numbered numbered = this.numbering.next(log.lane, log.topicIdHash);
		if (!this.transactional && this.schedule.happens(Faults.SEND_REJECTED, 10)) {
			this.numbering.rollBack(numbered);
			return;
		}
		this.numbering.appended(numbered);
		Stamp stamp = numbered.stamp();
		Sent sent = new Sent(log.sent.size(), stamp.session(), stamp.number(), stamp.appendNumber(), this.transaction,
				stamp.anchor(), log.incarnation);
		log.sent.add(sent);
		this.numbered.add(sent);
		this.inFlight.computeIfAbsent(log, (key) -> new ArrayDeque<>()).add(new Flight(sent, numbered));
		this.written.computeIfAbsent(log, (key) -> new ArrayDeque<>());
	}

	/** The leader gets the next request, or never does. */
	void write(SimulatedLog log) {
		retryTruncated(log);
		Deque<Flight> queue = this.inFlight.get(log);
		if (queue == null || queue.isEmpty()) {
			return;
		}
		Flight flight = queue.poll();
		boolean loose = !this.transactional && this.schedule.happens(Faults.NOT_IDEMPOTENT, 15);
		if (loose && !queue.isEmpty()) {
			// One of those behind it gets there first.
			queue.addFirst(flight);
			flight = List.copyOf(queue).get(1 + this.schedule.random.below(Math.min(4, queue.size() - 1)));
			queue.remove(flight);
		}
		else if (this.schedule.happens(Faults.VOID, 10)) {
			fail(log, flight, "not written");
			return;
		}
		append(log, flight);
		if (loose && this.schedule.random.chance(50)) {
			log.append(flight.numbered.header(), flight.sent, this.transaction, false, this.schedule.clock);
		}
	}

	private void append(SimulatedLog log, Flight flight) {
		flight.entry = log.append(flight.numbered.header(), flight.sent, this.transaction, false, this.schedule.clock);
		flight.entry.behindReader = this.schedule.consumer(log.lane).isBeyond(flight.entry.offset);
		if (this.transaction != null && !this.touched.contains(log)) {
			this.touched.add(log);
		}
		this.written.get(log).add(flight);
		this.schedule.trace("%s: %s written at %d%s", log.lane, flight.sent, flight.entry.offset,
				(this.transaction != null) ? " in transaction" : "");
	}

	/** The next response arrives, or is lost. */
	boolean respond(SimulatedLog log) {
		retryTruncated(log);
		Deque<Flight> queue = this.written.get(log);
		if (queue == null || queue.isEmpty() || queue.peek().entry.offset >= log.highWatermark) {
			return false;
		}
		Flight flight = queue.poll();
		if (this.schedule.happens(Faults.GHOST, 8)) {
			fail(log, flight, "though written");
			return true;
		}
		flight.sent.fate = Sent.Fate.ACKNOWLEDGED;
		flight.sent.acknowledged = flight.entry;
		this.done.add(flight);
		this.numbering.acknowledged(flight.numbered, flight.entry.offset);
		this.schedule.trace("%s: %s acknowledged at %d", log.lane, flight.sent, flight.entry.offset);
		return true;
	}

	/**
	 * What was written and cut off before it was acknowledged is sent again, in order.
	 */
	private void retryTruncated(SimulatedLog log) {
		Deque<Flight> queue = this.written.get(log);
		if (queue == null) {
			return;
		}
		Deque<Flight> again = new ArrayDeque<>();
		Iterator<Flight> flights = queue.iterator();
		while (flights.hasNext()) {
			Flight flight = flights.next();
			SimulatedLog.Removal removed = flight.entry.removed;
			if (removed == SimulatedLog.Removal.TRUNCATED || removed == SimulatedLog.Removal.RECREATED) {
				flights.remove();
				again.addFirst(flight);
			}
		}
		again.forEach((flight) -> this.inFlight.get(log).addFirst(flight));
	}

	private void fail(SimulatedLog log, Flight flight, String how) {
		flight.sent.fate = Sent.Fate.FAILED;
		this.mustAbort = true;
		this.done.add(flight);
		this.numbering.failed(flight.numbered);
		this.schedule.trace("%s: %s failed, %s", log.lane, flight.sent, how);
	}

	/** Send an old number again. */
	void replay(SimulatedLog log) {
		if (!this.transactional) {
			List<Flight> candidates = this.done.stream().filter((flight) -> log.numbered(flight.sent)).toList();
			if (!candidates.isEmpty()) {
				Flight flight = this.schedule.random.one(candidates);
				SimulatedLog.Entry entry = log.append(Numbering.again(flight.numbered), flight.sent, null, true,
						this.schedule.clock);
				this.schedule.trace("%s: %s replayed at %d", log.lane, flight.sent, entry.offset);
			}
		}
	}

	/** Wait for all responses. */
	void flush() {
		for (SimulatedLog log : List.copyOf(this.inFlight.keySet())) {
			retryTruncated(log);
			while (!this.inFlight.get(log).isEmpty()) {
				write(log);
			}
			log.highWatermark = log.end;
			while (respond(log)) {
				log.highWatermark = log.end;
			}
		}
	}

	/** End the transaction, if there is one. */
	void end(boolean commit) {
		if (this.transaction == null) {
			return;
		}
		if (commit) {
			flush();
		}
		else {
			this.inFlight.forEach((log, queue) -> {
				retryTruncated(log);
				while (!queue.isEmpty()) {
					fail(log, queue.poll(), "by the abort");
				}
				log.highWatermark = log.end;
			});
			flush();
		}
		Sent.Transaction ended = this.transaction;
		ended.committed = commit && !this.mustAbort;
		this.schedule.trace("producer %d: transaction ends, committed=%s", this.index, ended.committed);
		ended.markersDue.addAll(this.touched);
		if (ended.committed) {
			this.numbering.committing();
		}
		if (ended.committed && this.schedule.happens(Faults.PRODUCER_CRASH, 5)) {
			crash();
			return;
		}
		this.transaction = null;
		if (ended.committed) {
			ended.acknowledged = true;
			this.numbering.committed();
		}
		else {
			this.numbering.aborted();
		}
		// The next transaction begins when the markers of this one are written.
		this.schedule.writeMarkers(ended);
	}

	void crash() {
		this.schedule.trace("producer %d crashes", this.index);
		for (Map.Entry<SimulatedLog, Deque<Flight>> queue : this.inFlight.entrySet()) {
			retryTruncated(queue.getKey());
			while (!queue.getValue().isEmpty() && this.schedule.random.chance(50)) {
				append(queue.getKey(), queue.getValue().poll());
			}
		}
		if (this.transaction != null && this.transaction.committed == null) {
			this.transaction.committed = false;
			this.transaction.markersDue.addAll(this.touched);
		}
		this.numbered.forEach((sent) -> sent.abandoned = true);
		this.gone = true;
	}

	void close() {
		end(this.schedule.random.chance(70));
		if (!this.gone) {
			flush();
			this.numbering.close();
			this.schedule.trace("producer %d closed", this.index);
			this.gone = true;
			this.schedule.publishWatermarks(this);
		}
	}

	List<Watermark> takeWatermarks() {
		return this.numbering.takeWatermarks();
	}

	private static final class Flight {

		final Sent sent;

		final Numbering.Numbered numbered;

		SimulatedLog.Entry entry;

		Flight(Sent sent, Numbering.Numbered numbered) {
			this.sent = sent;
			this.numbered = numbered;
		}

	}

}
