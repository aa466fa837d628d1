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

package io.github.reliablekafka.producer;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

import io.github.reliablekafka.ledger.DeliveryCounts;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.SpoolWatch;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.kafka.support.SendResult;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for what becomes of records while the cluster is away, or the process ends,
 * against a broker.
 */
@ExtendWith(OutputCaptureExtension.class)
class SpoolIntegrationTests extends SpoolSetup {

	private static final Duration PATIENCE = Duration.ofSeconds(60);

	@Test
	void whatIsSentWhileTheClusterIsAwayArrivesInOrderAndOnce() {
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			ReliableKafkaTemplate<Object, Object> template = template(context);
			deliver(template, 0, 500, PATIENCE).forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 500);
			away();
			CompletableFuture<SendResult<Object, Object>> sent = template.send(this.topic, "key-0", "500-");
			List<CompletableFuture<DeliveryReceipt>> receipts = deliver(template, 501, 4000, Duration.ofSeconds(4));
			for (CompletableFuture<DeliveryReceipt> receipt : receipts) {
				assertThat(receipt).succeedsWithin(PATIENCE)
					.satisfies((safe) -> assertThat(safe.outcome()).isEqualTo(DeliveryReceipt.Outcome.SPOOLED));
			}
			assertThat(sent).isNotDone();
			assertThat(ledger(context).totals().spooled()).isGreaterThan(2000);
			assertThat(ledger(context).totals().isBalanced()).isTrue();
			back();
			assertThat(sent).succeedsWithin(PATIENCE)
				.satisfies((result) -> assertThat(result.getRecordMetadata().hasOffset()).isTrue());
			deliver(template, 4000, 5000, Duration.ofSeconds(4));
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 5000);
			assertThat(ledger(context).totals().spooled()).isZero();
		});
		List<ConsumerRecord<String, String>> log = read();
		assertThat(log).hasSize(5000);
		assertCompleteAndInOrder(log, 5000);
		assertNumbersFollowTheLog(log);
		assertThat(this.directory.resolve("shop").resolve("0")).isDirectoryNotContaining("glob:**.segment");
	}

	@Test
	void applicationStartsAndAcceptsWhileTheClusterIsAway() {
		away();
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			ReliableKafkaTemplate<Object, Object> template = template(context);
			List<CompletableFuture<DeliveryReceipt>> receipts = deliver(template, 0, 1, Duration.ofSeconds(4));
			receipts.addAll(deliver(template, 1, 1000, Duration.ofSeconds(4)));
			receipts.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE)
				.satisfies((safe) -> assertThat(safe.outcome()).isEqualTo(DeliveryReceipt.Outcome.SPOOLED)));
			back();
			deliver(template, 1000, 2000, Duration.ofSeconds(4));
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 2000);
		});
		List<ConsumerRecord<String, String>> log = read();
		assertThat(log).hasSize(2000);
		assertCompleteAndInOrder(log, 2000);
		assertNumbersFollowTheLog(log);
	}

	@Test
	void nextProcessSendsWhatIsLeftFirstAndSaysSo(CapturedOutput output) {
		List<CompletableFuture<DeliveryReceipt>> receipts = new ArrayList<>();
		List<CompletableFuture<SendResult<Object, Object>>> sent = new ArrayList<>();
		this.runner.run((context) -> {
			deliver(template(context), 0, 100, PATIENCE)
				.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 100);
			away();
			receipts.addAll(deliver(template(context), 100, 1999, Duration.ofSeconds(4)));
			sent.add(template(context).send(this.topic, "key-19", "1999-"));
		});
		assertThat(output).contains("records stay in the spool");
		assertThat(receipts).allSatisfy((receipt) -> assertThat(receipt)
			.isCompletedWithValueMatching((safe) -> safe.outcome() == DeliveryReceipt.Outcome.SPOOLED));
		assertThat(sent.get(0)).failsWithin(Duration.ofSeconds(5))
			.withThrowableOfType(ExecutionException.class)
			.havingRootCause()
			.withMessageContaining("Producer closed");
		assertThat(sent.get(0)).failsWithin(Duration.ofSeconds(5))
			.withThrowableOfType(ExecutionException.class)
			.havingCause()
			.havingCause()
			.isInstanceOf(DeliveryPendingException.class);
		away();
		this.runner.run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(SpoolWatch.class).backlog()).satisfies((backlog) -> {
				assertThat(backlog.waiting()).isEqualTo(1900);
				assertThat(backlog.oldest()).isBefore(Instant.now());
			});
			deliver(template(context), 2000, 2500, Duration.ofSeconds(4));
			back();
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 2400);
			assertThat(ledger(context).totals().isBalanced()).isTrue();
		});
		List<ConsumerRecord<String, String>> log = read();
		assertCompleteAndInOrder(log, 2500);
		assertThat(log).filteredOn((record) -> number(record) < 100).noneMatch((record) -> stamp(record).replay());
		assertThat(log).filteredOn((record) -> number(record) >= 2000).noneMatch((record) -> stamp(record).replay());
		assertThat(log).filteredOn((record) -> stamp(record).replay()).hasSizeGreaterThanOrEqualTo(1900);
	}

	@Test
	void fullSpoolBlocksForABoundedTimeAndThenRejects() {
		this.runner
			.withPropertyValues("reliable.kafka.spool.max-size=2MB", "reliable.kafka.spool.block-when-full=500ms")
			.run((context) -> {
				ReliableKafkaTemplate<Object, Object> template = template(context);
				assertThat(template.deliver(this.topic, "key", "first")).succeedsWithin(PATIENCE);
				away();
				Map<Integer, CompletableFuture<DeliveryReceipt>> receipts = new LinkedHashMap<>();
				int refused = 0;
				for (int i = 0; refused < 3; i++) {
					assertThat(i).isLessThan(20_000);
					long start = System.nanoTime();
					CompletableFuture<DeliveryReceipt> receipt = template.deliver(this.topic, "key-" + i % 20,
							i + "-" + "x".repeat(500));
					assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
					receipts.put(i, receipt);
					refused += receipt.isCompletedExceptionally() ? 1 : 0;
				}
				Set<Integer> accepted = new HashSet<>();
				for (Map.Entry<Integer, CompletableFuture<DeliveryReceipt>> sent : receipts.entrySet()) {
					try {
						sent.getValue().get();
						accepted.add(sent.getKey());
					}
					catch (ExecutionException ex) {
						assertThat(ex.getCause()).isInstanceOfSatisfying(DeliveryRejectedException.class,
								(failure) -> assertThat(failure.reason()).isEqualTo(RejectionReason.NO_ROOM));
					}
				}
				assertThat(accepted).hasSizeLessThan(receipts.size());
				assertThat(accepted).hasSizeGreaterThan(1000);
				back();
				await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == accepted.size() + 1);
				Set<Integer> arrived = new HashSet<>();
				read().stream()
					.filter((record) -> record.value().contains("-"))
					.map(SpoolSetup::number)
					.forEach(arrived::add);
				assertThat(arrived).isEqualTo(accepted);
				assertThat(template.deliver(this.topic, "key", "1-")).succeedsWithin(PATIENCE);
			});
	}

	@Test
	void onFailureSpoolsOnlyWhatTheClusterDoesNotTakeNow() {
		this.runner.withPropertyValues("reliable.kafka.spool.mode=on-failure").run((context) -> {
			ReliableKafkaTemplate<Object, Object> template = template(context);
			for (CompletableFuture<DeliveryReceipt> receipt : deliver(template, 0, 200, PATIENCE)) {
				assertThat(receipt).succeedsWithin(PATIENCE)
					.satisfies((safe) -> assertThat(safe.outcome()).isEqualTo(DeliveryReceipt.Outcome.DELIVERED));
			}
			away();
			List<CompletableFuture<DeliveryReceipt>> receipts = deliver(template, 200, 3000, Duration.ofSeconds(4));
			assertThat(receipts.get(receipts.size() - 1)).succeedsWithin(PATIENCE)
				.satisfies((safe) -> assertThat(safe.outcome()).isEqualTo(DeliveryReceipt.Outcome.SPOOLED));
			back();
			await().atMost(PATIENCE).until(() -> ledger(context).totals().delivered() == 3000);
		});
		List<ConsumerRecord<String, String>> log = read();
		assertThat(log).hasSize(3000);
		assertCompleteAndInOrder(log, 3000);
	}

	@Test
	void transactionalProducersGoWithoutTheSpool() {
		this.runner.withPropertyValues("spring.kafka.producer.transaction-id-prefix=tx-" + this.topic,
				// The first transaction of a cluster has its topic made.
				"reliable.kafka.producer.max-block=30s")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				template(context).executeInTransaction((operations) -> operations.send(this.topic, "key-0", "0-"));
				DeliveryCounts totals = ledger(context).totals();
				assertThat(totals.delivered()).isOne();
				assertThat(this.directory.resolve("shop")).doesNotExist();
			});
	}

	@Test
	void applicationStartsWithLeftoversAlthoughNoProducerCanBeMade(CapturedOutput output) {
		long start = System.nanoTime();
		this.runner.run((context) -> {
			away();
			assertThat(template(context).deliver(this.topic, "key-0", "0-")).succeedsWithin(PATIENCE);
		});
		assertThat(Duration.ofNanos(System.nanoTime() - start))
			.as("a broker that does not answer keeps nobody for longer than shutdown-timeout")
			.isLessThan(Duration.ofSeconds(20));
		back();
		this.runner.withPropertyValues("spring.kafka.bootstrap-servers=no.such.host.invalid:9092").run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(output).contains("has no producer yet");
		});
		this.runner.run((context) -> await().atMost(PATIENCE)
			.until(() -> ledger(context).totals().delivered() == 1 && ledger(context).totals().spooled() == 0));
		assertThat(read()).extracting(ConsumerRecord::value).containsExactly("0-");
	}

	@Test
	void whatAnInstanceLeavesIsSentByOneThatRuns() {
		this.runner.run((context) -> {
			assertThat(template(context).deliver(this.topic, "key-0", "0-")).succeedsWithin(PATIENCE);
			this.runner.run((other) -> {
				deliver(template(other), 1, 10, PATIENCE)
					.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
				away();
				deliver(template(other), 10, 200, Duration.ofSeconds(4))
					.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
			});
			back();
			Spools spools = context.getBean(Spools.class);
			assertThat(spools.attend(Duration.ofMinutes(5))).isTrue();
			assertThat(spools.attend(Duration.ofMinutes(5))).isTrue();
			assertThat(ledger(context).totals().accepted()).as("its instance may come back").isOne();
			assertThat(spools.attend(Duration.ZERO)).isTrue();
			assertThat(ledger(context).totals().accepted()).isGreaterThanOrEqualTo(191);
			deliver(template(context), 200, 300, Duration.ofSeconds(4));
			await().atMost(PATIENCE)
				.until(() -> ledger(context).totals().delivered() == ledger(context).totals().accepted());
			Path left = this.directory.resolve("shop").resolve("1");
			await().atMost(PATIENCE).until(() -> spools.attend(Duration.ZERO) && !hasSegments(left));
			assertThat(this.directory.resolve("shop").resolve("0")).isDirectoryContaining("glob:**.segment");
		});
		List<ConsumerRecord<String, String>> log = read();
		Set<Integer> seen = new HashSet<>();
		log.forEach((record) -> {
			if (!seen.add(number(record))) {
				assertThat(stamp(record).replay()).isTrue();
			}
		});
		assertThat(seen).hasSize(300);
	}

	@Test
	void whatWasTakenOverIsRetainedWhenItIsSent() {
		var retaining = this.runner.withPropertyValues("reliable.kafka.spool.retain=10m");
		retaining.run((context) -> {
			assertThat(template(context).deliver(this.topic, "key-0", "0-")).succeedsWithin(PATIENCE);
			retaining.run((other) -> {
				away();
				deliver(template(other), 1, 100, Duration.ofSeconds(4))
					.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
			});
			back();
			Spools spools = context.getBean(Spools.class);
			long opened = spools.stores().opened();
			assertThat(spools.attend(Duration.ZERO)).isTrue();
			assertThat(spools.stores().opened()).isEqualTo(opened + 1);
			await().atMost(PATIENCE)
				.until(() -> read().stream().map((record) -> number(record)).distinct().count() == 100);
			await().atMost(PATIENCE).until(() -> spools.stores().lanes().isEmpty());
			assertThat(spools.attend(Duration.ZERO)).isTrue();
			for (ConsumerRecord<String, String> record : read()) {
				List<byte[]> found = new ArrayList<>();
				spools.stores().search(this.topic, record.partition(), null, (kept) -> found.add(kept.value()));
				assertThat(found).contains(record.value().getBytes(StandardCharsets.UTF_8));
				found.clear();
				spools.stores().search(this.topic, record.partition(), "another", (kept) -> found.add(kept.value()));
				assertThat(found).isEmpty();
			}
		});
	}

	@Test
	void ofWhatWasTakenOverTwoDirectoriesAreRetained() {
		var retaining = this.runner.withPropertyValues("reliable.kafka.spool.retain=10m");
		retaining.run((context) -> {
			assertThat(template(context).deliver(this.topic, "key-0", "0-")).succeedsWithin(PATIENCE);
			retaining.run((first) -> retaining.run((second) -> retaining.run((third) -> {
				away();
				for (var other : List.of(first, second, third)) {
					deliver(template(other), 1, 10, Duration.ofSeconds(4))
						.forEach((receipt) -> assertThat(receipt).succeedsWithin(PATIENCE));
				}
			})));
			back();
			Spools spools = context.getBean(Spools.class);
			long opened = spools.stores().opened();
			assertThat(spools.attend(Duration.ZERO)).isTrue();
			assertThat(spools.stores().opened()).isEqualTo(opened + 3);
			Path base = this.directory.resolve("shop");
			await().atMost(PATIENCE).until(() -> spools.attend(Duration.ZERO) && !hasSegments(base.resolve("1")));
			assertThat(List.of("0", "2", "3")).allMatch((slot) -> hasSegments(base.resolve(slot)));
		});
	}

	private static boolean hasSegments(Path slot) {
		String[] files = slot.toFile().list((directory, name) -> name.endsWith(".segment"));
		return files != null && files.length > 0;
	}

	private static void assertNumbersFollowTheLog(List<ConsumerRecord<String, String>> log) {
		Map<String, Long> last = new HashMap<>();
		List<String> wrong = new ArrayList<>();
		for (ConsumerRecord<String, String> record : log) {
			String stream = record.partition() + "/" + stamp(record).session();
			long number = stamp(record).number();
			if (number != last.getOrDefault(stream, 0L) + 1) {
				wrong.add(stream + " " + number + " after " + last.get(stream));
			}
			last.put(stream, number);
		}
		assertThat(wrong).isEmpty();
	}

}
