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

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

import io.github.reliablekafka.ledger.RejectionReason;
import io.github.reliablekafka.producer.SpooledLane.Item;
import io.github.reliablekafka.sequence.NumberOutcomes;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStore;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;

/**
 * Decides about records in the spool that the cluster does not take: who was promised
 * nothing is told so, and what was promised is parked. Safe for use by many threads.
 */
final class RefusedRecords {

	/**
	 * Where a parked record says why.
	 */
	static final String PARKED_HEADER = "rk-parked";

	private final Relay relay;

	private final Spools spools;

	private final MissingTopics missing;

	private final GoneTopics gone;

	RefusedRecords(Relay relay, Spools spools, MissingTopics missing, GoneTopics gone) {
		this.relay = relay;
		this.spools = spools;
		this.missing = missing;
		this.gone = gone;
	}

	/**
	 * Reject a record that could only come behind later ones of its lane: its sender can
	 * be told the truth, unless it was promised that the record will be delivered.
	 * @param lane its lane
	 * @param item the record, which was taken from the lane
	 * @return {@code false} if it is to be sent
	 */
	boolean isRejectedAsOvertaken(SpooledLane lane, Item item) {
		SpooledDelivery delivery = item.delivery();
		if (!lane.isOvertaken(item)) {
			return false;
		}
		if (delivery == null || !delivery.mayReject()) {
			this.spools.notices().overtaken(lane);
			return false;
		}
		boolean unused = reject(lane, item,
				new KafkaException(("The client gave up a record of %s, and later ones have been "
						+ "acknowledged. Sent now, it would come behind them")
					.formatted(lane.lane())));
		return true;
	}

	/**
	 * The cluster does not take a record.
	 * @param lane its lane
	 * @param item the record, which was taken from the lane
	 * @param failure why
	 * @return {@code false} if the lane stands still behind it
	 */
	boolean reject(SpooledLane lane, Item item, Exception failure) {
		if (isBlocking(lane, item)) {
			block(lane, item, failure);
			return false;
		}
		return rejectApart(lane, item, failure);
	}

	/**
	 * There is no partition for a record, so that it has no place in any order. It is
	 * parked also where lanes stand still, as all partitions of its topic would.
	 * @param lane its lane
	 * @param item the record, which was taken from the lane
	 * @param failure says so
	 * @return {@code false} if it is tried again
	 */
	boolean rejectApart(SpooledLane lane, Item item, Exception failure) {
		try {
			giveUp(lane, item, null, failure, (parked) -> {
				if (parked) {
					this.relay.tell(() -> this.spools.notices().parked(lane, failure));
				}
				lane.relayed(item);
			}, (ex) -> {
				notParked(lane, ex);
				again(lane, item);
			});
			return true;
		}
		catch (SpoolException ex) {
			again(lane, item);
			return false;
		}
		catch (RuntimeException | Error ex) {
			// For example out of memory, which may be over in a moment.
			again(lane, item);
			throw ex;
		}
	}

	/**
	 * Whether it makes no sense to go on trying to send a record.
	 * @param lane its lane
	 * @param item the record
	 * @param failure why the cluster does not take it
	 * @return {@code false} if the reason may pass
	 */
	boolean isFinal(SpooledLane lane, Item item, Exception failure) {
		if (RelayClient.isForGood(failure)) {
			return true;
		}
		LaneBlock block = lane.block();
		boolean passed = block != null && block.isOf(item) && block.passed();
		// What somebody wants to have parked waits for no topic.
		return (passed || !this.gone.isAwaited(lane, item, failure)) && isRefusedTooLong(lane, item, failure);
	}

	/**
	 * Whether it makes no sense to go on trying.
	 * @param lane where a record goes
	 * @param item the record; {@code null} if it is any of the lane
	 * @param failure why it does not get there
	 * @return {@code true} if the cluster has answered for some time that there is no
	 * such topic or partition, or none for this application
	 */
	boolean isRefusedTooLong(SpooledLane lane, @Nullable Item item, Exception failure) {
		boolean denied = RelayClient.isDenied(failure);
		if (this.relay.isStopping()
				|| !(denied || Rejections.reason(failure, false) == RejectionReason.TOPIC_NOT_FOUND)) {
			// It has not answered, and may think otherwise when it does.
			lane.accepted();
			return false;
		}
		if (!lane.isRefused(System.nanoTime(), this.spools.refusalPatience())) {
			return false;
		}
		LaneBlock block = lane.block();
		if (item != null && block != null && block.isOf(item) && !block.passed()) {
			// Nothing is decided that was not: not worth a question at each attempt.
			return true;
		}
		// The network thread must not wait for an answer, and has one.
		return denied || (this.relay.isOwnThread() && this.missing.isCertain(lane.topic(), lane.partition()));
	}

	private static void again(SpooledLane lane, Item item) {
		lane.putBack(item, true);
		Relay.later(lane);
	}

	private boolean isBlocking(SpooledLane lane, Item item) {
		LaneBlock present = lane.block();
		boolean passed = present != null && present.isOf(item) && present.passed();
		SpooledDelivery delivery = item.delivery();
		return this.spools.isBlocking() && !passed && (delivery == null || !delivery.mayReject());
	}

	private void block(SpooledLane lane, Item item, Exception failure) {
		boolean first = lane.block(item, Instant.ofEpochMilli(this.spools.now()), String.valueOf(failure));
		Relay.later(lane);
		if (lane.relaying() > 0) {
			// What the client has of the lane would get ahead of it.
			this.relay.takeBack();
		}
		if (first) {
			long waiting = lane.waiting();
			this.relay.tell(() -> this.spools.notices().blocked(lane, failure, waiting));
		}
	}

	/**
	 * A record has waited for too long.
	 * @param lane its lane
	 * @param item the record, which was taken from the lane
	 * @param record its bytes
	 * @param failure says so
	 * @param done to be run when it has its outcome, by any thread
	 * @param refused to be told if the disk does not take it after all, by any thread
	 * @throws SpoolException if it cannot be parked
	 */
	void expire(SpooledLane lane, Item item, SpoolRecord record, Exception failure, Runnable done,
			Consumer<SpoolException> refused) {
		giveUp(lane, item, record, failure, (parked) -> {
			lane.settled(item);
			done.run();
		}, refused);
	}

	// Whoever was promised nothing is told the truth at once. What was promised has its
	// outcome when it is parked on disk: until then it may have to be sent after all.
	private void giveUp(SpooledLane lane, Item item, @Nullable SpoolRecord known, Exception failure,
			Consumer<Boolean> done, Consumer<SpoolException> refused) {
		SpooledDelivery delivery = item.delivery();
		if (delivery != null && delivery.mayReject()) {
			lane.store().resolve(lane.lane(), item.position());
			delivery.reject(failure);
			done.accept(false);
			return;
		}
		SpoolRecord record = (known != null) ? known : lane.read(item);
		if (record == null) {
			reject(lane, delivery, null, failure);
			done.accept(false);
			return;
		}
		lane.park(item);
		keep(lane, item.position(), record, failure, new Parking(() -> {
			this.relay.tell(() -> reject(lane, delivery, record, failure));
			done.accept(true);
			this.relay.wake();
		}, refused));
	}

	private void reject(SpooledLane lane, @Nullable SpooledDelivery delivery, @Nullable SpoolRecord record,
			Exception failure) {
		if (delivery != null) {
			delivery.reject(failure);
			return;
		}
		failNumber(lane, record);
		this.spools.rejectedLeft(lane, failure);
	}

	/**
	 * A record that nobody has claimed has waited for too long.
	 * @param spools know whether somebody has meanwhile
	 * @return parks it
	 */
	static AgeLimit.Decision unclaimed(Spools spools) {
		return (lane, item, record, failure, done, refused) -> keep(lane, item.position(), record, failure,
				new Parking(() -> {
					if (lane.settledLeft(item)) {
						spools.rejectedLeft(lane, failure);
					}
					done.run();
				}, refused));
	}

	private static void failNumber(SpooledLane lane, @Nullable SpoolRecord record) {
		Stamp number = (record != null) ? RelayClient.number(record, lane) : null;
		NumberOutcomes numbers = (number != null) ? lane.numbersOf(number.session()) : null;
		if (number != null && numbers != null) {
			numbers.failed(number.number());
		}
	}

	/**
	 * Keep a record that was promised and that the cluster will never take. Its sender is
	 * told so, whatever the disk says: if it cannot be parked, it is tried again.
	 * @param lane its lane
	 * @param delivery followed it, on the direct way
	 * @param failure why
	 * @return {@code false} if it is not there
	 */
	boolean park(SpooledLane lane, SpooledDelivery delivery, Exception failure) {
		long position = delivery.position();
		Item item = new Item(delivery.order(), position, null, true);
		try {
			SpoolRecord record = lane.store().read(lane.lane(), position);
			if (record == null) {
				return false;
			}
			keep(lane, position, record, failure,
					new Parking(() -> this.relay.tell(() -> this.spools.notices().parked(lane, failure)),
							(ex) -> stays(lane, item, ex)));
		}
		catch (SpoolException ex) {
			stays(lane, item, ex);
		}
		return true;
	}

	private void stays(SpooledLane lane, Item item, SpoolException failure) {
		this.spools.adopted(lane.topic());
		lane.takeBack(item);
		Relay.later(lane);
		notParked(lane, failure);
		this.relay.wake(lane);
	}

	private static void keep(SpooledLane lane, long position, SpoolRecord record, Exception failure, Parking parking) {
		SpoolLane parked = lane.store().lane(lane.lane().destination(), lane.topic(), SpoolLane.PARKED);
		lane.store().move(parked, parked(record, lane, failure), lane.lane(), position, parking);
	}

	private static SpoolRecord parked(SpoolRecord record, SpooledLane lane, Exception failure) {
		List<SpoolRecord.Field> headers = new ArrayList<>(record.headers());
		headers.add(new SpoolRecord.Field(PARKED_HEADER, String.valueOf(failure).getBytes(StandardCharsets.UTF_8)));
		// One without a partition keeps what the application asked for.
		return new SpoolRecord((lane.partition() >= 0) ? lane.partition() : record.partition(), record.timestamp(),
				record.enqueuedAt(), record.key(), record.value(), headers);
	}

	private void notParked(SpooledLane lane, Exception failure) {
		this.spools.notices().notParked(lane, failure);
	}

	/**
	 * Follows a record to those that are parked.
	 *
	 * @param parked to be run when it is there
	 * @param refused is told if it stays where it was
	 */
	private record Parking(Runnable parked, Consumer<SpoolException> refused) implements SpoolStore.Confirmation {

		@Override
		public void durable() {
			this.parked.run();
		}

		@Override
		public void failed(SpoolException failure) {
			this.refused.accept(failure);
		}

	}

}
