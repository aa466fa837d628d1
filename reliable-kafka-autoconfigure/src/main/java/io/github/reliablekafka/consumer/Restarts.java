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
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.MetricName;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.ApplicationContext;
import org.springframework.context.ApplicationListener;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.kafka.listener.AbstractMessageListenerContainer;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;

/**
 * Gives listener containers another consumer for one that can do nothing any more. Of a
 * container with several only the part with that consumer is stopped and started again;
 * the others go on, and the container counts as running, so that whoever stops it
 * meanwhile has the last word. It waits first, longer each time, and tries again until it
 * succeeds; health tells of it. A container without parts is started again at once when
 * it has stopped, and if that fails it is left to the application, since nobody could
 * tell whether somebody has stopped it since. On a thread of its own, which begins with
 * the first of them. Safe for use by many threads.
 */
final class Restarts implements ApplicationListener<ContextClosedEvent>, DisposableBean {

	private static final Log logger = LogFactory.getLog(Restarts.class);

	private static final Duration PAUSE = Duration.ofSeconds(5);

	/**
	 * A static member whose id is free again should not wait for long.
	 */
	private static final Duration LONGEST_PAUSE = Duration.ofSeconds(30);

	/**
	 * Whoever was not refused by then has been taken.
	 */
	private static final Duration TRIAL = Duration.ofMinutes(1);

	/**
	 * Of each part, for the thread of this alone.
	 */
	private final Map<AbstractMessageListenerContainer<?, ?>, Attempt> attempts = new WeakHashMap<>();

	private final @Nullable ApplicationContext context;

	private final DeliveryLedger ledger;

	private final Duration pause;

	private @Nullable ScheduledExecutorService executor;

	private boolean closed;

	Restarts(ApplicationContext context, DeliveryLedger ledger) {
		this(context, ledger, PAUSE);
	}

	Restarts(@Nullable ApplicationContext context, DeliveryLedger ledger, Duration pause) {
		this.context = context;
		this.ledger = ledger;
		this.pause = pause;
	}

	/**
	 * Give a container another consumer, unless it is stopped meanwhile. To be called
	 * once for each consumer.
	 * @param container runs
	 * @param consumer the one that it has
	 * @param reason why that is of no use
	 */
	void restart(AbstractMessageListenerContainer<?, ?> container, Consumer<?, ?> consumer, Throwable reason) {
		later(Duration.ZERO, () -> {
			AbstractMessageListenerContainer<?, ?> part = partOf(container, consumer);
			Duration wait = next(part, String.valueOf(reason.getMessage()));
			logger
				.warn("Listener '%s' is stopped, and started again in %d seconds, because its consumer was refused: %s"
					.formatted(part.getListenerId(), wait.toSeconds(), reason.getMessage()));
			later(wait, () -> stop(part, container));
		});
	}

	// While it has the consumer, a container without parts shows whether it was stopped.
	private void stop(AbstractMessageListenerContainer<?, ?> part, AbstractMessageListenerContainer<?, ?> container) {
		if (!part.isRunning() || !isPartOf(part, container)) {
			this.ledger.goesOn(nameOf(part));
			return;
		}
		try {
			part.stop(() -> later(Duration.ZERO, () -> start(part, container)));
		}
		catch (RuntimeException ex) {
			// Else the callback comes all the same.
			if (part.isRunning()) {
				triedAgain(part, ex, () -> stop(part, container));
			}
		}
	}

	private void start(AbstractMessageListenerContainer<?, ?> part, AbstractMessageListenerContainer<?, ?> container) {
		if (isClosed() || !isPartOf(part, container)) {
			this.ledger.goesOn(nameOf(part));
			return;
		}
		try {
			part.start();
		}
		catch (RuntimeException ex) {
			if (part == container) {
				leave(container, ex);
			}
			else {
				triedAgain(part, ex, () -> start(part, container));
			}
			return;
		}
		if (!isPartOf(part, container)) {
			// Stopped in between, when there was nothing to stop yet.
			part.stop(() -> this.ledger.goesOn(nameOf(part)));
		}
	}

	private void triedAgain(AbstractMessageListenerContainer<?, ?> part, RuntimeException failure, Runnable again) {
		Duration wait = next(part, String.valueOf(failure));
		logger.error("Listener '%s' could not be started again, which is tried once more in %d seconds"
			.formatted(part.getListenerId(), wait.toSeconds()), failure);
		later(wait, again);
	}

	private void leave(AbstractMessageListenerContainer<?, ?> container, RuntimeException failure) {
		logger.error(
				"Listener '%s' could not be started again, and is left stopped".formatted(container.getListenerId()),
				failure);
		// One that failed half way counts as running.
		container.stop(() -> {
		});
		sayStopped(container, "Could not be started again, and is left stopped: " + failure);
	}

	private void sayStopped(AbstractMessageListenerContainer<?, ?> container, String reason) {
		if (container.isRunning()) {
			this.ledger.goesOn(nameOf(container));
			return;
		}
		this.ledger.waits(nameOf(container), reason, LONGEST_PAUSE.plus(TRIAL));
		later(LONGEST_PAUSE, () -> sayStopped(container, reason));
	}

	private Duration next(AbstractMessageListenerContainer<?, ?> part, String reason) {
		long now = System.nanoTime();
		Attempt last = this.attempts.get(part);
		Duration wait = this.pause;
		if (last != null && now - last.nanos() < last.pause().plus(TRIAL).toNanos()) {
			wait = last.pause().multipliedBy(2);
			wait = (wait.compareTo(LONGEST_PAUSE) < 0) ? wait : LONGEST_PAUSE;
		}
		this.attempts.put(part, new Attempt(wait, now));
		this.ledger.waits(nameOf(part), reason, wait.plus(TRIAL));
		return wait;
	}

	private static String nameOf(AbstractMessageListenerContainer<?, ?> part) {
		return "listener '%s'".formatted(part.getListenerId());
	}

	// Its parts are other ones after it was stopped and started.
	private static boolean isPartOf(AbstractMessageListenerContainer<?, ?> part,
			AbstractMessageListenerContainer<?, ?> container) {
		return part == container
				|| (container.isRunning() && container instanceof ConcurrentMessageListenerContainer<?, ?> concurrent
						&& concurrent.getContainers().stream().anyMatch((each) -> each == part));
	}

	private static AbstractMessageListenerContainer<?, ?> partOf(AbstractMessageListenerContainer<?, ?> container,
			Consumer<?, ?> consumer) {
		if (!(container instanceof ConcurrentMessageListenerContainer<?, ?> concurrent)) {
			return container;
		}
		List<? extends AbstractMessageListenerContainer<?, ?>> parts = concurrent.getContainers();
		if (parts.size() == 1) {
			return parts.get(0);
		}
		Set<String> clients = clientsOf(consumer.metrics().keySet());
		List<? extends AbstractMessageListenerContainer<?, ?>> matching = parts.stream()
			.filter((part) -> part.metrics()
				.values()
				.stream()
				.anyMatch((metrics) -> clientsOf(metrics.keySet()).stream().anyMatch(clients::contains)))
			.toList();
		return (matching.size() == 1) ? matching.get(0) : container;
	}

	private static Set<String> clientsOf(Collection<MetricName> metrics) {
		return metrics.stream()
			.map((metric) -> metric.tags().getOrDefault("client-id", ""))
			.filter((client) -> !client.isEmpty())
			.collect(Collectors.toSet());
	}

	private void later(Duration wait, Runnable task) {
		ScheduledExecutorService executor = executor();
		if (executor == null) {
			return;
		}
		try {
			ScheduledFuture<?> unused = executor.schedule(() -> {
				try {
					task.run();
				}
				catch (RuntimeException ex) {
					logger.error("A listener could not be started again", ex);
				}
			}, wait.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (RejectedExecutionException ex) {
			logger.debug("The application ends", ex);
		}
	}

	private synchronized boolean isClosed() {
		return this.closed;
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

	private record Attempt(Duration pause, long nanos) {

	}

}
