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

package io.github.reliablekafka.sequence;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;

import org.apache.kafka.clients.producer.ProducerInterceptor;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * An interceptor of the application that sees the headers with which records really were
 * sent. The application's own record need not have them, as it may be copied.
 */
public final class SentHeaders implements ProducerInterceptor<Object, Object> {

	private static final String ID = "id";

	private static final Map<String, byte[]> stamps = new ConcurrentHashMap<>();

	static ProducerRecord<String, String> record(String topic, Integer partition, String value) {
		ProducerRecord<String, String> record = new ProducerRecord<>(topic, partition, null, value);
		record.headers().add(ID, value.getBytes(StandardCharsets.UTF_8));
		return record;
	}

	/**
	 * The stamp of a record that was acknowledged.
	 * @param value its value
	 * @param metadata where it is
	 * @return the stamp
	 */
	static Stamp stamp(String value, RecordMetadata metadata) {
		byte[] header = stamps.remove(metadata.topic() + "/" + value);
		return Objects.requireNonNull(Stamp.decode(new Lane(metadata.topic(), metadata.partition()), header));
	}

	@Override
	public void configure(Map<String, ?> settings) {
	}

	@Override
	public ProducerRecord<Object, Object> onSend(ProducerRecord<Object, Object> record) {
		return record;
	}

	@Override
	public void onAcknowledgement(RecordMetadata metadata, Exception exception, Headers headers) {
		Header id = headers.lastHeader(ID);
		Header stamp = headers.lastHeader(Stamp.HEADER);
		if (exception == null && id != null && stamp != null) {
			stamps.put(metadata.topic() + "/" + new String(id.value(), StandardCharsets.UTF_8), stamp.value());
		}
	}

	@Override
	public void close() {
	}

}
