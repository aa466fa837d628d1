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
import java.util.concurrent.TimeUnit;

import org.apache.kafka.common.errors.TimeoutException;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link MissingTopics}.
 */
class MissingTopicsTests {

	private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

	private final List<String> asked = new ArrayList<>();

	private int count;

	private long now;

	private final MissingTopics topics = new MissingTopics((topic) -> {
		this.asked.add(topic);
		// It takes its time.
		this.now += 3 * SECOND;
		return this.count;
	}, (failures) -> 100L << failures, () -> this.now);

	private final TimeoutException failure = new TimeoutException("on purpose");

	@Test
	void failureIsBelievedForATimeThatGrows() {
		assertThat(this.topics.failure("gone", 0)).isNull();
		this.topics.add("gone", 0, this.failure);
		this.now = 99;
		assertThat(this.topics.failure("gone", 0)).isSameAs(this.failure);
		assertThat(this.topics.failure("there", 0)).isNull();
		this.now = 100;
		assertThat(this.topics.failure("gone", 0)).isNull();
		this.topics.add("gone", 0, this.failure);
		this.now = 299;
		assertThat(this.topics.failure("gone", 0)).isSameAs(this.failure);
		this.now = 300;
		assertThat(this.topics.failure("gone", 0)).isNull();
	}

	@Test
	void topicThatIsThereAgainIsTriedAtOnce() {
		this.topics.add("gone", 0, this.failure);
		this.topics.remove("gone", 0);
		assertThat(this.topics.failure("gone", 0)).isNull();
		this.topics.add("gone", 0, this.failure);
		this.now = 100;
		assertThat(this.topics.failure("gone", 0)).as("the pause begins anew").isNull();
		this.topics.add("gone", 0, this.failure);
		this.topics.remove("gone");
		assertThat(this.topics.failure("gone", 0)).isNull();
	}

	@Test
	void partitionsThatATopicHasAreNotMissing() {
		this.topics.add("shrunk", 3, this.failure);
		assertThat(this.topics.failure("shrunk", 2)).isNull();
		assertThat(this.topics.failure("shrunk", 3)).isSameAs(this.failure);
		this.topics.remove("shrunk", 2);
		assertThat(this.topics.failure("shrunk", 9)).as("others are taken").isSameAs(this.failure);
		this.count = 6;
		assertThat(this.topics.isCertain("shrunk", 9)).isTrue();
		assertThat(this.topics.isCertain("shrunk", 6)).isTrue();
		assertThat(this.topics.isCertain("shrunk", 5)).as("it has more now").isFalse();
		assertThat(this.topics.isCertain("shrunk", -1)).as("any").isFalse();
		assertThat(this.asked).hasSize(1);
		this.topics.remove("shrunk", 5);
		assertThat(this.topics.failure("shrunk", 9)).isNull();
	}

	@Test
	void clusterIsAskedOnceForManyRecords() {
		this.topics.add("gone", 0, this.failure);
		for (int partition = 0; partition < 10; partition++) {
			assertThat(this.topics.isCertain("gone", partition)).isTrue();
		}
		assertThat(this.asked).containsExactly("gone");
		this.count = Integer.MAX_VALUE;
		this.topics.add("gone", 0, this.failure);
		assertThat(this.topics.isCertain("gone", 0)).as("in doubt now").isFalse();
		this.now += 10 * SECOND;
		assertThat(this.topics.isCertain("gone", 0)).isFalse();
		assertThat(this.asked).as("it takes long, and decides nothing").hasSize(2);
		assertThat(this.topics.isCertain("never sent", -1)).isFalse();
		assertThat(this.asked).hasSize(3);
	}

	@Test
	void topicThatIsCreatedAgainIsBelievedToBeGoneForAMoment() {
		this.topics.add("gone", 0, this.failure);
		assertThat(this.topics.isCertain("gone", 0)).isTrue();
		this.count = 1;
		this.now += SECOND - 1;
		assertThat(this.topics.isCertain("gone", 0)).isTrue();
		this.now++;
		assertThat(this.topics.isCertain("gone", 0)).isFalse();
	}

}
