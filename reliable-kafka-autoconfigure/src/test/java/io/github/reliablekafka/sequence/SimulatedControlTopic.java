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

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What producers have claimed. Readers get it late, in part or in any order.
 */
final class SimulatedControlTopic {

	private final Schedule schedule;

	private final Map<Lane, Map<Long, List<Watermark>>> watermarks = new HashMap<>();

	SimulatedControlTopic(Schedule schedule) {
		this.schedule = schedule;
	}

	void publish(SimulatedProducer producer) {
		for (Watermark watermark : producer.takeWatermarks()) {
			// What is lost here is replaced by the next, and the last is repeated.
			boolean lost = this.schedule.happens(Faults.WATERMARK_LOST, 30) && !watermark.closed();
			this.schedule.trace("%s: watermark %04x %d/%d %s%s%s", watermark.lane(), watermark.session() & 0xffff,
					watermark.number(), watermark.appendNumber(),
					this.schedule.readCommitted ? watermark.claim() : watermark.appendClaim(),
					watermark.closed() ? " closed" : "", lost ? " LOST" : "");
			if (!lost) {
				keep(watermark);
			}
			else {
				producer.lost.computeIfAbsent(watermark.session(), (key) -> new LinkedHashMap<>())
					.put(watermark.lane(), watermark);
			}
		}
	}

	void keep(Watermark watermark) {
		if (this.schedule.faults.contains(Faults.NO_WATERMARKS)) {
			return;
		}
		this.watermarks.computeIfAbsent(watermark.lane(), (key) -> new LinkedHashMap<>())
			.computeIfAbsent(watermark.session(), (key) -> new ArrayList<>())
			.add(watermark);
	}

	void deliverSome(Lane lane, List<ConsumerProcess> processes) {
		for (List<Watermark> watermarks : this.watermarks.getOrDefault(lane, Map.of()).values()) {
			Watermark watermark = this.schedule.random.one(watermarks);
			processes.forEach((process) -> process.board.post(watermark));
		}
	}

	/** A reader was assigned: its process begins to read the control topic. */
	void watched(Lane lane, ConsumerProcess process) {
		if (this.schedule.random.chance(70)) {
			latest(lane).values().forEach(process.board::post);
		}
	}

	Map<Long, Watermark> latest(Lane lane) {
		Map<Long, Watermark> latest = new LinkedHashMap<>();
		this.watermarks.getOrDefault(lane, Map.of())
			.forEach((session, watermarks) -> latest.put(session,
					watermarks.stream().max(Comparator.comparingLong(Watermark::sequence)).orElseThrow()));
		return latest;
	}

	/** Whether what can be known at the end says that a number was acknowledged. */
	boolean claimed(Sent sent, Watermark watermark, SimulatedConsumer consumer) {
		if (watermark != null
				&& covers(consumer.readCommitted ? watermark.claim() : watermark.appendClaim(), sent, consumer)) {
			return true;
		}
		return consumer.log.sent.stream()
			.anyMatch((other) -> other.session == sent.session && other.anchor != null
					&& (consumer.readCommitted || other.transaction == null) && consumer.delivered(other)
					&& covers(other.anchor, sent, consumer));
	}

	static boolean covers(Claim claim, Sent sent, SimulatedConsumer consumer) {
		long number = sent.number(consumer.readCommitted);
		return claim.topicIdHash() == consumer.log.topicIdHash && claim.from() <= number
				&& number <= claim.acknowledged() && !claim.failed().contains(number);
	}

}
