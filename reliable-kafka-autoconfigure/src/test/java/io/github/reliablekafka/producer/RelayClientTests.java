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
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RelayClient}.
 */
class RelayClientTests {

	@Test
	void whatIsOnDiskIsSentSafelyWhateverRisksTheApplicationAccepts() {
		RelayClient client = new RelayClient(
				Map.of("bootstrap.servers", "localhost:1", "acks", "1", "enable.idempotence", "false", "retries", "0",
						"max.in.flight.requests.per.connection", "5", "linger.ms", "7"),
				() -> null, (complete) -> {
					Map<String, Object> all = new HashMap<>(complete);
					all.put("key.serializer", ByteArraySerializer.class);
					all.put("value.serializer", ByteArraySerializer.class);
					ProducerConfig checked = new ProducerConfig(all);
					assertThat(List.of(checked.getString("acks"), checked.getBoolean("enable.idempotence"),
							checked.getInt("retries"), checked.getInt("max.in.flight.requests.per.connection"),
							checked.getLong("linger.ms")))
						.isEqualTo(List.of("-1", true, Integer.MAX_VALUE, 1, 7L));
					return new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
				});
		assertThat(client.partitionsFor("orders")).isEmpty();
		client.close(Duration.ZERO);
	}

}
