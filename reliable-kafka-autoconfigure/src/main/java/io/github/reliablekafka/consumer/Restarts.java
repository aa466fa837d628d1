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

package io.github.reliablekafka.consumer;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;

/**
 * Stops listener containers whose consumer can do nothing any more, and starts them again
 * a little later, so that they have another one. On a thread of its own, which begins
 * with the first of them. Safe for use by many threads.
 */
final class Restarts implements ApplicationListener<ContextClosedEvent>, DisposableBean {

	private static final Log logger = LogFactory.getLog(Restarts.class);

	private static final Duration PAUSE = Duration.ofSeconds(5);

	private final Set<AbstractMessageListenerContainer<?, ?>> pending = ConcurrentHashMap.newKeySet();

	private final @Nullable ApplicationContext context;

	private final Duration pause;

	private @Nullable ScheduledExecutorService executor;

	private boolean closed;

	Restarts(ApplicationContext context) {
		this(context, PAUSE);
	}

	Restarts(@Nullable ApplicationContext context, Duration pause) {
		this.context = context;
		this.pause = pause;
	}

	/**
	 * Start a container again, unless that is under way, or it was stopped meanwhile.
	 * @param container runs
	 * @param reason why
	 */
	void restart(AbstractMessageListenerContainer<?, ?> container, Throwable reason) {
		ScheduledExecutorService executor = executor();
		if (executor == null || !this.pending.add(container)) {
			return;
		}
		logger.warn("Listener '%s' is stopped, and started again in %d seconds, because its consumer was refused: %s"
			.formatted(container.getListenerId(), this.pause.toSeconds(), reason.getMessage()));
		executor.execute(() -> stop(container, executor));
	}

	private void stop(AbstractMessageListenerContainer<?, ?> container, ScheduledExecutorService executor) {
		if (!container.isRunning()) {
			this.pending.remove(container);
			return;
		}
		container.stop(() -> {
			try {
				ScheduledFuture<?> unused = executor.schedule(() -> start(container), this.pause.toMillis(),
						TimeUnit.MILLISECONDS);
			}
			catch (RejectedExecutionException ex) {
				logger.debug("The application ends", ex);
			}
		});
	}

	private void start(AbstractMessageListenerContainer<?, ?> container) {
		this.pending.remove(container);
		try {
			container.start();
		}
		catch (RuntimeException ex) {
			logger.error("Listener '%s' could not be started again".formatted(container.getListenerId()), ex);
		}
	}

	private synchronized @Nullable ScheduledExecutorService executor() {
		if (this.executor == null && !this.closed) {
			this.executor = Executors.newSingleThreadScheduledExecutor((task) -> {
				Thread thread = new Thread(task, "reliable-kafka-restarts");
				thread.setDaemon(true);
				return thread;
			});
		}
		return this.executor;
	}

	// Before containers are stopped: none may be started after that.
	@Override
	public void onApplicationEvent(ContextClosedEvent event) {
		if (event.getApplicationContext() == this.context) {
			destroy();
		}
	}

	@Override
	public synchronized void destroy() {
		this.closed = true;
		if (this.executor != null) {
			this.executor.shutdownNow();
			this.executor = null;
		}
	}

}
