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
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Remembers from look to look what is told as advice first and as a violation when it
 * lasts: a topic that is read and is not there, for two minutes; a group that is far
 * behind, until little of the retention is left. Safe for use by many threads.
 */
final class Escalation {

	private Map<String, Instant> absent = Map.of();

	// What was told, by topic and group.
	private Map<String, Violation> expiring = Map.of();

	/**
	 * Add what is remembered to the judgements of a look. What is not in this look is
	 * forgotten, but for groups that could not be read: they are taken to be where they
	 * were.
	 * @param topics the judgements of all topics that are in use
	 * @param late the groups that are far behind, by topic
	 * @param missing the groups of which it could not be read in all partitions how far
	 * behind they are, by topic
	 * @param at now
	 * @return the judgements, with what has lasted for long enough as a violation
	 */
	synchronized List<TopicDurability> apply(List<TopicDurability> topics,
			Map<String, List<ExpiryReader.Expiring>> late, Map<String, Set<String>> missing, Instant at) {
		Map<String, Instant> stillAbsent = new HashMap<>();
		Map<String, Violation> stillExpiring = new HashMap<>();
		List<TopicDurability> escalated = new ArrayList<>();
		for (TopicDurability topic : topics) {
			List<Violation> violations = new ArrayList<>(topic.violations());
			List<Violation> advice = new ArrayList<>();
			for (Violation one : topic.advice()) {
				boolean over = false;
				if (one.risk().equals(TopicRules.ABSENT)) {
					Instant since = this.absent.getOrDefault(topic.topic(), at);
					stillAbsent.put(topic.topic(), since);
					over = Duration.between(since, at).compareTo(BrokerHistory.PATIENCE) >= 0;
				}
				(over ? violations : advice).add(one);
			}
			addExpiring(topic, late.getOrDefault(topic.topic(), List.of()), violations, advice, stillExpiring);
			for (String group : missing.getOrDefault(topic.topic(), Set.of())) {
				String key = key(topic, group);
				Violation before = this.expiring.get(key);
				if (before != null && stillExpiring.putIfAbsent(key, before) == null
						&& topic.required() != DurabilityLevel.NONE) {
					violations.add(before);
				}
			}
			escalated.add(new TopicDurability(topic.use(), topic.present(), topic.level(), topic.atMost(),
					topic.required(), topic.heldBackBy(), violations, advice, topic.unknown(), topic.facts()));
		}
		this.absent = stillAbsent;
		this.expiring = stillExpiring;
		return escalated;
	}

	private void addExpiring(TopicDurability topic, List<ExpiryReader.Expiring> late, List<Violation> violations,
			List<Violation> advice, Map<String, Violation> stillExpiring) {
		for (ExpiryReader.Expiring one : late) {
			String key = key(topic, one.group());
			if ((one.over() && !this.expiring.containsKey(key)) || stillExpiring.containsKey(key)) {
				continue;
			}
			// Stays a violation until the group has caught up, so that it is not told of
			// in turns.
			boolean soon = one.soon() || this.expiring.containsKey(key);
			if (topic.required() != DurabilityLevel.NONE) {
				(soon ? violations : advice).add(one.violation());
			}
			if (soon) {
				stillExpiring.put(key, one.violation());
			}
		}
	}

	private static String key(TopicDurability topic, String group) {
		return topic.topic() + " " + group;
	}

}
