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
 * Says that a record is safe: every in-sync replica of its partition has acknowledged it.
 * How many replicas that are at least is the topic's {@code min.insync.replicas}.
 * Immutable.
 *
 * @since 0.1.0
 */
public final class DeliveryReceipt {

	private final RecordMetadata metadata;

	DeliveryReceipt(RecordMetadata metadata) {
		this.metadata = metadata;
	}

	/**
	 * The topic.
	 * @return its name
	 */
	public String topic() {
		return this.metadata.topic();
	}

	/**
	 * The partition.
	 * @return its number, from 0
	 */
	public int partition() {
		return this.metadata.partition();
	}

	/**
	 * Where in the partition the record is.
	 * @return the offset; empty if the broker recognised a retry of a record that it had
	 * written and no longer knew where
	 */
	public OptionalLong offset() {
		return this.metadata.hasOffset() ? OptionalLong.of(this.metadata.offset()) : OptionalLong.empty();
	}

	/**
	 * The record's time, given by the producer or, with log append time, by the broker.
	 * @return {@code null} if the broker did not say
	 */
	public @Nullable Instant timestamp() {
		return this.metadata.hasTimestamp() ? Instant.ofEpochMilli(this.metadata.timestamp()) : null;
	}

	@Override
	public String toString() {
		return this.metadata.toString();
	}

}
