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
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.BoundedProducer;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/**
 * Where the reports of one cluster are kept: a compacted topic in the same cluster with
 * the id of the finding as key. So a report that is written again, also by another
 * process, replaces the one before, and none is deleted until somebody writes a tombstone
 * for it. Created with three replicas, of which two must be in sync, as far as there are
 * brokers; a topic that exists is left as it is. After a failure further reports fail at
 * once until it is time to try again: in a second at first, in a minute at last. Safe for
 * use by many threads.
 */
final class ReportsTopic implements AutoCloseable {

	private static final Log logger = LogFactory.getLog(ReportsTopic.class);

	private static final int CAPACITY = 10_000;

	private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);

	private static final Duration LAST_BACKOFF = Duration.ofMinutes(1);

	private static final String PERMISSIONS = ". Allow the application Describe and Write on that topic, and Create "
			+ "unless it exists";

	// Of which another report need not know.
	private static final Set<Class<? extends ApiException>> OF_ONE_REPORT = Set.of(RecordTooLargeException.class,
			RecordBatchTooLargeException.class, InvalidRecordException.class, InvalidTimestampException.class);

	private final String topic;

	private final BoundedAdmin admin;

	private final Duration timeout;

	private final BoundedProducer producer;

	private final BackgroundQueue queue = new BackgroundQueue("loss-reports", CAPACITY,
			"loss reports wait to be written, and more are not taken: they come again until they are written");

	private volatile boolean known;

	private volatile boolean failing;

	private @Nullable Throwable lastFailure;

	private Duration backoff = FIRST_BACKOFF;

	private long notBefore;

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
		this.admin = new BoundedAdmin(connection, "reliable-kafka-loss-reports-admin", timeout.dividedBy(2));
	}

	/**
	 * Write a report.
	 * @param report the report
	 * @return completes when it is acknowledged; fails after the timeout at the latest
	 */
	CompletableFuture<Void> write(LossReport report) {
		IllegalStateException refusal = refusal();
		if (refusal != null) {
			return CompletableFuture.failedFuture(refusal);
		}
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
		IllegalStateException refusal = refusal();
		if (refusal != null) {
			written.completeExceptionally(refusal);
			return;
		}
		try {
			provide();
			CompletableFuture<Void> unused = this.producer
				.send(new ProducerRecord<>(this.topic, report.id().getBytes(StandardCharsets.UTF_8),
						ReportJson.of(report)))
				.whenComplete((done, failure) -> {
					if (failure != null) {
						failed(failure);
						written.completeExceptionally(failure);
					}
					else {
						succeeded();
						written.complete(null);
					}
				});
		}
		catch (RuntimeException ex) {
			failed(ex);
			written.completeExceptionally(ex);
		}
	}

	private synchronized @Nullable IllegalStateException refusal() {
		if (this.lastFailure == null || System.nanoTime() - this.notBefore >= 0) {
			return null;
		}
		return new IllegalStateException("Topic '%s' is not tried again yet".formatted(this.topic), this.lastFailure);
	}

	// What fails together with others says nothing new.
	private synchronized void failed(Throwable failure) {
		if (OF_ONE_REPORT.stream().anyMatch((type) -> type.isInstance(failure)) || refusal() != null) {
			return;
		}
		this.known = false;
		this.lastFailure = failure;
		this.notBefore = System.nanoTime() + this.backoff.toNanos();
		Duration next = this.backoff.multipliedBy(2);
		this.backoff = (next.compareTo(LAST_BACKOFF) < 0) ? next : LAST_BACKOFF;
	}

	private synchronized void succeeded() {
		this.lastFailure = null;
		this.backoff = FIRST_BACKOFF;
	}

	private void note(@Nullable Throwable failure) {
		if (failure != null && !this.failing) {
			this.failing = true;
			logger.warn(("Loss reports cannot be written to topic '%s' (%s). They are logged and published as events, "
					+ "and come again until they are written; meanwhile their gaps stay in the groups' offsets%s")
				.formatted(this.topic, failure, (failure instanceof AuthorizationException) ? PERMISSIONS : ""));
		}
		else if (failure == null && this.failing) {
			this.failing = false;
			logger.info("Loss reports are written to topic '%s' again".formatted(this.topic));
		}
	}

	private void provide() {
		if (this.known) {
			return;
		}
		long deadline = System.nanoTime() + this.timeout.toNanos() / 2;
		if (!exists(deadline)) {
			this.admin.create(this.topic, 1,
					Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT), deadline);
		}
		this.known = true;
	}

	// Whoever may write need not be allowed to look.
	private boolean exists(long deadline) {
		try {
			return this.admin.describe(this.topic, deadline).isPresent();
		}
		catch (AuthorizationException ex) {
			return true;
		}
	}

	@Override
	public void close() {
		this.queue.close();
		this.producer.close();
		this.admin.close();
	}

}
