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

package io.github.reliablekafka.test;

import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * Describes a {@link KafkaCluster}. Not thread-safe.
 *
 * @since 0.1.0
 */
public final class KafkaClusterBuilder {

	private final Map<String, String> properties = new LinkedHashMap<>();

	private int brokers = 3;

	private boolean combined;

	private @Nullable Path directory;

	private String heap = "256m";

	private List<Path> brokerClassPath = List.of();

	private List<String> racks = List.of();

	private boolean links = true;

	private Duration startTimeout = Duration.ofSeconds(90);

	KafkaClusterBuilder() {
	}

	/**
	 * Set the number of brokers.
	 * @param count 1 to 9; 3 by default
	 * @return this builder
	 */
	public KafkaClusterBuilder brokers(int count) {
		this.brokers = count;
		return this;
	}

	/**
	 * Make each broker a controller too, which saves one process. Then a majority of the
	 * brokers must be up for anything to go on.
	 * @param value false by default
	 * @return this builder
	 */
	public KafkaClusterBuilder combined(boolean value) {
		this.combined = value;
		return this;
	}

	/**
	 * Set a property of every node, as in {@code server.properties}.
	 * @param name the name
	 * @param value the value, which replaces the default or an earlier one
	 * @return this builder
	 */
	public KafkaClusterBuilder property(String name, String value) {
		this.properties.put(name, value);
		return this;
	}

	/**
	 * Set where the nodes' directories are made. It is created when it is not there, and
	 * is not deleted itself.
	 * @param path a temporary directory by default
	 * @return this builder
	 */
	public KafkaClusterBuilder directory(Path path) {
		this.directory = path;
		return this;
	}

	/**
	 * Set the largest heap of each node.
	 * @param size as the JVM's {@code -Xmx} reads it; {@code 256m} by default
	 * @return this builder
	 */
	public KafkaClusterBuilder heap(String size) {
		this.heap = size;
		return this;
	}

	/**
	 * Run the nodes from other jars than those of this JVM, for another version of Kafka
	 * or where this JVM has no plain class path.
	 * @param jars {@code kafka_2.13} with all that it depends on
	 * @return this builder
	 */
	public KafkaClusterBuilder brokerClassPath(List<Path> jars) {
		this.brokerClassPath = jars;
		return this;
	}

	/**
	 * Put each broker into a rack.
	 * @param names one for each broker, in the order of their ids; none by default
	 * @return this builder
	 */
	public KafkaClusterBuilder racks(String... names) {
		this.racks = List.of(names);
		return this;
	}

	/**
	 * Set whether connections pass through links in this JVM. Without them nothing can be
	 * cut off, and a benchmark measures the brokers alone. They need the loopback
	 * addresses {@code 127.1.0.x}, which Linux has; elsewhere there are none.
	 * @param value true by default
	 * @return this builder
	 */
	public KafkaClusterBuilder links(boolean value) {
		this.links = value;
		return this;
	}

	/**
	 * Set how long the start of the cluster, and of a broker, may take, and its stop.
	 * @param timeout 90 seconds by default
	 * @return this builder
	 */
	public KafkaClusterBuilder startTimeout(Duration timeout) {
		this.startTimeout = timeout;
		return this;
	}

	/**
	 * Make the cluster and reserve its ports. Nothing runs yet.
	 * @return the cluster, to be started and closed
	 * @throws IllegalArgumentException if the number of brokers is out of bounds
	 * @throws KafkaClusterException if there are no ports, or no broker on the class path
	 */
	public KafkaCluster build() {
		return new KafkaCluster(new ClusterSettings(this.brokers, this.combined, this.properties, this.directory,
				this.heap, this.brokerClassPath, this.racks, this.links, this.startTimeout));
	}

}
