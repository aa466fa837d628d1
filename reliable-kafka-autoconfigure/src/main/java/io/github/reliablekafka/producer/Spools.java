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

import java.nio.file.Files;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolStore;
import io.github.reliablekafka.spool.SpoolTopics;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;
import org.springframework.context.SmartLifecycle;
import org.springframework.kafka.core.ProducerFactory;

/**
 * The spool of an application, and a relay for each of its producer factories that are
 * not transactional. Opened when the first producer is created, or at the start if an
 * earlier process has left records; then a producer is created for them. Closed when all
 * producers are. Safe for use by many threads.
 */
final class Spools implements SmartLifecycle {

	private static final Log logger = LogFactory.getLog(Spools.class);

	private static final Duration FIRST_RETRY = Duration.ofSeconds(1);

	private static final Duration LAST_RETRY = Duration.ofSeconds(30);

	/**
	 * An instance that was not started again for so long is gone.
	 */
	private static final Duration GONE = Duration.ofMinutes(5);

	private final SpoolProperties properties;

	private final SpoolPlace place;

	private final ProducerSessions sessions;

	private final DeliveryLedger ledger;

	private final SpoolNotices notices;

	private final Slowly slowly = new Slowly(System::nanoTime);

	/**
	 * By the names of their beans, which those of a template with several share.
	 */
	private final Map<String, Set<ProducerFactory<?, ?>>> factories = new ConcurrentHashMap<>();

	private final Map<Destination, Relay> relays = new ConcurrentHashMap<>();

	private final SpoolStores stores;

	private final Leftovers leftovers = new Leftovers();

	/**
	 * Of what nobody has claimed.
	 */
	private final AgeLimit age;

	private final InstantSource clock;

	private final Supplier<@Nullable SpoolTopics> topics;

	private volatile boolean running;

	private volatile CountDownLatch stopped = new CountDownLatch(0);

	Spools(SpoolProperties properties, String application, ProducerSessions sessions, DeliveryLedger ledger,
			ApplicationEventPublisher events, Supplier<@Nullable SpoolTopics> topics) {
		this(properties, application, sessions, ledger, events, topics, InstantSource.system());
	}

	Spools(SpoolProperties properties, String application, ProducerSessions sessions, DeliveryLedger ledger,
			ApplicationEventPublisher events, Supplier<@Nullable SpoolTopics> topics, InstantSource clock) {
		this.clock = clock;
		this.topics = topics;
		this.properties = properties;
		this.place = new SpoolPlace(properties, application, clock);
		this.sessions = sessions;
		this.ledger = ledger;
		this.notices = new SpoolNotices(events);
		this.stores = new SpoolStores(properties, this.place, this.notices, this.relays.values(), ledger,
				(found) -> this.leftovers.find(found, age()));
		this.age = new AgeLimit(this, RefusedRecords.unclaimed(this), Runnable::run, System::nanoTime);
	}

	boolean isEnabled() {
		return this.properties.mode() != SpoolProperties.Mode.OFF;
	}

	/**
	 * The files, and what is in them.
	 * @return open if there are producers
	 */
	SpoolStores stores() {
		return this.stores;
	}

	/**
	 * What people and the application are told.
	 * @return tells them
	 */
	SpoolNotices notices() {
		return this.notices;
	}

	/**
	 * Who creates topics again.
	 * @return gives {@code null} for nobody
	 */
	Supplier<@Nullable SpoolTopics> topics() {
		return this.topics;
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
	 * The factories that are covered.
	 * @return by the names under which their records are found again
	 */
	Map<String, Set<ProducerFactory<?, ?>>> factories() {
		return this.factories;
	}

	/**
	 * The relay for a producer.
	 * @param subject the name of its factory
	 * @param settings say where it sends
	 * @return {@code null} if there was no such producer yet, or without the spool
	 */
	@Nullable Relay relay(String subject, Map<String, Object> settings) {
		return this.relays.get(Destination.of(subject, settings));
	}

	/**
	 * Whether records of a partition wait in a relay, whoever has brought them and with
	 * whatever credentials they are sent.
	 * @param settings say where somebody else would send
	 * @param clusterId the cluster that answers there
	 * @param partition the partition
	 * @param except a relay that does not count; {@code null} for none
	 * @return {@code true} if later ones would overtake them
	 */
	boolean isWaiting(Map<String, Object> settings, String clusterId, TopicPartition partition,
			@Nullable Relay except) {
		String servers = Destination.of("", settings).servers();
		boolean waiting = false;
		for (Map.Entry<Destination, Relay> each : this.relays.entrySet()) {
			RelayLanes lanes = each.getValue().lanes();
			if (each.getKey().servers().equals(servers)) {
				lanes.found(clusterId);
			}
			waiting |= each.getValue() != except && lanes.isOf(clusterId)
					&& lanes.isSticky(partition.topic(), partition.partition());
		}
		return waiting;
	}

	/**
	 * A producer was created.
	 * @param subject the name of its factory
	 * @param settings all of its settings
	 * @param identity of its cluster
	 * @param client the producer
	 * @return {@code null} if its records do not go through the spool
	 */
	synchronized @Nullable Spooling open(String subject, Map<String, Object> settings, ClusterIdentity identity,
			Producer<?, ?> client) {
		if (!isEnabled() || settings.isEmpty() || settings.get(ProducerConfig.TRANSACTIONAL_ID_CONFIG) != null) {
			return null;
		}
		SegmentSpool store = this.stores.own();
		if (store == null) {
			return null;
		}
		Destination destination = Destination.of(subject, settings);
		Relay relay = this.relays.get(destination);
		if (relay == null) {
			relay = new Relay(this, destination, store, new RelayClient(AgeLimit.bounded(settings, maxAge()),
					() -> this.sessions.openPlain(settings, RelayClient.clientId(settings))));
			this.relays.put(destination, relay);
			relay.start();
		}
		else {
			relay.settings(AgeLimit.bounded(settings, maxAge()));
		}
		ClientLimits limits = ClientLimits.of(this.properties.blockWhenFull(), settings, client);
		return new Spooling(relay, this.properties.mode() == SpoolProperties.Mode.WRITE_AHEAD, limits, identity,
				ClientInternals.of(client));
	}

	/**
	 * Take over what instances that are gone have left since the start, and give back
	 * what is empty by now.
	 * @param gone how long nobody may have had it
	 * @return {@code false} if that has to be tried again
	 */
	boolean attend(Duration gone) {
		// Others need not wait for the disk.
		this.stores.gather();
		this.stores.release((store) -> this.relays.values().stream().allMatch((relay) -> relay.isDoneWith(store)));
		expireUnclaimed();
		if (!this.stores.adopt(gone)) {
			return true;
		}
		this.relays.values().forEach(Relay::claimLate);
		return sendLeft();
	}

	// Without any lock, as listeners are told that may send.
	private void expireUnclaimed() {
		List<SpooledLane> lanes = this.leftovers.lanes();
		while (this.age.enforce(lanes)) {
			lanes.stream().map(SpooledLane::store).distinct().forEach(SpoolStore::flush);
		}
	}

	private LaneAge age() {
		return new LaneAge(maxAge().toNanos(), System.nanoTime(), now());
	}

	/**
	 * Give out what earlier processes left for a cluster.
	 * @param destination where somebody sends
	 * @param clusterId the cluster; {@code null} if it has not answered yet
	 * @return what was left for it
	 */
	List<SpooledLane> claim(Destination destination, @Nullable String clusterId) {
		List<SpooledLane> claimed = this.leftovers.claim(destination.named(clusterId)::equals);
		long found = 0;
		for (SpooledLane left : claimed) {
			long records = left.adopt();
			this.ledger.adopt(left.topic(), records);
			found += records;
		}
		if (found > 0) {
			logger.info("%d records that an earlier process left in the spool are sent now, by the settings of %s"
				.formatted(found, destination.byAddress()));
		}
		if (clusterId != null) {
			this.leftovers.destinations()
				.stream()
				.filter((name) -> Destination.subjectOf(name).equals(destination.subject()))
				.filter((name) -> !Destination.isByAddress(name))
				.forEach((name) -> this.notices.elsewhere(name, destination.byAddress() + ", which is " + clusterId));
		}
		return claimed;
	}

	/**
	 * How long the cluster may refuse a record before that counts.
	 * @return in nanoseconds
	 */
	long refusalPatience() {
		return this.properties.giveUpAfter().toNanos();
	}

	/**
	 * Whether a lane stands still behind a record that was promised and that the cluster
	 * does not take.
	 * @return {@code false} if the record is parked
	 */
	boolean isBlocking() {
		return this.properties.onRefusal() == SpoolProperties.OnRefusal.BLOCK;
	}

	/**
	 * How long records may wait in the spool.
	 * @return zero for any time
	 */
	Duration maxAge() {
		return this.properties.maxAge();
	}

	/**
	 * The time of day.
	 * @return in milliseconds since 1970
	 */
	long now() {
		return this.clock.millis();
	}

	void expired(SpooledLane lane, int records) {
		this.notices.expired(lane, records, maxAge());
	}

	/**
	 * A record is to be sent that had its outcome before.
	 * @param topic its topic
	 */
	void adopted(String topic) {
		this.ledger.adopt(topic, 1);
	}

	void deliveredLeft(String topic) {
		this.ledger.deliveredAdopted(topic);
	}

	void rejectedLeft(SpooledLane lane, Exception failure) {
		RejectionReason reason = Rejections.reason(failure, false);
		this.ledger.rejectedAdopted(lane.topic(), reason, Rejections.describe(reason, failure));
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
		if (!isEnabled() || this.factories.isEmpty()) {
			return;
		}
		this.place.requireLasting();
		boolean done = true;
		if (Files.isDirectory(this.place.base())) {
			this.stores.own();
			done = sendLeft();
		}
		boolean sent = done;
		CountDownLatch end = new CountDownLatch(1);
		this.stopped = end;
		Thread thread = new Thread(() -> keepAttending(end, sent), "reliable-kafka-spool-left");
		thread.setDaemon(true);
		thread.start();
	}

	// Not to be interrupted, as that closes files.
	private void keepAttending(CountDownLatch end, boolean sent) {
		boolean done = sent;
		long pause = FIRST_RETRY.toMillis();
		try {
			while (!end.await(pause, TimeUnit.MILLISECONDS)) {
				pause = Math.min(2 * pause, LAST_RETRY.toMillis());
				try {
					// The brokers' names are gone with the brokers, say.
					boolean attended = attend(GONE);
					done = (done || sendLeft()) && attended;
				}
				catch (Throwable ex) {
					// The next time may be better, and nobody else does this.
					done = false;
					if (this.slowly.isDue("attending")) {
						logger.error("What was left in the spool could not be attended to, which is tried again", ex);
					}
				}
			}
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

	// Returns whether all was done that can be done: a producer of each factory that has
	// left something has its relay begin, as soon as the cluster says which one it is.
	private boolean sendLeft() {
		boolean done = true;
		for (String subject : this.leftovers.destinations().stream().map(Destination::subjectOf).distinct().toList()) {
			for (ProducerFactory<?, ?> factory : this.factories.getOrDefault(subject, Set.of())) {
				if (!this.running) {
					// A factory that is closed would open again.
					return false;
				}
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
			String present = String.join(", ", this.relays.keySet().stream().map(Destination::byAddress).toList());
			this.leftovers.destinations()
				.stream()
				.filter((name) -> Destination.isByAddress(name) || this.relays.keySet()
					.stream()
					.noneMatch((relay) -> relay.subject().equals(Destination.subjectOf(name))))
				.forEach((name) -> this.notices.elsewhere(name,
						present.isEmpty() ? "no producer without transactions" : present));
		}
		return done;
	}

	@Override
	public void stop() {
		this.running = false;
		this.stopped.countDown();
	}

	/**
	 * All producers are closed: close the files.
	 */
	synchronized void close() {
		stopRelays();
		this.stores.close();
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
