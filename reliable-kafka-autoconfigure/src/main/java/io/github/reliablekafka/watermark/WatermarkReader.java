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

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.Watermark;
import io.github.reliablekafka.sequence.WatermarkCodec;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;

/**
 * Reads what producers tell about the lanes that are watched on one board, from the
 * beginning of the control partitions that they are in, and follows. A control partition
 * is read again when another of its lanes is watched, and when its topic was created
 * anew. Keeps nothing itself; the board gets at most {@value #KEPT_SESSIONS} sessions of
 * a lane, those that started last.
 */
final class WatermarkReader extends AuditLoop {

	static final int KEPT_SESSIONS = 10_000;

	private static final Duration POLL = Duration.ofMillis(500);

	private static final Duration RESTING = Duration.ofHours(1);

	private static final Duration LOOK_AGAIN = Duration.ofMinutes(3);

	private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);

	private static final Duration LAST_BACKOFF = Duration.ofMinutes(1);

	private final SequenceBoard board;

	private final AuditTopic topic;

	private final AuditTopics topics;

	private final AuditClients clients;

	private final Complaints complaints;

	private final BiConsumer<String, Integer> topicIds;

	private final Set<Lane> fresh = new HashSet<>();

	private volatile @Nullable Consumer<byte[], byte[]> consumer;

	private AuditTopics.@Nullable Found found;

	private Duration backoff = FIRST_BACKOFF;

	private long failedAt = System.nanoTime() - LAST_BACKOFF.toNanos();

	private long lookAt;

	private Set<TopicPartition> assigned = Set.of();

	/**
	 * Create a reader that has nothing to read.
	 * @param board asks for watermarks and gets them
	 * @param topic where they are
	 * @param topics finds it
	 * @param clients makes a consumer
	 * @param complaints takes complaints
	 * @param topicIds is told the name of a topic and the hash of the topic id that a
	 * producer has seen
	 */
	WatermarkReader(SequenceBoard board, AuditTopic topic, AuditTopics topics, AuditClients clients,
			Complaints complaints, BiConsumer<String, Integer> topicIds) {
		super("reader");
		this.board = board;
		this.topic = topic;
		this.topics = topics;
		this.clients = clients;
		this.complaints = complaints;
		this.topicIds = topicIds;
	}

	/**
	 * Read what there is about a lane.
	 * @param lane a lane that is watched since just now
	 */
	void watch(Lane lane) {
		tell(() -> this.fresh.add(lane));
		Consumer<byte[], byte[]> polling = this.consumer;
		if (polling != null) {
			polling.wakeup();
		}
	}

	@Override
	Duration turn() {
		Set<Lane> watched = this.board.watched();
		try {
			if (watched.isEmpty()) {
				stopReading();
				return RESTING;
			}
			if (!look()) {
				return backOff();
			}
			boolean heard = follow(watched);
			// A broker that is slow to refuse looks like one that has nothing to say.
			if (heard || System.nanoTime() - this.failedAt >= LAST_BACKOFF.toNanos()) {
				this.complaints.settle(subject());
				this.backoff = FIRST_BACKOFF;
			}
			return Duration.ZERO;
		}
		catch (WakeupException ex) {
			return Duration.ZERO;
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (KafkaException ex) {
			this.complaints.complainOfTopic(subject(), AuditTopics.advice(this.topic), ex);
			this.failedAt = System.nanoTime();
			stopReading();
			return backOff();
		}
	}

	private Duration backOff() {
		Duration now = this.backoff;
		Duration next = now.multipliedBy(2);
		this.backoff = (next.compareTo(LAST_BACKOFF) < 0) ? next : LAST_BACKOFF;
		return now;
	}

	// Whether the topic is there. A topic of the same name with another id has nothing to
	// do with the offsets of the one before.
	private boolean look() {
		long now = System.nanoTime();
		if (this.found != null && now - this.lookAt < 0) {
			return true;
		}
		Optional<AuditTopics.Found> present = this.topics.find(this.topic);
		if (present.isEmpty()) {
			stopReading();
			this.complaints.remark("Topic '%s' does not exist".formatted(this.topic.name()),
					"the first producer creates it");
			return false;
		}
		this.complaints.settle("Topic '%s' does not exist".formatted(this.topic.name()));
		if (!present.get().equals(this.found)) {
			stopReading();
			this.found = present.get();
		}
		this.lookAt = now + LOOK_AGAIN.toNanos();
		return true;
	}

	private boolean follow(Set<Lane> watched) {
		Consumer<byte[], byte[]> reading = this.consumer;
		if (reading == null) {
			reading = this.clients.consumer();
			this.consumer = reading;
		}
		Set<TopicPartition> needed = new HashSet<>();
		watched.forEach((lane) -> needed.add(controlPartition(lane)));
		Set<TopicPartition> again = new HashSet<>();
		this.fresh.forEach((lane) -> again.add(controlPartition(lane)));
		again.retainAll(needed);
		if (!needed.equals(this.assigned)) {
			needed.stream().filter((partition) -> !this.assigned.contains(partition)).forEach(again::add);
			reading.assign(needed);
			this.assigned = needed;
		}
		if (!again.isEmpty()) {
			reading.seekToBeginning(again);
		}
		this.fresh.clear();
		ConsumerRecords<byte[], byte[]> records = reading.poll(POLL);
		records.forEach((record) -> read(record, watched));
		return !records.isEmpty();
	}

	private TopicPartition controlPartition(Lane lane) {
		int partitions = (this.found != null) ? this.found.partitions() : 1;
		return new TopicPartition(this.topic.name(), AuditTopic.partition(lane, partitions));
	}

	private void read(ConsumerRecord<byte[], byte[]> record, Set<Lane> watched) {
		WatermarkCodec.Key key = WatermarkCodec.decodeKey(record.key());
		if (key == null || !watched.contains(key.lane())) {
			return;
		}
		if (record.value() == null) {
			this.board.retire(key.lane(), key.session());
			return;
		}
		Watermark watermark = WatermarkCodec.decode(record.key(), record.value());
		if (watermark != null) {
			makeRoom(watermark);
			this.board.post(watermark);
			this.topicIds.accept(key.lane().topic(), watermark.claim().topicIdHash());
		}
	}

	// Sessions leave no trace when they are long over, so there may be many.
	private void makeRoom(Watermark watermark) {
		Map<Long, Watermark> kept = this.board.watermarks(watermark.lane());
		if (kept.size() < KEPT_SESSIONS || kept.containsKey(watermark.session())) {
			return;
		}
		this.complaints.complain(
				"More than %d producer sessions have written to %s".formatted(KEPT_SESSIONS, watermark.lane()),
				"what the oldest of them have told is not used, so losses of them may stay undecided", null);
		List<Watermark> oldest = new ArrayList<>(new HashMap<>(kept).values());
		oldest.sort(Comparator.comparing(Watermark::closed, Comparator.reverseOrder())
			.thenComparing((candidate) -> candidate.producer().startedAt()));
		oldest.subList(0, KEPT_SESSIONS / 10)
			.forEach((candidate) -> this.board.retire(candidate.lane(), candidate.session()));
	}

	private String subject() {
		return "Cannot read topic '%s'".formatted(this.topic.name());
	}

	private void stopReading() {
		Consumer<byte[], byte[]> last = this.consumer;
		this.consumer = null;
		this.found = null;
		this.assigned = Set.of();
		if (last != null) {
			last.close(CloseOptions.timeout(Duration.ZERO));
		}
	}

	@Override
	void release() {
		stopReading();
	}

}
