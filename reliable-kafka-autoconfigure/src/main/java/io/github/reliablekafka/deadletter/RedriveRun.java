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

package io.github.reliablekafka.deadletter;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

import io.github.reliablekafka.durability.BoundedAdmin;
import io.github.reliablekafka.durability.BoundedProducer;
import io.github.reliablekafka.sequence.Stamp;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/**
 * One redrive: looks at what is in the dead letter topic when it begins, so that a record
 * which fails again meanwhile does not go round and round, and sends what is meant back
 * to its topic, or to the parking topic if that was done too often. Each hundred records
 * are marked once they are acknowledged. For use by one thread, once.
 */
final class RedriveRun {

	private static final Duration POLL_TIMEOUT = Duration.ofMillis(200);

	private final DeadLetterSources.Source source;

	private final DeadLetterCluster cluster;

	private final Redrive request;

	private final DeadLetterProperties.Redrive settings;

	private final BooleanSupplier stopped;

	private final Map<TopicPartition, Long> ends = new HashMap<>();

	private final Map<TopicPartition, Long> seen = new HashMap<>();

	private final List<Pending> pending = new ArrayList<>();

	private final Map<String, Long> refused = new TreeMap<>();

	private final Set<Integer> originalPartitions = new HashSet<>();

	private final Set<Integer> parkingPartitions = new HashSet<>();

	private Map<Integer, HandledOffsets> marks = Map.of();

	private long redriven;

	private long parked;

	private long skipped;

	private long taken;

	private boolean complete;

	private long nextSendAt = System.nanoTime();

	/**
	 * Create a redrive.
	 * @param source what is redriven
	 * @param request how
	 * @param settings what the request does not say
	 * @param stopped whether the application is shutting down
	 */
	RedriveRun(DeadLetterSources.Source source, Redrive request, DeadLetterProperties.Redrive settings,
			BooleanSupplier stopped) {
		this.source = source;
		this.cluster = source.cluster();
		this.request = request;
		this.settings = settings;
		this.stopped = stopped;
	}

	/**
	 * Do it.
	 * @return what was done, also if it failed
	 */
	RedriveReport execute() {
		Instant startedAt = Instant.now();
		long begin = System.nanoTime();
		String failure = null;
		try (BoundedAdmin admin = this.cluster.admin(this.cluster.timeout())) {
			if (this.request.dryRun()) {
				examine(admin);
			}
			else {
				redrive(admin);
			}
		}
		catch (KafkaException | IllegalStateException ex) {
			failure = DeadLetter.printable("%s: %s".formatted(ex.getClass().getSimpleName(), ex.getMessage()));
		}
		return new RedriveReport(this.source.name(), this.source.topic(), this.request.dryRun(),
				DeadLetter.printable(this.request.requestedBy()), startedAt,
				Duration.ofNanos(System.nanoTime() - begin), this.redriven, this.parked, this.skipped, this.refused,
				this.complete && failure == null, failure);
	}

	private void examine(BoundedAdmin admin) {
		TopicDescription topic = describe(admin, this.source.name());
		this.marks = marksOf(topic).read(topic.partitions().size(), admin, deadline());
		try (Consumer<byte[], byte[]> consumer = this.cluster.reader(Map.of())) {
			List<TopicPartition> partitions = partitionsOf(topic);
			consumer.assign(partitions);
			begin(consumer, partitions);
			while (!this.complete && this.taken < this.request.limit()) {
				checkNotStopped();
				look(consumer.poll(POLL_TIMEOUT), (letter) -> count(destinationOf(letter)));
				this.complete = isAtEnd(consumer);
			}
		}
	}

	private void redrive(BoundedAdmin admin) {
		TopicDescription topic = describe(admin, this.source.name());
		describe(admin, this.source.topic()).partitions()
			.forEach((partition) -> this.originalPartitions.add(partition.partition()));
		RedriveMarks log = marksOf(topic);
		log.provide(admin, deadline());
		try (RedriveClaim claim = new RedriveClaim(this.cluster, this.source.name(), topic.partitions().size(), admin,
				deadline())) {
			// Not before the claim: another one may have just ended.
			this.marks = log.read(topic.partitions().size(), admin, deadline());
			List<TopicPartition> partitions = partitionsOf(topic);
			begin(claim.consumer(), partitions);
			claim.consumer().resume(partitions);
			while (!this.complete && this.taken < this.request.limit()) {
				checkNotStopped();
				ConsumerRecords<byte[], byte[]> letters = claim.consumer().poll(POLL_TIMEOUT);
				claim.verify();
				try {
					look(letters, this::send);
				}
				finally {
					settle(log);
				}
				this.complete = isAtEnd(claim.consumer());
			}
		}
	}

	private void begin(Consumer<byte[], byte[]> consumer, List<TopicPartition> partitions) {
		this.ends.putAll(consumer.endOffsets(partitions, this.cluster.timeout()));
		consumer.beginningOffsets(partitions, this.cluster.timeout()).forEach((partition, first) -> {
			long position = handled(partition.partition()).firstOpen(first);
			consumer.seek(partition, position);
			this.seen.put(partition, position);
		});
	}

	private boolean isAtEnd(Consumer<byte[], byte[]> consumer) {
		return this.taken < this.request.limit() && this.ends.entrySet()
			.stream()
			.allMatch((end) -> consumer.position(end.getKey(), this.cluster.timeout()) >= end.getValue());
	}

	private void look(ConsumerRecords<byte[], byte[]> letters,
			java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> action) {
		for (ConsumerRecord<byte[], byte[]> letter : letters) {
			TopicPartition partition = new TopicPartition(letter.topic(), letter.partition());
			if (letter.offset() >= this.ends.getOrDefault(partition, 0L)) {
				continue;
			}
			if (this.taken == this.request.limit()) {
				return;
			}
			HandledOffsets handled = handled(letter.partition());
			// Between two records there is nothing to redrive.
			handled.add(this.seen.getOrDefault(partition, letter.offset()), letter.offset() - 1);
			this.seen.put(partition, letter.offset() + 1);
			if (handled.contains(letter.offset())) {
				continue;
			}
			if (this.request.filter().matches(letter)) {
				action.accept(letter);
			}
			else {
				this.skipped++;
			}
		}
	}

	private Destination destinationOf(ConsumerRecord<byte[], byte[]> letter) {
		DeadLetterHeaders headers = new DeadLetterHeaders(letter.headers());
		// Where to is never taken from a header, which anybody may have written.
		if (!this.source.topic().equals(headers.originalTopic())) {
			return Destination.NONE;
		}
		int most = (this.request.maxRedrives() >= 0) ? this.request.maxRedrives() : this.settings.maxRedrives();
		if (headers.redrives() < most) {
			return Destination.ORIGINAL;
		}
		return this.source.parking() ? Destination.PARKED_ALREADY : Destination.PARKING;
	}

	private void count(Destination destination) {
		switch (destination) {
			case ORIGINAL -> {
				this.redriven++;
				this.taken++;
			}
			case PARKING -> {
				this.parked++;
				this.taken++;
			}
			case NONE, PARKED_ALREADY -> refuse(destination.reason);
		}
	}

	private void refuse(String reason) {
		this.refused.merge(reason, 1L, Long::sum);
	}

	private void send(ConsumerRecord<byte[], byte[]> letter) {
		Destination destination = destinationOf(letter);
		if (destination == Destination.NONE || destination == Destination.PARKED_ALREADY) {
			refuse(destination.reason);
			return;
		}
		if (handled(letter.partition()).isFull()) {
			throw new IllegalStateException(
					"Too many separate records of partition %d are redriven: redrive it without a filter"
						.formatted(letter.partition()));
		}
		ProducerRecord<byte[], byte[]> record = (destination == Destination.ORIGINAL) ? original(letter)
				: parked(letter);
		awaitTurn();
		this.taken++;
		this.pending.add(new Pending(letter, destination, this.cluster.send(record)));
	}

	private ProducerRecord<byte[], byte[]> original(ConsumerRecord<byte[], byte[]> letter) {
		DeadLetterHeaders headers = new DeadLetterHeaders(letter.headers());
		Integer partition = this.originalPartitions.contains(headers.originalPartition()) ? headers.originalPartition()
				: null;
		return new ProducerRecord<>(this.source.topic(), partition, letter.key(), letter.value(),
				headers.redriven(letter));
	}

	private ProducerRecord<byte[], byte[]> parked(ConsumerRecord<byte[], byte[]> letter) {
		String parking = this.source.name() + this.settings.parkingSuffix();
		if (this.parkingPartitions.isEmpty()) {
			this.cluster.provide(parking, this.source.name(), true);
			this.cluster.partitionsFor(parking)
				.stream()
				.map(PartitionInfo::partition)
				.forEach(this.parkingPartitions::add);
		}
		Headers headers = new RecordHeaders(letter.headers().toArray());
		headers.remove(Stamp.HEADER);
		return new ProducerRecord<>(parking,
				this.parkingPartitions.contains(letter.partition()) ? letter.partition() : null, letter.key(),
				letter.value(), headers);
	}

	// Also what follows a failure may be acknowledged, and has to be marked.
	private void settle(RedriveMarks log) {
		Map<Integer, HandledOffsets> changed = new HashMap<>();
		KafkaException failure = null;
		long unmarked = 0;
		for (Pending sent : this.pending) {
			try {
				RedriveMarks.await(sent.acknowledgement, this.cluster.timeout());
				HandledOffsets handled = handled(sent.letter.partition());
				handled.add(sent.letter.offset());
				changed.put(sent.letter.partition(), handled);
				if (sent.destination == Destination.ORIGINAL) {
					this.redriven++;
				}
				else {
					this.parked++;
				}
				unmarked++;
			}
			catch (KafkaException ex) {
				if (BoundedProducer.isRefusal(ex)) {
					refuse("the topic does not take it: " + ex.getClass().getSimpleName());
				}
				else {
					failure = ex;
				}
			}
		}
		this.pending.clear();
		try {
			log.write(changed);
		}
		catch (KafkaException ex) {
			throw new KafkaException(
					"%d records were redriven or parked and could not be marked: they will be redriven again"
						.formatted(unmarked),
					ex);
		}
		if (failure != null) {
			throw failure;
		}
	}

	private void awaitTurn() {
		int rate = (this.request.recordsPerSecond() > 0) ? this.request.recordsPerSecond()
				: this.settings.recordsPerSecond();
		for (long wait = this.nextSendAt - System.nanoTime(); wait > 0; wait = this.nextSendAt - System.nanoTime()) {
			checkNotStopped();
			if (Thread.currentThread().isInterrupted()) {
				throw new InterruptException("Interrupted");
			}
			LockSupport.parkNanos(wait);
		}
		this.nextSendAt = System.nanoTime() + TimeUnit.SECONDS.toNanos(1) / rate;
	}

	private void checkNotStopped() {
		if (this.stopped.getAsBoolean()) {
			throw new IllegalStateException("The application is shutting down");
		}
	}

	private HandledOffsets handled(int partition) {
		HandledOffsets handled = this.marks.get(partition);
		if (handled == null) {
			throw new IllegalStateException("Partition %d was added meanwhile: try again".formatted(partition));
		}
		return handled;
	}

	private RedriveMarks marksOf(TopicDescription topic) {
		return new RedriveMarks(this.cluster, this.settings.topic(), topic.name(), topic.topicId());
	}

	private TopicDescription describe(BoundedAdmin admin, String topic) {
		return admin.describe(topic, deadline())
			.orElseThrow(() -> new UnknownTopicOrPartitionException("There is no topic '%s'".formatted(topic)));
	}

	private List<TopicPartition> partitionsOf(TopicDescription topic) {
		return topic.partitions()
			.stream()
			.map((info) -> new TopicPartition(topic.name(), info.partition()))
			.filter((partition) -> this.request.filter().includesPartition(partition.partition()))
			.toList();
	}

	private long deadline() {
		return System.nanoTime() + this.cluster.timeout().toNanos();
	}

	/**
	 * Where a dead letter goes.
	 */
	private enum Destination {

		ORIGINAL(""),

		PARKING(""),

		PARKED_ALREADY("it was redriven too often and is parked: allow more redrives"),

		NONE("its headers do not say that it came from the original topic");

		private final String reason;

		Destination(String reason) {
			this.reason = reason;
		}

	}

	/**
	 * A record that is on its way.
	 */
	private record Pending(ConsumerRecord<byte[], byte[]> letter, Destination destination,
			CompletableFuture<Void> acknowledgement) {
	}

}
