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

import java.util.ArrayList;
import java.util.List;

import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MissingTopics}.
 */
class MissingTopicsTests {

	private final List<String> asked = new ArrayList<>();

	private boolean certain = true;

	private final MissingTopics topics = new MissingTopics((topic) -> {
		this.asked.add(topic);
		return this.certain;
	}, (failures) -> 100L << failures);

	private final TimeoutException failure = new TimeoutException("on purpose");

	@Test
	void failureIsBelievedForATimeThatGrows() {
		assertThat(this.topics.failure("gone", 0)).isNull();
		this.topics.add("gone", this.failure, 0);
		assertThat(this.topics.failure("gone", 99)).isSameAs(this.failure);
		assertThat(this.topics.failure("there", 99)).isNull();
		assertThat(this.topics.failure("gone", 100)).isNull();
		this.topics.add("gone", this.failure, 100);
		assertThat(this.topics.failure("gone", 299)).isSameAs(this.failure);
		assertThat(this.topics.failure("gone", 300)).isNull();
	}

	@Test
	void topicThatIsThereAgainIsTriedAtOnce() {
		this.topics.add("gone", this.failure, 0);
		this.topics.remove("gone");
		assertThat(this.topics.failure("gone", 1)).isNull();
		this.topics.add("gone", this.failure, 1);
		assertThat(this.topics.failure("gone", 101)).as("the pause begins anew").isNull();
	}

	@Test
	void clusterIsAskedOnceForEachRecordThatWasSentInVain() {
		this.topics.add("gone", this.failure, 0);
		assertThat(this.topics.isCertain("gone")).isTrue();
		assertThat(this.topics.isCertain("gone")).isTrue();
		assertThat(this.asked).containsExactly("gone");
		this.certain = false;
		this.topics.add("gone", this.failure, 100);
		assertThat(this.topics.isCertain("gone")).as("in doubt now").isFalse();
		assertThat(this.topics.isCertain("gone")).isFalse();
		assertThat(this.asked).hasSize(2);
		assertThat(this.topics.isCertain("never sent")).isFalse();
		assertThat(this.asked).hasSize(3);
	}

}
