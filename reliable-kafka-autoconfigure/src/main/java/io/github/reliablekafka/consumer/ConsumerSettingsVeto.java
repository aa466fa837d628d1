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

import java.util.HashMap;
import java.util.Map;

import io.github.reliablekafka.durability.OpenClient;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Refuses to let a consumer with unsafe settings come into being. An interceptor, because
 * Kafka hands it the settings after every override, those of a listener included, and
 * gives up the construction if it throws. The first in {@code interceptor.classes}, so
 * that it sees everything that is polled, whatever other interceptors keep from the
 * application. Named there by reliable-kafka; not for use by applications. Changes no
 * record.
 *
 * @since 0.1.0
 */
public final class ConsumerSettingsVeto implements ConsumerInterceptor<Object, Object> {

	private static final ThreadLocal<ConsumerSettingsVeto> CHECKED = new ThreadLocal<>();

	private Map<String, Object> settings = Map.of();

	private @Nullable ConsumerRecords<?, ?> polled;

	private @Nullable OpenClient client;

	/**
	 * Called by Kafka.
	 */
	public ConsumerSettingsVeto() {
	}

	/**
	 * The veto of the consumer that this thread has just created.
	 * @return {@code null} if it was created without
	 */
	static @Nullable ConsumerSettingsVeto take() {
		ConsumerSettingsVeto veto = CHECKED.get();
		CHECKED.remove();
		return veto;
	}

	/**
	 * The settings that were checked.
	 * @return all of them, after every override
	 */
	Map<String, Object> settings() {
		return this.settings;
	}

	/**
	 * What the last poll returned before any interceptor saw it.
	 * @return {@code null} if it returned nothing
	 */
	@Nullable ConsumerRecords<?, ?> takePolled() {
		ConsumerRecords<?, ?> records = this.polled;
		this.polled = null;
		return records;
	}

	/**
	 * Check the settings of the consumer that is being created.
	 * @param settings all of them, after every override
	 * @throws io.github.reliablekafka.durability.UnsafeSettingsException if records could
	 * be lost
	 */
	@Override
	public void configure(Map<String, ?> settings) {
		if (settings.get(ConsumerCover.SETTING) instanceof ConsumerCover<?, ?> cover) {
			this.client = cover.vet(settings);
		}
		Map<String, Object> checked = new HashMap<>(settings);
		checked.remove(ConsumerCover.SETTING);
		checked.values().removeIf((value) -> value == null);
		// Kafka logs settings that nobody reads from its own map.
		checked.computeIfPresent(ConsumerCover.ATTENDED_SETTING, (name, value) -> settings.get(name));
		checked.computeIfPresent(ResetPolicy.SETTING, (name, value) -> settings.get(name));
		this.settings = checked;
		CHECKED.set(this);
	}

	@Override
	public ConsumerRecords<Object, Object> onConsume(ConsumerRecords<Object, Object> records) {
		this.polled = records;
		return records;
	}

	@Override
	public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
	}

	@Override
	public void close() {
		// The construction failed after the check: nobody will take it.
		if (CHECKED.get() == this) {
			CHECKED.remove();
		}
		if (this.client != null) {
			this.client.closed();
		}
	}

}
