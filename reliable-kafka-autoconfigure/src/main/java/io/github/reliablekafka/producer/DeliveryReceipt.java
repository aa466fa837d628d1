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

import java.time.Instant;
import java.util.OptionalLong;

import org.apache.kafka.clients.producer.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * Says that a record is safe: every in-sync replica of its partition has acknowledged it,
 * or it is on this machine's disk on its way there. How many replicas that are at least
 * is the topic's {@code min.insync.replicas}. Immutable.
 *
 * @since 0.1.0
 */
public final class DeliveryReceipt {

	private final Outcome outcome;

	private final String topic;

	private final int partition;

	private final @Nullable RecordMetadata metadata;

	private DeliveryReceipt(Outcome outcome, String topic, int partition, @Nullable RecordMetadata metadata) {
		this.outcome = outcome;
		this.topic = topic;
		this.partition = partition;
		this.metadata = metadata;
	}

	static DeliveryReceipt delivered(RecordMetadata metadata) {
		return new DeliveryReceipt(Outcome.DELIVERED, metadata.topic(), metadata.partition(), metadata);
	}

	static DeliveryReceipt spooled(String topic, int partition) {
		return new DeliveryReceipt(Outcome.SPOOLED, topic, partition, null);
	}

	/**
	 * Where the record is.
	 * @return what came first
	 */
	public Outcome outcome() {
		return this.outcome;
	}

	/**
	 * The topic.
	 * @return its name
	 */
	public String topic() {
		return this.topic;
	}

	/**
	 * The partition.
	 * @return its number, from 0; negative for a spooled record of whose topic nothing
	 * was known yet
	 */
	public int partition() {
		return this.partition;
	}

	/**
	 * Where in the partition the record is.
	 * @return the offset; empty for a spooled record, and if the broker recognised a
	 * retry of a record that it had written and no longer knew where
	 */
	public OptionalLong offset() {
		RecordMetadata place = this.metadata;
		return (place != null && place.hasOffset()) ? OptionalLong.of(place.offset()) : OptionalLong.empty();
	}

	/**
	 * The record's time, given by the producer or, with log append time, by the broker.
	 * @return {@code null} for a spooled record, and if the broker did not say
	 */
	public @Nullable Instant timestamp() {
		RecordMetadata place = this.metadata;
		return (place != null && place.hasTimestamp()) ? Instant.ofEpochMilli(place.timestamp()) : null;
	}

	@Override
	public String toString() {
		return (this.metadata != null) ? this.metadata.toString()
				: "%s-%d in the spool".formatted(this.topic, this.partition);
	}

	/**
	 * Where a record is safe.
	 */
	public enum Outcome {

		/**
		 * In the cluster, on every in-sync replica.
		 */
		DELIVERED,

		/**
		 * On the disk of this machine. It goes to the cluster from there, after a restart
		 * of the application if need be, behind what was sent to its partition before.
		 */
		SPOOLED

	}

}
