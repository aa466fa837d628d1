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

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * How the records of one producer get into the spool: ahead, because their lane is in
 * there already, because the client's memory fills while the cluster is silent, because
 * the client gave them up, or because nothing is known of their topic. Safe for use by
 * many threads.
 */
final class Spooling {

	/**
	 * A cluster that has acknowledged nothing for so long is silent.
	 */
	private static final long SILENCE = TimeUnit.SECONDS.toNanos(1);

	/**
	 * How long to sleep before looking again.
	 */
	static final long STEP = TimeUnit.MILLISECONDS.toNanos(2);

	/**
	 * How long a record that may go directly waits for a file that is being made.
	 */
	private static final long SHORT = TimeUnit.MILLISECONDS.toNanos(100);

	private final Relay relay;

	private final boolean ahead;

	private final ClientLimits limits;

	private final ClusterIdentity identity;

	private final UnplacedRecords unplaced;

	private final AtomicLong directBytes = new AtomicLong();

	private final HandedRecords handed = new HandedRecords();

	/**
	 * Whether somebody has waited for the cluster to say which one it is.
	 */
	private volatile boolean introduced;

	private volatile long progressAt = System.nanoTime();

	/**
	 * Create what one producer needs.
	 * @param relay sends what is in the spool
	 * @param ahead whether each record is written to the spool
	 * @param limits of the producer
	 * @param identity of its cluster
	 * @param internals of the client; {@code null} if they are not known
	 */
	Spooling(Relay relay, boolean ahead, ClientLimits limits, ClusterIdentity identity,
			@Nullable ClientInternals internals) {
		this.relay = relay;
		this.ahead = ahead;
		this.limits = limits;
		this.identity = identity;
		this.unplaced = new UnplacedRecords(this, relay, limits, internals);
		identity.onFound((id) -> {
			relay.lanes().found(id);
			relay.wake();
		});
	}

	/**
	 * Take a record whose partition is known.
	 * @param delivery follows it
	 * @param topic its topic
	 * @param partition its partition
	 * @param record its bytes
	 * @throws HandedOver if the client must not have it
	 * @throws BufferExhaustedException if there is no room for it anywhere
	 */
	void admit(SpooledDelivery delivery, String topic, int partition, SpoolRecord record) {
		if (!isIntroduced()) {
			return;
		}
		SpooledLane lane = this.relay.lanes().lane(topic, partition);
		delivery.lane(lane);
		int size = sizeOf(record);
		delivery.bytes(size);
		boolean direct;
		try {
			direct = enter(lane, delivery, record);
		}
		catch (RuntimeException | Error ex) {
			// It did not enter, and so does not leave.
			delivery.lane(null);
			throw ex;
		}
		if (!direct) {
			this.relay.wake(lane);
			throw new HandedOver();
		}
		if (this.directBytes.getAndAdd(size) == 0) {
			this.progressAt = System.nanoTime();
		}
	}

	// The client may know the partitions a moment before it says whose they are. With
	// another cluster than at first, at the same addresses, there is no spool.
	private boolean isIntroduced() {
		if (!this.introduced) {
			long deadline = System.nanoTime() + SHORT;
			while (this.identity.id() == null && System.nanoTime() - deadline < 0) {
				LockSupport.parkNanos(STEP);
			}
			this.introduced = true;
		}
		String id = this.identity.id();
		this.relay.lanes().found(id);
		return this.relay.lanes().isOf(id);
	}

	private boolean enter(SpooledLane lane, SpooledDelivery delivery, SpoolRecord record) {
		long begun = System.nanoTime();
		long deadline = begun + this.limits.blockWhenFull().toNanos();
		long soon = begun + Math.min(SHORT, this.limits.blockWhenFull().toNanos());
		boolean anyway = false;
		while (true) {
			boolean pressed = isPressed();
			boolean behind = pressed || lane.isSticky();
			if (behind && isCrowdedFor(delivery)) {
				if (!mayWait(deadline)) {
					throw crowded();
				}
				LockSupport.parkNanos(STEP);
				continue;
			}
			try {
				boolean direct = lane.admit(delivery, record, pressed, this.ahead, anyway);
				if (delivery.position() != 0) {
					this.relay.behind(false);
				}
				return direct;
			}
			catch (SpoolException ex) {
				boolean busy = ex.kind() == SpoolException.Kind.BUSY;
				// What may go directly waits for a file that is being made, and not for a
				// slow disk, nor for others to leave a full spool.
				boolean wait = behind ? (busy || ex.kind() == SpoolException.Kind.FULL) && mayWait(deadline)
						: !anyway && busy && !this.relay.isBehind() && mayWait(soon);
				if (wait) {
					LockSupport.parkNanos(STEP);
				}
				else if (anyway) {
					throw noRoom(ex);
				}
				else {
					this.relay.behind(busy);
					this.relay.bypassed(ex);
					anyway = true;
				}
			}
		}
	}

	boolean mayWait(long deadline) {
		return System.nanoTime() - deadline < 0 && this.relay.mayWait() && !Thread.currentThread().isInterrupted();
	}

	private static BufferExhaustedException noRoom(SpoolException cause) {
		return new BufferExhaustedException(String.valueOf(cause.getMessage()));
	}

	private boolean isPressed() {
		long direct = this.directBytes.get();
		if (direct == 0 || System.nanoTime() - this.progressAt <= SILENCE || this.relay.isStopping()) {
			return false;
		}
		// Batches that are half empty take memory as well.
		return direct > this.limits.bufferBytes() / 2
				|| this.limits.available().getAsLong() < this.limits.bufferBytes() / 2;
	}

	/**
	 * Whether senders that wait for acknowledgements keep so many records in memory that
	 * no more may come.
	 * @return {@code true} if those records are as large as the client's memory
	 */
	boolean isCrowded() {
		return this.handed.bytes() > this.limits.bufferBytes();
	}

	// One with a receipt is soon forgotten, as a rule.
	boolean isCrowdedFor(SpooledDelivery delivery) {
		return (!delivery.isForReceipt() || isHeldUp()) && isCrowded();
	}

	BufferExhaustedException crowded() {
		return new BufferExhaustedException(("Records of %d bytes wait in the spool, and their senders for them; "
				+ "%s is %d. Senders that are content with a receipt may send more")
			.formatted(this.handed.bytes(), ProducerConfig.BUFFER_MEMORY_CONFIG, this.limits.bufferBytes()));
	}

	/**
	 * A record has left the client.
	 * @param delivery followed it
	 * @param acknowledged whether the cluster has it
	 */
	void left(SpooledDelivery delivery, boolean acknowledged) {
		SpooledLane lane = delivery.lane();
		if (lane == null || delivery.isHanded()) {
			return;
		}
		if (!lane.left(delivery, acknowledged)) {
			return;
		}
		leaveClient(delivery);
		// What was promised before the client threw an exception is for the next process.
		if (delivery.position() != 0 && (acknowledged || !delivery.isPromised())) {
			lane.store().resolve(lane.lane(), delivery.position());
		}
		if (lane.isReady()) {
			this.relay.wake(lane);
		}
	}

	/**
	 * A record that was promised will never be taken by the cluster: keep it.
	 * @param delivery followed it
	 * @param exception why
	 * @return {@code false} if it is not there, or has left the client before
	 */
	boolean park(SpooledDelivery delivery, Exception exception) {
		SpooledLane lane = delivery.lane();
		if (lane == null || !lane.left(delivery, false)) {
			return false;
		}
		leaveClient(delivery);
		boolean kept = this.relay.refused().park(lane, delivery, exception);
		if (lane.isReady()) {
			this.relay.wake(lane);
		}
		return kept;
	}

	private void leaveClient(SpooledDelivery delivery) {
		this.directBytes.addAndGet(-delivery.bytes());
		this.progressAt = System.nanoTime();
	}

	/**
	 * The client gives a record up. Have it sent by the relay, if that makes sense.
	 * @param delivery follows it
	 * @param exception why
	 * @param reason what that means
	 * @return whether it is on its way again, or left in the spool for another process
	 */
	boolean takeOver(SpooledDelivery delivery, Exception exception, RejectionReason reason) {
		SpooledLane lane = delivery.lane();
		boolean synchronous = delivery.isBeingSent();
		if (lane == null) {
			return synchronous && reason == RejectionReason.UNREACHABLE && UnplacedRecords.isTopicUnknown(exception)
					&& this.unplaced.take(delivery);
		}
		if (delivery.isHanded() || (synchronous && this.relay.isStopping())) {
			return false;
		}
		// What was promised is sent again unless the cluster will never take it. That is
		// asked last, as from then on nothing is promised.
		if (!isWorthIt(reason, synchronous) && (synchronous || isGoneFor(exception) || delivery.mayReject())) {
			return false;
		}
		return isHandedOver(lane, delivery, exception, !synchronous);
	}

	/**
	 * The client threw an exception although it had been given a record, and may go on to
	 * send it or not. Have the relay send it if the client is broken, or if it was
	 * promised.
	 * @param delivery follows it
	 * @param thrown what the client threw
	 * @param reason what that means
	 * @return {@code false} if nothing was promised, and will not be
	 */
	boolean rescue(SpooledDelivery delivery, Throwable thrown, RejectionReason reason) {
		SpooledLane lane = delivery.lane();
		if (lane == null || delivery.isHanded()) {
			return false;
		}
		boolean broken = thrown instanceof KafkaException
				&& (reason == RejectionReason.OTHER || reason == RejectionReason.FENCED);
		if ((!broken || this.relay.isStopping()) && delivery.mayReject()) {
			return false;
		}
		Exception exception = (thrown instanceof Exception failure) ? failure
				: new KafkaException("The record could not be sent", thrown);
		return isHandedOver(lane, delivery, exception, true);
	}

	private boolean isHandedOver(SpooledLane lane, SpooledDelivery delivery, Exception exception, boolean replay) {
		try {
			if (!lane.takeOver(delivery, replay)) {
				return false;
			}
		}
		catch (SpoolException | IllegalStateException ex) {
			this.relay.bypassed(ex);
			return false;
		}
		leaveClient(delivery);
		if (this.relay.isStopping()) {
			// The next process sends it. Nobody here would ever hear of it.
			delivery.abandon(exception);
		}
		this.relay.wake(lane);
		return true;
	}

	// Otherwise the relay finds out, and its lane stands still.
	private boolean isGoneFor(Exception exception) {
		return RelayClient.isForGood(exception) && !this.relay.isBlocking();
	}

	private static boolean isWorthIt(RejectionReason reason, boolean synchronous) {
		return switch (reason) {
			case UNREACHABLE, NO_ROOM -> true;
			case EXPIRED, CLOSED, FENCED, OTHER -> !synchronous;
			default -> false;
		};
	}

	/**
	 * The records of topics of which nothing is known.
	 * @return how they are taken
	 */
	UnplacedRecords unplaced() {
		return this.unplaced;
	}

	ClientLimits limits() {
		return this.limits;
	}

	/**
	 * Whether to leave it at telling of the acknowledgement.
	 * @return {@code true} if an application takes too long
	 */
	boolean isHeldUp() {
		return this.relay.isHeldUp();
	}

	/**
	 * Senders of records that are safe could not be told so. Do it when there is time.
	 */
	void promiseLater() {
		this.relay.promiseLater(this.handed);
	}

	void promise(PendingReceipt receipt, SpooledLane lane) {
		this.relay.promise(receipt, lane.partition());
	}

	/**
	 * A record that only the spool had is not in it.
	 * @param delivery followed it
	 * @param failure why
	 */
	void lost(SpooledDelivery delivery, SpoolException failure) {
		this.relay.lost(delivery, noRoom(failure));
	}

	void tell(Runnable action) {
		this.relay.tell(action);
	}

	/**
	 * The records that have gone to the relay.
	 * @return those that have no outcome yet
	 */
	HandedRecords handed() {
		return this.handed;
	}

	/**
	 * Wait until the records that have gone to the relay so far have an outcome.
	 */
	void awaitHanded() {
		this.handed.await(this.relay);
	}

	void wake() {
		this.relay.wake();
	}

	/**
	 * The time of day.
	 * @return in milliseconds since 1970
	 */
	long now() {
		return this.relay.now();
	}

	static int sizeOf(SpoolRecord record) {
		byte[] key = record.key();
		byte[] value = record.value();
		return 64 + ((key != null) ? key.length : 0) + ((value != null) ? value.length : 0);
	}

}
