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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.durability.RecordHeldException;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeadLetterCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.Stamp;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

import org.springframework.kafka.core.DefaultKafkaProducerFactory;
import org.springframework.kafka.core.KafkaOperations;
import org.springframework.kafka.core.KafkaTemplate;
import org.springframework.kafka.listener.DeadLetterPublishingRecoverer;
import org.springframework.kafka.support.KafkaHeaders;

/**
 * Sends a record to its next retry topic, or to the dead letter topic, with the bytes
 * that it has in Kafka: a template would serialize it anew, if it can. Waits for the
 * acknowledgement for a bounded time, and throws otherwise, so that the record stays
 * where it is. What goes to templates of the application is left to them. Safe for use by
 * many threads.
 */
final class RetryTopicRecoverer extends DeadLetterPublishingRecoverer {

	private static final int LONGEST_HEADER_BYTES = 8 * 1024;

	/**
	 * What the names of the headers of retry topics begin with.
	 */
	private static final String OF_RETRY_TOPICS = "retry_topic-";

	private final DeadLetterClusters clusters;

	private final DeadLetterProperties properties;

	private final DeliveryLedger ledger;

	private final Duration longestDelay;

	RetryTopicRecoverer(Function<ProducerRecord<?, ?>, ? extends @Nullable KafkaOperations<?, ?>> templates,
			BiFunction<ConsumerRecord<?, ?>, Exception, @Nullable TopicPartition> destinations,
			DeadLetterClusters clusters, DeadLetterProperties properties, DeliveryLedger ledger,
			Duration longestDelay) {
		super(templates, destinations);
		this.clusters = clusters;
		this.properties = properties;
		this.ledger = ledger;
		this.longestDelay = longestDelay;
	}

	@Override
	public void accept(ConsumerRecord<?, ?> record, @Nullable Consumer<?, ?> consumer, Exception exception) {
		RecordHeldException.rethrow(exception);
		super.accept(record, consumer, exception);
	}

	@Override
	protected void publish(ProducerRecord<Object, Object> outRecord, KafkaOperations<Object, Object> kafkaTemplate,
			ConsumerRecord<?, ?> inRecord) {
		if (!(kafkaTemplate instanceof OriginalBytes)) {
			// The application's producer takes the number away and gives another one.
			setAside(outRecord.headers(), inRecord.topic(), outRecord.topic());
			super.publish(outRecord, kafkaTemplate, inRecord);
			return;
		}
		ConsumerSession session = ConsumerSession.current();
		if (session == null) {
			throw new KafkaException("%s is not polled by a reliable consumer".formatted(inRecord.topic()));
		}
		boolean deadLetter = outRecord.topic().endsWith(this.properties.suffix());
		boolean written;
		try {
			written = isWritten(outRecord, inRecord, session, deadLetter);
		}
		catch (RuntimeException ex) {
			if (deadLetter) {
				this.ledger.consumption(inRecord.topic(), session.group())
					.post(ConsumptionOutcome.DEAD_LETTER_FAILED, 1);
				this.ledger.deadLetters().post(outRecord.topic(), DeadLetterCounts.Outcome.REFUSED, 1);
			}
			throw ex;
		}
		if (deadLetter) {
			this.ledger.consumption(inRecord.topic(), session.group()).post(ConsumptionOutcome.DEAD_LETTERED, 1);
			this.ledger.deadLetters()
				.post(outRecord.topic(), written ? DeadLetterCounts.Outcome.WRITTEN : DeadLetterCounts.Outcome.SPOOLED,
						1);
		}
		if (!written) {
			this.logger.warn(() -> "Record %s-%d@%d has no attempts left, and its dead letter waits in the spool for %s"
				.formatted(inRecord.topic(), inRecord.partition(), inRecord.offset(), outRecord.topic()));
		}
	}

	// Returns false if a dead letter is in the spool.
	private boolean isWritten(ProducerRecord<Object, Object> outRecord, ConsumerRecord<?, ?> inRecord,
			ConsumerSession session, boolean deadLetter) {
		DeadLetterCluster cluster = this.clusters.of(session.effectiveSettings(), session.maxPollInterval());
		ConsumerRecord<byte[], byte[]> original = cluster.original(inRecord);
		byte[] key = (original != null) ? original.key() : DeadLetterRecoverer.encode(outRecord.key(), null);
		byte[] value = (original != null) ? original.value() : DeadLetterRecoverer.encode(outRecord.value(), null);
		Headers headers = headers((original != null) ? original.headers() : inRecord.headers(), inRecord.headers(),
				outRecord.headers());
		setAside(headers, inRecord.topic(), outRecord.topic());
		shorten(headers);
		return cluster.publish(outRecord.topic(), new TopicPartition(inRecord.topic(), inRecord.partition()), key,
				value, headers, deadLetter ? null : this.longestDelay);
	}

	/**
	 * The headers that a record has in Kafka, and what its failure adds. A deserializer
	 * may have taken some away, for example the one that says the type of JSON: without
	 * it nobody could read the record in its retry topic.
	 * @param inKafka what the record has in Kafka
	 * @param seen what its listener saw
	 * @param published what was seen, with what the failure adds
	 * @return new headers
	 */
	static Headers headers(Headers inKafka, Headers seen, Headers published) {
		Headers headers = new RecordHeaders(inKafka.toArray());
		Set<String> added = new LinkedHashSet<>();
		published.forEach((header) -> {
			if (header.key().startsWith(KafkaHeaders.PREFIX) || header.key().startsWith(OF_RETRY_TOPICS)
					|| seen.lastHeader(header.key()) == null) {
				added.add(header.key());
			}
		});
		added.forEach(headers::remove);
		published.forEach((header) -> {
			if (added.contains(header.key())) {
				headers.add(header);
			}
		});
		return headers;
	}

	/**
	 * Set the number of a record aside. From one retry topic to the next it is there
	 * already: the number that a template gave in between was for a retry topic only.
	 * @param headers are changed
	 * @param from the topic that the record is in
	 * @param to the topic that it goes to
	 */
	static void setAside(Headers headers, String from, String to) {
		if (!isFirst(from, to) && headers.lastHeader(Stamp.ORIGINAL_HEADER) != null) {
			headers.remove(Stamp.HEADER);
			return;
		}
		DeadLetterRecoverer.setAside(headers);
	}

	// Retry topics and dead letter topics have the name of the topic and something
	// behind it; but one that is called by its delay may begin like another one.
	private static boolean isFirst(String from, String to) {
		return to.length() > from.length() && to.startsWith(from) && !Character.isDigit(to.charAt(from.length()));
	}

	private static void shorten(Headers headers) {
		List<Header> all = new ArrayList<>();
		headers.forEach(all::add);
		for (Header header : all) {
			if (header.key().contains("exception") && header.value() != null
					&& header.value().length > LONGEST_HEADER_BYTES) {
				headers.remove(header.key());
				headers.add(header.key(), Arrays.copyOf(header.value(), LONGEST_HEADER_BYTES));
			}
		}
	}

	/**
	 * Stands for a template where Spring Kafka wants one. Nothing is ever sent with it.
	 */
	static final class OriginalBytes extends KafkaTemplate<Object, Object> {

		OriginalBytes() {
			super(new DefaultKafkaProducerFactory<>(Map.of()));
		}

	}

}
