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

package io.github.reliablekafka.consumer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Verdict;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

/**
 * Posts findings about records that were committed though no listener has processed them.
 * They are in memory only until they are published: a process that is killed before takes
 * them along. For use by one thread.
 */
final class ProcessingLosses {

	private static final int MOST_UNPUBLISHED = 1000;

	private static final long RETRY_INTERVAL = Duration.ofSeconds(10).toNanos();

	private final String group;

	private final boolean readCommitted;

	private final LossLedger ledger;

	private final List<Posted> unpublished = new ArrayList<>(0);

	private long postedAt;

	/**
	 * Create a poster.
	 * @param group the group
	 * @param readCommitted which of its numbers a record has for the group
	 * @param ledger gets findings
	 */
	ProcessingLosses(String group, boolean readCommitted, LossLedger ledger) {
		this.group = group;
		this.readCommitted = readCommitted;
		this.ledger = ledger;
	}

	/**
	 * Post findings, one for each series of numbers.
	 * @param partition the partition
	 * @param records by offset
	 * @param committed what the group has committed
	 * @param position where it polls next; -1 if unknown
	 */
	void post(TopicPartition partition, List<ConsumerRecord<?, ?>> records, long committed, long position) {
		Lane lane = new Lane(partition.topic(), partition.partition());
		Map<Long, Series> open = new LinkedHashMap<>();
		for (ConsumerRecord<?, ?> record : records) {
			Header header = record.headers().lastHeader(Stamp.HEADER);
			Stamp stamp = (header != null) ? Stamp.decode(lane, header.value()) : null;
			long session = (stamp != null) ? stamp.session() : 0;
			long number = (stamp != null) ? stamp.number(this.readCommitted) : record.offset();
			Series series = open.get(session);
			if (series != null && number != series.last + 1) {
				post(lane, session, series, committed, position);
				series = null;
			}
			if (series == null) {
				series = new Series(number, record.offset());
				open.put(session, series);
			}
			series.last = number;
			series.lastOffset = record.offset();
		}
		open.forEach((session, series) -> post(lane, session, series, committed, position));
	}

	private void post(Lane lane, long session, Series series, long committed, long position) {
		post(new Finding(Verdict.PROCESSING_LOSS, Cause.COMMITTED_UNPROCESSED, this.group, this.readCommitted, lane,
				session, null, NumberRanges.of(series.first, series.last),
				"polled at offsets %d to %d and given up by an error handler that has kept them nowhere, and %d was committed"
					.formatted(series.firstOffset, series.lastOffset, committed),
				null, null, series.firstOffset, series.lastOffset + 1, Math.max(position, committed)));
	}

	private void post(Finding finding) {
		this.postedAt = System.nanoTime();
		if (this.unpublished.size() < MOST_UNPUBLISHED) {
			this.unpublished.add(new Posted(finding, this.ledger.post(finding)));
		}
		else {
			CompletableFuture<Void> unused = this.ledger.post(finding);
		}
	}

	/**
	 * Post again what could not be published.
	 */
	void postAgain() {
		if (this.unpublished.isEmpty() || System.nanoTime() - this.postedAt < RETRY_INTERVAL) {
			return;
		}
		List<Posted> waiting = List.copyOf(this.unpublished);
		this.unpublished.clear();
		for (Posted posted : waiting) {
			if (posted.published().isCompletedExceptionally()) {
				post(posted.finding());
			}
			else if (!posted.published().isDone()) {
				this.unpublished.add(posted);
			}
		}
	}

	/**
	 * Numbers of one session without a gap.
	 */
	private static final class Series {

		private final long first;

		private final long firstOffset;

		private long last;

		private long lastOffset;

		Series(long number, long offset) {
			this.first = number;
			this.firstOffset = offset;
		}

	}

	private record Posted(Finding finding, CompletableFuture<Void> published) {

	}

}
