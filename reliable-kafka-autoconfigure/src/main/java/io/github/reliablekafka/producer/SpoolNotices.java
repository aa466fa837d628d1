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

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.LongAdder;

import io.github.reliablekafka.spool.SegmentSpool;
import io.github.reliablekafka.spool.SpoolException;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.jspecify.annotations.Nullable;

import org.springframework.context.ApplicationEventPublisher;

/**
 * What people and the application are told of the spool: log lines, those that may come
 * often at most once a minute for the same matter, and events. Safe for use by many
 * threads.
 */
final class SpoolNotices {

	private static final Log logger = LogFactory.getLog(SpoolNotices.class);

	private final ApplicationEventPublisher events;

	private final Slowly slowly = new Slowly(System::nanoTime);

	private final LongAdder bypassed = new LongAdder();

	private final LongAdder expired = new LongAdder();

	SpoolNotices(ApplicationEventPublisher events) {
		this.events = events;
	}

	void unusable(Path slot, Throwable reason) {
		logger.error("What another instance left in %s is not sent, as it cannot be used; nothing there is touched"
			.formatted(slot), reason);
	}

	void found(SegmentSpool store) {
		store.findings().forEach((finding) -> logger.warn("Spool: " + finding));
	}

	void ephemeral(String location, String type) {
		logger.warn(("The spool in %s is on a file system of type %s, which may be gone with the container or the "
				+ "machine. Set reliable.kafka.spool.directory to a directory on a volume that outlives it")
			.formatted(location, type));
	}

	/**
	 * What was left is meant for nobody who is here.
	 * @param name for whom it is
	 * @param present who is here
	 */
	void elsewhere(String name, String present) {
		if (this.slowly.isDue("elsewhere " + name)) {
			logger.error(
					("Records that an earlier process left in the spool wait for %s, and are sent nowhere else; present "
							+ "is %s. Start the application once with the same bean and the same cluster as before")
						.formatted(name, present));
		}
	}

	/**
	 * Another cluster answers at the same addresses.
	 * @param destination the addresses
	 * @param expected the cluster whose records wait
	 * @param found the one that answers
	 */
	void otherCluster(Destination destination, String expected, String found) {
		if (this.slowly.isDue("other cluster " + destination)) {
			logger
				.error(("At the addresses of %s there was cluster %s, and now there is %s. Records for the one are not sent "
						+ "to the other: they wait. Records for the other go without the spool until the application is "
						+ "started again")
					.formatted(destination.byAddress(), expected, found));
		}
	}

	/**
	 * A record that was promised comes behind later ones of its lane.
	 * @param lane its lane
	 */
	void overtaken(SpooledLane lane) {
		if (this.slowly.isDue("overtaken " + lane)) {
			logger.warn(("A record of %s that was safe in the spool is sent behind later ones: the client gave it up, "
					+ "and the later ones have been acknowledged")
				.formatted(lane));
		}
	}

	void bypassed(Exception reason) {
		this.bypassed.increment();
		if (this.slowly.isDue("bypassed " + reason.getClass())) {
			logger.warn("Records go without the spool, and wait in memory alone: %s".formatted(reason.getMessage()));
		}
	}

	/**
	 * How many records went without the spool.
	 * @return since the start
	 */
	long bypassed() {
		return this.bypassed.sum();
	}

	void notParked(SpooledLane lane, Exception failure) {
		if (this.slowly.isDue("not parked " + lane)) {
			logger.error(
					"A record of %s that was safe in the spool cannot be parked; it stays where it is".formatted(lane),
					failure);
		}
	}

	/**
	 * Records cannot be sent for now.
	 * @param lane their lane
	 * @param failure what the client says, or a fault of this machine
	 */
	void delayed(SpooledLane lane, Throwable failure) {
		if (failure instanceof SpoolException || failure instanceof Error) {
			stuck(lane, failure);
		}
		else if (this.slowly.isDue("delayed " + lane)) {
			// Those without a receipt may not be on disk, or not be taken by it.
			logger.warn(("Records of %s wait in the spool (%d), and are sent when the cluster takes them; those with a "
					+ "receipt are safe on this machine's disk: %s")
				.formatted(lane, lane.waiting(), failure));
		}
	}

	void stuck(SpooledLane lane, Throwable failure) {
		if (this.slowly.isDue("stuck " + lane)) {
			logger.error("Records of %s wait in the spool: they cannot be sent".formatted(lane), failure);
		}
	}

	/**
	 * A topic was deleted, or created again with fewer partitions, while the client had
	 * records for it.
	 * @param topic its name
	 * @param partitions how many it has; 0 if there is none
	 * @param records how many are taken back
	 */
	void gone(String topic, int partitions, int records) {
		logger
			.warn("Topic '%s' %s: records for it (%d) are taken back from the client, and wait in the spool".formatted(
					topic, (partitions > 0) ? "has only %d partitions now".formatted(partitions) : "is gone", records));
	}

	void notLookedFor(Throwable failure) {
		if (this.slowly.isDue("not looked for")) {
			logger.error("It could not be seen whether topics are gone for which records were sent", failure);
		}
	}

	void parked(SpooledLane lane, Exception failure) {
		logger.error("A record of %s that was safe in the spool is parked there, as the cluster does not take it"
			.formatted(lane), failure);
		publish(SpoolEvent.Kind.PARKED, lane.lane().destination(), lane.topic(), 1, Instant.now(),
				String.valueOf(failure));
	}

	/**
	 * A lane stands still.
	 * @param lane the lane
	 * @param failure why the cluster does not take its first record
	 * @param waiting how many records wait
	 */
	void blocked(SpooledLane lane, Exception failure, long waiting) {
		logger.error(("%s stands still: the cluster does not take its first record, which was promised, and %d wait. "
				+ "It goes on when that is mended, or when somebody has the record parked")
			.formatted(lane, waiting), failure);
		publish(SpoolEvent.Kind.BLOCKED, lane.lane().destination(), lane.topic(), waiting, Instant.now(),
				String.valueOf(failure));
	}

	/**
	 * Records have waited for too long.
	 * @param lane their lane
	 * @param records how many
	 * @param limit how long they may wait
	 */
	void expired(SpooledLane lane, int records, Duration limit) {
		this.expired.add(records);
		if (this.slowly.isDue("expired " + lane)) {
			logger.error(("Records of %s have waited for longer than reliable.kafka.spool.max-age=%s: those that were "
					+ "promised are parked, and who waits for others is told. So far these are %d, of all partitions")
				.formatted(lane, limit, expired()));
		}
		publish(SpoolEvent.Kind.EXPIRED, lane.lane().destination(), lane.topic(), records, Instant.now(),
				"reliable.kafka.spool.max-age=" + limit);
	}

	/**
	 * How many records have waited for too long.
	 * @return of all lanes, since the start
	 */
	long expired() {
		return this.expired.sum();
	}

	void notExpired(Throwable failure) {
		if (this.slowly.isDue("not expired")) {
			logger.error("It could not be seen which records in the spool have waited for too long", failure);
		}
	}

	/**
	 * The application ends before all records have left.
	 * @param records how many are left
	 * @param location where they are
	 */
	void remain(long records, String location) {
		logger.info("%d %s in the spool in %s".formatted(records, (records == 1) ? "record stays" : "records stay",
				location));
	}

	void publish(SpoolEvent.Kind kind, String cluster, @Nullable String topic, long records, Instant since,
			String reason) {
		try {
			this.events.publishEvent(new SpoolEvent(kind, cluster, topic, records, since, reason));
		}
		catch (RuntimeException ex) {
			logger.error("A listener for events of the spool failed", ex);
		}
	}

}
