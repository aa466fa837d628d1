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
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * What others do: expect the next number of each session, or the next offset; in memory.
 */
final class NaiveCheckers {

	/** Session to last number. */
	private final Map<Long, Long> last = new HashMap<>();

	private long nextOffset = -1;

	/** Numbers that were called lost, by session. */
	final Map<Long, Set<Long>> lostNumbers;

	/** Offsets that were called lost. */
	final Set<Long> lostOffsets;

	NaiveCheckers(Map<Long, Set<Long>> lostNumbers, Set<Long> lostOffsets) {
		this.lostNumbers = lostNumbers;
		this.lostOffsets = lostOffsets;
	}

	void read(long offset, Sent sent, boolean readCommitted) {
		if (this.nextOffset >= 0) {
			for (long lost = this.nextOffset; lost < offset; lost++) {
				this.lostOffsets.add(lost);
			}
		}
		this.nextOffset = offset + 1;
		if (sent == null) {
			return;
		}
		long number = sent.number(readCommitted);
		Long before = this.last.put(sent.session, number);
		if (before != null) {
			for (long lost = before + 1; lost < number; lost++) {
				this.lostNumbers.computeIfAbsent(sent.session, (key) -> new HashSet<>()).add(lost);
			}
		}
	}

}
