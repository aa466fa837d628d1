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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
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

import org.springframework.util.FileSystemUtils;
import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.catchThrowable;
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

	private volatile long available = BUFFER;

	private Spools spools;

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
				Duration.ofSeconds(1), SpoolProperties.OnCorruption.FAIL);
		ProducerSessions sessions = new ProducerSessions(new SequenceBoards(), "shop", "here", false, true);
		this.spools = new Spools(properties, "shop", sessions, this.ledger, (event) -> {
		});
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
		this.relay = new Relay(this.spools, Destination.of("main", settings), this.store,
				new RelayClient(settings, () -> null));
		this.spooling = spooling(Duration.ofMillis(50));
	}

	private Spooling spooling(Duration blockWhenFull) {
		ClusterIdentity identity = new ClusterIdentity();
		identity.found("cluster");
		return new Spooling(this.relay, true,
				new ClientLimits(blockWhenFull, BUFFER, MAX_REQUEST, () -> this.available), identity, null);
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
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		assertThat(this.spool.holds(lane.lane(), first.position())).isTrue();
		handed(100, null);
		assertThat(lane.poll(System.nanoTime(), 1)).as("nothing is on the direct way").isNotNull();
	}

	@Test
	void flushWaitsForTheRecordsThatWereThereAndNotForAsManyOthers() throws Exception {
		Followed stuck = handed(100, null);
		CompletableFuture<Void> flush = CompletableFuture.runAsync(this.spooling::awaitHanded);
		// Another producer's flush begins later, and waits for as many records.
		Spooling others = spooling(Duration.ofMillis(50));
		Followed other = new Followed(null);
		others.handed().add(other);
		CompletableFuture<Void> control = CompletableFuture.runAsync(others::awaitHanded);
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
	void whatComesBackGoesInTheOrderInWhichItCame() {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		Followed first = direct(100, null);
		Followed second = direct(100, null);
		lane.takeOver(second, true);
		lane.takeOver(first, true);
		assertThat(lane.poll(System.nanoTime(), 2).delivery()).isSameAs(first);
		assertThat(lane.poll(System.nanoTime(), 2).delivery()).isSameAs(second);
	}

	@Test
	void recordWithoutRoomThatTheClientGivesUpDoesNotGetBehindLaterOnes() {
		this.refuseAppends = this.refusal;
		Followed first = direct(100, null);
		Followed second = direct(100, null);
		this.refuseAppends = null;
		assertThat(second.isTakenOver(new TimeoutException("expired"), RejectionReason.EXPIRED))
			.as("nothing later is in the spool")
			.isTrue();
		assertThat(first.isTakenOver(new TimeoutException("expired"), RejectionReason.EXPIRED))
			.as("in the next process it would be sent behind the second")
			.isFalse();
	}

	@Test
	void recordOfWhichTheClientTellsTwiceCountsOnce() {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		Followed first = direct(100, null);
		Followed second = direct(100, null);
		Followed third = direct(100, null);
		// Thrown by send, and then told by the callback.
		first.leave(false);
		first.leave(true);
		assertThat(first.isTakenOver(new TimeoutException("aborted"), RejectionReason.EXPIRED)).isFalse();
		assertThat(second.isTakenOver(new TimeoutException("expired"), RejectionReason.EXPIRED)).isTrue();
		assertThat(lane.poll(System.nanoTime(), 2)).as("overtakes the third").isNull();
		third.leave(true);
		assertThat(lane.poll(System.nanoTime(), 2).delivery()).isSameAs(second);
	}

	@Test
	void recordThatTheClientGivesUpIsKnownToBeOvertaken() {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		Followed first = direct(100, null);
		Followed second = direct(100, null);
		Followed third = direct(100, null);
		second.leave(true);
		lane.takeOver(first, true);
		lane.takeOver(third, true);
		SpooledLane.Item item = lane.poll(System.nanoTime(), 2);
		assertThat(item.delivery()).isSameAs(first);
		assertThat(lane.isOvertaken(item)).isTrue();
		assertThat(lane.isOvertaken(lane.poll(System.nanoTime(), 2))).isFalse();
	}

	@Test
	void whatAnEarlierProcessLeftGoesFirst() {
		long position = this.spool.append(this.spool.lane("main", "orders", 5), record(100), 0, null);
		SpooledLane left = new SpooledLane(this.spool, this.spool.lane("main", "orders", 5), new long[] { position });
		SpooledLane own = this.relay.lanes().lane("orders", 0);
		own.behind(left);
		Followed delivery = new Followed(null);
		assertThatExceptionOfType(HandedOver.class)
			.isThrownBy(() -> this.spooling.admit(delivery, "orders", 0, record(100)));
		assertThat(own.poll(System.nanoTime(), 1)).as("behind what was left").isNull();
		SpooledLane.Item first = left.poll(System.nanoTime(), 1);
		assertThat(own.poll(System.nanoTime(), 1)).as("what was left may fail").isNull();
		left.relayed(first);
		assertThat(own.poll(System.nanoTime(), 1).delivery()).isSameAs(delivery);
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
	void laneThatPausesAsTheClusterIsAwayGoesOnWhenThatAnswers() {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		handed(100, null);
		for (int i = 0; i < 10; i++) {
			lane.delay(System.nanoTime(), (failures) -> Duration.ofHours(1).toNanos());
		}
		this.relay.notNow(lane, new TimeoutException("away"));
		assertThat(lane.poll(System.nanoTime(), 1)).isNull();
		this.relay.alive();
		SpooledLane.Item item = lane.poll(System.nanoTime(), 1);
		assertThat(item).isNotNull();
		lane.putBack(item, false);
		lane.delay(System.nanoTime(), (failures) -> Duration.ofHours(1).toNanos());
		this.relay.notNow(lane, new TimeoutException("this topic, while others are taken"));
		this.relay.alive();
		assertThat(lane.poll(System.nanoTime(), 1)).as("it has a reason of its own").isNull();
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

	private Followed direct(int bytes, @Nullable PendingReceipt receipt) {
		Followed delivery = new Followed(receipt);
		this.spooling.admit(delivery, "orders", 0, record(bytes));
		return delivery;
	}

	private Followed handed(int bytes, @Nullable PendingReceipt receipt) {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
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
