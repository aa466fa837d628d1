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

/**
 * What became of records that a reader did not get. The order is part of what groups
 * commit: new ones are added at the end.
 *
 * @since 0.1.0
 */
public enum Verdict {

	/**
	 * They were acknowledged, are no longer where they were, and will not come. Proven.
	 */
	LOST_ACKED,

	/**
	 * They were acknowledged, and the group passed over the place where they were.
	 * Proven.
	 */
	MISSED,

	/**
	 * An offset was committed above them, and no listener had processed them nor was
	 * there a dead letter.
	 */
	PROCESSING_LOSS,

	/**
	 * Their sender was told that they failed. Nobody promised anything.
	 */
	FAILED_KNOWN,

	/**
	 * Their sender ended before it was told anything. Nobody promised anything.
	 */
	INDETERMINATE_AT_CRASH,

	/**
	 * They are missing, and what is known is not enough to say more.
	 */
	UNVERIFIED,

	/**
	 * They were reported and have come after all.
	 */
	RECOVERED;

	/**
	 * Whether records that somebody was promised are gone for this group.
	 * @return {@code true} for an alarm
	 */
	public boolean isLoss() {
		return this == LOST_ACKED || this == MISSED || this == PROCESSING_LOSS;
	}

}
