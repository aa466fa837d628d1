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

package io.github.reliablekafka.spool;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * A store without files, whose records survive it on a {@link Platter}. It writes when it
 * is flushed. It can be told to be wrong in one point.
 */
final class InMemorySpool implements SpoolStore {

	private final Platter platter;

	private final @Nullable Fault fault;

	private final Map<List<Object>, Line> lines = new LinkedHashMap<>();

	private final List<Write> pending = new ArrayList<>();

	private long appended;

	private boolean closed;

	InMemorySpool(Platter platter, @Nullable Fault fault) {
		this.platter = platter;
		this.fault = fault;
		platter.writes.forEach(this::restore);
		if (fault == Fault.TURNS_THE_ORDER_ROUND) {
			this.lines.values().forEach(Line::turnRound);
		}
	}

	private void restore(Write write) {
		if (write.record != null) {
			Line line = line(write.name);
			line.live.put(write.position, new Entry(write.record, true));
			line.next = Math.max(line.next, write.position + 1);
		}
		if (write.removed != null && this.fault != Fault.FORGETS_WHAT_IS_RESOLVED) {
			line(write.removed).live.remove(write.removedPosition);
		}
	}

	private Line line(List<Object> name) {
		return this.lines.computeIfAbsent(name, (key) -> new Line(lane(key)));
	}

	private static SpoolLane lane(List<Object> name) {
		return new SpoolLane(1, (String) name.get(0), (String) name.get(1), (int) name.get(2), new SpoolLane.Count());
	}

	private static List<Object> name(SpoolLane lane) {
		return List.of(lane.destination(), lane.topic(), lane.partition());
	}

	private Line line(SpoolLane lane) {
		return line(name(lane));
	}

	@Override
	public synchronized List<SpoolLane> occupied() {
		return this.lines.values()
			.stream()
			.filter((line) -> this.fault == Fault.NAMES_EMPTY_LANES || !line.live.isEmpty())
			.map((line) -> line.lane)
			.toList();
	}

	@Override
	public synchronized SpoolLane lane(String destination, String topic, int partition) {
		List<Object> name = List.of(destination, topic, partition);
		return (this.fault == Fault.MAKES_LANES_ANEW) ? lane(name) : line(name).lane;
	}

	@Override
	public synchronized long[] positions(SpoolLane lane) {
		return line(lane).live.keySet().stream().mapToLong(Long::longValue).toArray();
	}

	@Override
	public synchronized long append(SpoolLane lane, SpoolRecord record, long patience,
			@Nullable Confirmation confirmation) {
		return add(lane, record, confirmation, null, 0);
	}

	@Override
	public synchronized long move(SpoolLane lane, SpoolRecord record, SpoolLane from, long position,
			@Nullable Confirmation confirmation) {
		if (this.fault == Fault.MOVES_IN_TWO_STEPS) {
			long moved = add(lane, record, confirmation, null, 0);
			resolve(from, position);
			return moved;
		}
		return add(lane, record, confirmation, (this.fault == Fault.MOVES_A_COPY) ? null : name(from), position);
	}

	private long add(SpoolLane lane, SpoolRecord record, @Nullable Confirmation confirmation,
			@Nullable List<Object> removed, long removedPosition) {
		if (this.closed && this.fault != Fault.TAKES_RECORDS_WHEN_CLOSED) {
			throw new SpoolException(SpoolException.Kind.CLOSED, "closed");
		}
		Line line = line(lane);
		long position = line.next;
		line.next += (this.fault == Fault.GIVES_POSITIONS_TWICE && position % 3 == 0) ? 0 : 1;
		SpoolRecord copy = copy(record);
		line.live.put(position, new Entry(copy, false));
		this.pending.add(new Write(name(lane), position, copy, removed, removedPosition, confirmation));
		this.appended++;
		return position;
	}

	private SpoolRecord copy(SpoolRecord record) {
		if (this.fault == Fault.KEEPS_THE_ARRAYS) {
			return record;
		}
		byte[] key = record.key();
		byte[] value = record.value();
		return new SpoolRecord(record.partition(), record.timestamp(), record.enqueuedAt(),
				(key != null) ? key.clone() : null, (value != null) ? value.clone() : null,
				(this.fault == Fault.DROPS_HEADERS) ? List.of() : List.copyOf(record.headers()));
	}

	@Override
	public synchronized void resolve(SpoolLane lane, long position) {
		if (line(lane).live.remove(position) != null) {
			this.pending.add(new Write(List.of(), 0, null, name(lane), position, null));
		}
	}

	@Override
	public synchronized boolean holds(SpoolLane lane, long position) {
		return line(lane).live.containsKey(position);
	}

	@Override
	public synchronized @Nullable SpoolRecord read(SpoolLane lane, long position) {
		Entry entry = line(lane).live.get(position);
		return (entry != null && entry.written) ? entry.record : null;
	}

	@Override
	public synchronized void search(String topic, int partition, Predicate<String> destination,
			Predicate<SpoolRecord> visitor) {
		for (Write write : this.platter.writes) {
			if (write.record != null && write.name.get(1).equals(topic)
					&& (this.fault == Fault.FINDS_OTHER_DESTINATIONS || destination.test((String) write.name.get(0)))
					&& (this.fault == Fault.FINDS_OTHER_PARTITIONS || write.name.get(2).equals(partition))
					&& !visitor.test(write.record) && this.fault != Fault.SEARCHES_ON) {
				return;
			}
		}
	}

	@Override
	public synchronized boolean flush() {
		List<Write> writes = List.copyOf(this.pending);
		this.pending.clear();
		for (Write write : writes) {
			Entry entry = (write.record != null) ? line(write.name).live.get(write.position) : null;
			if (this.fault != Fault.CONFIRMS_WHAT_IS_NOT_WRITTEN || write.record == null || write.position % 5 != 0) {
				this.platter.writes.add(write);
			}
			if (write.record != null && write.removed != null) {
				line(write.removed).live.remove(write.removedPosition);
			}
			if (entry != null) {
				entry.written = true;
				confirm(write.confirmation);
			}
		}
		return true;
	}

	private void confirm(@Nullable Confirmation confirmation) {
		if (confirmation != null && this.fault != Fault.TELLS_NOBODY) {
			confirmation.durable();
			if (this.fault == Fault.TELLS_TWICE) {
				confirmation.durable();
			}
		}
	}

	@Override
	public synchronized SpoolStatus status() {
		long records = this.lines.values().stream().mapToLong((line) -> line.live.size()).sum();
		return new SpoolStatus((this.fault == Fault.COUNTS_WHAT_IS_RESOLVED) ? this.appended : records, 0,
				Long.MAX_VALUE, 0, 0, this.appended, 0, null);
	}

	@Override
	public synchronized void close() {
		if (!this.closed && this.fault != Fault.CLOSES_WITHOUT_WRITING) {
			boolean unused = flush();
		}
		this.closed = true;
	}

	/**
	 * What outlives a store.
	 */
	static final class Platter {

		private final List<Write> writes = new ArrayList<>();

	}

	/**
	 * One point in which a store is wrong.
	 */
	enum Fault {

		GIVES_POSITIONS_TWICE, KEEPS_THE_ARRAYS, DROPS_HEADERS, MAKES_LANES_ANEW, NAMES_EMPTY_LANES,
		FORGETS_WHAT_IS_RESOLVED, CONFIRMS_WHAT_IS_NOT_WRITTEN, TURNS_THE_ORDER_ROUND, TELLS_NOBODY, TELLS_TWICE,
		MOVES_A_COPY, MOVES_IN_TWO_STEPS, FINDS_OTHER_PARTITIONS, FINDS_OTHER_DESTINATIONS, SEARCHES_ON,
		COUNTS_WHAT_IS_RESOLVED, TAKES_RECORDS_WHEN_CLOSED, CLOSES_WITHOUT_WRITING

	}

	private static final class Line {

		private final SpoolLane lane;

		private final TreeMap<Long, Entry> live = new TreeMap<>();

		private long next = 1;

		Line(SpoolLane lane) {
			this.lane = lane;
		}

		private void turnRound() {
			List<Entry> entries = new ArrayList<>(this.live.values());
			Collections.reverse(entries);
			List<Long> positions = List.copyOf(this.live.keySet());
			for (int i = 0; i < entries.size(); i++) {
				this.live.put(positions.get(i), entries.get(i));
			}
		}

	}

	private static final class Entry {

		private final SpoolRecord record;

		private boolean written;

		Entry(SpoolRecord record, boolean written) {
			this.record = record;
			this.written = written;
		}

	}

	/**
	 * Something to be written at once: a record, the end of another, or both.
	 */
	private record Write(List<Object> name, long position, @Nullable SpoolRecord record, @Nullable List<Object> removed,
			long removedPosition, @Nullable Confirmation confirmation) {

	}

}
