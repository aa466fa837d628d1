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

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.TimeoutException;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.listener.AcknowledgingConsumerAwareMessageListener;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.MessageListener;
import org.springframework.kafka.listener.adapter.RecordFilterStrategy;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.messaging.handler.annotation.SendTo;

/**
 * Applications in which Spring Kafka passes records by, unless it is kept from it.
 */
abstract class CommitGuardApplications extends ProcessingLossSetup {

	/**
	 * Consumers whose calls may fail.
	 */
	abstract static class Faults extends Listener {

		volatile Consumer<?, ?> consumer;

		Faults(Seen seen) {
			super(seen);
		}

		@Bean
		DefaultKafkaConsumerFactoryCustomizer faults() {
			return (factory) -> factory.addPostProcessor(this::withFaults);
		}

		@SuppressWarnings("unchecked")
		private <K, V> Consumer<K, V> withFaults(Consumer<K, V> consumer) {
			this.consumer = consumer;
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

		volatile boolean failing;

		private final AtomicInteger closed = new AtomicInteger();

		FailingLastCommit(Seen seen) {
			super(seen);
		}

		void fail() {
			this.failing = true;
		}

		int closed() {
			return this.closed.get();
		}

		void close() {
			Consumer<?, ?> consumer = this.consumer;
			if (consumer != null) {
				consumer.close();
			}
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

	/**
	 * Hides what kind of listener there is.
	 */
	@Configuration(proxyBeanMethods = false)
	static class ListenerWrapper {

		@Bean
		@SuppressWarnings("unchecked")
		static ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> wrapper() {
			return (container) -> {
				MessageListener<Object, Object> listener = (MessageListener<Object, Object>) container
					.getContainerProperties()
					.getMessageListener();
				container.getContainerProperties()
					.setMessageListener(
							(AcknowledgingConsumerAwareMessageListener<Object, Object>) listener::onMessage);
			};
		}

	}

}
