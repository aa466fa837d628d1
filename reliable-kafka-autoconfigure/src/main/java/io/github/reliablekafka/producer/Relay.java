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
import java.util.Collection;
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

import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.sequence.Ticket;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.utils.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Sends what is in the spool for one cluster, in the order of each lane, through a
 * producer of its own that takes bytes. One thread reads and sends, up to 500 records a
 * lane and 16 MiB ahead of the acknowledgements; a lane that fails is tried again after
 * 100 ms, and at last every 30 s. A record that the cluster will never take is rejected,
 * or parked if it had been promised.
 */
final class Relay implements Runnable {

	/**
	 * The lane, beside its partitions, of a topic of which nothing is known.
	 */
	private static final int UNPLACED = -1;

	/**
	 * The lane, beside its partitions, of what the cluster does not take.
	 */
	static final int PARKED = -2;

	private static final Log logger = LogFactory.getLog(Relay.class);

	private static final int LANE_WINDOW = 500;

	private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(100);

	private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(30);

	private static final long IDLE = TimeUnit.SECONDS.toNanos(1);

	private final Spools spools;

	private final String destination;

	private final SpoolStore store;

	private final RelayClient client;

	private final Map<TopicPartition, SpooledLane> lanes = new ConcurrentHashMap<>();

	/**
	 * By topic; empty, as a rule, so that asking costs nothing.
	 */
	private final Map<String, SpooledLane> unplaced = new ConcurrentHashMap<>();

	/**
	 * Lanes with something to do, those of others among them.
	 */
	private final Set<SpooledLane> sticky = ConcurrentHashMap.newKeySet();

	/**
	 * For the thread of the relay: what the spool did not take.
	 */
	private final Queue<Runnable> refusals = new ConcurrentLinkedQueue<>();

	private final Thread thread;

	private volatile boolean stopping;

	private volatile boolean over;

	Relay(Spools spools, String destination, SpoolStore store, RelayClient client) {
		this.spools = spools;
		this.destination = destination;
		this.store = store;
		this.client = client;
		this.thread = new Thread(this, "reliable-kafka-spool-relay");
		this.thread.setDaemon(true);
	}

	/**
	 * Begin with what earlier processes left.
	 * @param stores the spool, and those that were adopted
	 * @return how many records that are
	 */
	long start(Collection<? extends SpoolStore> stores) {
		long found = 0;
		for (SpoolStore each : stores) {
			for (SpoolLane lane : each.occupied()) {
				if (lane.destination().equals(this.destination) && lane.partition() != PARKED) {
					SpooledLane spooled = new SpooledLane(each, lane, each.positions(lane));
					if (each == this.store) {
						this.lanes.put(new TopicPartition(lane.topic(), lane.partition()), spooled);
						if (lane.partition() == UNPLACED) {
							this.unplaced.put(lane.topic(), spooled);
						}
					}
					this.sticky.add(spooled);
					found += spooled.waiting();
				}
			}
		}
		this.thread.start();
		return found;
	}

	SpooledLane lane(String topic, int partition) {
		TopicPartition name = new TopicPartition(topic, partition);
		SpooledLane lane = this.lanes.get(name);
		return (lane != null) ? lane : this.lanes.computeIfAbsent(name,
				(key) -> new SpooledLane(this.store, this.store.lane(this.destination, topic, partition), new long[0]));
	}

	SpooledLane unplaced(String topic) {
		return this.unplaced.computeIfAbsent(topic, (key) -> lane(topic, UNPLACED));
	}

	boolean isUnplaced(String topic) {
		SpooledLane lane = this.unplaced.get(topic);
		return lane != null && lane.isSticky();
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
		return !this.stopping && !Thread.currentThread().getName().startsWith("kafka-producer-network-thread");
	}

	/**
	 * Whether this is the thread that brings the outcomes of what is in the spool.
	 * @return {@code true} in callbacks of such records
	 */
	boolean isNetworkThread() {
		return this.client.isNetworkThread();
	}

	/**
	 * Send by these settings from the next connection on.
	 * @param settings all of a producer of the application, of the same cluster
	 */
	void settings(Map<String, Object> settings) {
		this.client.settings(settings);
	}

	boolean isStopping() {
		return this.stopping;
	}

	void bypassed(Exception reason) {
		this.spools.bypassed(reason);
	}

	void promise(PendingReceipt receipt, int partition) {
		this.spools.promise(() -> receipt.spooled(partition));
	}

	void notParked(SpooledLane lane, Exception failure) {
		this.spools.notParked(lane, failure);
	}

	void lost(SpooledDelivery delivery, Exception failure) {
		this.spools.promise(() -> delivery.reject(failure));
		wake();
	}

	void wake(SpooledLane lane) {
		this.sticky.add(lane);
		wake();
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
			for (SpooledLane lane : this.sticky) {
				if (this.stopping) {
					break;
				}
				try {
					busy |= serve(lane);
				}
				catch (Throwable ex) {
					// Out of memory as well: nobody else would send them.
					logger.error("Records of %s wait in the spool: they cannot be sent".formatted(lane), ex);
					lane.delay(System.nanoTime(), Relay::pause);
				}
			}
			if (!busy) {
				LockSupport.parkNanos(this, this.sticky.isEmpty() ? IDLE : FIRST_PAUSE / 2);
			}
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
		return (lane.partition() == UNPLACED) ? place(lane) : drain(lane);
	}

	private boolean drain(SpooledLane lane) {
		boolean sent = false;
		while (!this.stopping && this.client.hasRoom()) {
			Item item = lane.poll(System.nanoTime(), LANE_WINDOW);
			if (item == null) {
				return sent;
			}
			SpoolRecord record;
			try {
				record = read(lane, item);
			}
			catch (RuntimeException | Error ex) {
				lane.putBack(item, false);
				throw ex;
			}
			if (record == null) {
				if (isOver(lane, item)) {
					lane.relayed();
					continue;
				}
				// On its way to the disk.
				lane.putBack(item, false);
				return sent;
			}
			sent = true;
			this.client.send(record, lane, item.replay(),
					(metadata, failure, replay) -> sent(lane, item, metadata, failure, replay));
		}
		return sent;
	}

	private static @Nullable SpoolRecord read(SpooledLane lane, Item item) {
		SpooledDelivery delivery = item.delivery();
		return (delivery != null && delivery.isLost()) ? null : lane.store().read(lane.lane(), item.position());
	}

	private static boolean isOver(SpooledLane lane, Item item) {
		SpooledDelivery delivery = item.delivery();
		return (delivery != null && delivery.isLost()) || !lane.store().holds(lane.lane(), item.position());
	}

	private void sent(SpooledLane lane, Item item, @Nullable RecordMetadata metadata, @Nullable Exception failure,
			boolean replay) {
		SpooledDelivery delivery = item.delivery();
		if (failure == null) {
			lane.store().resolve(lane.lane(), item.position());
			lane.relayed();
			if (delivery != null) {
				delivery.complete(metadata);
			}
			else {
				this.spools.deliveredLeft(lane.topic());
			}
		}
		else if (RelayClient.isForGood(failure)) {
			reject(lane, item, failure);
		}
		else {
			lane.putBack(item, replay);
			if (!this.stopping) {
				this.spools.delayed(lane, failure);
				lane.delay(System.nanoTime(), Relay::pause);
			}
		}
		wake();
	}

	private void reject(SpooledLane lane, Item item, Exception failure) {
		SpooledDelivery delivery = item.delivery();
		try {
			if (delivery != null && delivery.mayReject()) {
				lane.store().resolve(lane.lane(), item.position());
				delivery.reject(failure);
			}
			else {
				park(lane, item.position(), failure);
				if (delivery != null) {
					delivery.reject(failure);
				}
				else {
					this.spools.rejectedLeft(lane, failure);
				}
			}
			lane.relayed();
		}
		catch (SpoolException ex) {
			lane.putBack(item, true);
			lane.delay(System.nanoTime(), Relay::pause);
			return;
		}
	}

	/**
	 * Keep a record that was promised and that the cluster will never take.
	 * @param lane its lane
	 * @param position its position
	 * @param failure why
	 * @return {@code false} if it is not there
	 */
	boolean park(SpooledLane lane, long position, Exception failure) {
		SpoolRecord record = lane.store().read(lane.lane(), position);
		if (record == null) {
			return false;
		}
		SpoolLane parked = lane.store().lane(this.destination, lane.topic(), PARKED);
		lane.store().move(parked, RelayClient.parked(record, lane, failure), lane.lane(), position, new Parking(lane));
		this.spools.parked(lane, failure);
		return true;
	}

	// What has no partition gets one, and a number, and waits there.
	private boolean place(SpooledLane lane) {
		Item item = lane.poll(System.nanoTime(), 1);
		if (item == null) {
			return false;
		}
		boolean placed = false;
		try {
			List<PartitionInfo> partitions = this.client.partitionsFor(lane.topic());
			while (item != null) {
				SpoolRecord record = read(lane, item);
				if (record == null && !isOver(lane, item)) {
					lane.putBack(item, false);
					return placed;
				}
				if (record != null) {
					placeOrReject(lane, item, record, partitions.size());
				}
				else {
					lane.relayed();
				}
				placed = true;
				item = this.stopping ? null : lane.poll(System.nanoTime(), 1);
			}
			return placed;
		}
		catch (RuntimeException | Error ex) {
			if (item != null) {
				lane.putBack(item, false);
			}
			if (!this.stopping) {
				this.spools.delayed(lane, ex);
				lane.delay(System.nanoTime(), Relay::pause);
			}
			return placed;
		}
	}

	private void placeOrReject(SpooledLane lane, Item item, SpoolRecord record, int partitions) {
		int partition = choose(record, partitions, item.position());
		if (partition < partitions) {
			place(lane, item, record, partition);
			lane.relayed();
			return;
		}
		String message = "Partition %d of topic '%s' does not exist, which has %d".formatted(partition, lane.topic(),
				partitions);
		reject(lane, item, new TimeoutException(message, new UnknownTopicOrPartitionException(message)));
	}

	private void place(SpooledLane lane, Item item, SpoolRecord record, int partition) {
		SpooledLane target = lane(lane.topic(), partition);
		Ticket ticket = this.client.number(lane.topic(), partition);
		boolean moved = false;
		try {
			SpooledDelivery delivery = item.delivery();
			target.move(delivery, RelayClient.stamped(record, ticket), lane, item.position(), () -> {
				this.refusals.add(() -> takeBack(lane, item, ticket));
				wake();
			});
			moved = true;
			if (delivery != null && ticket != null) {
				delivery.number(ticket);
			}
			this.sticky.add(target);
		}
		finally {
			if (ticket != null && !moved) {
				ticket.rollBack();
			}
			else if (ticket != null) {
				ticket.appended();
			}
		}
	}

	private void takeBack(SpooledLane lane, Item item, @Nullable Ticket ticket) {
		if (ticket != null) {
			ticket.failed();
		}
		lane.takeBack(item);
		lane.delay(System.nanoTime(), Relay::pause);
		this.sticky.add(lane);
	}

	private static int choose(SpoolRecord record, int partitions, long position) {
		if (record.partition() >= 0) {
			return record.partition();
		}
		byte[] key = record.key();
		return (key != null) ? Utils.toPositive(Utils.murmur2(key)) % partitions : (int) (position / 16 % partitions);
	}

	private static long pause(int failures) {
		long pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(failures, 10));
		return pause / 2 + ThreadLocalRandom.current().nextLong(pause / 2 + 1);
	}

	/**
	 * Send no more. What is in the client is given up and stays in the spool.
	 */
	void stop() {
		if (this.over) {
			return;
		}
		this.over = true;
		this.stopping = true;
		wake();
		this.client.close(Duration.ZERO);
		try {
			this.thread.join(TimeUnit.SECONDS.toMillis(5));
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
		KafkaException closed = new KafkaException("Producer closed; the record is in the spool");
		Set<SpooledLane> all = new HashSet<>(this.sticky);
		all.addAll(this.lanes.values());
		for (SpooledLane lane : all) {
			lane.abandon((delivery) -> delivery.abandon(closed));
		}
	}

	/**
	 * Says so if a record could not be parked. It is where it was then.
	 */
	private final class Parking implements SpoolStore.Confirmation {

		private final SpooledLane lane;

		Parking(SpooledLane lane) {
			this.lane = lane;
		}

		@Override
		public void durable() {
		}

		@Override
		public void failed(SpoolException failure) {
			notParked(this.lane, failure);
		}

	}

}
