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

import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Refuses to let a consumer with unsafe settings come into being. An interceptor, because
 * Kafka hands it the settings after every override, those of a listener included, and
 * gives up the construction if it throws. Named in {@code interceptor.classes} by
 * reliable-kafka; not for use by applications. Touches no record.
 *
 * @since 0.1.0
 */
public final class ConsumerSettingsVeto implements ConsumerInterceptor<Object, Object> {

	private static final ThreadLocal<Map<String, Object>> CHECKED = new ThreadLocal<>();

	private @Nullable Map<String, Object> settings;

	/**
	 * Called by Kafka.
	 */
	public ConsumerSettingsVeto() {
	}

	/**
	 * The settings of the consumer that this thread has just created.
	 * @return {@code null} if it was created without the veto
	 */
	static @Nullable Map<String, Object> takeCheckedSettings() {
		Map<String, Object> settings = CHECKED.get();
		CHECKED.remove();
		return settings;
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
			cover.vet(settings);
		}
		Map<String, Object> checked = new HashMap<>(settings);
		checked.remove(ConsumerCover.SETTING);
		checked.values().removeIf((value) -> value == null);
		// Kafka logs settings that nobody reads from its own map.
		checked.computeIfPresent(ConsumerCover.ATTENDED_SETTING, (name, value) -> settings.get(name));
		this.settings = checked;
		CHECKED.set(checked);
	}

	@Override
	public ConsumerRecords<Object, Object> onConsume(ConsumerRecords<Object, Object> records) {
		return records;
	}

	@Override
	public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {
	}

	@Override
	public void close() {
		// The construction failed after the check: nobody will take the settings.
		if (this.settings != null && CHECKED.get() == this.settings) {
			CHECKED.remove();
		}
	}

}
