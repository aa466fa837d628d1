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
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

import io.github.reliablekafka.durability.ConfiguredClient;
import io.github.reliablekafka.durability.ConsumerSession;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetCommitCallback;
import org.apache.kafka.clients.consumer.SubscriptionPattern;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ApiException;
import org.apache.kafka.common.errors.RecordDeserializationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * A consumer that knows its settings and can leave partitions alone for a while without
 * leaving its group: what is held back is paused during {@code poll} only, so that nobody
 * else sees a pause that is not theirs. What it polls is checked for records that are
 * missing, what it commits carries leader epochs and passes no record without an outcome,
 * and where it has no offset to read from it finds one instead of failing. As little safe
 * for use by many threads as any consumer, with {@code wakeup} as the exception.
 *
 * @param <K> the key type
 * @param <V> the value type
 */
final class ReliableConsumer<K, V> extends DelegatingConsumer<K, V> implements ConfiguredClient {

	private static final Log logger = LogFactory.getLog(ReliableConsumer.class);

	private final ConsumerSession session;

	private final AssignedPartitions assigned;

	private final @Nullable ConsumerSettingsVeto interceptor;

	private final HeldPartitions<K, V> held;

	private final Membership membership;

	private @Nullable Attendance attendance;

	private boolean ofContainer;

	private boolean isolatesPoison;

	/**
	 * Create a wrapper.
	 * @param consumer does the work
	 * @param session is told of polls
	 * @param assigned is told of everything
	 * @param interceptor sees what is polled before the application's interceptors do;
	 * {@code null} if the consumer has none
	 * @param attendance judges who polls, once
	 */
	ReliableConsumer(Consumer<K, V> consumer, ConsumerSession session, AssignedPartitions assigned,
			@Nullable ConsumerSettingsVeto interceptor, @Nullable Attendance attendance) {
		super(consumer);
		this.session = session;
		this.assigned = assigned;
		this.interceptor = interceptor;
		this.attendance = attendance;
		this.held = new HeldPartitions<>(consumer, session);
		this.membership = new Membership(session, consumer);
		session.enrichWith(assigned.commits()::enrichInTransaction);
		session.onRefused(assigned.commits()::refusedInTransaction);
		session.onAbandoned(assigned.listened()::abandon);
		session.onKept(assigned.listened()::failing, assigned.listened()::kept);
		session.onCommitted(assigned.listened()::committedInTransaction);
	}

	@Override
	public Map<String, Object> effectiveSettings() {
		return this.session.effectiveSettings();
	}

	ListenedRecords listened() {
		return this.assigned.listened();
	}

	/**
	 * Note that the listener container of this consumer was looked at.
	 * @param container the container
	 */
	void attend(Outcomes container) {
		this.attendance = null;
		this.ofContainer = true;
		this.session.attend();
		this.membership.attend(container);
	}

	/**
	 * Return a record that could not be deserialized in a batch of its own.
	 */
	void isolatePoison() {
		this.isolatesPoison = true;
	}

	@Override
	public ConsumerRecords<K, V> poll(Duration timeout) {
		if (this.attendance != null) {
			this.attendance.check();
			this.attendance = null;
		}
		this.session.enterPoll();
		try {
			return pollWithinSession(timeout);
		}
		finally {
			this.session.leavePoll();
		}
	}

	private ConsumerRecords<K, V> pollWithinSession(Duration timeout) {
		this.assigned.beforePoll(timeout);
		ConsumerRecords<K, V> records = pollFromValidPositions(timeout);
		try {
			return follow(records);
		}
		catch (RuntimeException ex) {
			giveBack(records);
			throw ex;
		}
	}

	private ConsumerRecords<K, V> follow(ConsumerRecords<K, V> records) {
		ConsumerRecords<?, ?> polled = (this.interceptor != null) ? this.interceptor.takePolled() : null;
		ConsumerRecords<K, V> kept = this.isolatesPoison ? Poison.isolate(records, this.consumer) : records;
		if (polled == null) {
			polled = records;
		}
		this.assigned.polled(polled, (kept != records) ? kept : polled);
		this.assigned.listened().polled(kept);
		return kept;
	}

	// The application does not get them. With the newer protocol, a partition may be
	// taken away between two calls.
	private void giveBack(ConsumerRecords<K, V> records) {
		for (TopicPartition partition : records.partitions()) {
			try {
				seek(partition, records.records(partition).get(0).offset());
			}
			catch (IllegalStateException ex) {
				logger.debug("%s is not assigned any more".formatted(partition), ex);
			}
		}
	}

	private ConsumerRecords<K, V> pollFromValidPositions(Duration timeout) {
		long start = System.nanoTime();
		Duration remaining = timeout;
		this.membership.check();
		while (true) {
			try {
				return this.held.poll(remaining);
			}
			catch (InvalidOffsetException ex) {
				boolean answered = this.assigned.answer(ex);
				remaining = timeout.minusNanos(System.nanoTime() - start);
				if (!answered || remaining.isNegative() || remaining.isZero()) {
					return ConsumerRecords.empty();
				}
			}
			catch (RecordDeserializationException ex) {
				this.assigned.undeserializable(ex.topicPartition(), ex.offset());
				throw ex;
			}
			catch (ApiException ex) {
				if (this.membership.failed(ex)) {
					return ConsumerRecords.empty();
				}
				throw ex;
			}
		}
	}

	@Override
	public Set<TopicPartition> paused() {
		Set<TopicPartition> paused = this.held.pausedByOthers();
		CommitGuard guard = listened().guard();
		return (guard != null && guard.call().isGivingBack()) ? this.assigned.pausedForOtherReasons(paused) : paused;
	}

	@Override
	public void pause(Collection<TopicPartition> partitions) {
		CommitGuard guard = listened().guard();
		if (this.ofContainer && guard != null && guard.call().isUnderway()) {
			this.held.pauseForListener(partitions);
		}
		else if (this.ofContainer) {
			this.held.pauseForContainer(partitions);
			if (guard != null && guard.call().isGivingBack()) {
				this.assigned.pausedForGivenBack(partitions, true);
				guard.call().endGivingBack();
			}
		}
		else {
			this.consumer.pause(partitions);
			this.held.pausedByAnother(partitions);
		}
	}

	@Override
	public void resume(Collection<TopicPartition> partitions) {
		if (this.ofContainer) {
			this.held.resumeForContainer(partitions);
			this.assigned.pausedForGivenBack(partitions, false);
		}
		else {
			this.consumer.resume(partitions);
		}
	}

	@Override
	public void close() {
		close(this.consumer::close);
	}

	@Override
	@Deprecated
	@SuppressWarnings("deprecation")
	public void close(Duration timeout) {
		close(() -> this.consumer.close(timeout));
	}

	@Override
	public void close(CloseOptions option) {
		close(() -> this.consumer.close(option));
	}

	private void close(Runnable close) {
		boolean inUse = false;
		try {
			// The group's listener is told, and may commit.
			close.run();
		}
		catch (ConcurrentModificationException ex) {
			inUse = true;
			throw ex;
		}
		finally {
			if (!inUse) {
				this.assigned.endAll();
				listened().close();
				this.session.exit();
			}
		}
	}

	@Override
	public void subscribe(Collection<String> topics) {
		this.consumer.subscribe(topics, watched());
	}

	@Override
	public void subscribe(Collection<String> topics, ConsumerRebalanceListener callback) {
		this.consumer.subscribe(topics, watched(callback));
	}

	@Override
	public void subscribe(Pattern pattern) {
		this.consumer.subscribe(pattern, watched());
	}

	@Override
	public void subscribe(Pattern pattern, ConsumerRebalanceListener callback) {
		this.consumer.subscribe(pattern, watched(callback));
	}

	@Override
	public void subscribe(SubscriptionPattern pattern) {
		this.consumer.subscribe(pattern, watched());
	}

	@Override
	public void subscribe(SubscriptionPattern pattern, ConsumerRebalanceListener callback) {
		this.consumer.subscribe(pattern, watched(callback));
	}

	private ConsumerRebalanceListener watched(ConsumerRebalanceListener callback) {
		// Kafka says it in the same words.
		if (callback == null) {
			throw new IllegalArgumentException("RebalanceListener cannot be null");
		}
		return new RebalanceWatch(this.assigned, callback);
	}

	private ConsumerRebalanceListener watched() {
		return new RebalanceWatch(this.assigned, null);
	}

	@Override
	public void assign(Collection<TopicPartition> partitions) {
		this.consumer.assign(partitions);
		this.assigned.assign(partitions);
	}

	@Override
	public void unsubscribe() {
		try {
			this.consumer.unsubscribe();
		}
		catch (WakeupException ex) {
			throw ex;
		}
		catch (RuntimeException ex) {
			CommitGuard guard = listened().guard();
			if (guard == null || !guard.isStopping()) {
				throw ex;
			}
			logger.warn("A consumer of group '%s' could not unsubscribe while its listener container stops"
				.formatted(this.session.group()), ex);
		}
		this.assigned.endAll();
	}

	@Override
	public void commitSync() {
		Map<TopicPartition, OffsetAndMetadata> positions = this.assigned.positions();
		if (positions == null) {
			this.consumer.commitSync();
		}
		else {
			commitSync(positions);
		}
	}

	@Override
	public void commitSync(Duration timeout) {
		Map<TopicPartition, OffsetAndMetadata> positions = this.assigned.positions();
		if (positions == null) {
			this.consumer.commitSync(timeout);
		}
		else {
			commitSync(positions, timeout);
		}
	}

	@Override
	public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
		commit(offsets, null);
	}

	@Override
	public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets, Duration timeout) {
		commit(offsets, timeout);
	}

	private void commit(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable Duration timeout) {
		if (!CommitAfterTransaction.takes(listened().guard(), () -> commitNow(offsets, timeout))) {
			commitNow(offsets, timeout);
		}
	}

	private void commitNow(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable Duration timeout) {
		Map<TopicPartition, OffsetAndMetadata> enriched = this.assigned.commits().enrich(offsets);
		if (enriched.isEmpty() && !offsets.isEmpty()) {
			return;
		}
		try {
			this.assigned.commits().commitSync(enriched, timeout);
		}
		catch (WakeupException ex) {
			listened().notCommitted(enriched);
			throw ex;
		}
		catch (RuntimeException ex) {
			listened().notCommitted(enriched);
			CommitGuard guard = listened().guard();
			if (guard == null || !guard.isLast(enriched, ex)) {
				throw ex;
			}
			return;
		}
		listened().committed(enriched);
	}

	@Override
	public void commitAsync() {
		Map<TopicPartition, OffsetAndMetadata> positions = this.assigned.positions();
		if (positions == null) {
			this.consumer.commitAsync();
		}
		else {
			commitAsync(positions, null);
		}
	}

	@Override
	public void commitAsync(@Nullable OffsetCommitCallback callback) {
		Map<TopicPartition, OffsetAndMetadata> positions = this.assigned.positions();
		if (positions == null) {
			this.consumer.commitAsync(callback);
		}
		else {
			commitAsync(positions, callback);
		}
	}

	@Override
	public void commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets, @Nullable OffsetCommitCallback callback) {
		if (!CommitAfterTransaction.takes(listened().guard(), () -> commitAsyncNow(offsets, callback))) {
			commitAsyncNow(offsets, callback);
		}
	}

	private void commitAsyncNow(Map<TopicPartition, OffsetAndMetadata> offsets,
			@Nullable OffsetCommitCallback callback) {
		OffsetCommits commits = this.assigned.commits();
		Map<TopicPartition, OffsetAndMetadata> enriched = commits.enrich(offsets);
		Map<TopicPartition, OffsetAndMetadata> told = OffsetCommits.told(offsets, enriched);
		if (!enriched.isEmpty() || offsets.isEmpty()) {
			this.consumer.commitAsync(enriched, commits.callback(told, callback));
		}
		else if (callback != null) {
			callback.onComplete(told, null);
		}
	}

	@Override
	public void seek(TopicPartition partition, long offset) {
		this.consumer.seek(partition, offset);
		this.assigned.sought(partition, offset, -1);
	}

	@Override
	public void seek(TopicPartition partition, OffsetAndMetadata offsetAndMetadata) {
		this.consumer.seek(partition, offsetAndMetadata);
		this.assigned.sought(partition, offsetAndMetadata.offset(), offsetAndMetadata.leaderEpoch().orElse(-1));
	}

	@Override
	public void seekToBeginning(Collection<TopicPartition> partitions) {
		this.consumer.seekToBeginning(partitions);
		this.assigned.soughtEdge(partitions);
	}

	@Override
	public void seekToEnd(Collection<TopicPartition> partitions) {
		this.consumer.seekToEnd(partitions);
		this.assigned.soughtEdge(partitions);
	}

	@Override
	public long position(TopicPartition partition) {
		return position(partition, null);
	}

	@Override
	public long position(TopicPartition partition, @Nullable Duration timeout) {
		while (true) {
			try {
				long position = (timeout != null) ? this.consumer.position(partition, timeout)
						: this.consumer.position(partition);
				this.assigned.positioned(partition, position);
				return position;
			}
			catch (InvalidOffsetException ex) {
				if (!this.assigned.answer(ex)) {
					throw new TimeoutException(Objects.requireNonNullElse(ex.getMessage(), "No position"), ex);
				}
			}
		}
	}

	@Override
	public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions) {
		return this.assigned.commits().plain(this.consumer.committed(partitions));
	}

	@Override
	public Map<TopicPartition, OffsetAndMetadata> committed(Set<TopicPartition> partitions, Duration timeout) {
		return this.assigned.commits().plain(this.consumer.committed(partitions, timeout));
	}

}
