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

import java.lang.management.ManagementFactory;
import java.util.Locale;

import org.jspecify.annotations.Nullable;

/**
 * What the numbers of one partition take up.
 *
 * @param sessions how many sessions have written to the partition
 * @param headerBytes of a header, on average
 * @param readerBytes heap of a reader that has read all of it
 * @param watermarkBytes heap of what is known from the control topic, once per process
 * @param metadataCharacters of the last commit
 * @param checkpointBytes of the last checkpoint; 0 if none was needed
 * @param known how many sessions the reader knows after a restart
 * @since 0.1.0
 */
public record SequenceFootprint(int sessions, double headerBytes, long readerBytes, long watermarkBytes,
		int metadataCharacters, int checkpointBytes, int known) {

	private static final int RECORDS = 200_000;

	/**
	 * Measure.
	 * @param sessions how many sessions write to the partition, in turn
	 * @return what it takes
	 */
	public static SequenceFootprint of(int sessions) {
		SampleLane lane = new SampleLane(sessions, Math.max(RECORDS, 2 * sessions));
		long headerBytes = 0;
		for (byte[] header : lane.headers()) {
			headerBytes += header.length;
		}
		long before = heap();
		LaneReader reader = lane.reader();
		lane.readAll(reader);
		LaneReader.Commit commit = lane.pause(reader);
		long after = heap();
		int checkpoint = lane.checkpointBytes();
		LaneState state = state(lane, commit);
		int known = (state != null) ? state.sessions().size() : 0;
		reader.end();
		lane.dropWatermarks();
		long without = heap();
		return new SequenceFootprint(sessions, (double) headerBytes / lane.headers().length,
				Math.max(0, after - before - checkpoint), Math.max(0, before + checkpoint - without),
				commit.metadata().length(), checkpoint, known);
	}

	/**
	 * For people.
	 * @param sessions how many sessions write to a partition, for each line
	 * @return a table
	 */
	public static String table(int... sessions) {
		StringBuilder table = new StringBuilder(
				"""
						| sessions | B/header | reader KiB | watermarks KiB | metadata characters | checkpoint B | known after restart |
						|---:|---:|---:|---:|---:|---:|---:|
						""");
		for (int count : sessions) {
			SequenceFootprint line = of(count);
			table.append(String.format(Locale.ROOT, "| %,d | %.1f | %,d | %,d | %,d | %,d | %,d |%n", line.sessions,
					line.headerBytes, line.readerBytes / 1024, line.watermarkBytes / 1024, line.metadataCharacters,
					line.checkpointBytes, line.known));
		}
		return table.toString();
	}

	private static @Nullable LaneState state(SampleLane lane, LaneReader.Commit commit) {
		LaneState inline = LaneStateCodec.state(commit.metadata());
		byte[] checkpoint = lane.checkpoint(SampleLane.GROUP, SampleLane.LANE).join().orElse(null);
		return (inline != null || checkpoint == null) ? inline : LaneStateCodec.checkpoint(checkpoint);
	}

	private static long heap() {
		for (int i = 0; i < 3; i++) {
			System.gc();
		}
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

}
