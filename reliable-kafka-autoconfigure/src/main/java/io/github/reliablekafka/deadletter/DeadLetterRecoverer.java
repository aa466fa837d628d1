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

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.durability.ConfiguredClient;
import io.github.reliablekafka.durability.ConsumerSession;
import io.github.reliablekafka.durability.RecordHeldException;
import io.github.reliablekafka.ledger.Consumption;
import io.github.reliablekafka.ledger.ConsumptionOutcome;
import io.github.reliablekafka.ledger.DeadLetterCounts;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.Stamp;
import org.apache.commons.logging.Log;
import org.apache.commons.logging.LogFactory;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.log.LogAccessor;
import org.springframework.kafka.listener.ConsumerAwareRecordRecoverer;
import org.springframework.kafka.listener.DeadLetterRecordManager;
import org.springframework.kafka.support.KafkaHeaders;
import org.springframework.kafka.support.KafkaUtils;
import org.springframework.kafka.support.serializer.DeserializationException;
import org.springframework.kafka.support.serializer.SerializationUtils;

/**
 * Puts a record that cannot be processed into the dead letter topic with the bytes and
 * headers it has in Kafka, its coordinates and the failure, and returns only when the
 * dead letter is acknowledged, or on disk in the spool while the topic does not take it.
 * Throws otherwise: the record's offset then stays where it is, and the record comes
 * again. After a crash between that and the commit the dead letter is there twice. What
 * fails in a dead letter topic itself stays there, as it would otherwise go from one to
 * the next without end. Safe for use by many threads.
 */
final class DeadLetterRecoverer implements ConsumerAwareRecordRecoverer {

	private static final Log logger = LogFactory.getLog(DeadLetterRecoverer.class);

	private static final LogAccessor logAccessor = new LogAccessor(logger);

	private static final int LONGEST_HEADER_BYTES = 8 * 1024;

	private static final List<String> LONG_HEADERS = List.of(KafkaHeaders.DLT_EXCEPTION_MESSAGE,
			KafkaHeaders.DLT_EXCEPTION_STACKTRACE, KafkaHeaders.DLT_KEY_EXCEPTION_MESSAGE,
			KafkaHeaders.DLT_KEY_EXCEPTION_STACKTRACE);

	private final DeadLetterClusters clusters;

	private final DeadLetterProperties properties;

	private final DeliveryLedger ledger;

	private final Map<String, Object> fallbackSettings;

	private final DeadLetterRecordManager headers = new DeadLetterRecordManager();

	/**
	 * Create a recoverer for one listener container.
	 * @param clusters has the producers
	 * @param properties say where to
	 * @param ledger is posted to
	 * @param fallbackSettings the settings of a consumer that does not know its own
	 */
	DeadLetterRecoverer(DeadLetterClusters clusters, DeadLetterProperties properties, DeliveryLedger ledger,
			Map<String, Object> fallbackSettings) {
		this.clusters = clusters;
		this.properties = properties;
		this.ledger = ledger;
		this.fallbackSettings = fallbackSettings;
	}

	@Override
	public void accept(ConsumerRecord<?, ?> record, @Nullable Consumer<?, ?> consumer, @Nullable Exception exception) {
		RecordHeldException.rethrow(exception);
		ConsumerSession session = sessionOf(consumer);
		Consumption consumption = this.ledger.consumption(record.topic(), session.group());
		Exception failure = (exception != null) ? exception : new IllegalStateException("Unknown failure");
		ConsumerSession polled = ConsumerSession.current();
		if (polled != null && polled.isDeadLettered(record)) {
			return;
		}
		if (polled != null && polled.hasDeadLetteredSincePoll()
				&& polled.untilPollOverdue().compareTo(this.properties.longestStay(polled.maxPollInterval())) < 0) {
			throw new KafkaException("No time for %s, or the consumer polls too late: the rest of the batch comes again"
				.formatted(name(record)));
		}
		boolean written;
		try {
			if (isDeadLetter(record)) {
				throw new KafkaException(
						"%s is a dead letter and failed again: it stays where it is".formatted(name(record)), failure);
			}
			written = isWritten(record, session, failure);
		}
		catch (RuntimeException ex) {
			consumption.post(ConsumptionOutcome.DEAD_LETTER_FAILED, 1);
			if (!isDeadLetter(record)) {
				this.ledger.deadLetters().post(topicFor(record), DeadLetterCounts.Outcome.REFUSED, 1);
			}
			throw ex;
		}
		consumption.post(ConsumptionOutcome.DEAD_LETTERED, 1);
		this.ledger.deadLetters()
			.post(topicFor(record), written ? DeadLetterCounts.Outcome.WRITTEN : DeadLetterCounts.Outcome.SPOOLED, 1);
		if (polled != null) {
			polled.deadLettered(record);
		}
		// The dead letter carries the stack trace.
		Throwable cause = NestedExceptionUtils.getMostSpecificCause(failure);
		if (written) {
			logger.warn("%s cannot be processed and is now in %s: %s".formatted(name(record), topicFor(record), cause));
		}
		else {
			logger.warn("%s cannot be processed, and its dead letter waits in the spool for %s: %s"
				.formatted(name(record), topicFor(record), cause));
		}
		logger.debug("The failure", failure);
	}

	// Returns false if the dead letter is in the spool.
	private boolean isWritten(ConsumerRecord<?, ?> record, ConsumerSession session, Exception failure) {
		DeserializationException keyFailure = SerializationUtils.getExceptionFromHeader(record,
				KafkaUtils.KEY_DESERIALIZER_EXCEPTION_HEADER, logAccessor);
		DeserializationException valueFailure = SerializationUtils.getExceptionFromHeader(record,
				KafkaUtils.VALUE_DESERIALIZER_EXCEPTION_HEADER, logAccessor);
		DeadLetterCluster cluster = this.clusters.of(session.effectiveSettings(), session.maxPollInterval());
		ConsumerRecord<byte[], byte[]> original = cluster.original(record);
		byte[] key = (original != null) ? original.key() : encode(record.key(), keyFailure);
		byte[] value = (original != null) ? original.value() : encode(record.value(), valueFailure);
		Headers deadLetterHeaders = new RecordHeaders(
				((original != null) ? original.headers() : record.headers()).toArray());
		setAside(deadLetterHeaders);
		this.headers.addAndEnhanceHeaders(record, failure, valueFailure, keyFailure, deadLetterHeaders);
		LONG_HEADERS.forEach((name) -> shorten(deadLetterHeaders, name));
		if (deadLetterHeaders.lastHeader(KafkaHeaders.DLT_ORIGINAL_CONSUMER_GROUP) == null) {
			deadLetterHeaders.add(KafkaHeaders.DLT_ORIGINAL_CONSUMER_GROUP,
					session.group().getBytes(StandardCharsets.UTF_8));
		}
		return cluster.publish(topicFor(record), new TopicPartition(record.topic(), record.partition()), key, value,
				deadLetterHeaders, null);
	}

	private static String name(ConsumerRecord<?, ?> record) {
		return "Record %s-%d@%d".formatted(record.topic(), record.partition(), record.offset());
	}

	private boolean isDeadLetter(ConsumerRecord<?, ?> record) {
		return record.topic().endsWith(this.properties.suffix());
	}

	private String topicFor(ConsumerRecord<?, ?> record) {
		return record.topic() + this.properties.suffix();
	}

	private ConsumerSession sessionOf(@Nullable Consumer<?, ?> consumer) {
		if (consumer instanceof ConfiguredClient configured) {
			return new ConsumerSession(configured.effectiveSettings());
		}
		ConsumerSession current = ConsumerSession.current();
		return (current != null) ? current : new ConsumerSession(this.fallbackSettings);
	}

	// For a key or value whose record is no longer in its topic.
	static byte @Nullable [] encode(@Nullable Object object, @Nullable DeserializationException failure) {
		if (failure != null) {
			return failure.getData();
		}
		if (object == null) {
			return null;
		}
		if (object instanceof byte[] bytes) {
			return bytes;
		}
		if (object instanceof String string) {
			return string.getBytes(StandardCharsets.UTF_8);
		}
		throw new KafkaException("The record is no longer in its topic, and a %s cannot be turned into its bytes"
			.formatted(object.getClass().getName()));
	}

	// The number was given for another topic, where a reader would miss it.
	static void setAside(Headers headers) {
		Header stamp = headers.lastHeader(Stamp.HEADER);
		if (stamp != null) {
			headers.remove(Stamp.HEADER);
			headers.remove(Stamp.ORIGINAL_HEADER);
			headers.add(Stamp.ORIGINAL_HEADER, stamp.value());
		}
	}

	private static void shorten(Headers headers, String name) {
		Header header = headers.lastHeader(name);
		if (header != null && header.value() != null && header.value().length > LONGEST_HEADER_BYTES) {
			headers.remove(name);
			headers.add(name, Arrays.copyOf(header.value(), LONGEST_HEADER_BYTES));
		}
	}

}
