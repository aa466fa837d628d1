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

package io.github.reliablekafka.actuate;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.github.reliablekafka.deadletter.DeadLetters;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeadLettersSection}.
 */
class DeadLettersSectionTests {

	private final AtomicInteger asked = new AtomicInteger();

	private final AtomicLong seconds = new AtomicLong();

	@Test
	void topicWithoutPermissionHidesNoOther() {
		DeadLettersSection section = new DeadLettersSection((failed) -> {
			failed.accept("secret-dlt", new TopicAuthorizationException("not for you"));
			return List.of(new DeadLetters.Topic("orders-dlt", "orders", false, 6, 12, 4));
		}, this::nanos);
		assertThat(section.read()).containsEntry("failure", "")
			.containsEntry("failures", Map.of("secret-dlt", "TopicAuthorizationException"))
			.containsEntry("topics", List.of(Map.of("topic", "orders-dlt", "originalTopic", "orders", "parking", false,
					"partitions", 6, "records", 12L, "waiting", 4L)));
	}

	@Test
	void clusterIsAskedOnceInFiveSeconds() {
		DeadLettersSection section = new DeadLettersSection((failed) -> {
			this.asked.incrementAndGet();
			throw new TimeoutException("away");
		}, this::nanos);
		section.read();
		this.seconds.set(4);
		assertThat(section.read()).containsEntry("failure", "The cluster could not be asked: TimeoutException");
		assertThat(this.asked).hasValue(1);
		this.seconds.set(5);
		section.read();
		assertThat(this.asked).hasValue(2);
	}

	@Test
	void nobodyWaitsForTheAnswerToSomebodyElse() throws Exception {
		CountDownLatch begun = new CountDownLatch(1);
		CountDownLatch answered = new CountDownLatch(1);
		DeadLettersSection section = new DeadLettersSection((failed) -> {
			begun.countDown();
			try {
				assertThat(answered.await(30, TimeUnit.SECONDS)).isTrue();
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			return List.of();
		}, this::nanos);
		Thread first = new Thread(section::read);
		first.start();
		assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();
		assertThat(section.read().get("failure")).asString().contains("being asked");
		answered.countDown();
		first.join(30000);
		assertThat(section.read()).containsEntry("failure", "");
	}

	private long nanos() {
		return TimeUnit.SECONDS.toNanos(this.seconds.get());
	}

}
