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

package io.github.reliablekafka.durability;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;

import org.springframework.util.StringUtils;

/**
 * The part of a client's settings that says how to reach a cluster, so that a client of
 * another kind can reach it as well: addresses, security, sockets, and whatever Kafka
 * does not know, because it may be meant for a login module or an SSL engine. Reporters
 * and interceptors of the application are left out.
 *
 * @since 0.1.0
 */
public final class ConnectionSettings {

	private static final Set<String> NOT_COPIED = Set.of(AdminClientConfig.CLIENT_ID_CONFIG,
			AdminClientConfig.RETRIES_CONFIG, AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
			AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, AdminClientConfig.RETRY_BACKOFF_MS_CONFIG,
			AdminClientConfig.RETRY_BACKOFF_MAX_MS_CONFIG, AdminClientConfig.BOOTSTRAP_CONTROLLERS_CONFIG,
			AdminClientConfig.ENABLE_METRICS_PUSH_CONFIG);

	private static final Set<String> SECURITY = Set.of("security.", "sasl.", "ssl.");

	// Spring Boot gives an SSL bundle to its engine under the name of the class.
	private static final String SECURITY_OF_OTHERS = ".ssl.";

	private static final AtomicInteger ownClients = new AtomicInteger();

	private ConnectionSettings() {
	}

	/**
	 * Pick the connection out of the settings of a client.
	 * @param settings all settings of a consumer or producer
	 * @return a new map
	 */
	public static Map<String, Object> of(Map<String, ?> settings) {
		Map<String, Object> connection = new HashMap<>();
		settings.forEach((name, value) -> {
			if (value != null && isConnection(name)) {
				connection.put(name, value);
			}
		});
		return connection;
	}

	/**
	 * What tells the clusters of two clients apart, and who they are there: the addresses
	 * they start from and everything about security.
	 * @param settings all settings of a consumer or producer
	 * @return equal for two clients that see the same; not for the eyes of people, as
	 * there may be passwords in it
	 */
	public static Map<String, Object> identity(Map<String, ?> settings) {
		Map<String, Object> identity = new HashMap<>();
		settings.forEach((name, value) -> {
			if (value != null && isSecurity(name)) {
				identity.put(name, value);
			}
		});
		identity.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers(settings));
		return Map.copyOf(identity);
	}

	private static boolean isSecurity(String name) {
		return SECURITY.stream().anyMatch(name::startsWith) || name.contains(SECURITY_OF_OTHERS);
	}

	/**
	 * Begin the settings of a client that is none of the application's: its client id is
	 * unique in this process, and brokers get no metrics of it.
	 * @param connection how to reach the cluster
	 * @param name what the client id begins with
	 * @return a new map, to be completed
	 */
	public static Map<String, Object> ofOwnClient(Map<String, Object> connection, String name) {
		Map<String, Object> settings = new HashMap<>(connection);
		settings.put(CommonClientConfigs.CLIENT_ID_CONFIG, name + "-" + ownClients.incrementAndGet());
		settings.put(CommonClientConfigs.ENABLE_METRICS_PUSH_CONFIG, "false");
		return settings;
	}

	/**
	 * Whether two clients start from the same brokers.
	 * @param settings the settings of one client
	 * @param other the settings of the other
	 * @return {@code true} if the addresses are the same in any order
	 */
	public static boolean sameCluster(Map<String, ?> settings, Map<String, ?> other) {
		return bootstrapServers(settings).equals(bootstrapServers(other));
	}

	/**
	 * The addresses that a client starts from.
	 * @param settings its settings
	 * @return sorted
	 */
	public static Set<String> bootstrapServers(Map<String, ?> settings) {
		Set<String> servers = new TreeSet<>();
		Object value = settings.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG);
		if (value instanceof Collection<?> several) {
			several.forEach((server) -> servers.add(String.valueOf(server).trim()));
		}
		else if (value != null) {
			servers.addAll(StringUtils.commaDelimitedListToSet(StringUtils.trimAllWhitespace(value.toString())));
		}
		return servers;
	}

	private static boolean isConnection(String name) {
		if (AdminClientConfig.configNames().contains(name)) {
			return !NOT_COPIED.contains(name) && !name.startsWith("metric") && !name.startsWith("auto.include");
		}
		return !ConsumerConfig.configNames().contains(name) && !ProducerConfig.configNames().contains(name)
				&& !name.startsWith("spring.") && !name.startsWith("reliable.");
	}

}
