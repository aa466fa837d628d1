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

import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.function.Consumer;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.SequenceBoards;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolOptions;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;

import org.springframework.util.unit.DataSize;

/**
 * A real spool, and a producer whose records go through it, with a relay that sends
 * nothing and a client that does what it is told.
 */
final class SpooledProducer implements AutoCloseable {

	static final int BUFFER = 100_000;

	private final DeliveryLedger ledger = new DeliveryLedger();

	private final SegmentSpool spool;

	private final Relay relay;

	private final Spooling spooling;

	private final ReliableProducer<String, String> producer;

	private Consumer<SpooledDelivery> client = (delivery) -> {
	};

	private SpooledDelivery sent;

	@SuppressWarnings("unchecked")
	SpooledProducer(Path directory) throws IOException {
		this.spool = SpoolDirectory.open(directory, SpoolOptions.of("shop", 256 << 20, 0, false));
		SpoolProperties properties = new SpoolProperties(SpoolProperties.Mode.WRITE_AHEAD, directory,
				DataSize.ofMegabytes(256), DataSize.ofBytes(0), Duration.ofMillis(50), Duration.ZERO,
				Duration.ofSeconds(1), SpoolProperties.OnRefusal.PARK, Duration.ZERO, SpoolProperties.OnCorruption.FAIL,
				SpoolProperties.OnEphemeral.WARN);
		ProducerSessions sessions = new ProducerSessions(new SequenceBoards(), "shop", "here", false, true);
		Spools spools = new Spools(properties, "shop", sessions, this.ledger, (event) -> {
		}, () -> null);
		Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
		this.relay = new Relay(spools, Destination.of("main", settings), this.spool,
				new RelayClient(settings, () -> null));
		ClusterIdentity identity = new ClusterIdentity();
		identity.found("cluster");
		this.spooling = new Spooling(this.relay, true,
				new ClientLimits(Duration.ofSeconds(5), BUFFER, BUFFER / 2, () -> BUFFER), identity, null);
		Producer<String, String> delegate = (Producer<String, String>) Proxy
			.newProxyInstance(getClass().getClassLoader(), new Class<?>[] { Producer.class }, this::take);
		this.producer = new ReliableProducer<>(delegate, Map.of(), this.ledger, new RejectionLog(System::nanoTime),
				new ProducerShutdown(Duration.ofSeconds(1), this.ledger, null), null, this.spooling);
	}

	private Object take(Object proxy, Method method, Object[] arguments) {
		ProducerRecord<?, ?> record = (ProducerRecord<?, ?>) arguments[0];
		this.sent = (SpooledDelivery) arguments[1];
		this.sent.placed(record.topic(), 0, null, String.valueOf(record.value()).getBytes(StandardCharsets.UTF_8),
				record.headers());
		this.client.accept(this.sent);
		return new CompletableFuture<>();
	}

	/**
	 * Have the client do something with each record that it takes.
	 */
	void client(Consumer<SpooledDelivery> action) {
		this.client = action;
	}

	Future<RecordMetadata> send(String value) {
		return this.producer.send(new ProducerRecord<>("orders", value));
	}

	PendingReceipt deliver(String value, Header... headers) {
		PendingReceipt receipt = new PendingReceipt("orders");
		receipt.begin();
		Future<RecordMetadata> unused = this.producer
			.send(new ProducerRecord<>("orders", null, null, null, value, List.of(headers)));
		return receipt;
	}

	void flush() {
		this.spooling.awaitHanded();
	}

	/**
	 * What follows the record that was sent last.
	 */
	SpooledDelivery sent() {
		return this.sent;
	}

	SpooledLane lane() {
		return this.relay.lanes().lane("orders", 0);
	}

	Relay relay() {
		return this.relay;
	}

	Spooling spooling() {
		return this.spooling;
	}

	DeliveryLedger ledger() {
		return this.ledger;
	}

	/**
	 * Whether the spool has the record that was sent last.
	 */
	boolean isKept() {
		return this.spool.holds(lane().lane(), this.sent.position());
	}

	static RecordMetadata place(long offset) {
		return new RecordMetadata(new TopicPartition("orders", 0), offset, 0, 0, 0, 0);
	}

	@Override
	public void close() {
		this.spool.close();
	}

}
