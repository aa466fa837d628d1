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
import java.util.List;
import java.util.concurrent.CompletableFuture;

import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.Watermark;
import io.github.reliablekafka.sequence.WatermarkCodec;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;

/**
 * Tells the cluster what the sessions of one board have had acknowledged. A watermark
 * that could not be written is written later, or its successor is: each one replaces the
 * one before.
 */
final class WatermarkPublisher extends AuditLoop {

	private static final Log logger = LogFactory.getLog(WatermarkPublisher.class);

	private static final Duration FIRST_BACKOFF = Duration.ofSeconds(1);

	private static final Duration LAST_BACKOFF = Duration.ofMinutes(1);

	private static final Duration LAST_WORDS_PAUSE = Duration.ofMillis(20);

	private static final Duration LONGEST_TURN = Duration.ofSeconds(1);

	private static final Duration RESTING = Duration.ofHours(1);

	private final SequenceBoard board;

	private final AuditTopic topic;

	private final AuditTopics topics;

	private final AuditClients clients;

	private final Complaints complaints;

	private final Duration pause;

	private final WatermarkStreams streams;

	private @Nullable Uuid topicId;

	private boolean provided;

	// Failures of what was sent before the last failure say nothing new.
	private int attempt;

	private Duration backoff = FIRST_BACKOFF;

	private long notBefore = System.nanoTime();

	WatermarkPublisher(SequenceBoard board, AuditTopic topic, AuditTopics topics, AuditClients clients,
			Complaints complaints, Duration interval, Duration idleAfter) {
		super("publisher");
		this.board = board;
		this.topic = topic;
		this.topics = topics;
		this.clients = clients;
		this.complaints = complaints;
		this.pause = Duration.ofNanos(Math.max(1_000_000, Math.min(idleAfter.toNanos(), interval.toNanos()) / 2));
		this.streams = new WatermarkStreams(interval, idleAfter);
	}

	/**
	 * Look for new sessions.
	 */
	void wake() {
		tell(() -> {
		});
	}

	@Override
	Duration turn() {
		step(false);
		return this.board.sessions().isEmpty() ? RESTING : this.pause;
	}

	private void step(boolean all) {
		long now = System.nanoTime();
		this.streams.collect(this.board.sessions(), now, all);
		if (now - this.notBefore >= 0) {
			List<WatermarkStreams.Stream> due = this.streams.due(now);
			if (!due.isEmpty()) {
				publish(due, now);
			}
		}
		this.streams.dropTold(now, all).forEach(this.board::forget);
	}

	private void publish(List<WatermarkStreams.Stream> due, long now) {
		try {
			provide();
			int sentIn = this.attempt;
			int partitions = this.clients.producer().partitionsFor(this.topic.name()).size();
			for (WatermarkStreams.Stream stream : due) {
				Watermark watermark = stream.send(now);
				ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(this.topic.name(),
						AuditTopic.partition(watermark.lane(), partitions),
						WatermarkCodec.encodeKey(watermark.lane(), watermark.session()),
						WatermarkCodec.encode(watermark));
				try {
					CompletableFuture<Void> unused = this.clients.producer()
						.send(record)
						.whenComplete((done, failure) -> tell(() -> settled(sentIn, stream, failure)));
				}
				catch (RuntimeException ex) {
					stream.settle(false);
					throw ex;
				}
				if (System.nanoTime() - now > LONGEST_TURN.toNanos()) {
					// Each one may wait that long when the cluster is away. The others
					// stay due.
					break;
				}
			}
		}
		catch (InterruptException ex) {
			throw ex;
		}
		catch (KafkaException ex) {
			failed(ex);
		}
	}

	private void provide() {
		if (!this.provided) {
			AuditTopics.Found found = this.topics.provide(this.topic);
			if (this.topicId != null && !this.topicId.equals(found.id())) {
				this.streams.repeat();
			}
			this.topicId = found.id();
			this.provided = true;
		}
	}

	private void settled(int sentIn, WatermarkStreams.Stream stream, @Nullable Throwable failure) {
		if (failure == null) {
			stream.settle(true);
			this.backoff = FIRST_BACKOFF;
			this.complaints.settle(subject());
		}
		else if (failure instanceof RecordTooLargeException) {
			// The next one may be smaller; this one never is.
			stream.settle(true);
			this.complaints.complain("A watermark is too large for topic '%s'".formatted(this.topic.name()),
					"losses of its producer session may stay undecided", failure);
		}
		else {
			stream.settle(false);
			if (sentIn == this.attempt) {
				failed(failure);
			}
		}
	}

	// Whatever it was, the topic may be gone.
	private void failed(Throwable failure) {
		this.attempt++;
		this.provided = false;
		this.complaints.complainOfTopic(subject(), AuditTopics.advice(this.topic), failure);
		if (isClosing()) {
			this.notBefore = System.nanoTime() + LAST_WORDS_PAUSE.toNanos();
		}
		else {
			this.notBefore = System.nanoTime() + this.backoff.toNanos();
			Duration next = this.backoff.multipliedBy(2);
			this.backoff = (next.compareTo(LAST_BACKOFF) < 0) ? next : LAST_BACKOFF;
		}
	}

	private String subject() {
		return "Cannot write to topic '%s'".formatted(this.topic.name());
	}

	@Override
	void lastWords(long deadline) throws InterruptedException {
		this.notBefore = System.nanoTime();
		step(true);
		while (this.streams.untold() > 0 && System.nanoTime() - deadline < 0) {
			takeNotes(LAST_WORDS_PAUSE);
			step(true);
		}
	}

	@Override
	void release() {
		if (this.streams.untold() > 0) {
			logger.warn(("Ended with %d watermarks that are not in topic '%s': of what was sent last, "
					+ "a loss may stay undecided")
				.formatted(this.streams.untold(), this.topic.name()));
		}
	}

}
