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

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

import io.github.reliablekafka.report.LostRecordSource.LostRecord;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.spool.RetainedRecords;
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
	 * Find records.
	 * @param finding has their partition and their session
	 * @param wanted their numbers
	 * @return those that are there, or the first of them
	 */
	Portion find(Finding finding, NumberRanges wanted) {
		Search search = new Search(finding, wanted);
		for (RetainedRecords spool : this.spools.get()) {
			if (spool.isRetaining()) {
				spool.search(finding.lane().topic(), finding.lane().partition(), search::add);
			}
		}
		return new Portion(search.found, search.isFull());
	}

	/**
	 * Records that were found.
	 *
	 * @param records by their numbers
	 * @param isPart whether there may be more
	 */
	record Portion(Map<Long, LostRecord> records, boolean isPart) {

	}

	/**
	 * What was found so far.
	 */
	private static final class Search {

		private final Finding finding;

		private final NumberRanges wanted;

		private final Map<Long, LostRecord> found = new TreeMap<>();

		private long bytes;

		Search(Finding finding, NumberRanges wanted) {
			this.finding = finding;
			this.wanted = wanted;
		}

		private boolean isFull() {
			return this.bytes >= PORTION_BYTES;
		}

		private boolean add(SpoolRecord record) {
			Stamp stamp = stamp(record);
			if (stamp != null && stamp.session() == this.finding.session() && this.wanted.contains(stamp.number())
					&& this.found.put(stamp.number(), lost(stamp, record)) == null) {
				this.bytes += 100L + length(record.key()) + length(record.value());
			}
			return !isFull();
		}

		private @Nullable Stamp stamp(SpoolRecord record) {
			for (SpoolRecord.Field header : record.headers()) {
				if (header.name().equals(Stamp.HEADER)) {
					return Stamp.decode(this.finding.lane(), header.value());
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
