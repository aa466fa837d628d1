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

import java.time.Duration;
import java.util.Map;
import java.util.function.LongSupplier;

import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.MetricName;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.record.AbstractRecords;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.RecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * What a producer can bear.
 *
 * @param blockWhenFull how long to wait for room in the spool
 * @param bufferBytes size of the client's memory
 * @param maxRequestBytes largest record that the client takes
 * @param available how much of the client's memory is free, in bytes
 */
record ClientLimits(Duration blockWhenFull, long bufferBytes, long maxRequestBytes, LongSupplier available) {

	/**
	 * See what a producer can bear.
	 * @param blockWhenFull how long to wait for room in the spool
	 * @param settings all of its settings
	 * @param client the producer
	 * @return its limits
	 */
	static ClientLimits of(Duration blockWhenFull, Map<String, Object> settings, Producer<?, ?> client) {
		long bufferBytes = ((Number) ProducerRules.effective(settings, ProducerConfig.BUFFER_MEMORY_CONFIG))
			.longValue();
		return new ClientLimits(blockWhenFull, bufferBytes,
				((Number) ProducerRules.effective(settings, ProducerConfig.MAX_REQUEST_SIZE_CONFIG)).longValue(),
				available(client, bufferBytes));
	}

	private static LongSupplier available(Producer<?, ?> client, long bufferBytes) {
		for (Map.Entry<MetricName, ? extends Metric> metric : client.metrics().entrySet()) {
			if (metric.getKey().name().equals("buffer-available-bytes")) {
				return () -> (metric.getValue().metricValue() instanceof Number value) ? value.longValue()
						: bufferBytes;
			}
		}
		return () -> bufferBytes;
	}

	/**
	 * Refuse what the client would refuse, before it is promised to anybody.
	 * @param key the key in bytes
	 * @param value the value in bytes
	 * @param headers the headers
	 * @throws RecordTooLargeException if the client does not take so much
	 */
	void requireFits(byte @Nullable [] key, byte @Nullable [] value, Headers headers) {
		int size = AbstractRecords.estimateSizeInBytesUpperBound(RecordBatch.CURRENT_MAGIC_VALUE, CompressionType.NONE,
				key, value, headers.toArray());
		if (size > this.maxRequestBytes || size > this.bufferBytes) {
			boolean request = size > this.maxRequestBytes;
			throw new RecordTooLargeException("The message is %d bytes when serialized which is larger than %d, %s"
				.formatted(size, request ? this.maxRequestBytes : this.bufferBytes,
						"which is the value of the %s configuration.".formatted(request
								? ProducerConfig.MAX_REQUEST_SIZE_CONFIG : ProducerConfig.BUFFER_MEMORY_CONFIG)));
		}
	}

}
