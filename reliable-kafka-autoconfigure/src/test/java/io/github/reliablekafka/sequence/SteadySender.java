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

package io.github.reliablekafka.sequence;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

import static org.awaitility.Awaitility.await;

/**
 * Sends in the background until it is closed, and then waits until all is acknowledged.
 */
final class SteadySender implements AutoCloseable {

	/** Milliseconds from one record to the next. */
	private static final long PACE = 5;

	private final CheckedApplication application;

	private final String topic;

	private final List<CompletableFuture<Void>> sends = new ArrayList<>();

	private final CompletableFuture<Void> done;

	private volatile boolean closed;

	private volatile int count;

	private final AtomicInteger acknowledged = new AtomicInteger();

	SteadySender(CheckedApplication application, String topic) {
		this.application = application;
		this.topic = topic;
		this.done = CompletableFuture.runAsync(this::run, (task) -> {
			Thread thread = new Thread(task, "steady-sender");
			thread.setDaemon(true);
			thread.start();
		});
	}

	private void run() {
		try {
			for (int i = 0; !this.closed; i++) {
				this.sends.add(this.application.send(this.topic, null, "steady-" + i)
					.thenRun(this.acknowledged::incrementAndGet));
				this.count = i + 1;
				Thread.sleep(PACE);
			}
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	int sent() {
		return this.count;
	}

	/**
	 * Wait until more records are acknowledged.
	 * @param more how many
	 */
	void awaitAcknowledged(int more) {
		int enough = this.acknowledged.get() + more;
		await().atMost(Duration.ofSeconds(90)).until(() -> this.acknowledged.get() >= enough);
	}

	@Override
	public void close() {
		this.closed = true;
		CheckedApplication.await(this.done, Duration.ofSeconds(90));
		CheckedApplication.await(CompletableFuture.allOf(this.sends.toArray(new CompletableFuture<?>[0])),
				Duration.ofSeconds(90));
	}

}
