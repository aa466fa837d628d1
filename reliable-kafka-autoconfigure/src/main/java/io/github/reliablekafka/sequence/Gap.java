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

import org.jspecify.annotations.Nullable;

/**
 * Records of one session that were expected between two others and did not come there.
 *
 * @param numbers those that have not come since
 * @param before the record in front of them; {@code null} if there was none
 * @param after the record behind them; {@code null} if there was none
 * @param reported the verdict that was reported; {@code null} as long as there is none
 */
record Gap(NumberRanges numbers, Finding.@Nullable Place before, Finding.@Nullable Place after,
		@Nullable Verdict reported) {

	Gap with(NumberRanges numbers) {
		return new Gap(numbers, this.before, this.after, this.reported);
	}

	Gap with(NumberRanges numbers, Verdict reported) {
		return new Gap(numbers, this.before, this.after, reported);
	}

	boolean isOpen() {
		return this.reported == null;
	}

	/**
	 * Whether a claim may still say more than was reported.
	 * @return {@code false} once there is a final verdict
	 */
	boolean isUndecided() {
		return this.reported == null || this.reported == Verdict.INDETERMINATE_AT_CRASH;
	}

	/**
	 * The highest offset that is known to be in front of them.
	 * @return -1 if there is none
	 */
	long lowerBound() {
		return (this.before != null) ? this.before.offset() : -1;
	}

}
