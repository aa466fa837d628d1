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
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

import io.github.reliablekafka.durability.BoundedAdmin;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.ArgumentMatchers.eq;
import static org.mockito.BDDMockito.given;
import static org.mockito.BDDMockito.then;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.times;

/**
 * Tests for {@link RedriveMarks}.
 */
class RedriveMarksTests {

	private final DeadLetterCluster cluster = mock(DeadLetterCluster.class);

	private final BoundedAdmin admin = mock(BoundedAdmin.class);

	private final Uuid id = Uuid.randomUuid();

	private final long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();

	@Test
	void marksOfSeveralTopicsAreReadOnce() {
		given(this.admin.describe(eq("rk-redrive"), anyLong()))
			.willReturn(Optional.of(new TopicDescription("rk-redrive", false, List.of())));
		given(this.cluster.reader(any())).willReturn(consumer(mark("orders-dlt", 0, 4), mark("orders-dlt", 1, 7),
				mark("invoices-dlt", 0, 2), mark("others-dlt", 0, 1), mark("orders-dlt", 0, 5)));
		Map<String, byte[]> all = RedriveMarks.readOf(this.cluster, "rk-redrive", Set.of("orders-dlt", "invoices-dlt"),
				this.admin, this.deadline);
		then(this.cluster).should(times(1)).reader(any());
		assertThat(all).hasSize(3);
		Map<Integer, HandledOffsets> orders = marks("orders-dlt", this.id).decode(3, all);
		assertThat(orders).containsOnlyKeys(0, 1, 2);
		assertThat(orders.get(0)).matches((handled) -> handled.contains(5) && !handled.contains(4));
		assertThat(orders.get(1)).matches((handled) -> handled.contains(7));
		assertThat(orders.get(2)).matches((handled) -> !handled.contains(7));
		assertThat(marks("invoices-dlt", this.id).decode(1, all).get(0)).matches((handled) -> handled.contains(2));
		// It was created again.
		assertThat(marks("orders-dlt", Uuid.randomUuid()).decode(1, all).get(0))
			.matches((handled) -> !handled.contains(5));
	}

	@Test
	void withoutATopicForMarksNothingIsMarked() {
		given(this.admin.describe(eq("rk-redrive"), anyLong())).willReturn(Optional.empty());
		assertThat(RedriveMarks.readOf(this.cluster, "rk-redrive", Set.of("orders-dlt"), this.admin, this.deadline))
			.isEmpty();
		then(this.cluster).should(never()).reader(any());
	}

	private RedriveMarks marks(String topic, Uuid topicId) {
		return new RedriveMarks(this.cluster, "rk-redrive", topic, topicId);
	}

	private Map.Entry<String, HandledOffsets> mark(String topic, int partition, long offset) {
		HandledOffsets handled = new HandledOffsets();
		handled.add(offset);
		return Map.entry("%s/%s/%d".formatted(topic, this.id, partition), handled);
	}

	@SafeVarargs
	private static MockConsumer<byte[], byte[]> consumer(Map.Entry<String, HandledOffsets>... marks) {
		MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
		TopicPartition only = new TopicPartition("rk-redrive", 0);
		consumer.updateBeginningOffsets(Map.of(only, 0L));
		consumer.updateEndOffsets(Map.of(only, (long) marks.length));
		consumer.schedulePollTask(() -> {
			long offset = 0;
			for (Map.Entry<String, HandledOffsets> mark : marks) {
				consumer.addRecord(new ConsumerRecord<>("rk-redrive", 0, offset++,
						mark.getKey().getBytes(StandardCharsets.UTF_8), mark.getValue().encode()));
			}
		});
		return consumer;
	}

}
