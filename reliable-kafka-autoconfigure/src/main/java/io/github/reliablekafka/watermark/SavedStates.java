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

package io.github.reliablekafka.watermark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

import io.github.reliablekafka.sequence.Lane;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.jspecify.annotations.Nullable;

/**
 * The states of readers that are too large for the offsets of their groups, in a topic of
 * our own. One state of a key is being written at a time; of those that come meanwhile
 * only the last is written. Loads that come at the same time read the topic once. Safe
 * for use by many threads.
 */
final class SavedStates {

	private final AuditTopic topic;

	private final AuditTopics topics;

	private final AuditClients clients;

	private final RangeReader reader;

	private final Complaints complaints;

	private final Executor executor;

	private final Map<Key, Slot> slots = new HashMap<>();

	private Map<Key, CompletableFuture<Optional<byte[]>>> loads = new HashMap<>();

	private volatile boolean provided;

	private volatile boolean closed;

	SavedStates(AuditTopic topic, AuditTopics topics, AuditClients clients, RangeReader reader, Complaints complaints,
			Executor executor) {
		this.topic = topic;
		this.topics = topics;
		this.clients = clients;
		this.reader = reader;
		this.complaints = complaints;
		this.executor = executor;
	}

	/**
	 * Find the last state that was saved.
	 * @param group the group
	 * @param lane the partition
	 * @return the state; nothing if none was saved or there is no topic yet
	 */
	CompletableFuture<Optional<byte[]>> load(String group, Lane lane) {
		CompletableFuture<Optional<byte[]>> answer;
		boolean first;
		synchronized (this) {
			first = this.loads.isEmpty();
			answer = this.loads.computeIfAbsent(new Key(group, lane), (key) -> new CompletableFuture<>());
		}
		if (first) {
			execute(this::loadAll, (ex) -> takeLoads().values().forEach((load) -> load.completeExceptionally(ex)));
		}
		return answer.copy();
	}

	private synchronized Map<Key, CompletableFuture<Optional<byte[]>>> takeLoads() {
		Map<Key, CompletableFuture<Optional<byte[]>>> taken = this.loads;
		this.loads = new HashMap<>();
		return taken;
	}

	private void loadAll() {
		Map<Key, CompletableFuture<Optional<byte[]>>> wanted = takeLoads();
		try {
			Optional<AuditTopics.Found> found = this.topics.find(this.topic);
			Map<ByteBuffer, byte[]> states = new HashMap<>();
			found.ifPresent((present) -> read(wanted.keySet(), present.partitions(), states));
			this.complaints.settle(subject("read"));
			wanted.forEach(
					(key, answer) -> answer.complete(Optional.ofNullable(states.get(ByteBuffer.wrap(key.bytes())))));
		}
		catch (RuntimeException | Error ex) {
			complain("read", ex);
			wanted.values().forEach((answer) -> answer.completeExceptionally(ex));
		}
	}

	private void read(Set<Key> keys, int partitions, Map<ByteBuffer, byte[]> states) {
		Set<ByteBuffer> wanted = new HashSet<>();
		Set<Integer> needed = new TreeSet<>();
		keys.forEach((key) -> {
			wanted.add(ByteBuffer.wrap(key.bytes()));
			needed.add(AuditTopic.partition(key.bytes(), partitions));
		});
		needed
			.forEach((partition) -> this.reader.readAll(new TopicPartition(this.topic.name(), partition), (record) -> {
				ByteBuffer key = (record.key() != null) ? ByteBuffer.wrap(record.key()) : null;
				if (key != null && wanted.contains(key)) {
					if (record.value() != null) {
						states.put(key, record.value());
					}
					else {
						states.remove(key);
					}
				}
			}));
	}

	/**
	 * Save a state.
	 * @param group the group
	 * @param lane the partition
	 * @param state the state
	 * @return completes when it, or one that was saved later, is in the topic
	 */
	CompletableFuture<Void> save(String group, Lane lane, byte[] state) {
		Key key = new Key(group, lane);
		CompletableFuture<Void> outcome;
		boolean first;
		synchronized (this) {
			first = !this.slots.containsKey(key);
			Slot slot = this.slots.computeIfAbsent(key, (absent) -> new Slot());
			slot.state = state;
			outcome = slot.outcome;
		}
		if (first) {
			writeLater(key);
		}
		return outcome.copy();
	}

	private void writeLater(Key key) {
		execute(() -> write(key), (ex) -> {
			Slot slot;
			synchronized (this) {
				slot = this.slots.remove(key);
			}
			if (slot != null) {
				slot.outcome.completeExceptionally(ex);
			}
		});
	}

	private void write(Key key) {
		byte[] state;
		CompletableFuture<Void> outcome;
		synchronized (this) {
			Slot slot = this.slots.get(key);
			if (slot == null || slot.state == null) {
				this.slots.remove(key);
				return;
			}
			state = slot.state;
			outcome = slot.outcome;
			slot.state = null;
			slot.outcome = new CompletableFuture<>();
		}
		CompletableFuture<Void> written;
		try {
			provide();
			int partitions = this.clients.stateProducer().partitionsFor(this.topic.name()).size();
			written = this.clients.stateProducer()
				.send(new ProducerRecord<>(this.topic.name(), AuditTopic.partition(key.bytes(), partitions),
						key.bytes(), state));
		}
		catch (RuntimeException ex) {
			written = CompletableFuture.failedFuture(ex);
		}
		CompletableFuture<Void> unused = written.whenComplete((done, failure) -> written(key, outcome, failure));
	}

	private void written(Key key, CompletableFuture<Void> outcome, @Nullable Throwable failure) {
		if (failure == null) {
			this.complaints.settle(subject("write to"));
			outcome.complete(null);
		}
		else {
			complain("write to", failure);
			// The topic may be gone.
			this.provided = false;
			outcome.completeExceptionally(failure);
		}
		writeLater(key);
	}

	private void provide() {
		if (!this.provided) {
			this.topics.provide(this.topic);
			this.provided = true;
		}
	}

	/**
	 * Whether a state is being written.
	 * @return {@code false} if all are written, or have failed
	 */
	synchronized boolean isSaving() {
		return !this.slots.isEmpty();
	}

	/**
	 * Complain no longer: what is being written is given up.
	 */
	void close() {
		this.closed = true;
	}

	private void execute(Runnable task, java.util.function.Consumer<RuntimeException> refused) {
		try {
			this.executor.execute(task);
		}
		catch (RuntimeException ex) {
			refused.accept(ex);
		}
	}

	private void complain(String verb, Throwable failure) {
		if (!this.closed && !(failure instanceof InterruptException)) {
			this.complaints.complainOfTopic(subject(verb), AuditTopics.advice(this.topic), failure);
		}
	}

	private String subject(String verb) {
		return "Cannot %s topic '%s'".formatted(verb, this.topic.name());
	}

	/**
	 * Whose state it is.
	 */
	private record Key(String group, Lane lane) {

		byte[] bytes() {
			byte[] groupBytes = this.group.getBytes(StandardCharsets.UTF_8);
			byte[] topicBytes = this.lane.topic().getBytes(StandardCharsets.UTF_8);
			byte[] bytes = new byte[2 * Integer.BYTES + groupBytes.length + topicBytes.length];
			ByteBuffer.wrap(bytes)
				.putInt(this.lane.partition())
				.putInt(groupBytes.length)
				.put(groupBytes)
				.put(topicBytes);
			return bytes;
		}

	}

	/**
	 * What is to be written of one key after what is being written.
	 */
	private static final class Slot {

		private byte @Nullable [] state;

		private CompletableFuture<Void> outcome = new CompletableFuture<>();

	}

}
