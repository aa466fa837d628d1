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

package io.github.reliablekafka.watermark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess.Entry;
import io.github.reliablekafka.sequence.LogAccess.Reading;
import io.github.reliablekafka.sequence.Stamp;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Header;

/**
 * Reads part of a partition with a consumer of its own and ends, with an exception if it
 * is too much or takes too long. Waits; safe for use by many threads.
 */
final class RangeReader {

	/**
	 * Records that one answer may have; some 80 bytes each.
	 */
	static final int LIMIT = 200_000;

	private static final Duration PATIENCE = Duration.ofMinutes(2);

	private static final Duration POLL = Duration.ofMillis(500);

	private static final int ATTEMPTS = 3;

	private final AuditClients clients;

	private final int limit;

	RangeReader(AuditClients clients, int limit) {
		this.clients = clients;
		this.limit = limit;
	}

	/**
	 * Read the headers of the records that are there now.
	 * @param lane the partition
	 * @param from the first offset
	 * @param to the offset to stop in front of
	 * @param readCommitted whether to leave out records of transactions that are open or
	 * aborted
	 * @return what is there
	 * @throws KafkaException if it cannot be read
	 */
	Reading read(Lane lane, long from, long to, boolean readCommitted) {
		TopicPartition partition = new TopicPartition(lane.topic(), lane.partition());
		IsolationLevel isolation = readCommitted ? IsolationLevel.READ_COMMITTED : IsolationLevel.READ_UNCOMMITTED;
		Consumer<byte[], byte[]> consumer = this.clients.headersConsumer(isolation);
		try {
			consumer.assign(Set.of(partition));
			OffsetOutOfRangeException failure = null;
			for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
				try {
					return read(consumer, partition, from, to);
				}
				catch (OffsetOutOfRangeException ex) {
					// Deleted, or cut off, since it was looked up.
					failure = ex;
				}
			}
			throw new KafkaException("%s changes too fast to be read".formatted(partition), failure);
		}
		finally {
			close(consumer);
		}
	}

	private Reading read(Consumer<byte[], byte[]> consumer, TopicPartition partition, long from, long to) {
		long start = offset(consumer.beginningOffsets(Set.of(partition)), partition);
		long end = Math.min(to, offset(consumer.endOffsets(Set.of(partition)), partition));
		List<Entry> entries = new ArrayList<>();
		scan(consumer, partition, Math.max(from, start), end, (record) -> {
			if (entries.size() == this.limit) {
				throw new KafkaException(
						"More than %d records from offset %d of %s".formatted(this.limit, from, partition));
			}
			Header header = record.headers().lastHeader(Stamp.HEADER);
			entries.add(new Entry(record.offset(), record.leaderEpoch().orElse(-1), record.timestamp(),
					(header != null) ? header.value() : null));
		});
		return new Reading(start, entries);
	}

	/**
	 * Read a partition from its beginning to where it ends now.
	 * @param partition the partition
	 * @param visitor gets each record, with key and value
	 * @throws KafkaException if it cannot be read
	 */
	void readAll(TopicPartition partition, java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> visitor) {
		Consumer<byte[], byte[]> consumer = this.clients.consumer();
		try {
			consumer.assign(Set.of(partition));
			scan(consumer, partition, offset(consumer.beginningOffsets(Set.of(partition)), partition),
					offset(consumer.endOffsets(Set.of(partition)), partition), visitor);
		}
		finally {
			close(consumer);
		}
	}

	private static void scan(Consumer<byte[], byte[]> consumer, TopicPartition partition, long from, long to,
			java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> visitor) {
		if (from >= to) {
			return;
		}
		long deadline = System.nanoTime() + PATIENCE.toNanos();
		consumer.seek(partition, from);
		while (consumer.position(partition) < to) {
			if (System.nanoTime() - deadline >= 0) {
				throw new TimeoutException("Offsets %d to %d of %s not read within %s, but up to %d".formatted(from, to,
						partition, PATIENCE, consumer.position(partition)));
			}
			for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
				if (record.offset() < to) {
					visitor.accept(record);
				}
			}
		}
	}

	private static long offset(Map<TopicPartition, Long> offsets, TopicPartition partition) {
		Long offset = offsets.get(partition);
		if (offset == null) {
			throw new KafkaException("There is no partition " + partition);
		}
		return offset;
	}

	private static void close(Consumer<?, ?> consumer) {
		consumer.close(CloseOptions.timeout(Duration.ZERO));
	}

}
