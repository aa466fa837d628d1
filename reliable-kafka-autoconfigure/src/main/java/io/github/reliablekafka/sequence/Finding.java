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
 * A verdict on records that a group did not get from a partition.
 *
 * @param verdict what became of them
 * @param cause why
 * @param group the consumer group, empty for none
 * @param readCommitted whether the group reads committed records only: its numbers are
 * then {@link Stamp#number()}, otherwise {@link Stamp#appendNumber()}
 * @param lane the partition
 * @param session the producer session; 0 for records without a number that were committed
 * unprocessed
 * @param producer who had the session, if it is known
 * @param numbers which records of the session; without a session, their offsets
 * @param evidence what proves it, in words: which claim, from where
 * @param before where the record in front of them is; {@code null} if there is none
 * @param after where the record behind them is; {@code null} if there is none
 * @param skippedFrom the first offset that the group passed over; -1 if it did not. Of
 * {@link Verdict#PROCESSING_LOSS}, that of the first of the records themselves
 * @param skippedTo the first offset behind those; -1 if it did not. Records of other
 * sessions may be in between
 * @param position the offset up to which the group has read
 * @since 0.1.0
 */
public record Finding(Verdict verdict, Cause cause, String group, boolean readCommitted, Lane lane, long session,
		@Nullable ProducerIdentity producer, NumberRanges numbers, String evidence, @Nullable Place before,
		@Nullable Place after, long skippedFrom, long skippedTo, long position) {

	/**
	 * Tells findings apart. The same records of the same session are the same finding, in
	 * whichever process and however often they are found; a group whose isolation level
	 * is changed counts others.
	 * @return unique among groups and partitions
	 */
	public String id() {
		return "%s/%s/%s/%016x/%s/%s".formatted(this.verdict, this.group, this.lane, this.session, this.numbers,
				this.readCommitted ? "committed" : "uncommitted");
	}

	/**
	 * The same, with the one who had the session.
	 * @param producer who had it
	 * @return a copy
	 */
	Finding of(ProducerIdentity producer) {
		return new Finding(this.verdict, this.cause, this.group, this.readCommitted, this.lane, this.session, producer,
				this.numbers, this.evidence, this.before, this.after, this.skippedFrom, this.skippedTo, this.position);
	}

	/**
	 * Where a record is.
	 *
	 * @param offset its offset
	 * @param timestamp its timestamp in milliseconds since 1970; -1 if it is not kept
	 * @param leaderEpoch its leader epoch; -1 if unknown
	 * @param number its number
	 */
	public record Place(long offset, long timestamp, int leaderEpoch, long number) {

	}

}
