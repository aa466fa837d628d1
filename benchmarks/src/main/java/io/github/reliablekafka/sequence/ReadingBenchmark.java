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

import java.time.Duration;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * What it costs to check a record in a loop of polls with 500 records each, against the
 * loop alone. One poll takes a millisecond, so what is done once a second is in it.
 *
 * @since 0.1.0
 */
@State(Scope.Benchmark)
public class ReadingBenchmark {

	private static final int POLL = 500;

	private static final int RECORDS = 200_000;

	private static final Duration POLL_TIME = Duration.ofMillis(1);

	@Param({ "1", "1000" })
	private int sessions;

	@Param({ "true", "false" })
	private boolean checkpoints;

	private SampleLane lane = new SampleLane(1, POLL);

	private LaneReader reader = this.lane.reader();

	private final StampCodec codec = new StampCodec(SampleLane.LANE.topic(), SampleLane.LANE.partition());

	private int offset;

	/**
	 * Fill the partition.
	 */
	@Setup
	public void prepare() {
		this.lane = new SampleLane(this.sessions, RECORDS);
		if (!this.checkpoints) {
			this.lane.withoutCheckpoints();
		}
		this.reader = this.lane.reader();
	}

	/**
	 * The baseline.
	 * @param blackhole takes what an application would look at
	 */
	@Benchmark
	@OperationsPerInvocation(POLL)
	public void iterate(Blackhole blackhole) {
		int first = next();
		for (int i = first; i < first + POLL; i++) {
			blackhole.consume(this.lane.headers()[i]);
		}
	}

	/**
	 * The header is understood, and nothing is done with it.
	 * @param blackhole takes the stamps
	 */
	@Benchmark
	@OperationsPerInvocation(POLL)
	public void decode(Blackhole blackhole) {
		int first = next();
		for (int i = first; i < first + POLL; i++) {
			blackhole.consume(this.codec.decode(this.lane.headers()[i]));
		}
	}

	/**
	 * Records are read, committed and checked.
	 * @return the commit
	 */
	@Benchmark
	@OperationsPerInvocation(POLL)
	public LaneReader.Commit read() {
		int first = next();
		if (first == 0) {
			this.reader.end();
			this.reader = this.lane.reader();
		}
		for (int i = first; i < first + POLL; i++) {
			this.reader.read(i, 0, 1_780_000_000_000L, this.lane.headers()[i]);
		}
		LaneReader.Commit commit = this.reader.commit(first + POLL);
		this.lane.elapse(POLL_TIME);
		this.reader.check();
		return commit;
	}

	private int next() {
		int first = this.offset;
		this.offset = (first + POLL) % RECORDS;
		return first;
	}

}
