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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.jspecify.annotations.Nullable;

import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.core.ProducerFactory;

/**
 * The spool of an application, and a relay for each of its producer factories that are
 * not transactional. Opened when the first producer is created, or at the start if an
 * earlier process has left records; then a producer is created for them. Closed when all
 * producers are.
 * <p>
 * If nobody has said where the spool is to be and the working directory cannot be
 * written, there is none, and a log line says so. Safe for use by many threads.
 */
final class Spools implements SmartLifecycle, SpoolWatch {

	private static final Log logger = LogFactory.getLog(Spools.class);

	private static final Path DEFAULT_DIRECTORY = Path.of(".reliable-kafka", "spool");

	private static final Set<String> EPHEMERAL = Set.of("tmpfs", "ramfs", "overlay", "overlayfs");

	private static final int DEFAULT_BUFFER = 32 << 20;

	private final SpoolProperties properties;

	private final String application;

	private final ProducerSessions sessions;

	private final DeliveryLedger ledger;

	private final Slowly slowly = new Slowly(System::nanoTime);

	private final Map<String, ProducerFactory<?, ?>> factories = new ConcurrentHashMap<>();

	private final Map<String, Relay> relays = new ConcurrentHashMap<>();

	private final List<SegmentSpool> stores = new ArrayList<>();

	private final ExecutorService receipts = Executors.newSingleThreadExecutor((task) -> {
		Thread thread = new Thread(task, "reliable-kafka-receipts");
		thread.setDaemon(true);
		return thread;
	});

	private boolean unavailable;

	private volatile boolean running;

	Spools(SpoolProperties properties, String application, ProducerSessions sessions, DeliveryLedger ledger) {
		this.properties = properties;
		this.application = application;
		this.sessions = sessions;
		this.ledger = ledger;
	}

	boolean isEnabled() {
		return this.properties.mode() != SpoolProperties.Mode.OFF;
	}

	/**
	 * A factory is covered.
	 * @param destination its name, under which its records are found again
	 * @param factory the factory
	 */
	void known(String destination, ProducerFactory<?, ?> factory) {
		this.factories.put(destination, factory);
	}

	/**
	 * A producer was created.
	 * @param destination the name of its factory
	 * @param settings all of its settings
	 * @param client the producer
	 * @return {@code null} if its records do not go through the spool
	 */
	synchronized @Nullable Spooling open(String destination, Map<String, Object> settings, Producer<?, ?> client) {
		if (!isEnabled() || settings.isEmpty() || settings.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG) != null) {
			return null;
		}
		SegmentSpool store = store();
		if (store == null) {
			return null;
		}
		Relay relay = this.relays.computeIfAbsent(destination, (name) -> relay(name, settings, store));
		Object buffer = ConfigDef.parseType(ProducerConfig.BUFFER_MEMORY_CONFIG,
				settings.getOrDefault(ProducerConfig.BUFFER_MEMORY_CONFIG, (long) DEFAULT_BUFFER), ConfigDef.Type.LONG);
		long bufferBytes = (buffer instanceof Long bytes) ? bytes : DEFAULT_BUFFER;
		return new Spooling(relay, this.properties.mode() == SpoolProperties.Mode.WRITE_AHEAD,
				this.properties.blockWhenFull(), bufferBytes / 2, ClientInternals.of(client));
	}

	private Relay relay(String destination, Map<String, Object> settings, SegmentSpool store) {
		RelayClient client = new RelayClient(settings,
				() -> this.sessions.openPlain(settings, RelayClient.clientId(settings)));
		Relay relay = new Relay(this, destination, store, client);
		for (SegmentSpool each : this.stores) {
			for (SpoolLane lane : each.occupied()) {
				if (lane.destination().equals(destination) && lane.partition() != Relay.PARKED) {
					this.ledger.adopt(lane.topic(), each.positions(lane).length);
				}
			}
		}
		long found = relay.start(this.stores);
		if (found > 0) {
			logger.info("%d records that an earlier process left in the spool are sent now, by the settings of %s"
				.formatted(found, destination));
		}
		return relay;
	}

	private @Nullable SegmentSpool store() {
		if (this.stores.isEmpty() && !this.unavailable) {
			try {
				openStores();
			}
			catch (IOException ex) {
				if (this.properties.directory() != null) {
					throw new SpoolUnusableException(base(), ex);
				}
				this.unavailable = true;
				logger.error(("There is no spool: %s cannot be used (%s). Records that wait for the cluster are lost "
						+ "with this process. Set reliable.kafka.spool.directory to a directory on a disk that "
						+ "outlives it, or reliable.kafka.spool.mode=off")
					.formatted(base(), ex));
			}
		}
		return this.stores.isEmpty() ? null : this.stores.get(0);
	}

	private void openStores() throws IOException {
		SpoolOptions options = SpoolOptions.of(this.application, this.properties.maxSize().toBytes(),
				this.properties.minFreeDisk().toBytes(),
				this.properties.onCorruption() == SpoolProperties.OnCorruption.QUARANTINE);
		Path base = base();
		this.stores.add(SpoolDirectory.open(base, options));
		this.stores.addAll(SpoolDirectory.adopt(base, options));
		for (SegmentSpool store : this.stores) {
			store.findings().forEach((finding) -> logger.warn("Spool: " + finding));
		}
		String type = Files.getFileStore(base).type();
		if (EPHEMERAL.contains(type)) {
			logger.warn(("The spool in %s is on a file system of type %s, which may be gone with the container or the "
					+ "machine. Set reliable.kafka.spool.directory to a directory on a volume that outlives it")
				.formatted(this.stores.get(0).location(), type));
		}
	}

	private Path base() {
		Path directory = this.properties.directory();
		String name = this.application.isEmpty() ? "application" : this.application.replaceAll("[^A-Za-z0-9._-]", "_");
		return ((directory != null) ? directory : DEFAULT_DIRECTORY).resolve(name.startsWith(".") ? "_" + name : name);
	}

	void promise(Runnable completion) {
		try {
			this.receipts.execute(completion);
		}
		catch (RejectedExecutionException ex) {
			completion.run();
		}
	}

	void bypassed(Exception reason) {
		if (this.slowly.isDue("bypassed " + reason.getClass())) {
			logger.warn("Records go without the spool, and wait in memory alone: %s".formatted(reason.getMessage()));
		}
	}

	void delayed(SpooledLane lane, Exception failure) {
		if (this.slowly.isDue("delayed " + lane)) {
			logger.warn("%d records of %s wait in the spool: %s".formatted(lane.waiting(), lane, failure));
		}
	}

	void deliveredLeft(String topic) {
		this.ledger.deliveredAdopted(topic);
	}

	void rejectedLeft(SpooledLane lane, Exception failure) {
		RejectionReason reason = Rejections.reason(failure, false);
		this.ledger.rejectedAdopted(lane.topic(), reason, Rejections.describe(reason, failure));
	}

	void parked(SpooledLane lane, Exception failure) {
		logger.error("A record of %s that was safe in the spool is parked there, as the cluster never takes it"
			.formatted(lane), failure);
	}

	@Override
	public synchronized @Nullable SpoolStatus status() {
		return this.stores.isEmpty() ? null : this.stores.get(0).status();
	}

	/**
	 * Wait until nothing is left to be sent.
	 * @param deadline when to give up, in nanoseconds
	 * @throws InterruptedException if the thread is interrupted
	 */
	void awaitDrained(long deadline) throws InterruptedException {
		while (this.relays.values().stream().anyMatch((relay) -> relay.waiting() > 0)
				&& System.nanoTime() - deadline < 0) {
			Thread.sleep(Duration.ofMillis(10).toMillis());
		}
	}

	/**
	 * Send no more of what is in the spool.
	 */
	void stopRelays() {
		this.relays.values().forEach(Relay::stop);
	}

	@Override
	public void start() {
		this.running = true;
		if (!isEnabled() || this.factories.isEmpty() || !Files.isDirectory(base())) {
			return;
		}
		Set<String> destinations = new TreeSet<>();
		synchronized (this) {
			store();
			for (SegmentSpool store : this.stores) {
				store.occupied()
					.stream()
					.filter((lane) -> lane.partition() != Relay.PARKED)
					.map(SpoolLane::destination)
					.forEach(destinations::add);
			}
		}
		for (String destination : destinations) {
			ProducerFactory<?, ?> factory = this.factories.get(destination);
			if (factory == null || factory.transactionCapable()) {
				logger
					.warn(("Records that an earlier process left in the spool wait for %s, which does not exist or is "
							+ "transactional now")
						.formatted(destination));
			}
			else if (!this.relays.containsKey(destination)) {
				// It stays open: closing is a matter of the factory.
				factory.createProducer().close();
			}
		}
	}

	@Override
	public void stop() {
		this.running = false;
	}

	/**
	 * All producers are closed: close the files.
	 */
	synchronized void close() {
		stopRelays();
		for (SegmentSpool store : this.stores) {
			try {
				long left = store.status().records();
				store.close();
				if (left > 0) {
					logger.info("%d records stay in the spool in %s".formatted(left, store.location()));
				}
			}
			catch (SpoolException ex) {
				logger.error(ex.getMessage(), ex);
			}
		}
		this.stores.clear();
		this.unavailable = true;
		this.receipts.shutdown();
	}

	@Override
	public boolean isRunning() {
		return this.running;
	}

	@Override
	public int getPhase() {
		// Behind the check of all settings, before anything that sends.
		return Integer.MIN_VALUE + 2;
	}

}
