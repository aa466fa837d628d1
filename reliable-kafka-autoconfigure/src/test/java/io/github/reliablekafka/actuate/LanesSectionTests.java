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

package io.github.reliablekafka.actuate;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

import io.github.reliablekafka.sequence.ProducerIdentity;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.sequence.Ticket;
import io.github.reliablekafka.spool.SpoolBacklog;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LanesSection}.
 */
class LanesSectionTests {

	private final AtomicLong ids = new AtomicLong();

	private final ProducerSession session = session("shop-1");

	@Test
	void busiestPartitionIsFirst() throws Exception {
		acknowledge(send(this.session, "orders", 0), 40);
		send(this.session, "orders", 0);
		acknowledge(send(this.session, "orders", 1), 7);
		List<SpoolBacklog.OfLane> onDisk = List.of(new SpoolBacklog.OfLane("orders", 0, 1),
				new SpoolBacklog.OfLane("invoices", -1, 3));
		assertThat(LanesSection.read(List.of(this.session), onDisk)).hasToString("{count=3, lanes=["
				+ "{topic=invoices, partition=-1, withoutOutcome=0, onDisk=3, producers=[]}, "
				+ "{topic=orders, partition=0, withoutOutcome=1, onDisk=1, producers=[{clientId=shop-1, lastNumber=2, lastOffset=40, withoutOutcome=1}]}, "
				+ "{topic=orders, partition=1, withoutOutcome=0, onDisk=0, producers=[{clientId=shop-1, lastNumber=1, lastOffset=7, withoutOutcome=0}]}]}");
	}

	@Test
	void outcomesThatComeInAnotherOrderCount() throws Exception {
		Ticket first = send(this.session, "orders", 0);
		acknowledge(send(this.session, "orders", 0), 41);
		assertThat(this.session.lanes()).singleElement()
			.extracting(ProducerSession.LaneStatus::withoutOutcome)
			.isEqualTo(1L);
		acknowledge(first, 40);
		assertThat(this.session.lanes()).singleElement()
			.extracting(ProducerSession.LaneStatus::withoutOutcome)
			.isEqualTo(0L);
	}

	@Test
	void producerThatIsClosedCountsAsLongAsSomethingIsOpen() throws Exception {
		Ticket open = send(this.session, "orders", 0);
		this.session.close();
		assertThat(LanesSection.read(List.of(this.session), List.of())).containsEntry("count", 1);
		acknowledge(open, 40);
		assertThat(LanesSection.read(List.of(this.session), List.of())).containsEntry("count", 0);
	}

	@Test
	@SuppressWarnings("unchecked")
	void answerHasABoundedSize() throws Exception {
		for (int partition = 0; partition < 1000; partition++) {
			acknowledge(send(this.session, "orders", partition), 1);
		}
		send(this.session, "orders", 777);
		List<ProducerSession> many = IntStream.range(0, 30).mapToObj((number) -> session("shop-" + number)).toList();
		for (ProducerSession one : many) {
			send(one, "orders", 777);
		}
		Map<String, Object> section = LanesSection.read(
				IntStream.range(0, 31).mapToObj((number) -> (number < 30) ? many.get(number) : this.session).toList(),
				List.of());
		assertThat(section).containsEntry("count", 1000);
		List<Map<String, Object>> lanes = (List<Map<String, Object>>) section.get("lanes");
		assertThat(lanes).hasSize(LanesSection.MOST_LANES);
		assertThat(lanes.get(0)).containsEntry("partition", 777).containsEntry("withoutOutcome", 31L);
		assertThat((List<?>) lanes.get(0).get("producers")).hasSize(LanesSection.MOST_PRODUCERS);
	}

	private ProducerSession session(String clientId) {
		return new ProducerSession(new ProducerIdentity("shop", "host", clientId, 0), System::nanoTime,
				this.ids::incrementAndGet, false);
	}

	private static Ticket send(ProducerSession session, String topic, int partition) throws Exception {
		Ticket ticket = session.stamp(topic, partition, 0, 1);
		ticket.appended();
		return ticket;
	}

	private static void acknowledge(Ticket ticket, long offset) {
		ticket.acknowledged(offset);
	}

}
