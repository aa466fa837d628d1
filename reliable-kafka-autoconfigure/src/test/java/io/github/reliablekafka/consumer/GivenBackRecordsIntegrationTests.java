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
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

import org.springframework.boot.kafka.autoconfigure.DefaultKafkaConsumerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.Acknowledgment;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CommitGuard} when a listener gives records back and its container
 * cannot commit what was in front of them: then Spring Kafka forgets about them.
 */
class GivenBackRecordsIntegrationTests extends ProcessingLossSetup {

	@Test
	void recordComesAgain() {
		send("one", "again", "two");
		run(Records.class, (context) -> {
			awaitCommitted(3);
			assertThat(context.getBean(FailingCommits.class).failures).hasNonPositiveValue();
			assertThat(context.getBean(Seen.class).values).containsSubsequence("one", "again", "again", "two");
		}, "spring.kafka.listener.ack-mode=manual");
	}

	@Test
	void batchComesAgainThatIsGivenBackInARetryToo() {
		send("one", "again", "two");
		run(Batches.class, (context) -> {
			awaitCommitted(3);
			assertThat(context.getBean(FailingCommits.class).failures).hasNonPositiveValue();
			// The last may come once more: the container still has the index of the
			// retry.
			assertThat(context.getBean(Seen.class).values).containsSequence("again", "two");
		}, "spring.kafka.listener.ack-mode=manual_immediate", "spring.kafka.listener.type=batch");
	}

	private void send(String... values) {
		for (String value : values) {
			probe.send(this.topic, 0, "a", value);
		}
	}

	/**
	 * The first commit of records is not answered.
	 */
	@Configuration(proxyBeanMethods = false)
	static class FailingCommits {

		private final AtomicInteger failures = new AtomicInteger(1);

		@Bean
		DefaultKafkaConsumerFactoryCustomizer faults() {
			return (factory) -> factory.addPostProcessor(this::withFaults);
		}

		@SuppressWarnings("unchecked")
		private <K, V> Consumer<K, V> withFaults(Consumer<K, V> consumer) {
			return (Consumer<K, V>) Proxy.newProxyInstance(getClass().getClassLoader(),
					new Class<?>[] { Consumer.class }, (proxy, method, arguments) -> {
						if (method.getName().equals("commitSync") && arguments[0].toString().contains("offset=1,")
								&& this.failures.getAndDecrement() > 0) {
							throw new TimeoutException("no answer");
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

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Records extends FailingCommits {

		private final Seen seen;

		private boolean given;

		Records(Seen seen) {
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
	static class Batches extends FailingCommits {

		private final Seen seen;

		private int given;

		Batches(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		void listen(List<ConsumerRecord<?, String>> records, Acknowledgment acknowledgment) {
			for (int i = 0; i < records.size(); i++) {
				String value = records.get(i).value();
				this.seen.process(value);
				if (value.equals("again") && this.given++ < 2) {
					acknowledgment.nack(i, Duration.ofMillis(50));
					return;
				}
			}
			acknowledgment.acknowledge();
		}

	}

}
