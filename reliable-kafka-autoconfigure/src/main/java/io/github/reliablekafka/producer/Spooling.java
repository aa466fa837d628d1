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
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.AbstractRecords;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.RecordBatch;
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

	private static final long STEP = TimeUnit.MILLISECONDS.toNanos(2);

	private final Relay relay;

	private final boolean ahead;

	private final Duration blockWhenFull;

	private final long bufferBytes;

	private final long maxRequestBytes;

	private final @Nullable ClientInternals internals;

	private final AtomicLong directBytes = new AtomicLong();

	/**
	 * The records that have gone to the relay and have no outcome, with the bytes of
	 * those that are in memory as well, because of their senders.
	 */
	private final Map<SpooledDelivery, Integer> handed = new ConcurrentHashMap<>();

	private final AtomicLong handedBytes = new AtomicLong();

	private volatile long progressAt = System.nanoTime();

	/**
	 * Create what one producer needs.
	 * @param relay sends what is in the spool
	 * @param ahead whether each record is written to the spool
	 * @param blockWhenFull how long to wait for room
	 * @param bufferBytes size of the client's memory
	 * @param maxRequestBytes largest record that the client takes
	 * @param internals of the client; {@code null} if they are not known
	 */
	Spooling(Relay relay, boolean ahead, Duration blockWhenFull, long bufferBytes, long maxRequestBytes,
			@Nullable ClientInternals internals) {
		this.relay = relay;
		this.ahead = ahead;
		this.blockWhenFull = blockWhenFull;
		this.bufferBytes = bufferBytes;
		this.maxRequestBytes = maxRequestBytes;
		this.internals = internals;
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
		SpooledLane lane = this.relay.lane(topic, partition);
		delivery.lane(lane);
		int size = sizeOf(record);
		delivery.bytes(size);
		boolean direct;
		try {
			direct = enter(lane, delivery, record);
		}
		catch (RuntimeException ex) {
			// It did not enter, and so does not leave.
			delivery.lane(null);
			throw ex;
		}
		if (!direct) {
			this.relay.wake(lane);
			throw new HandedOver();
		}
		delivery.directBytes(size);
		if (this.directBytes.getAndAdd(size) == 0) {
			this.progressAt = System.nanoTime();
		}
	}

	private boolean enter(SpooledLane lane, SpooledDelivery delivery, SpoolRecord record) {
		long deadline = System.nanoTime() + this.blockWhenFull.toNanos();
		boolean anyway = false;
		while (true) {
			boolean pressed = isPressed();
			if ((pressed || lane.isSticky()) && isCrowdedFor(delivery)) {
				if (!mayWait(deadline)) {
					throw crowded();
				}
				LockSupport.parkNanos(STEP);
				continue;
			}
			try {
				return lane.admit(delivery, record, pressed, this.ahead, anyway);
			}
			catch (SpoolException ex) {
				// What may go directly waits for a file that is being made, and not for
				// others to leave a full spool.
				boolean passes = ex.kind() == SpoolException.Kind.BUSY
						|| (anyway && ex.kind() == SpoolException.Kind.FULL);
				if (passes && mayWait(deadline)) {
					LockSupport.parkNanos(STEP);
				}
				else if (anyway) {
					throw noRoom(ex);
				}
				else {
					this.relay.bypassed(ex);
					anyway = true;
				}
			}
		}
	}

	private boolean mayWait(long deadline) {
		return System.nanoTime() - deadline < 0 && this.relay.mayWait() && !Thread.currentThread().isInterrupted();
	}

	private static BufferExhaustedException noRoom(SpoolException cause) {
		return new BufferExhaustedException(String.valueOf(cause.getMessage()));
	}

	private boolean isPressed() {
		return !this.relay.isStopping() && this.directBytes.get() > this.bufferBytes / 2
				&& System.nanoTime() - this.progressAt > SILENCE;
	}

	/**
	 * Whether senders that wait for acknowledgements keep so many records in memory that
	 * no more may come.
	 * @return {@code true} if those records are as large as the client's memory
	 */
	boolean isCrowded() {
		return this.handedBytes.get() > this.bufferBytes;
	}

	// One with a receipt is soon forgotten.
	private boolean isCrowdedFor(SpooledDelivery delivery) {
		return !delivery.isForReceipt() && isCrowded();
	}

	private BufferExhaustedException crowded() {
		return new BufferExhaustedException(("Records of %d bytes wait in the spool, and their senders for them; "
				+ "%s is %d. Senders that are content with a receipt may send more")
			.formatted(this.handedBytes.get(), ProducerConfig.BUFFER_MEMORY_CONFIG, this.bufferBytes));
	}

	/**
	 * Refuse what the client would refuse, before it is promised to anybody.
	 * @param key the key in bytes
	 * @param value the value in bytes
	 * @param headers the headers
	 * @throws RecordTooLargeException if the client does not take so much
	 */
	void requireFits(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
		int size = AbstractRecords.estimateSizeInBytesUpperBound(RecordBatch.CURRENT_MAGIC_VALUE, CompressionType.NONE,
				key, value, headers.toArray());
		if (size > this.maxRequestBytes || size > this.bufferBytes) {
			boolean request = size > this.maxRequestBytes;
			throw new RecordTooLargeException("The message is %d bytes when serialized which is larger than %d, %s"
				.formatted(size, request ? this.maxRequestBytes : this.bufferBytes,
						"which is the value of the %s configuration.".formatted(request
								? ProducerConfig.MAX_REQUEST_SIZE_CONFIG : ProducerConfig.BUFFER_MEMORY_CONFIG)));
		}
	}

	/**
	 * A record has left the client.
	 * @param delivery followed it
	 */
	void left(SpooledDelivery delivery) {
		SpooledLane lane = delivery.lane();
		if (lane == null || delivery.isHanded()) {
			return;
		}
		leaveClient(delivery);
		if (delivery.position() != 0) {
			lane.store().resolve(lane.lane(), delivery.position());
		}
		if (lane.left()) {
			this.relay.wake(lane);
		}
	}

	/**
	 * A record that was promised will never be taken by the cluster: keep it.
	 * @param delivery followed it
	 * @param exception why
	 * @return whether it is kept
	 */
	boolean park(SpooledDelivery delivery, Exception exception) {
		SpooledLane lane = delivery.lane();
		try {
			if (lane == null || !this.relay.park(lane, delivery.position(), exception)) {
				return false;
			}
		}
		catch (SpoolException ex) {
			// It stays where it is, and the next process tries it again.
			this.relay.notParked(Objects.requireNonNull(delivery.lane()), ex);
		}
		leaveClient(delivery);
		if (lane.left()) {
			this.relay.wake(lane);
		}
		return true;
	}

	private void leaveClient(SpooledDelivery delivery) {
		this.directBytes.addAndGet(-delivery.directBytes());
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
			return synchronous && reason == RejectionReason.UNREACHABLE && isTopicUnknown(exception)
					&& unplaced(delivery);
		}
		if (delivery.isHanded() || (synchronous && this.relay.isStopping())) {
			return false;
		}
		// What was promised is sent again unless the cluster will never take it. That is
		// asked last, as from then on nothing is promised.
		if (!isWorthIt(reason, synchronous)
				&& (synchronous || RelayClient.isForGood(exception) || delivery.mayReject())) {
			return false;
		}
		try {
			lane.takeOver(delivery, !synchronous);
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

	// A partition that does not exist fails by the same type, and so does a record that
	// has
	// waited too long for others.
	private static boolean isTopicUnknown(Exception exception) {
		String message = exception.getMessage();
		return message != null && message.startsWith("Topic ") && message.contains("not present in metadata");
	}

	private static boolean isWorthIt(RejectionReason reason, boolean synchronous) {
		return switch (reason) {
			case UNREACHABLE, NO_ROOM -> true;
			case EXPIRED, CLOSED, FENCED, OTHER -> !synchronous;
			default -> false;
		};
	}

	/**
	 * Whether records of a topic wait for its partitions to be known.
	 * @param topic the topic
	 * @return {@code true} if a record must not be given to the client
	 */
	boolean isUnplaced(String topic) {
		return this.internals != null && this.relay.isUnplaced(topic);
	}

	/**
	 * Take a record without asking the client, which would wait for the topic.
	 * @param delivery follows it
	 * @param record the record
	 */
	void takeUnplaced(SpooledDelivery delivery, ProducerRecord<?, ?> record) {
		ClientInternals client = this.internals;
		if (client == null) {
			throw new IllegalStateException("Nothing is known of the client");
		}
		ProducerRecord<?, ?> intercepted = client.intercept(record);
		// The last interceptor is ours and has the record now.
		if (delivery.prepared() == null) {
			delivery.prepared(intercepted);
		}
		if (!unplaced(delivery)) {
			throw new BufferExhaustedException(
					"No room for records of topic '%s', of which nothing is known yet".formatted(record.topic()));
		}
	}

	private boolean unplaced(SpooledDelivery delivery) {
		ClientInternals client = this.internals;
		ProducerRecord<?, ?> record = delivery.prepared();
		if (client == null || record == null || this.relay.isStopping() || !this.relay.isPlacing()) {
			return false;
		}
		// A number can be given when the partition is known.
		delivery.thrown();
		Headers headers = new RecordHeaders(record.headers());
		byte[] key = client.key(record);
		byte[] value = client.value(record, headers);
		headers.remove(Stamp.HEADER);
		requireFits(key, value, headers);
		Integer partition = record.partition();
		SpooledLane lane = this.relay.unplaced(record.topic());
		delivery.lane(lane);
		SpoolRecord spooled = delivery.record((partition != null) ? partition : -1, key, value, headers);
		delivery.bytes(sizeOf(spooled));
		long deadline = System.nanoTime() + this.blockWhenFull.toNanos();
		while (true) {
			if (isCrowdedFor(delivery)) {
				if (!mayWait(deadline)) {
					delivery.lane(null);
					this.relay.bypassed(crowded());
					return false;
				}
				LockSupport.parkNanos(STEP);
				continue;
			}
			try {
				lane.admit(delivery, spooled, true, true, false);
				this.relay.wake(lane);
				return true;
			}
			catch (IllegalStateException ex) {
				delivery.lane(null);
				return false;
			}
			catch (SpoolException ex) {
				boolean passes = ex.kind() == SpoolException.Kind.BUSY || ex.kind() == SpoolException.Kind.FULL;
				if (!passes || !mayWait(deadline)) {
					delivery.lane(null);
					this.relay.bypassed(ex);
					return false;
				}
				LockSupport.parkNanos(STEP);
			}
		}
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

	void handed(SpooledDelivery delivery) {
		if (this.handed.put(delivery, delivery.bytes()) == null) {
			this.handedBytes.addAndGet(delivery.bytes());
		}
	}

	void over(SpooledDelivery delivery) {
		Integer bytes = this.handed.remove(delivery);
		if (bytes != null) {
			this.handedBytes.addAndGet(-bytes);
		}
	}

	/**
	 * A record is in the spool, and no more in memory.
	 * @param delivery follows it
	 */
	void forgotten(SpooledDelivery delivery) {
		Integer bytes = this.handed.replace(delivery, 0);
		if (bytes != null) {
			this.handedBytes.addAndGet(-bytes);
		}
	}

	/**
	 * Wait until the records that have gone to the relay so far have an outcome.
	 * @throws InterruptException if the thread is interrupted
	 * @throws KafkaException if called by the thread that brings the outcomes
	 */
	void awaitHanded() {
		for (SpooledDelivery delivery : this.handed.keySet().toArray(new SpooledDelivery[0])) {
			while (this.handed.containsKey(delivery) && !this.relay.isStopping()) {
				if (this.relay.isNetworkThread()) {
					throw new KafkaException("flush() in a callback would wait for itself");
				}
				LockSupport.parkNanos(STEP);
				if (Thread.interrupted()) {
					throw new InterruptException("Interrupted while records were on their way from the spool");
				}
			}
		}
	}

	void wake() {
		this.relay.wake();
	}

	private static int sizeOf(SpoolRecord record) {
		byte[] key = record.key();
		byte[] value = record.value();
		return 64 + ((key != null) ? key.length : 0) + ((value != null) ? value.length : 0);
	}

}
