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

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.ledger.GuardIntervention;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.messaging.handler.annotation.SendTo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link CommitGuard} in Spring Kafka's containers, against a broker: each
 * passes a record by without the starter.
 */
class CommitGuardIntegrationTests extends ProcessingLossSetup {

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void pollThatSpringKafkaDropsAfterAFailedCommitComesAgain(boolean numbered) {
		run(FailingCommits.class, (context) -> {
			send(context, numbered, "one", "two", "three");
			awaitCommitted(3);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two", "three");
		}, "spring.kafka.consumer.max-poll-records=1", "reliable.kafka.sequence.enabled=" + numbered);
		assertThat(this.ledger.findings()).isEmpty();
		assertThat(counted(GuardIntervention.READ_AGAIN)).isOne();
	}

	@ParameterizedTest
	@ValueSource(strings = { "manual", "manual_immediate" })
	void recordThatIsNotAcknowledgedIsNotPassedByThoseBehindIt(String mode) {
		for (String value : List.of("one", "two", "three")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(AcknowledgingLast.class, (context) -> {
			await().until(() -> context.getBean(Seen.class).values.size() == 3);
			probe.send(this.topic, 0, "a", "four");
			await().until(() -> context.getBean(Seen.class).values.size() == 4);
		}, "spring.kafka.listener.ack-mode=" + mode);
		assertThat(probe.committed(this.group, this.topic, 0)).isLessThanOrEqualTo(0);
		assertThat(counted(GuardIntervention.COMMIT_TRIMMED)).isPositive();
		run(Acknowledging.class, (context) -> {
			awaitCommitted(4);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two", "three", "four");
		}, "spring.kafka.listener.ack-mode=" + mode);
		assertThat(counted(GuardIntervention.COMMIT_TRIMMED)).isZero();
	}

	@ParameterizedTest
	@ValueSource(strings = { "manual", "manual_immediate" })
	void recordsThatAreAcknowledgedInAnyOrderByOtherThreadsAreCommitted(String mode) {
		for (int i = 0; i < 50; i++) {
			probe.send(this.topic, 0, "a", "value-" + i);
		}
		run(AcknowledgingLater.class, (context) -> awaitCommitted(50), "spring.kafka.listener.ack-mode=" + mode,
				"spring.kafka.consumer.max-poll-records=20");
		assertThat(counted(GuardIntervention.READ_AGAIN)).isZero();
	}

	@Test
	void recordThatAFilterHoldsBackNeedsNoAcknowledgement() {
		run(AcknowledgingFiltered.class, (context) -> {
			send(context, true, "one", "fail", "two", "fail", "three");
			awaitCommitted(5);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "two", "three");
		}, "spring.kafka.listener.ack-mode=manual");
	}

	@Test
	void recordThatIsGivenBackComesAgain() {
		run(GivingBack.class, (context) -> {
			send(context, true, "one", "again", "two");
			awaitCommitted(3);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "again", "again", "two");
		}, "spring.kafka.listener.ack-mode=manual");
	}

	@Test
	void partOfABatchThatIsAcknowledgedIsCommittedAndTheRestComesAgain() {
		for (String value : List.of("one", "two", "again", "three")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(BatchGivingBack.class, (context) -> {
			awaitCommitted(4);
			assertThat(context.getBean(Seen.class).values).containsSubsequence("one", "two", "again", "again", "three")
				.containsOnlyOnce("one", "two", "three");
		}, "spring.kafka.listener.ack-mode=manual_immediate", "spring.kafka.listener.type=batch");
	}

	@Test
	void listenerThatCommitsWithTheConsumerIsLeftAlone() {
		run(Committing.class, (context) -> {
			send(context, true, "one", "two");
			awaitCommitted(2);
		}, "spring.kafka.listener.ack-mode=manual");
	}

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void recordWhoseReplyTheBrokerRefusesIsDeadLettered(String type) {
		String replies = this.topic + "-replies";
		probe.createTopic(replies, 1, Map.of("max.message.bytes", "1000"));
		for (String value : List.of("one", "large", "two", "three")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(type.equals("batch") ? BatchReplying.class : Replying.class, (context) -> {
			awaitCommitted(4);
			await().until(() -> probe.values(replies).containsAll(List.of("one", "two", "three")));
			await().until(() -> probe.values(this.deadLetters).contains("large"));
		}, "replies=" + replies, "spring.kafka.listener.type=" + type, "spring.kafka.consumer.max-poll-records=2");
		assertThat(this.ledger.findings()).isEmpty();
	}

	@Test
	void recordWhoseReplyCannotBeSentIsDeadLettered() {
		String replies = this.topic + "-replies";
		probe.createTopic(replies, 1);
		run(Replying.class, (context) -> {
			send(context, true, "one", "large", "two");
			awaitCommitted(3);
			assertThat(probe.values(this.deadLetters)).containsExactly("large");
			assertThat(probe.values(replies)).containsExactly("one", "two");
		}, "replies=" + replies, "spring.kafka.producer.properties[max.request.size]=2000");
		assertThat(counted(GuardIntervention.COMMIT_TRIMMED)).isZero();
	}

	@Test
	void repliesAreNotWaitedForOneByOne() {
		String replies = this.topic + "-replies";
		probe.createTopic(replies, 1);
		for (int i = 0; i < 300; i++) {
			probe.send(this.topic, 0, "a", "value-" + i);
		}
		run(Replying.class, (context) -> {
			awaitCommitted(300);
			assertThat(probe.values(replies)).hasSize(300);
		}, "replies=" + replies, "spring.kafka.producer.properties[linger.ms]=200");
		assertThat(counted(GuardIntervention.READ_AGAIN)).isZero();
	}

	@Test
	void commitThatFailsWhileTheContainerStopsDoesNotKeepItsPartitionsFromOthers() {
		run(FailingLastCommit.class, (context) -> {
			send(context, true, "one", "two");
			await().until(() -> context.getBean(Seen.class).values.size() == 2);
			context.getBean(FailingLastCommit.class).failing = true;
			MessageListenerContainer container = context.getBean(KafkaListenerEndpointRegistry.class)
				.getListenerContainers()
				.iterator()
				.next();
			container.stop();
			context.getBean(FailingLastCommit.class).failing = false;
			assertThat(context.getBean(FailingLastCommit.class).closed).hasValue(1);
			container.start();
			await().atMost(Duration.ofSeconds(15)).until(() -> context.getBean(Seen.class).values.size() == 4);
		}, "spring.kafka.listener.ack-mode=count", "spring.kafka.listener.ack-count=1000");
		assertThat(counted(GuardIntervention.LAST_COMMIT_FAILED)).isOne();
		assertThat(probe.committed(this.group, this.topic, 0)).isEqualTo(2);
	}

	private long counted(GuardIntervention intervention) {
		return this.deliveries.consumption(this.topic, this.group).counted(intervention);
	}

	/**
	 * Consumers whose calls may fail.
	 */
	private abstract static class Faults extends Listener {

		Faults(Seen seen) {
			super(seen);
		}

		@Bean
		DefaultKafkaConsumerFactoryCustomizer faults() {
			return (factory) -> factory.addPostProcessor(this::withFaults);
		}

		@SuppressWarnings("unchecked")
		private <K, V> Consumer<K, V> withFaults(Consumer<K, V> consumer) {
			return (Consumer<K, V>) Proxy.newProxyInstance(getClass().getClassLoader(),
					new Class<?>[] { Consumer.class }, (proxy, method, arguments) -> {
						before(method, arguments);
						try {
							return method.invoke(consumer, arguments);
						}
						catch (InvocationTargetException ex) {
							throw ex.getTargetException();
						}
					});
		}

		abstract void before(Method method, Object[] arguments);

	}

	/**
	 * A commit fails as it does during a rebalance, and its repetition takes too long.
	 */
	@Configuration(proxyBeanMethods = false)
	static class FailingCommits extends Faults {

		private final AtomicInteger failures = new AtomicInteger();

		FailingCommits(Seen seen) {
			super(seen);
		}

		@Override
		void before(Method method, Object[] arguments) {
			if (method.getName().equals("commitSync") && arguments != null && arguments[0] instanceof Map<?, ?> offsets
					&& offsets.values().stream().anyMatch((offset) -> ((OffsetAndMetadata) offset).offset() == 1)) {
				int failure = this.failures.incrementAndGet();
				if (failure == 1) {
					throw new RebalanceInProgressException();
				}
				if (failure == 2) {
					throw new TimeoutException("no answer");
				}
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class FailingLastCommit extends Faults {

		private volatile boolean failing;

		private final AtomicInteger closed = new AtomicInteger();

		FailingLastCommit(Seen seen) {
			super(seen);
		}

		@Override
		void before(Method method, Object[] arguments) {
			if (method.getName().equals("commitSync") && this.failing) {
				throw new TimeoutException("no answer");
			}
			if (method.getName().equals("close")) {
				this.closed.incrementAndGet();
			}
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class AcknowledgingLast {

		private final Seen seen;

		AcknowledgingLast(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value, Acknowledgment acknowledgment) {
			this.seen.process(value);
			if (!value.equals("one")) {
				acknowledgment.acknowledge();
			}
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Acknowledging {

		final Seen seen;

		Acknowledging(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value, Acknowledgment acknowledgment) {
			this.seen.process(value);
			acknowledgment.acknowledge();
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class AcknowledgingLater implements DisposableBean {

		private final List<Acknowledgment> waiting = new ArrayList<>();

		private final ExecutorService executor = Executors.newFixedThreadPool(2);

		@KafkaListener(topics = "${topic}")
		void listen(String value, Acknowledgment acknowledgment) {
			this.waiting.add(acknowledgment);
			if (this.waiting.size() == 10) {
				List<Acknowledgment> shuffled = new ArrayList<>(this.waiting);
				Collections.shuffle(shuffled);
				this.waiting.clear();
				shuffled.forEach((each) -> this.executor.execute(each::acknowledge));
			}
		}

		@Override
		public void destroy() {
			this.executor.shutdownNow();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AcknowledgingFiltered extends Acknowledging {

		AcknowledgingFiltered(Seen seen) {
			super(seen);
		}

		@Bean
		RecordFilterStrategy<Object, Object> filter() {
			return (record) -> record.value().equals("fail");
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class GivingBack {

		private final Seen seen;

		private boolean given;

		GivingBack(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value, Acknowledgment acknowledgment) {
			this.seen.process(value);
			if (value.equals("again") && !this.given) {
				this.given = true;
				acknowledgment.nack(Duration.ofMillis(50));
			}
			else {
				acknowledgment.acknowledge();
			}
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class BatchGivingBack {

		private final Seen seen;

		private boolean given;

		BatchGivingBack(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(List<ConsumerRecord<?, String>> records, Acknowledgment acknowledgment) {
			for (int i = 0; i < records.size(); i++) {
				String value = records.get(i).value();
				this.seen.process(value);
				if (value.equals("again") && !this.given) {
					this.given = true;
					acknowledgment.nack(i, Duration.ofMillis(50));
					return;
				}
				if (value.equals("one") && records.size() > 1) {
					acknowledgment.acknowledge(i);
				}
			}
			acknowledgment.acknowledge();
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Replying {

		@KafkaListener(topics = "${topic}")
		@SendTo("${replies}")
		String listen(String value) {
			return reply(value);
		}

		static String reply(String value) {
			return value.equals("large") ? new Random(1).ints(2000, 'a', 'z')
				.collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
				.toString() : value;
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class BatchReplying {

		@KafkaListener(topics = "${topic}", splitIterables = true)
		@SendTo("${replies}")
		List<String> listen(List<String> values) {
			return values.stream().map(Replying::reply).toList();
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Committing {

		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<?, ?> record, Consumer<?, ?> consumer) {
			consumer.commitSync(Map.of(new TopicPartition(record.topic(), record.partition()),
					new OffsetAndMetadata(record.offset() + 1)));
		}

	}

}
