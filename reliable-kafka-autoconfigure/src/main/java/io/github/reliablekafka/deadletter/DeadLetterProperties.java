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

/**
 * Where records go that cannot be processed.
 *
 * @param enabled Whether records that cannot be processed go to a dead letter topic.
 * Otherwise they are tried until they succeed, and their partition waits.
 * @param suffix What the name of a dead letter topic adds to the name of the topic.
 * @param publishTimeout Longest time to wait until a dead letter is acknowledged. Cut
 * down to half of the maximum poll interval.
 */
@ConfigurationProperties("reliable.kafka.dead-letter")
record DeadLetterProperties(@DefaultValue("true") boolean enabled, @DefaultValue("-dlt") String suffix,
		@DefaultValue("30s") Duration publishTimeout) {

	DeadLetterProperties {
		Assert.hasText(suffix, "reliable.kafka.dead-letter.suffix must not be empty");
		Assert.isTrue(publishTimeout.toMillis() > 0, "reliable.kafka.dead-letter.publish-timeout must be positive");
	}

	/**
	 * The longest wait of a consumer.
	 * @param maxPollInterval how long it may stay away from polling
	 * @return not longer than half of that
	 */
	Duration publishTimeout(Duration maxPollInterval) {
		Duration half = maxPollInterval.dividedBy(2);
		return (half.compareTo(this.publishTimeout) < 0) ? half : this.publishTimeout;
	}

}
