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

import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What it costs to number a record, from its number to its acknowledgement 500 records
 * later, against a header that is always the same.
 *
 * @since 0.1.0
 */
@State(Scope.Benchmark)
public class StampingBenchmark {

	private static final byte[] CONSTANT = new byte[18];

	private final ProducerSession session = SampleLane.session();

	private final Ticket[] inFlight = new Ticket[SampleLane.IN_FLIGHT];

	private long offset;

	/**
	 * The baseline.
	 * @return the headers
	 */
	@Benchmark
	public Headers constantHeader() {
		Headers headers = new RecordHeaders();
		headers.add(Stamp.HEADER, CONSTANT);
		return headers;
	}

	/**
	 * The same with a number.
	 * @return the headers
	 */
	@Benchmark
	public Headers stamp() {
		Headers headers = new RecordHeaders();
		Ticket ticket = SampleLane.stamp(this.session);
		headers.add(Stamp.HEADER, ticket.takeHeader());
		ticket.appended();
		int place = (int) (this.offset % SampleLane.IN_FLIGHT);
		Ticket earlier = this.inFlight[place];
		if (earlier != null) {
			earlier.acknowledged(this.offset - SampleLane.IN_FLIGHT);
		}
		this.inFlight[place] = ticket;
		this.offset++;
		return headers;
	}

}
