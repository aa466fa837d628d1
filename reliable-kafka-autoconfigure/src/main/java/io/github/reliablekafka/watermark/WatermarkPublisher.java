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
import java.util.concurrent.Future;

import io.github.reliablekafka.sequence.SequenceBoard;
import io.github.reliablekafka.sequence.Watermark;
import io.github.reliablekafka.sequence.WatermarkCodec;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
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

	private static final Duration RESTING = Duration.ofHours(1);

	private final SequenceBoard board;

	private final AuditTopic topic;

	private final AuditTopics topics;

	private final AuditClients clients;

	private final Complaints complaints;

	private final Duration pause;

	private final WatermarkStreams streams;

	private @Nullable Producer<byte[], byte[]> producer;

	private @Nullable Uuid topicId;

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
			Producer<byte[], byte[]> current = producer();
			int partitions = current.partitionsFor(this.topic.name()).size();
			for (WatermarkStreams.Stream stream : due) {
				Watermark watermark = stream.send(now);
				ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(this.topic.name(),
						AuditTopic.partition(watermark.lane(), partitions),
						WatermarkCodec.encodeKey(watermark.lane(), watermark.session()),
						WatermarkCodec.encode(watermark));
				try {
					// The callback has the outcome.
					Future<RecordMetadata> unused = current.send(record,
							(metadata, failure) -> tell(() -> settled(current, stream, failure)));
				}
				catch (RuntimeException ex) {
					stream.settle(false);
					throw ex;
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

	private Producer<byte[], byte[]> producer() {
		if (this.producer == null) {
			AuditTopics.Found found = this.topics.provide(this.topic);
			if (this.topicId != null && !this.topicId.equals(found.id())) {
				this.streams.repeat();
			}
			this.topicId = found.id();
			this.producer = this.clients.producer();
		}
		return this.producer;
	}

	private void settled(Producer<byte[], byte[]> sender, WatermarkStreams.Stream stream, @Nullable Exception failure) {
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
			if (sender == this.producer) {
				failed(failure);
			}
		}
	}

	// Whatever it was, the topic may be gone and the producer may be of no more use.
	private void failed(Exception failure) {
		this.complaints.complain(subject(), AuditTopics.advice(this.topic), failure);
		if (isClosing()) {
			this.notBefore = System.nanoTime() + LAST_WORDS_PAUSE.toNanos();
		}
		else {
			this.notBefore = System.nanoTime() + this.backoff.toNanos();
			Duration next = this.backoff.multipliedBy(2);
			this.backoff = (next.compareTo(LAST_BACKOFF) < 0) ? next : LAST_BACKOFF;
		}
		closeProducer(Duration.ZERO);
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
		closeProducer(Duration.ZERO);
		if (this.streams.untold() > 0) {
			logger.warn(("Ended with %d watermarks that are not in topic '%s': of what was sent last, "
					+ "a loss may stay undecided")
				.formatted(this.streams.untold(), this.topic.name()));
		}
	}

	private void closeProducer(Duration timeout) {
		Producer<byte[], byte[]> last = this.producer;
		this.producer = null;
		if (last != null) {
			last.close(timeout);
		}
	}

}
