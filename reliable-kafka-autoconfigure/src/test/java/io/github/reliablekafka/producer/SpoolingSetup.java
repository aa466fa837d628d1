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
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.util.unit.DataSize;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

/**
 * A producer's way through a real spool, with a relay that sends nothing.
 */
abstract class SpoolingSetup {

	static final int BUFFER = 100_000;

	static final int MAX_REQUEST = 50_000;

	final DeliveryLedger ledger = new DeliveryLedger();

	/**
	 * How far the wall clock is wrong.
	 */
	volatile Duration jump = Duration.ZERO;

	final InstantSource clock = () -> Instant.now().plus(this.jump);

	final List<Object> events = new CopyOnWriteArrayList<>();

	@TempDir
	Path directory;

	SegmentSpool spool;

	/**
	 * The spool, as far as these say nothing else.
	 */
	SpoolStore store;

	@Nullable SpoolException refuseMoves;

	/**
	 * What was to be moved while it is collected, and is neither on disk nor refused.
	 */
	@Nullable List<SpoolStore.Confirmation> moves;

	@Nullable SpoolException refuseAppends;

	/**
	 * In the place of an append, once.
	 */
	@Nullable Error breakAppend;

	@Nullable SpoolException failBeforeAppended;

	/**
	 * Is told the position of each record that is read.
	 */
	volatile LongConsumer beforeRead = (position) -> {
	};

	SpoolException refusal;

	volatile long available = BUFFER;

	Spools spools;

	Relay relay;

	Spooling spooling;

	@BeforeEach
	void open() throws Exception {
		this.spool = SpoolDirectory.open(this.directory,
				SpoolOptions.of("shop", 32 << 20, 0, false).timedBy(this.clock));
		this.refusal = catchThrowableOfType(SpoolException.class,
				() -> this.spool.append(this.spool.lane("main", "orders", 9), record(1 << 20), 0, null));
		this.store = (SpoolStore) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { SpoolStore.class }, (proxy, method, arguments) -> {
					if (method.getName().equals("move") && this.refuseMoves != null) {
						throw this.refuseMoves;
					}
					if (method.getName().equals("move") && this.moves != null) {
						this.moves.add((SpoolStore.Confirmation) arguments[4]);
						return 77L;
					}
					if (method.getName().equals("append") && this.refuseAppends != null) {
						throw this.refuseAppends;
					}
					if (method.getName().equals("append") && this.breakAppend != null) {
						Error broken = this.breakAppend;
						this.breakAppend = null;
						throw broken;
					}
					if (method.getName().equals("read")) {
						this.beforeRead.accept((long) arguments[1]);
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
				DataSize.ofMegabytes(32), DataSize.ofBytes(0), Duration.ofMillis(50), Duration.ZERO, giveUpAfter(),
				onRefusal(), maxAge(), SpoolProperties.OnCorruption.FAIL, SpoolProperties.OnEphemeral.WARN);
		ProducerSessions sessions = new ProducerSessions(new SequenceBoards(), "shop", "here", false, true);
		this.spools = new Spools(properties, "shop", sessions, this.ledger, this::publish, () -> null, this.clock);
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
		this.relay = new Relay(this.spools, Destination.of("main", settings), this.store, client(settings));
		this.spooling = spooling(Duration.ofMillis(50));
	}

	/**
	 * What the relay sends with.
	 * @param settings all of a producer
	 */
	RelayClient client(Map<String, Object> settings) {
		return new RelayClient(settings, () -> null);
	}

	/**
	 * How long the cluster may know no topic.
	 */
	Duration giveUpAfter() {
		return Duration.ofSeconds(1);
	}

	/**
	 * What a listener for events does.
	 */
	void publish(Object event) {
		this.events.add(event);
	}

	/**
	 * What happens to a promised record that the cluster does not take.
	 */
	SpoolProperties.OnRefusal onRefusal() {
		return SpoolProperties.OnRefusal.PARK;
	}

	/**
	 * How long records may wait.
	 * @return zero for any time
	 */
	Duration maxAge() {
		return Duration.ZERO;
	}

	final Spooling spooling(Duration blockWhenFull) {
		ClusterIdentity identity = new ClusterIdentity();
		identity.found("cluster");
		return new Spooling(this.relay, true,
				new ClientLimits(blockWhenFull, BUFFER, MAX_REQUEST, () -> this.available), identity, null);
	}

	@AfterEach
	void close() {
		this.spool.close();
	}

	final Followed direct(int bytes, @Nullable PendingReceipt receipt) {
		Followed delivery = new Followed(receipt);
		this.spooling.admit(delivery, "orders", 0, record(bytes));
		return delivery;
	}

	final Followed handed(int bytes, @Nullable PendingReceipt receipt) {
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

	static SpoolRecord record(int bytes) {
		return new SpoolRecord(-1, 1, 1, null, new byte[bytes], List.of());
	}

	final class Followed extends SpooledDelivery {

		final AtomicReference<Exception> rejection = new AtomicReference<>();

		volatile boolean forgotten;

		volatile boolean abandoned;

		Followed(@Nullable PendingReceipt receipt) {
			super(SpoolingSetup.this.ledger, "orders", null, SpoolingSetup.this.spooling, receipt);
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
