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

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A record on its way through a producer, and through the spool. Where the number is
 * given, it is appended to the spool as well, so that both orders are the same.
 * <p>
 * Whoever sent it may have been promised that it will be delivered. From then on it
 * cannot be rejected any more: it is parked.
 */
abstract class SpooledDelivery extends NumberedDelivery implements SpoolStore.Confirmation {

	private static final int OPEN = 0;

	private static final int PROMISED = 1;

	private static final int OVER = 2;

	private static final AtomicIntegerFieldUpdater<SpooledDelivery> PROMISE = AtomicIntegerFieldUpdater
		.newUpdater(SpooledDelivery.class, "promise");

	/**
	 * Where its sender sent it, whatever interceptors make of that.
	 */
	private final String sentTo;

	private final @Nullable Spooling spooling;

	private final @Nullable PendingReceipt receipt;

	private volatile @Nullable SpooledLane lane;

	private volatile long position;

	private volatile boolean handed;

	/**
	 * On the direct way, until the first of those says what became of it who may. Guarded
	 * by the lane.
	 */
	private boolean direct;

	private volatile boolean durable;

	private volatile boolean lost;

	/**
	 * Whether the spool could not keep what was appended last. Stays, because that may be
	 * known before its position is.
	 */
	private boolean refused;

	/**
	 * Its number among the records of its lane.
	 */
	private long order;

	@SuppressWarnings("UnusedVariable") // read and written by PROMISE
	private volatile int promise;

	/**
	 * The bytes, as long as the spool does not have them.
	 */
	private @Nullable SpoolRecord kept;

	private int bytes;

	SpooledDelivery(DeliveryLedger ledger, String topic, @Nullable Numbering numbering, @Nullable Spooling spooling,
			@Nullable PendingReceipt receipt) {
		super(ledger, topic, numbering);
		this.sentTo = topic;
		this.spooling = spooling;
		this.receipt = receipt;
	}

	/**
	 * The relay has delivered the record.
	 * @param metadata where it is
	 */
	abstract void complete(@Nullable RecordMetadata metadata);

	/**
	 * The record will not be delivered.
	 * @param exception why
	 */
	abstract void reject(Exception exception);

	/**
	 * Its sender was told that it is safe, and need not hear more. Forget what is large.
	 */
	abstract void forgetSender();

	/**
	 * The record stays in the spool, and this process has no more to do with it.
	 * @param exception what to tell a sender that was not told that it is safe
	 */
	abstract void abandon(Exception exception);

	@Override
	final void placed(String topic, int partition, byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
		Spooling present = this.spooling;
		if (present != null) {
			present.limits().requireFits(key, value, headers);
			present.admit(this, topic, partition, record(-1, key, value, headers));
		}
	}

	@Override
	final boolean mayReuseNumber() {
		return this.position == 0;
	}

	final SpoolRecord record(int partition, byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
		List<SpoolRecord.Field> fields = new ArrayList<>(2);
		for (Header header : headers) {
			fields.add(new SpoolRecord.Field(header.key(), header.value()));
		}
		Spooling way = this.spooling;
		long now = (way != null) ? way.now() : System.currentTimeMillis();
		ProducerRecord<?, ?> prepared = prepared();
		Long timestamp = (prepared != null) ? prepared.timestamp() : null;
		return new SpoolRecord(partition, (timestamp != null) ? timestamp : now, now, key, value, fields);
	}

	final @Nullable SpooledLane lane() {
		return this.lane;
	}

	final void lane(@Nullable SpooledLane lane) {
		this.lane = lane;
	}

	/**
	 * Where in its lane of the spool the record is.
	 * @return 0 if it is not in the spool
	 */
	final long position() {
		return this.position;
	}

	/**
	 * The record is about to be appended.
	 * @param alone whether only the spool gets it, and not the client
	 */
	final void appending(boolean alone) {
		synchronized (this) {
			this.refused = false;
			this.handed = alone;
		}
		if (alone && this.spooling != null) {
			this.spooling.handed().add(this);
		}
	}

	final synchronized void appended(long position) {
		if (!this.refused || this.handed) {
			this.position = position;
			this.kept = null;
		}
	}

	final void notAppended() {
		if (this.handed) {
			over();
			this.handed = false;
		}
	}

	/**
	 * The client does not have the record any more.
	 * @return {@code false} if the spool does not have it either
	 */
	final boolean handOver() {
		synchronized (this) {
			if (this.position == 0) {
				return false;
			}
			this.handed = true;
		}
		if (this.spooling != null) {
			this.spooling.handed().add(this);
		}
		ifSafeInSpool();
		boolean unused = promise();
		return true;
	}

	final long order() {
		return this.order;
	}

	final void order(long number) {
		this.order = number;
	}

	final void keep(SpoolRecord record) {
		// The client copies them, and the caller may change them after send returns.
		byte[] key = record.key();
		byte[] value = record.value();
		this.kept = new SpoolRecord(record.partition(), record.timestamp(), record.enqueuedAt(),
				(key != null) ? key.clone() : null, (value != null) ? value.clone() : null, record.headers());
	}

	final @Nullable SpoolRecord kept() {
		return this.kept;
	}

	/**
	 * The size of the record.
	 * @return in bytes
	 */
	final int bytes() {
		return this.bytes;
	}

	final void bytes(int size) {
		this.bytes = size;
	}

	final boolean isDirect() {
		return this.direct;
	}

	final void direct(boolean way) {
		this.direct = way;
	}

	/**
	 * Whether the record goes through the spool, and not through the client.
	 * @return {@code true} from then on
	 */
	final boolean isHanded() {
		return this.handed;
	}

	final void moved(SpooledLane target, long moved, long number) {
		this.lane = target;
		this.position = moved;
		this.order = number;
	}

	@Override
	public final void durable() {
		this.durable = true;
		ifSafeInSpool();
		boolean unused = promise();
		relieve();
	}

	/**
	 * Give the sender its receipt if the record is on disk. If too many senders wait to
	 * be told something, do that later, or have it told of the acknowledgement.
	 * @return {@code false} if it is too early
	 */
	final boolean promise() {
		PendingReceipt waiting = this.receipt;
		SpooledLane present = this.lane;
		Spooling way = this.spooling;
		if (waiting == null || present == null || way == null || !this.durable || this.promise != OPEN) {
			return true;
		}
		if (way.isHeldUp()) {
			if (this.handed) {
				way.promiseLater();
			}
			return false;
		}
		if (PROMISE.compareAndSet(this, OPEN, PROMISED)) {
			way.promise(waiting, present);
		}
		return true;
	}

	/**
	 * This process has no more to do with the record. See whether its sender can have a
	 * receipt.
	 * @return whether the sender knows that it is safe
	 */
	final boolean isKnownToBeSafe() {
		PendingReceipt waiting = this.receipt;
		SpooledLane present = this.lane;
		if (waiting != null && present != null && this.durable && PROMISE.compareAndSet(this, OPEN, PROMISED)) {
			waiting.spooled(present.partition());
		}
		return isPromised();
	}

	/**
	 * Leave the record to the spool if its sender knows that it is safe: what an
	 * application sends in an outage may be larger than its memory.
	 */
	final void relieve() {
		Spooling present = this.spooling;
		SpooledLane waiting = this.lane;
		if (present != null && waiting != null && this.handed && isPromised() && present.isCrowded()) {
			forgetSender();
			// What nobody follows is counted by the topic of its lane, which an
			// interceptor
			// may have chosen.
			if (this.sentTo.equals(waiting.topic()) && waiting.letGo(this)) {
				present.handed().letGo(this);
			}
			else {
				present.handed().forget(this);
			}
		}
	}

	final boolean isPromised() {
		return this.promise == PROMISED;
	}

	/**
	 * Whether the record is on disk.
	 * @return {@code true} if the next process sends it, should this one not
	 */
	final boolean isDurable() {
		return this.durable;
	}

	/**
	 * Whether its sender waits for no more than that it is safe.
	 * @return {@code false} if the sender is to be told of the acknowledgement
	 */
	final boolean isForReceipt() {
		return this.receipt != null;
	}

	@Override
	public final void failed(SpoolException failure) {
		Spooling present = this.spooling;
		boolean alone;
		synchronized (this) {
			this.refused = true;
			alone = this.handed && failure.kind() != SpoolException.Kind.CLOSED;
			if (alone) {
				this.lost = true;
			}
			else {
				this.position = 0;
			}
		}
		if (alone && present != null) {
			present.lost(this, failure);
		}
	}

	/**
	 * Whether the spool could not keep the record, which its sender was told.
	 * @return {@code true} if the relay has nothing to send
	 */
	final boolean isLost() {
		return this.lost;
	}

	private void ifSafeInSpool() {
		if (this.handed && this.durable) {
			spooled();
			SpooledLane present = this.lane;
			if (this.spooling != null && present != null) {
				this.spooling.wake();
			}
		}
	}

	/**
	 * The record was promised, or it was not and will not be.
	 * @return {@code false} if it was promised: it cannot be rejected
	 */
	final boolean mayReject() {
		return PROMISE.compareAndSet(this, OPEN, OVER) || this.promise == OVER;
	}

	/**
	 * The client cannot deliver the record. See whether the spool can.
	 * @param exception why
	 * @param reason what that means
	 * @return whether nobody needs to be told
	 */
	final boolean isTakenOver(Exception exception, RejectionReason reason) {
		Spooling present = this.spooling;
		return present != null && present.takeOver(this, exception, reason);
	}

	/**
	 * The client threw an exception. See whether the spool has the record and can deliver
	 * it.
	 * @param thrown what it threw
	 * @return whether the sender need not know
	 */
	final boolean isRescued(Throwable thrown) {
		Spooling present = this.spooling;
		return present != null && present.rescue(this, thrown, Rejections.reason(thrown, true));
	}

	/**
	 * The client will not take the record. See whether it was promised.
	 * @param exception why
	 * @return whether it is parked
	 */
	final boolean isParked(Exception exception) {
		Spooling present = this.spooling;
		return present != null && !this.handed && this.position != 0 && !mayReject() && present.park(this, exception);
	}

	/**
	 * The sender was told.
	 */
	final void over() {
		if (this.handed && this.spooling != null) {
			this.spooling.handed().remove(this);
		}
	}

	/**
	 * The record has an outcome and leaves the client.
	 * @param acknowledged whether the cluster has it
	 */
	final void leave(boolean acknowledged) {
		Spooling present = this.spooling;
		if (present != null) {
			present.left(this, acknowledged);
		}
	}

	/**
	 * Tell the sender what became of a record that went through the spool: not on the
	 * thread that brings the outcomes of others.
	 * @param action does that
	 */
	final void tellLater(Runnable action) {
		Spooling present = this.spooling;
		if (present != null) {
			present.tell(action);
		}
		else {
			action.run();
		}
	}

}
