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

import java.util.Objects;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * One thread takes numbers, another posts outcomes, a third makes known what may be said
 * of them, as in a producer.
 */
class ProducerSessionConcurrencyTests extends ProducerSessionSetup {

	private static final int RECORDS = 300_000;

	private static final int REFUSED_EVERY = 7;

	private static final int FAILED_EVERY = 5_003;

	private final BlockingQueue<Ticket> inFlight = new ArrayBlockingQueue<>(500);

	@Test
	@Timeout(60)
	void whatIsSaidIsTrueWhenItIsSaidAndAllIsSaidInTheEnd() throws Exception {
		ExecutorService threads = Executors.newFixedThreadPool(2);
		try {
			Future<?> sender = threads.submit(this::send);
			Future<?> network = threads.submit(this::settle);
			long failed = 0;
			Watermark last = null;
			while (!network.isDone()) {
				if (sender.isDone()) {
					// Throws what it has thrown, of which the other does not hear.
					sender.get();
				}
				for (Watermark watermark : watermarks()) {
					assertFollows(watermark, last);
					last = watermark;
				}
			}
			sender.get();
			network.get();
			for (Watermark watermark : watermarks()) {
				assertFollows(watermark, last);
				last = watermark;
			}
			assertThat(Objects.requireNonNull(last).number()).isEqualTo(RECORDS);
			assertThat(last.claim().acknowledged()).isEqualTo(RECORDS);
			for (int i = 0; i < last.claim().failed().size(); i++) {
				failed += last.claim().failed().last(i) - last.claim().failed().first(i) + 1;
			}
			assertThat(failed).isEqualTo(RECORDS / FAILED_EVERY);
			assertThat(this.session.hasChanges()).isFalse();
		}
		finally {
			threads.shutdownNow();
			assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
		}
	}

	private static void assertFollows(Watermark watermark, @Nullable Watermark before) {
		assertThat(watermark.number()).isGreaterThanOrEqualTo(watermark.claim().acknowledged());
		assertThat(watermark.appendNumber()).isEqualTo(watermark.number());
		if (before != null) {
			assertThat(watermark.session()).isEqualTo(before.session());
			assertThat(watermark.sequence()).isEqualTo(before.sequence() + 1);
			// One may have been taken back.
			assertThat(watermark.number()).isGreaterThanOrEqualTo(before.number() - 1);
			assertThat(watermark.claim().acknowledged()).isGreaterThanOrEqualTo(before.claim().acknowledged());
		}
	}

	private @Nullable Void send() throws Exception {
		for (int number = 1; number <= RECORDS; number++) {
			if (number % REFUSED_EVERY == 0) {
				take(false).rollBack();
			}
			Ticket ticket = take(false);
			assertThat(ticket.number()).isEqualTo(number);
			this.inFlight.put(ticket);
			ticket.appended();
		}
		return null;
	}

	private @Nullable Void settle() throws Exception {
		for (int number = 1; number <= RECORDS; number++) {
			Ticket ticket = this.inFlight.take();
			if (number % FAILED_EVERY == 0) {
				ticket.failed();
			}
			else {
				ticket.acknowledged(number);
			}
		}
		return null;
	}

}
