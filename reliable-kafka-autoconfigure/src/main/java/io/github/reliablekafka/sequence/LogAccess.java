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

import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import org.jspecify.annotations.Nullable;

/**
 * What a reader asks of its cluster besides its own records. Nothing here is on the path
 * of a record: calls return at once, and answers may take minutes or fail. Safe for use
 * by many threads.
 *
 * @since 0.1.0
 */
public interface LogAccess {

	/**
	 * Find the last state that was saved.
	 * @param group the group
	 * @param lane the partition
	 * @return the state, or nothing if none was ever saved
	 */
	CompletableFuture<Optional<byte[]>> checkpoint(String group, Lane lane);

	/**
	 * Save a state outside of the group's offsets.
	 * @param group the group
	 * @param lane the partition
	 * @param state replaces the one before
	 * @return completes when it is durable
	 */
	CompletableFuture<Void> save(String group, Lane lane, byte[] state);

	/**
	 * Read part of a partition again, without a group.
	 * @param lane the partition
	 * @param from the first offset
	 * @param to the offset to stop in front of
	 * @param readCommitted whether to leave out records of transactions that are open or
	 * aborted
	 * @return what is there
	 */
	CompletableFuture<Reading> read(Lane lane, long from, long to, boolean readCommitted);

	/**
	 * Ask the leader where the partition ends.
	 * @param lane the partition
	 * @return the answer
	 */
	CompletableFuture<LogEnd> end(Lane lane);

	/**
	 * Part of a partition.
	 *
	 * @param logStart the lowest offset that the partition has now
	 * @param records the records, in order
	 */
	record Reading(long logStart, List<Entry> records) {

	}

	/**
	 * One record without its content.
	 *
	 * @param offset its offset
	 * @param leaderEpoch its leader epoch; -1 if unknown
	 * @param timestamp its timestamp in milliseconds since 1970
	 * @param header the value of the header {@value Stamp#HEADER}; {@code null} if it has
	 * none
	 */
	// Nobody compares entries.
	@SuppressWarnings("ArrayRecordComponent")
	record Entry(long offset, int leaderEpoch, long timestamp, byte @Nullable [] header) {

	}

	/**
	 * The end of a partition.
	 *
	 * @param offset the offset behind the last record that every in-sync replica has
	 * @param leaderEpoch of the leader that said so; -1 if unknown
	 */
	record LogEnd(long offset, int leaderEpoch) {

	}

}
