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

package io.github.reliablekafka.watermark;

import java.time.Duration;
import java.util.Collection;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.test.util.ReflectionTestUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link AuditLoop}.
 */
class AuditLoopTests {

	private final Loop loop = new Loop();

	@AfterEach
	void close() throws Exception {
		this.loop.close(System.nanoTime() + TimeUnit.SECONDS.toNanos(5), true);
		this.loop.join();
	}

	@Test
	void errorInATurnIsSurvivedAndTriedAgainAfterAPause() {
		this.loop.failures.set(2);
		this.loop.tell(() -> {
		});
		AtomicInteger notes = new AtomicInteger();
		for (int i = 0; i < 1000; i++) {
			this.loop.tell(notes::incrementAndGet);
		}
		await().until(() -> this.loop.turns.get() >= 3);
		assertThat(this.loop.turns.get()).isLessThan(100);
		await().untilAsserted(() -> assertThat(notes).hasValue(1000));
	}

	@Test
	void noteThatFailsIsGoneAndTheNextRuns() throws Exception {
		CountDownLatch next = new CountDownLatch(1);
		this.loop.tell(() -> {
			throw new AssertionError("note");
		});
		this.loop.tell(next::countDown);
		assertThat(next.await(10, TimeUnit.SECONDS)).isTrue();
	}

	@Test
	void notesAreRefusedAfterTheEnd() throws Exception {
		this.loop.tell(() -> {
		});
		close();
		for (int i = 0; i < 10; i++) {
			this.loop.tell(() -> {
			});
		}
		assertThat((Collection<?>) ReflectionTestUtils.getField(this.loop, "notes")).isEmpty();
		assertThat(this.loop.released).isTrue();
	}

	@Test
	void notesAreRefusedAfterTheEndOfALoopThatNeverBegan() throws Exception {
		close();
		this.loop.tell(() -> {
		});
		assertThat((Collection<?>) ReflectionTestUtils.getField(this.loop, "notes")).isEmpty();
	}

	@Test
	void releaseThatHasBegunIsNotBrokenOffWhenTheTimeIsOver() throws Exception {
		this.loop.tell(() -> {
		});
		this.loop.holdRelease = new CountDownLatch(1);
		this.loop.close(System.nanoTime(), false);
		assertThat(this.loop.releasing.await(10, TimeUnit.SECONDS)).isTrue();
		this.loop.join();
		this.loop.close(System.nanoTime(), true);
		this.loop.holdRelease.countDown();
		await().until(() -> this.loop.released);
		assertThat(this.loop.brokenOff).isFalse();
	}

	/**
	 * Fails for a while.
	 */
	private static final class Loop extends AuditLoop {

		private final AtomicInteger failures = new AtomicInteger();

		private final AtomicInteger turns = new AtomicInteger();

		private final CountDownLatch releasing = new CountDownLatch(1);

		private volatile CountDownLatch holdRelease = new CountDownLatch(0);

		private volatile boolean brokenOff;

		private volatile boolean released;

		Loop() {
			super("test", Duration.ofMillis(200));
		}

		@Override
		Duration turn() {
			this.turns.incrementAndGet();
			if (this.failures.getAndDecrement() > 0) {
				throw new NoClassDefFoundError("gone");
			}
			return Duration.ofMinutes(1);
		}

		@Override
		void release() {
			this.releasing.countDown();
			try {
				this.holdRelease.await();
			}
			catch (InterruptedException ex) {
				this.brokenOff = true;
			}
			this.released = true;
		}

	}

}
