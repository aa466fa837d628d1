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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One partition as its leader has it: offsets, leader epochs, high watermark, last stable
 * offset, transaction markers, and what takes records away again.
 */
final class SimulatedLog {

	final Lane lane;

	final List<Sent> sent = new ArrayList<>();

	/** What is in the log now, by offset. */
	final TreeMap<Long, Entry> entries = new TreeMap<>();

	/** Leader epoch to its first offset. */
	final TreeMap<Integer, Long> epochs = new TreeMap<>();

	private final Map<Sent.Transaction, Part> open = new LinkedHashMap<>();

	/** What has vanished, and may yet be cut off. */
	private final List<Entry> vanished = new ArrayList<>(0);

	/** Counts how often the topic was created. */
	int incarnation;

	int topicIdHash;

	boolean compacted;

	long start;

	long end;

	long highWatermark;

	int leaderEpoch;

	SimulatedLog(Lane lane) {
		this.lane = lane;
		recreate();
	}

	void recreate() {
		this.entries.values().forEach((entry) -> entry.removed = Removal.RECREATED);
		this.entries.clear();
		this.vanished.clear();
		this.open.clear();
		this.incarnation++;
		this.topicIdHash = Stamp.topicIdHash(0x5eedL * 31 + this.lane.hashCode(), this.incarnation);
		this.start = 0;
		this.end = 0;
		this.highWatermark = 0;
		this.leaderEpoch = 0;
		this.epochs.clear();
		this.epochs.put(0, 0L);
	}

	/** Whether a number was given for this partition. */
	boolean numbered(Sent sent) {
		return sent.index < this.sent.size() && this.sent.get(sent.index) == sent;
	}

	Entry append(byte[] header, Sent sent, Sent.Transaction transaction, boolean replay, long time) {
		Part part = null;
		if (transaction != null) {
			part = this.open.computeIfAbsent(transaction, (key) -> new Part(this.end));
		}
		Entry entry = new Entry(this.end++, this.leaderEpoch, time, header, sent, part, replay, this.incarnation);
		this.entries.put(entry.offset, entry);
		if (sent != null) {
			sent.copies.add(entry);
		}
		return entry;
	}

	/** Write a control record that ends a transaction here. */
	void mark(Sent.Transaction transaction, boolean commit, long time) {
		Part part = this.open.remove(transaction);
		Entry entry = new Entry(this.end++, this.leaderEpoch, time, null, null, part, false, this.incarnation);
		entry.marker = true;
		entry.transaction = transaction;
		this.entries.put(entry.offset, entry);
		if (part != null) {
			part.committed = commit;
		}
	}

	boolean isOpen(Sent.Transaction transaction) {
		return this.open.containsKey(transaction);
	}

	/** Transactions whose end was cut off, or whose producer is gone. */
	List<Sent.Transaction> openTransactions() {
		return new ArrayList<>(this.open.keySet());
	}

	long limit(boolean readCommitted) {
		long limit = this.highWatermark;
		if (readCommitted) {
			for (Part part : this.open.values()) {
				limit = Math.min(limit, part.first);
			}
		}
		return limit;
	}

	/** A replica becomes leader that has the log only up to an offset. */
	void truncate(long to) {
		Iterator<Entry> cut = this.entries.tailMap(to).values().iterator();
		while (cut.hasNext()) {
			Entry entry = cut.next();
			entry.removed = Removal.TRUNCATED;
			if (entry.marker && entry.part != null && entry.part.first < to) {
				entry.part.committed = null;
				this.open.put(entry.transaction, entry.part);
			}
			cut.remove();
		}
		this.open.values().removeIf((part) -> part.first >= to);
		// Its sender is not told of it, and sends it again.
		this.vanished.stream()
			.filter((entry) -> entry.offset >= to)
			.forEach((entry) -> entry.removed = Removal.TRUNCATED);
		this.vanished.removeIf((entry) -> entry.offset >= to);
		this.end = to;
		this.highWatermark = Math.min(this.highWatermark, to);
		this.start = Math.min(this.start, to);
		this.epochs.values().removeIf((first) -> first >= to);
		this.leaderEpoch++;
		this.epochs.put(this.leaderEpoch, to);
	}

	/** A replica becomes leader that has everything. */
	void elect() {
		this.leaderEpoch++;
		this.epochs.put(this.leaderEpoch, this.end);
	}

	/**
	 * Where the log differs from that of someone who read up to a position; -1 if
	 * nowhere.
	 */
	long divergence(long position, int epoch) {
		if (epoch < 0) {
			return -1;
		}
		Map.Entry<Integer, Long> next = this.epochs.higherEntry(epoch);
		long endOfEpoch = (next != null) ? next.getValue() : this.end;
		return (endOfEpoch < position) ? endOfEpoch : -1;
	}

	void deleteUpTo(long offset) {
		Iterator<Entry> cut = this.entries.headMap(offset).values().iterator();
		while (cut.hasNext()) {
			cut.next().removed = Removal.RETENTION;
			cut.remove();
		}
		this.start = Math.max(this.start, offset);
	}

	void remove(long offset, Removal removal) {
		Entry entry = this.entries.get(offset);
		if (entry != null && !entry.marker) {
			entry.removed = removal;
			this.entries.remove(offset);
			if (removal == Removal.VANISHED) {
				this.vanished.add(entry);
			}
		}
	}

	/** How a record went out of the log. */
	enum Removal {

		TRUNCATED, RETENTION, VANISHED, COMPACTED, RECREATED

	}

	/** The part of a transaction that is in this log. */
	static final class Part {

		final long first;

		Boolean committed;

		Part(long first) {
			this.first = first;
		}

	}

	/** A record or marker. */
	static final class Entry {

		final long offset;

		final int epoch;

		final long timestamp;

		final byte[] header;

		final Sent sent;

		final Part part;

		final boolean replay;

		final int incarnation;

		boolean marker;

		Sent.Transaction transaction;

		Removal removed;

		/** Whether the group was beyond this place when it was written. */
		boolean behindReader;

		Entry(long offset, int epoch, long timestamp, byte[] header, Sent sent, Part part, boolean replay,
				int incarnation) {
			this.offset = offset;
			this.epoch = epoch;
			this.timestamp = timestamp;
			this.header = header;
			this.sent = sent;
			this.part = part;
			this.replay = replay;
			this.incarnation = incarnation;
		}

		/** Whether a consumer is given it once it is below the limit. */
		boolean visible(boolean readCommitted) {
			return !this.marker && (!readCommitted || this.part == null || Boolean.TRUE.equals(this.part.committed));
		}

	}

}
