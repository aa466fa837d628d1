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
import java.util.List;
import java.util.Map;

import org.jspecify.annotations.Nullable;

/**
 * What a look at one cluster and the topics that the application uses there has shown.
 * Immutable.
 *
 * @param cluster the addresses that the application starts from
 * @param at when it was looked at
 * @param took how long that took
 * @param failure why the cluster could not be looked at; {@code null} if it was. What
 * else is here is then of the last look that succeeded
 * @param brokers the rack of each broker that was up, by its id, empty for one that has
 * none
 * @param violations by what records of any topic may be lost
 * @param advice what is not as it should be, though nothing is lost by it alone
 * @param unknown what could not be read of the cluster itself, and why
 * @param topics the topics, by name
 * @since 0.1.0
 */
public record ClusterDurability(String cluster, Instant at, Duration took, @Nullable String failure,
		Map<Integer, String> brokers, List<Violation> violations, List<Violation> advice, List<String> unknown,
		List<TopicDurability> topics) {

	public ClusterDurability {
		violations = List.copyOf(violations);
		advice = List.copyOf(advice);
		unknown = List.copyOf(unknown);
		topics = List.copyOf(topics);
	}

	/**
	 * Before the first look.
	 * @param cluster the addresses that the application starts from
	 * @param at now
	 * @param failure why there was none yet
	 * @return knows nothing
	 */
	static ClusterDurability unseen(String cluster, Instant at, String failure) {
		return new ClusterDurability(cluster, at, Duration.ZERO, failure, Map.of(), List.of(), List.of(), List.of(),
				List.of());
	}

	/**
	 * The same after a look that failed.
	 * @param failed when
	 * @param reason why
	 * @return what was seen before, with the failure
	 */
	ClusterDurability failed(Instant failed, String reason) {
		return new ClusterDurability(this.cluster, failed, this.took, reason, this.brokers, this.violations,
				this.advice, this.unknown, this.topics);
	}

	/**
	 * Whether every topic survives what it must, as far as could be read, and the cluster
	 * was read.
	 * @return {@code false} if in doubt; topics that are not there do not count
	 */
	public boolean isSafe() {
		return this.failure == null && this.violations.isEmpty()
				&& this.topics.stream().filter(TopicDurability::present).allMatch(TopicDurability::isSafe);
	}

}
