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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.LogAccess;
import io.github.reliablekafka.sequence.Stamp;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * A real log, read by plain clients.
 */
final class PlainLog implements LogAccess {

	private final String bootstrapServers;

	PlainLog(String bootstrapServers) {
		this.bootstrapServers = bootstrapServers;
	}

	@Override
	public CompletableFuture<Optional<byte[]>> checkpoint(String group, Lane lane) {
		throw new UnsupportedOperationException();
	}

	@Override
	public CompletableFuture<Void> save(String group, Lane lane, byte[] state) {
		throw new UnsupportedOperationException();
	}

	@Override
	public CompletableFuture<Reading> read(Lane lane, long from, long to, boolean readCommitted) {
		return CompletableFuture.supplyAsync(() -> {
			TopicPartition partition = new TopicPartition(lane.topic(), lane.partition());
			try (KafkaConsumer<byte[], byte[]> consumer = new KafkaConsumer<>(
					Map.of("bootstrap.servers", this.bootstrapServers, "isolation.level",
							readCommitted ? "read_committed" : "read_uncommitted"),
					new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
				consumer.assign(List.of(partition));
				long start = consumer.beginningOffsets(List.of(partition)).get(partition);
				long end = Math.min(to, consumer.endOffsets(List.of(partition)).get(partition));
				consumer.seek(partition, Math.max(from, start));
				List<Entry> entries = new ArrayList<>();
				while (consumer.position(partition) < end) {
					for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
						if (record.offset() < end) {
							Header header = record.headers().lastHeader(Stamp.HEADER);
							entries.add(new Entry(record.offset(), record.leaderEpoch().orElse(-1), record.timestamp(),
									(header != null) ? header.value() : null));
						}
					}
				}
				return new Reading(start, entries);
			}
		});
	}

	@Override
	public CompletableFuture<LogEnd> end(Lane lane) {
		return CompletableFuture.supplyAsync(() -> {
			TopicPartition partition = new TopicPartition(lane.topic(), lane.partition());
			try (Admin admin = Admin.create(Map.of("bootstrap.servers", this.bootstrapServers))) {
				var end = admin.listOffsets(Map.of(partition, OffsetSpec.latest())).partitionResult(partition).get();
				return new LogEnd(end.offset(), end.leaderEpoch().orElse(-1));
			}
			catch (Exception ex) {
				throw new IllegalStateException(ex);
			}
		});
	}

}
