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
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.kafka.listener.ExceptionClassifier;
import org.springframework.kafka.listener.FailedRecordProcessor;
import org.springframework.util.Assert;
import org.springframework.util.backoff.BackOff;
import org.springframework.util.backoff.BackOffExecution;
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
 * @param levels Delays of the retry topics of the policy rocketmq, each longer than the
 * one before. The 16 of RocketMQ by default, from 10 seconds to 2 hours.
 * @param topics Topics for which the policy rocketmq holds. Empty for all.
 * @param retryable Exceptions after which a record is tried again, also as a cause. Empty
 * for all.
 * @param notRetryable Exceptions after which a record is not tried again, also as a
 * cause.
 */
@ConfigurationProperties("reliable.kafka.consumer.retry")
record RetryProperties(@DefaultValue("exponential") Policy policy, @DefaultValue("1s") Duration initialInterval,
		@DefaultValue("2") double multiplier, @DefaultValue("30s") Duration maxInterval,
		@DefaultValue("10") int maxAttempts, @Nullable List<Duration> levels, @DefaultValue List<String> topics,
		@DefaultValue List<Class<? extends Throwable>> retryable,
		@DefaultValue List<Class<? extends Throwable>> notRetryable) {

	private static final List<Duration> ROCKETMQ = Stream.concat(
			Stream.concat(Stream.of(10, 30).map(Duration::ofSeconds),
					Stream.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30).map(Duration::ofMinutes)),
			Stream.of(1, 2).map(Duration::ofHours))
		.toList();

	RetryProperties {
		Assert.isTrue(initialInterval.toMillis() > 0,
				"reliable.kafka.consumer.retry.initial-interval must be positive");
		Assert.isTrue(maxInterval.compareTo(initialInterval) >= 0,
				"reliable.kafka.consumer.retry.max-interval must not be shorter than the initial interval");
		Assert.isTrue(multiplier >= 1, "reliable.kafka.consumer.retry.multiplier must be at least 1");
		Assert.isTrue(maxAttempts > 0, "reliable.kafka.consumer.retry.max-attempts must be at least 1");
		levels = (levels != null) ? List.copyOf(levels) : ROCKETMQ;
		Assert.isTrue(!levels.isEmpty(), "reliable.kafka.consumer.retry.levels must not be empty");
		Duration before = Duration.ZERO;
		for (Duration level : levels) {
			Assert.isTrue(level.toMillis() > before.toMillis(),
					"reliable.kafka.consumer.retry.levels must each be longer than the one before");
			before = level;
		}
		Assert.isTrue(retryable.isEmpty() || notRetryable.isEmpty(),
				"reliable.kafka.consumer.retry.retryable and not-retryable cannot be used together");
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
	 * The delays of retry topics.
	 * @return at least one
	 */
	List<Duration> delays() {
		return (this.levels != null) ? this.levels : ROCKETMQ;
	}

	/**
	 * The delays of retry topics.
	 * @return a new back-off that ends behind the last of them
	 */
	BackOff levelsBackOff() {
		return () -> {
			Iterator<Duration> next = delays().iterator();
			return () -> next.hasNext() ? next.next().toMillis() : BackOffExecution.STOP;
		};
	}

	/**
	 * Tell an error handler which exceptions are worth another attempt.
	 * @param processor an error handler or after-rollback processor
	 */
	void classify(FailedRecordProcessor processor) {
		if (this.retryable.isEmpty() && this.notRetryable.isEmpty()) {
			return;
		}
		Map<Class<? extends Throwable>, Boolean> classifications = new HashMap<>();
		ExceptionClassifier.defaultFatalExceptionsList().forEach((type) -> classifications.put(type, false));
		this.notRetryable.forEach((type) -> classifications.put(type, false));
		this.retryable.forEach((type) -> classifications.put(type, true));
		processor.setClassifications(classifications, this.retryable.isEmpty());
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
		 * Try again in the retry topics of RocketMQ's delays, while the records behind go
		 * on. Where there can be none, as for batches, try again as EXPONENTIAL does.
		 */
		ROCKETMQ,

		/**
		 * Try once.
		 */
		NONE

	}

}
