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

package io.github.reliablekafka.idempotency;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;

/**
 * Deletes old records from the database, now and then, in a thread of its own.
 */
final class ForgettingRecords implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(ForgettingRecords.class);

	private final ProcessedRecordsInDatabase processed;

	private final Duration retention;

	private final Duration interval;

	private @Nullable ScheduledExecutorService executor;

	/**
	 * Create it; nothing runs before it is started.
	 * @param processed what forgets
	 * @param retention how long a record is remembered
	 * @param interval how often to look
	 */
	ForgettingRecords(ProcessedRecordsInDatabase processed, Duration retention, Duration interval) {
		this.processed = processed;
		this.retention = retention;
		this.interval = interval;
	}

	@Override
	public synchronized void start() {
		if (this.executor == null) {
			this.executor = Executors.newSingleThreadScheduledExecutor((task) -> {
				Thread thread = new Thread(task, "reliable-kafka-idempotency");
				thread.setDaemon(true);
				return thread;
			});
			Future<?> unused = this.executor.scheduleWithFixedDelay(this::forget, this.interval.toMillis(),
					this.interval.toMillis(), TimeUnit.MILLISECONDS);
		}
	}

	private void forget() {
		try {
			int forgotten = this.processed.forget(this.retention);
			logger
				.debug("Forgot %d records that were processed longer than %s ago".formatted(forgotten, this.retention));
		}
		catch (RuntimeException ex) {
			logger.warn("Cannot delete old records; tried again in " + this.interval, ex);
		}
	}

	@Override
	public synchronized void stop() {
		if (this.executor != null) {
			this.executor.shutdownNow();
			this.executor = null;
		}
	}

	@Override
	public synchronized boolean isRunning() {
		return this.executor != null;
	}

}
