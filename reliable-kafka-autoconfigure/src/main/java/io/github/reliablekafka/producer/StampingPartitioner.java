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

package io.github.reliablekafka.producer;

import java.util.HashMap;
import java.util.Map;

import org.apache.kafka.clients.producer.Partitioner;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.metrics.Monitorable;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Chooses a record's partition and gives the record its number there. The choice is that
 * of the application's own {@code partitioner.class} if there is one; else records with a
 * key go where Kafka's own partitioner has them go, and others fill one batch after the
 * other, each for a partition at random. Kafka's adaptive choice by the load of brokers
 * is not made. Named in {@code partitioner.class} by reliable-kafka; not for use by
 * applications. Safe for use by many threads if the application's partitioner is, as
 * Kafka demands.
 *
 * @since 0.1.0
 */
public final class StampingPartitioner implements Partitioner, Monitorable {

	/**
	 * The name under which a producer's settings carry the application's partitioner.
	 */
	static final String DELEGATE_SETTING = "reliable.kafka.producer.partitioner";

	private @Nullable Partitioner delegate;

	private @Nullable Object clientId;

	private boolean ignoreKeys;

	private StickyPartitions sticky = new StickyPartitions(0);

	/**
	 * Called by Kafka.
	 */
	public StampingPartitioner() {
	}

	@Override
	public void configure(Map<String, ?> settings) {
		this.clientId = settings.get(ProducerConfig.CLIENT_ID_CONFIG);
		this.ignoreKeys = (boolean) ProducerRules.effective(settings, ProducerConfig.PARTITIONER_IGNORE_KEYS_CONFIG);
		this.sticky = new StickyPartitions((int) ProducerRules.effective(settings, ProducerConfig.BATCH_SIZE_CONFIG));
		Object type = ConfigDef.parseType(DELEGATE_SETTING, settings.get(DELEGATE_SETTING), ConfigDef.Type.CLASS);
		if (type instanceof Class<?> partitionerType) {
			if (!Partitioner.class.isAssignableFrom(partitionerType)) {
				throw new ConfigException(ProducerConfig.PARTITIONER_CLASS_CONFIG, type,
						"%s is not a %s".formatted(partitionerType.getName(), Partitioner.class.getName()));
			}
			Map<String, Object> own = new HashMap<>(settings);
			own.put(ProducerConfig.PARTITIONER_CLASS_CONFIG, own.remove(DELEGATE_SETTING));
			Partitioner partitioner = Utils.newInstance(partitionerType.asSubclass(Partitioner.class));
			partitioner.configure(own);
			this.delegate = partitioner;
		}
	}

	@Override
	public void withPluginMetrics(PluginMetrics metrics) {
		if (this.delegate instanceof Monitorable monitorable) {
			monitorable.withPluginMetrics(metrics);
		}
	}

	@Override
	public int partition(String topic, @Nullable Object key, byte @Nullable [] keyBytes, @Nullable Object value,
			byte @Nullable [] valueBytes, Cluster cluster) {
		NumberedDelivery delivery = NumberedDelivery.current(this.clientId);
		int partition = (delivery != null) ? delivery.givenPartition(topic, cluster) : -1;
		if (partition < 0) {
			partition = choose(topic, key, keyBytes, value, valueBytes, cluster, delivery);
		}
		if (delivery != null && partition >= 0) {
			Headers headers = delivery.headers();
			delivery.stamp(topic, partition, cluster);
			if (headers != null) {
				delivery.placed(topic, partition, keyBytes, valueBytes, headers);
			}
		}
		return partition;
	}

	@Override
	public void close() {
		Utils.closeQuietly(this.delegate, "partitioner");
	}

	private int choose(String topic, @Nullable Object key, byte @Nullable [] keyBytes, @Nullable Object value,
			byte @Nullable [] valueBytes, Cluster cluster, @Nullable NumberedDelivery delivery) {
		Partitioner partitioner = this.delegate;
		if (partitioner != null) {
			return partitioner.partition(topic, key, keyBytes, value, valueBytes, cluster);
		}
		if (keyBytes != null && !this.ignoreKeys) {
			return Utils.toPositive(Utils.murmur2(keyBytes)) % cluster.partitionCountForTopic(topic);
		}
		return this.sticky.choose(topic, cluster,
				StickyPartitions.sizeOf(keyBytes, valueBytes, (delivery != null) ? delivery.headers() : null));
	}

}
