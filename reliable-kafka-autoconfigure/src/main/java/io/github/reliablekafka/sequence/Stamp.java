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

import java.util.UUID;

import org.jspecify.annotations.Nullable;

/**
 * What the header {@value #HEADER} says of one record.
 *
 * @param session the producer session
 * @param number the place among the visible records of this session in this partition,
 * from 1; those of aborted transactions do not count
 * @param aborted how many records of aborted transactions this session has written or
 * tried to write to this partition before; 0 without transactions
 * @param transactional whether the record was sent in a transaction
 * @param replay whether it may have been written before, with the same number
 * @param anchor what was acknowledged when the record was sent, now and then
 * @since 0.1.0
 */
public record Stamp(long session, long number, long aborted, boolean transactional, boolean replay,
		@Nullable Claim anchor) {

	/**
	 * The name of the header.
	 */
	public static final String HEADER = "rk";

	/**
	 * The name under which a dead letter has the header of its original.
	 */
	public static final String ORIGINAL_HEADER = "rk-orig";

	/**
	 * A stamp that says nothing else.
	 * @param session the producer session
	 * @param number the place among its records
	 * @return not transactional, no replay, without an anchor
	 */
	static Stamp plain(long session, long number) {
		return new Stamp(session, number, 0, false, false, null);
	}

	/**
	 * The place among all records, those of aborted transactions included.
	 * @return from 1
	 */
	public long appendNumber() {
		return this.number + this.aborted;
	}

	/**
	 * The place as a reader counts.
	 * @param readCommitted whether it reads committed records only
	 * @return {@link #number()} or {@link #appendNumber()}
	 */
	public long number(boolean readCommitted) {
		return readCommitted ? this.number : appendNumber();
	}

	/**
	 * The header of this record.
	 * @param lane the partition that the record goes to; the header means nothing in any
	 * other
	 * @return the value of the header {@value #HEADER}
	 */
	public byte[] encode(Lane lane) {
		return new StampCodec(lane.topic(), lane.partition()).encode(this);
	}

	/**
	 * Read the header of a record.
	 * @param lane the partition that the record is in
	 * @param header the value of the header {@value #HEADER}
	 * @return {@code null} if it was not made for this partition, or is not understood
	 */
	public static @Nullable Stamp decode(Lane lane, byte @Nullable [] header) {
		return (header != null) ? new StampCodec(lane.topic(), lane.partition()).decode(header) : null;
	}

	/**
	 * Condense the id of a topic, so that offsets of a topic of the same name in another
	 * cluster, or of one that was deleted and created again, are not mixed up with those
	 * of this one.
	 * @param mostSignificantBits of the topic's id
	 * @param leastSignificantBits of the topic's id
	 * @return never 0, which stands for unknown
	 */
	public static int topicIdHash(long mostSignificantBits, long leastSignificantBits) {
		int hash = new UUID(mostSignificantBits, leastSignificantBits).hashCode();
		return (hash != 0) ? hash : 1;
	}

}
