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

import java.util.concurrent.locks.LockSupport;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * A record that goes to the cluster through the spool alone. It is posted to the ledger,
 * as safe in the spool, when it is on disk; one that does not get there is not posted at
 * all, as whoever has brought it comes again.
 */
final class SpooledLetter extends SpooledDelivery {

	private final DeliveryLedger ledger;

	private final SpooledLane lane;

	private boolean posted;

	private volatile boolean delivered;

	private volatile @Nullable Exception rejection;

	/**
	 * Create one that is nowhere yet.
	 * @param lane where it goes
	 * @param ledger is posted to when it is on disk
	 * @param unposted takes what nobody reads
	 */
	SpooledLetter(SpooledLane lane, DeliveryLedger ledger, DeliveryLedger unposted) {
		super(unposted, lane.topic(), null, null, new PendingReceipt(lane.topic()));
		this.lane = lane;
		this.ledger = ledger;
		lane(lane);
	}

	/**
	 * Get into the lane.
	 * @param record the bytes
	 * @param deadline how long to wait for a disk that is behind, in nanoseconds
	 * @return why it is not there; {@code null} if it is
	 */
	@Nullable String admit(SpoolRecord record, long deadline) {
		// Whoever comes again with it need not find it here several times.
		while (!isOver(deadline)) {
			try {
				boolean unused = this.lane.admit(this, record, true, true, false);
				return null;
			}
			catch (SpoolException ex) {
				if (ex.kind() != SpoolException.Kind.BUSY || isOver(deadline)) {
					return String.valueOf(ex.getMessage());
				}
				LockSupport.parkNanos(Spooling.STEP);
			}
			catch (IllegalStateException ex) {
				return String.valueOf(ex.getMessage());
			}
		}
		return "there is no time left";
	}

	/**
	 * Wait until it is on disk, and promise that it will be delivered. If nothing is
	 * promised it is given up, and not sent unless it is on its way.
	 * @param deadline how long, in nanoseconds
	 * @return why nothing is promised; {@code null} if it is
	 */
	@Nullable String keep(long deadline) {
		while (!isDecided() && !isOver(deadline)) {
			LockSupport.parkNanos(Spooling.STEP);
		}
		String refusal = refusalOrPromise();
		if (refusal != null) {
			giveUp();
			return refusal;
		}
		boolean unused = this.lane.letGo(this);
		return null;
	}

	private synchronized @Nullable String refusalOrPromise() {
		// What was delivered in the meantime is not told to be on disk.
		if (!this.delivered && !isKnownToBeSafe()) {
			boolean unused = mayReject();
			Exception refused = this.rejection;
			return (refused != null) ? String.valueOf(refused)
					: isLost() ? "the disk of the spool failed, or is full" : "the disk has not answered in time";
		}
		this.posted = true;
		this.ledger.adopt(this.lane.topic(), 1);
		if (this.delivered) {
			this.ledger.deliveredAdopted(this.lane.topic());
		}
		return null;
	}

	// What the relay does not have in its hands is not sent any more.
	private void giveUp() {
		if (position() != 0 && !isLost()) {
			this.lane.store().resolve(this.lane.lane(), position());
		}
	}

	private boolean isDecided() {
		return isDurable() || this.delivered || this.rejection != null || isLost() || position() == 0;
	}

	private static boolean isOver(long deadline) {
		return System.nanoTime() - deadline >= 0 || Thread.currentThread().isInterrupted();
	}

	@Override
	synchronized void complete(@Nullable RecordMetadata metadata) {
		this.delivered = true;
		if (this.posted) {
			this.ledger.deliveredAdopted(this.lane.topic());
		}
	}

	@Override
	synchronized void reject(Exception exception) {
		this.rejection = exception;
		if (this.posted) {
			RejectionReason reason = Rejections.reason(exception, false);
			this.ledger.rejectedAdopted(this.lane.topic(), reason, Rejections.describe(reason, exception));
		}
	}

	@Override
	void forgetSender() {
		// Knows none.
	}

	@Override
	void abandon(Exception exception) {
		// It is on disk, or whoever brought it comes again.
	}

}
