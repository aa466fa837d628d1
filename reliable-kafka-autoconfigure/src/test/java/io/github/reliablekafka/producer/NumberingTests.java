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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.Stamp;
import io.github.reliablekafka.sequence.Ticket;
import io.github.reliablekafka.sequence.Watermark;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Numbering}.
 */
class NumberingTests {

	private static final Uuid ORDERS = new Uuid(1, 2);

	private static final Uuid PAYMENTS = new Uuid(3, 4);

	private final AtomicLong ids = new AtomicLong(100);

	private final ProducerSession session = new ProducerSession(new ProducerIdentity("shop", "node", "p-1", 1),
			System::nanoTime, this.ids::incrementAndGet, false);

	private final Numbering numbering = new Numbering(this.session, "p-1", Duration.ofSeconds(5));

	@Test
	void numbersOfSeveralTopicsAreAboutTheirOwnTopic() {
		Cluster cluster = cluster(Map.of("orders", ORDERS, "payments", PAYMENTS));
		for (int i = 0; i < 3; i++) {
			number("orders", cluster);
			number("payments", cluster);
		}
		assertThat(topics()).containsExactlyInAnyOrderEntriesOf(
				Map.of("orders-0 of 101", hash(ORDERS), "payments-0 of 101", hash(PAYMENTS)));
	}

	@Test
	void topicThatWasCreatedAgainIsNoticedWithTheNextLook() {
		number("orders", cluster(Map.of("orders", Uuid.ZERO_UUID)));
		assertThat(topics()).containsExactly(Map.entry("orders-0 of 101", 0));
		number("orders", cluster(Map.of("orders", ORDERS)));
		assertThat(topics()).containsExactly(Map.entry("orders-0 of 101", hash(ORDERS)));
		Uuid other = new Uuid(5, 7);
		number("orders", cluster(Map.of("orders", other)));
		assertThat(topics()).containsEntry("orders-0 of 102", hash(other));
	}

	@Test
	void partitionsAreKnownAfterTheFirstRecord() {
		assertThat(this.numbering.isBehindKnown("orders", 2)).isFalse();
		number("orders", cluster(Map.of("orders", ORDERS)));
		assertThat(this.numbering.isBehindKnown("orders", 1)).isFalse();
		assertThat(this.numbering.isBehindKnown("orders", 2)).isTrue();
		assertThat(this.numbering.isBehindKnown("payments", 2)).isFalse();
		this.numbering.learn("orders", 3);
		number("orders", cluster(Map.of("orders", ORDERS)));
		assertThat(this.numbering.isBehindKnown("orders", 2)).isFalse();
	}

	private void number(String topic, Cluster cluster) {
		Ticket ticket = Objects.requireNonNull(this.numbering.stamp(topic, 0, cluster, System.nanoTime()));
		ticket.appended();
	}

	private Map<String, Integer> topics() {
		return this.session.takeWatermarks()
			.stream()
			.collect(Collectors.toMap((watermark) -> watermark.lane() + " of " + watermark.session(),
					NumberingTests::topicIdHash));
	}

	private static int topicIdHash(Watermark watermark) {
		return watermark.claim().topicIdHash();
	}

	private static int hash(Uuid id) {
		return Stamp.topicIdHash(id.getMostSignificantBits(), id.getLeastSignificantBits());
	}

	private static Cluster cluster(Map<String, Uuid> topics) {
		Node[] nodes = { new Node(1, "localhost", 1) };
		List<PartitionInfo> partitions = new ArrayList<>();
		for (String topic : topics.keySet()) {
			partitions.add(new PartitionInfo(topic, 0, nodes[0], nodes, nodes));
			partitions.add(new PartitionInfo(topic, 1, nodes[0], nodes, nodes));
		}
		return new Cluster("cluster", List.of(nodes), partitions, Set.of(), Set.of(), Set.of(), nodes[0], topics);
	}

}
