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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.ledger.DeliveryLedger;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

import org.springframework.kafka.core.DefaultKafkaConsumerFactory;
import org.springframework.kafka.listener.ContainerProperties;
import org.springframework.kafka.listener.KafkaMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Membership} and {@link Restarts}.
 */
class MembershipTests {

	private final MockConsumer<String, String> mock = new MockConsumer<>("earliest");

	private final Restarts restarts = new Restarts(null, new DeliveryLedger(), Duration.ofMillis(10));

	private final CountingContainer container = new CountingContainer();

	private final List<ConsumerSession> sessions = new ArrayList<>();

	@AfterEach
	void end() {
		this.restarts.destroy();
		this.sessions.forEach(ConsumerSession::exit);
	}

	@Test
	void staticMemberWhoseIdIsNotReleasedYetIsStartedAgain() {
		ReliableConsumer<String, String> consumer = consumer("consumer");
		this.mock.setPollException(new UnreleasedInstanceIdException("The id is owned by another member"));
		assertThat(consumer.poll(Duration.ZERO).isEmpty()).isTrue();
		await().until(() -> this.container.starts.get() == 1);
		assertThat(this.container.stops).hasValue(1);
	}

	@Test
	void containerThatGoesOnBehindARefusalIsStartedAgain() {
		ReliableConsumer<String, String> consumer = consumer("CONSUMER");
		this.mock.setPollException(new GroupAuthorizationException("not yours"));
		assertThatExceptionOfType(GroupAuthorizationException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		assertThat(this.container.stops).hasValue(0);
		consumer.poll(Duration.ZERO);
		await().until(() -> this.container.starts.get() == 1);
	}

	@Test
	void soIsOneThatGoesOnBehindAnAuthenticationThatFailed() {
		ReliableConsumer<String, String> consumer = consumer("consumer");
		this.mock.setPollException(new SaslAuthenticationException("wrong password"));
		assertThatExceptionOfType(SaslAuthenticationException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		consumer.poll(Duration.ZERO);
		consumer.poll(Duration.ZERO);
		await().until(() -> this.container.starts.get() == 1);
		await().during(Duration.ofMillis(200)).until(() -> this.container.starts.get() == 1);
	}

	@Test
	void containerThatWasStoppedMeanwhileStaysStopped() {
		ReliableConsumer<String, String> consumer = consumer("consumer");
		this.container.running = false;
		this.mock.setPollException(new UnreleasedInstanceIdException("The id is owned by another member"));
		consumer.poll(Duration.ZERO);
		await().during(Duration.ofMillis(200)).until(() -> this.container.starts.get() == 0);
	}

	@Test
	void whatIsNotFinalIsTheContainersBusiness() {
		assertPasses("consumer", new TopicAuthorizationException("t"));
		assertPasses("classic", new GroupAuthorizationException("g"));
	}

	private void assertPasses(String protocol, ApiException failure) {
		ReliableConsumer<String, String> consumer = consumer(protocol);
		this.mock.setPollException(failure);
		assertThatExceptionOfType(ApiException.class).isThrownBy(() -> consumer.poll(Duration.ZERO));
		consumer.poll(Duration.ZERO);
		await().during(Duration.ofMillis(200)).until(() -> this.container.stops.get() == 0);
	}

	private ReliableConsumer<String, String> consumer(String protocol) {
		ConsumerSession session = new ConsumerSession(Map.of("group.id", "g", "group.protocol", protocol));
		this.sessions.add(session);
		ReliableConsumer<String, String> consumer = new ReliableConsumer<>(this.mock, session, new AssignedPartitions(
				this.mock, "g", ResetPolicy.parse("test", "earliest"), null, Committer.CONTAINER), null, null);
		this.mock.updateBeginningOffsets(Map.of(new TopicPartition("t", 0), 0L));
		consumer.assign(List.of(new TopicPartition("t", 0)));
		DeliveryLedger ledger = new DeliveryLedger();
		consumer.attend(new Outcomes(ledger, () -> "g", () -> false, new ErrorHandling(this.container),
				new UnfinishedRecords(ledger, Duration.ofMinutes(1)), this.restarts));
		return consumer;
	}

	private static ContainerProperties properties() {
		ContainerProperties properties = new ContainerProperties("t");
		properties.setGroupId("g");
		properties.setMessageListener((MessageListener<String, String>) (record) -> {
		});
		return properties;
	}

	private static final class CountingContainer extends KafkaMessageListenerContainer<String, String> {

		private volatile boolean running = true;

		private final AtomicInteger stops = new AtomicInteger();

		private final AtomicInteger starts = new AtomicInteger();

		CountingContainer() {
			super(new DefaultKafkaConsumerFactory<>(Map.of()), properties());
		}

		@Override
		public boolean isRunning() {
			return this.running;
		}

		@Override
		protected void doStart() {
			this.running = true;
			this.starts.incrementAndGet();
		}

		@Override
		protected void doStop(Runnable callback, boolean normal) {
			this.running = false;
			this.stops.incrementAndGet();
			callback.run();
		}

	}

}
