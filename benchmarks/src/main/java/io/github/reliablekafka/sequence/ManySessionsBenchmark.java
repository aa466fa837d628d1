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
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What is done now and then, when many sessions have written to a partition.
 *
 * @since 0.1.0
 */
@State(Scope.Benchmark)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class ManySessionsBenchmark {

	private static final Duration EVALUATION = Duration.ofSeconds(1);

	@Param({ "1", "1000", "10000" })
	private int sessions;

	private SampleLane lane = new SampleLane(1, 1);

	private LaneReader reader = this.lane.reader();

	private LaneState state = new LaneState(0);

	private byte[] checkpoint = {};

	private @Nullable Watermark watermark;

	/**
	 * Read what the sessions have written.
	 */
	@Setup
	public void prepare() {
		this.lane = new SampleLane(this.sessions, 10 * this.sessions);
		this.reader = this.lane.reader();
		this.lane.readAll(this.reader);
		this.reader.end();
		this.checkpoint = this.lane.checkpoint(SampleLane.GROUP, SampleLane.LANE).join().orElseThrow();
		this.state = Objects.requireNonNull(LaneStateCodec.checkpoint(this.checkpoint));
		this.watermark = this.lane.anyWatermark();
	}

	/**
	 * A commit without new records.
	 * @return what is committed
	 */
	@Benchmark
	public LaneReader.Commit commit() {
		return this.reader.commit(10L * this.sessions);
	}

	/**
	 * What is done once a second if watermarks have come.
	 * @return whether something was found
	 */
	@Benchmark
	public boolean check() {
		this.lane.post(Objects.requireNonNull(this.watermark));
		this.lane.elapse(EVALUATION);
		return this.reader.check();
	}

	/**
	 * A commit where there is no topic for checkpoints.
	 * @return what is committed
	 */
	@Benchmark
	public String cutMetadata() {
		return LaneStateCodec.cutMetadata(this.state);
	}

	/**
	 * A checkpoint is written, at most every five seconds.
	 * @return its bytes
	 */
	@Benchmark
	public byte[] save() {
		return LaneStateCodec.bytes(this.state);
	}

	/**
	 * A checkpoint is read, when the partition is assigned.
	 * @return what it says
	 */
	@Benchmark
	public @Nullable Object restore() {
		return LaneStateCodec.checkpoint(this.checkpoint);
	}

}
