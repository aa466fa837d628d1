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

import java.time.Instant;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * What is in the spools that a process has open, its own and those that others left.
 *
 * @param waiting records on their way to the cluster
 * @param oldest when the first of them came; {@code null} if there is none
 * @param parked records that the cluster did not take
 * @param bypassed how many records went without the spool since the start, as it was full
 * or the disk did not keep up
 * @param expired how many records have waited for too long since the start: they were
 * parked, or rejected if nobody was promised anything
 * @param blocked the partitions that stand still behind a record that the cluster does
 * not take
 * @since 0.1.0
 */
public record SpoolBacklog(long waiting, @Nullable Instant oldest, long parked, long bypassed, long expired,
		List<Blocked> blocked) {

	/**
	 * A partition that stands still behind a record that was promised and that the
	 * cluster does not take.
	 *
	 * @param id finds the record again, as long as the application runs
	 * @param topic the topic
	 * @param partition the partition; -1 while it is not known
	 * @param since when the cluster refused the record first
	 * @param reason what the cluster said
	 * @param waiting how many records wait, with that one
	 * @since 0.1.0
	 */
	public record Blocked(String id, String topic, int partition, Instant since, String reason, long waiting) {

	}

	/**
	 * What is on disk of one partition.
	 *
	 * @param topic the topic
	 * @param partition the partition; -1 while it is not known
	 * @param records how many records the cluster has not acknowledged
	 * @since 0.1.0
	 */
	public record OfLane(String topic, int partition, long records) {

	}

}
