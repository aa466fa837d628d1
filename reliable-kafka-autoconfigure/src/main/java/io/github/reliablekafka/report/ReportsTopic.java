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

package io.github.reliablekafka.report;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.jspecify.annotations.Nullable;

/**
 * Where the reports of one cluster are kept: a compacted topic in the same cluster with
 * the id of the finding as key. So a report that is written again, also by another
 * process, replaces the one before, and none is deleted until somebody writes a tombstone
 * for it. Created with the replicas of the first topic that a report is about; a topic
 * that exists is left as it is. Safe for use by many threads.
 */
final class ReportsTopic implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(ReportsTopic.class);

	private static final int CAPACITY = 10_000;

	private final String topic;

	private final Map<String, Object> adminSettings;

	private final Duration timeout;

	private final BoundedProducer producer;

	private final BackgroundQueue queue = new BackgroundQueue("loss-reports", CAPACITY);

	private volatile boolean known;

	private volatile boolean failing;

	/**
	 * Create the place; nothing is connected before the first report.
	 * @param topic the topic's name
	 * @param connection how to reach the cluster
	 * @param timeout longest time until a report is written or given up
	 */
	ReportsTopic(String topic, Map<String, Object> connection, Duration timeout) {
		this.topic = topic;
		this.timeout = timeout;
		this.producer = new BoundedProducer(connection, "reliable-kafka-loss-reports", timeout);
		this.adminSettings = new HashMap<>(connection);
		int third = (int) Math.max(1, timeout.toMillis() / 3);
		this.adminSettings.put(AdminClientConfig.CLIENT_ID_CONFIG, "reliable-kafka-loss-reports-admin");
		this.adminSettings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, third);
		this.adminSettings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, third);
	}

	/**
	 * Write a report.
	 * @param report the report
	 * @return completes when it is acknowledged; fails after the timeout at the latest
	 */
	CompletableFuture<Void> write(LossReport report) {
		CompletableFuture<Void> written = new CompletableFuture<>();
		if (!this.queue.offer(() -> write(report, written))) {
			written.completeExceptionally(
					new IllegalStateException("Too many reports wait to be written, or the application shuts down"));
		}
		return written.orTimeout(this.timeout.toMillis(), TimeUnit.MILLISECONDS)
			.whenComplete((done, failure) -> note(failure));
	}

	private void write(LossReport report, CompletableFuture<Void> written) {
		if (written.isDone()) {
			return;
		}
		try {
			provide(report.finding().lane().topic());
			CompletableFuture<Void> unused = this.producer
				.send(new ProducerRecord<>(this.topic, report.id().getBytes(StandardCharsets.UTF_8),
						ReportJson.of(report)))
				.whenComplete((done, failure) -> {
					if (failure != null) {
						this.known = false;
						written.completeExceptionally(failure);
					}
					else {
						written.complete(null);
					}
				});
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			written.completeExceptionally(ex);
		}
		catch (ExecutionException ex) {
			written.completeExceptionally((ex.getCause() != null) ? ex.getCause() : ex);
		}
		catch (TimeoutException | RuntimeException ex) {
			written.completeExceptionally(ex);
		}
	}

	private void note(@Nullable Throwable failure) {
		if (failure != null && !this.failing) {
			this.failing = true;
			logger.warn(("Loss reports cannot be written to topic '%s'. They are logged and published as events, and "
					+ "come again until they are written; meanwhile their gaps stay in the groups' offsets")
				.formatted(this.topic), failure);
		}
		else if (failure == null && this.failing) {
			this.failing = false;
			logger.info("Loss reports are written to topic '%s' again".formatted(this.topic));
		}
	}

	private void provide(String source) throws InterruptedException, ExecutionException, TimeoutException {
		if (this.known) {
			return;
		}
		long deadline = System.nanoTime() + this.timeout.toNanos() / 2;
		Admin admin = Admin.create(this.adminSettings);
		try {
			if (!exists(admin, deadline)) {
				create(admin, source, deadline);
			}
			this.known = true;
		}
		finally {
			admin.close(Duration.ZERO);
		}
	}

	// Whoever may write need not be allowed to look.
	private boolean exists(Admin admin, long deadline)
			throws InterruptedException, ExecutionException, TimeoutException {
		try {
			get(admin.describeTopics(List.of(this.topic)).topicNameValues().get(this.topic), deadline);
			return true;
		}
		catch (ExecutionException ex) {
			if (ex.getCause() instanceof UnknownTopicOrPartitionException) {
				return false;
			}
			if (ex.getCause() instanceof AuthorizationException) {
				return true;
			}
			throw ex;
		}
	}

	private void create(Admin admin, String source, long deadline)
			throws InterruptedException, ExecutionException, TimeoutException {
		Map<String, String> configs = new HashMap<>();
		configs.put(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT);
		configs.put(TopicConfig.UNCLEAN_LEADER_ELECTION_ENABLE_CONFIG, "false");
		Optional<Short> replicas = Optional.empty();
		try {
			ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, source);
			ConfigEntry minInSync = get(admin.describeConfigs(List.of(resource)).values().get(resource), deadline)
				.get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG);
			replicas = Optional
				.of((short) get(admin.describeTopics(List.of(source)).topicNameValues().get(source), deadline)
					.partitions()
					.get(0)
					.replicas()
					.size());
			if (minInSync != null && minInSync.value() != null) {
				configs.put(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG, minInSync.value());
			}
		}
		catch (ExecutionException ex) {
			logger.debug("Topic '%s' cannot be looked at; the brokers' defaults decide".formatted(source), ex);
		}
		NewTopic newTopic = new NewTopic(this.topic, Optional.of(1), replicas).configs(configs);
		try {
			get(admin.createTopics(List.of(newTopic)).values().get(this.topic), deadline);
			logger.info("Created topic for loss reports " + newTopic);
		}
		catch (ExecutionException ex) {
			if (!(ex.getCause() instanceof TopicExistsException)) {
				throw ex;
			}
		}
	}

	private static <T> T get(@Nullable KafkaFuture<T> future, long deadline)
			throws InterruptedException, ExecutionException, TimeoutException {
		return Objects.requireNonNull(future).get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
	}

	@Override
	public void close() {
		this.queue.close();
		this.producer.close();
	}

}
