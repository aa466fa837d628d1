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
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

import io.github.reliablekafka.durability.ConnectionSettings;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;

/**
 * A place in the reports topic, and a consumer that reads on from there: without a group,
 * and only what is committed. The place stays when the consumer is given up. Memory: 50
 * reports, or 8 MiB and one report of a partition. For use by one thread, but for
 * {@link #wakeup()}.
 */
final class ReportsCursor {

	private static final Log logger = LogFactory.getLog(ReportsCursor.class);

	private static final int MOST_RECORDS = 50;

	private static final int MOST_BYTES = 8 << 20;

	private final Map<String, Object> connection;

	private final Duration timeout;

	private volatile @Nullable KafkaConsumer<byte[], byte[]> consumer;

	private volatile boolean woken;

	private Map<TopicPartition, Long> positions = Map.of();

	/**
	 * What was not reached yet of what was there when the place was sought.
	 */
	private Map<TopicPartition, Long> ends = new HashMap<>();

	/**
	 * Create it without a place.
	 * @param connection how to reach the cluster
	 * @param timeout longest time for an answer
	 */
	ReportsCursor(Map<String, Object> connection, Duration timeout) {
		this.connection = connection;
		this.timeout = timeout;
	}

	/**
	 * The partitions that are read.
	 * @return empty before the first place was sought
	 */
	Set<TopicPartition> partitions() {
		return this.positions.keySet();
	}

	/**
	 * Go to the first record that is not older than a time.
	 * @param partitions the partitions of the topic
	 * @param since the time, in milliseconds since 1970
	 * @throws KafkaException if the cluster does not say where that is; then the place is
	 * the one before
	 */
	void seek(Set<TopicPartition> partitions, long since) {
		KafkaConsumer<byte[], byte[]> reading = consumer();
		Map<TopicPartition, Long> times = new HashMap<>();
		partitions.forEach((partition) -> times.put(partition, Math.max(0, since)));
		// Kafka warns of answers about partitions that are not assigned.
		reading.assign(partitions);
		try {
			// First, so that a report that is written between the two is behind it.
			Map<TopicPartition, Long> last = reading.endOffsets(partitions);
			Map<TopicPartition, OffsetAndTimestamp> begins = reading.offsetsForTimes(times);
			Map<TopicPartition, Long> found = new HashMap<>();
			for (TopicPartition partition : partitions) {
				OffsetAndTimestamp begin = begins.get(partition);
				found.put(partition, (begin != null) ? begin.offset() : last.getOrDefault(partition, 0L));
			}
			this.positions = found;
			this.ends = new HashMap<>(last);
		}
		finally {
			assign(reading);
		}
		dropReached();
	}

	/**
	 * Read on.
	 * @param patience how long to wait for a record
	 * @param visitor is told each
	 * @return whether there were any
	 * @throws KafkaException if they cannot be read
	 */
	boolean read(Duration patience, Consumer<ConsumerRecord<byte[], byte[]>> visitor) {
		KafkaConsumer<byte[], byte[]> reading = consumer();
		ConsumerRecords<byte[], byte[]> records = reading.poll(patience);
		records.forEach(visitor);
		this.positions.replaceAll((partition, before) -> reading.position(partition));
		dropReached();
		return !records.isEmpty();
	}

	/**
	 * Whether everything was read that was there when the place was sought.
	 * @return {@code true} from then on
	 */
	boolean isCaughtUp() {
		return this.ends.isEmpty();
	}

	/**
	 * Do not wait for records that were there when the place was sought and are not any
	 * more, as after an unclean election.
	 * @throws KafkaException if the cluster does not say where the partitions end
	 */
	void lookForEnds() {
		if (!this.ends.isEmpty()) {
			Map<TopicPartition, Long> present = consumer().endOffsets(this.ends.keySet());
			this.ends.replaceAll((partition, end) -> Math.min(end, present.getOrDefault(partition, end)));
			dropReached();
		}
	}

	private void dropReached() {
		this.ends.entrySet().removeIf((end) -> this.positions.getOrDefault(end.getKey(), 0L) >= end.getValue());
	}

	private KafkaConsumer<byte[], byte[]> consumer() {
		KafkaConsumer<byte[], byte[]> reading = this.consumer;
		if (reading == null) {
			reading = new KafkaConsumer<>(settings(), new ByteArrayDeserializer(), new ByteArrayDeserializer());
			this.consumer = reading;
			if (this.woken) {
				throw new WakeupException();
			}
			assign(reading);
		}
		return reading;
	}

	private void assign(KafkaConsumer<byte[], byte[]> reading) {
		reading.assign(this.positions.keySet());
		this.positions.forEach(reading::seek);
	}

	private Map<String, Object> settings() {
		Map<String, Object> settings = ConnectionSettings.ofOwnClient(this.connection, "reliable-kafka-loss-answers");
		settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) this.timeout.toMillis() / 3);
		settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, (int) this.timeout.toMillis());
		settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
		settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG,
				IsolationLevel.READ_COMMITTED.toString().toLowerCase(Locale.ROOT));
		settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, "false");
		settings.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, String.valueOf(MOST_RECORDS));
		settings.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, String.valueOf(MOST_BYTES));
		return settings;
	}

	/**
	 * Give up the consumer.
	 */
	void release() {
		KafkaConsumer<byte[], byte[]> last = this.consumer;
		this.consumer = null;
		if (last != null) {
			try {
				last.close(CloseOptions.timeout(Duration.ZERO));
			}
			catch (RuntimeException ex) {
				logger.debug("A consumer of loss reports was not closed", ex);
			}
		}
	}

	/**
	 * Have what is being read end with a {@link WakeupException}, and there is nothing
	 * more to be read.
	 */
	void wakeup() {
		this.woken = true;
		KafkaConsumer<byte[], byte[]> reading = this.consumer;
		if (reading != null) {
			reading.wakeup();
		}
	}

}
