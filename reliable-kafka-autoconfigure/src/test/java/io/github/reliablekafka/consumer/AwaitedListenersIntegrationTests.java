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
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.github.reliablekafka.ledger.ConsumptionOutcome;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;

import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.kafka.annotation.EnableKafka;
import org.springframework.kafka.annotation.KafkaHandler;
import org.springframework.kafka.annotation.KafkaListener;
import org.springframework.kafka.support.Acknowledgment;
import org.springframework.messaging.handler.annotation.SendTo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for listeners that return before their work is done. What becomes of their
 * failures without the starter is in {@link PlainSpringKafkaIntegrationTests}.
 */
class AwaitedListenersIntegrationTests extends CommitGuardApplications {

	@ParameterizedTest
	@ValueSource(classes = { Futures.class, Monos.class, Handlers.class, Wrapped.class })
	void workThatFailsIsTriedAgainInOrderAndDeadLettered(Class<?> application) {
		for (String value : List.of("one", "fail", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(application, (context) -> {
			awaitCommitted(3);
			Work work = context.getBean(Work.class);
			assertThat(work.seen.values).containsExactly("one", "fail", "fail", "two");
			assertThat(work.most).hasValue(1);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
		});
		assertThat(this.deliveries.consumption(this.topic, this.group).count(ConsumptionOutcome.PROCESSED))
			.isEqualTo(2);
	}

	@Test
	void workOfABatchThatFailsHasAllOfItDeadLettered() {
		for (String value : List.of("one", "fail", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(Batches.class, (context) -> {
			awaitCommitted(3);
			assertThat(context.getBean(Work.class).seen.values).contains("one", "two");
			assertThat(probe.values(this.deadLetters)).containsExactly("one", "fail", "two");
		}, "spring.kafka.listener.type=batch");
	}

	@Test
	void workThatIsDoneIsCommittedIfTheMethodCannotAcknowledge() {
		for (String value : List.of("one", "fail", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(Futures.class, (context) -> {
			awaitCommitted(3);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
		}, "spring.kafka.listener.ack-mode=manual");
	}

	@Test
	void methodBesideOneThatReturnsAFutureNeedNotAcknowledge() {
		for (String value : List.of("one", "fail", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(MixedHandlers.class, (context) -> {
			awaitCommitted(3);
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
		});
	}

	@ParameterizedTest
	@ValueSource(strings = { "batch", "manual_immediate" })
	void workThatIsDoneIsAcknowledgedUnlessItIsGivenBack(String mode) {
		for (String value : List.of("one", "back", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(GivingBack.class, (context) -> {
			Work work = context.getBean(Work.class);
			await().until(() -> work.begun.contains("back"));
			// While what is given back waits.
			await().during(Duration.ofSeconds(1)).until(() -> probe.committed(this.group, this.topic, 0) == 1);
			work.over = true;
			awaitCommitted(3);
			assertThat(work.begun).startsWith("one", "back", "back").endsWith("two");
		}, "spring.kafka.listener.ack-mode=" + mode);
	}

	@ParameterizedTest
	@ValueSource(strings = { "batch", "manual" })
	void whatTheWorkYieldsIsTheReply(String mode) {
		String replies = this.topic + "-replies";
		probe.createTopic(replies, 1, Map.of("max.message.bytes", "1000"));
		for (String value : List.of("one", "large", "two")) {
			probe.send(this.topic, 0, "a", value);
		}
		run(mode.equals("manual") ? AcknowledgedReplies.class : Replies.class, (context) -> {
			awaitCommitted(3);
			await().until(() -> probe.values(replies).containsAll(List.of("one", "two")));
			await().until(() -> probe.values(this.deadLetters).contains("large"));
		}, "replies=" + replies, "spring.kafka.listener.ack-mode=" + mode);
	}

	@Test
	void workThatIsNotDoneWhenTheApplicationStopsIsBegunAgain() {
		probe.send(this.topic, 0, "a", "one");
		run(Futures.class, (context) -> {
			Work work = context.getBean(Work.class);
			work.delay = Duration.ofSeconds(2);
			probe.send(this.topic, 0, "a", "fail");
			await().until(() -> work.begun.contains("fail"));
		});
		assertThat(probe.committed(this.group, this.topic, 0)).isLessThanOrEqualTo(1);
		run(Futures.class, (context) -> {
			awaitCommitted(2);
			assertThat(context.getBean(Work.class).seen.values).contains("fail");
			assertThat(probe.values(this.deadLetters)).containsExactly("fail");
		});
	}

	/**
	 * Done by other threads, a while later.
	 */
	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	static class Work {

		private final Seen seen;

		private final Queue<String> begun = new ConcurrentLinkedQueue<>();

		private final AtomicInteger running = new AtomicInteger();

		private final AtomicInteger most = new AtomicInteger();

		private volatile boolean over;

		private volatile Duration delay = Duration.ofMillis(50);

		Work(Seen seen) {
			this.seen = seen;
		}

		CompletableFuture<String> begin(String value) {
			this.begun.add(value);
			this.most.accumulateAndGet(this.running.incrementAndGet(), Math::max);
			Executor later = CompletableFuture.delayedExecutor(this.delay.toMillis(), TimeUnit.MILLISECONDS);
			return CompletableFuture.supplyAsync(() -> {
				this.running.decrementAndGet();
				this.seen.process(value);
				return value;
			}, later);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Futures extends Work {

		Futures(Seen seen) {
			super(seen);
		}

		@KafkaListener(topics = "${topic}")
		CompletableFuture<String> listen(String value) {
			return begin(value);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Monos extends Work {

		Monos(Seen seen) {
			super(seen);
		}

		@KafkaListener(topics = "${topic}")
		Mono<Void> listen(String value) {
			return Mono.defer(() -> Mono.fromFuture(begin(value))).then();
		}

	}

	/**
	 * Spring Kafka cannot know what they return.
	 */
	@Configuration(proxyBeanMethods = false)
	@KafkaListener(topics = "${topic}")
	static class Handlers extends Work {

		Handlers(Seen seen) {
			super(seen);
		}

		@KafkaHandler
		Object listen(String value) {
			return begin(value);
		}

		@KafkaHandler(isDefault = true)
		void listen(Object value) {
			throw new IllegalStateException("Not a string");
		}

	}

	/**
	 * Spring Kafka makes the ack mode of all of them a manual one.
	 */
	@EnableKafka
	@Configuration(proxyBeanMethods = false)
	@KafkaListener(topics = "${topic}")
	static class MixedHandlers {

		private final Seen seen;

		MixedHandlers(Seen seen) {
			this.seen = seen;
		}

		@KafkaHandler
		void listen(String value) {
			this.seen.process(value);
		}

		@KafkaHandler
		CompletableFuture<Void> listen(Integer value, Acknowledgment acknowledgment) {
			throw new IllegalStateException("No number was sent");
		}

	}

	@Import(ListenerWrapper.class)
	@Configuration(proxyBeanMethods = false)
	static class Wrapped extends Futures {

		Wrapped(Seen seen) {
			super(seen);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Batches extends Work {

		Batches(Seen seen) {
			super(seen);
		}

		@KafkaListener(topics = "${topic}")
		CompletableFuture<Void> listen(List<String> values) {
			return CompletableFuture
				.allOf(values.stream().map(this::begin).toArray((size) -> new CompletableFuture<?>[size]));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Replies extends Work {

		Replies(Seen seen) {
			super(seen);
		}

		@KafkaListener(topics = "${topic}")
		@SendTo("${replies}")
		CompletableFuture<String> listen(String value) {
			return begin(value).thenApply(Replying::reply);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class AcknowledgedReplies extends Work {

		AcknowledgedReplies(Seen seen) {
			super(seen);
		}

		@KafkaListener(topics = "${topic}")
		@SendTo("${replies}")
		CompletableFuture<String> listen(String value, Acknowledgment acknowledgment) {
			return begin(value).thenApply(Replying::reply);
		}

	}

	/**
	 * Spring Kafka has them acknowledge by hand, whatever the mode.
	 */
	@Configuration(proxyBeanMethods = false)
	static class GivingBack extends Work {

		GivingBack(Seen seen) {
			super(seen);
		}

		@KafkaListener(topics = "${topic}")
		CompletableFuture<String> listen(String value, Acknowledgment acknowledgment) {
			CompletableFuture<String> work = begin(value);
			if (value.equals("back") && !super.over) {
				acknowledgment.nack(Duration.ofSeconds(3));
			}
			return work;
		}

	}

}
