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

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import io.github.reliablekafka.spool.QuietSpool;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link Relay} with a client that does what it is told, where partitions stand
 * still.
 */
class RelayTests extends SpoolingSetup {

	private static final String GONE = "gone";

	private static final String DENIED = "denied";

	/**
	 * A topic with three partitions.
	 */
	private static final String SHRUNK = "shrunk";

	private final Duration patience;

	private final List<Client> clients = new CopyOnWriteArrayList<>();

	private final AtomicInteger inVain = new AtomicInteger();

	/**
	 * The one that answers at the addresses.
	 */
	private volatile String cluster = "cluster";

	RelayTests(TestInfo test) {
		this.patience = test.getDisplayName().startsWith("recordIsRefused") ? Duration.ofSeconds(1)
				: Duration.ofMinutes(1);
	}

	@Override
	RelayClient client(Map<String, Object> settings) {
		return new RelayClient(settings, () -> null, (complete) -> {
			((ClusterIdentity) complete.get(ClusterIdentity.SETTING)).found(this.cluster);
			// The first does not answer by itself.
			Client client = new Client(!this.clients.isEmpty());
			this.clients.add(client);
			return client;
		});
	}

	@Override
	Duration giveUpAfter() {
		return this.patience;
	}

	@Override
	SpoolProperties.OnRefusal onRefusal() {
		return SpoolProperties.OnRefusal.BLOCK;
	}

	@AfterEach
	void stop() {
		this.relay.stop();
	}

	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void whatIsAboutToBeSentDoesNotGetAheadOfARefusedRecord(boolean forGood) throws Exception {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		handed(100, new PendingReceipt("orders"));
		Followed second = handed(101, new PendingReceipt("orders"));
		await().until(second::isPromised);
		CountDownLatch reading = new CountDownLatch(1);
		CountDownLatch refused = new CountDownLatch(1);
		this.beforeRead = (position) -> {
			if (position == second.position()) {
				reading.countDown();
				awaitUninterrupted(refused);
			}
		};
		this.relay.wake(lane);
		this.relay.start();
		awaitUninterrupted(reading);
		Client first = this.clients.get(0);
		assertThat(first.history()).hasSize(1);
		assertThat(first.errorNext(
				forGood ? new RecordTooLargeException("on purpose") : new TopicAuthorizationException("on purpose")))
			.isTrue();
		assertThat(lane.block() != null).isEqualTo(forGood);
		refused.countDown();
		await().until(() -> this.clients.size() == 2 && this.clients.get(1).history().size() == 2);
		assertThat(first.history()).hasSize(1);
		assertThat(this.clients.get(1).history()).extracting((record) -> record.value().length)
			.containsExactly(100, 101);
	}

	@ParameterizedTest
	@ValueSource(strings = { GONE, SHRUNK })
	void partitionsThatAreGoneDoNotHoldUpOthers(String gone) {
		this.clients.add(new Client(true));
		for (int partition = 3; partition < 43; partition++) {
			SpooledLane lane = this.relay.lanes().lane(gone, partition);
			lane.admit(new Followed(new PendingReceipt(gone)), record(10), true, true, false);
			this.relay.wake(lane);
		}
		assertThat(this.spool.flush()).isTrue();
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		this.relay.start();
		await().until(() -> this.inVain.get() > 0);
		long start = System.nanoTime();
		for (int i = 0; i < 20; i++) {
			handed(100, new PendingReceipt("orders"));
			this.relay.wake(lane);
			await().pollInterval(Duration.ofMillis(1)).atMost(Duration.ofMinutes(1)).until(() -> lane.waiting() == 0);
		}
		assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(20));
		assertThat(this.inVain.get()).isLessThan(15);
		assertThat(this.clients.get(1).history()).hasSize(20);
	}

	@Test
	void partitionsThatATopicStillHasAreSentTo() {
		this.clients.add(new Client(true));
		for (int partition = 5; partition >= 0; partition--) {
			SpooledLane lane = this.relay.lanes().lane(SHRUNK, partition);
			lane.admit(new Followed(new PendingReceipt(SHRUNK)), record(10), true, true, false);
			this.relay.wake(lane);
		}
		assertThat(this.spool.flush()).isTrue();
		this.relay.start();
		await().until(() -> this.inVain.get() > 1);
		await().until(() -> this.clients.get(1).history().size() == 3);
		assertThat(this.clients.get(1).history()).extracting(ProducerRecord::partition)
			.containsExactlyInAnyOrder(0, 1, 2);
	}

	@Test
	void recordForAPartitionThatNeverWasHoldsUpNobody() {
		this.clients.add(new Client(true));
		SpooledLane line = this.relay.lanes().unplaced(SHRUNK);
		Followed nowhere = new Followed(new PendingReceipt(SHRUNK));
		nowhere.lane(line);
		line.admit(nowhere, new SpoolRecord(7, 1L, 1, null, new byte[10], List.of()), true, true, false);
		line.admit(new Followed(null), record(20), true, true, false);
		assertThat(this.spool.flush()).isTrue();
		await().until(nowhere::isPromised);
		this.relay.wake(line);
		this.relay.start();
		await().until(() -> this.clients.get(1).history().size() == 1);
		await().until(() -> !this.relay.lanes().isUnplaced(SHRUNK));
		assertThat(this.clients.get(1).history().get(0).value()).hasSize(20);
		assertThat(this.spool.count(this.spool.lane(line.lane().destination(), SHRUNK, SpoolLane.PARKED))).isOne();
		await().untilAsserted(() -> assertThat(nowhere.rejection.get()).hasMessageContaining("has 3 partitions"));
	}

	@Test
	void recordsAreSentInOrderThoughOneWasNotMovedAndTheNextWas() throws Exception {
		AtomicBoolean full = new AtomicBoolean();
		this.spool.close();
		this.spool = QuietSpool.open(this.directory.resolve("quiet"), 4 << 20, full::get);
		this.clients.add(new Client(true));
		SpooledLane line = this.relay.lanes().unplaced("orders");
		Integer[] sizes = { 40_001, 40_002, 40_003, 40_004, 40_005, 40_006 };
		for (int size : sizes) {
			line.admit(new Followed(null), record(size), true, true, false);
			assertThat(this.spool.flush()).isTrue();
		}
		full.set(true);
		SpoolLane other = this.spool.lane("main", "payments", 0);
		assertThatExceptionOfType(SpoolException.class).isThrownBy(() -> {
			while (true) {
				this.spool.append(other, record(1000), 0, null);
				this.spool.flush();
			}
		});
		this.beforeRead = (position) -> {
			if (position == 3 && full.get()) {
				// One of the first two did not fit, and there is room when this one is
				// moved.
				assertThat(this.spool.flush()).isTrue();
				full.set(false);
			}
		};
		this.relay.wake(line);
		this.relay.start();
		await().until(() -> this.spool.flush() && this.clients.size() == 2
				&& this.clients.get(1).history().size() == sizes.length);
		assertThat(this.clients.get(1).history()).extracting((record) -> record.value().length).containsExactly(sizes);
	}

	@Test
	void nothingPassesARecordThatWasNotMovedAndComesBack() {
		this.clients.add(new Client(true));
		SpooledLane line = this.relay.lanes().unplaced("orders");
		line.admit(new Followed(null), record(10), true, true, false);
		line.admit(new Followed(null), record(20), true, true, false);
		assertThat(this.spool.flush()).isTrue();
		List<SpoolStore.Confirmation> collected = new ArrayList<>();
		this.moves = collected;
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
		assertThat(new Placing(this.relay, client(settings)).place(line)).isTrue();
		assertThat(collected).hasSize(2);
		assertThat(this.relay.lanes().isUnplaced("orders")).isFalse();
		collected.get(1).failed(this.refusal);
		// The thread of the relay has not heard of it.
		assertThat(this.relay.lanes().isUnplaced("orders")).isTrue();
		assertThat(line.poll(System.nanoTime(), 1)).isNull();
		line.admit(new Followed(null), record(30), true, true, false);
		assertThat(this.spool.flush()).isTrue();
		this.moves = null;
		this.relay.start();
		await().until(() -> this.clients.stream().anyMatch((client) -> client.history().size() == 2));
		assertThat(this.clients).flatExtracting(Client::history)
			.extracting((record) -> record.value().length)
			.containsExactly(20, 30);
	}

	@Test
	void clusterThatAnswersTheNextClientGetsNothingOfAnother() {
		SpooledLane lane = this.relay.lanes().lane("orders", 0);
		Followed record = handed(100, new PendingReceipt("orders"));
		await().until(record::isPromised);
		this.relay.wake(lane);
		this.relay.start();
		await().until(() -> !this.clients.isEmpty() && this.clients.get(0).history().size() == 1);
		this.cluster = "other";
		assertThat(this.clients.get(0).errorNext(new TopicAuthorizationException("on purpose"))).isTrue();
		await().until(() -> this.clients.size() == 2);
		await().during(Duration.ofSeconds(1)).until(() -> this.clients.get(1).history().isEmpty());
		assertThat(lane.waiting()).isOne();
	}

	@Test
	void recordIsRefusedThoughNoClientSeesItsTopic() {
		SpooledLane lane = this.relay.lanes().lane(DENIED, 0);
		Followed record = new Followed(new PendingReceipt(DENIED));
		record.lane(lane);
		lane.admit(record, record(10), true, true, false);
		assertThat(this.spool.flush()).isTrue();
		await().until(record::isPromised);
		this.relay.wake(lane);
		this.relay.start();
		await().until(() -> lane.block() != null);
		assertThat(lane.waiting()).isOne();
	}

	private static void awaitUninterrupted(CountDownLatch latch) {
		try {
			assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private final class Client extends MockProducer<byte[], byte[]> {

		Client(boolean answers) {
			super(answers, null, new ByteArraySerializer(), new ByteArraySerializer());
		}

		@Override
		public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
			if (record.topic().equals(DENIED)) {
				throw new TopicAuthorizationException("on purpose");
			}
			boolean shrunk = record.topic().equals(SHRUNK);
			if (!record.topic().equals(GONE) && !(shrunk && record.partition() > 2)) {
				return super.send(record, callback);
			}
			RelayTests.this.inVain.incrementAndGet();
			try {
				TimeUnit.MILLISECONDS.sleep(100);
			}
			catch (InterruptedException ex) {
				throw new IllegalStateException(ex);
			}
			// As KafkaProducer says it, which names no cause for the second.
			TimeoutException failure = !shrunk
					? new TimeoutException("Topic gone not present in metadata after 1000 ms.",
							new UnknownTopicOrPartitionException("on purpose"))
					: new TimeoutException(
							"Partition %d of topic shrunk with partition count 3 is not present in metadata after 1000 ms."
								.formatted(record.partition()));
			callback.onCompletion(null, failure);
			return CompletableFuture.failedFuture(failure);
		}

		@Override
		public List<PartitionInfo> partitionsFor(String topic) {
			if (topic.equals(DENIED)) {
				throw new TopicAuthorizationException("on purpose");
			}
			return Stream.of(0, 1, 2)
				.map((partition) -> new PartitionInfo(topic, partition, null, new Node[0], new Node[0]))
				.toList();
		}

	}

}
