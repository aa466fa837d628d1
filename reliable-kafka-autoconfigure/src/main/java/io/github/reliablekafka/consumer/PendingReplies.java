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
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Queue;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.listener.ListenerExecutionFailedException;

/**
 * The records whose listener has returned a reply that is not acknowledged yet: they have
 * no outcome before it is. If it fails, the record is polled again, and then its listener
 * waits for the reply, so that an error handler gets the failure. For use by the polling
 * thread.
 */
final class PendingReplies {

	/**
	 * How long a listener waits for the reply to a record whose reply has failed before.
	 */
	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final Map<TopicPartition, NavigableSet<Long>> pending = new HashMap<>();

	private final Map<TopicPartition, Set<Long>> failed = new HashMap<>();

	private final Map<TopicPartition, Long> again = new HashMap<>();

	private final Queue<Settled> settled = new ConcurrentLinkedQueue<>();

	/**
	 * A listener has returned.
	 * @param records what it was given
	 * @param replies what was sent for it
	 * @throws ListenerExecutionFailedException if a reply failed by now, or had failed
	 * before and fails again
	 */
	void add(Iterable<? extends ConsumerRecord<?, ?>> records, List<CompletableFuture<?>> replies) {
		if (replies.isEmpty()) {
			return;
		}
		CompletableFuture<Void> all = CompletableFuture.allOf(replies.toArray(new CompletableFuture<?>[0]));
		boolean wait = false;
		for (ConsumerRecord<?, ?> record : records) {
			Set<Long> offsets = this.failed.get(partitionOf(record));
			wait |= offsets != null && offsets.contains(record.offset());
		}
		if (wait || all.isDone()) {
			await(all);
			records.forEach(this::kept);
			return;
		}
		for (ConsumerRecord<?, ?> record : records) {
			this.pending.computeIfAbsent(partitionOf(record), (key) -> new TreeSet<>()).add(record.offset());
		}
		CompletableFuture<Void> unused = all
			.whenComplete((result, failure) -> this.settled.add(new Settled(records, failure)));
	}

	/**
	 * A record has its outcome, whatever became of its reply: its listener need not wait
	 * for another one.
	 * @param record the record
	 */
	void kept(ConsumerRecord<?, ?> record) {
		Set<Long> offsets = this.failed.get(partitionOf(record));
		if (offsets != null && offsets.remove(record.offset()) && offsets.isEmpty()) {
			this.failed.remove(partitionOf(record));
		}
	}

	private static void await(CompletableFuture<Void> all) {
		try {
			all.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
		}
		catch (ExecutionException ex) {
			throw new ListenerExecutionFailedException("The reply could not be sent", ex.getCause());
		}
		catch (TimeoutException ex) {
			throw new ListenerExecutionFailedException("The reply was not acknowledged within %s".formatted(PATIENCE),
					ex);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
			throw new ListenerExecutionFailedException("Interrupted while waiting for the reply", ex);
		}
	}

	/**
	 * Whether any record waits for its reply, or is polled again because that has failed.
	 * @return {@code false} if all have an outcome when their listener has returned
	 */
	boolean isEmpty() {
		return this.pending.isEmpty() && this.again.isEmpty();
	}

	/**
	 * Whether a record waits for its reply.
	 * @param record the record
	 * @return {@code false} if it has an outcome when its listener has returned
	 */
	boolean has(ConsumerRecord<?, ?> record) {
		return !isEmpty() && this.pending.getOrDefault(partitionOf(record), Collections.emptyNavigableSet())
			.contains(record.offset());
	}

	/**
	 * The first record that waits for its reply, or is polled again because that has
	 * failed.
	 * @param partition its partition
	 * @return its offset; -1 if there is none
	 */
	long first(TopicPartition partition) {
		NavigableSet<Long> offsets = this.pending.get(partition);
		long waiting = (offsets != null) ? offsets.first() : -1;
		long repeated = this.again.getOrDefault(partition, -1L);
		return (waiting < 0 || repeated < 0) ? Math.max(waiting, repeated) : Math.min(waiting, repeated);
	}

	/**
	 * Give records their outcome whose reply was acknowledged since the last time.
	 * @param open gets the outcomes
	 */
	void settle(ListenedRecords open) {
		for (Settled next = this.settled.poll(); next != null; next = this.settled.poll()) {
			for (ConsumerRecord<?, ?> record : next.records()) {
				TopicPartition partition = partitionOf(record);
				NavigableSet<Long> offsets = this.pending.get(partition);
				if (offsets == null || !offsets.remove(record.offset())) {
					// Of an assignment that is over.
					continue;
				}
				if (offsets.isEmpty()) {
					this.pending.remove(partition);
				}
				if (next.failure() == null) {
					open.close(record);
				}
				else {
					this.again.merge(partition, record.offset(), Math::min);
					this.failed.computeIfAbsent(partition, (key) -> new HashSet<>()).add(record.offset());
				}
			}
		}
	}

	/**
	 * Take what has to be polled again because a reply failed.
	 * @return the first offset by partition; mostly empty
	 */
	Map<TopicPartition, Long> takeFailed() {
		if (this.again.isEmpty()) {
			return Map.of();
		}
		Map<TopicPartition, Long> taken = Map.copyOf(this.again);
		this.again.clear();
		return taken;
	}

	/**
	 * A partition is no longer assigned.
	 * @param partition the partition
	 */
	void forget(TopicPartition partition) {
		this.failed.remove(partition);
		this.pending.remove(partition);
		this.again.remove(partition);
	}

	private static TopicPartition partitionOf(ConsumerRecord<?, ?> record) {
		return new TopicPartition(record.topic(), record.partition());
	}

	private record Settled(Iterable<? extends ConsumerRecord<?, ?>> records, @Nullable Throwable failure) {

	}

}
