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

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

/**
 * Work for one thread, one after the other, with room for so much and no more. What finds
 * no room is counted, and the log says so once until half of the room is free again, and
 * then how much it was. The thread is there while there is work. Safe for use by many
 * threads.
 */
final class BackgroundQueue implements AutoCloseable {

	private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

	private static final Log logger = LogFactory.getLog(BackgroundQueue.class);

	private final ThreadPoolExecutor executor;

	private final int capacity;

	private final String consequence;

	private final AtomicLong refused = new AtomicLong();

	private final AtomicBoolean full = new AtomicBoolean();

	/**
	 * Create a queue without a thread.
	 * @param name of its thread, after {@code reliable-kafka-}
	 * @param capacity how much work may wait
	 * @param consequence what waits and what becomes of what finds no room, for people
	 */
	BackgroundQueue(String name, int capacity, String consequence) {
		this.capacity = capacity;
		this.consequence = consequence;
		this.executor = new ThreadPoolExecutor(1, 1, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<>(capacity),
				(task) -> {
					Thread thread = new Thread(task, "reliable-kafka-" + name);
					thread.setDaemon(true);
					return thread;
				});
		this.executor.allowCoreThreadTimeOut(true);
	}

	/**
	 * Hand over work.
	 * @param task must not throw
	 * @return whether there is room for it
	 */
	boolean offer(Runnable task) {
		try {
			this.executor.execute(() -> {
				task.run();
				sayRoom();
			});
			return true;
		}
		catch (RejectedExecutionException ex) {
			if (!this.executor.isShutdown()) {
				long count = this.refused.incrementAndGet();
				if (this.full.compareAndSet(false, true)) {
					logger.warn("%d %s (%d so far)".formatted(this.capacity, this.consequence, count));
				}
			}
			return false;
		}
	}

	private void sayRoom() {
		if (this.full.get() && this.executor.getQueue().size() <= this.capacity / 2
				&& this.full.compareAndSet(true, false)) {
			logger.warn("There is room again, where %d %s (%d so far)".formatted(this.capacity, this.consequence,
					this.refused.get()));
		}
	}

	@Override
	public void close() {
		this.executor.shutdown();
		try {
			if (!this.executor.awaitTermination(CLOSE_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)) {
				this.executor.shutdownNow();
			}
		}
		catch (InterruptedException ex) {
			this.executor.shutdownNow();
			Thread.currentThread().interrupt();
		}
	}

}
