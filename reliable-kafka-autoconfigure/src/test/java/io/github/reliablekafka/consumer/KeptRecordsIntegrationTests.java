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
import java.util.List;
import java.util.Map;
import java.util.Queue;

import io.github.reliablekafka.ledger.Consumption;
import io.github.reliablekafka.ledger.GuardIntervention;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.BackOff;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.EnableKafkaRetryTopic;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.annotation.RetryableTopic;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.listener.BatchInterceptor;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests that nothing is found where something becomes of each record that is committed,
 * against a broker.
 */
class KeptRecordsIntegrationTests extends ProcessingLossSetup {

	@ParameterizedTest
	@ValueSource(classes = { Listener.class, Filtering.class, Intercepting.class, OwnRecoverer.class, OwnHandler.class,
			GreedyHandler.class, RetryListener.class })
	void recordThatSomebodyKeepsOrFiltersIsNotFound(Class<?> configuration) {
		run(configuration, (context) -> {
			send(context, true, "one", "fail", "two", "fail", "fail", "three");
			awaitCommitted(6);
			send(context, false, "four");
			awaitCommitted(7);
		});
		assertNothingFound();
	}

	@Test
	void recordsThatAHandlerOfTheApplicationTakesAllAtOnceAreNotFound() {
		for (String value : List.of("one", "fail", "two", "three")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(GreedyHandler.class, (context) -> {
			awaitCommitted(4);
			probe.send(this.topic, 0, "a", "four");
			awaitCommitted(5);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "fail", "kept", "kept", "kept",
					"four");
		});
		assertNothingFound();
	}

	@ParameterizedTest
	@ValueSource(strings = { "record", "batch", "time", "count", "count_time" })
	void commitAfterWhicheverTimeFindsNothing(String mode) {
		run(Listener.class, (context) -> {
			send(context, true, "one", "two", "fail", "three", "four", "five");
			awaitCommitted(6);
		}, "spring.kafka.listener.ack-mode=" + mode, "spring.kafka.listener.ack-time=500ms",
				"spring.kafka.listener.ack-count=2", "spring.kafka.consumer.max-poll-records=3");
		assertNothingFound();
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
		assertNothingFound();
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
		assertNothingFound();
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
		assertNothingFound();
	}

	private void assertNothingFound() {
		assertThat(this.ledger.findings()).isEmpty();
		for (Consumption consumption : this.deliveries.consumptions()) {
			for (GuardIntervention intervention : GuardIntervention.values()) {
				assertThat(consumption.counted(intervention)).as(intervention.label()).isZero();
			}
		}
	}

	// Handlers in the packages of the starter count as its own.
	private static CommonErrorHandler foreign(CommonErrorHandler handler) {
		return (CommonErrorHandler) Proxy.newProxyInstance(CommonErrorHandler.class.getClassLoader(),
				new Class<?>[] { CommonErrorHandler.class }, (proxy, method, arguments) -> {
					try {
						return method.invoke(handler, arguments);
					}
					catch (InvocationTargetException ex) {
						throw ex.getTargetException();
					}
				});
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
			return foreign(new CommonErrorHandler() {

				@Override
				public boolean handleOne(Exception exception, ConsumerRecord<?, ?> record, Consumer<?, ?> consumer,
						MessageListenerContainer container) {
					seen.values.add("kept");
					return true;
				}

			});
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
			return foreign(new CommonErrorHandler() {

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

			});
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

}
