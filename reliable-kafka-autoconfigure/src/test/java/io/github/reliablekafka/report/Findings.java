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

package io.github.reliablekafka.report;

import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.Verdict;

/**
 * Findings to test with.
 */
final class Findings {

	static final long SESSION = 0x1234_5678_9abc_def0L;

	static final ProducerIdentity PRODUCER = new ProducerIdentity("shop", "host-1", "producer-1", 1_700_000_000_000L);

	private Findings() {
	}

	static Finding lost(Lane lane, NumberRanges numbers, Finding.Place before, Finding.Place after) {
		return of(Verdict.LOST_ACKED, Cause.VANISHED, lane, numbers, before, after);
	}

	static Finding of(Verdict verdict, Cause cause, Lane lane, NumberRanges numbers, Finding.Place before,
			Finding.Place after) {
		return new Finding(verdict, cause, "billing", true, lane, SESSION, PRODUCER, numbers, "claim of the watermark",
				before, after, -1, -1, (after != null) ? after.offset() + 1 : 100);
	}

	/**
	 * The same for a group that counts aborted records as well.
	 */
	static Finding uncommitted(Finding finding) {
		return new Finding(finding.verdict(), finding.cause(), finding.group(), false, finding.lane(),
				finding.session(), finding.producer(), finding.numbers(), finding.evidence(), finding.before(),
				finding.after(), finding.skippedFrom(), finding.skippedTo(), finding.position());
	}

	static Finding.Place place(long offset, int leaderEpoch, long number) {
		return new Finding.Place(offset, 1_700_000_000_000L, leaderEpoch, number);
	}

}
