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

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Tells senders that their records are in the spool, or have come out of it, on one
 * thread for each producer factory: in order, as Kafka's network thread does. What an
 * application does there holds up what others of the same factory are told, and nothing
 * else: neither the disk nor what is on its way to the cluster. If it takes long, a
 * warning says so. Safe for use by many threads.
 */
final class Teller {

	private static final Log logger = LogFactory.getLog(Teller.class);

	private static final long LONG = TimeUnit.SECONDS.toNanos(10);

	/**
	 * So many may wait to be told something.
	 */
	private static final int MOST = 10_000;

	private final Slowly slowly = new Slowly(System::nanoTime);

	private final ThreadPoolExecutor executor;

	private volatile @Nullable Thread thread;

	/**
	 * When the present action began, or 0.
	 */
	private volatile long since;

	Teller() {
		this.executor = new ThreadPoolExecutor(1, 1, 10, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), (task) -> {
			Thread created = new Thread(task, "reliable-kafka-receipts");
			created.setDaemon(true);
			this.thread = created;
			return created;
		});
		this.executor.allowCoreThreadTimeOut(true);
	}

	/**
	 * Tell somebody something.
	 * @param action does that
	 */
	void tell(Runnable action) {
		warnIfHeldUp();
		try {
			this.executor.execute(() -> {
				this.since = System.nanoTime() | 1;
				try {
					action.run();
				}
				finally {
					this.since = 0;
				}
			});
		}
		catch (RejectedExecutionException ex) {
			action.run();
		}
	}

	private void warnIfHeldUp() {
		long begun = this.since;
		if (begun != 0 && System.nanoTime() - begun > LONG && this.slowly.isDue("held up")) {
			logger.warn(("What an application does after 'deliver' or in a callback has been running for more than %d "
					+ "seconds on thread '%s'; what else is to be told waits for it. Have it done by an executor")
				.formatted(TimeUnit.NANOSECONDS.toSeconds(LONG), "reliable-kafka-receipts"));
		}
	}

	/**
	 * Whether so much is to be told that it is better to tell no more than one must.
	 * @return {@code true} if an application takes too long
	 */
	boolean isHeldUp() {
		return this.executor.getQueue().size() >= MOST;
	}

	/**
	 * Whether this thread tells.
	 * @return {@code true} in what it tells
	 */
	boolean isCurrent() {
		return Thread.currentThread() == this.thread;
	}

	/**
	 * Tell what is still to be told.
	 * @param patience how long to wait for that
	 */
	void close(Duration patience) {
		this.executor.shutdown();
		try {
			if (!isCurrent() && !this.executor.awaitTermination(patience.toMillis(), TimeUnit.MILLISECONDS)) {
				logger.warn("%d senders are not told what became of their records, as one of them still does something"
					.formatted(this.executor.getQueue().size()));
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
