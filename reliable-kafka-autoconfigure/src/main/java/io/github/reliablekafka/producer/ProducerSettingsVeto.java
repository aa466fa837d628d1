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

import java.util.Map;

import io.github.reliablekafka.durability.OpenClient;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.ClusterResource;
import org.apache.kafka.common.ClusterResourceListener;
import org.jspecify.annotations.Nullable;

/**
 * Refuses to let a producer with unsafe settings come into being. An interceptor, because
 * Kafka hands it the settings after every override, those of a template included, and
 * gives up the construction if it throws. The last interceptor, and so the last to look
 * at a record: takes off a number that the record has from an earlier send, and notes
 * where the new one goes. Hears which cluster it is that the producer talks to. Named in
 * {@code interceptor.classes} by reliable-kafka; not for use by applications.
 *
 * @since 0.1.0
 */
public final class ProducerSettingsVeto implements ProducerInterceptor<Object, Object>, ClusterResourceListener {

	private ClusterIdentity identity = new ClusterIdentity();

	private @Nullable Object clientId;

	private @Nullable OpenClient client;

	/**
	 * Called by Kafka.
	 */
	public ProducerSettingsVeto() {
	}

	/**
	 * Check the settings of the producer that is being created.
	 * @param settings all of them, after every override
	 * @throws io.github.reliablekafka.durability.UnsafeSettingsException if records could
	 * be lost
	 */
	@Override
	public void configure(Map<String, ?> settings) {
		this.clientId = settings.get(ProducerConfig.CLIENT_ID_CONFIG);
		if (settings.get(ClusterIdentity.SETTING) instanceof ClusterIdentity given) {
			this.identity = given;
		}
		if (settings.get(ProducerCover.SETTING) instanceof ProducerCover<?, ?> cover) {
			this.client = cover.vet(settings, this.identity);
		}
	}

	/**
	 * Note which cluster has answered.
	 * @param cluster says so
	 */
	@Override
	public void onUpdate(ClusterResource cluster) {
		this.identity.found(cluster.clusterId());
	}

	@Override
	public @Nullable ProducerRecord<Object, Object> onSend(@Nullable ProducerRecord<Object, Object> record) {
		NumberedDelivery delivery = NumberedDelivery.current(this.clientId);
		return (delivery != null && record != null) ? delivery.prepare(record) : record;
	}

	@Override
	public void onAcknowledgement(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
	}

	/**
	 * Called by Kafka also when the construction fails after the check.
	 */
	@Override
	public void close() {
		ProducerCover.forget();
		if (this.client != null) {
			this.client.closed();
		}
	}

}
