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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;

import org.jspecify.annotations.Nullable;

/**
 * A partition in memory whose records are stamped by sessions in turn, each acknowledged
 * 500 records later, as if so many were in flight. Checkpoints of it are durable at once.
 */
final class SampleLane implements LogAccess {

	static final Lane LANE = new Lane("orders", 0);

	static final int TOPIC_ID_HASH = 77;

	static final int IN_FLIGHT = 500;

	static final String GROUP = "group";

	private final SequenceBoard board = new SequenceBoards().board(Set.of("localhost:9092"), Map.of());

	private final AtomicLong clock = new AtomicLong(1);

	private final byte[][] headers;

	private byte @Nullable [] checkpoint;

	/**
	 * Fill a partition.
	 * @param sessions how many sessions write to it
	 * @param records how many records they write
	 */
	SampleLane(int sessions, int records) {
		ProducerSession[] writers = new ProducerSession[sessions];
		for (int i = 0; i < sessions; i++) {
			writers[i] = session();
		}
		Ticket[] inFlight = new Ticket[IN_FLIGHT];
		this.headers = new byte[records][];
		for (int offset = 0; offset < records; offset++) {
			Ticket ticket = stamp(writers[offset % sessions]);
			this.headers[offset] = ticket.takeHeader();
			ticket.appended();
			Ticket earlier = inFlight[offset % IN_FLIGHT];
			if (earlier != null) {
				earlier.acknowledged(offset - IN_FLIGHT);
			}
			inFlight[offset % IN_FLIGHT] = ticket;
		}
		this.board.post(LANE.topic(), new TopicFacts(TOPIC_ID_HASH, false));
		this.board.connect(this);
		this.board.watch(LANE);
		for (ProducerSession writer : writers) {
			writer.takeWatermarks().forEach(this.board::post);
		}
	}

	static ProducerSession session() {
		return new ProducerSession(new ProducerIdentity("shop", "host-1", "producer-1", 0), System::nanoTime,
				ProducerSession.randomIds(), false);
	}

	static Ticket stamp(ProducerSession session) {
		try {
			Ticket ticket = session.stamp(LANE.topic(), LANE.partition(), TOPIC_ID_HASH, 1_000_000_000);
			if (ticket == null) {
				throw new IllegalStateException("No number");
			}
			return ticket;
		}
		catch (InterruptedException | TimeoutException ex) {
			throw new IllegalStateException(ex);
		}
	}

	byte[][] headers() {
		return this.headers;
	}

	void withoutCheckpoints() {
		this.board.connect(null);
	}

	/**
	 * A reader of the partition from its beginning.
	 * @return its clock stands still until {@link #elapse}
	 */
	LaneReader reader() {
		LaneReader reader = new LaneReader(GROUP, LANE, true, this.board, new LossLedger(), this.clock::get);
		reader.begin(0, false, null);
		return reader;
	}

	void elapse(Duration time) {
		this.clock.addAndGet(time.toNanos());
	}

	/**
	 * Read to the end as an application does.
	 * @param reader stands at the beginning
	 * @return the last commit
	 */
	LaneReader.Commit readAll(LaneReader reader) {
		LaneReader.Commit commit = reader.commit(0);
		for (int offset = 0; offset < this.headers.length; offset++) {
			reader.read(offset, 0, 1_780_000_000_000L, this.headers[offset]);
			if ((offset + 1) % IN_FLIGHT == 0 || offset + 1 == this.headers.length) {
				commit = reader.commit(offset + 1);
				reader.check();
			}
		}
		return commit;
	}

	/**
	 * Let some time pass in which nothing is written, and commit again.
	 * @param reader has read everything
	 * @return the commit
	 */
	LaneReader.Commit pause(LaneReader reader) {
		elapse(Duration.ofMinutes(1));
		reader.check();
		return reader.commit(this.headers.length);
	}

	Watermark anyWatermark() {
		return this.board.watermarks(LANE).values().iterator().next();
	}

	void post(Watermark watermark) {
		this.board.post(watermark);
	}

	void dropWatermarks() {
		this.board.unwatch(LANE);
	}

	int checkpointBytes() {
		return (this.checkpoint != null) ? this.checkpoint.length : 0;
	}

	@Override
	public CompletableFuture<Optional<byte[]>> checkpoint(String group, Lane lane) {
		return CompletableFuture.completedFuture(Optional.ofNullable(this.checkpoint));
	}

	@Override
	public CompletableFuture<Void> save(String group, Lane lane, byte[] state) {
		this.checkpoint = state;
		return CompletableFuture.completedFuture(null);
	}

	@Override
	public CompletableFuture<Reading> read(Lane lane, long from, long to, boolean readCommitted) {
		List<Entry> entries = new ArrayList<>();
		for (long offset = from; offset < to; offset++) {
			entries.add(new Entry(offset, 0, 1_780_000_000_000L, this.headers[(int) offset]));
		}
		return CompletableFuture.completedFuture(new Reading(0, entries));
	}

	@Override
	public CompletableFuture<LogEnd> end(Lane lane) {
		return CompletableFuture.completedFuture(new LogEnd(this.headers.length, 0));
	}

}
