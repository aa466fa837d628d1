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

import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;

import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolOptions;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Spooling}.
 */
class SpoolingTests extends SpoolingSetup {

	@Test
	void whatWasPromisedIsSentAgainUnlessTheClusterNeverTakesIt() {
		TopicAuthorizationException refused = new TopicAuthorizationException("not now");
		Followed promised = direct(100, new PendingReceipt("orders"));
		await().until(promised::isPromised);
		assertThat(promised.isTakenOver(refused, RejectionReason.NOT_AUTHORIZED)).isTrue();
		Followed neverTaken = new Followed(new PendingReceipt("orders"));
		this.spooling.admit(neverTaken, "other", 0, record(100));
		await().until(neverTaken::isPromised);
		assertThat(neverTaken.isTakenOver(new RecordTooLargeException(), RejectionReason.RECORD_TOO_LARGE)).isFalse();
		Followed notPromised = new Followed(null);
		this.spooling.admit(notPromised, "other", 0, record(100));
		assertThat(notPromised.isTakenOver(refused, RejectionReason.NOT_AUTHORIZED)).isFalse();
	}

	@Test
	void flushWaitsForTheRecordsThatWereThereAndNotForAsManyOthers() throws Exception {
		Followed stuck = handed(100, null);
		// Since Java 25 the common pool has one thread for both on a machine with two
		// cores.
		Executor threads = (task) -> new Thread(task).start();
		CompletableFuture<Void> flush = CompletableFuture.runAsync(this.spooling::awaitHanded, threads);
		// Another producer's flush begins later, and waits for as many records.
		Spooling others = spooling(Duration.ofMillis(50));
		Followed other = new Followed(null);
		others.handed().add(other);
		CompletableFuture<Void> control = CompletableFuture.runAsync(others::awaitHanded, threads);
		handed(100, null).over();
		handed(100, null).over();
		others.handed().remove(other);
		assertThat(control).succeedsWithin(Duration.ofSeconds(10));
		assertThat(flush).isNotDone();
		stuck.over();
		assertThat(flush).succeedsWithin(Duration.ofSeconds(10));
	}

	@Test
	void refusalThatComesBeforeThePositionIsNotForgotten() {
		this.failBeforeAppended = this.refusal;
		Followed direct = direct(100, null);
		assertThat(direct.position()).as("not in the spool").isZero();
		assertThat(direct.kept()).isNotNull();
		Followed alone = new Followed(null);
		alone.lane(this.relay.lanes().lane("orders", 1));
		this.relay.lanes().lane("orders", 1).admit(alone, record(100), true, true, false);
		assertThat(alone.isLost()).isTrue();
		await().untilAsserted(() -> assertThat(alone.rejection.get()).isInstanceOf(BufferExhaustedException.class));
		this.spooling.awaitHanded();
	}

	@Test
	void sendersThatWaitForAcknowledgementsKeepNoMoreThanTheBufferInMemory() {
		List<Followed> waiting = new ArrayList<>();
		assertThatExceptionOfType(BufferExhaustedException.class).isThrownBy(() -> {
			for (int i = 0; i < 100; i++) {
				waiting.add(handed(10_000, null));
			}
		}).withMessageContaining("buffer.memory");
		assertThat(waiting).hasSizeBetween(9, 11);
		for (int i = 0; i < 20; i++) {
			Followed promised = handed(10_000, new PendingReceipt("orders"));
			await().until(() -> promised.forgotten);
		}
		assertThat(waiting).noneMatch((delivery) -> delivery.forgotten);
		waiting.forEach(Followed::over);
		handed(10_000, null);
	}

	@Test
	void whatTheClientWouldRefuseIsNotPromised() {
		assertThatExceptionOfType(RecordTooLargeException.class)
			.isThrownBy(() -> new Followed(new PendingReceipt("orders")).placed("orders", 0, null,
					new byte[MAX_REQUEST], new RecordHeaders()))
			.withMessageContaining("max.request.size");
		new Followed(null).placed("orders", 0, null, new byte[MAX_REQUEST - 200], new RecordHeaders());
		assertThat(this.spool.status().appended()).isOne();
	}

	@Test
	void slowDiskDoesNotSlowSenders() throws Exception {
		this.refuseAppends = busy();
		Spooling patient = spooling(Duration.ofSeconds(5));
		long start = System.nanoTime();
		for (int i = 0; i < 200; i++) {
			Followed delivery = new Followed(null);
			patient.admit(delivery, "orders", 0, record(100));
			assertThat(delivery.position()).isZero();
			delivery.leave(true);
		}
		assertThat(Duration.ofNanos(System.nanoTime() - start)).as("one waits a moment, and 199 do not")
			.isLessThan(Duration.ofSeconds(2));
		this.refuseAppends = null;
		assertThat(direct(100, null).position()).as("in the spool again").isNotZero();
	}

	@Test
	void halfEmptyBatchesFillTheMemoryOfTheClientAsWell() {
		direct(100, null);
		this.available = BUFFER / 4;
		await().untilAsserted(() -> assertThatExceptionOfType(HandedOver.class)
			.as("the cluster is silent, and there is little memory left")
			.isThrownBy(() -> direct(100, null)));
	}

	@Test
	void actionThatBlocksHoldsUpNobodyElsesReceipts() throws Exception {
		CountDownLatch latch = new CountDownLatch(1);
		PendingReceipt blocking = new PendingReceipt("orders");
		CompletableFuture<Void> action = blocking.thenAccept((receipt) -> {
			try {
				latch.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
		direct(100, blocking);
		await().until(blocking::isDone);
		Relay other = new Relay(this.spools, Destination.of("other", bootstrap("localhost:2")), this.store,
				new RelayClient(bootstrap("localhost:2"), () -> null));
		CompletableFuture<Void> told = new CompletableFuture<>();
		other.tell(() -> told.complete(null));
		assertThat(told).succeedsWithin(Duration.ofSeconds(10));
		Followed next = direct(100, null);
		await().until(next::isDurable);
		assertThat(action).isNotDone();
		latch.countDown();
		assertThat(action).succeedsWithin(Duration.ofSeconds(10));
	}

	@Test
	void actionThatBlocksForEverDoesNotFillTheMemory() throws Exception {
		CountDownLatch latch = new CountDownLatch(1);
		this.relay.tell(() -> {
			try {
				latch.await();
			}
			catch (InterruptedException ex) {
				Thread.currentThread().interrupt();
			}
		});
		Followed early = direct(100, new PendingReceipt("orders"));
		await().until(early::isPromised);
		for (int i = 0; i < 10_000; i++) {
			this.relay.tell(() -> {
			});
		}
		PendingReceipt receipt = new PendingReceipt("orders");
		Followed late = direct(100, receipt);
		await().until(late::isDurable);
		assertThat(late.isPromised()).as("told when it is acknowledged").isFalse();
		assertThat(late.isKnownToBeSafe()).as("or when the process ends").isTrue();
		assertThat(receipt).isCompleted();
		latch.countDown();
	}

	@Test
	void callbackOfARecordOutOfTheSpoolWaitsForNothingThatOnlyItsThreadDoes() {
		CompletableFuture<Boolean> waits = new CompletableFuture<>();
		this.relay.tell(() -> waits.complete(this.relay.mayWait()));
		assertThat(waits).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(false);
		handed(100, null);
		CompletableFuture<Throwable> flush = new CompletableFuture<>();
		this.relay.tell(() -> flush.complete(catchThrowable(this.spooling::awaitHanded)));
		assertThat(flush).succeedsWithin(Duration.ofSeconds(10))
			.satisfies((failure) -> assertThat(failure).hasMessageContaining("wait for itself"));
	}

	@Test
	void nothingIsTakenForARelayThatHasEnded() {
		Followed waiting = handed(100, null);
		PendingReceipt receipt = new PendingReceipt("orders");
		handed(100, receipt);
		this.relay.stop();
		assertThat(waiting.abandoned).isTrue();
		assertThat(waiting.isDurable()).isTrue();
		assertThat(receipt).isCompletedWithValueMatching((safe) -> safe.outcome() == DeliveryReceipt.Outcome.SPOOLED,
				"told that it is safe");
		assertThatIllegalStateException().isThrownBy(() -> direct(100, null)).withMessageContaining("Producer closed");
	}

	@Test
	@SuppressWarnings("unchecked")
	void futureOfARecordThatTheRelayTakesOverWaitsForTheRelay() {
		AtomicReference<SpooledDelivery> outcome = new AtomicReference<>();
		Producer<String, String> client = (Producer<String, String>) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { Producer.class }, (proxy, method, arguments) -> {
					SpooledDelivery delivery = (SpooledDelivery) arguments[1];
					delivery.placed("orders", 0, null, new byte[10], new RecordHeaders());
					outcome.set(delivery);
					return CompletableFuture.failedFuture(new TimeoutException("expired"));
				});
		ReliableProducer<String, String> producer = new ReliableProducer<>(client, Map.of(), this.ledger,
				new RejectionLog(System::nanoTime), new ProducerShutdown(Duration.ofSeconds(1), this.ledger, null),
				null, this.spooling);
		Future<RecordMetadata> sent = producer.send(new ProducerRecord<>("orders", "value"));
		((Callback) outcome.get()).onCompletion(null, new TimeoutException("expired"));
		assertThat(sent.isDone()).isFalse();
		RecordMetadata place = new RecordMetadata(new TopicPartition("orders", 0), 7, 0, 0, 0, 0);
		outcome.get().complete(place);
		assertThat(sent).succeedsWithin(Duration.ofSeconds(1)).isSameAs(place);
	}

	// What the spool says while it makes a file.
	private static SpoolException busy() throws Exception {
		Path directory = Files.createTempDirectory("busy");
		try (SegmentSpool full = SpoolDirectory.open(directory, SpoolOptions.of("shop", 32 << 20, 0, false))) {
			while (true) {
				try {
					full.append(full.lane("main", "orders", 0), record(100_000), 0, null);
				}
				catch (SpoolException ex) {
					if (ex.kind() == SpoolException.Kind.BUSY) {
						return ex;
					}
					throw ex;
				}
			}
		}
		finally {
			FileSystemUtils.deleteRecursively(directory);
		}
	}

	private static Map<String, Object> bootstrap(Object servers) {
		return Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
	}

}
