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
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.durability.NewTopics;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.kafka.core.KafkaAdmin;

/**
 * The topics that the application declares. Each {@link KafkaAdmin} asks here before it
 * creates a topic; one that is not described in full and is not there is then created
 * here, as durable as the cluster allows. A topic that is there is left to the
 * {@code KafkaAdmin}. If the cluster does not answer, nothing is done, and the
 * {@code KafkaAdmin} says so.
 */
final class DeclaredTopics implements BeanPostProcessor, DisposableBean {

	private static final Log logger = LogFactory.getLog(DeclaredTopics.class);

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static final Duration AFTER_FAILURE = Duration.ofSeconds(30);

	private final Map<KafkaAdmin, Map<String, NewTopic>> topics = new ConcurrentHashMap<>();

	private final Map<KafkaAdmin, BoundedAdmin> clients = new HashMap<>();

	private volatile long silentUntilNanos = System.nanoTime();

	@Override
	public Object postProcessAfterInitialization(Object bean, String beanName) {
		if (bean instanceof KafkaAdmin admin) {
			this.topics.put(admin, new ConcurrentHashMap<>());
			Predicate<NewTopic> given = predicateOf(admin);
			admin.setCreateOrModifyTopic((topic) -> given.test(topic) && prepare(admin, topic));
		}
		return bean;
	}

	/**
	 * The topics that a {@link KafkaAdmin} was given.
	 * @param admin the bean
	 * @return none before it began to create them
	 */
	Collection<NewTopic> of(KafkaAdmin admin) {
		return List.copyOf(this.topics.getOrDefault(admin, Map.of()).values());
	}

	@SuppressWarnings("unchecked")
	private static Predicate<NewTopic> predicateOf(KafkaAdmin admin) {
		// There is room for one, and it is not shown.
		Object predicate = new DirectFieldAccessor(admin).getPropertyValue("createOrModifyTopic");
		return (predicate != null) ? (Predicate<NewTopic>) predicate : (topic) -> true;
	}

	private boolean prepare(KafkaAdmin admin, NewTopic topic) {
		this.topics.computeIfAbsent(admin, (key) -> new ConcurrentHashMap<>()).put(topic.name(), topic);
		if (!NewTopics.isComplete(topic) && System.nanoTime() - this.silentUntilNanos >= 0) {
			long deadline = System.nanoTime() + TIMEOUT.toNanos();
			try {
				BoundedAdmin client = client(admin);
				if (client.describe(topic.name(), deadline).isEmpty()) {
					create(client, topic, deadline);
				}
			}
			catch (KafkaException ex) {
				// So that many topics do not wait for an answer each.
				this.silentUntilNanos = System.nanoTime() + AFTER_FAILURE.toNanos();
				logger.debug("Topic '%s' was not completed".formatted(topic.name()), ex);
			}
		}
		return true;
	}

	private synchronized BoundedAdmin client(KafkaAdmin admin) {
		return this.clients.computeIfAbsent(admin,
				(key) -> new BoundedAdmin(ConnectionSettings.of(key.getConfigurationProperties()),
						"reliable-kafka-new-topic", TIMEOUT));
	}

	/**
	 * Let go of connections until there is something to create again.
	 */
	synchronized void release() {
		this.clients.values().forEach(BoundedAdmin::close);
		this.clients.clear();
	}

	@Override
	public void destroy() {
		release();
	}

	private static void create(BoundedAdmin client, NewTopic topic, long deadline) {
		NewTopic complete = NewTopics.complete(topic, client.brokers(deadline));
		// Not permitted, or refused: the KafkaAdmin tries as the application described
		// it.
		client.create(complete, deadline);
	}

}
