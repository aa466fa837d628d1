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
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.durability.OpenClient;
import io.github.reliablekafka.durability.UnsafeSettingsException;
import io.github.reliablekafka.durability.WrittenSettings;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.ConsumerPostProcessor;
import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.util.StringUtils;

/**
 * What is put on one consumer factory: safe settings, the veto, error handling
 * deserializers, and the wrapper around each consumer that it creates.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class ConsumerCover<K, V> implements ConsumerPostProcessor<K, V> {

	/**
	 * The setting through which the veto finds this object.
	 */
	static final String SETTING = "reliable.kafka.consumer.cover";

	/**
	 * The setting that tells a consumer of a listener container that was looked at. Its
	 * value is {@value #IN_TRANSACTIONS} if a producer commits the offsets.
	 */
	static final String ATTENDED_SETTING = "reliable.kafka.consumer.attended";

	/**
	 * The value of a setting, see there.
	 */
	static final String IN_TRANSACTIONS = "in transactions";

	private static final Log logger = LogFactory.getLog(ConsumerCover.class);

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(1);

	private final String subject;

	private final ConsumerFactory<K, V> factory;

	private final ConsumerRules rules;

	private final LossDetection detection;

	private final WrittenSettings written = new WrittenSettings();

	ConsumerCover(String subject, ConsumerFactory<K, V> factory, ConsumerRules rules, LossDetection detection) {
		this.subject = subject;
		this.factory = factory;
		this.rules = rules;
		this.detection = detection;
	}

	/**
	 * Put the cover on the factory.
	 * @return {@code false} if the factory does not take it
	 */
	boolean put() {
		Map<String, Object> given = this.factory.getConfigurationProperties();
		Map<String, Object> updates = this.rules.updates(given);
		updates.put(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG,
				withVeto(given.get(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG)));
		updates.put(SETTING, this);
		if (given.get(SETTING) instanceof ConsumerCover<?, ?> before) {
			this.written.add(before.written);
		}
		this.written.add(updates);
		this.factory.updateConfigs(updates);
		this.factory.addPostProcessor(this);
		handleDeserializationErrors(this.factory);
		if ("latest".equals(updates.get(ResetPolicy.SETTING))) {
			logger.warn(
					"%s has auto.offset.reset=latest: what is in a topic before a group has its first offset there is never delivered"
						.formatted(this.subject));
		}
		return isOn(this.factory);
	}

	/**
	 * Whether the factory is covered already.
	 * @param factory the factory
	 * @return what reading back shows
	 */
	static boolean isOn(ConsumerFactory<?, ?> factory) {
		return settingsOf(factory).get(SETTING) instanceof ConsumerCover<?, ?> cover
				&& factory.getPostProcessors().contains(cover);
	}

	/**
	 * The settings of a factory.
	 * @param factory the factory
	 * @return empty if it does not show them
	 */
	static Map<String, Object> settingsOf(ConsumerFactory<?, ?> factory) {
		try {
			return factory.getConfigurationProperties();
		}
		catch (UnsupportedOperationException ex) {
			return Map.of();
		}
	}

	/**
	 * Put error handling deserializers around those that a factory has now, which may be
	 * others than when it was covered.
	 * @param factory the factory
	 */
	static void handleDeserializationErrors(ConsumerFactory<?, ?> factory) {
		Map<String, Object> given = factory.getConfigurationProperties();
		Map<String, Object> updates = ErrorHandlingDeserializers.aroundConfigured(given);
		if (given.get(SETTING) instanceof ConsumerCover<?, ?> cover) {
			cover.written.add(updates);
		}
		factory.updateConfigs(updates);
		if (factory instanceof DefaultKafkaConsumerFactory<?, ?> standard) {
			ErrorHandlingDeserializers.aroundSuppliers(standard);
		}
	}

	/**
	 * Refuse unsafe settings of a consumer that is being created.
	 * @param settings all of them
	 * @return to be told when it is closed
	 */
	OpenClient vet(Map<String, ?> settings) {
		ResetPolicy.of(settings);
		this.rules.gate().refuse(this.rules.violationsOfClient(clientOf(settings), settings));
		return this.rules.gate().pass("consumer", this.subject, settings, this.written.among(settings));
	}

	@Override
	public Consumer<K, V> apply(Consumer<K, V> consumer) {
		ConsumerSettingsVeto veto = ConsumerSettingsVeto.take();
		Map<String, Object> settings = new HashMap<>(
				(veto != null) ? veto.settings() : this.factory.getConfigurationProperties());
		settings.remove(SETTING);
		if (veto == null && !(consumer instanceof MockConsumer)) {
			refuseUnchecked(consumer);
		}
		Object attended = settings.remove(ATTENDED_SETTING);
		ConsumerSession session = new ConsumerSession(settings);
		AssignedPartitions assigned = new AssignedPartitions(consumer, session.group(), ResetPolicy.of(settings),
				this.detection.of(session.group(), settings), Committer.of(attended));
		return new ReliableConsumer<>(consumer, session, assigned, veto,
				(attended != null) ? null : new Attendance(this.rules, clientOf(settings)));
	}

	private void refuseUnchecked(Consumer<K, V> consumer) {
		try {
			this.rules.gate().refuse(List.of(this.rules.vetoRemoved("a consumer of " + this.subject)));
		}
		catch (UnsafeSettingsException ex) {
			consumer.close(CloseOptions.timeout(CLOSE_TIMEOUT));
			throw ex;
		}
	}

	private String clientOf(Map<String, ?> settings) {
		Object group = settings.get(ConsumerConfig.GROUP_ID_CONFIG);
		return "consumer '%s'%s of %s".formatted(settings.get(ConsumerConfig.CLIENT_ID_CONFIG),
				(group != null) ? " in group '" + group + "'" : "", this.subject);
	}

	/**
	 * Adapt overrides that would otherwise remove the veto, or have Kafka reset positions
	 * in silence.
	 * @param overrides the settings of one listener
	 */
	static void adapt(Properties overrides) {
		ResetPolicy.move(overrides);
		Object classes = valueOf(overrides, ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG);
		if (classes != null) {
			overrides.put(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG, withVeto(classes));
		}
	}

	static @Nullable Object valueOf(Properties properties, String key) {
		Object value = properties.get(key);
		return (value != null) ? value : properties.getProperty(key);
	}

	private static List<Object> withVeto(@Nullable Object classes) {
		List<Object> all = new ArrayList<>();
		all.add(ConsumerSettingsVeto.class.getName());
		if (classes instanceof Iterable<?> several) {
			several.forEach(all::add);
		}
		else if (classes instanceof String names) {
			all.addAll(Arrays.asList(StringUtils.tokenizeToStringArray(names, ",")));
		}
		else if (classes != null) {
			all.add(classes);
		}
		all.subList(1, all.size()).removeIf((entry) -> isVeto(entry));
		return all;
	}

	private static boolean isVeto(Object entry) {
		return entry == ConsumerSettingsVeto.class || ConsumerSettingsVeto.class.getName().equals(entry);
	}

	@Override
	public String toString() {
		return "reliable-kafka cover of " + this.subject;
	}

}
