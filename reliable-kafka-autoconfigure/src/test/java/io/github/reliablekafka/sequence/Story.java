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
import java.util.List;

/**
 * What happened in a schedule, for those who want to know, and what was wrong with it.
 */
final class Story {

	private final long seed;

	private final List<String> lines;

	private final List<String> violations = new ArrayList<>();

	/**
	 * Nothing has happened yet.
	 * @param seed of the schedule
	 * @param told whether anybody wants to know
	 */
	Story(long seed, boolean told) {
		this.seed = seed;
		this.lines = told ? new ArrayList<>() : null;
	}

	@SuppressWarnings("AnnotateFormatMethod")
	void tell(String format, Object... arguments) {
		if (this.lines != null) {
			this.lines.add(format.formatted(arguments));
		}
	}

	void read(SimulatedConsumer consumer, SimulatedLog.Entry entry) {
		if (this.lines != null) {
			String odd = odd(consumer.process);
			tell("%s:   read %d epoch %d %s%s%s%s", consumer.log.lane, entry.offset, entry.epoch,
					(entry.sent != null) ? entry.sent : "unnumbered", entry.replay ? " replay" : "",
					(entry.sent != null && entry.sent.anchor != null) ? " " + entry.sent.anchor : "",
					odd.isEmpty() ? "" : "   odd so far: " + odd);
		}
	}

	void odd(SimulatedConsumer consumer) {
		if (this.lines != null) {
			String odd = odd(consumer.process);
			if (!odd.isEmpty()) {
				tell("    odd so far: %s", odd);
			}
		}
	}

	private static String odd(ConsumerProcess process) {
		StringBuilder text = new StringBuilder();
		for (LossLedger.Coverage coverage : process.ledger.coverages()) {
			for (Integrity kind : Integrity.values()) {
				if (coverage.counted(kind) > 0) {
					text.append(coverage.topic())
						.append(' ')
						.append(kind)
						.append(' ')
						.append(coverage.counted(kind))
						.append(' ');
				}
			}
		}
		return text.toString();
	}

	void violation(String text) {
		this.violations.add("seed " + this.seed + ": " + text);
		tell("VIOLATION: %s", text);
	}

	List<String> violations() {
		return this.violations;
	}

	@Override
	public String toString() {
		return String.join(System.lineSeparator(), (this.lines != null) ? this.lines : this.violations);
	}

}
