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

package io.github.reliablekafka.sample.orders;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.test.KafkaCluster;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.boot.ExitCodeGenerator;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.core.task.AsyncTaskExecutor;
import org.springframework.stereotype.Component;

/**
 * Places orders at a steady rate, kills a broker on the way if the cluster is the
 * sample's own, waits for every order's end and says how many were lost.
 */
@Component
@ConditionalOnProperty("sample.load")
@EnableConfigurationProperties(LoadProperties.class)
class LoadRun implements ApplicationRunner, ExitCodeGenerator {

	private static final Log logger = LogFactory.getLog(LoadRun.class);

	private static final int VICTIM = 2;

	/**
	 * One order in so many is for a cursed item.
	 */
	private static final int CURSED_EVERY = 200;

	private final LoadProperties properties;

	private final OrderService service;

	private final LoadBook book;

	private final ObjectProvider<KafkaCluster> cluster;

	private final AsyncTaskExecutor executor;

	private volatile int exitCode = 1;

	LoadRun(LoadProperties properties, OrderService service, LoadBook book, ObjectProvider<KafkaCluster> cluster,
			AsyncTaskExecutor executor) {
		this.properties = properties;
		this.service = service;
		this.book = book;
		this.cluster = cluster;
		this.executor = executor;
	}

	@Override
	public void run(ApplicationArguments arguments) throws InterruptedException {
		Duration load = this.properties.load();
		logger.info("Placing %d orders/s for %d s, one in %d cursed".formatted(this.properties.rate(), load.toSeconds(),
				CURSED_EVERY));
		CompletableFuture<Void> fault = fault(load.dividedBy(3));
		placeOrders(load);
		fault.join();
		logger.info("All placed, waiting for the rest: " + this.book.totals().progress());
		LoadBook.Totals totals = awaitCompletion();
		if (totals.rejected() + totals.pending() > 0) {
			logger.warn("rejected=%d pending=%d".formatted(totals.rejected(), totals.pending()));
		}
		System.out.println(totals);
		boolean proven = totals.lost() == 0 && totals.delivered() > 0
				&& totals.delivered() == totals.accepted() - totals.rejected();
		this.exitCode = proven ? 0 : 1;
	}

	private CompletableFuture<Void> fault(Duration third) {
		KafkaCluster brokers = this.cluster.getIfAvailable();
		if (brokers == null) {
			return CompletableFuture.completedFuture(null);
		}
		Executor later = CompletableFuture.delayedExecutor(third.toMillis(), TimeUnit.MILLISECONDS, this.executor);
		return CompletableFuture.runAsync(() -> {
			brokers.kill(VICTIM);
			logger.info("Broker %d killed (SIGKILL): %s".formatted(VICTIM, this.book.totals().progress()));
		}, later).thenRunAsync(() -> {
			logger.info("Broker %d starting again: %s".formatted(VICTIM, this.book.totals().progress()));
			brokers.restart(VICTIM);
			logger.info("Broker %d back: %s".formatted(VICTIM, this.book.totals().progress()));
		}, later);
	}

	private void placeOrders(Duration load) throws InterruptedException {
		long start = System.nanoTime();
		long count = load.toMillis() * this.properties.rate() / 1000;
		for (long number = 1; number <= count; number++) {
			String item = (number % CURSED_EVERY == 0) ? OrderListener.CURSED : "book";
			place(new Order(UUID.randomUUID(), item, 1));
			long due = start + TimeUnit.SECONDS.toNanos(number) / this.properties.rate();
			TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
		}
	}

	@SuppressWarnings("FutureReturnValueIgnored") // what could not be settled stays
													// pending
	private void place(Order order) {
		this.book.accepted(order.id());
		// Not on the producer's thread: a database may keep it waiting.
		this.service.place(order)
			.whenCompleteAsync((receipt, failure) -> this.book.settled(order.id(), failure), this.executor);
	}

	private LoadBook.Totals awaitCompletion() throws InterruptedException {
		long deadline = System.nanoTime() + this.properties.patience().toNanos();
		LoadBook.Totals totals = this.book.totals();
		while (!totals.isComplete() && System.nanoTime() < deadline) {
			TimeUnit.MILLISECONDS.sleep(200);
			totals = this.book.totals();
		}
		return totals;
	}

	@Override
	public int getExitCode() {
		return this.exitCode;
	}

}
