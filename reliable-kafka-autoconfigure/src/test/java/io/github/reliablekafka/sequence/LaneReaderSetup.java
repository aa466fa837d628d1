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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeoutException;

import org.junit.jupiter.api.BeforeEach;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A reader, the log that it reads again, and a board.
 */
abstract class LaneReaderSetup {

	static final Lane LANE = new Lane("orders", 0);

	static final int TOPIC = 77;

	static final long A = 0xAAAAL;

	static final long B = 0xBBBBL;

	static final long ELEVEN_MINUTES = 660_000_000_000L;

	final SequenceBoard board = new SequenceBoards().board(Set.of("localhost:9092"), Map.of());

	final LossLedger ledger = new LossLedger();

	final StampCodec codec = new StampCodec(LANE.topic(), LANE.partition());

	final StoredLog log = new StoredLog();

	long now = 1_000_000_000_000L;

	LaneReader reader = reader();

	@BeforeEach
	void connect() {
		this.board.post(LANE.topic(), new TopicFacts(TOPIC, false));
	}

	String readSessions(long offset, int sessions, int records) {
		long next = offset;
		for (int number = 1; number <= records; number++) {
			for (int session = 1; session <= sessions; session++) {
				append(next++, session, number);
			}
		}
		return commit(next).metadata();
	}

	byte[] saveACheckpoint() {
		this.board.connect(this.log);
		begin(0);
		check();
		readSessions(0, 300, 2);
		this.now += ELEVEN_MINUTES;
		check();
		return this.log.saved.get(LANE);
	}

	String readBehindACheckpoint() {
		byte[] saved = saveACheckpoint();
		for (int session = 1; session <= 300; session++) {
			append(599 + session, session, 3);
		}
		String metadata = this.reader.commit(900).metadata();
		assertThat(metadata).startsWith("rk1p.");
		this.log.saved.put(LANE, saved);
		return metadata;
	}

	void append(long offset, long session, long number) {
		read(offset, session, number);
		this.log.entries.put(offset, this.codec.encode(new Stamp(session, number, 0, false, false, null)));
	}

	void claimSessions(int sessions, int records) {
		for (int session = 1; session <= sessions; session++) {
			this.board
				.post(watermark(session, records, (long) (records - 1) * sessions + session - 1, session - 1, false));
		}
	}

	LaneReader reader() {
		return new LaneReader("group", LANE, true, this.board, this.ledger, () -> this.now);
	}

	void begin(long position) {
		this.reader.begin(position, false, null);
	}

	void read(long offset, long session, long number) {
		read(offset, 0, stamp(session, number, null));
	}

	void read(long offset, int leaderEpoch, Stamp stamp) {
		this.reader.read(offset, leaderEpoch, 0, this.codec.encode(stamp));
	}

	static Stamp stamp(long session, long number, Claim anchor) {
		return new Stamp(session, number, 0, false, false, anchor);
	}

	LaneReader.Commit commit(long offset) {
		LaneReader.Commit commit = this.reader.commit(offset);
		check();
		assertThat(commit.offset()).isEqualTo(offset);
		assertThat(commit.metadata()).hasSizeLessThanOrEqualTo(3_500);
		return commit;
	}

	// Twice, as a loss is said once the log was asked for it.
	void check() {
		for (int i = 0; i < 2; i++) {
			this.now += 1_000_000_000L;
			this.reader.check();
		}
	}

	void claim(long session, long acknowledged, long offset, boolean closed) {
		this.board.post(watermark(session, acknowledged, offset, 0, closed));
		check();
	}

	Watermark watermark(long session, long acknowledged, long offset, long firstOffset, boolean closed) {
		Claim claim = new Claim(1, acknowledged, offset, 0, firstOffset, NumberRanges.EMPTY, TOPIC);
		return new Watermark(LANE, session, identity(), this.now, acknowledged, acknowledged, claim, claim, closed);
	}

	static ProducerIdentity identity() {
		return new ProducerIdentity("app", "host", "client", 0);
	}

	List<Finding> findings() {
		return new ArrayList<>(this.ledger.findings());
	}

	List<String> verdicts() {
		return findings().stream().map((finding) -> finding.verdict() + " " + finding.numbers()).toList();
	}

	NumberRanges unknown(long offset, long session) {
		LaneState state = LaneStateCodec.state(commit(offset).metadata());
		assertThat(state).isNotNull();
		assertThat(state.session(session)).isNotNull();
		return state.session(session).unknown();
	}

	/**
	 * A cluster that answers at once.
	 */
	static final class StoredLog implements LogAccess {

		final Map<Lane, byte[]> saved = new HashMap<>();

		final Map<Long, byte[]> entries = new HashMap<>();

		long start;

		long end;

		CompletableFuture<Optional<byte[]>> answer;

		boolean writable = true;

		boolean confirming = true;

		boolean readable = true;

		boolean markersOnly;

		int leaderEpoch;

		/**
		 * Of offsets that are of another leader than the rest.
		 */
		final Map<Long, Integer> leaderEpochs = new HashMap<>();

		@Override
		public CompletableFuture<Optional<byte[]>> checkpoint(String group, Lane lane) {
			return (this.answer != null) ? this.answer
					: CompletableFuture.completedFuture(Optional.ofNullable(this.saved.get(lane)));
		}

		@Override
		public CompletableFuture<Void> save(String group, Lane lane, byte[] state) {
			if (this.writable) {
				this.saved.put(lane, state);
			}
			return this.confirming ? CompletableFuture.completedFuture(null)
					: CompletableFuture.failedFuture(new TimeoutException("No answer"));
		}

		@Override
		public CompletableFuture<Reading> read(Lane lane, long from, long to, boolean readCommitted) {
			if (!this.readable) {
				return CompletableFuture.failedFuture(new TimeoutException("No answer"));
			}
			List<Entry> found = new ArrayList<>();
			for (long offset = Math.max(from, this.start); offset < to && !this.markersOnly; offset++) {
				found.add(new Entry(offset, this.leaderEpochs.getOrDefault(offset, this.leaderEpoch), 0,
						this.entries.get(offset)));
			}
			return CompletableFuture.completedFuture(new Reading(this.start, found));
		}

		@Override
		public CompletableFuture<LogEnd> end(Lane lane) {
			return CompletableFuture.completedFuture(new LogEnd(this.end, this.leaderEpoch));
		}

	}

}
