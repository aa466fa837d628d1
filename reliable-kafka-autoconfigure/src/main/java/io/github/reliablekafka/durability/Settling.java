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

package io.github.reliablekafka.durability;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Remembers from look to look what is told as advice first and as a violation when it
 * lasts: a topic that is read and is not there, for two minutes; a group that is far
 * behind, until little of the retention is left. Safe for use by many threads.
 */
final class Settling {

	private final Map<String, Instant> absent = new HashMap<>();

	private final Set<String> expiring = new HashSet<>();

	/**
	 * Add what is remembered to a judgement.
	 * @param topic the judgement
	 * @param late the groups that are far behind in the topic
	 * @param at now
	 * @return the judgement, with what has lasted for long enough as a violation
	 */
	synchronized TopicDurability apply(TopicDurability topic, List<ExpiryReader.Expiring> late, Instant at) {
		List<Violation> violations = new ArrayList<>(topic.violations());
		List<Violation> advice = new ArrayList<>();
		Instant missing = isGone(topic) ? this.absent.computeIfAbsent(topic.topic(), (name) -> at)
				: this.absent.remove(topic.topic());
		boolean over = missing != null && Duration.between(missing, at).compareTo(BrokerHistory.PATIENCE) >= 0;
		topic.advice()
			.forEach((one) -> ((over && one.risk().equals(TopicRules.ABSENT)) ? violations : advice).add(one));
		for (ExpiryReader.Expiring expiring : late) {
			String key = topic.topic() + " " + expiring.group();
			// Stays a violation until the group has caught up, so that it is not told of
			// in turns.
			boolean soon = expiring.soon() || this.expiring.contains(key);
			if (topic.required() != DurabilityLevel.NONE) {
				(soon ? violations : advice).add(expiring.violation());
			}
			if (soon) {
				this.expiring.add(key);
			}
		}
		this.expiring.removeIf((key) -> key.startsWith(topic.topic() + " ")
				&& late.stream().noneMatch((one) -> key.equals(topic.topic() + " " + one.group())));
		return new TopicDurability(topic.use(), topic.present(), topic.level(), topic.atMost(), topic.required(),
				topic.heldBackBy(), violations, advice, topic.unknown(), topic.facts());
	}

	private static boolean isGone(TopicDurability topic) {
		return topic.advice().stream().anyMatch((one) -> one.risk().equals(TopicRules.ABSENT));
	}

}
