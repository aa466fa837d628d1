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

import java.time.Duration;
import java.util.List;
import java.util.Map;

import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeadLetterTopics} and how long they keep records.
 */
class DeadLetterTopicsTests {

	private static final Duration LONGEST_STAY = Duration.ofHours(2);

	@Test
	void retryTopicKeepsRecordsLongerThanTheyStay() {
		assertThat(DeadLetterTopics.retention(Duration.ofHours(1).toMillis(), LONGEST_STAY))
			.isEqualTo(Duration.ofHours(28).toMillis());
		assertThat(DeadLetterTopics.retention(Duration.ofDays(7).toMillis(), LONGEST_STAY))
			.isEqualTo(Duration.ofDays(7).toMillis());
		assertThat(DeadLetterTopics.retention(-1, LONGEST_STAY)).isEqualTo(-1);
	}

	@Test
	void topicThatDeletesRecordsTooEarlyIsNoticed() {
		assertThat(tooShort(Map.of("retention.ms", "3600000", "retention.bytes", "1000", "cleanup.policy", "compact")))
			.containsExactly("retention.ms=100800000", "retention.bytes=-1", "cleanup.policy=delete");
		assertThat(tooShort(Map.of("retention.ms", "604800000", "retention.bytes", "-1", "cleanup.policy", "delete")))
			.isEmpty();
		assertThat(tooShort(Map.of("retention.ms", "-1"))).isEmpty();
	}

	@Test
	void sourceOfARetryTopicIsTheTopicWithoutTheSuffix() {
		String[] topics = { "orders", "orders-billing" };
		assertThat(RetryTopics.sourceOf("orders-billing-retry-10000", "-billing-retry-10000", topics))
			.isEqualTo("orders");
		assertThat(RetryTopics.sourceOf("orders-billing-billing-retry-10000", "-billing-retry-10000", topics))
			.isEqualTo("orders-billing");
		assertThat(RetryTopics.sourceOf("payments-billing-retry-10000", "-billing-retry-10000", topics)).isNull();
	}

	private static List<String> tooShort(Map<String, String> configs) {
		return DeadLetterTopics.tooShort(new Config(configs.entrySet()
			.stream()
			.map((config) -> new ConfigEntry(config.getKey(), config.getValue()))
			.toList()), LONGEST_STAY);
	}

}
