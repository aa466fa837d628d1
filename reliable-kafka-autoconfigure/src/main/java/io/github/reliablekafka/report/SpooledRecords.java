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

package io.github.reliablekafka.report;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

import io.github.reliablekafka.report.LostRecordSource.LostRecord;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.spool.RetainedRecords;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.jspecify.annotations.Nullable;

/**
 * Finds lost records in the spools of this application, which keep what was acknowledged
 * for a while. The session and the number are in a header of each record, and no two
 * records have the same that were both promised. Memory: up to 32 MiB of records at a
 * time. Safe for use by many threads.
 */
final class SpooledRecords {

	private static final long PORTION_BYTES = 32 << 20;

	private final Supplier<List<RetainedRecords>> spools;

	/**
	 * Create it.
	 * @param spools those there are, asked each time
	 */
	SpooledRecords(Supplier<List<RetainedRecords>> spools) {
		this.spools = spools;
	}

	/**
	 * Whether records may be there.
	 * @return {@code false} if it makes no sense to look for them
	 */
	boolean isRetaining() {
		return this.spools.get().stream().anyMatch(RetainedRecords::isRetaining);
	}

	/**
	 * For how long records are kept beyond their acknowledgement.
	 * @return the longest time; zero if it makes no sense to look for them
	 */
	Duration period() {
		return this.spools.get().stream().map(RetainedRecords::period).max(Duration::compareTo).orElse(Duration.ZERO);
	}

	/**
	 * Changes when records may be there that were not before.
	 * @return 0 as long as there are none
	 */
	long opened() {
		return this.spools.get().stream().mapToLong(RetainedRecords::opened).sum();
	}

	/**
	 * Find records.
	 * @param lane their partition
	 * @param wanted their numbers, by session
	 * @param clusterId the cluster that they were sent to; {@code null} for any
	 * @param ended whether to give up, as nobody waits any more
	 * @return those that are there, or the first of them
	 * @throws SpoolException if the disk fails
	 */
	Portion find(Lane lane, Map<Long, NumberRanges> wanted, @Nullable String clusterId, BooleanSupplier ended) {
		Search search = new Search(lane, wanted, ended);
		for (RetainedRecords spool : this.spools.get()) {
			if (spool.isRetaining()) {
				spool.search(lane.topic(), lane.partition(), clusterId, search::add);
			}
		}
		return new Portion(search.found, search.isFull());
	}

	/**
	 * Records that were found.
	 *
	 * @param records by session and number
	 * @param isPart whether there may be more
	 */
	record Portion(Map<Long, Map<Long, LostRecord>> records, boolean isPart) {

		boolean isEmpty() {
			return this.records.isEmpty();
		}

		Map<Long, LostRecord> of(long session) {
			return this.records.getOrDefault(session, Map.of());
		}

	}

	/**
	 * What was found so far.
	 */
	private static final class Search {

		private final Lane lane;

		private final Map<Long, NumberRanges> wanted;

		private final BooleanSupplier ended;

		private final Map<Long, Map<Long, LostRecord>> found = new HashMap<>();

		private long bytes;

		Search(Lane lane, Map<Long, NumberRanges> wanted, BooleanSupplier ended) {
			this.lane = lane;
			this.wanted = wanted;
			this.ended = ended;
		}

		private boolean isFull() {
			return this.bytes >= PORTION_BYTES;
		}

		private boolean add(SpoolRecord record) {
			Stamp stamp = stamp(record);
			if (stamp != null && this.wanted.getOrDefault(stamp.session(), NumberRanges.EMPTY).contains(stamp.number())
					&& this.found.computeIfAbsent(stamp.session(), (session) -> new TreeMap<>())
						.put(stamp.number(), lost(stamp, record)) == null) {
				this.bytes += 100L + length(record.key()) + length(record.value());
				for (SpoolRecord.Field header : record.headers()) {
					this.bytes += 100L + header.name().length() + length(header.value());
				}
			}
			return !isFull() && !this.ended.getAsBoolean();
		}

		private @Nullable Stamp stamp(SpoolRecord record) {
			for (SpoolRecord.Field header : record.headers()) {
				if (header.name().equals(Stamp.HEADER)) {
					return Stamp.decode(this.lane, header.value());
				}
			}
			return null;
		}

		private static LostRecord lost(Stamp stamp, SpoolRecord record) {
			List<Header> headers = new ArrayList<>();
			for (SpoolRecord.Field header : record.headers()) {
				headers.add(new RecordHeader(header.name(), header.value()));
			}
			return new LostRecord(stamp.number(), record.key(), record.value(), headers, record.timestamp());
		}

		private static int length(byte @Nullable [] bytes) {
			return (bytes != null) ? bytes.length : 0;
		}

	}

}
