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

package io.github.reliablekafka.deadletter;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.spool.SpoolEntrance;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.kafka.core.ProducerFactory;

/**
 * The clusters that dead letters come from. A dead letter goes to the cluster of its
 * record, as the application's producers reach it if they do, because the credentials of
 * consumers may not allow writing. Safe for use by many threads.
 */
final class DeadLetterClusters implements DisposableBean {

	private final DeadLetterProperties properties;

	private final ObjectProvider<ProducerFactory<?, ?>> producerFactories;

	private final ObjectProvider<SpoolEntrance> spool;

	private final Map<Key, DeadLetterCluster> clusters = new HashMap<>();

	private boolean closed;

	DeadLetterClusters(DeadLetterProperties properties, ObjectProvider<ProducerFactory<?, ?>> producerFactories,
			ObjectProvider<SpoolEntrance> spool) {
		this.properties = properties;
		this.spool = spool;
		this.producerFactories = producerFactories;
	}

	/**
	 * The cluster that a consumer reads from.
	 * @param consumerSettings the settings of the consumer
	 * @param maxPollInterval how long it may stay away from polling
	 * @return the same object for the same connection
	 */
	synchronized DeadLetterCluster of(Map<String, ?> consumerSettings, Duration maxPollInterval) {
		if (this.closed) {
			throw new IllegalStateException("The application is shutting down");
		}
		Key key = new Key(ConnectionSettings.of(consumerSettings), this.properties.publishTimeout(maxPollInterval));
		return this.clusters.computeIfAbsent(key, this::create);
	}

	private DeadLetterCluster create(Key key) {
		Map<String, Object> writeConnection = this.producerFactories.orderedStream()
			.map(DeadLetterClusters::settingsOf)
			.filter((settings) -> ConnectionSettings.sameCluster(settings, key.connection))
			.findFirst()
			.map(ConnectionSettings::of)
			.orElse(key.connection);
		return new DeadLetterCluster(key.connection, writeConnection, key.timeout,
				new SpooledLetters(this.spool, writeConnection));
	}

	private static Map<String, Object> settingsOf(ProducerFactory<?, ?> factory) {
		try {
			return factory.getConfigurationProperties();
		}
		catch (UnsupportedOperationException ex) {
			return Map.of();
		}
	}

	@Override
	public synchronized void destroy() {
		this.closed = true;
		this.clusters.values().forEach(DeadLetterCluster::close);
		this.clusters.clear();
	}

	/**
	 * What makes two clusters the same.
	 */
	private record Key(Map<String, Object> connection, Duration timeout) {
	}

}
