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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Predicate;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.durability.NewTopics;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.TimeoutException;

import org.springframework.beans.DirectFieldAccessor;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.kafka.core.KafkaAdmin;

/**
 * The topics that the application declares. Each {@link KafkaAdmin} asks here before it
 * creates a topic; one that is not described in full and is not there is then created
 * here, as durable as the cluster allows. A topic that is there is left to the
 * {@code KafkaAdmin}. If that is not possible, the log says so, and the
 * {@code KafkaAdmin} does what it does alone. While clusters are away the start waits at
 * most 10 seconds here, however many topics and clusters there are.
 */
final class DeclaredTopics implements BeanPostProcessor, DisposableBean {

	private static final Log logger = LogFactory.getLog(DeclaredTopics.class);

	private static final Duration TIMEOUT = Duration.ofSeconds(10);

	private static final Duration AFTER_FAILURE = Duration.ofSeconds(30);

	private final Map<KafkaAdmin, Map<String, NewTopic>> topics = new ConcurrentHashMap<>();

	private final Map<KafkaAdmin, Reach> clusters = new HashMap<>();

	private final Map<KafkaAdmin, Long> silentUntilNanos = new ConcurrentHashMap<>();

	private final Function<Map<String, Object>, BoundedAdmin> clients;

	DeclaredTopics() {
		this((settings) -> new BoundedAdmin(ConnectionSettings.of(settings), "reliable-kafka-new-topic", TIMEOUT));
	}

	/**
	 * Create with clients of another kind.
	 * @param clients makes a client for the settings of a {@link KafkaAdmin}
	 */
	DeclaredTopics(Function<Map<String, Object>, BoundedAdmin> clients) {
		this.clients = clients;
	}

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
		if (!NewTopics.isComplete(topic) && !isSilent(admin)) {
			try {
				BoundedAdmin client = client(admin);
				long deadline = System.nanoTime() + TIMEOUT.toNanos();
				if (client.describe(topic.name(), deadline).isEmpty()) {
					// Not permitted, or refused: the KafkaAdmin tries as the application
					// described it.
					client.createComplete(topic, deadline);
				}
			}
			catch (TimeoutException ex) {
				// So that many topics do not wait for an answer each.
				this.silentUntilNanos.put(admin, System.nanoTime() + AFTER_FAILURE.toNanos());
				forget(admin);
				logger.warn(("Topic '%s' could not be completed, and those that follow within %d seconds are not "
						+ "tried: if the cluster answers meanwhile, its own defaults hold for what they leave open")
					.formatted(topic.name(), AFTER_FAILURE.toSeconds()), ex);
			}
			catch (InterruptException ex) {
				throw ex;
			}
			catch (KafkaException ex) {
				logger.warn(
						"Topic '%s' could not be completed: if it is not there, the cluster's own defaults hold for what it leaves open"
							.formatted(topic.name()),
						ex);
			}
		}
		return true;
	}

	private boolean isSilent(KafkaAdmin admin) {
		Long until = this.silentUntilNanos.get(admin);
		return until != null && System.nanoTime() - until < 0;
	}

	// All clusters are asked when the first is needed, so that those that are away are
	// waited for at the same time.
	private BoundedAdmin client(KafkaAdmin admin) {
		Reach reach;
		synchronized (this) {
			long deadline = System.nanoTime() + TIMEOUT.toNanos();
			Reach asked = this.clusters.get(admin);
			if (asked != null) {
				reach = asked;
			}
			else {
				reach = reach(admin, deadline);
				this.topics.keySet().forEach((other) -> reachAhead(other, deadline));
			}
		}
		reach.await();
		return reach.client();
	}

	private Reach reach(KafkaAdmin admin, long deadline) {
		BoundedAdmin client = this.clients.apply(admin.getConfigurationProperties());
		Reach reach = new Reach(client, ask(client), deadline);
		this.clusters.put(admin, reach);
		return reach;
	}

	private void reachAhead(KafkaAdmin admin, long deadline) {
		if (this.clusters.containsKey(admin) || isSilent(admin)) {
			return;
		}
		try {
			reach(admin, deadline);
		}
		catch (RuntimeException ex) {
			// Not like others, as a mock. It is asked when it has a topic.
			logger.debug("Cannot ask ahead for the cluster of " + admin, ex);
		}
	}

	private static Future<?> ask(BoundedAdmin client) {
		try {
			return client.reach();
		}
		catch (RuntimeException ex) {
			// Its settings are wrong. That is the matter of whoever creates topics there.
			return CompletableFuture.failedFuture(ex);
		}
	}

	private synchronized void forget(KafkaAdmin admin) {
		Reach reach = this.clusters.remove(admin);
		if (reach != null) {
			reach.client().close();
		}
	}

	/**
	 * Let go of connections until there is something to create again.
	 */
	synchronized void release() {
		this.clusters.values().forEach((cluster) -> cluster.client().close());
		this.clusters.clear();
	}

	@Override
	public void destroy() {
		release();
	}

	/**
	 * A cluster that was asked whether it is there.
	 *
	 * @param client the client
	 * @param answer completes when it is
	 * @param deadlineNanos when to wait no longer for that
	 */
	private record Reach(BoundedAdmin client, Future<?> answer, long deadlineNanos) {

		void await() {
			try {
				this.answer.get(Math.max(0, this.deadlineNanos - System.nanoTime()), TimeUnit.NANOSECONDS);
			}
			catch (InterruptedException ex) {
				throw new InterruptException(ex);
			}
			catch (ExecutionException ex) {
				throw (ex.getCause() instanceof KafkaException cause) ? cause : new KafkaException(ex.getCause());
			}
			catch (java.util.concurrent.TimeoutException ex) {
				throw new TimeoutException("The cluster has not answered in time", ex);
			}
		}

	}

}
