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
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.deadletter.DeadLetterAutoConfiguration;
import io.github.reliablekafka.deadletter.FragileDeserializer;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.sequence.Cause;
import io.github.reliablekafka.sequence.Finding;
import io.github.reliablekafka.sequence.LossLedger;
import io.github.reliablekafka.sequence.Verdict;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.EnableKafkaRetryTopic;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.BatchListenerFailedException;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.CommonLoggingErrorHandler;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.retrytopic.DltStrategy;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.kafka.test.EmbeddedKafkaBroker;
import org.springframework.kafka.test.context.EmbeddedKafka;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.util.backoff.FixedBackOff;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for records that are committed though nothing became of them, against a broker.
 */
@EmbeddedKafka(partitions = 1, brokerProperties = { "group.initial.rebalance.delay.ms=0",
		"transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1" })
class ProcessingLossIntegrationTests {

	private static KafkaProbe probe;

	private static EmbeddedKafkaBroker broker;

	private final String topic = "orders-" + UUID.randomUUID();

	private final String group = "group-" + UUID.randomUUID();

	private ApplicationContextRunner runner;

	private LossLedger ledger;

	@BeforeAll
	static void connect(EmbeddedKafkaBroker embedded) {
		broker = embedded;
		probe = new KafkaProbe(embedded.getBrokersAsString());
		Awaitility.setDefaultTimeout(Duration.ofSeconds(30));
	}

	@AfterAll
	static void disconnect() {
		probe.close();
		Awaitility.reset();
	}

	@BeforeEach
	void configure() {
		this.runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(DurabilityAutoConfiguration.class,
					ReliableConsumerAutoConfiguration.class, ReliableProducerAutoConfiguration.class,
					DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withPropertyValues("spring.kafka.bootstrap-servers=" + broker.getBrokersAsString(),
					"spring.kafka.consumer.group-id=" + this.group, "topic=" + this.topic,
					"spring.kafka.listener.poll-timeout=200ms", "reliable.kafka.consumer.retry.initial-interval=50ms",
					"reliable.kafka.consumer.retry.max-attempts=2");
		probe.createTopic(this.topic, 1);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void pollThatSpringKafkaDropsAfterAFailedCommitIsFound(boolean numbered) {
		run(FailingCommits.class, (context) -> {
			send(context, numbered, "one", "two", "three");
			awaitCommitted(3);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "three");
			await().untilAsserted(() -> assertThat(this.ledger.findings()).hasSize(1));
		}, "spring.kafka.consumer.max-poll-records=1");
		assertFound(numbered, 1, 1);
	}

	@ParameterizedTest
	@ValueSource(classes = { LogAndSkip.class, LoggingHandler.class, NoDestination.class })
	void recordThatAnErrorHandlerLogsAndSkipsIsFound(Class<?> configuration) {
		run(configuration, (context) -> {
			send(context, true, "one", "fail", "fail", "two");
			awaitCommitted(4);
		}, "reliable.kafka.durability.accept=consumer.error-handler");
		// One series of numbers, unless a poll came in between.
		assertThat(this.ledger.findings()).isNotEmpty().allSatisfy(this::assertLoss);
		assertThat(this.ledger.findings().stream().mapToLong((finding) -> finding.numbers().count()).sum())
			.isEqualTo(2);
		assertThat(this.ledger.findings()).allSatisfy((finding) -> {
			assertThat(finding.skippedFrom()).isIn(1L, 2L);
			assertThat(finding.numbers().first(0)).isIn(2L, 3L);
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { BatchLogAndSkip.class, BatchFallbackLogAndSkip.class, BatchLogging.class })
	void recordOfABatchThatAnErrorHandlerLogsAndSkipsIsFound(Class<?> configuration) {
		probe.send(this.topic, 0, "a", "fail");
		run(configuration, (context) -> {
			awaitCommitted(1);
			probe.send(this.topic, 0, "a", "two");
			awaitCommitted(2);
		}, "spring.kafka.listener.type=batch", "reliable.kafka.durability.accept=consumer.error-handler");
		assertFound(false, 0, 0);
	}

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void recordThatIsNotReadableAndThatNobodyKeepsIsFound(String type) {
		probe.send(this.topic, 0, "a".getBytes(StandardCharsets.UTF_8), new byte[] { (byte) 0xff });
		run(type.equals("batch") ? BatchPoison.class : Poisoned.class, (context) -> {
			awaitCommitted(1);
			probe.send(this.topic, 0, "a", "two");
			awaitCommitted(2);
		}, "spring.kafka.listener.type=" + type, "reliable.kafka.durability.accept=consumer.error-handler",
				"spring.kafka.consumer.value-deserializer=" + FragileDeserializer.class.getName());
		assertFound(false, 0, 0);
	}

	@Test
	void recordThatRetryTopicsLeadNowhereIsFound() {
		probe.createTopic(this.topic + "-retry", 1);
		run(NowhereListener.class, (context) -> {
			probe.send(this.topic, 0, "a", "fail");
			await().until(() -> probe.committed(this.group, this.topic + "-retry", 0) == 1);
			await().untilAsserted(() -> assertThat(this.ledger.findings()).hasSize(1));
			probe.send(this.topic, 0, "a", "two");
			awaitCommitted(2);
		}, "reliable.kafka.durability.accept=consumer.no-dlt");
		assertThat(this.ledger.findings()).singleElement().satisfies((finding) -> {
			assertLoss(finding);
			assertThat(finding.lane().topic()).isEqualTo(this.topic + "-retry");
			assertThat(finding.numbers()).hasToString((finding.session() != 0) ? "1" : "0");
		});
	}

	@ParameterizedTest
	@ValueSource(classes = { Listener.class, Filtering.class, Intercepting.class, OwnRecoverer.class, OwnHandler.class,
			GreedyHandler.class, Acknowledging.class, RetryListener.class })
	void recordThatSomebodyKeepsOrFiltersIsNotFound(Class<?> configuration) {
		run(configuration, (context) -> {
			send(context, true, "one", "fail", "two", "fail", "fail", "three");
			awaitCommitted(6);
			send(context, false, "four");
			awaitCommitted(7);
		});
		assertThat(this.ledger.findings()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "record", "batch", "time", "count", "count_time" })
	void commitAfterWhicheverTimeFindsNothing(String mode) {
		run(Listener.class, (context) -> {
			send(context, true, "one", "two", "fail", "three", "four", "five");
			awaitCommitted(6);
		}, "spring.kafka.listener.ack-mode=" + mode, "spring.kafka.listener.ack-time=500ms",
				"spring.kafka.listener.ack-count=2", "spring.kafka.consumer.max-poll-records=3");
		assertThat(this.ledger.findings()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(classes = { BatchListener.class, BatchFiltering.class, BatchIndex.class, BatchOwnRecoverer.class })
	void batchThatFailsInPartFindsNothing(Class<?> configuration) {
		run(configuration, (context) -> {
			send(context, true, "one", "fail", "two", "fail", "fail", "three");
			awaitCommitted(6);
			send(context, false, "four");
			awaitCommitted(7);
		}, "spring.kafka.listener.type=batch");
		assertThat(this.ledger.findings()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "single", "batch" })
	void transactionThatIsRolledBackFindsNothing(String type) {
		run(type.equals("batch") ? BatchListener.class : Listener.class, (context) -> {
			probe.send(this.topic, 0, "a", "one");
			probe.send(this.topic, 0, "a", "fail");
			probe.send(this.topic, 0, "a", "two");
			awaitCommitted(3);
			probe.send(this.topic, 0, "a", "three");
			awaitCommitted(4);
		}, "spring.kafka.listener.type=" + type, "spring.kafka.producer.transaction-id-prefix=" + this.group);
		assertThat(this.ledger.findings()).isEmpty();
	}

	@ParameterizedTest
	@ValueSource(strings = { "classic", "consumer" })
	void rebalancesAndStopsFindNothing(String protocol) {
		probe.addPartitions(this.topic, 3);
		run(SlowListener.class, (context) -> {
			KafkaListenerEndpointRegistry registry = context.getBean(KafkaListenerEndpointRegistry.class);
			for (int i = 0; i < 60; i++) {
				probe.send(this.topic, i % 3, "a", "value-" + i);
			}
			MessageListenerContainer first = registry.getListenerContainer("first");
			MessageListenerContainer second = registry.getListenerContainer("second");
			Queue<String> values = context.getBean(Seen.class).values;
			for (int stop = 0; stop < 4; stop++) {
				MessageListenerContainer stopped = (stop % 2 == 0) ? first : second;
				MessageListenerContainer other = (stop % 2 == 0) ? second : first;
				int before = values.size();
				await().until(() -> !stopped.getAssignedPartitions().isEmpty()
						&& (values.size() >= before + 5 || values.size() >= 60));
				stopped.stop();
				await().until(() -> other.getAssignedPartitions().size() == 3);
				stopped.start();
			}
			await().until(() -> probe.committed(this.group, this.topic, 0) == 20
					&& probe.committed(this.group, this.topic, 1) == 20
					&& probe.committed(this.group, this.topic, 2) == 20);
		}, "spring.kafka.consumer.properties[group.protocol]=" + protocol, "spring.kafka.consumer.max-poll-records=10",
				"spring.kafka.listener.immediate-stop=true");
		assertThat(this.ledger.findings()).isEmpty();
	}

	@SuppressWarnings("unchecked")
	private void send(ApplicationContext context, boolean numbered, String... values) {
		for (String value : values) {
			if (numbered) {
				((KafkaTemplate<String, String>) context.getBean(KafkaTemplate.class)).send(this.topic, 0, "a", value)
					.join();
			}
			else {
				probe.send(this.topic, 0, "a", value);
			}
		}
	}

	private void assertFound(boolean numbered, long firstOffset, long lastOffset) {
		assertThat(this.ledger.findings()).singleElement().satisfies((finding) -> {
			assertLoss(finding);
			assertThat(finding.lane()).hasToString(this.topic + "-0");
			assertThat(finding.skippedFrom()).isEqualTo(firstOffset);
			assertThat(finding.skippedTo()).isEqualTo(lastOffset + 1);
			assertThat(finding.session() != 0).isEqualTo(numbered);
			long shift = numbered ? 1 : 0;
			assertThat(finding.numbers().first(0)).isEqualTo(firstOffset + shift);
			assertThat(finding.numbers().last(0)).isEqualTo(lastOffset + shift);
		});
	}

	private void assertLoss(Finding finding) {
		assertThat(finding.verdict()).isEqualTo(Verdict.PROCESSING_LOSS);
		assertThat(finding.cause()).isEqualTo(Cause.COMMITTED_UNPROCESSED);
		assertThat(finding.group()).startsWith(this.group);
	}

	private void awaitCommitted(long offset) {
		await().until(() -> probe.committed(this.group, this.topic, 0) == offset);
	}

	private void run(Class<?> configuration, ThrowingConsumer<ApplicationContext> test, String... properties) {
		this.runner.withUserConfiguration(configuration, Seen.class).withPropertyValues(properties).run((context) -> {
			assertThat(context).hasNotFailed();
			this.ledger = context.getBean(LossLedger.class);
			test.accept(context);
		});
	}

	@Configuration(proxyBeanMethods = false)
	static class Seen {

		private final Queue<String> values = new ConcurrentLinkedQueue<>();

		private void process(String value) {
			this.values.add(value);
			if (value.equals("fail")) {
				throw new IllegalStateException("failed on purpose");
			}
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Listener {

		private final Seen seen;

		Listener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.process(value);
		}

	}

	/**
	 * A commit fails as it does during a rebalance, and its repetition takes too long.
	 */
	@Configuration(proxyBeanMethods = false)
	static class FailingCommits extends Listener {

		private final AtomicInteger failures = new AtomicInteger();

		FailingCommits(Seen seen) {
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
						if (method.getName().equals("commitSync") && arguments != null
								&& arguments[0] instanceof Map<?, ?> offsets
								&& offsets.values()
									.stream()
									.anyMatch((offset) -> ((OffsetAndMetadata) offset).offset() == 1)) {
							int failure = this.failures.incrementAndGet();
							if (failure == 1) {
								throw new RebalanceInProgressException();
							}
							if (failure == 2) {
								throw new TimeoutException("no answer");
							}
						}
						try {
							return method.invoke(consumer, arguments);
						}
						catch (InvocationTargetException ex) {
							throw ex.getTargetException();
						}
					});
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class LogAndSkip extends Listener {

		LogAndSkip(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(0, 1));
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Poisoned {

		@KafkaListener(topics = "${topic}")
		void listen(FragileDeserializer.Text value) {
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(0, 0));
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class BatchPoison {

		@KafkaListener(topics = "${topic}")
		void listen(List<FragileDeserializer.Text> values) {
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(0, 0));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class LoggingHandler extends Listener {

		LoggingHandler(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler() {
			return new CommonLoggingErrorHandler();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NoDestination extends Listener {

		NoDestination(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler(KafkaTemplate<?, ?> template) {
			DeadLetterPublishingRecoverer recoverer = new DeadLetterPublishingRecoverer(template,
					(record, exception) -> null);
			recoverer.setThrowIfNoDestinationReturned(false);
			return new DefaultErrorHandler(recoverer, new FixedBackOff(0, 0));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnRecoverer extends Listener {

		OwnRecoverer(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler(Seen seen) {
			return new DefaultErrorHandler((record, exception) -> seen.values.add("kept"), new FixedBackOff(0, 1));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnHandler extends Listener {

		OwnHandler(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler(Seen seen) {
			return new CommonErrorHandler() {

				@Override
				public boolean handleOne(Exception exception, ConsumerRecord<?, ?> record, Consumer<?, ?> consumer,
						MessageListenerContainer container) {
					seen.values.add("kept");
					return true;
				}

			};
		}

	}

	/**
	 * Deals with everything behind a failed record as well, and has nothing polled again.
	 */
	@Configuration(proxyBeanMethods = false)
	static class GreedyHandler extends Listener {

		GreedyHandler(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler(Seen seen) {
			return new CommonErrorHandler() {

				@Override
				public boolean seeksAfterHandling() {
					return true;
				}

				@Override
				public void handleRemaining(Exception exception, List<ConsumerRecord<?, ?>> records,
						Consumer<?, ?> consumer, MessageListenerContainer container) {
					records.forEach((record) -> seen.values.add("kept"));
					ConsumerRecord<?, ?> last = records.get(records.size() - 1);
					consumer.commitSync(Map.of(new TopicPartition(last.topic(), last.partition()),
							new OffsetAndMetadata(last.offset() + 1)));
				}

				@Override
				public boolean isAckAfterHandle() {
					return false;
				}

			};
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Acknowledging {

		@KafkaListener(topics = "${topic}", ackMode = "MANUAL_IMMEDIATE")
		void listen(String value, Acknowledgment acknowledgment) {
			if (!value.equals("fail")) {
				acknowledgment.acknowledge();
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Filtering extends Listener {

		Filtering(Seen seen) {
			super(seen);
		}

		@Bean
		RecordFilterStrategy<Object, Object> filter() {
			return (record) -> record.value().equals("fail");
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Intercepting extends Listener {

		Intercepting(Seen seen) {
			super(seen);
		}

		@Bean
		RecordInterceptor<Object, Object> interceptor() {
			return (record, consumer) -> record.value().equals("fail") ? null : record;
		}

	}

	@EnableKafka
	@EnableKafkaRetryTopic
	@Configuration(proxyBeanMethods = false)
	static class RetryListener extends RetryTopicScheduler {

		private final Seen seen;

		RetryListener(Seen seen) {
			this.seen = seen;
		}

		@RetryableTopic(attempts = "2", backOff = @BackOff(50))
		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.process(value);
		}

	}

	@EnableKafka
	@EnableKafkaRetryTopic
	@Configuration(proxyBeanMethods = false)
	static class NowhereListener extends RetryTopicScheduler {

		private final Seen seen;

		NowhereListener(Seen seen) {
			this.seen = seen;
		}

		@RetryableTopic(attempts = "2", backOff = @BackOff(50), dltStrategy = DltStrategy.NO_DLT)
		@KafkaListener(topics = "${topic}")
		void listen(String value) {
			this.seen.process(value);
		}

	}

	static class RetryTopicScheduler {

		@Bean
		static ThreadPoolTaskScheduler retryTopicScheduler() {
			return new ThreadPoolTaskScheduler();
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class SlowListener {

		private final Seen seen;

		SlowListener(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(id = "first", idIsGroup = false, topics = "${topic}")
		void first(String value) throws InterruptedException {
			Thread.sleep(20);
			this.seen.process(value);
		}

		@KafkaListener(id = "second", idIsGroup = false, topics = "${topic}")
		void second(String value) throws InterruptedException {
			first(value);
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class BatchListener {

		@KafkaListener(topics = "${topic}")
		void listen(List<String> values) {
			if (values.contains("fail")) {
				throw new IllegalStateException("failed on purpose");
			}
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class BatchIndex {

		@KafkaListener(topics = "${topic}")
		void listen(List<ConsumerRecord<?, String>> records) {
			for (ConsumerRecord<?, String> record : records) {
				if (record.value().equals("fail")) {
					throw new BatchListenerFailedException("failed on purpose", record);
				}
			}
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchOwnRecoverer extends BatchListener {

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler((record, exception) -> record.offset(), new FixedBackOff(20, 2));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchFiltering extends BatchListener {

		@Bean
		BatchInterceptor<Object, Object> interceptor() {
			return (records, consumer) -> {
				for (ConsumerRecord<?, ?> record : records) {
					if (record.value().equals("fail")) {
						return null;
					}
				}
				return (records.count() > 1) ? records : new ConsumerRecords<>(Map.of(), Map.of());
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchLogAndSkip extends BatchIndex {

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(0, 1));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchFallbackLogAndSkip extends BatchListener {

		@Bean
		CommonErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(20, 1));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class BatchLogging extends BatchListener {

		@Bean
		CommonErrorHandler errorHandler() {
			return new CommonLoggingErrorHandler();
		}

	}

}
