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

import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

import io.github.reliablekafka.durability.ConnectionSettings;
import org.jspecify.annotations.Nullable;

/**
 * Where the records of a producer go, in the words of the spool. What was meant for one
 * cluster must not get into another, and one factory may have producers for several.
 *
 * @param subject names the factory
 * @param servers the addresses from which the producer starts, sorted
 */
record Destination(String subject, String servers) {

	/**
	 * See where a producer goes.
	 * @param subject names its factory
	 * @param settings all of its settings
	 * @return equal for the same addresses in any order
	 */
	static Destination of(String subject, Map<String, Object> settings) {
		Set<String> servers = new TreeSet<>();
		ConnectionSettings.bootstrapServers(settings).forEach((server) -> servers.add(server.toLowerCase(Locale.ROOT)));
		return new Destination(subject, String.join(",", servers));
	}

	/**
	 * The name of the cluster as long as nobody has heard of it.
	 * @return with the addresses
	 */
	String byAddress() {
		return this.subject + " at " + this.servers;
	}

	/**
	 * The name of the cluster.
	 * @param clusterId as it calls itself; {@code null} if that is not known
	 * @return with the id, whatever the addresses are
	 */
	String named(@Nullable String clusterId) {
		return (clusterId != null) ? this.subject + " in " + clusterId : byAddress();
	}

	/**
	 * Whether a name is that of a cluster.
	 * @param name a name of a cluster
	 * @param clusterId the cluster, as it calls itself
	 * @return {@code false} also if the name was given before the cluster was heard of
	 */
	static boolean isIn(String name, String clusterId) {
		return name.startsWith("in ", subjectOf(name).length() + 1) && name.endsWith(" " + clusterId);
	}

	/**
	 * The factory in a name.
	 * @param name a name of a cluster
	 * @return as it was given
	 */
	static String subjectOf(String name) {
		// Neither addresses nor ids have blanks.
		int end = name.lastIndexOf(' ', name.lastIndexOf(' ') - 1);
		return (end < 0) ? name : name.substring(0, end);
	}

	/**
	 * Whether a name was given before the cluster was heard of.
	 * @param name a name of a cluster
	 * @return {@code true} if it has addresses in it
	 */
	static boolean isByAddress(String name) {
		return name.startsWith("at ", subjectOf(name).length() + 1);
	}

}
