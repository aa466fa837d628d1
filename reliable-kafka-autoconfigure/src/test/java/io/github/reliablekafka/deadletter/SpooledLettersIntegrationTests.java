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

package io.github.reliablekafka.deadletter;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.StreamSupport;

import io.github.reliablekafka.consumer.ReliableConsumerAutoConfiguration;
import io.github.reliablekafka.durability.DurabilityAutoConfiguration;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeadLetterCounts;
import io.github.reliablekafka.ledger.DeliveryCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.producer.ReliableKafkaTemplate;
import io.github.reliablekafka.producer.ReliableKafkaTemplateAutoConfiguration;
import io.github.reliablekafka.producer.ReliableProducerAutoConfiguration;
import io.github.reliablekafka.producer.SpoolEvent;
import io.github.reliablekafka.spool.SpoolTopics.Answer;
import io.github.reliablekafka.spool.SpoolWatch;
import io.github.reliablekafka.testing.KafkaProbe;
import io.github.reliablekafka.testing.RelayMemory;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.util.function.ThrowingConsumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for dead letters that wait in the spool of their application.
 */
@ExtendWith(OutputCaptureExtension.class)
class SpooledLettersIntegrationTests extends SpooledLettersSetup {

	private ApplicationContextRunner runner;

	@BeforeEach
	void configure() {
		this.runner = new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(DurabilityAutoConfiguration.class, ReliableProducerAutoConfiguration.class,
							ReliableKafkaTemplateAutoConfiguration.class, ReliableConsumerAutoConfiguration.class,
							DeadLetterAutoConfiguration.class, KafkaAutoConfiguration.class))
			.withUserConfiguration(DeadLetterSetup.Seen.class, DeadLetterSetup.RecordListener.class, Events.class)
			.withPropertyValues("spring.kafka.bootstrap-servers=" + this.cluster.bootstrapServers(),
					"spring.application.name=shop", "spring.kafka.consumer.group-id=" + this.group,
					"topic=" + this.topic, "spring.kafka.producer.buffer-memory=256KB",
					"spring.kafka.consumer.value-deserializer=" + FragileDeserializer.class.getName(),
					"reliable.kafka.consumer.retry.initial-interval=50ms",
					"reliable.kafka.consumer.retry.max-interval=1s", "reliable.kafka.consumer.retry.max-attempts=2",
					"reliable.kafka.dead-letter.publish-timeout=9s", "reliable.kafka.producer.max-block=1s",
					"reliable.kafka.producer.shutdown-timeout=1s", "reliable.kafka.spool.mode=on-failure",
					"reliable.kafka.spool.directory=" + this.directory);
	}

	@Test
	void letterWaitsInTheSpoolWhileItsPartitionIsAwayAndArrivesFromTheNextProcess(CapturedOutput output) {
		Header number = new RecordHeader("rk", KafkaProbe.bytes("number"));
		run((context) -> {
			this.cluster.cutOff(this.away);
			this.probe.send(this.topic, 0, "k", "fine");
			this.probe.send(this.topic, 0, DeadLetterSetup.POISON, DeadLetterSetup.POISON, number);
			this.probe.send(this.topic, 0, "k", "good");
			this.probe.send(this.topic, 0, "k", "fail");
			awaitCommitted(0, 4);
			assertThat(context.getBean(DeadLetterSetup.Seen.class).values).containsExactly("FINE", "GOOD", "FAIL",
					"FAIL");
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTERED)).isEqualTo(2);
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTER_FAILED)).isZero();
			assertLetters(context, 0, 2);
			assertThat(ledger(context).waiting()).isEmpty();
			assertThat(context.getBean(SpoolWatch.class).backlog().waiting()).isEqualTo(2);
			assertBalanced(context, 0, 2);
			await().until(() -> context.getBean(Events.class).seen.contains(SpoolEvent.Kind.WAITING));
		});
		assertThat(output).contains("and its dead letter waits in the spool for " + this.deadLetters);
		run((context) -> {
			this.probe.send(this.topic, 0, "k", "FAIL");
			// Behind the others, without an attempt of 40 seconds to get past them.
			await().atMost(Duration.ofSeconds(30)).until(() -> this.probe.committed(this.group, this.topic, 0) == 5);
			assertLetters(context, 0, 1);
			this.cluster.reconnect(this.away);
			await().atMost(PATIENCE).until(() -> ledger(context).deliveries(this.deadLetters).delivered() == 3);
			assertBalanced(context, 3, 0);
			this.probe.send(this.topic, 0, "k", "fail");
			awaitCommitted(0, 6);
			assertLetters(context, 1, 1);
		}, "reliable.kafka.dead-letter.publish-timeout=60s");
		List<ConsumerRecord<byte[], byte[]>> letters = this.probe.records(this.deadLetters);
		assertThat(letters).extracting(ConsumerRecord::value)
			.containsExactly(DeadLetterSetup.POISON, KafkaProbe.bytes("fail"), KafkaProbe.bytes("FAIL"),
					KafkaProbe.bytes("fail"));
		assertThat(letters.get(0)).satisfies((letter) -> {
			assertThat(letter.key()).isEqualTo(DeadLetterSetup.POISON);
			assertThat(letter.headers().headers("rk")).isEmpty();
			assertThat(letter.headers().lastHeader("rk-orig").value()).isEqualTo(number.value());
			assertThat(letter.headers().lastHeader("origin").value()).isEqualTo(KafkaProbe.bytes("probe"));
			assertThat(letter.headers().lastHeader(KafkaHeaders.DLT_ORIGINAL_TOPIC).value())
				.isEqualTo(KafkaProbe.bytes(this.topic));
		});
		// One that went through the spool has no other headers than one that did not.
		assertThat(names(letters.get(1))).isEqualTo(names(letters.get(3)));
	}

	@Test
	void topicThatWasDeletedIsCreatedAgainForWhatGoesIntoTheSpool() {
		run((context) -> {
			this.probe.send(this.topic, 0, "k", "fail");
			awaitCommitted(0, 1);
			this.cluster.admin().deleteTopics(List.of(this.deadLetters)).all().get();
			this.probe.send(this.topic, 0, "k", "fail");
			awaitCommitted(0, 2);
			assertThat(this.probe.partitions(this.deadLetters)).isEqualTo(2);
			await().atMost(PATIENCE).until(() -> this.probe.values(this.deadLetters).size() == 1);
			assertThat(context.getBean(SpoolWatch.class).backlog().parked()).isZero();
		}, "reliable.kafka.spool.give-up-after=1s");
	}

	@Test
	void topicThatIsDeletedWhileTheClientHasItsLetterIsCreatedAgain(CapturedOutput output) {
		run((context) -> {
			this.cluster.kill(this.away);
			this.probe.send(this.topic, 0, "k", "fail");
			this.probe.send(this.topic, 0, "k", "FAIL");
			awaitCommitted(0, 2);
			await().atMost(PATIENCE).until(() -> RelayMemory.taken() > 0);
			this.cluster.admin().deleteTopics(List.of(this.deadLetters)).all().get();
			this.cluster.restart(this.away);
			await().atMost(PATIENCE).until(() -> ledger(context).deliveries(this.deadLetters).delivered() == 2);
			assertBalanced(context, 2, 0);
			assertThat(context.getBean(SpoolWatch.class).backlog().parked()).isZero();
		}, "reliable.kafka.spool.give-up-after=1s");
		assertThat(output).contains("Created topic '" + this.deadLetters + "': partitions=2");
		assertThat(this.probe.values(this.deadLetters)).containsExactly("fail", "FAIL");
		assertThat(this.probe.topicConfig(this.deadLetters, "retention.ms")).isEqualTo("-1");
	}

	@Test
	void topicThatIsDeletedBetweenTwoProcessesIsCreatedAgainForWhatIsLeft() throws Exception {
		run((context) -> {
			this.cluster.kill(this.away);
			this.probe.send(this.topic, 0, "k", "fail");
			awaitCommitted(0, 1);
		});
		this.cluster.admin().deleteTopics(List.of(this.deadLetters)).all().get();
		this.cluster.restart(this.away);
		run((context) -> {
			await().atMost(PATIENCE).until(() -> ledger(context).deliveries(this.deadLetters).delivered() == 1);
			assertThat(context.getBean(SpoolWatch.class).backlog().parked()).isZero();
		}, "reliable.kafka.spool.give-up-after=1s");
		assertThat(this.probe.values(this.deadLetters)).containsExactly("fail");
		assertThat(this.probe.partitions(this.deadLetters)).isEqualTo(2);
	}

	@Test
	void topicThatCannotBeCreatedAgainIsNamedOnce(CapturedOutput output) throws Exception {
		LetterTopics topics = new LetterTopics(new DeadLetterProperties(true, "-dlt", Duration.ofSeconds(1), false,
				new DeadLetterProperties.Redrive(3, 100, "-parking", "rk-redrive")));
		Map<String, Object> connection = Map.of("bootstrap.servers", this.cluster.bootstrapServers());
		this.cluster.admin().deleteTopics(List.of(this.topic, this.deadLetters)).all().get();
		await().until(() -> topics.provide(connection, this.deadLetters, this.topic, PATIENCE) == Answer.REFUSED);
		assertThat(topics.provide(connection, this.deadLetters, this.topic, PATIENCE)).isEqualTo(Answer.REFUSED);
		assertThat(output.toString().split("is gone, and cannot be created again")).hasSize(2);
		create(this.topic, this.away);
		await().atMost(PATIENCE)
			.until(() -> topics.provide(connection, this.deadLetters, this.topic, PATIENCE) == Answer.THERE);
		// The broker that is asked may not have heard of it yet.
		await().ignoreExceptions().until(() -> this.probe.partitions(this.deadLetters) == 2);
	}

	@Test
	void letterThatFitsOnlyCompressedDoesNotGoIntoTheSpool(CapturedOutput output) {
		this.probe.alterTopic(this.deadLetters, "max.message.bytes", "20000");
		byte[] large = new byte[50_000];
		large[0] = (byte) 0xff;
		run((context) -> {
			this.cluster.cutOff(this.away);
			this.probe.send(this.topic, 0, DeadLetterSetup.POISON, large);
			await().atMost(PATIENCE)
				.until(() -> output.toString().contains("it is larger than max.message.bytes of its topic"));
			this.cluster.reconnect(this.away);
			awaitCommitted(0, 1);
			assertLetters(context, 1, 0);
		});
		assertThat(this.probe.records(this.deadLetters)).hasSize(1);
	}

	@Test
	void partitionIsHeldBackAndSaysSoIfTheSpoolIsFull(CapturedOutput output) throws Exception {
		String filler = this.topic + "-filler";
		create(filler, this.away);
		this.runner = this.runner.withPropertyValues("reliable.kafka.spool.max-size=1MB",
				"reliable.kafka.spool.block-when-full=100ms");
		run((context) -> {
			fill(context, filler);
			this.probe.send(this.topic, 0, "k", "fail");
			this.probe.send(this.topic, 0, "k", "behind");
			this.probe.send(this.topic, 1, "k", "other");
			awaitCommitted(1, 1);
			await().atMost(PATIENCE).until(() -> !ledger(context).waiting().isEmpty());
			assertThat(ledger(context).waiting().keySet())
				.containsExactly("%s-0 in group '%s'".formatted(this.topic, this.group));
			assertThat(count(context, ConsumptionOutcome.DEAD_LETTER_FAILED)).isPositive();
			assertLetters(context, 0, 0);
			assertThat(this.probe.committed(this.group, this.topic, 0)).isLessThan(1);
			assertThat(context.getBean(DeadLetterSetup.Seen.class).values).doesNotContain("BEHIND");
			assertThat(output).contains("The spool does not take a dead letter for " + this.deadLetters)
				.contains("is full");
			this.cluster.reconnect(this.away);
			awaitCommitted(0, 2);
			await().atMost(PATIENCE).until(() -> ledger(context).waiting().isEmpty());
		});
		assertThat(this.probe.values(this.deadLetters)).containsExactly("fail");
	}

	@SuppressWarnings("unchecked")
	private void fill(ApplicationContext context, String filler) throws Exception {
		ReliableKafkaTemplate<Object, Object> template = context.getBean(ReliableKafkaTemplate.class);
		assertThat(template.deliver(filler, "k", "known")).succeedsWithin(PATIENCE);
		this.cluster.cutOff(this.away);
		// Where a large one finds no room a dead letter may, and a busy disk may still
		// make
		// a file.
		await().atMost(PATIENCE)
			.pollDelay(Duration.ZERO)
			.pollInterval(Duration.ofMillis(500))
			.until(() -> deliver(template, filler, 1000) + deliver(template, filler, 1) == 0);
	}

	private static int deliver(ReliableKafkaTemplate<Object, Object> template, String filler, int size) {
		for (int taken = 0; taken < 10_000; taken++) {
			if (template.deliver(filler, "k", "x".repeat(size)).isCompletedExceptionally()) {
				return taken;
			}
		}
		throw new AssertionError("The spool does not get full");
	}

	private void run(ThrowingConsumer<ApplicationContext> test, String... properties) {
		this.runner.withPropertyValues(properties).run((context) -> {
			assertThat(context).hasNotFailed();
			test.accept(context);
		});
	}

	private static DeliveryLedger ledger(ApplicationContext context) {
		return context.getBean(DeliveryLedger.class);
	}

	private long count(ApplicationContext context, ConsumptionOutcome outcome) {
		return ledger(context).consumption(this.topic, this.group).count(outcome);
	}

	private void assertLetters(ApplicationContext context, long written, long spooled) {
		DeadLetterCounts counts = ledger(context).deadLetters();
		assertThat(counts.count(this.deadLetters, DeadLetterCounts.Outcome.WRITTEN)).isEqualTo(written);
		assertThat(counts.count(this.deadLetters, DeadLetterCounts.Outcome.SPOOLED)).isEqualTo(spooled);
	}

	private void assertBalanced(ApplicationContext context, long delivered, long spooled) {
		DeliveryCounts counts = ledger(context).deliveries(this.deadLetters);
		assertThat(counts.isBalanced()).isTrue();
		assertThat(counts.delivered()).isEqualTo(delivered);
		assertThat(counts.spooled()).isEqualTo(spooled);
	}

	private static List<String> names(ConsumerRecord<?, ?> record) {
		return StreamSupport.stream(record.headers().spliterator(), false).map(Header::key).toList();
	}

	@Configuration(proxyBeanMethods = false)
	static class Events {

		final Queue<SpoolEvent.Kind> seen = new ConcurrentLinkedQueue<>();

		@EventListener
		void on(SpoolEvent event) {
			this.seen.add(event.kind());
		}

	}

}
