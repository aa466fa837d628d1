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

package io.github.reliablekafka.consumer;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Restarts} with containers of Spring Kafka.
 */
class RestartsTests {

	private final UnreleasedInstanceIdException refusal = new UnreleasedInstanceIdException("not released");

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final Factory factory = new Factory();

	private final ConcurrentMessageListenerContainer<String, String> container = new ConcurrentMessageListenerContainer<>(
			this.factory, properties());

	private Restarts restarts = new Restarts(null, this.ledger, Duration.ofMillis(50));

	@AfterEach
	void end() {
		this.restarts.destroy();
		this.factory.closing.countDown();
		this.container.stop();
	}

	@Test
	void startThatFailsIsTriedAgainAndHealthTellsOfIt() {
		start(1);
		this.factory.failing = true;
		this.restarts.restart(this.container, this.factory.consumers.get(0), this.refusal);
		await().until(() -> this.factory.failures.get() >= 2);
		assertThat(this.container.isRunning()).isTrue();
		assertThat(this.ledger.waiting()).containsOnlyKeys("listener 'orders-0'");
		assertThat(this.ledger.waiting().get("listener 'orders-0'")).contains("no such host");
		this.factory.failing = false;
		await().until(() -> this.factory.consumers.size() == 2);
		await().until(() -> this.container.getContainers().get(0).isRunning());
		assertThat(this.factory.consumers.get(0).closed()).isTrue();
	}

	@Test
	void startThatFailsIsTriedLessOftenEachTime() {
		start(1);
		this.factory.failing = true;
		this.restarts.restart(this.container, this.factory.consumers.get(0), this.refusal);
		await().during(Duration.ofSeconds(1))
			.atMost(Duration.ofSeconds(5))
			.until(() -> this.factory.failures.get() <= 5);
		await().until(() -> this.factory.failures.get() > 0);
	}

	@Test
	void containerThatIsStoppedWhileAStartFailsStaysStopped() {
		start(1);
		this.factory.failing = true;
		this.restarts.restart(this.container, this.factory.consumers.get(0), this.refusal);
		await().until(() -> this.factory.failures.get() >= 1);
		this.container.stop();
		this.factory.failing = false;
		await().during(Duration.ofMillis(500)).until(() -> this.factory.consumers.size() == 1);
		await().until(() -> this.ledger.waiting().isEmpty());
		assertThat(this.container.isRunning()).isFalse();
	}

	@Test
	void containerThatIsStoppedBeforeItsConsumerIsClosedStaysStopped() {
		start(1);
		this.factory.closesLate = true;
		this.restarts.restart(this.container, this.factory.consumers.get(0), this.refusal);
		await().until(() -> !this.container.getContainers().get(0).isRunning());
		assertThat(this.container.isRunning()).isTrue();
		this.container.stop(false);
		this.factory.closing.countDown();
		await().during(Duration.ofMillis(500)).until(() -> this.factory.consumers.size() == 1);
		assertThat(this.container.isRunning()).isFalse();
	}

	@Test
	void containerThatIsStoppedAndStartedMeanwhileIsLeftAlone() {
		this.restarts = new Restarts(null, this.ledger, Duration.ofSeconds(3));
		start(1);
		this.restarts.restart(this.container, this.factory.consumers.get(0), this.refusal);
		await().until(() -> !this.ledger.waiting().isEmpty());
		this.container.stop();
		this.container.start();
		await().until(() -> this.ledger.waiting().isEmpty());
		await().during(Duration.ofMillis(200)).until(() -> this.factory.consumers.size() == 2);
		assertThat(this.factory.consumers.get(1).closed()).isFalse();
	}

	@Test
	void othersOfTheContainerGoOn() {
		start(3);
		this.restarts.restart(this.container, this.factory.consumers.get(1), this.refusal);
		await().until(() -> this.factory.consumers.size() == 4);
		await().until(() -> this.container.getContainers().stream().allMatch(KafkaMessageListenerContainer::isRunning));
		assertThat(this.factory.consumers.stream().map(MockConsumer::closed)).containsExactly(false, true, false,
				false);
		assertThat(this.factory.consumers.get(3).client).isEqualTo(this.factory.consumers.get(1).client);
		assertThat(this.container.isRunning()).isTrue();
	}

	@Test
	void containerWithoutPartsWhoseStartFailsIsLeftStoppedAndHealthTellsOfIt() {
		KafkaMessageListenerContainer<String, String> alone = new KafkaMessageListenerContainer<>(this.factory,
				properties());
		alone.setBeanName("alone");
		alone.start();
		this.factory.failing = true;
		this.restarts.restart(alone, this.factory.consumers.get(0), this.refusal);
		await().until(() -> this.ledger.waiting().getOrDefault("listener 'alone'", "").contains("left stopped"));
		this.factory.failing = false;
		await().during(Duration.ofMillis(300)).until(() -> this.factory.consumers.size() == 1);
		assertThat(alone.isRunning()).isFalse();
	}

	private void start(int concurrency) {
		this.container.setBeanName("orders");
		this.container.setConcurrency(concurrency);
		this.container.start();
		await().until(() -> this.factory.consumers.size() == concurrency);
	}

	private static ContainerProperties properties() {
		ContainerProperties properties = new ContainerProperties("t");
		properties.setGroupId("g");
		// Of a part whose start has failed there is nothing to wait for, and the
		// container does.
		properties.setShutdownTimeout(500);
		properties.setMessageListener((MessageListener<String, String>) (record) -> {
		});
		return properties;
	}

	/**
	 * Of consumers without a broker.
	 */
	private static final class Factory extends DefaultKafkaConsumerFactory<String, String> {

		private final List<Client> consumers = new CopyOnWriteArrayList<>();

		private final CountDownLatch closing = new CountDownLatch(1);

		private volatile boolean failing;

		private volatile boolean closesLate;

		private final AtomicInteger failures = new AtomicInteger();

		Factory() {
			super(Map.of("client.id", "client"));
		}

		@Override
		protected Consumer<String, String> createRawConsumer(Map<String, Object> settings) {
			if (this.failing) {
				this.failures.incrementAndGet();
				throw new KafkaException("Failed to construct kafka consumer: no such host");
			}
			Client client = new Client(this, String.valueOf(settings.get("client.id")));
			this.consumers.add(client);
			return client;
		}

	}

	private static final class Client extends MockConsumer<String, String> {

		private final Factory factory;

		private final String client;

		Client(Factory factory, String client) {
			super("earliest");
			this.factory = factory;
			this.client = client;
		}

		@Override
		public synchronized Map<MetricName, ? extends Metric> metrics() {
			MetricName name = new MetricName("records-lag", "g", "", Map.of("client-id", this.client));
			return Map.of(name, new Metric() {

				@Override
				public MetricName metricName() {
					return name;
				}

				@Override
				public Object metricValue() {
					return 0.0;
				}

			});
		}

		@Override
		public synchronized ConsumerRecords<String, String> poll(Duration timeout) {
			try {
				Thread.sleep(5);
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
			return super.poll(timeout);
		}

		@Override
		public void close() {
			awaitClosing();
			super.close();
		}

		@Override
		public void close(CloseOptions option) {
			awaitClosing();
			super.close(option);
		}

		private void awaitClosing() {
			try {
				if (this.factory.closesLate) {
					this.factory.closing.await();
				}
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		}

	}

}
