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

package io.github.reliablekafka.producer;

import io.github.reliablekafka.ledger.Delivery;
import io.github.reliablekafka.ledger.DeliveryLedger;
import io.github.reliablekafka.sequence.NumberOutcomes;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Ticket;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.RecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * A record on its way through a producer, which gets a number between two points: its
 * partition is known, and it is not yet appended. Kafka lets the partitioner in there,
 * and nobody else. Therefore a record with a partition of its own goes through the
 * partitioner as well, unless its topic had fewer when the client looked: then Kafka has
 * to find out whether the partition exists by now.
 * <p>
 * What happens within {@code send} happens on the sending thread; the outcome may come
 * from any.
 */
abstract class NumberedDelivery extends Delivery {

	private static final int NONE = -1;

	private static final ThreadLocal<@Nullable NumberedDelivery> current = new ThreadLocal<>();

	private final @Nullable Numbering numbering;

	/**
	 * {@code null} if the record is not being sent any more. Read by other threads, which
	 * find another thread in it than themselves.
	 */
	private @Nullable Sending sending;

	private int givenPartition = NONE;

	/**
	 * Where to tell the outcome; {@code null} without a number.
	 */
	private @Nullable NumberOutcomes outcomes;

	private long number;

	NumberedDelivery(DeliveryLedger ledger, String topic, @Nullable Numbering numbering) {
		super(ledger, topic);
		this.numbering = numbering;
	}

	/**
	 * The record that a thread is sending.
	 * @param clientId of the producer that asks
	 * @return {@code null} if it is sending none, or another producer's
	 */
	static @Nullable NumberedDelivery current(@Nullable Object clientId) {
		NumberedDelivery delivery = current.get();
		return (delivery != null && delivery.numbering != null && delivery.numbering.isOf(clientId)) ? delivery : null;
	}

	final void begin() {
		if (this.numbering == null) {
			this.sending = new Sending(null);
			return;
		}
		this.sending = new Sending(current.get());
		current.set(this);
	}

	/**
	 * The record was appended, or has failed.
	 * @return the topic, if its partitions are worth looking up
	 */
	final @Nullable String end() {
		Sending sent = sending();
		this.sending = null;
		if (this.numbering == null) {
			return null;
		}
		current.set(sent.outer);
		if (sent.ticket != null) {
			sent.ticket.appended();
		}
		return sent.unknownTopic;
	}

	final boolean isBeingSent() {
		Sending present = this.sending;
		return present != null && present.thread == Thread.currentThread();
	}

	/**
	 * The last look at a record before it is serialized.
	 * @param <K> the type of its key
	 * @param <V> the type of its value
	 * @param record what the interceptors made of it
	 * @return what to send
	 */
	final <K, V> ProducerRecord<K, V> prepare(ProducerRecord<K, V> record) {
		Integer partition = record.partition();
		boolean behind = partition != null && numbering().isBehindKnown(record.topic(), partition);
		boolean withheld = partition != null && !behind;
		ProducerRecord<K, V> prepared = (withheld || !isWritable(record)) ? copy(record, behind ? partition : null)
				: record;
		if (prepared.headers().lastHeader(Stamp.HEADER) != null) {
			prepared.headers().remove(Stamp.HEADER);
		}
		Sending sending = sending();
		sending.headers = prepared.headers();
		sending.prepared = record;
		if (partition == null) {
			return prepared;
		}
		if (withheld) {
			this.givenPartition = partition;
			return prepared;
		}
		try {
			sending.unknownTopic = record.topic();
			stamp(record.topic(), partition, null);
			return prepared;
		}
		catch (RuntimeException ex) {
			// An interceptor cannot make the send fail, a partitioner can.
			sending.failure = ex;
			return copy(prepared, null);
		}
	}

	/**
	 * The partition that the record was given before it came to the partitioner.
	 * @param topic the topic
	 * @param cluster says what exists
	 * @return -1 if it was given none
	 */
	final int givenPartition(String topic, Cluster cluster) {
		RuntimeException failure = sending().failure;
		if (failure != null) {
			throw failure;
		}
		if (this.givenPartition != NONE && this.givenPartition >= cluster.partitionCountForTopic(topic)) {
			// The client looks again for the next one.
			numbering().learn(topic, cluster.partitionCountForTopic(topic));
			throw new TimeoutException("Partition %d of topic %s with partition count %d is not present in metadata"
				.formatted(this.givenPartition, topic, cluster.partitionCountForTopic(topic)));
		}
		return this.givenPartition;
	}

	/**
	 * Give the record a number.
	 * @param topic the topic
	 * @param partition the partition that it goes to
	 * @param cluster knows the topic's id; {@code null} if it is not at hand
	 */
	final void stamp(String topic, int partition, @Nullable Cluster cluster) {
		Sending sending = sending();
		Headers target = sending.headers;
		sending.headers = null;
		// Without headers the interceptor was not called, or the record has its number.
		if (target != null && this.outcomes == null) {
			Ticket given = numbering().stamp(topic, partition, cluster, acceptedAt());
			if (given != null) {
				sending.ticket = given;
				number(given);
				target.add(Stamp.HEADER, given.takeHeader());
			}
		}
	}

	/**
	 * The record has its partition and its number, and is about to be appended.
	 * @param topic its topic
	 * @param partition its partition
	 * @param key its key in bytes
	 * @param value its value in bytes
	 * @param headers its headers
	 */
	abstract void placed(String topic, int partition, byte @Nullable [] key, byte @Nullable [] value, Headers headers);

	/**
	 * The record as the interceptors made it.
	 * @return {@code null} if it is not being sent
	 */
	final @Nullable ProducerRecord<?, ?> prepared() {
		Sending present = this.sending;
		return (present != null) ? present.prepared : null;
	}

	final void prepared(ProducerRecord<?, ?> record) {
		sending().prepared = record;
	}

	/**
	 * The record got its number after it was handed over.
	 * @param given the number
	 */
	final synchronized void number(Ticket given) {
		this.outcomes = given.outcomes();
		this.number = given.number();
	}

	/**
	 * Where to tell the outcome of the record's number.
	 * @return {@code null} if it has none
	 */
	final @Nullable NumberOutcomes outcomes() {
		return this.outcomes;
	}

	/**
	 * The headers of the record as it is serialized.
	 * @return {@code null} if they are not known
	 */
	final @Nullable Headers headers() {
		Sending present = this.sending;
		return (present != null) ? present.headers : null;
	}

	/**
	 * The client has said what became of the record. To be called before anybody else is
	 * told, because they may send.
	 * @param metadata where it is
	 * @param exception why it failed
	 * @return where it is, or would have been
	 */
	final @Nullable RecordMetadata settle(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
		Numbering numbering = this.numbering;
		if (numbering == null) {
			return metadata;
		}
		boolean synchronous = isBeingSent();
		if (!synchronous) {
			numbering.calledBack();
		}
		if (synchronous && exception != null) {
			thrown();
		}
		else {
			tell(metadata, exception);
		}
		if (metadata != null && metadata.partition() == NONE && this.givenPartition != NONE) {
			return new RecordMetadata(new TopicPartition(metadata.topic(), this.givenPartition), -1, -1,
					RecordBatch.NO_TIMESTAMP, -1, -1);
		}
		return metadata;
	}

	/**
	 * The client threw an exception instead of appending the record.
	 */
	final void thrown() {
		Sending sending = sending();
		Ticket ticket = sending.ticket;
		sending.ticket = null;
		sending.unknownTopic = null;
		if (ticket != null) {
			takeBack(ticket);
		}
	}

	private synchronized void takeBack(Ticket ticket) {
		this.outcomes = null;
		try {
			if (mayReuseNumber()) {
				ticket.rollBack();
			}
			else {
				ticket.failed();
			}
		}
		finally {
			ticket.appended();
		}
	}

	// Not of a number that is another's by now.
	private synchronized void tell(@Nullable RecordMetadata metadata, @Nullable Exception exception) {
		NumberOutcomes present = this.outcomes;
		if (present != null && exception != null) {
			present.failed(this.number);
		}
		else if (present != null && metadata != null) {
			present.acknowledged(this.number, metadata.hasOffset() ? metadata.offset() : -1);
		}
	}

	/**
	 * Whether the number of a record that was not appended can be another's.
	 * @return {@code false} if the record may be found with its number nevertheless
	 */
	abstract boolean mayReuseNumber();

	private Sending sending() {
		Sending present = this.sending;
		if (present == null) {
			throw new IllegalStateException("Not being sent");
		}
		return present;
	}

	private Numbering numbering() {
		Numbering present = this.numbering;
		if (present == null) {
			throw new IllegalStateException("Not numbered");
		}
		return present;
	}

	private static boolean isWritable(ProducerRecord<?, ?> record) {
		// A subclass may have headers that are not those that Kafka reads later.
		return record.getClass() == ProducerRecord.class && record.headers() instanceof RecordHeaders headers
				&& !headers.isReadOnly();
	}

	private static <K, V> ProducerRecord<K, V> copy(ProducerRecord<K, V> record, @Nullable Integer partition) {
		return new ProducerRecord<>(record.topic(), partition, record.timestamp(), record.key(), record.value(),
				record.headers());
	}

	/**
	 * What is known of a record only until {@code send} returns. Apart from what lives
	 * until the acknowledgement, because that is copied by the collector again and again.
	 */
	private static final class Sending {

		private final Thread thread = Thread.currentThread();

		/**
		 * The record whose callback, interceptor or serializer sends this one.
		 */
		private final @Nullable NumberedDelivery outer;

		private @Nullable Headers headers;

		private @Nullable Ticket ticket;

		private @Nullable RuntimeException failure;

		/**
		 * The topic of whose partitions too little is known.
		 */
		private @Nullable String unknownTopic;

		/**
		 * As the interceptors made it.
		 */
		private @Nullable ProducerRecord<?, ?> prepared;

		Sending(@Nullable NumberedDelivery outer) {
			this.outer = outer;
		}

	}

}
