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

package io.github.reliablekafka.benchmarks;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;

/**
 * Waits until a number of records is acknowledged. One failure fails all.
 */
final class Acknowledgements implements BiConsumer<@Nullable Object, @Nullable Throwable> {

	private static final long PATIENCE_MINUTES = 10;

	private final AtomicLong missing;

	private final CountDownLatch done = new CountDownLatch(1);

	private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

	Acknowledgements(long records) {
		this.missing = new AtomicLong(records);
	}

	@Override
	public void accept(@Nullable Object result, @Nullable Throwable failure) {
		if (failure != null) {
			this.failure.compareAndSet(null, failure);
			this.done.countDown();
		}
		if (this.missing.decrementAndGet() == 0) {
			this.done.countDown();
		}
	}

	void await() throws InterruptedException {
		boolean inTime = this.done.await(PATIENCE_MINUTES, TimeUnit.MINUTES);
		Throwable failure = this.failure.get();
		if (failure != null || !inTime) {
			throw new IllegalStateException("Records not acknowledged: " + this.missing.get(), failure);
		}
	}

}
