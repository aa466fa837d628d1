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

import java.util.HashMap;
import java.util.Map;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The judge of loss detection: simulated clusters to which everything happens that the
 * seed says, against the production classes, with the truth kept outside of them.
 * <p>
 * {@code -Dsimulation.schedules=1000000 -Dsimulation.from=1} runs more or others,
 * {@code -Dsimulation.seed=42} shows what happens in one.
 */
class LossDetectionSimulationTests {

	private static final long SCHEDULES = Long.getLong("simulation.schedules", 10_000);

	private static final long FROM = Long.getLong("simulation.from", 1);

	private static final int THREADS = 2;

	@Test
	void everyLossIsFoundAndNothingElse() {
		Simulator simulator = new Simulator(Checker.Production::create).run(FROM, SCHEDULES, THREADS);
		System.out.println(simulator.tally().table());
		assertThat(simulator.violations())
			.as(() -> "The first of them:%n%s%n%s".formatted(simulator.replay(simulator.firstSeed()),
					String.join("%n".formatted(), simulator.violations())))
			.isEmpty();
		// The simulator has to have something to find.
		assertThat(simulator.tally().faultFree).isGreaterThan(SCHEDULES / 20);
		assertThat(simulator.tally().sum.reported).isGreaterThan(SCHEDULES / 2);
		assertThat(simulator.tally().sum.naiveFalse + simulator.tally().sum.gapFalse).isGreaterThan(SCHEDULES / 2);
	}

	@Test
	@EnabledIfSystemProperty(named = "simulation.seed", matches = "\\d+")
	void show() {
		System.out.println(new Simulator(Checker.Production::create).replay(Long.getLong("simulation.seed")));
	}

	@Test
	void theSameSeedIsTheSameSchedule() {
		Simulator simulator = new Simulator(Checker.Production::create);
		for (long seed = 1; seed <= 50; seed++) {
			assertThat(simulator.replay(seed)).isEqualTo(simulator.replay(seed));
		}
	}

	@Test
	void aReaderThatFindsNothingIsCaught() {
		Simulator simulator = new Simulator((group, lane, readCommitted, board, ledger, clock) -> new Lazy()).run(1,
				300, 1);
		assertThat(simulator.violations()).anySatisfy((violation) -> assertThat(violation).contains("silent"));
		assertThat(simulator.tally().sum.wrong).isZero();
	}

	@Test
	void aReaderThatTakesEachGapForALossIsCaught() {
		Simulator simulator = new Simulator(
				(group, lane, readCommitted, board, ledger, clock) -> new Hasty(group, lane, ledger, readCommitted))
			.run(1, 2000, THREADS);
		assertThat(simulator.violations())
			.anySatisfy((violation) -> assertThat(violation).contains("was not acknowledged"))
			.anySatisfy((violation) -> assertThat(violation).contains("is still to come"))
			.anySatisfy((violation) -> assertThat(violation).contains("silent"));
	}

	private static class Lazy implements Checker {

		@Override
		public void begin(long position, boolean committed, String metadata) {
		}

		@Override
		public void read(long offset, int leaderEpoch, long timestamp, byte[] header) {
		}

		@Override
		public void advance(long position, int leaderEpoch) {
		}

		@Override
		public void move(long position, Cause cause) {
		}

		@Override
		public void truncate(long position) {
		}

		@Override
		public LaneReader.Commit commit(long offset) {
			return new LaneReader.Commit(offset, -1, "");
		}

		@Override
		public boolean check() {
			return false;
		}

		@Override
		public void end() {
		}

	}

	private static final class Hasty extends Lazy {

		private final String group;

		private final Lane lane;

		private final LossLedger ledger;

		private final boolean readCommitted;

		private final StampCodec codec;

		private final Map<Long, Long> last = new HashMap<>();

		Hasty(String group, Lane lane, LossLedger ledger, boolean readCommitted) {
			this.group = group;
			this.lane = lane;
			this.ledger = ledger;
			this.readCommitted = readCommitted;
			this.codec = new StampCodec(lane.topic(), lane.partition());
		}

		@Override
		public void read(long offset, int leaderEpoch, long timestamp, byte[] header) {
			Stamp stamp = (header != null) ? this.codec.decode(header) : null;
			if (stamp != null) {
				long number = this.readCommitted ? stamp.number() : stamp.appendNumber();
				long before = this.last.getOrDefault(stamp.session(), 0L);
				if (number > before + 1) {
					this.ledger.post(new Finding(Verdict.LOST_ACKED, Cause.VANISHED, this.group, this.readCommitted,
							this.lane, stamp.session(), null, NumberRanges.of(before + 1, number - 1), "a gap", null,
							null, -1, -1, offset));
				}
				this.last.put(stamp.session(), number);
			}
		}

	}

}
