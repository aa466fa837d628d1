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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.github.reliablekafka.durability.OpenClient;
import io.github.reliablekafka.durability.Violation;
import io.github.reliablekafka.durability.WrittenSettings;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.core.ProducerPostProcessor;

/**
 * What makes the producers of one factory safe: its settings, the check of each
 * producer's final settings, and the wrapper around each producer. Copies of the factory,
 * as a template with overrides makes them, carry it along. Safe for use by many threads.
 */
final class ProducerCover<K, V> implements ProducerPostProcessor<K, V>, ProducerFactory.Listener<K, V> {

	/**
	 * The name under which a producer's settings carry its cover to the veto.
	 */
	static final String SETTING = "reliable.kafka.producer.cover";

	/**
	 * From the veto to {@link #apply(Producer)}: Spring Kafka calls both on one thread.
	 */
	private static final ThreadLocal<@Nullable Vetted> vetted = new ThreadLocal<>();

	/**
	 * From {@link #apply(Producer)} to {@link #producerAdded(String, Producer)}:
	 * likewise. The client id, because what comes between them may fail.
	 */
	private static final ThreadLocal<@Nullable String> wrapped = new ThreadLocal<>();

	private final String subject;

	private final ProducerRules rules;

	private final DeliveryLedger ledger;

	private final RejectionLog rejectionLog;

	private final ProducerShutdown shutdown;

	private final ProducerSessions sessions;

	private final Spools spools;

	private final WrittenSettings written = new WrittenSettings();

	ProducerCover(String subject, ProducerRules rules, DeliveryLedger ledger, RejectionLog rejectionLog,
			ProducerShutdown shutdown, ProducerSessions sessions, Spools spools) {
		this.subject = subject;
		this.rules = rules;
		this.ledger = ledger;
		this.rejectionLog = rejectionLog;
		this.shutdown = shutdown;
		this.sessions = sessions;
		this.spools = spools;
	}

	static boolean isOn(ProducerFactory<?, ?> factory) {
		return factory.getPostProcessors().stream().anyMatch(ProducerCover.class::isInstance)
				&& factory.getConfigurationProperties().get(SETTING) instanceof ProducerCover<?, ?>
				&& interceptors(factory.getConfigurationProperties().get(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG))
					.stream()
					.anyMatch(ProducerCover::isVeto);
	}

	/**
	 * Put the cover on a factory, unless a copy brought it along.
	 * @param factory the factory
	 * @return whether the factory took it
	 */
	boolean putOn(ProducerFactory<K, V> factory) {
		Map<String, Object> present = factory.getConfigurationProperties();
		Map<String, Object> updates = new HashMap<>(this.rules.missing(present));
		updates.putIfAbsent(SETTING, this);
		List<Object> interceptors = new ArrayList<>(
				interceptors(present.get(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG)));
		interceptors.removeIf(ProducerCover::isVeto);
		interceptors.add(ProducerSettingsVeto.class);
		updates.put(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, interceptors);
		Object partitioner = present.get(ProducerConfig.PARTITIONER_CLASS_CONFIG);
		if (this.sessions.isEnabled() && !ProducerSessions.isStamping(partitioner)) {
			updates.put(ProducerConfig.PARTITIONER_CLASS_CONFIG, StampingPartitioner.class);
			if (partitioner != null) {
				updates.put(StampingPartitioner.DELEGATE_SETTING, partitioner);
			}
		}
		if (present.get(SETTING) instanceof ProducerCover<?, ?> before) {
			this.written.add(before.written);
		}
		this.written.add(updates);
		factory.updateConfigs(updates);
		if (factory instanceof DefaultKafkaProducerFactory<K, V> kafkaFactory
				&& kafkaFactory.getPhysicalCloseTimeout().equals(ProducerFactory.DEFAULT_PHYSICAL_CLOSE_TIMEOUT)) {
			Duration timeout = this.rules.properties().shutdownTimeout();
			kafkaFactory.setPhysicalCloseTimeout(Math.toIntExact(Math.max(1, timeout.toSeconds())));
		}
		if (factory.getPostProcessors().stream().noneMatch(ProducerCover.class::isInstance)) {
			factory.addPostProcessor(this);
			factory.addListener(this);
		}
		// A copy opens producers under the name of the original.
		factory.getPostProcessors()
			.stream()
			.filter(ProducerCover.class::isInstance)
			.map((cover) -> ((ProducerCover<?, ?>) cover).subject)
			.findFirst()
			.ifPresent((subject) -> this.spools.known(subject, factory));
		return isOn(factory);
	}

	/**
	 * Check the final settings of a producer that is being created.
	 * @param settings all of them
	 * @param identity is told which cluster it talks to
	 * @return to be told when it is closed
	 */
	OpenClient vet(Map<String, ?> settings, ClusterIdentity identity) {
		this.rules.gate().refuse(this.rules.violationsOfClient(this.subject, settings));
		vetted.set(new Vetted(Collections.unmodifiableMap(new HashMap<>(settings)), identity));
		return this.rules.gate().pass("producer", this.subject, settings, this.written.among(settings));
	}

	@Override
	public Producer<K, V> apply(Producer<K, V> producer) {
		Vetted checked = vetted.get();
		forget();
		if (this.shutdown.isOver()) {
			producer.close(Duration.ZERO);
			throw new IllegalStateException("Producer closed: the application has ended");
		}
		if (checked == null || !isOf(producer, checked.settings())) {
			refuse(producer, this.rules.vetoRemoved(this.subject));
			checked = new Vetted(Map.of(), new ClusterIdentity());
		}
		Map<String, Object> settings = checked.settings();
		wrapped.set(String.valueOf(settings.getOrDefault(ProducerConfig.CLIENT_ID_CONFIG, "")));
		return new ReliableProducer<>(producer, settings, this.ledger, this.rejectionLog, this.shutdown,
				this.sessions.open(settings), this.spools.open(this.subject, settings, checked.identity(), producer));
	}

	/**
	 * Notice a producer that a subclass of the factory made in a way of its own.
	 * @param id the client id
	 * @param producer what the factory hands out
	 */
	@Override
	public void producerAdded(String id, Producer<K, V> producer) {
		String clientId = wrapped.get();
		wrapped.remove();
		if (clientId == null || !id.endsWith(clientId)) {
			refuse(producer, this.rules.uncovered(this.subject, "a factory that overrides how producers are made"));
		}
	}

	/**
	 * Forget the settings of a producer that did not come into being.
	 */
	static void forget() {
		vetted.remove();
	}

	private void refuse(Producer<K, V> producer, Violation violation) {
		try {
			this.rules.gate().refuse(List.of(violation));
		}
		catch (RuntimeException ex) {
			producer.close(Duration.ZERO);
			throw ex;
		}
	}

	private static boolean isOf(Producer<?, ?> producer, Map<String, Object> settings) {
		// Somebody may have made a producer of their own from the same settings before.
		Object clientId = settings.get(ProducerConfig.CLIENT_ID_CONFIG);
		return producer.metrics()
			.keySet()
			.stream()
			.map((metric) -> metric.tags().get("client-id"))
			.filter(Objects::nonNull)
			.allMatch((id) -> id.equals(clientId));
	}

	static List<?> interceptors(@Nullable Object value) {
		Object list = ConfigDef.parseType(ProducerConfig.INTERCEPTOR_CLASSES_CONFIG, value, ConfigDef.Type.LIST);
		return (list != null) ? (List<?>) list : List.of();
	}

	static boolean isVeto(Object interceptor) {
		return interceptor == ProducerSettingsVeto.class || ProducerSettingsVeto.class.getName().equals(interceptor);
	}

	/**
	 * A producer that is being created.
	 *
	 * @param settings all of its settings
	 * @param identity of its cluster, once that has answered
	 */
	private record Vetted(Map<String, Object> settings, ClusterIdentity identity) {

	}

}
