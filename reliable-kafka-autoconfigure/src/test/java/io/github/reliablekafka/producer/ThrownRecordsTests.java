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
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolOptions;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link ReliableProducer} and {@link Spooling} with a client that throws an
 * exception for a record that it was given, and may have taken.
 */
class ThrownRecordsTests {

	private final DeliveryLedger ledger = new DeliveryLedger();

	private SegmentSpool spool;

	private Relay relay;

	private Spooling spooling;

	private SpooledDelivery sent;

	@BeforeEach
	void open(@TempDir Path directory) throws Exception {
		this.spool = SpoolDirectory.open(directory, SpoolOptions.of("shop", 32 << 20, 0, false));
		SpoolProperties properties = new SpoolProperties(SpoolProperties.Mode.WRITE_AHEAD, directory,
				DataSize.ofMegabytes(32), DataSize.ofBytes(0), Duration.ofMillis(50), Duration.ZERO,
				Duration.ofSeconds(1), SpoolProperties.OnCorruption.FAIL);
		ProducerSessions sessions = new ProducerSessions(new SequenceBoards(), "shop", "here", false, true);
		Spools spools = new Spools(properties, "shop", sessions, this.ledger, (event) -> {
		});
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
		this.relay = new Relay(spools, Destination.of("main", settings), this.spool,
				new RelayClient(settings, () -> null));
		ClusterIdentity identity = new ClusterIdentity();
		identity.found("cluster");
		this.spooling = new Spooling(this.relay, true,
				new ClientLimits(Duration.ofMillis(50), 100_000, 50_000, () -> 100_000), identity, null);
	}

	@AfterEach
	void close() {
		assertThat(this.ledger.totals().isBalanced()).isTrue();
		this.spool.close();
	}

	@Test
	void recordOfABrokenClientIsSentFromTheSpool() throws Exception {
		KafkaException broken = new KafkaException("in an error state");
		Future<RecordMetadata> future = producer((delivery) -> {
			throw broken;
		}).send(new ProducerRecord<>("orders", "value"));
		assertThat(future.isDone()).isFalse();
		assertThat(lane().waiting()).isOne();
		// The client had it after all, and gives up what it has.
		((Callback) this.sent).onCompletion(null, new KafkaException("The client is in an error state", broken));
		assertThat(future.isDone()).isFalse();
		assertThat(this.ledger.deliveries("orders").rejectedTotal()).isZero();
		RecordMetadata place = new RecordMetadata(new TopicPartition("orders", 0), 7, 0, 0, 0, 0);
		this.sent.complete(place);
		assertThat(future).succeedsWithin(Duration.ofSeconds(1)).isSameAs(place);
		assertThat(this.ledger.deliveries("orders").delivered()).isOne();
	}

	@Test
	void promiseIsKeptWhateverTheClientThrows() {
		PendingReceipt receipt = new PendingReceipt("orders");
		receipt.begin();
		Future<RecordMetadata> future = producer((delivery) -> {
			await().until(delivery::isPromised);
			throw new InterruptException(new InterruptedException());
		}).send(new ProducerRecord<>("orders", "value"));
		assertThat(Thread.interrupted()).isTrue();
		assertThat(future.isDone()).isFalse();
		assertThat(receipt).succeedsWithin(Duration.ofSeconds(10));
		assertThat(lane().waiting()).as("the relay has it").isOne();
		this.sent.complete(new RecordMetadata(new TopicPartition("orders", 0), 7, 0, 0, 0, 0));
	}

	@Test
	void whatIsThrownWithoutAPromiseIsNotSent() {
		ReliableProducer<String, String> producer = producer((delivery) -> {
			throw new InterruptException(new InterruptedException());
		});
		assertThatExceptionOfType(InterruptException.class)
			.isThrownBy(() -> producer.send(new ProducerRecord<>("orders", "value")));
		assertThat(Thread.interrupted()).isTrue();
		assertThat(lane().waiting()).isZero();
		assertThat(this.spool.holds(lane().lane(), this.sent.position())).isFalse();
		assertThat(this.ledger.deliveries("orders").rejected())
			.containsExactly(Map.entry(RejectionReason.INTERRUPTED, 1L));
	}

	@Test
	void recordThatIsRejectedIsNotTakenOverMeanwhile() {
		ReliableProducer<String, String> producer = producer((delivery) -> {
			// The network thread gives it up while the sender finds out what was thrown.
			throw new InterruptException("interrupted", new InterruptedException()) {

				@Override
				public String getMessage() {
					CompletableFuture
						.runAsync(() -> ((Callback) delivery).onCompletion(null, new TimeoutException("expired")))
						.join();
					return "interrupted";
				}

			};
		});
		assertThatExceptionOfType(InterruptException.class)
			.isThrownBy(() -> producer.send(new ProducerRecord<>("orders", "value")));
		assertThat(Thread.interrupted()).isTrue();
		assertThat(this.ledger.deliveries("orders").rejectedTotal()).isOne();
		assertThat(lane().waiting()).as("rejected, and sent nevertheless").isZero();
	}

	@Test
	void recordThatHasLeftTheClientIsNotParked() {
		PendingReceipt receipt = new PendingReceipt("orders");
		receipt.begin();
		Future<RecordMetadata> future = producer((delivery) -> await().until(delivery::isPromised))
			.send(new ProducerRecord<>("orders", "value"));
		this.sent.leave(false);
		assertThat(this.sent.isParked(new RecordTooLargeException())).isFalse();
		assertThat(this.spool.holds(lane().lane(), this.sent.position())).as("for the next process").isTrue();
		this.sent.complete(new RecordMetadata(new TopicPartition("orders", 0), 7, 0, 0, 0, 0));
		assertThat(future).succeedsWithin(Duration.ofSeconds(1));
	}

	private SpooledLane lane() {
		return this.relay.lanes().lane("orders", 0);
	}

	@SuppressWarnings("unchecked")
	private ReliableProducer<String, String> producer(Consumer<SpooledDelivery> client) {
		Producer<String, String> delegate = (Producer<String, String>) Proxy.newProxyInstance(
				getClass().getClassLoader(), new Class<?>[] { Producer.class }, (proxy, method, arguments) -> {
					this.sent = (SpooledDelivery) arguments[1];
					this.sent.placed("orders", 0, null, new byte[10], new RecordHeaders());
					client.accept(this.sent);
					return new CompletableFuture<>();
				});
		return new ReliableProducer<>(delegate, Map.of(), this.ledger, new RejectionLog(System::nanoTime),
				new ProducerShutdown(Duration.ofSeconds(1), this.ledger, null), null, this.spooling);
	}

}
