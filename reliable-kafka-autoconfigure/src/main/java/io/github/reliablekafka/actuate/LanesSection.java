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

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.github.reliablekafka.sequence.Lane;
import io.github.reliablekafka.sequence.ProducerSession;
import io.github.reliablekafka.spool.SpoolBacklog;

/**
 * The partitions that records are sent to, those with most records on their way first,
 * for the endpoint. However many partitions there are, the answer has a bounded size.
 */
final class LanesSection {

	/**
	 * Most partitions in one answer.
	 */
	static final int MOST_LANES = 200;

	/**
	 * Most producers of one partition.
	 */
	static final int MOST_PRODUCERS = 10;

	private static final Comparator<Entry> BUSIEST = Comparator.comparingLong(Entry::onTheWay)
		.reversed()
		.thenComparing((entry) -> entry.lane.topic())
		.thenComparing((entry) -> entry.lane.partition());

	private LanesSection() {
	}

	/**
	 * Describe the partitions.
	 * @param sessions those who number records
	 * @param onDisk what is in the spool
	 * @return to be shown
	 */
	static Map<String, Object> read(Collection<ProducerSession> sessions, List<SpoolBacklog.OfLane> onDisk) {
		Map<Lane, Entry> entries = new LinkedHashMap<>();
		for (ProducerSession session : sessions) {
			for (ProducerSession.LaneStatus status : session.lanes()) {
				// One that is over says something only as long as something is open.
				if (!session.isClosed() || status.withoutOutcome() > 0) {
					entries.computeIfAbsent(status.lane(), Entry::new).producers.add(status);
				}
			}
		}
		for (SpoolBacklog.OfLane lane : onDisk) {
			entries.computeIfAbsent(new Lane(lane.topic(), lane.partition()), Entry::new).onDisk += lane.records();
		}
		Map<String, Object> section = new LinkedHashMap<>();
		section.put("count", entries.size());
		section.put("lanes",
				entries.values().stream().sorted(BUSIEST).limit(MOST_LANES).map(LanesSection::describe).toList());
		return section;
	}

	private static Map<String, Object> describe(Entry entry) {
		Map<String, Object> map = new LinkedHashMap<>();
		map.put("topic", entry.lane.topic());
		map.put("partition", entry.lane.partition());
		map.put("withoutOutcome", entry.withoutOutcome());
		map.put("onDisk", entry.onDisk);
		map.put("producers",
				entry.producers.stream()
					.sorted(Comparator.comparingLong(ProducerSession.LaneStatus::withoutOutcome).reversed())
					.limit(MOST_PRODUCERS)
					.map(LanesSection::describe)
					.toList());
		return map;
	}

	private static Map<String, Object> describe(ProducerSession.LaneStatus status) {
		Map<String, Object> map = new LinkedHashMap<>();
		map.put("clientId", status.clientId());
		map.put("lastNumber", status.lastNumber());
		map.put("lastOffset", status.lastOffset());
		map.put("withoutOutcome", status.withoutOutcome());
		return map;
	}

	/**
	 * A partition.
	 */
	private static final class Entry {

		private final Lane lane;

		private final List<ProducerSession.LaneStatus> producers = new ArrayList<>();

		private long onDisk;

		private Entry(Lane lane) {
			this.lane = lane;
		}

		private long withoutOutcome() {
			return this.producers.stream().mapToLong(ProducerSession.LaneStatus::withoutOutcome).sum();
		}

		// What is on disk may be in flight, too.
		private long onTheWay() {
			return Math.max(withoutOutcome(), this.onDisk);
		}

	}

}
