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
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

import io.github.reliablekafka.sequence.AcknowledgedRecords.Numbered;
import io.github.reliablekafka.testing.KafkaProbe;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * What a topic and the topic of watermarks have after all faults: the values of the
 * records, and how much of each session is claimed somewhere. Nobody can know of a record
 * that is gone without a claim.
 */
final class SurvivingClaims {

	final Set<String> values = new HashSet<>();

	private final Map<Stream, Long> claimed = new HashMap<>();

	SurvivingClaims(KafkaProbe probe, String topic) {
		for (ConsumerRecord<byte[], byte[]> record : probe.records(topic)) {
			this.values.add(new String(record.value(), StandardCharsets.UTF_8));
			Header header = record.headers().lastHeader(Stamp.HEADER);
			Stamp stamp = Stamp.decode(new Lane(topic, record.partition()), header.value());
			if (stamp.anchor() != null) {
				add(stamp.session(), record.partition(), stamp.anchor());
			}
		}
		for (ConsumerRecord<byte[], byte[]> record : probe.records("rk-audit")) {
			Watermark watermark = WatermarkCodec.decode(record.key(), record.value());
			if (watermark != null && watermark.lane().topic().equals(topic)) {
				add(watermark.session(), watermark.lane().partition(), watermark.claim());
			}
		}
	}

	private void add(long session, int partition, Claim claim) {
		this.claimed.merge(new Stream(session, partition), claim.acknowledged(), Math::max);
	}

	boolean isClaimed(Numbered record) {
		return this.claimed.getOrDefault(new Stream(record.session(), record.partition()), 0L) >= record.number();
	}

	private record Stream(long session, int partition) {

	}

}
