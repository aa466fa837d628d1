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
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.spool.ParkedRecord;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolRecord;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * Finds the records that are parked, and lets people decide about them. Safe for use by
 * many threads if the collections are.
 */
final class ParkedRecords {

	private static final Log logger = LogFactory.getLog(ParkedRecords.class);

	/**
	 * So much of each other spool is taken at a time, as applications write as well.
	 */
	private static final int MOST_BYTES = 1 << 20;

	private static final int MOST_RECORDS = 1000;

	/**
	 * The spool of this instance, then those that it has taken over.
	 */
	private final Collection<SegmentSpool> stores;

	private final Collection<Relay> relays;

	private final DeliveryLedger ledger;

	/**
	 * Those on their way to another lane, which are where they were until they get there.
	 */
	private final Set<Place> moving = ConcurrentHashMap.newKeySet();

	ParkedRecords(Collection<SegmentSpool> stores, Collection<Relay> relays, DeliveryLedger ledger) {
		this.stores = stores;
		this.relays = relays;
		this.ledger = ledger;
	}

	long count() {
		long count = 0;
		for (SegmentSpool store : this.stores) {
			for (SpoolLane lane : parkedLanes(store)) {
				count += store.count(lane);
			}
		}
		return Math.max(0, count - this.moving.stream().filter(Place::isHeld).count());
	}

	List<ParkedRecord> list(int most) {
		List<ParkedRecord> parked = new ArrayList<>();
		for (SegmentSpool store : this.stores) {
			for (SpoolLane lane : parkedLanes(store)) {
				for (long position : store.positions(lane)) {
					SpoolRecord record = (parked.size() < most) ? store.read(lane, position) : null;
					if (record != null && !this.moving.contains(new Place(store, lane, position))) {
						parked.add(parked(store, lane, position, record));
					}
				}
			}
		}
		return parked;
	}

	private static List<SpoolLane> parkedLanes(SegmentSpool store) {
		return store.occupied().stream().filter((lane) -> lane.partition() == SpoolLane.PARKED).toList();
	}

	private static ParkedRecord parked(SegmentSpool store, SpoolLane lane, long position, SpoolRecord record) {
		List<SpoolRecord.Field> headers = new ArrayList<>(record.headers());
		SpoolRecord.Field last = headers.remove(headers.size() - 1);
		byte[] reason = last.value();
		return new ParkedRecord(id(store, lane, position), lane.topic(), record.partition(),
				Instant.ofEpochMilli(record.enqueuedAt()),
				(reason != null) ? new String(reason, StandardCharsets.UTF_8) : "", record.key(), record.value(),
				headers);
	}

	/**
	 * The lanes that stand still.
	 * @return with the record behind which each does
	 */
	List<SpoolBacklog.Blocked> blocked() {
		List<SpoolBacklog.Blocked> blocked = new ArrayList<>();
		for (Relay relay : this.relays) {
			for (SpooledLane lane : relay.blocked()) {
				LaneBlock block = lane.block();
				if (block != null) {
					blocked.add(new SpoolBacklog.Blocked(id(lane, block), lane.topic(), lane.partition(), block.since(),
							block.reason(), lane.waiting()));
				}
			}
		}
		return blocked;
	}

	/**
	 * Have a record parked behind which a lane stands still.
	 * @param id the record
	 * @return {@code false} if there is no such record
	 * @throws IllegalStateException if nobody tries it any more
	 */
	boolean park(String id) {
		for (Relay relay : this.relays) {
			for (SpooledLane lane : relay.blocked()) {
				LaneBlock block = lane.block();
				if (block == null || !id(lane, block).equals(id)) {
					continue;
				}
				requireSending(relay);
				if (lane.pass(block.position())) {
					logger.warn("The record of %s behind which others wait is to be parked, as somebody asked for it"
						.formatted(lane));
					relay.tryAgain(lane);
					return true;
				}
			}
		}
		return false;
	}

	// Otherwise only the next process would do what somebody believes to be done.
	private static void requireSending(Relay relay) {
		if (relay.isStopping()) {
			throw new IllegalStateException("This application stops and sends nothing any more. Ask its next process");
		}
	}

	private static String id(SpooledLane lane, LaneBlock block) {
		String place = (lane.store() instanceof SegmentSpool store) ? store.location() : "";
		// No topic has such a character: it is the id of no parked record.
		return "%08x~%s~%d~%d".formatted((place + " " + lane.lane().destination()).hashCode(), lane.topic(),
				lane.partition(), block.position());
	}

	/**
	 * Take a part of what is parked in spools that others left into the one of this
	 * instance, so that they can be given back; not more than half of the room there is.
	 * A process that ends in the middle of that may leave a record in both.
	 * @throws SpoolException if some stay where they are, and not only until this is
	 * called again
	 */
	void gather() {
		this.moving.removeIf((place) -> !place.isHeld());
		SegmentSpool own = null;
		SpoolException failure = null;
		for (SegmentSpool store : this.stores) {
			if (own == null) {
				own = store;
				continue;
			}
			try {
				gather(store, own);
			}
			catch (SpoolException ex) {
				failure = ex;
			}
		}
		if (failure != null) {
			throw failure;
		}
	}

	private void gather(SegmentSpool store, SegmentSpool own) {
		int bytes = 0;
		SpoolException failure = null;
		for (Place place : first(store)) {
			if (bytes >= MOST_BYTES || own.isHalfFull()) {
				break;
			}
			try {
				bytes += gather(place, own);
			}
			catch (SpoolException ex) {
				// One that is busy may take them the next time.
				failure = (ex.kind() != SpoolException.Kind.BUSY) ? ex : failure;
				if (!isOfOneRecord(ex)) {
					break;
				}
			}
		}
		if (bytes > 0) {
			// At once, so that hardly any is found in both by the next process.
			boolean unused = own.flush();
			unused = store.flush();
		}
		if (failure != null) {
			throw failure;
		}
	}

	private static List<Place> first(SegmentSpool store) {
		List<Place> places = new ArrayList<>();
		for (SpoolLane lane : parkedLanes(store)) {
			for (long position : store.positions(lane)) {
				if (places.size() == MOST_RECORDS) {
					return places;
				}
				places.add(new Place(store, lane, position));
			}
		}
		return places;
	}

	private static boolean isOfOneRecord(SpoolException failure) {
		return failure.kind() == SpoolException.Kind.TOO_LARGE || failure.kind() == SpoolException.Kind.CORRUPT;
	}

	// Returns how many bytes are on their way.
	private int gather(Place place, SegmentSpool own) {
		return move(place, (record) -> {
			SpooledLane from = new SpooledLane(place.store(), place.lane(), new long[0]);
			SpoolLane lane = own.lane(place.lane().destination(), place.lane().topic(), SpoolLane.PARKED);
			own.append(lane, record, 0, new LaneMove(from, place.position(), true, () -> this.moving.remove(place)));
		});
	}

	// Returns how many bytes are on their way; 0 if somebody else moves it, or has.
	private int move(Place place, Consumer<SpoolRecord> action) {
		if (!this.moving.add(place)) {
			return 0;
		}
		boolean moved = false;
		try {
			SpoolRecord record = place.store().read(place.lane(), place.position());
			if (record == null) {
				return 0;
			}
			action.accept(record);
			moved = true;
			return Spooling.sizeOf(record);
		}
		finally {
			if (!moved) {
				this.moving.remove(place);
			}
		}
	}

	private static String id(SegmentSpool store, SpoolLane lane, long position) {
		return "%08x-%s-%d".formatted((store.location() + " " + lane.destination()).hashCode(), lane.topic(), position);
	}

	boolean sendAgain(String id) {
		Place place = find(id);
		return place != null && move(place, (record) -> sendAgain(place, record)) > 0;
	}

	private void sendAgain(Place place, SpoolRecord record) {
		String cluster = place.lane().destination();
		Relay relay = this.relays.stream()
			.filter((candidate) -> candidate.lanes().isNamed(cluster))
			.findFirst()
			.orElseThrow(() -> new IllegalStateException(
					"No producer of this application sends to %s now, for which the record was meant"
						.formatted(cluster)));
		requireSending(relay);
		List<SpoolRecord.Field> headers = record.headers().subList(0, record.headers().size() - 1);
		SpoolRecord restored = new SpoolRecord(record.partition(), record.timestamp(), record.enqueuedAt(),
				record.key(), record.value(), List.copyOf(headers));
		String topic = place.lane().topic();
		SpooledLane target = (record.partition() >= 0) ? relay.lanes().lane(topic, record.partition())
				: relay.lanes().unplaced(topic);
		SpooledLane from = new SpooledLane(place.store(), place.lane(), new long[0]);
		target.move(null, restored, from, place.position(), true, () -> {
			this.moving.remove(place);
			logger.error("A parked record of %s could not be taken out, and stays parked".formatted(topic));
		});
		this.ledger.adopt(topic, 1);
		relay.tryAgain(target);
	}

	boolean discard(String id) {
		Place place = find(id);
		boolean discarded = place != null
				&& move(place, (record) -> place.store().resolve(place.lane(), place.position())) > 0;
		if (place != null && discarded) {
			logger.warn("The parked record %s of topic '%s' was given up, as somebody asked for it".formatted(id,
					place.lane().topic()));
		}
		return discarded;
	}

	private @Nullable Place find(String id) {
		this.moving.removeIf((place) -> !place.isHeld());
		for (SegmentSpool store : this.stores) {
			for (SpoolLane lane : parkedLanes(store)) {
				for (long position : store.positions(lane)) {
					if (id(store, lane, position).equals(id)) {
						return new Place(store, lane, position);
					}
				}
			}
		}
		return null;
	}

	/**
	 * Where a record is.
	 *
	 * @param store its spool
	 * @param lane its lane
	 * @param position its position
	 */
	private record Place(SegmentSpool store, SpoolLane lane, long position) {

		private boolean isHeld() {
			return this.store.holds(this.lane, this.position);
		}

	}

}
