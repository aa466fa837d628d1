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
	PRODUCER_CLOSE(true), NO_EPOCHS(true), CHECKPOINT_FAILS(true),

	TRUNCATE, RETENTION, VANISH, RECREATE, VOID, GHOST, PRODUCER_CRASH, REPLAY, SEEK_FORWARD, EXTERNAL_RESET,
	OFFSETS_EXPIRE, METADATA_LOST, EPOCH_LOST, FOREIGN_HEADER, NOT_IDEMPOTENT, COMPACT;

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
			case EXTERNAL_RESET, OFFSETS_EXPIRE, METADATA_LOST, RECREATE -> true;
			default -> false;
		};
	}

	static Set<Faults> choose(Randomness random) {
		Set<Faults> chosen = EnumSet.noneOf(Faults.class);
		boolean harmlessOnly = random.chance(12);
		int density = 10 + random.below(40);
		for (Faults fault : values()) {
			int percent = switch (fault) {
				case NOT_IDEMPOTENT, COMPACT, RECREATE, NO_EPOCHS -> 6;
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
