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

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.Assert;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.ExponentialBackOff;
import org.springframework.util.backoff.FixedBackOff;

/**
 * How often a record is given to its listener.
 *
 * @param policy Whether to try a record again before it goes to the dead letter topic.
 * Records that cannot be deserialized or converted are never tried again.
 * @param initialInterval Time to wait before the second attempt.
 * @param multiplier Factor by which each wait is longer than the one before.
 * @param maxInterval Longest time to wait between two attempts. May exceed the maximum
 * poll interval.
 * @param maxAttempts Number of attempts, the first one included. Ignored without dead
 * letter topics: records are then tried until they succeed.
 */
@ConfigurationProperties("reliable.kafka.consumer.retry")
record RetryProperties(@DefaultValue("exponential") Policy policy, @DefaultValue("1s") Duration initialInterval,
		@DefaultValue("2") double multiplier, @DefaultValue("30s") Duration maxInterval,
		@DefaultValue("10") int maxAttempts) {

	RetryProperties {
		Assert.isTrue(initialInterval.toMillis() > 0,
				"reliable.kafka.consumer.retry.initial-interval must be positive");
		Assert.isTrue(maxInterval.compareTo(initialInterval) >= 0,
				"reliable.kafka.consumer.retry.max-interval must not be shorter than the initial interval");
		Assert.isTrue(multiplier >= 1, "reliable.kafka.consumer.retry.multiplier must be at least 1");
		Assert.isTrue(maxAttempts > 0, "reliable.kafka.consumer.retry.max-attempts must be at least 1");
	}

	/**
	 * The waits between the attempts of one record.
	 * @param endless whether there is no last attempt
	 * @return a new back-off
	 */
	BackOff backOff(boolean endless) {
		if (endless) {
			return endlessBackOff();
		}
		if (this.policy == Policy.NONE || this.maxAttempts == 1) {
			return new FixedBackOff(0, 0);
		}
		ExponentialBackOff backOff = endlessBackOff();
		backOff.setMaxAttempts(this.maxAttempts - 1L);
		return backOff;
	}

	/**
	 * The waits between attempts of which there is no last one.
	 * @return a new back-off
	 */
	ExponentialBackOff endlessBackOff() {
		ExponentialBackOff backOff = new ExponentialBackOff(this.initialInterval.toMillis(), this.multiplier);
		backOff.setMaxInterval(this.maxInterval.toMillis());
		return backOff;
	}

	/**
	 * Whether records are tried again.
	 */
	enum Policy {

		/**
		 * Try again, each time after a longer wait.
		 */
		EXPONENTIAL,

		/**
		 * Try once.
		 */
		NONE

	}

}
