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

package io.github.reliablekafka.spool;

import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * Lets others see how full the spool of an application is, and decide about records that
 * are parked in it. Safe for use by many threads. All but {@link #status()} and
 * {@link #lanes()} reads from disk.
 *
 * @since 0.1.0
 */
@FunctionalInterface
public interface SpoolWatch {

	/**
	 * How full the spool is, and how well.
	 * @return {@code null} while it is not open
	 */
	@Nullable SpoolStatus status();

	/**
	 * What waits, and for how long.
	 * @return {@code null} while the spool is not open
	 */
	default @Nullable SpoolBacklog backlog() {
		return null;
	}

	/**
	 * The partitions of which records are on disk without an acknowledgement. Reads from
	 * memory.
	 * @return in no order, without what is parked
	 */
	default List<SpoolBacklog.OfLane> lanes() {
		return List.of();
	}

	/**
	 * The records that the cluster did not take although they were promised.
	 * @param most how many to read
	 * @return those that have been there for longest
	 */
	default List<ParkedRecord> parked(int most) {
		return List.of();
	}

	/**
	 * Send a parked record again, behind what waits for its partition, marked as a
	 * replay.
	 * @param id the record
	 * @return {@code false} if there is no such record
	 * @throws IllegalStateException if no producer sends to its cluster, or the
	 * application stops; then it stays parked
	 * @throws SpoolException if there is no room for it; then it stays parked
	 */
	default boolean sendAgain(String id) {
		return false;
	}

	/**
	 * Have a record parked behind which a partition stands still. It is tried once more;
	 * if the cluster does not take it then either it is parked, and the others go on.
	 * @param id the record
	 * @return {@code false} if no partition stands still behind such a record
	 * @throws IllegalStateException if the application stops
	 */
	default boolean park(String id) {
		return false;
	}

	/**
	 * Give up a parked record for good. There is no way back.
	 * @param id the record
	 * @return {@code false} if there is no such record
	 */
	default boolean discard(String id) {
		return false;
	}

}
