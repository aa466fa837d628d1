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
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

import io.github.reliablekafka.durability.ConfiguredClient;
import io.github.reliablekafka.durability.ConsumerSession;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.jspecify.annotations.Nullable;

/**
 * A consumer that knows its settings and can leave partitions alone for a while without
 * leaving its group: what is held back is paused during {@code poll} only, so that nobody
 * else sees a pause that is not theirs. As little safe for use by many threads as any
 * consumer, with {@code wakeup} as the exception.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class ReliableConsumer<K, V> implements Consumer<K, V>, ConfiguredClient {

	private final Consumer<K, V> consumer;

	private final ConsumerSession session;

	private Set<TopicPartition> pausedForPoll = Set.of();

	private @Nullable Attendance attendance;

	private boolean isolatesPoison;

	/**
	 * Create a wrapper.
	 * @param consumer does the work
	 * @param session is told of polls
	 * @param attendance judges who polls, once
	 */
	ReliableConsumer(Consumer<K, V> consumer, ConsumerSession session, @Nullable Attendance attendance) {
		this.consumer = consumer;
		this.session = session;
		this.attendance = attendance;
	}

	@Override
	public Map<String, Object> effectiveSettings() {
		return this.session.effectiveSettings();
	}

	/**
	 * Note that the listener container of this consumer was looked at.
	 */
	void attend() {
		this.attendance = null;
	}

	/**
	 * Return a record that could not be deserialized in a batch of its own.
	 */
	void isolatePoison() {
		this.isolatesPoison = true;
	}

	@Override
	public ConsumerRecords<K, V> poll(Duration timeout) {
		if (this.attendance != null) {
			this.attendance.check();
			this.attendance = null;
		}
		this.session.enterPoll();
		Set<TopicPartition> heldBack = this.session.heldBack(this.consumer.assignment());
		ConsumerRecords<K, V> records = heldBack.isEmpty() ? this.consumer.poll(timeout)
				: pollWithout(heldBack, this.session.untilRelease(timeout));
		return this.isolatesPoison ? Poison.isolate(records, this.consumer) : records;
	}

	private ConsumerRecords<K, V> pollWithout(Set<TopicPartition> heldBack, Duration timeout) {
		heldBack.removeAll(this.consumer.paused());
		this.pausedForPoll = heldBack;
		this.consumer.pause(heldBack);
		try {
			return this.consumer.poll(timeout);
		}
		finally {
			this.pausedForPoll = Set.of();
			// A rebalance may have taken some away.
			heldBack.retainAll(this.consumer.assignment());
			this.consumer.resume(heldBack);
		}
	}

	@Override
	public Set<TopicPartition> paused() {
		Set<TopicPartition> paused = this.consumer.paused();
		if (!this.pausedForPoll.isEmpty()) {
			paused = new HashSet<>(paused);
			paused.removeAll(this.pausedForPoll);
		}
		return paused;
	}

	@Override
	public void pause(Collection<TopicPartition> partitions) {
		this.consumer.pause(partitions);
		// Asked for by a rebalance listener during poll: then it has to last.
		if (!this.pausedForPoll.isEmpty()) {
			this.pausedForPoll.removeAll(partitions);
		}
	}

	@Override
	public void resume(Collection<TopicPartition> partitions) {
		this.consumer.resume(partitions);
	}

	@Override
	public void close() {
		this.session.exit();
		this.consumer.close();
	}

	@Override
	@Deprecated
	@SuppressWarnings("deprecation")
	public void close(Duration timeout) {
		this.session.exit();
		this.consumer.close(timeout);
	}

	@Override
	public void close(CloseOptions option) {
		this.session.exit();
		this.consumer.close(option);
	}

	@Override
	public Set<TopicPartition> assignment() {
		return this.consumer.assignment();
	}

	@Override
	public Set<String> subscription() {
		return this.consumer.subscription();
	}

	@Override
	public void subscribe(Collection<String> topics) {
		this.consumer.subscribe(topics);
	}

	@Override
	public void subscribe(Collection<String> topics, ConsumerRebalanceListener callback) {
		this.consumer.subscribe(topics, callback);
	}

	@Override
	public void assign(Collection<TopicPartition> partitions) {
		this.consumer.assign(partitions);
	}

	@Override
	public void subscribe(Pattern pattern, ConsumerRebalanceListener callback) {
		this.consumer.subscribe(pattern, callback);
	}

	@Override
	public void subscribe(Pattern pattern) {
		this.consumer.subscribe(pattern);
	}

	@Override
	public void subscribe(SubscriptionPattern pattern, ConsumerRebalanceListener callback) {
		this.consumer.subscribe(pattern, callback);
	}

	@Override
	public void subscribe(SubscriptionPattern pattern) {
		this.consumer.subscribe(pattern);
	}

	@Override
	public void unsubscribe() {
		this.consumer.unsubscribe();
	}

	@Override
	public void commitSync() {
		this.consumer.commitSync();
	}

	@Override
	public void commitSync(Duration timeout) {
		this.consumer.commitSync(timeout);
	}

	@Override
	public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
		this.consumer.commitSync(offsets);
	}

	@Override
	public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
		this.consumer.commitSync(offsets, timeout);
	}

	@Override
	public void commitAsync() {
		this.consumer.commitAsync();
	}

	@Override
	public void commitAsync(@Nullable OffsetCommitCallback callback) {
		this.consumer.commitAsync(callback);
	}

	@Override
	public void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable OffsetCommitCallback callback) {
		this.consumer.commitAsync(offsets, callback);
	}

	@Override
	public void registerMetricForSubscription(KafkaMetric metric) {
		this.consumer.registerMetricForSubscription(metric);
	}

	@Override
	public void unregisterMetricFromSubscription(KafkaMetric metric) {
		this.consumer.unregisterMetricFromSubscription(metric);
	}

	@Override
	public void seek(TopicPartition partition, long offset) {
		this.consumer.seek(partition, offset);
	}

	@Override
	public void seek(TopicPartition partition, OffsetAndMetadata offsetAndMetadata) {
		this.consumer.seek(partition, offsetAndMetadata);
	}

	@Override
	public void seekToBeginning(Collection<TopicPartition> partitions) {
		this.consumer.seekToBeginning(partitions);
	}

	@Override
	public void seekToEnd(Collection<TopicPartition> partitions) {
		this.consumer.seekToEnd(partitions);
	}

	@Override
	public long position(TopicPartition partition) {
		return this.consumer.position(partition);
	}

	@Override
	public long position(TopicPartition partition, Duration timeout) {
		return this.consumer.position(partition, timeout);
	}

	@Override
	public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
		return this.consumer.committed(partitions);
	}

	@Override
	public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions, Duration timeout) {
		return this.consumer.committed(partitions, timeout);
	}

	@Override
	public Uuid clientInstanceId(Duration timeout) {
		return this.consumer.clientInstanceId(timeout);
	}

	@Override
	public Map<MetricName, ? extends Metric> metrics() {
		return this.consumer.metrics();
	}

	@Override
	public List<PartitionInfo> partitionsFor(String topic) {
		return this.consumer.partitionsFor(topic);
	}

	@Override
	public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
		return this.consumer.partitionsFor(topic, timeout);
	}

	@Override
	public Map<String, List<PartitionInfo>> listTopics() {
		return this.consumer.listTopics();
	}

	@Override
	public Map<String, List<PartitionInfo>> listTopics(Duration timeout) {
		return this.consumer.listTopics(timeout);
	}

	@Override
	public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> timestampsToSearch) {
		return this.consumer.offsetsForTimes(timestampsToSearch);
	}

	@Override
	public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> timestampsToSearch,
			Duration timeout) {
		return this.consumer.offsetsForTimes(timestampsToSearch, timeout);
	}

	@Override
	public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions) {
		return this.consumer.beginningOffsets(partitions);
	}

	@Override
	public Map<TopicPartition, Long> beginningOffsets(Collection<TopicPartition> partitions, Duration timeout) {
		return this.consumer.beginningOffsets(partitions, timeout);
	}

	@Override
	public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions) {
		return this.consumer.endOffsets(partitions);
	}

	@Override
	public Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions, Duration timeout) {
		return this.consumer.endOffsets(partitions, timeout);
	}

	@Override
	public OptionalLong currentLag(TopicPartition topicPartition) {
		return this.consumer.currentLag(topicPartition);
	}

	@Override
	public ConsumerGroupMetadata groupMetadata() {
		return this.consumer.groupMetadata();
	}

	@Override
	public void enforceRebalance() {
		this.consumer.enforceRebalance();
	}

	@Override
	public void enforceRebalance(@Nullable String reason) {
		this.consumer.enforceRebalance(reason);
	}

	@Override
	public void wakeup() {
		this.consumer.wakeup();
	}

	@Override
	public String toString() {
		return this.consumer.toString();
	}

}
