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

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;

import io.github.reliablekafka.container.ListenerContainers;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.ListenerState;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.beans.factory.support.DefaultListableBeanFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.willAnswer;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link ListenerProgress}.
 */
class ListenerProgressTests {

	private final AtomicLong seconds = new AtomicLong();

	private final AtomicLong lag = new AtomicLong(5);

	private final AtomicLong commits = new AtomicLong();

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final ConcurrentMessageListenerContainer<?, ?> container = mock(ConcurrentMessageListenerContainer.class);

	private final DefaultListableBeanFactory beanFactory = new DefaultListableBeanFactory();

	private ListenerProgress progress;

	@BeforeEach
	void setUp() {
		this.beanFactory.registerSingleton("container", this.container);
		prepare(this.container, "orders", this.lag);
		this.progress = new ListenerProgress(new ListenerContainers(this.beanFactory), this.ledger,
				() -> Duration.ofSeconds(this.seconds.get()).toNanos());
	}

	private void prepare(ConcurrentMessageListenerContainer<?, ?> container, String id, AtomicLong lag) {
		given(container.getListenerId()).willReturn(id);
		given(container.getGroupId()).willReturn("billing");
		given(container.getContainerProperties()).willReturn(new ContainerProperties("orders"));
		given(container.isRunning()).willReturn(true);
		given(container.isInExpectedState()).willReturn(true);
		given(container.getAssignedPartitions()).willReturn(List.of(new TopicPartition("orders", 0)));
		willAnswer((call) -> Map.of("client",
				Map.of(name("records-lag"), metric(() -> (double) lag.get()), name("records-lag-avg"),
						metric(() -> Double.NaN), name("commit-total"), metric(() -> (double) this.commits.get()))))
			.given(container)
			.metrics();
	}

	@Test
	void containersWithoutAnIdAreToldApart() {
		ConcurrentMessageListenerContainer<?, ?> other = mock(ConcurrentMessageListenerContainer.class);
		this.beanFactory.registerSingleton("other", other);
		// What Spring Kafka calls a container that was never told a name.
		prepare(this.container, "noBeanNameSet", this.lag);
		prepare(other, "noBeanNameSet", new AtomicLong(3));
		this.progress.look();
		this.seconds.addAndGet(60);
		assertThat(this.progress.look()).extracting(ListenerState::idle)
			.containsExactly(Duration.ofSeconds(60), Duration.ofSeconds(60));
		assertThat(this.progress.look()).extracting(ListenerState::listener)
			.containsExactly("container of [orders]", "container of [orders] (2)");
	}

	@Test
	void containerThatIsGoneIsForgotten() {
		look(0);
		assertThat(look(60).idle()).isEqualTo(Duration.ofSeconds(60));
		this.beanFactory.destroySingleton("container");
		assertThat(this.progress.look()).isEmpty();
		this.beanFactory.registerSingleton("container", this.container);
		assertThat(look(60).idle()).isZero();
	}

	@Test
	void listenerThatIsBehindAndDoesNotGetOnIsIdle() {
		assertThat(look(0).idle()).isZero();
		assertThat(look(60).idle()).isEqualTo(Duration.ofSeconds(60));
		this.lag.set(9);
		assertThat(look(60)).satisfies((state) -> {
			assertThat(state.idle()).isEqualTo(Duration.ofMinutes(2));
			assertThat(state.lag()).isEqualTo(9);
			assertThat(state.partitions()).isOne();
			assertThat(state.failed()).isFalse();
		});
	}

	@Test
	void progressEndsIdleness() {
		look(0);
		assertThat(look(60).idle()).isPositive();
		this.ledger.consumption("orders", "billing").post(ConsumptionOutcome.DEAD_LETTER_FAILED, 1);
		assertThat(look(60).idle()).isPositive();
		this.ledger.consumption("orders", "billing").post(ConsumptionOutcome.FAILED, 1);
		assertThat(look(60).idle()).isZero();
		assertThat(look(60).idle()).isPositive();
		this.commits.addAndGet(1);
		assertThat(look(60).idle()).isZero();
		assertThat(look(60).idle()).isPositive();
		this.ledger.consumption("orders", "billing").post(ConsumptionOutcome.PROCESSED, 1);
		assertThat(look(60).idle()).isZero();
		this.lag.set(4);
		assertThat(look(60).idle()).isZero();
		this.lag.set(0);
		assertThat(look(60).idle()).isZero();
		this.lag.set(7);
		assertThat(look(60).idle()).isZero();
		assertThat(look(60).idle()).isEqualTo(Duration.ofSeconds(60));
	}

	@Test
	void listenerThatIsPausedOrHasNoPartitionIsNotIdle() {
		look(0);
		given(this.container.isPauseRequested()).willReturn(true);
		assertThat(look(60).idle()).isZero();
		given(this.container.isPauseRequested()).willReturn(false);
		given(this.container.getAssignedPartitions()).willReturn(List.of());
		assertThat(look(60).idle()).isZero();
		given(this.container.isInExpectedState()).willReturn(false);
		assertThat(look(60).failed()).isTrue();
	}

	private ListenerState look(long later) {
		this.seconds.addAndGet(later);
		return this.progress.look().get(0);
	}

	private static MetricName name(String name) {
		return new MetricName(name, "consumer-fetch-manager-metrics", "", Map.of());
	}

	private static Metric metric(Supplier<Object> value) {
		return new Metric() {

			@Override
			public MetricName metricName() {
				return name("records-lag");
			}

			@Override
			public Object metricValue() {
				return value.get();
			}

		};
	}

}
