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
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import io.github.reliablekafka.durability.BoundedProducer;
import io.github.reliablekafka.report.LostRecordSource.LostRecord;
import io.github.reliablekafka.report.SentAgain.Stream;
import io.github.reliablekafka.sequence.NumberRanges;
import io.github.reliablekafka.sequence.Stamp;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Sends records once more, to the same partition, with the same session and number,
 * marked as a replay. Waits until each is acknowledged or given up, and begins no further
 * one when the cluster is away. Safe for use by many threads.
 */
final class Replays {

	private final SentAgain sentAgain;

	private final Duration timeout;

	/**
	 * Create it.
	 * @param sentAgain remembers what was sent
	 * @param timeout longest time until a record is acknowledged or given up
	 */
	Replays(SentAgain sentAgain, Duration timeout) {
		this.sentAgain = sentAgain;
		this.timeout = timeout;
	}

	/**
	 * Send records, but for those that need not be sent any more.
	 * @param producer sends them
	 * @param stream whose they are
	 * @param records by number
	 * @return what became of them
	 * @throws InterruptedException if the application is shutting down
	 */
	Outcome send(BoundedProducer producer, Stream stream, Map<Long, ProducerRecord<byte[], byte[]>> records)
			throws InterruptedException {
		Map<Long, CompletableFuture<Void>> sends = new TreeMap<>();
		NumberRanges others = NumberRanges.EMPTY;
		Outcome outcome = new Outcome(NumberRanges.EMPTY, null, NumberRanges.EMPTY, null, NumberRanges.EMPTY);
		try {
			for (Map.Entry<Long, ProducerRecord<byte[], byte[]>> record : records.entrySet()) {
				if (!this.sentAgain.claim(stream, record.getKey())) {
					others = others.add(record.getKey(), record.getKey());
					continue;
				}
				CompletableFuture<Void> acknowledged = new CompletableFuture<>();
				sends.put(record.getKey(), acknowledged);
				acknowledged = producer.send(record.getValue());
				sends.put(record.getKey(), acknowledged);
				if (isAway(acknowledged)) {
					// Each further one would wait for the cluster as long.
					break;
				}
			}
			for (Map.Entry<Long, CompletableFuture<Void>> send : sends.entrySet()) {
				outcome = outcome.with(send.getKey(), failure(send.getValue()));
			}
		}
		finally {
			this.sentAgain.add(stream, outcome.sent());
			NumberRanges claimed = NumberRanges.EMPTY;
			for (long number : sends.keySet()) {
				claimed = claimed.add(number, number);
			}
			this.sentAgain.release(stream, claimed);
		}
		return outcome.with(this.sentAgain.without(stream, others));
	}

	private @Nullable Throwable failure(CompletableFuture<Void> acknowledged) throws InterruptedException {
		try {
			acknowledged.get(this.timeout.toMillis(), TimeUnit.MILLISECONDS);
			return null;
		}
		catch (ExecutionException | TimeoutException ex) {
			return (ex.getCause() != null) ? ex.getCause() : ex;
		}
	}

	private static boolean isAway(CompletableFuture<Void> acknowledged) {
		return acknowledged.isCompletedExceptionally()
				&& !acknowledged.handle((done, failure) -> BoundedProducer.isRefusal(failure)).join();
	}

	/**
	 * A record as it is sent.
	 * @param stream whose it is
	 * @param record the record
	 * @param number its number among the records of the session that are visible
	 * @param aborted how many records of aborted transactions are in front of it
	 * @return a record for a producer of bytes
	 */
	static ProducerRecord<byte[], byte[]> replay(Stream stream, LostRecord record, long number, long aborted) {
		Headers headers = new RecordHeaders(record.headers());
		headers.remove(Stamp.HEADER);
		headers.add(Stamp.HEADER,
				new Stamp(stream.session(), number, aborted, aborted > 0, true, null).encode(stream.lane()));
		return new ProducerRecord<>(stream.lane().topic(), stream.lane().partition(),
				(record.timestamp() >= 0) ? record.timestamp() : null, record.key(), record.value(), headers);
	}

	/**
	 * What became of records that were to be sent again.
	 *
	 * @param sent those that are acknowledged
	 * @param failure why others are not, for a reason that may pass; {@code null} if
	 * there are none
	 * @param refused those that the cluster does not take
	 * @param refusal why; {@code null} if there are none
	 * @param busy those that were left to somebody else, who has not sent them yet
	 */
	record Outcome(NumberRanges sent, @Nullable Throwable failure, NumberRanges refused, @Nullable Throwable refusal,
			NumberRanges busy) {

		private Outcome with(NumberRanges others) {
			return new Outcome(this.sent, this.failure, this.refused, this.refusal, others);
		}

		private Outcome with(long number, @Nullable Throwable cause) {
			if (cause == null) {
				return new Outcome(this.sent.add(number, number), this.failure, this.refused, this.refusal, this.busy);
			}
			if (BoundedProducer.isRefusal(cause)) {
				return new Outcome(this.sent, this.failure, this.refused.add(number, number), cause, this.busy);
			}
			return new Outcome(this.sent, cause, this.refused, this.refusal, this.busy);
		}

	}

}
