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
 *
 * @param topic the topic
 * @param partition the partition, from 0
 * @param offset where in the partition the record is; empty if the broker recognised a
 * retry of a record that it had already written and no longer knew where
 * @param timestamp the record's time, given by the producer or, with log append time, the
 * broker; {@code null} if the broker did not say
 * @since 0.1.0
 */
public record DeliveryReceipt(String topic, int partition, OptionalLong offset, @Nullable Instant timestamp) {

	static DeliveryReceipt of(RecordMetadata metadata) {
		return new DeliveryReceipt(metadata.topic(), metadata.partition(),
				metadata.hasOffset() ? OptionalLong.of(metadata.offset()) : OptionalLong.empty(),
				metadata.hasTimestamp() ? Instant.ofEpochMilli(metadata.timestamp()) : null);
	}

}
