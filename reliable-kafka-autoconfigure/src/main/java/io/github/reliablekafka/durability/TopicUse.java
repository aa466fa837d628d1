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

import java.util.EnumSet;
import java.util.Set;
import java.util.TreeSet;

/**
 * A topic that the application uses in one cluster, and what for. Immutable.
 *
 * @param topic its name
 * @param purposes what for, at least one
 * @param groups the consumer groups of this application that read it
 * @param maxRequestBytes the largest request that a producer of this application makes,
 * so that no record for the topic is larger; 0 if nobody says
 * @since 0.1.0
 */
public record TopicUse(String topic, Set<Purpose> purposes, Set<String> groups, long maxRequestBytes) {

	public TopicUse {
		purposes = Set.copyOf(purposes);
		groups = Set.copyOf(groups);
	}

	/**
	 * A topic that is used for one thing.
	 * @param topic its name
	 * @param purpose what for
	 * @return without a group
	 */
	public static TopicUse of(String topic, Purpose purpose) {
		return new TopicUse(topic, Set.of(purpose), Set.of(), 0);
	}

	/**
	 * The same topic with what two places know of it.
	 * @param other another use of the topic
	 * @return both
	 */
	public TopicUse and(TopicUse other) {
		Set<Purpose> allPurposes = EnumSet.copyOf(this.purposes);
		allPurposes.addAll(other.purposes);
		Set<String> allGroups = new TreeSet<>(this.groups);
		allGroups.addAll(other.groups);
		return new TopicUse(this.topic, allPurposes, allGroups, Math.max(this.maxRequestBytes, other.maxRequestBytes));
	}

	/**
	 * What a topic is used for.
	 */
	public enum Purpose {

		/**
		 * A listener reads it.
		 */
		CONSUMED,

		/**
		 * Records are sent to it, or it is the default topic of a template.
		 */
		PRODUCED,

		/**
		 * The application declares it as a bean.
		 */
		DECLARED,

		/**
		 * Records that could not be processed are kept in it.
		 */
		DEAD_LETTER,

		/**
		 * Dead letters that are given up are kept in it, or what became of those that
		 * were sent again. An application that sends none again needs no permission.
		 */
		REDRIVE,

		/**
		 * The starter keeps what it must not forget in it.
		 */
		CONTROL,

		/**
		 * Kafka itself keeps what it must not forget in it: offsets and transactions.
		 */
		INTERNAL

	}

}
