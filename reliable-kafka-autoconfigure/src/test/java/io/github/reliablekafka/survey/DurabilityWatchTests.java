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

package io.github.reliablekafka.survey;

import java.time.Clock;
import java.util.Set;

import io.github.reliablekafka.durability.DurabilityBoard;
import io.github.reliablekafka.durability.DurabilityProperties;
import io.github.reliablekafka.durability.SafetyGate;
import org.junit.jupiter.api.Test;

import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.mock.env.MockEnvironment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.timeout;
import static org.mockito.Mockito.verify;

/**
 * Tests for {@link DurabilityWatch}.
 */
class DurabilityWatchTests {

	@Test
	void beanThatThrowsDoesNotEndTheLooks() throws Exception {
		UsedTopics topics = mock(UsedTopics.class);
		given(topics.find()).willThrow(new IllegalStateException("a bean of the application"));
		MockEnvironment environment = new MockEnvironment().withProperty("reliable.kafka.durability.interval", "10s");
		DurabilityProperties policy = Binder.get(environment)
			.bind("reliable.kafka.durability", DurabilityProperties.class)
			.get();
		DurabilityWatch watch = new DurabilityWatch(topics, new DeclaredTopics(), policy,
				new DurabilityBoard(new SafetyGate(Set.of())), (event) -> {
				}, Clock.systemUTC());
		Set<Thread> before = Thread.getAllStackTraces().keySet();
		watch.start();
		try {
			// Once to look, once to see whether there is another topic.
			verify(topics, timeout(10000).atLeast(2)).find();
			Thread thread = Thread.getAllStackTraces()
				.keySet()
				.stream()
				.filter((some) -> some.getName().equals("reliable-kafka-durability") && !before.contains(some))
				.findFirst()
				.orElseThrow();
			await().until(() -> thread.getState() == Thread.State.TIMED_WAITING
					|| thread.getState() == Thread.State.TERMINATED);
			assertThat(thread.isAlive()).isTrue();
			watch.destroy();
			thread.join(10000);
			assertThat(thread.isAlive()).isFalse();
		}
		finally {
			watch.destroy();
		}
	}

}
