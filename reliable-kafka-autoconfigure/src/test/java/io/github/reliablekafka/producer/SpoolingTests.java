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

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
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
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Spooling} and {@link SpooledLane}, on a real spool, with a relay that
 * sends nothing.
 */
class SpoolingTests {

	private static final int BUFFER = 100_000;

	private static final int MAX_REQUEST = 50_000;

	private final DeliveryLedger ledger = new DeliveryLedger();

	@TempDir
	Path directory;

	private SegmentSpool spool;

	/**
	 * The spool, as far as these say nothing else.
	 */
	private SpoolStore store;

	private @Nullable SpoolException refuseMoves;

	private @Nullable SpoolException refuseAppends;

	private @Nullable SpoolException failBeforeAppended;

	private SpoolException refusal;

	private Relay relay;

	private Spooling spooling;

	@BeforeEach
	void open() throws Exception {
		this.spool = SpoolDirectory.open(this.directory, SpoolOptions.of("shop", 32 << 20, 0, false));
		this.refusal = catchThrowableOfType(SpoolException.class,
				() -> this.spool.append(this.spool.lane("main", "orders", 9), record(1 << 20), 0, null));
		this.store = (SpoolStore) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { SpoolStore.class }, (proxy, method, arguments) -> {
					if (method.getName().equals("move") && this.refuseMoves != null) {
						throw this.refuseMoves;
					}
					if (method.getName().equals("append") && this.refuseAppends != null) {
						throw this.refuseAppends;
					}
					if (method.getName().equals("append") && this.failBeforeAppended != null) {
						((SpoolStore.Confirmation) arguments[3]).failed(this.failBeforeAppended);
						return 77L;
					}
					try {
						return method.invoke(this.spool, arguments);
					}
					catch (InvocationTargetException ex) {
						throw ex.getCause();
					}
				});
		SpoolProperties properties = new SpoolProperties(SpoolProperties.Mode.WRITE_AHEAD, this.directory,
				DataSize.ofMegabytes(32), DataSize.ofBytes(0), Duration.ofMillis(50), Duration.ZERO,
				SpoolProperties.OnCorruption.FAIL);
		ProducerSessions sessions = new ProducerSessions(new SequenceBoards(), "shop", "here", false, true);
		Spools spools = new Spools(properties, "shop", sessions, this.ledger);
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
		this.relay = new Relay(spools, "main", this.store, new RelayClient(settings, () -> null));
		this.spooling = new Spooling(this.relay, true, Duration.ofMillis(50), BUFFER, MAX_REQUEST, null);
	}

	@AfterEach
	void close() {
		this.spool.close();
	}

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
	void promisedRecordThatCannotBeParkedStaysAndItsLaneGoesOn() {
		Followed first = direct(100, new PendingReceipt("orders"));
		await().until(first::isPromised);
		this.refuseMoves = this.refusal;
		assertThat(first.isParked(new RecordTooLargeException())).isTrue();
		SpooledLane lane = this.relay.lane("orders", 0);
		assertThat(this.spool.holds(lane.lane(), first.position())).isTrue();
		handed(100, null);
		assertThat(lane.poll(System.nanoTime(), 1)).as("nothing is on the direct way").isNotNull();
	}

	@Test
	void flushWaitsForTheRecordsThatWereThereAndNotForAsManyOthers() throws Exception {
		Followed stuck = handed(100, null);
		CompletableFuture<Void> flush = CompletableFuture.runAsync(this.spooling::awaitHanded);
		TimeUnit.MILLISECONDS.sleep(50);
		handed(100, null).over();
		TimeUnit.MILLISECONDS.sleep(50);
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
		alone.lane(this.relay.lane("orders", 1));
		this.relay.lane("orders", 1).admit(alone, record(100), true, true, false);
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
	void whatComesBackGoesInTheOrderInWhichItCame() {
		SpooledLane lane = this.relay.lane("orders", 0);
		this.refuseAppends = this.refusal;
		Followed first = direct(100, null);
		this.refuseAppends = null;
		Followed second = direct(100, null);
		assertThat(first.position()).isZero();
		lane.takeOver(second, true);
		lane.takeOver(first, true);
		assertThat(first.position()).isGreaterThan(second.position());
		assertThat(lane.poll(System.nanoTime(), 2).delivery()).isSameAs(first);
		assertThat(lane.poll(System.nanoTime(), 2).delivery()).isSameAs(second);
	}

	@Test
	void nothingIsTakenForARelayThatHasEnded() {
		Followed waiting = handed(100, null);
		this.relay.stop();
		assertThat(waiting.abandoned).isTrue();
		assertThatIllegalStateException().isThrownBy(() -> direct(100, null)).withMessageContaining("Producer closed");
	}

	@Test
	void destinationIsTheClusterAsWell() {
		String destination = Spools.destination("factory", bootstrap("B:9092, a:9092"));
		assertThat(Spools.destination("factory", bootstrap(List.of("a:9092", "b:9092")))).isEqualTo(destination);
		assertThat(Spools.destination("factory", bootstrap("a:9092"))).isNotEqualTo(destination);
		assertThat(Spools.destination("other", bootstrap("a:9092,b:9092"))).isNotEqualTo(destination);
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

	private static Map<String, Object> bootstrap(Object servers) {
		return Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, servers);
	}

	private Followed direct(int bytes, @Nullable PendingReceipt receipt) {
		Followed delivery = new Followed(receipt);
		this.spooling.admit(delivery, "orders", 0, record(bytes));
		return delivery;
	}

	private Followed handed(int bytes, @Nullable PendingReceipt receipt) {
		SpooledLane lane = this.relay.lane("orders", 0);
		Followed delivery = new Followed(receipt);
		if (!lane.isSticky()) {
			delivery.lane(lane);
			delivery.bytes(bytes);
			lane.admit(delivery, record(bytes), true, true, false);
			return delivery;
		}
		try {
			this.spooling.admit(delivery, "orders", 0, record(bytes));
		}
		catch (HandedOver ex) {
			return delivery;
		}
		throw new AssertionError("It went directly");
	}

	private static SpoolRecord record(int bytes) {
		return new SpoolRecord(-1, 1, 1, null, new byte[bytes], List.of());
	}

	private final class Followed extends SpooledDelivery {

		private final AtomicReference<Exception> rejection = new AtomicReference<>();

		private volatile boolean forgotten;

		private volatile boolean abandoned;

		Followed(@Nullable PendingReceipt receipt) {
			super(SpoolingTests.this.ledger, "orders", null, SpoolingTests.this.spooling, receipt);
		}

		@Override
		void complete(@Nullable RecordMetadata metadata) {
			over();
		}

		@Override
		void reject(Exception exception) {
			this.rejection.set(exception);
			over();
		}

		@Override
		void forgetSender() {
			this.forgotten = true;
		}

		@Override
		void abandon(Exception exception) {
			this.abandoned = true;
			over();
		}

	}

}
