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
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Predicate;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.spool.AbandonedSpools;
import io.github.reliablekafka.spool.ParkedRecord;
import io.github.reliablekafka.spool.RetainedRecords;
import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolBacklog;
import io.github.reliablekafka.spool.SpoolDirectory;
import io.github.reliablekafka.spool.SpoolException;
import io.github.reliablekafka.spool.SpoolLane;
import io.github.reliablekafka.spool.SpoolOptions;
import io.github.reliablekafka.spool.SpoolRecord;
import io.github.reliablekafka.spool.SpoolStatus;
import io.github.reliablekafka.spool.SpoolWatch;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

/**
 * The directories with spools that are open: the one of this instance, and those that
 * others have left, as long as there is something in them. If nobody has said where the
 * spool is to be and the working directory cannot be written, there is none, and a log
 * line says so. Safe for use by many threads.
 */
final class SpoolStores implements SpoolWatch, RetainedRecords {

	private static final Log logger = LogFactory.getLog(SpoolStores.class);

	/**
	 * Directories of others that stay for what is retained in them only.
	 */
	private static final int MOST_KEPT = 2;

	private final SpoolProperties properties;

	private final SpoolPlace place;

	private final SpoolNotices notices;

	private final Consumer<List<SegmentSpool>> found;

	private final Slowly slowly = new Slowly(System::nanoTime);

	/**
	 * The one of this instance first. Changed with the monitor.
	 */
	private final List<SegmentSpool> stores = new CopyOnWriteArrayList<>();

	private final ParkedRecords parked;

	private final AtomicLong opened = new AtomicLong();

	private @Nullable AbandonedSpools abandoned;

	private boolean unavailable;

	/**
	 * Create without opening anything.
	 * @param properties say how long records are retained
	 * @param place where the directories are
	 * @param notices tell people and the application
	 * @param relays send what is in them
	 * @param ledger counts records
	 * @param found is told of the directories that were opened, with the monitor
	 */
	SpoolStores(SpoolProperties properties, SpoolPlace place, SpoolNotices notices, Collection<Relay> relays,
			DeliveryLedger ledger, Consumer<List<SegmentSpool>> found) {
		this.properties = properties;
		this.place = place;
		this.notices = notices;
		this.found = found;
		this.parked = new ParkedRecords(this.stores, relays, ledger);
	}

	/**
	 * The spool of this instance, which is opened if it is not yet.
	 * @return {@code null} if there is none
	 * @throws SpoolException if it is damaged
	 * @throws SpoolUnusableException if it is to be where it cannot be
	 */
	synchronized @Nullable SegmentSpool own() {
		if (this.stores.isEmpty() && !this.unavailable) {
			try {
				open();
			}
			catch (IOException | SpoolException ex) {
				boolean damaged = ex instanceof SpoolException spool && spool.kind() == SpoolException.Kind.CORRUPT;
				if (this.place.isChosen() || damaged) {
					throw (ex instanceof SpoolException spool) ? spool
							: new SpoolUnusableException(this.place.base(), ex);
				}
				this.unavailable = true;
				logger.error(("There is no spool: %s cannot be used (%s). Records that wait for the cluster are lost "
						+ "with this process. Set reliable.kafka.spool.directory to a directory on a disk that "
						+ "outlives it, or reliable.kafka.spool.mode=off")
					.formatted(this.place.base(), ex));
			}
		}
		return this.stores.isEmpty() ? null : this.stores.get(0);
	}

	private void open() throws IOException {
		this.place.requireLasting();
		SpoolOptions options = this.place.options();
		Path base = this.place.base();
		this.stores.add(SpoolDirectory.open(base, options));
		this.abandoned = new AbandonedSpools(base, options);
		try {
			this.stores.addAll(SpoolDirectory.adopt(base, options, this.notices::unusable));
		}
		catch (IOException ex) {
			logger.error("What other instances left in %s is not sent".formatted(base), ex);
		}
		this.opened.addAndGet(this.stores.size());
		this.stores.forEach(this.notices::found);
		this.found.accept(this.stores);
		String ephemeral = this.place.ephemeral();
		if (ephemeral != null) {
			this.notices.ephemeral(this.stores.get(0).location(), ephemeral);
		}
	}

	/**
	 * Take over what instances that are gone have left since the start.
	 * @param gone how long nobody may have had it
	 * @return whether there was anything
	 */
	boolean adopt(Duration gone) {
		AbandonedSpools others;
		synchronized (this) {
			others = this.abandoned;
		}
		if (others == null) {
			return false;
		}
		AtomicBoolean any = new AtomicBoolean();
		try {
			others.adopt(System.nanoTime(), gone, (store) -> {
				any.set(true);
				add(store);
			}, this.notices::unusable);
		}
		catch (IOException | UncheckedIOException ex) {
			if (this.slowly.isDue("others")) {
				logger.error("What other instances left in %s is not sent".formatted(this.place.base()), ex);
			}
			return false;
		}
		return any.get();
	}

	private synchronized void add(SegmentSpool store) {
		if (this.stores.isEmpty()) {
			// All producers are closed meanwhile.
			close(store);
			return;
		}
		this.stores.add(store);
		this.opened.incrementAndGet();
		this.notices.found(store);
		this.found.accept(List.of(store));
	}

	/**
	 * Take what is parked in directories of others into the one of this instance, as far
	 * as there is room.
	 */
	void gather() {
		try {
			this.parked.gather();
		}
		catch (SpoolException ex) {
			// They are where they were.
			if (this.slowly.isDue("gather")) {
				logger.warn("Parked records that another instance left stay in its directory: %s"
					.formatted(ex.getMessage()));
			}
		}
	}

	/**
	 * Give back directories of others in which nothing is left.
	 * @param done whether nobody uses a directory any more
	 */
	void release(Predicate<SegmentSpool> done) {
		List<SegmentSpool> released = new ArrayList<>();
		synchronized (this) {
			List<SegmentSpool> kept = new ArrayList<>();
			for (SegmentSpool store : this.stores.stream().skip(1).toList()) {
				if (store.occupied().isEmpty() && done.test(store)) {
					(store.isKeeping() ? kept : released).add(store);
				}
			}
			for (SegmentSpool store : kept.subList(0, excess(kept.size()))) {
				store.retainNoLonger();
				released.add(store);
			}
			this.stores.removeAll(released);
		}
		released.forEach(this::close);
	}

	// Records that wait are worth more than those that may be asked for.
	private int excess(int kept) {
		int most = (kept > 0 && this.stores.get(0).isObstructed()) ? Math.min(MOST_KEPT, kept - 1) : MOST_KEPT;
		return Math.max(0, kept - most);
	}

	@Override
	public boolean isRetaining() {
		return this.properties.mode() != SpoolProperties.Mode.OFF && !this.properties.retain().isZero();
	}

	@Override
	public Duration period() {
		return isRetaining() ? this.properties.retain() : Duration.ZERO;
	}

	@Override
	public long opened() {
		return this.opened.get();
	}

	@Override
	public void search(String topic, int partition, @Nullable String clusterId, Predicate<SpoolRecord> visitor) {
		Predicate<String> destination = (name) -> clusterId == null || Destination.isIn(name, clusterId);
		List<SegmentSpool> all;
		synchronized (this) {
			all = List.copyOf(this.stores);
		}
		for (SegmentSpool store : all) {
			try {
				store.search(topic, partition, destination, visitor);
			}
			catch (SpoolException ex) {
				if (ex.kind() != SpoolException.Kind.CLOSED || store == all.get(0)) {
					throw ex;
				}
				// Given back meanwhile.
			}
		}
	}

	@Override
	public synchronized @Nullable SpoolStatus status() {
		return this.stores.isEmpty() ? null : this.stores.get(0).status();
	}

	@Override
	public synchronized @Nullable SpoolBacklog backlog() {
		if (this.stores.isEmpty()) {
			return null;
		}
		long waiting = 0;
		Instant oldest = null;
		for (SegmentSpool store : this.stores) {
			for (SpoolLane lane : store.occupied()) {
				boolean parked = lane.partition() == SpoolLane.PARKED;
				waiting += parked ? 0 : store.count(lane);
				SpoolRecord first = parked ? null : store.first(lane);
				if (first != null && (oldest == null || first.enqueuedAt() < oldest.toEpochMilli())) {
					oldest = Instant.ofEpochMilli(first.enqueuedAt());
				}
			}
		}
		return new SpoolBacklog(waiting, oldest, this.parked.count(), this.notices.bypassed(), this.notices.expired(),
				this.parked.blocked());
	}

	@Override
	public synchronized List<SpoolBacklog.OfLane> lanes() {
		List<SpoolBacklog.OfLane> lanes = new ArrayList<>();
		for (SegmentSpool store : this.stores) {
			for (SpoolLane lane : store.occupied()) {
				if (lane.partition() != SpoolLane.PARKED) {
					lanes.add(new SpoolBacklog.OfLane(lane.topic(), lane.partition(), store.count(lane)));
				}
			}
		}
		return lanes;
	}

	@Override
	public synchronized List<ParkedRecord> parked(int most) {
		return this.parked.list(most);
	}

	@Override
	public synchronized boolean sendAgain(String id) {
		return this.parked.sendAgain(id);
	}

	@Override
	public synchronized boolean park(String id) {
		return this.parked.park(id);
	}

	@Override
	public synchronized boolean discard(String id) {
		return this.parked.discard(id);
	}

	/**
	 * Close all, for good.
	 */
	synchronized void close() {
		this.stores.forEach(this::close);
		this.stores.clear();
		this.unavailable = true;
	}

	private void close(SegmentSpool store) {
		try {
			long left = store.status().records();
			store.close();
			if (left > 0) {
				this.notices.remain(left, store.location());
			}
		}
		catch (SpoolException ex) {
			logger.error(ex.getMessage(), ex);
		}
	}

}
