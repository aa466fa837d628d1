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

import java.util.function.LongSupplier;

/**
 * What is tested, as a consumer drives it: the methods of {@link LaneReader}.
 */
interface Checker {

	void begin(long position, boolean committed, String metadata);

	void read(long offset, int leaderEpoch, long timestamp, byte[] header);

	void advance(long position, int leaderEpoch);

	void move(long position, Cause cause);

	void truncate(long position);

	LaneReader.Commit commit(long offset);

	boolean check();

	void end();

	/** Makes one for each assignment. */
	interface Factory {

		Checker create(String group, Lane lane, boolean readCommitted, SequenceBoard board, LossLedger ledger,
				LongSupplier nanoClock);

	}

	/** The production class. */
	record Production(LaneReader reader) implements Checker {

		static Checker create(String group, Lane lane, boolean readCommitted, SequenceBoard board, LossLedger ledger,
				LongSupplier nanoClock) {
			return new Production(new LaneReader(group, lane, readCommitted, board, ledger, nanoClock));
		}

		@Override
		public void begin(long position, boolean committed, String metadata) {
			this.reader.begin(position, committed, metadata);
		}

		@Override
		public void read(long offset, int leaderEpoch, long timestamp, byte[] header) {
			this.reader.read(offset, leaderEpoch, timestamp, header);
		}

		@Override
		public void advance(long position, int leaderEpoch) {
			this.reader.advance(position, leaderEpoch);
		}

		@Override
		public void move(long position, Cause cause) {
			this.reader.move(position, cause);
		}

		@Override
		public void truncate(long position) {
			this.reader.truncate(position);
		}

		@Override
		public LaneReader.Commit commit(long offset) {
			return this.reader.commit(offset);
		}

		@Override
		public boolean check() {
			return this.reader.check();
		}

		@Override
		public void end() {
			this.reader.end();
		}

	}

}
