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

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.deadletter.FragileDeserializer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.config.ContainerCustomizer;
import org.springframework.kafka.config.KafkaListenerEndpointRegistry;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.CommonErrorHandler;
import org.springframework.kafka.listener.ConcurrentMessageListenerContainer;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.listener.DefaultErrorHandler;
import org.springframework.kafka.listener.MessageListenerContainer;
import org.springframework.kafka.listener.RecordInterceptor;
import org.springframework.kafka.support.serializer.ErrorHandlingDeserializer;
import org.springframework.util.backoff.FixedBackOff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * What the guard of commits is for: each application of
 * {@link CommitGuardIntegrationTests} loses a record without the starter. A test that
 * fails here tells that Spring Kafka has got better, and that the guard may have less to
 * do.
 */
class PlainSpringKafkaIntegrationTests extends CommitGuardApplications {

	@Test
	void pollIsDroppedAfterAFailedCommit() {
		runPlain(FailingCommits.class, (context) -> {
			send(context, true, "one", "two", "three");
			awaitCommitted(3);
			assertThat(context.getBean(Seen.class).values).containsExactly("one", "three");
		}, "spring.kafka.consumer.max-poll-records=1");
	}

	@ParameterizedTest
	@ValueSource(strings = { "manual", "manual_immediate" })
	void recordThatIsNotAcknowledgedIsPassed(String mode) {
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, "a", "two");
		runPlain(AcknowledgingLast.class, (context) -> awaitCommitted(2), "spring.kafka.listener.ack-mode=" + mode);
	}

	@Test
	void recordWhoseReplyCannotBeSentIsCommitted() {
		String replies = this.topic + "-replies";
		probe.createTopic(replies, 1);
		for (String value : List.of("one", "large", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		runPlain(Replying.class, (context) -> {
			awaitCommitted(3);
			await().until(() -> probe.values(replies).size() == 2);
		}, "replies=" + replies, "spring.kafka.producer.properties[max.request.size]=2000");
		assertThat(probe.values(replies)).containsExactly("one", "two");
	}

	@Test
	void consumerStaysOpenAfterALastCommitThatFailed() {
		runPlain(FailingLastCommit.class, (context) -> {
			send(context, true, "one", "two");
			await().until(() -> context.getBean(Seen.class).values.size() == 2);
			FailingLastCommit faults = context.getBean(FailingLastCommit.class);
			faults.fail();
			MessageListenerContainer container = context.getBean(KafkaListenerEndpointRegistry.class)
				.getListenerContainers()
				.iterator()
				.next();
			container.stop();
			await().during(Duration.ofSeconds(2)).until(() -> faults.closed() == 0);
			// Or the test leaves it behind.
			faults.close();
		}, "spring.kafka.listener.ack-mode=count", "spring.kafka.listener.ack-count=1000");
	}

	@Test
	void failedRecordIsLoggedAndCommitted() {
		runPlain(Failing.class, (context) -> {
			send(context, true, "one", "fail", "two");
			awaitCommitted(3);
		});
	}

	@Test
	void containerThatWaitsForAcknowledgementsStandsStillBehindARecordThatWasGivenUp() {
		for (String value : List.of("one", "fail", "two", "three")) {
			probe.send(this.topic, 0, "a", value);
		}
		runPlain(Waiting.class, (context) -> {
			await().until(() -> probe.committed(this.group, this.topic, 0) >= 2);
			await().during(Duration.ofSeconds(2)).until(() -> probe.committed(this.group, this.topic, 0) == 2);
		});
	}

	@Test
	void batchWhoseWorkFailsLaterIsCommitted() {
		for (String value : List.of("one", "two", "three")) {
			probe.send(this.topic, 0, "a", value);
		}
		runPlain(AsyncBatch.class, (context) -> {
			awaitCommitted(3);
			AsyncBatch listener = context.getBean(AsyncBatch.class);
			await().during(Duration.ofSeconds(1)).until(() -> listener.recovered.isEmpty());
		}, "spring.kafka.listener.type=batch");
	}

	@Test
	void recordWhoseWorkFailsLaterIsCommittedBeforeItIsTriedAgain() {
		probe.send(this.topic, 0, "a", "fail");
		runPlain(AsyncRecord.class, (context) -> {
			awaitCommitted(1);
			assertThat(context.getBean(AsyncRecord.class).recovered).isEmpty();
		});
		// The application has stopped in between.
		runPlain(AsyncRecord.class, (context) -> {
			AsyncRecord listener = context.getBean(AsyncRecord.class);
			await().during(Duration.ofSeconds(2)).until(() -> listener.seen.values.isEmpty());
		});
	}

	@Test
	void recordWhoseWorkFailsBehindAWrapperIsCommittedAndNotTriedAgain() {
		probe.send(this.topic, 0, "a", "fail");
		runPlain(WrappedAsyncRecord.class, (context) -> {
			awaitCommitted(1);
			AsyncRecord listener = context.getBean(AsyncRecord.class);
			await().during(Duration.ofSeconds(1)).until(() -> listener.seen.values.size() == 1);
			assertThat(listener.recovered).isEmpty();
		});
	}

	@Test
	void recordThatIsNotReadableIsNotShownToAnInterceptor() {
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, "a".getBytes(StandardCharsets.UTF_8), new byte[] { (byte) 0xff });
		probe.send(this.topic, 0, "a", "two");
		runPlain(Intercepted.class, (context) -> {
			awaitCommitted(3);
			assertThat(context.getBean(Intercepted.class).offsets).containsExactly(0L, 2L);
		}, "spring.kafka.consumer.value-deserializer=" + ErrorHandlingDeserializer.class.getName(),
				"spring.kafka.consumer.properties[spring.deserializer.value.delegate.class]="
						+ FragileDeserializer.class.getName());
	}

	@Test
	void recordOfABatchThatIsNotReadableIsGivenAsNull() {
		probe.send(this.topic, 0, "a", "one");
		probe.send(this.topic, 0, "a".getBytes(StandardCharsets.UTF_8), new byte[] { (byte) 0xff });
		probe.send(this.topic, 0, "a", "two");
		runPlain(Nulls.class, (context) -> {
			awaitCommitted(3);
			assertThat(context.getBean(Nulls.class).nulls).hasValue(1);
		}, "spring.kafka.listener.type=batch",
				"spring.kafka.consumer.value-deserializer=" + ErrorHandlingDeserializer.class.getName(),
				"spring.kafka.consumer.properties[spring.deserializer.value.delegate.class]="
						+ FragileDeserializer.class.getName());
	}

	@Test
	void recordWithoutATopicForItsDeadLetterIsCommitted() {
		for (String value : List.of("one", "fail", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		runPlain(NoDestination.class, (context) -> awaitCommitted(3));
	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class AsyncBatch {

		private final Queue<String> recovered = new ConcurrentLinkedQueue<>();

		@KafkaListener(topics = "${topic}")
		CompletableFuture<Void> listen(List<String> values) {
			return CompletableFuture.failedFuture(new IllegalStateException("failed on purpose"));
		}

		@Bean
		DefaultErrorHandler errorHandler() {
			return new DefaultErrorHandler((record, failure) -> this.recovered.add(String.valueOf(record.value())),
					new FixedBackOff(0, 1));
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class AsyncRecord {

		final Queue<String> recovered = new ConcurrentLinkedQueue<>();

		private final Seen seen;

		AsyncRecord(Seen seen) {
			this.seen = seen;
		}

		@KafkaListener(topics = "${topic}")
		CompletableFuture<Void> listen(String value) {
			this.seen.values.add(value);
			return CompletableFuture.supplyAsync(() -> {
				throw new IllegalStateException("failed on purpose");
			}, CompletableFuture.delayedExecutor(100, TimeUnit.MILLISECONDS));
		}

		@Bean
		DefaultErrorHandler errorHandler() {
			return new DefaultErrorHandler((record, failure) -> this.recovered.add(String.valueOf(record.value())),
					new FixedBackOff(60_000, 1));
		}

	}

	/**
	 * The container is not told that it returns early.
	 */
	@Import(ListenerWrapper.class)
	@Configuration(proxyBeanMethods = false)
	static class WrappedAsyncRecord extends AsyncRecord {

		WrappedAsyncRecord(Seen seen) {
			super(seen);
		}

		@Override
		@Bean
		DefaultErrorHandler errorHandler() {
			return new DefaultErrorHandler((record, failure) -> this.recovered.add(String.valueOf(record.value())),
					new FixedBackOff(0, 1));
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Intercepted {

		private final Queue<Long> offsets = new ConcurrentLinkedQueue<>();

		@KafkaListener(topics = "${topic}")
		void listen(ConsumerRecord<?, ?> record) {
		}

		@Bean
		RecordInterceptor<Object, Object> interceptor() {
			return (record, consumer) -> {
				this.offsets.add(record.offset());
				return record;
			};
		}

	}

	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Nulls {

		private final AtomicInteger nulls = new AtomicInteger();

		@KafkaListener(topics = "${topic}")
		void listen(List<ConsumerRecord<?, ?>> records) {
			records.stream()
				.filter((record) -> record.value() == null)
				.forEach((record) -> this.nulls.incrementAndGet());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class NoDestination extends Listener {

		NoDestination(Seen seen) {
			super(seen);
		}

		@Bean
		CommonErrorHandler errorHandler(KafkaTemplate<?, ?> template) {
			return new DefaultErrorHandler(new DeadLetterPublishingRecoverer(template, (record, failure) -> null),
					new FixedBackOff(0, 0));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Waiting extends Acknowledging {

		Waiting(Seen seen) {
			super(seen);
		}

		@Bean
		ContainerCustomizer<Object, Object, ConcurrentMessageListenerContainer<Object, Object>> asyncAcks() {
			return (container) -> container.getContainerProperties().setAsyncAcks(true);
		}

		@Bean
		DefaultErrorHandler errorHandler() {
			return new DefaultErrorHandler(new FixedBackOff(0, 0));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Failing extends Listener {

		Failing(Seen seen) {
			super(seen);
		}

	}

}
