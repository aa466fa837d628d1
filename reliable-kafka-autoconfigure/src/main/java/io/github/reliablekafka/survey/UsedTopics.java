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

package io.github.reliablekafka.survey;

import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.durability.SequenceProperties;
import io.github.reliablekafka.durability.TopicUse;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.core.env.Environment;
import org.springframework.kafka.core.ConsumerFactory;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.core.ProducerFactory;
import org.springframework.kafka.core.RoutingKafkaTemplate;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.support.TopicPartitionOffset;

/**
 * Finds out which topics the application uses, from what it has already: listener
 * containers, templates, what was sent so far, declared topics, and the topics of the
 * starter. Records are not looked at for it. What was sent so far is known from the
 * ledger, which does not tell to which cluster: it counts only if there is but one that
 * is written to.
 */
final class UsedTopics {

	// What the ledger calls all topics beyond those it counts one by one.
	private static final String OTHER_TOPICS = "(other)";

	private static final String DEAD_LETTER = "reliable.kafka.dead-letter.";

	private static final Duration SLOW = Duration.ofSeconds(15);

	private static final long DEFAULT_REQUEST_BYTES = 1048576;

	private final ListableBeanFactory beanFactory;

	private final ListenerContainers containers;

	private final DeclaredTopics declared;

	private final SequenceProperties sequence;

	private final Environment environment;

	UsedTopics(ListableBeanFactory beanFactory, ListenerContainers containers, DeclaredTopics declared,
			SequenceProperties sequence, Environment environment) {
		this.beanFactory = beanFactory;
		this.containers = containers;
		this.declared = declared;
		this.sequence = sequence;
		this.environment = environment;
	}

	/**
	 * Look for topics.
	 * @return the clusters, each with its topics as they are known now; one without
	 * addresses, as of a mock, is left out
	 */
	Collection<UsedCluster> find() {
		Map<Map<String, Object>, UsedCluster> clusters = new HashMap<>();
		this.containers.ofGroups().forEach((container) -> addListened(clusters, container));
		addTemplates(clusters);
		this.beanFactory.getBeansOfType(ProducerFactory.class, false, false)
			.values()
			.forEach((factory) -> addProducers(clusters, factory));
		this.beanFactory.getBeansOfType(KafkaAdmin.class, false, false).forEach((name, admin) -> {
			UsedCluster cluster = cluster(clusters, admin.getConfigurationProperties());
			for (NewTopic topic : this.declared.of(admin)) {
				cluster.add(TopicUse.of(topic.name(), TopicUse.Purpose.DECLARED));
			}
		});
		boolean one = clusters.values()
			.stream()
			.filter(UsedCluster::isWritten)
			.map((cluster) -> Set.copyOf(ConnectionSettings.bootstrapServers(cluster.connection())))
			.filter((addresses) -> !addresses.isEmpty())
			.distinct()
			.count() == 1;
		clusters.values().forEach((cluster) -> addImplied(cluster, one));
		return clusters.values()
			.stream()
			.filter((cluster) -> !ConnectionSettings.bootstrapServers(cluster.connection()).isEmpty())
			.toList();
	}

	/**
	 * Whether a record has been waiting for its acknowledgement for so long that the
	 * cluster should be looked at.
	 * @return {@code false} if all is well
	 */
	boolean isSendingSlow() {
		return this.beanFactory.getBean(DeliveryLedger.class).oldestUnacknowledgedAge().compareTo(SLOW) > 0;
	}

	private static UsedCluster cluster(Map<Map<String, Object>, UsedCluster> clusters, Map<String, ?> settings) {
		return clusters.computeIfAbsent(ConnectionSettings.identity(settings), (key) -> new UsedCluster(settings));
	}

	private static void addListened(Map<Map<String, Object>, UsedCluster> clusters,
			AbstractMessageListenerContainer<?, ?> container) {
		// Neither shows its factory.
		Object factory = new DirectFieldAccessor(container).getPropertyValue("consumerFactory");
		if (!(factory instanceof ConsumerFactory<?, ?> consumerFactory)) {
			return;
		}
		ContainerProperties properties = container.getContainerProperties();
		Map<String, Object> settings = new HashMap<>(settingsOf(consumerFactory));
		Properties overrides = properties.getKafkaConsumerProperties();
		overrides.stringPropertyNames().forEach((name) -> settings.put(name, overrides.getProperty(name)));
		UsedCluster cluster = cluster(clusters, settings);
		cluster.read();
		String group = container.getGroupId();
		Set<String> groups = (group != null) ? Set.of(group) : Set.of();
		topicsOf(container, properties)
			.forEach((topic) -> cluster.add(new TopicUse(topic, Set.of(TopicUse.Purpose.CONSUMED), groups, 0)));
	}

	private static Map<String, Object> settingsOf(ConsumerFactory<?, ?> factory) {
		try {
			return factory.getConfigurationProperties();
		}
		catch (UnsupportedOperationException ex) {
			return Map.of();
		}
	}

	private static Set<String> topicsOf(AbstractMessageListenerContainer<?, ?> container,
			ContainerProperties properties) {
		Set<String> topics = new HashSet<>();
		String[] names = properties.getTopics();
		if (names != null) {
			topics.addAll(List.of(names));
		}
		TopicPartitionOffset[] partitions = properties.getTopicPartitions();
		if (partitions != null) {
			Arrays.stream(partitions).map(TopicPartitionOffset::getTopic).forEach(topics::add);
		}
		if (properties.getTopicPattern() != null) {
			try {
				Collection<TopicPartition> assigned = container.getAssignedPartitions();
				if (assigned != null) {
					assigned.forEach((partition) -> topics.add(partition.topic()));
				}
			}
			catch (ConcurrentModificationException ex) {
				// In a rebalance. The next look finds them.
				return topics;
			}
		}
		return topics;
	}

	private void addTemplates(Map<Map<String, Object>, UsedCluster> clusters) {
		for (KafkaTemplate<?, ?> template : this.beanFactory.getBeansOfType(KafkaTemplate.class, false, false)
			.values()) {
			if (template instanceof RoutingKafkaTemplate routing) {
				factoriesOf(routing).forEach((factory) -> addProducers(clusters, factory));
				continue;
			}
			// A mock has none.
			ProducerFactory<?, ?> factory = template.getProducerFactory();
			UsedCluster cluster = (factory != null) ? addProducers(clusters, factory) : null;
			if (cluster != null && template.getDefaultTopic() != null) {
				cluster.add(TopicUse.of(template.getDefaultTopic(), TopicUse.Purpose.PRODUCED));
			}
		}
	}

	@SuppressWarnings("unchecked")
	private static Collection<ProducerFactory<?, ?>> factoriesOf(RoutingKafkaTemplate template) {
		// It has no factory of its own, and does not show those that it chooses from.
		Object factories = new DirectFieldAccessor(template).getPropertyValue("factoryMatchers");
		return (factories != null) ? ((Map<?, ProducerFactory<?, ?>>) factories).values() : List.of();
	}

	private static @Nullable UsedCluster addProducers(Map<Map<String, Object>, UsedCluster> clusters,
			ProducerFactory<?, ?> factory) {
		Map<String, Object> settings;
		try {
			settings = factory.getConfigurationProperties();
		}
		catch (UnsupportedOperationException ex) {
			return null;
		}
		UsedCluster cluster = cluster(clusters, settings);
		Object size = settings.get(ProducerConfig.MAX_REQUEST_SIZE_CONFIG);
		cluster.written((size != null) ? Long.parseLong(String.valueOf(size).trim()) : DEFAULT_REQUEST_BYTES,
				factory.transactionCapable());
		return cluster;
	}

	private void addImplied(UsedCluster cluster, boolean oneIsWritten) {
		addDeadLetters(cluster);
		if (cluster.isWritten()) {
			Set<String> sent = oneIsWritten ? this.beanFactory.getBean(DeliveryLedger.class).deliveries().keySet()
					: Set.of();
			for (String topic : sent) {
				if (!topic.equals(OTHER_TOPICS)) {
					cluster.add(TopicUse.of(topic, TopicUse.Purpose.PRODUCED));
				}
			}
			cluster.topics()
				.stream()
				.filter((use) -> use.purposes().contains(TopicUse.Purpose.PRODUCED))
				.toList()
				.forEach((use) -> cluster
					.add(new TopicUse(use.topic(), use.purposes(), use.groups(), cluster.maxRequestBytes())));
		}
		if (this.sequence.enabled() && this.sequence.watermarks() == SequenceProperties.Watermarks.CONTROL_TOPIC) {
			Stream
				.of(this.sequence.topic(), this.sequence.stateTopic(),
						this.environment.getProperty("reliable.kafka.sequence.reports-topic", "rk-audit-reports"))
				.forEach((topic) -> cluster.add(TopicUse.of(topic, TopicUse.Purpose.CONTROL)));
		}
		if (cluster.isRead()) {
			cluster.add(TopicUse.of("__consumer_offsets", TopicUse.Purpose.INTERNAL));
		}
		if (cluster.isTransactional()) {
			cluster.add(TopicUse.of("__transaction_state", TopicUse.Purpose.INTERNAL));
		}
	}

	private void addDeadLetters(UsedCluster cluster) {
		if (!cluster.isRead() || !this.environment.getProperty(DEAD_LETTER + "enabled", Boolean.class, true)) {
			return;
		}
		String suffix = this.environment.getProperty(DEAD_LETTER + "suffix", "-dlt");
		String parking = suffix + this.environment.getProperty(DEAD_LETTER + "redrive.parking-suffix", "-parking");
		List<String> sources = cluster.topics()
			.stream()
			.filter((use) -> use.purposes().contains(TopicUse.Purpose.CONSUMED))
			.map(TopicUse::topic)
			.filter((topic) -> !topic.endsWith(suffix) && !topic.endsWith(parking))
			.toList();
		for (String source : sources) {
			cluster.add(TopicUse.of(source + suffix, TopicUse.Purpose.DEAD_LETTER));
			cluster.add(TopicUse.of(source + parking, TopicUse.Purpose.REDRIVE));
		}
		cluster.add(TopicUse.of(this.environment.getProperty(DEAD_LETTER + "redrive.topic", "rk-redrive"),
				TopicUse.Purpose.REDRIVE));
	}

}
