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

package io.github.reliablekafka.test;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Waits for a condition by asking again and again.
 */
final class Await {

	private static final long POLL_MILLIS = 50;

	private Await() {
	}

	/**
	 * Wait until the condition holds.
	 * @param bound how long at most
	 * @param what what is waited for, completed by what was seen last
	 * @param condition asked at least once
	 * @throws KafkaClusterException if the condition does not hold in time, or the thread
	 * is interrupted
	 */
	static void until(Duration bound, Supplier<String> what, BooleanSupplier condition) {
		long start = System.nanoTime();
		while (!condition.getAsBoolean()) {
			if (System.nanoTime() - start > bound.toNanos()) {
				throw new KafkaClusterException("Not so within " + bound.toMillis() + " ms: " + what.get());
			}
			try {
				Thread.sleep(POLL_MILLIS);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
				throw new KafkaClusterException("Interrupted while waiting: " + what.get(), ex);
			}
		}
	}

}
