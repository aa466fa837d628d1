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

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.durability.SafetyGate;
import io.github.reliablekafka.durability.SettingOrigins;
import io.github.reliablekafka.durability.Violation;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.jspecify.annotations.Nullable;

/**
 * The settings and beans with which a consumer passes records by, and what a consumer
 * gets where the application says nothing.
 */
final class ConsumerRules {

	/**
	 * The risk of a listener that returns before its work is done.
	 */
	static final String ASYNC = "consumer.async";

	private final SafetyGate gate;

	private final SettingOrigins origins;

	private final String reset;

	ConsumerRules(SafetyGate gate, SettingOrigins origins, String reset) {
		this.gate = gate;
		this.origins = origins;
		this.reset = reset;
	}

	SafetyGate gate() {
		return this.gate;
	}

	/**
	 * The violations among the settings that are given; absent ones are not looked at.
	 * @param subject whose settings these are
	 * @param settings the settings
	 * @param place where the settings are written if no property has them, or
	 * {@code null} if not known
	 * @return empty if there are none
	 */
	List<Violation> violationsAmongGiven(String subject, Map<String, ?> settings, @Nullable String place) {
		Object autoCommit = settings.get(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG);
		return (autoCommit != null && isTrue(autoCommit)) ? List.of(autoCommit(subject, autoCommit, place)) : List.of();
	}

	/**
	 * The violations of a client that is being created with these settings, so that an
	 * absent one means Kafka's default.
	 * @param subject whose settings these are
	 * @param settings the settings
	 * @return empty if there are none
	 */
	List<Violation> violationsOfClient(String subject, Map<String, ?> settings) {
		Object autoCommit = settings.get(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG);
		if (autoCommit == null && settings.get(ConsumerConfig.GROUP_ID_CONFIG) != null) {
			return List.of(autoCommit(subject, "true", "Kafka's default"));
		}
		return violationsAmongGiven(subject, settings, null);
	}

	/**
	 * What to change in settings so that nothing is left to Kafka's defaults: they commit
	 * what was not processed, and reset positions in silence.
	 * @param settings the settings that are given
	 * @return the missing ones, and those that are expressed otherwise
	 */
	Map<String, Object> updates(Map<String, Object> settings) {
		Map<String, Object> updates = new HashMap<>(ResetPolicy.moved(settings, this.reset));
		if (settings.get(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG) == null) {
			updates.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, "false");
		}
		return updates;
	}

	Violation uncovered(String subject, String type) {
		return new Violation("consumer.uncovered", subject, "type", type, "a DefaultKafkaConsumerFactory",
				"its consumers can neither be checked nor guarded, so what they skip nobody notices",
				"Let %s create its consumers through a DefaultKafkaConsumerFactory (subclasses and post-processors are fine)."
					.formatted(subject),
				null);
	}

	Violation vetoRemoved(String subject) {
		return new Violation("consumer.uncovered", subject, ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG, "replaced",
				"to contain " + ConsumerSettingsVeto.class.getName(),
				"the settings of this consumer could not be checked when it was created",
				"Add to %s instead of replacing it.".formatted(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG), null);
	}

	Violation unattended(String subject) {
		return new Violation("consumer.uncovered", subject, "listener container", "made by hand and no bean",
				"a bean, or made by a container factory",
				"nobody could look at its error handler, and Spring Kafka's default logs a record that fails too often and commits it as if it were processed",
				"Make the listener container of %s a bean, or create it with a container factory that is one; then it may have an error handler of its own."
					.formatted(subject),
				null);
	}

	Violation async(String subject) {
		return new Violation(ASYNC, subject, "message listener", "asynchronous", "a method with @KafkaListener",
				"Spring Kafka acknowledges such a record before it tries again after a failure, and forgets it when the container stops",
				"Let %s be a method with @KafkaListener, whose future is waited for, or return only when its work is done."
					.formatted(subject),
				null);
	}

	Violation asyncAcks(String subject) {
		return new Violation("consumer.async-acks", subject, "asyncAcks", "true", "false",
				"Spring Kafka stands still for ever, without a word, behind a record that failed and was dead-lettered, or that a filter left out: it waits for acknowledgements of records that it has not given to the listener",
				"Remove setAsyncAcks(true) from %s. With ack mode MANUAL records may be acknowledged in any order and by any thread, and no commit passes one that is not."
					.formatted(subject),
				null);
	}

	Violation batchParameter(String subject, Class<?> type) {
		return new Violation("consumer.batch-parameter", subject, "parameter", type.getName(), "a List",
				"a batch listener is given a whole batch: Spring Kafka makes one value of all of its records, or fails with each batch",
				"Let the method of %s take a List, or do not make it a batch listener.".formatted(subject), null);
	}

	Violation filter(String subject, String type) {
		return new Violation("consumer.filter", subject, "message listener", type,
				"one of Spring Kafka's own filtering adapters",
				"what a filter of its own kind keeps from a listener that acknowledges by hand or replies cannot be told from what the listener has forgotten, so its commits are not guarded",
				"Set a RecordFilterStrategy on the container factory or name it in 'filter' of @KafkaListener, instead of extending Spring Kafka's adapter.",
				null);
	}

	Violation shareGroup(String subject, String type) {
		return new Violation("consumer.share-group", subject, "type", type, "a consumer group",
				"a share group archives a record that its listener rejects, which is what it does with every failure by default, and nobody sees it again",
				"Listen with a consumer group (@KafkaListener with a ConcurrentKafkaListenerContainerFactory) instead.",
				null);
	}

	Violation ambiguousBeans(String type, Collection<String> names) {
		return new Violation("consumer.ambiguous-beans", "kafkaListenerContainerFactory", type,
				String.join(", ", names), "one bean, or one that is @Primary",
				"Spring Boot applies none of several without a word",
				"Mark one of %s as @Primary, or define a kafkaListenerContainerFactory that sets the one it needs."
					.formatted(String.join(", ", names)),
				null);
	}

	private Violation autoCommit(String subject, Object value, @Nullable String place) {
		String setting = ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG;
		String property = (place != null) ? null : this.origins.find("consumer", setting, value);
		String origin = (property != null) ? property : place;
		String remedy = "Remove '%s' from %s; offsets are committed once their records are processed.".formatted(
				(property != null) ? property : setting,
				(property != null) ? "the application's properties" : "the settings of " + subject);
		return new Violation("consumer.auto-commit", subject, setting, String.valueOf(value), "'false'",
				"offsets are then committed whether or not the records were processed", remedy, origin);
	}

	private static boolean isTrue(Object value) {
		return "true".equalsIgnoreCase(String.valueOf(value).trim());
	}

}
