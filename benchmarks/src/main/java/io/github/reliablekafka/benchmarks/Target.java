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

package io.github.reliablekafka.benchmarks;

import java.util.Arrays;
import java.util.Optional;

/**
 * What the starter may cost, as a share of plain Spring Kafka, what the guard of commits
 * may cost alone, and what sequence numbers and the spool may cost, as a share of the
 * starter without them.
 */
enum Target {

	GUARDED_THROUGHPUT("plain", Figures.RECORDS_PER_SECOND, 0.97, true) {

		@Override
		boolean isFor(Mode mode) {
			return mode.isGuardOnly();
		}

	},

	GUARDED_CPU("plain", Figures.CPU_NANOS_PER_RECORD, 1.05, false) {

		@Override
		boolean isFor(Mode mode) {
			return mode.isGuardOnly();
		}

	},

	THROUGHPUT("plain", Figures.RECORDS_PER_SECOND, 0.95, true),

	CPU("plain", Figures.CPU_NANOS_PER_RECORD, 1.10, false),

	ALLOCATION("plain", Figures.BYTES_PER_RECORD, 1.10, false),

	THROUGHPUT_WITH_NUMBERS("unnumbered", Figures.RECORDS_PER_SECOND, 0.97, true),

	CPU_WITH_NUMBERS("unnumbered", Figures.CPU_NANOS_PER_RECORD, 1.05, false),

	THROUGHPUT_WITH_SPOOL("reliable", Figures.RECORDS_PER_SECOND, 0.85, true);

	private final String baseline;

	private final String figure;

	private final double bound;

	private final boolean atLeast;

	Target(String baseline, String figure, double bound, boolean atLeast) {
		this.baseline = baseline;
		this.figure = figure;
		this.bound = bound;
		this.atLeast = atLeast;
	}

	/**
	 * What is to be held.
	 * @param mode of which mode
	 * @param baseline compared to which
	 * @param figure of which figure
	 * @return the target, if there is one
	 */
	static Optional<Target> of(Mode mode, Mode baseline, String figure) {
		return Arrays.stream(values())
			.filter((target) -> target.isFor(mode) && baseline.label().startsWith(target.baseline)
					&& target.figure.equals(figure))
			.findFirst();
	}

	boolean isFor(Mode mode) {
		return true;
	}

	boolean isMetBy(double ratio) {
		return this.atLeast ? ratio >= this.bound : ratio <= this.bound;
	}

	String describe() {
		return "%s of %s: %s %.2f".formatted(this.figure, this.baseline, this.atLeast ? "at least" : "at most",
				this.bound);
	}

}
