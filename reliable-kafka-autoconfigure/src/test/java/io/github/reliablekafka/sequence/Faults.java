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

import java.util.EnumSet;
import java.util.Set;

/**
 * What may go wrong in a schedule; {@code true} for what must not lead to any finding.
 */
enum Faults {

	COMMIT_FAILS(true), SEEK_BACK(true), CONSUMER_CRASH(true), REBALANCE(true), WATERMARK_LOST(true),
	SEND_REJECTED(true), PUBLISHER_FAILS(true), CLEAN_ELECTION(true), UNSTAMPED(true), ABORT(true),
	PRODUCER_CLOSE(true), NO_EPOCHS(true), CHECKPOINT_FAILS(true), CHURN(true),

	TRUNCATE, RETENTION, VANISH, RECREATE, VOID, GHOST, PRODUCER_CRASH, REPLAY, SEEK_FORWARD, EXTERNAL_RESET,
	OFFSETS_EXPIRE, METADATA_LOST, EPOCH_LOST, FOREIGN_HEADER, NOT_IDEMPOTENT, COMPACT, PAUSE, POISON, ISOLATION, COPY,
	FORK, NO_WATERMARKS;

	private final boolean harmless;

	Faults() {
		this(false);
	}

	Faults(boolean harmless) {
		this.harmless = harmless;
	}

	boolean isHarmless() {
		return this.harmless;
	}

	/** Whether what a group knows may be lost, or is not of this topic any more. */
	boolean isLossOfState() {
		return switch (this) {
			case EXTERNAL_RESET, OFFSETS_EXPIRE, METADATA_LOST, RECREATE, ISOLATION -> true;
			default -> false;
		};
	}

	/**
	 * Whether what is said to be the cause may have happened at all.
	 * @param cause that a finding has
	 * @param faults that may happen
	 * @return {@code false} if none of them leads to it
	 */
	static boolean explain(Cause cause, Set<Faults> faults) {
		Set<Faults> leading = switch (cause) {
			// The first guess: the leader changed where records vanished.
			case TRUNCATED, TAIL -> EnumSet.of(TRUNCATE, CLEAN_ELECTION, VANISH, RECREATE, NOT_IDEMPOTENT, FORK);
			case VANISHED -> EnumSet.of(VANISH, TRUNCATE, RECREATE, NOT_IDEMPOTENT, FORK, EPOCH_LOST);
			case RETENTION -> EnumSet.of(RETENTION);
			case OUT_OF_RANGE -> EnumSet.of(TRUNCATE, RECREATE);
			case SEEK -> EnumSet.of(SEEK_FORWARD, SEEK_BACK, TRUNCATE, RECREATE);
			case EXTERNAL_RESET -> EnumSet.of(EXTERNAL_RESET, METADATA_LOST, ISOLATION);
			case DESERIALIZATION_SKIP -> EnumSet.of(POISON);
			case TOPIC_RECREATED -> EnumSet.of(RECREATE);
			case SEND_FAILED -> EnumSet.of(VOID, GHOST, ABORT, PRODUCER_CRASH);
			case COMPACTION -> EnumSet.of(COMPACT);
			case COMMITTED_UNPROCESSED, IN_LOG -> EnumSet.noneOf(Faults.class);
			case RESET_LATEST, SENDER_ENDED, BASELINE, STATE_LOST, LATE -> faults;
		};
		return leading == faults || faults.stream().anyMatch(leading::contains);
	}

	static Set<Faults> choose(Randomness random) {
		Set<Faults> chosen = EnumSet.noneOf(Faults.class);
		boolean harmlessOnly = random.chance(12);
		int density = 10 + random.below(40);
		for (Faults fault : values()) {
			int percent = switch (fault) {
				case NOT_IDEMPOTENT, COMPACT, RECREATE, NO_EPOCHS, NO_WATERMARKS, FORK, COPY -> 6;
				case CHURN, ISOLATION -> density / 2;
				default -> density;
			};
			if (random.chance(percent) && (fault.harmless || !harmlessOnly)) {
				chosen.add(fault);
			}
		}
		return chosen;
	}

	static boolean harmless(Set<Faults> faults) {
		return faults.stream().allMatch((fault) -> fault.harmless);
	}

}
