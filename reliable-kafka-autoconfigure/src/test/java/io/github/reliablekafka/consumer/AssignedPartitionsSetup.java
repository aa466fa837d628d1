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
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.sequence.LaneReader;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.SequenceBoards;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.OffsetMetadataTooLarge;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.AfterEach;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A consumer whose partitions are followed, on a mock that keeps offsets as a group does.
 */
abstract class AssignedPartitionsSetup {

	static final TopicPartition ZERO = new TopicPartition("t", 0);

	static final TopicPartition ONE = new TopicPartition("t", 1);

	final Mock mock = new Mock();

	final LossLedger ledger = new LossLedger();

	final SequenceBoard board = new SequenceBoards().board(Set.of("localhost:1"), Map.of());

	String group = "g";

	String policy = "earliest";

	Committer committer = Committer.CONTAINER;

	private final List<ConsumerSession> sessions = new ArrayList<>();

	@AfterEach
	void leaveThread() {
		this.sessions.forEach(ConsumerSession::exit);
	}

	void assertStored(long offset, int epoch) {
		OffsetAndMetadata stored = this.mock.stored.get(ZERO);
		assertThat(stored.offset()).isEqualTo(offset);
		assertThat(stored.leaderEpoch()).contains(epoch);
		assertThat(LaneReader.isState(stored.metadata())).as(stored.metadata()).isTrue();
	}

	ReliableConsumer<String, String> subscribe(long committed) {
		this.mock.stored.put(ZERO, new OffsetAndMetadata(committed));
		ReliableConsumer<String, String> consumer = subscribe();
		this.mock.rebalance(List.of(ZERO));
		// The mock does not begin at a committed offset by itself.
		this.mock.seek(ZERO, committed);
		return consumer;
	}

	ReliableConsumer<String, String> subscribe() {
		ReliableConsumer<String, String> consumer = wrap(readers());
		consumer.subscribe(List.of("t"));
		return consumer;
	}

	LaneReaders readers() {
		return new LaneReaders(this.group, false, this.board, this.ledger);
	}

	ReliableConsumer<String, String> wrap(LaneReaders readers) {
		return new ReliableConsumer<>(this.mock, session(), assigned(readers), null, null);
	}

	AssignedPartitions assigned(LaneReaders readers) {
		return new AssignedPartitions(this.mock, this.group, ResetPolicy.parse("test", this.policy), readers,
				this.committer);
	}

	ConsumerSession session() {
		ConsumerSession session = new ConsumerSession(this.group.isEmpty() ? Map.of() : Map.of("group.id", this.group));
		this.sessions.add(session);
		return session;
	}

	static ConsumerRecord<String, String> record(long offset, int epoch) {
		return new ConsumerRecord<>("t", 0, offset, 1000 + offset, TimestampType.CREATE_TIME, 0, 1, null, "v",
				new RecordHeaders(), Optional.of(epoch));
	}

	/**
	 * Keeps offsets as a group does, and asks an interceptor.
	 */
	static final class Mock extends MockConsumer<String, String> {

		final Map<TopicPartition, OffsetAndMetadata> stored = new HashMap<>();

		int partitions = 2;

		private int fetches;

		Runnable onSecondFetch = () -> {
		};

		Runnable onEndOffsets = () -> {
		};

		Map<TopicPartition, Long> logStart;

		int longestMetadata = 4096;

		int refusals;

		boolean positionsAreLate;

		final List<Duration> positionWaits = new ArrayList<>();

		Duration commitTimeout;

		KafkaException fetchFailure;

		KafkaException commitFailure;

		RuntimeException closeFailure;

		ConsumerSettingsVeto hiding;

		Mock() {
			super("none");
		}

		@Override
		@SuppressWarnings({ "unchecked", "rawtypes" })
		public synchronized ConsumerRecords<String, String> poll(Duration timeout) {
			ConsumerRecords<String, String> records = super.poll(timeout);
			if (this.hiding != null) {
				this.hiding.onConsume((ConsumerRecords) records);
				return ConsumerRecords.empty();
			}
			return records;
		}

		@Override
		public synchronized Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions,
				Duration timeout) {
			if (this.fetchFailure != null) {
				throw this.fetchFailure;
			}
			if (++this.fetches == 2) {
				this.onSecondFetch.run();
			}
			Map<TopicPartition, OffsetAndMetadata> found = new HashMap<>();
			partitions.forEach((partition) -> found.put(partition, this.stored.get(partition)));
			return found;
		}

		@Override
		public synchronized Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
			return committed(partitions, Duration.ZERO);
		}

		@Override
		public synchronized void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets,
				OffsetCommitCallback callback) {
			if (this.commitFailure != null) {
				KafkaException failure = this.commitFailure;
				this.commitFailure = null;
				throw failure;
			}
			if (offsets.values().stream().anyMatch((offset) -> offset.metadata().length() > this.longestMetadata)) {
				this.refusals++;
				// As for a commit that waits.
				if (callback == null) {
					throw new OffsetMetadataTooLarge("too large");
				}
				callback.onComplete(offsets, new OffsetMetadataTooLarge("too large"));
				return;
			}
			this.stored.putAll(offsets);
			super.commitAsync(offsets, callback);
		}

		@Override
		public synchronized void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
			this.commitTimeout = timeout;
			super.commitSync(offsets, timeout);
		}

		@Override
		public synchronized long position(TopicPartition partition, Duration timeout) {
			if (this.positionsAreLate) {
				this.positionWaits.add(timeout);
				throw new TimeoutException("late");
			}
			return super.position(partition, timeout);
		}

		@Override
		public synchronized void close() {
			if (this.closeFailure != null) {
				throw this.closeFailure;
			}
			super.close();
		}

		@Override
		public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
			return IntStream.range(0, this.partitions)
				.mapToObj((partition) -> new PartitionInfo(topic, partition, null, null, null))
				.toList();
		}

		@Override
		public synchronized Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions,
				Duration timeout) {
			return (this.logStart != null) ? this.logStart : super.beginningOffsets(partitions, timeout);
		}

		@Override
		public synchronized Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions,
				Duration timeout) {
			this.onEndOffsets.run();
			return super.endOffsets(partitions, timeout);
		}

	}

}
