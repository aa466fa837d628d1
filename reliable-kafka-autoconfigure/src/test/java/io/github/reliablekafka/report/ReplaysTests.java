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

package io.github.reliablekafka.report;

import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

import io.github.reliablekafka.durability.BoundedProducer;
import io.github.reliablekafka.report.SentAgain.Stream;
import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.NumberRanges;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.mockito.Mockito.mock;

/**
 * Tests for {@link Replays}.
 */
class ReplaysTests {

	private static final Stream STREAM = new Stream(Set.of("kafka:9092"), new Lane("orders", 0), 1);

	private static final Map<Long, ProducerRecord<byte[], byte[]>> RECORDS = Map.of(3L,
			new ProducerRecord<>("orders", new byte[1]));

	private final SentAgain sentAgain = new SentAgain();

	private final Replays replays = new Replays(this.sentAgain, Duration.ofSeconds(10));

	private final BoundedProducer forbidden = mock(BoundedProducer.class);

	private final BoundedProducer allowed = mock(BoundedProducer.class);

	@Test
	void whatSomebodyElseIsRefusedCanStillBeSent() throws Exception {
		given(this.allowed.send(any())).willReturn(CompletableFuture.completedFuture(null));
		AtomicReference<Replays.Outcome> meanwhile = new AtomicReference<>();
		given(this.forbidden.send(any())).willAnswer((invocation) -> {
			meanwhile.set(this.replays.send(this.allowed, STREAM, RECORDS));
			return CompletableFuture.failedFuture(new TopicAuthorizationException("orders"));
		});
		Replays.Outcome refused = this.replays.send(this.forbidden, STREAM, RECORDS);
		assertThat(refused.refused()).isEqualTo(NumberRanges.of(3, 3));
		assertThat(meanwhile.get().sent().isEmpty()).isTrue();
		assertThat(meanwhile.get().busy()).isEqualTo(NumberRanges.of(3, 3));
		Replays.Outcome again = this.replays.send(this.allowed, STREAM, RECORDS);
		assertThat(again.sent()).isEqualTo(NumberRanges.of(3, 3));
		Replays.Outcome over = this.replays.send(this.forbidden, STREAM, RECORDS);
		assertThat(over.refusal()).isNull();
		assertThat(over.busy().isEmpty()).isTrue();
	}

}
