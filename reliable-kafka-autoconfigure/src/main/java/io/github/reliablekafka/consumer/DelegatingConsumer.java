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
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.metrics.KafkaMetric;
import org.jspecify.annotations.Nullable;

/**
 * The part of a wrapped consumer that is as it was: questions to the cluster, metrics,
 * and what neither polls, nor moves a position, nor commits.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
abstract class DelegatingConsumer<K, V> implements Consumer<K, V> {

	final Consumer<K, V> consumer;

	DelegatingConsumer(Consumer<K, V> consumer) {
		this.consumer = consumer;
	}

	@Override
	public void resume(Collection<TopicPartition> partitions) {
		this.consumer.resume(partitions);
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
	public void registerMetricForSubscription(KafkaMetric metric) {
		this.consumer.registerMetricForSubscription(metric);
	}

	@Override
	public void unregisterMetricFromSubscription(KafkaMetric metric) {
		this.consumer.unregisterMetricFromSubscription(metric);
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

	@Override
	public Map<TopicPartition, OffsetAndTimestamp> offsetsForTimes(Map<TopicPartition, Long> timestampsToSearch,
			Duration timeout) {
		return this.consumer.offsetsForTimes(timestampsToSearch, timeout);
	}

}
