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

import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.spool.InMemorySpool.Fault;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * A store that has nothing to do with segments does what a store has to do, and for each
 * point in which it is wrong the contract fails.
 */
class SpoolStoreContractTests extends SpoolStoreContract {

	private static final Map<Fault, ThrowingConsumer<SpoolStoreContract>> CLAUSES = Map.ofEntries(
			Map.entry(Fault.GIVES_POSITIONS_TWICE, SpoolStoreContract::positionsGrowWithEachAppendAndAreInOrder),
			Map.entry(Fault.KEEPS_THE_ARRAYS, SpoolStoreContract::recordIsReadAsItWasAppended),
			Map.entry(Fault.DROPS_HEADERS, SpoolStoreContract::recordIsReadAsItWasAppended),
			Map.entry(Fault.MAKES_LANES_ANEW, SpoolStoreContract::laneIsTheSameForTheSameName),
			Map.entry(Fault.NAMES_EMPTY_LANES, SpoolStoreContract::laneIsOccupiedWhileRecordsWait),
			Map.entry(Fault.FORGETS_WHAT_IS_RESOLVED, SpoolStoreContract::resolvedRecordIsGoneForGood),
			Map.entry(Fault.CONFIRMS_WHAT_IS_NOT_WRITTEN,
					SpoolStoreContract::confirmedRecordSurvivesTheProcessInItsOrder),
			Map.entry(Fault.TURNS_THE_ORDER_ROUND, SpoolStoreContract::confirmedRecordSurvivesTheProcessInItsOrder),
			Map.entry(Fault.TELLS_NOBODY, SpoolStoreContract::confirmationComesOnceAndNotForWhatIsResolvedBefore),
			Map.entry(Fault.TELLS_TWICE, SpoolStoreContract::confirmationComesOnceAndNotForWhatIsResolvedBefore),
			Map.entry(Fault.MOVES_A_COPY, SpoolStoreContract::moveIsDoneWholeOrNotAtAll),
			Map.entry(Fault.MOVES_IN_TWO_STEPS, SpoolStoreContract::moveIsDoneWholeOrNotAtAll),
			Map.entry(Fault.FINDS_OTHER_PARTITIONS, SpoolStoreContract::searchSeesOnePartitionInOrderAndStops),
			Map.entry(Fault.FINDS_OTHER_DESTINATIONS, SpoolStoreContract::searchSeesOnePartitionInOrderAndStops),
			Map.entry(Fault.SEARCHES_ON, SpoolStoreContract::searchSeesOnePartitionInOrderAndStops),
			Map.entry(Fault.COUNTS_WHAT_IS_RESOLVED, SpoolStoreContract::statusCountsWhatIsNotResolved),
			Map.entry(Fault.TAKES_RECORDS_WHEN_CLOSED, SpoolStoreContract::closedStoreHasWrittenAllAndTakesNothing),
			Map.entry(Fault.CLOSES_WITHOUT_WRITING, SpoolStoreContract::closedStoreHasWrittenAllAndTakesNothing));

	/**
	 * Those that random use finds as well.
	 */
	private static final Set<Fault> RANDOM = EnumSet.of(Fault.FORGETS_WHAT_IS_RESOLVED,
			Fault.CONFIRMS_WHAT_IS_NOT_WRITTEN, Fault.TURNS_THE_ORDER_ROUND, Fault.MOVES_A_COPY, Fault.DROPS_HEADERS);

	@Override
	Place place() {
		return new Memory(null);
	}

	@ParameterizedTest
	@EnumSource(Fault.class)
	void contractFailsForAStoreThatIsWrong(Fault fault) {
		SpoolStoreContract contract = new SpoolStoreContract() {

			@Override
			Place place() {
				return new Memory(fault);
			}

			@Override
			Duration patience() {
				return Duration.ofMillis(200);
			}

		};
		assertThat(catchThrowable(() -> CLAUSES.get(fault).accept(contract))).as("by its own clause")
			.isInstanceOfAny(AssertionError.class, ConditionTimeoutException.class);
		if (RANDOM.contains(fault)) {
			assertThat(catchThrowable(contract::randomUseLosesNothingAndBringsNothingBack)).as("by random use")
				.isInstanceOf(AssertionError.class);
		}
	}

	@Test
	void eachFaultHasItsClause() {
		assertThat(CLAUSES).containsOnlyKeys(Fault.values());
	}

	private static final class Memory implements Place {

		private final InMemorySpool.Platter platter = new InMemorySpool.Platter();

		private final Fault fault;

		Memory(Fault fault) {
			this.fault = fault;
		}

		@Override
		public SpoolStore open() {
			return new InMemorySpool(this.platter, this.fault);
		}

		@Override
		public void kill(SpoolStore store) {
		}

	}

}
