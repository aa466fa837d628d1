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

import java.time.Duration;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * Has records that were sent through the spool of an application not long ago. Safe for
 * use by many threads.
 *
 * @since 0.1.0
 */
public interface RetainedRecords {

	/**
	 * Whether records are kept beyond their acknowledgement.
	 * @return {@code false} if there is nothing to be found
	 */
	boolean isRetaining();

	/**
	 * For how long records are kept beyond their acknowledgement.
	 * @return zero if there is nothing to be found
	 */
	Duration period();

	/**
	 * Tells whether a search may find what one before did not: how many directories of
	 * spools were opened so far.
	 * @return 0 as long as there is none
	 */
	long opened();

	/**
	 * Look through the records of a partition, as far as they are still on disk. Takes as
	 * long as reading all files of the spool.
	 * @param topic the topic
	 * @param partition the partition
	 * @param clusterId the cluster that they were sent to, as it calls itself;
	 * {@code null} for any
	 * @param visitor is told each, in the order in which they were appended, and says
	 * whether to go on; one may come twice
	 * @throws SpoolException if the disk fails
	 */
	void search(String topic, int partition, @Nullable String clusterId, Predicate<SpoolRecord> visitor);

}
