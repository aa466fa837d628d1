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
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import io.github.reliablekafka.ledger.DeliveryCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.context.SmartLifecycle;

/**
 * Gives the producers of an application one time in which to have their records
 * acknowledged when it is shut down, however many they are. Runs when listeners and web
 * requests have ended and just before the producer factories close their producers. One
 * that is not done when the time is over is closed without further waiting.
 */
final class ProducerShutdown implements SmartLifecycle, DisposableBean {

	private static final Log logger = LogFactory.getLog(ProducerShutdown.class);

	private final Duration timeout;

	private final DeliveryLedger ledger;

	private final @Nullable Spools spools;

	private final Set<ReliableProducer<?, ?>> open = ConcurrentHashMap.newKeySet();

	private final Set<ReliableProducer<?, ?>> overdue = ConcurrentHashMap.newKeySet();

	private volatile boolean running;

	private volatile boolean over;

	ProducerShutdown(Duration timeout, DeliveryLedger ledger, @Nullable Spools spools) {
		this.timeout = timeout;
		this.ledger = ledger;
		this.spools = spools;
	}

	Duration timeout() {
		return this.timeout;
	}

	void opened(ReliableProducer<?, ?> producer) {
		this.open.add(producer);
	}

	/**
	 * Note that a producer is being closed.
	 * @param producer the producer
	 * @return whether it may still wait for acknowledgements
	 */
	boolean closed(ReliableProducer<?, ?> producer) {
		this.open.remove(producer);
		return !this.overdue.remove(producer);
	}

	@Override
	public void start() {
		this.running = true;
	}

	@Override
	public void stop() {
		this.running = false;
		long deadline = System.nanoTime() + this.timeout.toNanos();
		DeliveryCounts before = this.ledger.totals();
		List<Thread> flushes = new ArrayList<>();
		for (ReliableProducer<?, ?> producer : this.open) {
			this.overdue.add(producer);
			Thread flush = new Thread(() -> {
				producer.flush();
				this.overdue.remove(producer);
			}, "reliable-kafka-flush");
			// Ends with the producer, at the latest.
			flush.setDaemon(true);
			flush.start();
			flushes.add(flush);
		}
		try {
			for (Thread flush : flushes) {
				flush.join(Math.max(1, Duration.ofNanos(deadline - System.nanoTime()).toMillis()));
			}
			if (this.spools != null) {
				this.spools.awaitDrained(deadline);
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		if (this.spools != null) {
			this.spools.stopRelays();
		}
		DeliveryCounts after = this.ledger.totals();
		if (!this.open.isEmpty() || after.spooled() > 0) {
			logger.info("Producers stopping: flushed %d, spooled %d, rejected %d, in flight %d".formatted(
					after.delivered() - before.delivered(), after.spooled(),
					after.rejectedTotal() - before.rejectedTotal(), after.inFlight()));
		}
	}

	/**
	 * Happens after the factories are destroyed, because they are created later: what a
	 * factory makes from now on nobody would close.
	 */
	@Override
	public void destroy() {
		this.over = true;
		if (this.spools != null) {
			this.spools.close();
		}
	}

	boolean isOver() {
		return this.over;
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		// The factories' phase is the lowest there is.
		return Integer.MIN_VALUE + 1;
	}

}
