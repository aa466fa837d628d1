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
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolStore;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Sends what is in the spool for one cluster, in the order of each lane, through a
 * producer of its own that takes bytes. One thread reads and sends, 16 MiB ahead of the
 * acknowledgements; a lane that fails is tried again after 100 ms, and at last every 30
 * s, or when the cluster takes something of another.
 * <p>
 * Nothing is sent before the cluster has said which one it is. What earlier processes
 * left for the same cluster goes first.
 */
final class Relay implements Runnable {

	private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

	private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(30);

	private static final long IDLE = TimeUnit.SECONDS.toNanos(1);

	private static final Duration LAST_WORDS = Duration.ofSeconds(2);

	private final Spools spools;

	private final SpoolStore store;

	private final RelayClient client;

	private final Placing placing;

	private final Sending sending;

	private final RefusedRecords refused;

	private final AgeLimit age;

	private final TopicLook look;

	private final MissingTopics missing;

	private final GoneTopics gone;

	private final Teller teller = new Teller();

	private final RelayLanes lanes;

	/**
	 * Lanes with something to do, those of others among them.
	 */
	private final Set<SpooledLane> sticky = ConcurrentHashMap.newKeySet();

	/**
	 * For the thread of the relay: what the spool did not take.
	 */
	private final Queue<Runnable> refusals = new ConcurrentLinkedQueue<>();

	/**
	 * Those among whose senders some wait for a receipt that they could have.
	 */
	private final Set<HandedRecords> held = ConcurrentHashMap.newKeySet();

	private final Thread thread;

	/**
	 * Whether the disk did not keep up when it was last asked.
	 */
	private volatile boolean behind;

	private final ClusterSilence silence = new ClusterSilence();

	/**
	 * Since when records wait that the cluster does not take.
	 */
	private volatile @Nullable Instant waitingSince;

	private long attendedAt;

	private volatile boolean stopping;

	Relay(Spools spools, Destination destination, SpoolStore store, RelayClient client) {
		this.spools = spools;
		this.store = store;
		this.client = client;
		this.lanes = new RelayLanes(spools, destination, store, this.sticky::add);
		this.look = new TopicLook(client::settings, this.lanes::clusterId, spools.topics());
		// Shorter than a lane waits: one that is alone never waits for nothing.
		this.missing = new MissingTopics(this.look::partitionCount, (failures) -> pause(failures) / 2,
				System::nanoTime);
		this.gone = new GoneTopics(client, this.missing, this.look::begin, spools.topics(), spools.notices(),
				System::nanoTime);
		this.refused = new RefusedRecords(this, spools, this.missing, this.gone);
		this.age = new AgeLimit(spools, this.refused::expire, this::tell, System::nanoTime);
		this.placing = new Placing(this, client);
		this.sending = new Sending(this, spools, client, this.missing, this.age);
		this.thread = new Thread(this, "reliable-kafka-spool-relay");
		this.thread.setDaemon(true);
	}

	/**
	 * Begin, with what earlier processes left before they had heard of the cluster.
	 */
	void start() {
		this.lanes.claimByAddress();
		this.thread.start();
	}

	/**
	 * What becomes of records that the cluster does not take.
	 * @return decides about them
	 */
	RefusedRecords refused() {
		return this.refused;
	}

	RelayLanes lanes() {
		return this.lanes;
	}

	/**
	 * Whether partitions can be chosen here.
	 * @return {@code false} if the application has a partitioner of its own, which asks
	 * for more than bytes
	 */
	boolean isPlacing() {
		return this.client.isPlacing();
	}

	/**
	 * Whether this thread may wait for room: not one that makes room.
	 * @return {@code false} in callbacks
	 */
	boolean mayWait() {
		return !this.stopping && !this.teller.isCurrent()
				&& !Thread.currentThread().getName().startsWith(KafkaProducer.NETWORK_THREAD_PREFIX);
	}

	/**
	 * Whether this is the thread that sends, which may wait for an answer of the cluster.
	 * @return {@code false} in callbacks
	 */
	boolean isOwnThread() {
		return Thread.currentThread() == this.thread;
	}

	/**
	 * Whether this is the thread that tells of what was in the spool.
	 * @return {@code true} in callbacks of such records
	 */
	boolean isTelling() {
		return this.teller.isCurrent();
	}

	/**
	 * Whether senders are told of their records later than these are acknowledged.
	 * @return {@code true} if an application takes too long
	 */
	boolean isHeldUp() {
		return this.teller.isHeldUp();
	}

	/**
	 * Whether the disk keeps up, so that it makes sense to wait for it.
	 * @return {@code false} after somebody has waited in vain
	 */
	boolean isBehind() {
		return this.behind;
	}

	void behind(boolean now) {
		if (this.behind != now) {
			this.behind = now;
		}
	}

	/**
	 * Send by these settings from the next connection on.
	 * @param settings all of a producer of the application, of the same cluster
	 */
	void settings(Map<String, Object> settings) {
		this.client.settings(settings);
	}

	/**
	 * Whether what is in the spool is sent as somebody else would send it.
	 * @param identity the cluster and the credentials of the other
	 * @return {@code true} if both are the same
	 */
	boolean isLike(Map<String, Object> identity) {
		return this.client.isLike(identity);
	}

	/**
	 * What its client takes.
	 * @return its limits
	 */
	ClientLimits limits() {
		return this.client.limits();
	}

	boolean isStopping() {
		return this.stopping;
	}

	void bypassed(Exception reason) {
		this.spools.notices().bypassed(reason);
	}

	/**
	 * Senders of records that are safe could not be told so, as others are still being
	 * told. Do it when there is time.
	 * @param records their records
	 */
	void promiseLater(HandedRecords records) {
		this.held.add(records);
	}

	/**
	 * Tell senders who could not be told before.
	 */
	void promiseHeld() {
		for (HandedRecords records : Set.copyOf(this.held)) {
			if (this.teller.isHeldUp()) {
				return;
			}
			this.held.remove(records);
			boolean unused = records.promise();
		}
	}

	void promise(PendingReceipt receipt, int partition) {
		this.teller.tell(() -> receipt.spooled(partition));
	}

	void tell(Runnable action) {
		this.teller.tell(action);
	}

	void lost(SpooledDelivery delivery, Exception failure) {
		this.teller.tell(() -> delivery.reject(failure));
		wake();
	}

	/**
	 * Have the thread of the relay do something before it sends.
	 * @param refusal what the spool did not take
	 */
	void notTaken(Runnable refusal) {
		this.refusals.add(refusal);
		wake();
	}

	/**
	 * See what other instances have left meanwhile.
	 */
	void claimLate() {
		this.lanes.claimLate();
		wake();
	}

	/**
	 * Have nothing more to do with a spool that another instance left.
	 * @param released the spool
	 * @return {@code false} if something of it is on its way
	 */
	boolean isDoneWith(SpoolStore released) {
		if (this.sticky.stream().anyMatch((lane) -> lane.store() == released)) {
			return false;
		}
		this.lanes.released(released);
		return true;
	}

	void wake(SpooledLane lane) {
		this.sticky.add(lane);
		wake();
	}

	/**
	 * Try the records of a lane, as somebody asks for it: also if the cluster did not
	 * know their topic a moment ago.
	 * @param lane the lane
	 */
	void tryAgain(SpooledLane lane) {
		this.missing.remove(lane.topic());
		wake(lane);
	}

	void wake() {
		LockSupport.unpark(this.thread);
	}

	long waiting() {
		return this.sticky.stream().mapToLong(SpooledLane::waiting).sum();
	}

	@Override
	public void run() {
		while (!this.stopping) {
			boolean busy = false;
			for (Runnable refusal = this.refusals.poll(); refusal != null; refusal = this.refusals.poll()) {
				refusal.run();
			}
			this.lanes.claimIfFound();
			promiseHeld();
			busy |= isExpiring();
			attendToGone();
			for (SpooledLane lane : this.sticky) {
				if (this.stopping) {
					break;
				}
				if (System.nanoTime() - this.attendedAt > IDLE) {
					// A client without room has each lane wait.
					attendToGone();
				}
				try {
					busy |= serve(lane);
				}
				catch (Throwable ex) {
					if (this.stopping) {
						break;
					}
					// Out of memory as well: nobody else would send them.
					this.spools.notices().stuck(lane, ex);
					later(lane);
				}
			}
			if (!busy) {
				drainedIfSo();
				LockSupport.parkNanos(this, this.sticky.isEmpty() ? IDLE : FIRST_PAUSE / 2);
			}
		}
	}

	private boolean isExpiring() {
		try {
			return this.age.enforce(this.sticky);
		}
		catch (Throwable ex) {
			// The next time may be better, and others are to be sent.
			this.spools.notices().notExpired(ex);
			return false;
		}
	}

	private void attendToGone() {
		try {
			this.gone.attend(this.sticky);
		}
		catch (Throwable ex) {
			this.spools.notices().notLookedFor(ex);
		}
		this.attendedAt = System.nanoTime();
	}

	private void drainedIfSo() {
		Instant since = this.waitingSince;
		if (since != null && waiting() == 0) {
			this.waitingSince = null;
			this.teller.tell(() -> this.spools.notices()
				.publish(SpoolEvent.Kind.DRAINED, this.lanes.name(), null, 0, since, ""));
		}
	}

	// Returns whether there was something to do.
	private boolean serve(SpooledLane lane) {
		if (!lane.isSticky()) {
			this.sticky.remove(lane);
			if (lane.isSticky()) {
				this.sticky.add(lane);
			}
			return false;
		}
		return (lane.partition() == SpoolLane.UNPLACED) ? this.placing.place(lane) : this.sending.send(lane);
	}

	/**
	 * Whether records may be sent to the cluster that answers: ask it which one it is, if
	 * nobody has yet. If not, try again later.
	 * @param lane whose records are to be sent
	 * @return {@code false} if they are meant for another one
	 */
	boolean isRightCluster(SpooledLane lane) {
		if (this.client.clusterId() == null) {
			int unused = this.client.partitionsFor(lane.topic()).size();
		}
		String id = this.client.clusterId();
		this.lanes.found(id);
		if (!this.lanes.isOf(id)) {
			later(lane);
			return false;
		}
		return true;
	}

	/**
	 * Try again later.
	 * @param lane whose records cannot be sent
	 * @param failure why
	 */
	void notNow(SpooledLane lane, Throwable failure) {
		if (!this.stopping) {
			this.spools.notices().delayed(lane, failure);
			if (this.waitingSince == null) {
				Instant now = Instant.now();
				this.waitingSince = now;
				long waiting = waiting();
				this.teller.tell(() -> this.spools.notices()
					.publish(SpoolEvent.Kind.WAITING, this.lanes.name(), null, waiting, now, String.valueOf(failure)));
			}
			long now = System.nanoTime();
			lane.delay(now, Relay::pause);
			this.silence.paused(lane);
		}
	}

	/**
	 * Whether a lane stands still behind a record that was promised and that the cluster
	 * does not take.
	 * @return {@code false} if the record is parked
	 */
	boolean isBlocking() {
		return this.spools.isBlocking();
	}

	/**
	 * The lanes that stand still.
	 * @return in no order
	 */
	List<SpooledLane> blocked() {
		return this.sticky.stream().filter((lane) -> lane.block() != null).toList();
	}

	/**
	 * Have what the cluster has not acknowledged back.
	 */
	void takeBack() {
		this.client.takeBack();
	}

	/**
	 * The time of day.
	 * @return in milliseconds since 1970
	 */
	long now() {
		return this.spools.now();
	}

	/**
	 * The cluster has answered: what paused as it was away need not wait until its pause
	 * is over.
	 */
	void alive() {
		if (this.silence.isBroken()) {
			wake();
		}
	}

	/**
	 * Try again after a pause that grows.
	 * @param lane whose records cannot be sent
	 */
	static void later(SpooledLane lane) {
		lane.delay(System.nanoTime(), Relay::pause);
	}

	private static long pause(int failures) {
		long pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(failures, 10));
		return pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
	}

	/**
	 * Send no more. What is in the client is given up and stays in the spool.
	 */
	void stop() {
		if (this.stopping) {
			return;
		}
		this.stopping = true;
		wake();
		this.look.stop();
		this.client.close(Duration.ZERO);
		try {
			this.thread.join(TimeUnit.SECONDS.toMillis(5));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		// So that who waits for that only hears that it is safe.
		boolean unused = this.store.flush();
		this.age.tell();
		this.teller.close(LAST_WORDS);
		KafkaException closed = new KafkaException("Producer closed");
		Set<SpooledLane> all = new HashSet<>(this.sticky);
		all.addAll(this.lanes.all());
		for (SpooledLane lane : all) {
			lane.abandon((delivery) -> delivery.abandon(closed));
		}
	}

}
