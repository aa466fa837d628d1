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
import java.time.InstantSource;

/**
 * Limits of a spool.
 *
 * @param application whose records are in it; another's are refused
 * @param maxBytes how long all files together may get
 * @param segmentBytes how long one file is; a record takes at most a quarter
 * @param minFreeBytes what is left free on the disk
 * @param quarantine whether to go on with what can be read if bytes are damaged, instead
 * of not opening
 * @param retain how long records that are resolved can be read, as far as there is room
 * @param maxRecords how many records may wait, as each takes some memory
 * @param clock the wall clock, which may jump
 * @since 0.1.0
 */
public record SpoolOptions(String application, long maxBytes, int segmentBytes, long minFreeBytes, boolean quarantine,
		Duration retain, long maxRecords, InstantSource clock) {

	private static final int SMALLEST = 64 * 1024;

	/**
	 * What a record takes that waits, at most, with what its sender's process needs to
	 * send it in order.
	 */
	private static final int RECORD_MEMORY = 48;

	public SpoolOptions {
		if (retain.isNegative()) {
			throw new IllegalArgumentException("Records retained for %s".formatted(retain));
		}
		if (segmentBytes < SMALLEST || segmentBytes % SegmentLabel.BYTES != 0 || maxBytes < 2L * segmentBytes) {
			throw new IllegalArgumentException(
					"Segments of %d bytes in a spool of %d".formatted(segmentBytes, maxBytes));
		}
	}

	SpoolOptions(String application, long maxBytes, int segmentBytes, long minFreeBytes, boolean quarantine) {
		this(application, maxBytes, segmentBytes, minFreeBytes, quarantine, Duration.ZERO);
	}

	SpoolOptions(String application, long maxBytes, int segmentBytes, long minFreeBytes, boolean quarantine,
			Duration retain) {
		this(application, maxBytes, segmentBytes, minFreeBytes, quarantine, retain,
				Runtime.getRuntime().maxMemory() / 8 / RECORD_MEMORY, InstantSource.system());
	}

	/**
	 * Options with a length of segments that fits, which retain nothing.
	 * @param application whose records
	 * @param maxBytes the limit, at least 1 MiB
	 * @param minFreeBytes what is left free
	 * @param quarantine what to do if bytes are damaged
	 * @return 64 segments, of 256 KiB to 64 MiB each, and as many records as an eighth of
	 * the heap is enough for
	 */
	public static SpoolOptions of(String application, long maxBytes, long minFreeBytes, boolean quarantine) {
		long segment = Math.min(64L << 20, Math.max(256 << 10, maxBytes / 64)) / SegmentLabel.BYTES
				* SegmentLabel.BYTES;
		return new SpoolOptions(application, maxBytes, (int) segment, minFreeBytes, quarantine);
	}

	/**
	 * The same, but for how long records can be read when they are resolved.
	 * @param period zero for no longer
	 * @return options
	 */
	public SpoolOptions retaining(Duration period) {
		return new SpoolOptions(this.application, this.maxBytes, this.segmentBytes, this.minFreeBytes, this.quarantine,
				period, this.maxRecords, this.clock);
	}

	/**
	 * The same, but for how many records may wait.
	 * @param records how many
	 * @return options
	 */
	SpoolOptions limitedTo(long records) {
		return new SpoolOptions(this.application, this.maxBytes, this.segmentBytes, this.minFreeBytes, this.quarantine,
				this.retain, records, this.clock);
	}

	/**
	 * The same, but for the clock.
	 * @param wall tells the time of day
	 * @return options
	 */
	public SpoolOptions timedBy(InstantSource wall) {
		return new SpoolOptions(this.application, this.maxBytes, this.segmentBytes, this.minFreeBytes, this.quarantine,
				this.retain, this.maxRecords, wall);
	}

}
