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

package io.github.reliablekafka.consumer;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.ledger.UnfinishedRecord;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;

/**
 * Names the records whose listener hangs or has forgotten to acknowledge them. Looks four
 * times within the allowed time, on a thread of its own, which begins with the first
 * listener container. Safe for use by many threads.
 */
final class UnfinishedRecords implements DisposableBean {

	private static final Log logger = LogFactory.getLog(UnfinishedRecords.class);

	private final DeliveryLedger ledger;

	private final Duration maxAge;

	private final Map<CommitGuard, Progress> guards = new ConcurrentHashMap<>();

	private Map<TopicPartition, Long> named = Map.of();

	private @Nullable ScheduledExecutorService executor;

	/**
	 * Create a watch.
	 * @param ledger is told
	 * @param maxAge how long a record may be without an outcome
	 */
	UnfinishedRecords(DeliveryLedger ledger, Duration maxAge) {
		this.ledger = ledger;
		this.maxAge = maxAge;
	}

	/**
	 * A container begins to poll.
	 * @param guard knows its records
	 */
	synchronized void add(CommitGuard guard) {
		this.guards.put(guard, new Progress());
		if (this.executor == null) {
			this.executor = Executors.newSingleThreadScheduledExecutor((task) -> {
				Thread thread = new Thread(task, "reliable-kafka-unfinished-records");
				thread.setDaemon(true);
				return thread;
			});
			long interval = Math.max(1, this.maxAge.toMillis() / 4);
			ScheduledFuture<?> unused = this.executor.scheduleWithFixedDelay(() -> look(System.nanoTime()), interval,
					interval, TimeUnit.MILLISECONDS);
		}
	}

	/**
	 * A consumer is closed.
	 * @param guard of its container
	 */
	void remove(CommitGuard guard) {
		this.guards.remove(guard);
	}

	/**
	 * Look at every container.
	 * @param now by the clock of nanoseconds
	 */
	void look(long now) {
		try {
			Map<TopicPartition, UnfinishedRecord> found = new HashMap<>();
			this.guards.forEach((guard, progress) -> progress.look(guard, now, this.maxAge.toNanos())
				.forEach((record) -> found.put(new TopicPartition(record.topic(), record.partition()), record)));
			tell(found);
			this.ledger.unfinished(new ArrayList<>(found.values()));
		}
		catch (RuntimeException ex) {
			logger.error("Which records have no outcome cannot be told", ex);
		}
	}

	private void tell(Map<TopicPartition, UnfinishedRecord> found) {
		Map<TopicPartition, Long> before = this.named;
		Set<TopicPartition> over = new HashSet<>(before.keySet());
		over.removeAll(found.keySet());
		Map<TopicPartition, Long> now = new HashMap<>();
		found.forEach((partition, record) -> {
			now.put(partition, record.offset());
			if (!Long.valueOf(record.offset()).equals(before.get(partition))) {
				logger.warn(
						"The record at offset %d of %s has no outcome in group '%s' for %d seconds: its listener hangs, or has not acknowledged it. Nothing behind it is committed"
							.formatted(record.offset(), partition, record.group(), record.age().toSeconds()));
			}
		});
		over.forEach((partition) -> logger.info("Records of %s have outcomes again".formatted(partition)));
		this.named = now;
	}

	@Override
	public synchronized void destroy() {
		if (this.executor != null) {
			this.executor.shutdownNow();
		}
	}

	/**
	 * What was seen of one container.
	 */
	private static final class Progress {

		private long done = -1;

		private long at;

		List<UnfinishedRecord> look(CommitGuard guard, long now, long maxAge) {
			CommitGuard.Unfinished[] open = guard.unfinished();
			if (guard.call().progress() != this.done) {
				this.done = guard.call().progress();
				this.at = now;
			}
			List<UnfinishedRecord> found = new ArrayList<>();
			for (CommitGuard.Unfinished record : open) {
				// A listener that returns works on one after the other.
				long since = guard.isFollowingDeliveries() ? record.polledAt() : Math.max(record.polledAt(), this.at);
				if (now - since >= maxAge) {
					TopicPartition partition = record.partition();
					long current = guard.call().offsetIn(partition);
					found.add(new UnfinishedRecord(partition.topic(), partition.partition(),
							(current >= 0) ? current : record.offset(), guard.group(), Duration.ofNanos(now - since),
							record.holdsUp()));
				}
			}
			return found;
		}

	}

}
