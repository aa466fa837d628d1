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
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Predicate;

import io.github.reliablekafka.durability.ConnectionSettings;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.RetainedRecords;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
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
final class Spools implements SmartLifecycle, SpoolWatch, RetainedRecords {

	private static final Log logger = LogFactory.getLog(Spools.class);

	private static final Path DEFAULT_DIRECTORY = Path.of(".reliable-kafka", "spool");

	private static final Set<String> EPHEMERAL = Set.of("tmpfs", "ramfs", "overlay", "overlayfs");

	private static final String AT = " at ";

	private static final Duration FIRST_RETRY = Duration.ofSeconds(1);

	private static final Duration LAST_RETRY = Duration.ofSeconds(30);

	private final SpoolProperties properties;

	private final String application;

	private final ProducerSessions sessions;

	private final DeliveryLedger ledger;

	private final Slowly slowly = new Slowly(System::nanoTime);

	/**
	 * By the names of their beans, which those of a template with several share.
	 */
	private final Map<String, Set<ProducerFactory<?, ?>>> factories = new ConcurrentHashMap<>();

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
	 * @param subject its name, under which its records are found again
	 * @param factory the factory
	 */
	void known(String subject, ProducerFactory<?, ?> factory) {
		this.factories.computeIfAbsent(subject, (name) -> ConcurrentHashMap.newKeySet()).add(factory);
	}

	/**
	 * Where records go: one factory may have producers for several clusters, and what was
	 * meant for one must not get into another.
	 * @param subject the name of a factory
	 * @param settings of a producer
	 * @return that name, and the addresses from which the producer starts
	 */
	static String destination(String subject, Map<String, Object> settings) {
		Set<String> servers = new TreeSet<>();
		ConnectionSettings.bootstrapServers(settings).forEach((server) -> servers.add(server.toLowerCase(Locale.ROOT)));
		return subject + AT + String.join(",", servers);
	}

	private static String subject(String destination) {
		int at = destination.lastIndexOf(AT);
		return (at < 0) ? destination : destination.substring(0, at);
	}

	/**
	 * A producer was created.
	 * @param subject the name of its factory
	 * @param settings all of its settings
	 * @param client the producer
	 * @return {@code null} if its records do not go through the spool
	 */
	synchronized @Nullable Spooling open(String subject, Map<String, Object> settings, Producer<?, ?> client) {
		if (!isEnabled() || settings.isEmpty() || settings.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG) != null) {
			return null;
		}
		SegmentSpool store = store();
		if (store == null) {
			return null;
		}
		String destination = destination(subject, settings);
		Relay relay = this.relays.get(destination);
		if (relay == null) {
			relay = relay(destination, settings, store);
			this.relays.put(destination, relay);
		}
		else {
			relay.settings(settings);
		}
		return new Spooling(relay, this.properties.mode() == SpoolProperties.Mode.WRITE_AHEAD,
				this.properties.blockWhenFull(), number(settings, ProducerConfig.BUFFER_MEMORY_CONFIG),
				number(settings, ProducerConfig.MAX_REQUEST_SIZE_CONFIG), ClientInternals.of(client));
	}

	private static long number(Map<String, Object> settings, String name) {
		Object value = settings.get(name);
		Object given = (value != null) ? value : ProducerConfig.configDef().defaultValues().get(name);
		return Long.parseLong(String.valueOf(given).trim());
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
			catch (IOException | SpoolException ex) {
				boolean damaged = ex instanceof SpoolException spool && spool.kind() == SpoolException.Kind.CORRUPT;
				if (this.properties.directory() != null || damaged) {
					throw (ex instanceof SpoolException spool) ? spool : new SpoolUnusableException(base(), ex);
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
		SpoolOptions options = SpoolOptions
			.of(this.application, this.properties.maxSize().toBytes(), this.properties.minFreeDisk().toBytes(),
					this.properties.onCorruption() == SpoolProperties.OnCorruption.QUARANTINE)
			.retaining(this.properties.retain());
		Path base = base();
		this.stores.add(SpoolDirectory.open(base, options));
		try {
			this.stores.addAll(SpoolDirectory.adopt(base, options, (slot, ex) -> logger
				.error("What another instance left in %s is not sent, as it cannot be used; nothing there is touched"
					.formatted(slot), ex)));
		}
		catch (IOException ex) {
			logger.error("What other instances left in %s is not sent".formatted(base), ex);
		}
		for (SegmentSpool store : this.stores) {
			store.findings().forEach((finding) -> logger.warn("Spool: " + finding));
		}
		warnIfEphemeral(base);
	}

	private void warnIfEphemeral(Path base) {
		String type;
		try {
			type = Files.getFileStore(base).type();
		}
		catch (IOException ex) {
			return;
		}
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

	void notParked(SpooledLane lane, Exception failure) {
		logger
			.error(("A record of %s that was safe in the spool, and that the cluster never takes, cannot be parked; it "
					+ "stays where it is")
				.formatted(lane), failure);
	}

	void delayed(SpooledLane lane, Throwable failure) {
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
	public boolean isRetaining() {
		return isEnabled() && !this.properties.retain().isZero();
	}

	@Override
	public void search(String topic, int partition, Predicate<SpoolRecord> visitor) {
		List<SegmentSpool> all;
		synchronized (this) {
			all = List.copyOf(this.stores);
		}
		all.forEach((store) -> store.search(topic, partition, visitor));
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
		synchronized (this) {
			store();
		}
		if (!sendLeft()) {
			// The brokers' names are gone with the brokers, say.
			Thread retry = new Thread(this::keepSendingLeft, "reliable-kafka-spool-left");
			retry.setDaemon(true);
			retry.start();
		}
	}

	private void keepSendingLeft() {
		long pause = FIRST_RETRY.toMillis();
		try {
			do {
				Thread.sleep(pause);
				pause = Math.min(2 * pause, LAST_RETRY.toMillis());
			}
			while (this.running && !sendLeft());
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	// Returns whether all was done that can be done: a producer of each factory that has
	// left something has its relay begin.
	private boolean sendLeft() {
		boolean done = true;
		for (String subject : left().stream().map(Spools::subject).distinct().toList()) {
			for (ProducerFactory<?, ?> factory : this.factories.getOrDefault(subject, Set.of())) {
				try {
					if (!factory.transactionCapable()) {
						// It stays open: closing is a matter of the factory.
						factory.createProducer().close();
					}
				}
				catch (RuntimeException ex) {
					done = false;
					logger.error("Records that an earlier process left in the spool wait, as %s has no producer yet"
						.formatted(subject), ex);
				}
			}
		}
		if (done) {
			left().forEach((destination) -> logger
				.error(("Records that an earlier process left in the spool wait for %s, and are sent nowhere else: no such "
						+ "factory has a producer without transactions for that cluster. Start the application once with "
						+ "the same bean and the same bootstrap servers as before")
					.formatted(destination)));
		}
		return done;
	}

	// The destinations of records for which there is no relay.
	private synchronized Set<String> left() {
		Set<String> destinations = new TreeSet<>();
		for (SegmentSpool store : this.stores) {
			store.occupied()
				.stream()
				.filter((lane) -> lane.partition() != Relay.PARKED)
				.map(SpoolLane::destination)
				.filter((destination) -> !this.relays.containsKey(destination))
				.forEach(destinations::add);
		}
		return destinations;
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
