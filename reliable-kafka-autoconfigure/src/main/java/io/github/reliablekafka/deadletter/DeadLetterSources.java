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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.ConnectionSettings;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.support.TopicPartitionOffset;

/**
 * The dead letter topics and parking topics of this application: those of topics that one
 * of its listeners reads. No other topic can be named to be looked at or redriven.
 */
final class DeadLetterSources {

	private final ListableBeanFactory beanFactory;

	private final DeadLetterClusters clusters;

	private final DeadLetterProperties properties;

	DeadLetterSources(ListableBeanFactory beanFactory, DeadLetterClusters clusters, DeadLetterProperties properties) {
		this.beanFactory = beanFactory;
		this.clusters = clusters;
		this.properties = properties;
	}

	/**
	 * Look for the topics that exist now.
	 * @return by name of the dead letter topic or parking topic
	 */
	Map<String, Source> find() {
		List<Listened> listened = listened();
		Map<String, Source> sources = new TreeMap<>();
		List<Map<String, Object>> visited = new ArrayList<>();
		for (Listened listening : listened) {
			if (visited.stream().anyMatch((settings) -> ConnectionSettings.sameCluster(settings, listening.settings))) {
				continue;
			}
			visited.add(listening.settings);
			DeadLetterCluster cluster = this.clusters.of(listening.settings, listening.maxPollInterval);
			List<Listened> sameCluster = listened.stream()
				.filter((other) -> ConnectionSettings.sameCluster(other.settings, listening.settings))
				.toList();
			find(cluster, sameCluster).forEach((source) -> {
				// Which of the two is meant, its name does not say.
				if (sources.putIfAbsent(source.name, source) != null) {
					sources.put(source.name, source.asAmbiguous());
				}
			});
		}
		return sources;
	}

	/**
	 * The one of that name.
	 * @param name what somebody asks for
	 * @return found among those of this application
	 * @throws IllegalArgumentException if there is none
	 */
	Source require(String name) {
		Source source = find().get(name);
		if (source == null) {
			throw new IllegalArgumentException("There is no dead letter topic of this application of that name");
		}
		if (source.ambiguous) {
			throw new IllegalArgumentException(
					"This application reads topics of that name in more than one cluster; that is not supported");
		}
		return source;
	}

	private List<Source> find(DeadLetterCluster cluster, List<Listened> listened) {
		Duration timeout = cluster.timeout();
		Set<String> existing;
		try (BoundedAdmin admin = cluster.admin(timeout)) {
			existing = BoundedAdmin.get(admin.admin().listTopics().names(), System.nanoTime() + timeout.toNanos());
		}
		Set<String> topics = new HashSet<>();
		for (Listened listening : listened) {
			topics.addAll(listening.topics);
			Pattern pattern = listening.pattern;
			if (pattern != null) {
				existing.stream().filter((name) -> pattern.matcher(name).matches()).forEach(topics::add);
			}
		}
		List<Source> sources = new ArrayList<>();
		for (String topic : topics) {
			String deadLetters = topic + this.properties.suffix();
			if (isDeadLetterTopic(topic) || !existing.contains(deadLetters)) {
				continue;
			}
			sources.add(new Source(deadLetters, topic, cluster, false, false));
			String parking = deadLetters + this.properties.redrive().parkingSuffix();
			if (existing.contains(parking)) {
				sources.add(new Source(parking, topic, cluster, true, false));
			}
		}
		return sources;
	}

	// What fails there stays there, so nothing must ever be sent to one.
	private boolean isDeadLetterTopic(String topic) {
		String suffix = this.properties.suffix();
		return topic.endsWith(suffix) || topic.endsWith(suffix + this.properties.redrive().parkingSuffix());
	}

	private List<Listened> listened() {
		return new ListenerContainers(this.beanFactory).ofGroups()
			.stream()
			.<Listened>map(DeadLetterSources::listened)
			.toList();
	}

	private static Listened listened(AbstractMessageListenerContainer<?, ?> container) {
		ContainerProperties properties = container.getContainerProperties();
		Set<String> topics = new HashSet<>();
		String[] names = properties.getTopics();
		TopicPartitionOffset[] partitions = properties.getTopicPartitions();
		if (names != null) {
			topics.addAll(Arrays.asList(names));
		}
		if (partitions != null) {
			Stream.of(partitions).map(TopicPartitionOffset::getTopic).forEach(topics::add);
		}
		return new Listened(topics, properties.getTopicPattern(), ContainerErrorHandling.effectiveSettings(container),
				ContainerErrorHandling.maxPollInterval(container));
	}

	/**
	 * A dead letter topic or parking topic.
	 *
	 * @param name its name
	 * @param topic the topic that its records came from
	 * @param cluster where both are
	 * @param parking whether it is for records that were redriven too often
	 * @param ambiguous whether there is another one in another cluster
	 */
	record Source(String name, String topic, DeadLetterCluster cluster, boolean parking, boolean ambiguous) {

		private Source asAmbiguous() {
			return new Source(this.name, this.topic, this.cluster, this.parking, true);
		}

	}

	/**
	 * What a container reads.
	 */
	private record Listened(Set<String> topics, @Nullable Pattern pattern, Map<String, Object> settings,
			Duration maxPollInterval) {
	}

}
