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
 * What a producer session states about the numbers of one partition: every number from
 * {@code from} to {@code acknowledged} was acknowledged by the cluster at an offset that
 * is at most {@code offset}, except those that {@code failed}.
 *
 * @param from the lowest number that the statement is about; 1 unless the list of
 * failures had to be cut
 * @param acknowledged the highest number that the statement is about; 0 if there is none
 * yet
 * @param offset the highest offset at which any of them was acknowledged; -1 if there is
 * none
 * @param inverted the highest number that was acknowledged at a lower offset than a
 * number below it; 0 if the order of offsets is the order of numbers, as it is for
 * idempotent producers
 * @param firstOffset the lowest offset at which any number from 1 on was acknowledged; -1
 * if unknown
 * @param failed the numbers that were reported to the application as failed; they may
 * nevertheless have been written
 * @param topicIdHash of the topic that the offsets belong to, see
 * {@link Stamp#topicIdHash}; 0 if unknown
 * @since 0.1.0
 */
public record Claim(long from, long acknowledged, long offset, long inverted, long firstOffset, NumberRanges failed,
		int topicIdHash) {

	/**
	 * Nothing is claimed.
	 */
	public static final Claim NONE = new Claim(1, 0, -1, 0, -1, NumberRanges.EMPTY, 0);

	/**
	 * Whether nothing is lost with another claim of the same session.
	 * @param other the other claim
	 * @return {@code true} if this one says at least as much
	 */
	boolean covers(Claim other) {
		return this.topicIdHash == other.topicIdHash && this.from <= other.from
				&& this.acknowledged >= other.acknowledged;
	}

}
